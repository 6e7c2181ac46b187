"""What `import taylor` shows: public names, hints for others, types, and the command line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import sympy

import taylor as ty

ROOT = Path(__file__).parent.parent
X, Y = sympy.symbols("x y")


def test_dir_shows_public_names_alone() -> None:
    from types import ModuleType

    shown = [name for name in dir(ty) if name != "__version__"]  # of an installed package
    assert all(hasattr(ty, name) for name in shown)
    modules = {name for name in shown if isinstance(getattr(ty, name), ModuleType)}
    assert modules == {"analysis", "astrodynamics", "functions", "models", "smooth"}
    assert not {"Any", "TYPE_CHECKING", "annotations", "import_module"} & set(shown)
    assert set(ty.functions.__all__) <= set(shown) and {"Integrator", "jet", "pi"} <= set(shown)


@pytest.mark.parametrize(
    ("name", "meant"),
    [("arcsin", "asin"), ("arctan2", "atan2"), ("gammaln", "lgamma"), ("Integrater", "Integrator")],
)
def test_other_names_get_a_hint(name: str, meant: str) -> None:
    with pytest.raises(AttributeError, match=rf"did you mean ty\.{meant}\?"):
        getattr(ty, name)
    with pytest.raises(AttributeError, match=r"no attribute 'zzz'$"):
        _ = ty.zzz  # type: ignore[attr-defined]


LATE = ["taylor.models", "taylor.sensitivities", "taylor.solutions", "taylor.bridges.jax"]
LATE += ["taylor_runtime.mathlib.families", "taylor_runtime.flows.emitter"]


def test_what_few_programs_use_is_loaded_when_it_is_asked_for() -> None:
    # Code that is on disk is not made.
    code = f"""import os, sys; sys.path[:0] = {sys.path!r}; os.environ["TAYLOR_CACHE"] = "off"
import taylor as ty
print([name for name in {LATE!r} if name in sys.modules])
from taylor import analysis, models
print(models is ty.models, analysis is ty.analysis, analysis.__name__, ty.models.pendulum.__name__)
zeta = ty.compile(lambda x: ty.zeta(x))
print(float(zeta(2.0)) > 1.6449, "taylor_runtime.mathlib.families" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    expected = "[]\nTrue True taylor.sensitivities pendulum\nTrue True\n"
    assert done.stdout == expected, done.stderr


@pytest.mark.parametrize(
    ("before", "collects"), [("", True), ("gc.disable()", False), ("gc.freeze()", True)]
)
def test_importing_leaves_the_garbage_collector_as_it_was(before: str, collects: bool) -> None:
    code = f"""import gc, sys; sys.path[:0] = {sys.path!r}
{before}
frozen = gc.get_freeze_count() > 0
import taylor
print(gc.isenabled(), (gc.get_freeze_count() > 0) == frozen)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout == f"{collects} True\n", done.stderr


def test_python_m_taylor() -> None:
    command = [sys.executable, "-c", f"import sys; sys.path[:0] = {sys.path!r}; import runpy; "]
    command[-1] += (
        "sys.argv = ['taylor', '--version']; runpy.run_module('taylor', run_name='__main__')"
    )
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and done.stdout.startswith("taylor ")


@pytest.mark.parametrize("key", ["a", "e", "i", "node", "peri", "M"])
def test_every_orbital_element_is_needed(tmp_path: Path, key: str) -> None:
    from taylor.scenario import load

    given = {"a": 1.0, "e": 0.1, "i": 2.0, "node": 3.0, "peri": 4.0, "M": 5.0}
    del given[key]
    elements = ", ".join(f"{name} = {value}" for name, value in given.items())
    path = tmp_path / "s.toml"
    path.write_text(
        '[units]\nlength = "au"\ntime = "day"\nmass = "solar"\nangle = "deg"\n'
        '[[body]]\nname = "sun"\nmass = 1.0\nposition = [0.0, 0.0, 0.0]\n'
        'velocity = [0.0, 0.0, 0.0]\n[[body]]\nname = "rock"\ncentral = "sun"\n'
        f"elements = {{ {elements} }}\n[span]\nstart = 0.0\nduration = 10.0\n",
        encoding="utf-8",
    )
    with pytest.raises(ty.TaylorError, match=rf"elements: {key} is missing"):
        load(path)


def test_help_names_the_axes_of_elements() -> None:
    from taylor.cli import EXAMPLE

    body = EXAMPLE[EXAMPLE.index('name = "ceres"') : EXAMPLE.index("[forces]")]
    assert 'axes = "ecliptic"' in body


def test_inputs_come_back_from_sympy() -> None:
    x, k, q = ty.variable("x"), ty.parameter("k"), ty.variable("q", shape=2)
    for e in (k, ty.time, q[1], ty.pi, ty.pi / 3 * x, x / ty.pi, k * ty.sin(x + ty.time)):
        assert ty.from_sympy(ty.to_sympy(e)) is e
    assert ty.to_sympy(2 * ty.pi * x + ty.pi) == 2 * sympy.pi * X + sympy.pi
    assert ty.from_sympy(sympy.pi) is ty.pi
    with pytest.raises(ty.ArgumentError, match="would be one symbol"):
        ty.to_sympy(ty.variable("k") + k)


POINTS = {X: sympy.Rational(2, 5), Y: sympy.Rational(13, 10)}


@pytest.mark.parametrize(
    "e",
    [
        sympy.frac(X + 2),
        sympy.acot(X),
        sympy.acot(-X),
        sympy.asec(Y),
        sympy.acsc(Y),
        sympy.asech(X),
        sympy.acsch(X),
        sympy.acoth(Y),
        sympy.factorial(X),
        sympy.beta(X, Y),
        sympy.UnevaluatedExpr(X) + 1,
        sympy.sinc(X),
        sympy.Piecewise((1, sympy.Xor(X > 0, Y > 2)), (0, True)),
        sympy.Piecewise((1, sympy.ITE(X > Y, X > 0, Y < 5)), (0, True)),
    ],
    ids=str,
)
def test_more_functions_from_sympy(e: sympy.Expr) -> None:
    values = {str(symbol): float(value) for symbol, value in POINTS.items()}
    found = float(ty.from_sympy(e).evaluate(values))
    assert found == pytest.approx(float(e.doit().subs(POINTS)), rel=1e-14)


@pytest.mark.parametrize(
    "e",
    [
        sympy.Sum(X**Y, (Y, 1, 3)),
        sympy.Product(X**Y, (Y, 1, 3)),
        sympy.Integral(sympy.exp(X * X), (X, 0, 1)),
        sympy.Derivative(sympy.Function("f")(X), X),
        sympy.Subs(sympy.Derivative(sympy.Function("f")(X), X), X, 0),
        sympy.Limit(sympy.sin(X) / X, X, 0),
    ],
    ids=lambda e: type(e).__name__,
)
def test_what_is_not_known_is_named(e: sympy.Expr) -> None:
    with pytest.raises(ty.UnsupportedFunctionError, match=f"counterpart for {type(e).__name__} in"):
        ty.from_sympy(1 + e)


@pytest.mark.parametrize("function", [lambda: 0, lambda t: t, lambda t, y, p, q: t])
def test_functions_of_events_are_checked_when_they_are_given(function: object) -> None:
    with pytest.raises(ty.ArgumentError, match=r"Event: .*g\(t, y\)"):
        ty.Event(function)
