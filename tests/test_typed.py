"""What a type checker is told: the types of results, mistakes that it finds, and no bare `Any`."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import get_overloads

import pytest

import taylor as ty

ROOT = Path(__file__).parent.parent

GIVEN = """
from fractions import Fraction
from typing import Any, assert_type
import numpy as np
import taylor as ty

x, v = ty.variables("x v")
p = ty.Polynomial.variables("x", 3)[0]
q, r = ty.Polynomial.variables("x y", order=3)
array = np.zeros(3)
pairs = [(x, v), (v, -x)]
by_key: dict[ty.Expression, float] = {x: 1.0, v: 0.0}
ta = ty.Integrator(pairs, [1.0, 0.0])

def one(u: ty.Expression) -> ty.Expression:
    return u * ty.sin(u)

def root(u: ty.Expression, y: ty.Expression) -> ty.Expression:
    return y - ty.sin(u)

def two(u: ty.Expression) -> tuple[ty.Expression, ty.Expression]:
    return u, 2 * u
"""

TYPES = [
    ("2 * x**2 + Fraction(1, 3)", "ty.Expression"),
    ("x < 1", "ty.Expression"),
    ("ty.sin(x)", "ty.Expression"),
    ("ty.sin(1.0)", "float"),
    ("ty.sin(array)", "np.ndarray"),
    ("ty.sin([x, 1])", "np.ndarray"),
    ("ty.sin(q)", "ty.Polynomial"),
    ("ty.atan2(1, x)", "ty.Expression"),
    ("ty.hypot(array, 2.0)", "np.ndarray"),
    ("ty.lambertw(x, -1)", "ty.Expression"),
    ("ty.where(x > 0, x, 0)", "ty.Expression"),
    ("ty.stack([x, 1])", "ty.Expression"),
    ("ty.diff(x, x)", "ty.Expression"),
    ("ty.jet(one, 0.0)", "np.ndarray"),
    ("ty.jet(ty.sin, array, 4, precision='float32')", "np.ndarray"),
    ("ty.jet(one, 0.0, error=True)", "tuple[np.ndarray, np.ndarray]"),
    ("ty.jet(two, 0.0)", "tuple[np.ndarray, ...]"),
    (
        "ty.jet(two, 0.0, error=True)",
        "tuple[tuple[np.ndarray, ...], tuple[np.ndarray, ...]]",
    ),
    ("ty.jet(lambda u: (u, u), 0.0)", "tuple[np.ndarray, ...]"),
    ("ty.compile(x, [x])", "ty.Function[Any]"),
    ("ty.compile([x, v], [x, v])", "ty.Function[tuple[Any, ...]]"),
    ("ty.compile(two)", "ty.Function[tuple[Any, ...]]"),
    ("ty.compile(two)(array)", "tuple[np.ndarray, ...]"),
    ("ty.compile(two)(x)", "tuple[ty.Expression, ...]"),
    ("ty.derivatives(one, 1.0)[1]", "np.ndarray"),
    ("list(ty.derivatives(one, 1.0))", "list[tuple[int, ...]]"),
    ("ty.derivative(one)(1.0, error=True)", "tuple[Any, Any]"),
    ("q * r + 1", "ty.Polynomial"),
    ("q.compose([r, q])", "ty.Polynomial"),
    ("ty.Integrator(pairs, by_key, time=('0.1', 1e-20)).time", "float"),
    ("ty.Integrator({x: v, v: -x}, {'x': 1, 'v': 0}).state", "np.ndarray"),
    ("ty.Integrator(lambda t, y: -y, array).propagate_until('0.1')", "ty.Outcome"),
    ("ta.step().dense", "ty.DenseOutput | None"),
    ("ta.step().states", "np.ndarray | None"),
    ("ty.ensemble(ta, array, until=1.0).states", "np.ndarray"),
    ("ty.Impulse([1, '0.5'], add={v: 1.0}).reversible", "bool"),
    ("ty.from_mpmath(['0.1', Fraction(1, 3)])", "np.ndarray"),
    ("ty.implicit(root)(x)", "ty.Expression"),
    ("ty.removable(one)(x)", "ty.Expression"),
]

MISTAKES = [
    "ty.nosuch",
    "x + 'one'",
    "x.evalute({x: 1.0})",
    "q + 'one'",
    "q + x",
    "ty.sin(None)",
    "ty.sin('x')",
    "ty.jet(3, 0.0)",
    "ty.jet(one, None)",
    "ty.jet(one, 0.0, order='3')",
    "ty.jet(one, 0.0, errors=True)",
    "ty.compile(x, x)",
    "ty.compile('x', [x])",
    "ty.diff(x, 'x')",
    "ty.substitute(x, {'x': 1})",
    "ty.derivatives(x, 1.0)",
    "ty.Integrator(3, [1.0])",
    "ty.Integrator(pairs, [x, v])",
    "ty.Integrator(pairs, [1.0, 0.0], time=x)",
    "ty.Integrator(pairs, [1.0, 0.0], events=[x])",
    "ty.Event(x, direction='up')",
    "ta.propagate_until(None)",
    "ta.propagate_until(1.0, max_step=3)",
    "ta.step().dense(0.5)",
    "ty.ensemble(pairs, [[1.0, 0.0]], until=1.0)",
]


def test_types_of_results_and_mistakes(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    path = tmp_path / "used.py"
    lines = GIVEN.splitlines()
    lines += [f"assert_type({expression}, {kind})" for expression, kind in TYPES]
    lines += [f"print(ty.{name})" for name in dir(ty) if name.isidentifier()]
    lines += MISTAKES
    path.write_text("\n".join(lines), encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--follow-imports=silent", str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    wrong = {int(line) for line in re.findall(r"used\.py:(\d+): error", done.stdout)}
    first = len(lines) - len(MISTAKES) + 1
    false = {lines[number - 1] for number in wrong if number < first}
    missed = {lines[k - 1] for k in range(first, len(lines) + 1) if k not in wrong}
    assert not false, done.stdout
    assert not missed


# Where a public signature says `Any`, and why.
REASONS = {
    "Expression.payload": "another kind of data for every operation",
    "Function.__call__": "options are those of NumPy's ufuncs; results as NumPy types its own",
    "Function.entry": "as of `Function.__call__`",
    "Function.make_entry": "as of `Function.__call__`",
    "Function.of_expressions": "one expression or a tuple, by how it was compiled",
    "Polynomial.__init__": "a mapping's keys are powers, an int or a tuple of them",
    "Polynomial.partial": "a mapping's keys are names or numbers, of which dict[str, ..] is one",
    "compile": "a list may be of expressions and numbers: `list` is invariant",
    "concatenate": "typed by `taylor.expressions.leaves.Join`",
    "stack": "the same",
    "derivative": "a function of NumPy or taylor or of the user: arguments by its choice",
    "jet": "where functions are not typed themselves",
    "implicit": "one function or several, by what g returns",
    "register_function": "functions in C of ctypes, cffi and Numba, which have no types",
    "spline": "tables of SciPy, which has no types",
    "evaluate": "a list may be nested to any depth",
    "while_loop": "structures of the user's choice, in which numbers become expressions",
    "fori_loop": "the same",
    "scan": "the same",
    "cond": "the same",
    "switch": "the same",
    "grad": "the same: results have the structure of an argument",
    "value_and_grad": "the same",
    "hvp": "the same",
    "jacobian": "the same, nested in that of the value",
    "jacfwd": "the same",
    "jacrev": "the same",
    "hessian": "the same",
    "jvp": "the same",
    "vjp": "the same",
    "linearize": "the same",
    "vmap": "the same, and of axes in the place of arguments",
    "root": "the same: the structure of the guess",
    "fixed_point": "the same",
    "expectation": "the same: parameters and noise",
    "expectation_grad": "the same",
}


def test_any_needs_a_reason() -> None:
    found = {name for name, text in _signatures() if re.search(r"\bAny\b", text)}
    assert not found - set(REASONS)
    assert not set(REASONS) - found, "no longer needed"


def _signatures() -> Iterator[tuple[str, str]]:
    for name in set(dir(ty)) - {"__version__"}:
        value = getattr(ty, name)
        if inspect.isclass(value):
            for member in ("__init__", "__call__", *dir(value)):
                if member.startswith("_") and member not in ("__init__", "__call__"):
                    continue
                given = inspect.getattr_static(value, member, None)
                given = given.fget if isinstance(given, property) else given
                yield from _own(f"{name}.{member}", getattr(given, "__func__", given))
            for base in value.__mro__:
                if base.__module__.startswith("taylor"):
                    for field, kind in inspect.get_annotations(base).items():
                        if not field.startswith("_"):
                            yield f"{name}.{field}", str(kind)
        elif getattr(value, "__module__", "") != "taylor.functions":  # those have a protocol
            yield from _own(name, value)


def _own(name: str, value: object) -> Iterator[tuple[str, str]]:
    """Signatures of a function of this package: of its overloads, where it has them."""
    if inspect.isfunction(value) and value.__module__.startswith("taylor"):
        shown: list[Callable[..., object]] = [*get_overloads(value)] or [value]
        for function in shown:
            yield name, str(inspect.signature(function))
