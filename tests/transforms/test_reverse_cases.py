"""Programs on which other packages went wrong: values in closed form (public reports)."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest
from gradient_checks import check, value

import taylor as ty
from taylor.expressions.leaves import ONE, constant
from taylor.expressions.substitute import substitute
from taylor.transforms.forward import tangents
from taylor.transforms.reverse import adjoints

X, A, B = ty.variables("x a b")
POINTS = np.linspace(-1, 1, 20)


def by_both(e: Any, x: Any) -> list[Any]:
    """The derivative of one number by another, in both directions."""
    return [tangents([e], {x: ONE})[0], adjoints([e], [ONE], [x])[0]]


@pytest.mark.parametrize("choose", [ty.cond, None])
def test_a_branch_by_the_sign(choose: Any) -> None:
    """x**2 for positive numbers, else x**3 (jax #2264)."""
    if choose is None:
        e = ty.where(X > 0, X**2, X**3)
    else:
        e = choose(X > 0, lambda x: x**2, lambda x: x**3, X)
    for slope in by_both(e, X):
        found = ty.compile(slope, [X])(POINTS)
        right = np.where(POINTS > 0, 2 * POINTS, 3 * POINTS**2)
        np.testing.assert_allclose(found, right, rtol=1e-15)


def test_branches_that_are_not_taken() -> None:
    """jax #347, #20601, #9159: numbers that are none stay where they are."""
    for slope in by_both(ty.where(X > 0, ty.log(X), 0), X):
        assert float(slope.evaluate({X: 0.0})) == 0.0
        assert float(ty.compile(slope, [X])(0.0)) == 0.0
    for slope in by_both(ty.where(A > 0, B * X, 1), B):
        assert float(slope.evaluate({A: -1.0, B: 1.0, X: np.nan})) == 0.0
    q = ty.variable("q", (3,))
    length = np.sqrt(np.sum(q * q))
    for e in (np.where(length > 0, length, 0), ty.where(A > 0, length, 1)):
        (slope,) = adjoints([e], [ONE], [q])
        assert value(slope, [q, A], [np.zeros(3), -1.0]).tolist() == [0, 0, 0]


def test_nested_derivatives_are_not_confused() -> None:
    """d/da of a d/db (a b) at b = 2, at a = 5: 10."""
    for inner in by_both(A * B, B):
        product = A * substitute(inner, {B: constant(2)})
        for outer in by_both(product, A):
            assert float(outer.evaluate({A: 5.0})) == 10.0
    first, second = by_both(ty.sin(A * X) * X, X)
    for outer in (*by_both(first * A, A), *by_both(second * A, A)):
        found = float(outer.evaluate({A: 0.7, X: 1.3}))
        with mpmath.workdps(40):
            right = mpmath.diff(
                lambda a: a * mpmath.diff(lambda x: mpmath.sin(a * x) * x, 1.3), 0.7
            )
        assert found == pytest.approx(float(right), rel=1e-13)


def test_saturated_functions() -> None:
    """Finite and right, where naive formulas are NaN or zero."""
    right = {
        ty.sinc(X): {0.0: 0.0, 1e-9: -1e-9 * np.pi**2 / 3, 1e9: None},
        ty.tanh(X): {800.0: 0.0, 20.0: 1 / np.cosh(20.0) ** 2},
        ty.softplus(X): {800.0: 1.0, -700.0: np.exp(-700.0)},
        ty.asinh(X): {1e200: 1e-200, -1e200: 1e-200},
    }
    for e, points in right.items():
        for slope in by_both(e, X):
            for point, expected in points.items():
                found = float(slope.evaluate({X: point}))
                assert np.isfinite(found)
                assert expected is None or found == pytest.approx(expected, rel=1e-13, abs=0)


def test_a_choice_that_does_not_use_an_input() -> None:
    """Zeros of the input's shape, not nothing (pytorch #141301)."""
    q, r = ty.variable("q", (2,)), ty.variable("r", (3,))
    e = ty.cond(X > 0, lambda q, r: q.sum(), lambda q, r: q[0] * 2, q, r)
    shares = adjoints([e], [ONE], [q, r])
    assert shares[1] is constant(0, (3,))
    assert value(shares[0], [q, r, X], [np.ones(2), np.ones(3), -1.0]).tolist() == [2.0, 0.0]
    one = ty.cond(X > 0, lambda q, r: q.sum(), lambda q, r: r.sum(), q, r)
    for point, ends in ((1.0, ([1, 1], [0, 0, 0])), (-1.0, ([0, 0], [1, 1, 1]))):
        for share, right in zip(adjoints([one], [ONE], [q, r]), ends, strict=True):
            assert value(share, [q, r, X], [np.ones(2), np.ones(3), point]).tolist() == right


def test_ranges_without_turns_return_what_they_began_with() -> None:
    n = ty.variable("n")
    e = ty.fori_loop(0, n, lambda i, s: s * X, X)
    for slope in by_both(e, X):
        for turns in range(5):
            found = float(slope.evaluate({X: 1.5, n: turns - 1.0}))
            power = max(turns - 1, 0) + 1
            assert found == pytest.approx(power * 1.5 ** (power - 1), rel=1e-15)


def test_while_loops_whose_turns_nobody_knows() -> None:
    """x halved until it is at most one: the slope is a power of two."""
    e = ty.while_loop(lambda s: s > 1, lambda s: s / 2, X)
    for slope in by_both(e, X):
        for point, right in ((0.5, 1.0), (3.0, 0.25), (80.0, 2.0**-7)):
            assert float(slope.evaluate({X: point})) == right


def test_functions_that_users_define() -> None:
    """Equations, tables, removable singularities and registered functions, of arrays."""
    q, p = ty.variable("q", (2, 3)), ty.variable("p", (3,))
    root = ty.implicit(lambda a, b, y: y**3 + a * a * y - b, start=lambda a, b: b / 2)
    pair = ty.implicit(
        lambda a, b, u: [u[0] + u[1] * a - b, u[0] * u[1] - a], start=lambda a, b: [b, a / b]
    )
    shape = ty.removable(lambda x: (1 - ty.cos(x)) / x**2)
    table = ty.chebyshev([1.0, 0.5, -0.25, 0.125], q[0, 1], (-4, 4))
    points = [np.array([[0.6, 0.4, 1.2], [-0.5, 0.3, 0.7]]), np.array([1.5, 2.0, 2.5])]
    for e in (root(q, p), pair(0.1 * q, p)[1], shape(q), table * p):
        check(e, [q, p], points, 1e-12)
        weights = np.random.default_rng(4).normal(size=(2, 3))
        (share,) = adjoints([np.sum(e * weights)], [ONE], [q])
        check(np.sum(np.sin(share)), [q, p], points, 1e-11)


def test_registered_functions() -> None:
    half = ty.register_function(
        "half_sine_for_gradients", lambda x: float(np.sin(x) / 2), lambda x: ty.cos(x) / 2
    )
    q = ty.variable("q", (3,))
    point = np.array([0.2, 0.5, -1.0])
    for slope in (
        tangents([half(q)], {q: constant(1, (3,))})[0],
        adjoints([half(q).sum()], [ONE], [q])[0],
    ):
        np.testing.assert_allclose(value(slope, [q], [point]), np.cos(point) / 2, rtol=1e-15)
        np.testing.assert_allclose(ty.compile(slope, [q])(point), np.cos(point) / 2, rtol=1e-14)
