"""Derivatives against SymPy, against numerical differentiation at 50 digits, and on large DAGs."""

from __future__ import annotations

from collections.abc import Callable

import mpmath
import numpy as np
import pytest
import sympy

import taylor as ty
from taylor.expressions.leaves import make_function_node
from taylor.nodes.registry import functions
from taylor.nodes.traverse import reachable

x, y = ty.variables("x y")
k = ty.parameter("k")
q = ty.variable("q", shape=3)
POINT = {x: "0.37", y: "1.21", k: "2.3", ty.time: "0.61"}

FORMULAS: list[Callable[..., object]] = [
    lambda m, x, y, k, t: k * x**3 - 2 * x * y + 7,
    lambda m, x, y, k, t: (x - y) ** 2 / (x * y + k),
    lambda m, x, y, k, t: 1 / x + y / x**2,
    lambda m, x, y, k, t: (x**2 + y**2) ** (-m(3) / 2),
    lambda m, x, y, k, t: x**y + y**x + k ** (x * y),
    lambda m, x, y, k, t: (x * t + k) ** 4 * (y - t) ** -3,
    lambda m, x, y, k, t: (x + t) / (y + x / (k + x / y)),
    lambda m, x, y, k, t: (x * y * k * t) ** 3 + (x - 3 * y) ** 5,
]


def with_sympy(formula: Callable[..., object]) -> tuple[object, list[sympy.Symbol]]:
    symbols = list(sympy.symbols("x y k t", positive=True))
    return formula(sympy.Integer, *symbols), symbols


@pytest.mark.parametrize("number", range(len(FORMULAS)))
@pytest.mark.parametrize("n", [1, 2, 3])
def test_against_sympy(number: int, n: int) -> None:
    reference, symbols = with_sympy(FORMULAS[number])
    built = FORMULAS[number](lambda i: ty.constant(i), x, y, k, ty.time)
    with mpmath.workdps(50):
        values = {e: mpmath.mpf(text) for e, text in POINT.items()}
        numbers = dict(
            zip(symbols, [sympy.Float(POINT[e], 50) for e in (x, y, k, ty.time)], strict=True)
        )
        for e, symbol in zip((x, y, k, ty.time), symbols, strict=True):
            ours = ty.diff(built, e, n).evaluate(values)
            theirs = sympy.diff(reference, symbol, n).evalf(50, subs=numbers)
            scale = max(1, abs(theirs))
            assert abs(mpmath.mpf(str(theirs)) - ours) < mpmath.mpf(10) ** -44 * mpmath.mpf(
                str(scale)
            )
        gradient = ty.grad_expressions(built, [x, y, k, ty.time])
        for e, derivative in zip((x, y, k, ty.time), gradient, strict=True):
            forward = ty.diff(built, e).evaluate(values)
            assert abs(derivative.evaluate(values) - forward) < mpmath.mpf(10) ** -44 * (
                1 + abs(forward)
            )


@pytest.mark.parametrize(
    "name", [f.name for f in functions.values() if f.built_in and f.arity <= 2]
)
def test_every_function_against_numerical_differentiation(name: str) -> None:
    record = functions[name]
    orders, count = [2] * record.leading, record.arity - record.leading
    points = (("1.3", "0.4") if name in ("acosh",) else ("0.31", "0.83"))[:count]
    branches = name.startswith("lambertw")  # by the second argument
    points = (points[0], "0") if branches else points
    arguments = [x, y][:count]
    built = make_function_node(name, *orders, *arguments)
    with mpmath.workdps(50):
        at = [mpmath.mpf(p) for p in points]
        values = dict(zip(arguments, at, strict=True))
        for i, argument in enumerate(arguments[:1] if branches else arguments):
            order = tuple(int(j == i) for j in range(count))
            expected = mpmath.diff(
                lambda *v: record.mpmath(mpmath.mp, *orders, *v), tuple(at), order
            )
            ours = ty.diff(built, argument).evaluate(values)
            assert abs(ours - expected) < mpmath.mpf(10) ** -20 * (1 + abs(expected))


def test_piecewise_constant_functions() -> None:
    assert ty.diff(ty.floor(x) * y, x) is ty.constant(0)
    assert ty.diff((x > y) * y, y) is ((x > y) * 1)
    assert ty.diff(ty.where(x > 0, x**2, -x), x) is ty.where(x > 0, 2 * x, -1)


def test_unselected_branch_does_not_disturb_the_gradient() -> None:
    e = ty.where(x > 0, ty.sqrt(x) * y, 3 * x)
    for derivative in (ty.diff(e, x), *ty.grad_expressions(e, [x])):
        assert derivative.evaluate({x: -1.0, y: 2.0}) == 3.0
        assert derivative.evaluate({x: 4.0, y: 2.0}) == 0.5
    shared = ty.log(x)
    both = ty.where(x > 1, shared, 0) + ty.where(x > 2, shared * shared, 0)
    (derivative,) = ty.grad_expressions(both, [x])
    assert derivative.evaluate({x: 0.0}) == 0.0
    assert derivative.evaluate({x: 1.5}) == pytest.approx(1 / 1.5)


def test_natural_powers_are_regular_at_zero() -> None:
    assert ty.diff(x**3, x).evaluate({x: 0.0}) == 0.0
    assert ty.diff(x**3, x, 3) is ty.constant(6)
    assert ty.diff(x**3, x, 4) is ty.constant(0)


def test_arrays() -> None:
    e = np.sum(q**2 * np.array([1.0, 2.0, 3.0]))
    assert ty.diff(e, q[1]) is 4 * q[1]
    (gradient,) = ty.grad_expressions(e, [q])
    assert gradient.shape == (3,)
    np.testing.assert_allclose(gradient.evaluate({q: [1.0, 2.0, 3.0]}), [2, 8, 18])
    assert ty.diff(q * x, x).shape == (3,)
    assert ty.diff(q, q[0])[0] is ty.constant(1)


def test_large_arrays_stay_arrays() -> None:
    x, s = ty.variable("x", 500), ty.variable("s")
    e = np.sum(ty.sin(s * x[1:]) * x[:-1] ** 2)
    points = np.linspace(-1, 1, 500)
    values = {x: points, s: 0.8}
    by_x, by_s, by_element = ty.grad_expressions(e, [x, s, x[7]])
    assert len(reachable([by_x, by_s, by_element, ty.diff(e, x[7]), ty.diff(e, s, 2)])) < 80
    right = np.zeros(500)
    right[1:] += 0.8 * np.cos(0.8 * points[1:]) * points[:-1] ** 2
    right[:-1] += 2 * np.sin(0.8 * points[1:]) * points[:-1]
    np.testing.assert_allclose(by_x.evaluate(values), right, rtol=0, atol=1e-14)
    for slope in (by_element, ty.diff(e, x[7])):
        assert slope.evaluate(values) == pytest.approx(right[7], rel=1e-13)
    first = np.sum(np.cos(0.8 * points[1:]) * points[1:] * points[:-1] ** 2)
    assert by_s.evaluate(values) == pytest.approx(first, abs=1e-12)
    second = -np.sum(np.sin(0.8 * points[1:]) * points[1:] ** 2 * points[:-1] ** 2)
    assert ty.diff(e, s, 2).evaluate(values) == pytest.approx(second, abs=1e-12)


def test_loops_by_many_inputs() -> None:
    """Backward by many inputs, forward by few: the same."""
    given = ty.variables(" ".join(f"h{i}" for i in range(5)))
    a, b, *others = given

    def turn(i: object, s: tuple[ty.Expression, ...]) -> tuple[ty.Expression, ...]:
        return ty.sin(s[0] * a + b), s[1] * others[0] + s[0] * others[1] - others[2] * i

    e = ty.fori_loop(0, 30, turn, (a, b))
    back = ty.grad_expressions(e[0] * e[1], given)
    forward = [ty.grad_expressions(e[0] * e[1], [one])[0] for one in given]
    points = dict(zip(given, [0.6, 0.3, 0.8, -0.4, 0.01], strict=True))
    found, right = (ty.compile(list(slopes), given)(*points.values()) for slopes in (back, forward))
    np.testing.assert_allclose(found, right, rtol=1e-12)


def test_time_and_parameters() -> None:
    assert ty.diff(k * ty.time**2, ty.time) is 2 * k * ty.time
    assert ty.diff(k * ty.time**2, k) is ty.time**2
    assert ty.diff(k, x) is ty.constant(0)
    assert ty.diff(x, x, 0) is x


def test_deep_chain() -> None:
    e = x
    for _ in range(20_000):
        e = e * y + 1
    by_x = ty.diff(e, x)
    (by_reverse,) = ty.grad_expressions(e, [x])
    assert len(reachable([by_x])) <= 5 * 20_000
    assert by_x.evaluate({x: 1.0, y: 1.0}) == 1.0
    assert by_reverse.evaluate({x: 1.0, y: 1.0}) == 1.0


def test_reverse_pass_is_linear_in_the_number_of_inputs() -> None:
    inputs = ty.variables(" ".join(f"g{i}" for i in range(400)))
    e = ty.prod([ty.sin(v) + 2 for v in inputs])
    gradient = ty.grad_expressions(e, inputs)
    assert len(reachable(gradient)) < 20 * len(inputs)
    values = {v: 0.01 * i for i, v in enumerate(inputs)}
    total = np.prod([np.sin(v) + 2 for v in values.values()])
    expected = total * np.cos(3.99) / (np.sin(3.99) + 2)
    assert gradient[-1].evaluate(values) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: ty.diff(x, "x"), ty.ArgumentTypeError, "diff: cannot differentiate"),
        (lambda: ty.diff(x, x * y), ty.ArgumentTypeError, "variable, a parameter"),
        (lambda: ty.diff(x, q), ty.ArgumentTypeError, r"q\[0\]"),
        (lambda: ty.diff(x, x, -1), ty.ArgumentError, "at least 0"),
        (lambda: ty.diff(x, x, 1.5), ty.ArgumentError, "at least 0"),
        (lambda: ty.grad_expressions(q, [q]), ty.ArgumentError, r"shape \(3,\)"),
        (lambda: ty.grad_expressions(x, [2]), ty.ArgumentTypeError, "grad_expressions"),
    ],
)
def test_errors(call: Callable[[], object], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call()
