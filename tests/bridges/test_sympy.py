"""Translation to SymPy and back; SymPy's own evaluation is the reference."""

from __future__ import annotations

from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy

import taylor as ty
from taylor.expressions.leaves import make_function_node
from taylor.nodes.record import no_sympy
from taylor.nodes.registry import functions

x, y, k = ty.variable("x"), ty.variable("y"), ty.parameter("k")
X, Y, K, T = sympy.symbols("x y k t")


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (2 * x + y - 3, 2 * X + Y - 3),
        (x * y / k, X * Y / K),
        (x ** Fraction(-3, 2), X ** sympy.Rational(-3, 2)),
        (ty.sqrt(x) + x**y, sympy.sqrt(X) + X**Y),
        (ty.constant("0.1") * x, X / 10),
        (x / 3 + 0.5, X / 3 + sympy.Rational(1, 2)),
        (ty.sin(x * y) * ty.exp(-x), sympy.sin(X * Y) * sympy.exp(-X)),
        (ty.time * k, T * K),
        (ty.where(x > 0, x, y), sympy.Piecewise((X, X > 0), (Y, True))),
        ((x > y) * x, X * sympy.Piecewise((1, X > Y), (0, True))),
        (ty.where((x > 0) & ~(y >= 1), 1, 2), sympy.Piecewise((1, (X > 0) & (Y < 1)), (2, True))),
        (abs(x), sympy.Abs(X)),
        (ty.constant(float("inf")), sympy.oo),
    ],
)
def test_to_sympy(ours: ty.Expression, theirs: sympy.Expr) -> None:
    assert sympy.simplify(ty.to_sympy(ours) - theirs) == 0 or ty.to_sympy(ours) == theirs


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (X / Y, x / y),
        (X * Y**-2, x * y**-2),
        (X - Y, x - y),
        (sympy.Rational(1, 3) * X, x / 3),
        (sympy.Float("0.1"), ty.constant(0.1)),
        (sympy.sqrt(X) ** 3, x**1.5),
        (1 / sympy.sqrt(X), x**-0.5),
        (sympy.Abs(X - Y), abs(x - y)),
        (sympy.Max(X, Y), ty.maximum(x, y)),
        (sympy.Min(X, 2), ty.minimum(2, x)),
        (sympy.Piecewise((X, X > 0), (-X, True)), ty.where(x > 0, x, -x)),
        (sympy.floor(X) + sympy.sign(Y), ty.floor(x) + ty.sign(y)),
        (sympy.ceiling(X), -ty.floor(-x)),
        (sympy.sec(X), 1 / ty.cos(x)),
        (sympy.atan2(Y, X), ty.atan2(y, x)),
        (sympy.exp(X) * sympy.log(Y), ty.exp(x) * ty.log(y)),
        (sympy.Mod(X, Y), x % y),
        (sympy.oo, ty.constant(float("inf"))),
    ],
)
def test_from_sympy(theirs: sympy.Expr, ours: ty.Expression) -> None:
    built = ty.from_sympy(theirs)
    values = {x: 0.37, y: 1.21}
    assert built is ours or built.evaluate(values) == pytest.approx(
        ours.evaluate(values), rel=1e-15
    )


@pytest.mark.parametrize("constant", [sympy.pi, sympy.E, sympy.EulerGamma, sympy.GoldenRatio])
def test_mathematical_constants_keep_300_digits(constant: sympy.NumberSymbol) -> None:
    with mpmath.workdps(300):
        value = ty.from_sympy(constant).evaluate({"": mpmath.mpf(0)})
        expected = sympy.lambdify([], constant, "mpmath")()
        assert abs(value - expected) < mpmath.mpf(10) ** -298


def test_heaviside_and_relations() -> None:
    step = ty.from_sympy(sympy.Heaviside(X))
    assert [step.evaluate({x: a}) for a in (-1, 0, 1)] == [0, 0.5, 1]
    for relation in (sympy.Lt(X, Y), sympy.Ge(X, Y), sympy.Eq(X, Y), sympy.Ne(X, Y)):
        built = ty.from_sympy(relation)
        for a, b in ((1, 2), (2, 2), (3, 2)):
            assert bool(built.evaluate({x: a, y: b})) == bool(relation.subs({X: a, Y: b}))


# SymPy's printer for mpmath knows Airy's functions, but not their derivatives.
_AIRY = {
    "airyaiprime": lambda at: mpmath.airyai(at, derivative=1),
    "airybiprime": lambda at: mpmath.airybi(at, derivative=1),
}


@pytest.mark.parametrize(
    "name",
    [f.name for f in functions.values() if f.built_in and f.arity <= 2 and f.sympy is not no_sympy],
)
def test_every_function_translates_and_has_the_same_value(name: str) -> None:
    orders = functions[name].orders
    arguments = [x, y][: functions[name].arity - orders]
    built = make_function_node(name, *[2] * orders, *arguments)
    translated = ty.to_sympy(built)
    point = (1.25 if name == "acosh" else 0.25, 0 if name.startswith("lambertw") else 0.5)
    with mpmath.workdps(40):
        values = {e: mpmath.mpf(p) for e, p in zip(arguments, point, strict=False)}
        ours = built.evaluate(values)
        theirs = sympy.lambdify([X, Y], translated, [_AIRY, "mpmath"])(*map(mpmath.mpf, point))
        assert abs(ours - theirs) < mpmath.mpf(10) ** -37
        back = ty.from_sympy(translated)
        assert abs(back.evaluate(values) - ours) < mpmath.mpf(10) ** -37


def test_given_symbols() -> None:
    f = sympy.Function("f")
    assert ty.from_sympy(f(T) + T, {f(T): x, T: ty.time}) is x + ty.time
    assert ty.from_sympy(X, {X: k}) is k
    assert ty.to_sympy(x * y, {x: T}) == T * Y


def test_arrays() -> None:
    matrix = ty.from_sympy(sympy.Matrix([[X, 1], [Y, X * Y]]))
    assert matrix.shape == (2, 2)
    assert matrix[1, 1] is x * y
    q = ty.variable("q", shape=2)
    assert ty.to_sympy(q).shape == (2,)
    assert str(ty.to_sympy(q[1])) == "q[1]"


def test_conditions_of_constants() -> None:
    assert ty.from_sympy(sympy.true) is ty.constant(1)
    assert np.isnan(ty.from_sympy(sympy.Piecewise((X, X > 0))).evaluate({x: -1.0}))


def test_unsupported_parts_are_named() -> None:
    for bad, words in (
        (sympy.dirichlet_eta(X), "dirichlet_eta"),
        (sympy.I * X, "I"),
        (sympy.Function("f")(X), "f"),
    ):
        with pytest.raises(ty.UnsupportedFunctionError, match=words):
            ty.from_sympy(bad)


def test_sharing_survives_a_deep_dag() -> None:
    e = x
    for _ in range(60):
        e = ty.sin(e) * ty.cos(e)  # 2**60 nodes as a tree
    assert ty.from_sympy(ty.to_sympy(e)) is e
