"""Removable singularities against mpmath, and what is said where x == c chooses a branch."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest

import taylor as ty

mp = mpmath.mp.clone()
mp.dps = 400
x, y, n = ty.variable("x"), ty.variable("y"), ty.parameter("n")

CASES: list[tuple[Callable[[Any], Any], Callable[[Any], Any], float]] = [
    (lambda t: (1 - ty.cos(t)) / t**2, lambda t: (1 - mp.cos(t)) / t**2, 0),
    (lambda t: t / ty.expm1(t), lambda t: t / mp.expm1(t), 0),
    (lambda t: (t - ty.sin(t)) / t**2, lambda t: (t - mp.sin(t)) / t**2, 0),
    (lambda t: ty.log(t) / (t - 1), lambda t: mp.log(t) / (t - 1), 1),
    (lambda t: ty.tan(t) / t, lambda t: mp.tan(t) / t, 0),
    (lambda t: 1 / t - 1 / ty.sin(t), lambda t: 1 / t - 1 / mp.sin(t), 0),
    (ty.sin_over_x, lambda t: mp.sin(t) / t, 0),
    (ty.sinc, lambda t: mp.sin(mp.pi * t) / (mp.pi * t), 0),
]


def _series(f: Callable[[Any], Any], point: Any, order: int) -> list[Any]:
    """Taylor coefficients by Cauchy's integral on a small circle, which avoids the point."""
    count, radius = 64, mp.mpf(1) / 64
    angles = [2 * mp.pi * k / count for k in range(count)]
    values = [f(point + radius * mp.expjpi(2 * mp.mpf(k) / count)) for k in range(count)]
    return [
        mp.re(mp.fsum(v * mp.expj(-m * a) for v, a in zip(values, angles, strict=True)))
        / (count * radius**m)
        for m in range(order + 1)
    ]


@pytest.mark.parametrize(("f", "right", "at"), CASES, ids=range(len(CASES)))
@pytest.mark.parametrize("offset", [0.0, 1e-200, 1e-9, -1e-3, 0.0625])
def test_jets_are_right_at_and_near_the_point(
    f: Callable[[Any], Any], right: Callable[[Any], Any], at: float, offset: float
) -> None:
    filled = f if f in (ty.sin_over_x, ty.sinc) else ty.removable(f, at=at)
    point = at + offset
    expected = _series(right, mp.mpf(point), 12)
    found = ty.jet(filled, point, 12)
    for m, value in enumerate(expected):
        size = max(abs(v) for v in expected[max(m - 1, 0) : m + 2])
        assert abs(found[m] - value) <= 2e-15 * size, (m, found[m], float(value))


def test_removable_functions_are_used_as_any_other() -> None:
    f = ty.removable(lambda t: (ty.exp(t) - 1) / t)
    assert f(0.0) == 1 and np.allclose(f(np.array([0.0, 1.0])), [1, np.e - 1])
    assert f(x * y).evaluate({x: 0.0, y: 2.0}) == 1
    assert f(np.array([x, x + 1], dtype=object))[0].evaluate({x: 0.0}) == 1
    assert ty.diff(f(x), x, 3).evaluate({x: 0.0}) == pytest.approx(0.25, rel=1e-15)
    pair = ty.compile(f(x), [x], precision="double-double")(0.0)
    assert float(np.ravel(pair)[0]) == 1


@pytest.mark.parametrize(
    "f",
    [
        lambda t: 1 / t,
        lambda t: abs(t) / t,
        lambda t: ty.sqrt(abs(t)),
        lambda t: ty.log(abs(t)),
        lambda t: 1 / t**2,
        lambda t: ty.cbrt(t) ** 4,
        lambda t: ty.exp(-1 / t**2),
        lambda t: ty.sin(1 / t),
        lambda t: abs(t) ** 3,
    ],
    ids=range(9),
)
def test_what_is_not_removable_is_refused(f: Callable[[Any], Any]) -> None:
    with pytest.raises(ty.ArgumentError, match="not analytic"):
        ty.removable(f)


def test_wrong_arguments_of_removable() -> None:
    with pytest.raises(ty.ArgumentError, match="more than x"):
        ty.removable(lambda t: y * ty.sin(t) / t)
    with pytest.raises(ty.ArgumentTypeError, match="at="):
        ty.removable(lambda t: ty.sin(t) / t, at=float("nan"))
    with pytest.raises(ty.ArgumentTypeError, match="scalar"):
        ty.removable(lambda t: [t])


@pytest.mark.parametrize("order", [30, 61])
def test_sinc_at_zero_to_any_order(order: int) -> None:
    found = ty.jet(ty.sin_over_x, 0.0, order)
    for m in range(order + 1):
        right = 0 if m % 2 else (-1) ** (m // 2) / mp.factorial(m + 1)
        assert abs(found[m] - right) <= 1e-15 * abs(right)


POINT = ty.where(x == 0, 1, ty.sin(x) / x)


def test_right_hand_sides_may_ask_for_points() -> None:
    """There a solution that stays has the value of the branch, and one that passes the other's."""
    ta = ty.Integrator([(x, POINT)], [1.0])
    ta.propagate_until(0.5)
    assert 1.0 < ta.state[0] < 1.5


@pytest.mark.parametrize(
    "differentiate",
    [
        lambda: ty.diff(POINT, x),
        lambda: ty.grad_expressions(POINT, [x]),
        lambda: ty.jet(lambda t: ty.where(t == 0, 1, ty.sin(t) / t), 0.0, 2),
        lambda: ty.jet(lambda t: ty.where((t != 0) & (t < 9), ty.sin(t) / t, 1), 0.0, 2),
    ],
    ids=range(4),
)
def test_points_that_choose_are_warned_of(differentiate: Callable[[], Any]) -> None:
    with pytest.warns(ty.DifferentiationWarning, match=r"taylor\.removable") as caught:
        differentiate()
    assert caught[0].filename == __file__


@pytest.mark.parametrize(
    "build",
    [
        lambda: ty.compile(POINT, [x])(0.0),
        lambda: ty.diff(ty.where(n == 2, x, x * x), x),
        lambda: ty.jet(lambda t: ty.where(np.isnan(t), 1, t), 0.0, 2),
        lambda: ty.jet(lambda t: ty.xlogy(t, t) + np.nan_to_num(t), 1.0, 2),
        lambda: ty.jet(lambda t: ty.where(t > 0, t, 0), 0.0, 2),
        lambda: ty.Integrator([(x, ty.where(n == 2, x, x * x))], [1.0], parameters={n: 1.0}),
    ],
    ids=range(6),
)
def test_other_choices_are_not(build: Callable[[], Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        build()


def test_slopes_at_kinks_are_the_mean_of_both_sides() -> None:
    """Of jets and of formulas; relu alone has slope 0 at 0, as everywhere."""
    for f, slope in (
        (ty.relu, 0),
        (lambda t: ty.maximum(t, 0), 0.5),
        (lambda t: np.maximum(0, t), 0.5),
        (lambda t: np.minimum(t, 3 * t), 2),
        (lambda t: abs(t), 0),
    ):
        assert ty.jet(f, 0.0, 2).tolist() == [0, slope, 0]
        assert ty.diff(f(x), x).evaluate({x: 0.0}) == slope
        assert ty.grad(f)(0.0) == slope


def test_kinks_that_cancel_leave_nothing() -> None:
    """Both formulas are smooth: x, and log(1 + exp(x))."""
    for f, right in (
        (lambda t: np.maximum(t, 0) - np.maximum(-t, 0), [0, 1, 0]),
        (lambda t: np.maximum(t, 0) + np.log1p(np.exp(-abs(t))), [np.log(2), 0.5]),
        (lambda t: np.logaddexp(t, 0), [np.log(2), 0.5, 0.125, 0, -1 / 192]),
        (lambda t: np.logaddexp(3.0, t + 3) - 3, [np.log(2), 0.5, 0.125, 0, -1 / 192]),
        (lambda t: (np.maximum(t, 2 * t) + np.minimum(t, 2 * t)) / 3, [0, 1, 0]),
    ):
        np.testing.assert_allclose(
            ty.jet(f, 0.0, order=len(right) - 1), right, rtol=1e-15, atol=1e-16
        )
        assert ty.grad(f)(0.0) == right[1]
        assert ty.jvp(f, (0.0,), (1.0,))[1] == right[1]


def test_powers_of_zero_have_derivatives() -> None:
    assert ty.diff(0**x, x).evaluate({x: 2.0}) == 0
    assert ty.jet(lambda t: 0**t, 2.0, 3).tolist() == [0, 0, 0, 0]
    assert [(0**x).evaluate({x: p}) for p in (0.0, 1.0)] == [1, 0]


@pytest.mark.parametrize("slope", [-1, float("nan"), float("inf")])
def test_slopes_of_leaky_relu(slope: float) -> None:
    for argument in (x, 1.0, mp.mpf(-1)):
        with pytest.raises(ty.ArgumentError, match="slope="):
            ty.leaky_relu(argument, slope)
