"""Gamma and Bessel functions in double-double against mpmath, in units of 2**-106."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest
from kernel_accuracy import ORDERS, points
from pair_accuracy import (
    COUNT,
    EPSILON,
    Region,
    bits,
    compare_with_double,
    compiled,
    exact,
    mp,
    sizes,
    uniform,
    with_low,
    worst_error,
)

import taylor as ty
from taylor_runtime.mathlib.double_double.gamma_coefficients import ROOT
from taylor_runtime.mathlib.families import kernels, pair_kernels

FAMILY = ("gamma", "lgamma", "digamma", *ORDERS)


def _log_gamma(x: Any) -> Any:
    """With the digits that cancel at 1 and 2."""
    with mp.workdps(120):
        return mp.log(abs(mp.gamma(x)))


def near_root(rng: np.random.Generator) -> Any:
    distance = np.ldexp(rng.uniform(-1, 1, COUNT), -rng.integers(1, 52, COUNT))
    return with_low(rng, float(ROOT) + distance)


# Errors that are relative everywhere: (kernel, function, regions, bound).
RELATIVE: list[tuple[str, Callable[..., Any], list[Region], float]] = [
    ("gamma", mp.gamma, [uniform(0, 3), uniform(3, 25), uniform(20, 170), sizes(-900, 0)], 8),
    ("gamma", mp.gamma, [uniform(-20, 0), uniform(-150, 0)], 40),
    ("lgamma", _log_gamma, [uniform(0, 3), uniform(3, 25), uniform(20, 1e3), sizes(-900, 0)], 8),
    ("lgamma", _log_gamma, [sizes(-60, -2, near=1.0), sizes(-60, -2, near=2.0)], 8),
    ("lgamma", _log_gamma, [sizes(9, 200, sign=False)], 8),
    ("digamma", mp.digamma, [uniform(1.8, 60), sizes(-300, -1), sizes(9, 900, sign=False)], 8),
    ("digamma", mp.digamma, [near_root], 16),
]


@pytest.mark.parametrize("case", RELATIVE, ids=lambda case: f"{case[0]}-{len(case[2])}-{case[3]}")
def test_relative_errors(case: tuple[str, Callable[..., Any], list[Region], float]) -> None:
    name, function, regions, bound = case
    rng = np.random.default_rng(7)
    for region in regions:
        x = region(rng)
        assert worst_error(compiled(pair_kernels[name], 8)(x)[0], function, x) < bound


def _with_order(x: Any, order: int) -> Any:
    return np.array([np.full(x.shape[1], float(order)), np.zeros(x.shape[1])])


@pytest.mark.parametrize(("order", "bound"), [(1, 10), (4, 12), (20, 40), (40, 80)])
def test_polygamma_coefficients(order: int, bound: float) -> None:
    """Right of zero, and left of it near a pole."""
    rng = np.random.default_rng(8)
    one = np.array([np.ones(COUNT), np.zeros(COUNT)])
    for region in (uniform(0.1, 3), uniform(3, 80), uniform(-0.2, 0)):
        x = region(rng)
        (value,) = compiled(pair_kernels["polygamma_coefficient"], 8)(x, one, _with_order(x, order))
        sign = (-1) ** (order + 1)

        def right(x: Any, sign: int = sign) -> Any:
            with mp.workdps(60 + 3 * order):  # mpmath's errors are absolute
                return sign * mp.zeta(order + 1, x) if x > 0 else mp.psi(order, x) / mp.fac(order)

        assert worst_error(value, right, x) < bound


def test_polygamma_takes_the_factorial() -> None:
    x = uniform(0.1, 50)(np.random.default_rng(9))
    (value,) = compiled(pair_kernels["polygamma"], 8)(x, _with_order(x, 5))
    assert worst_error(value, lambda x: mp.psi(5, x), x) < 20


@pytest.mark.parametrize("order", [0, 1, 3, 30, 150])
def test_bessel_functions_relative_to_their_amplitude(order: int) -> None:
    """Errors of recurrences grow with the number of their steps."""
    rng = np.random.default_rng(10)
    regions = (uniform(1e-3, 12), uniform(12, 41), uniform(41, 400))
    for region in regions:
        x = region(rng)[:, : COUNT // 3]
        given = x, _with_order(x, order)
        values = [compiled(pair_kernels[name], 8)(*given)[0] for name in ("besselj", "bessely")]
        for at, *found in zip(exact(x), *map(exact, values), strict=True):
            right = mp.besselj(order, at), mp.bessely(order, at)
            for value, wanted in zip(found, right, strict=True):
                size = mp.hypot(*right) if at > order else abs(wanted)
                if 1e-280 < size < 1e280:
                    assert abs(value - wanted) < (100 + 4 * order) * EPSILON * size


@pytest.mark.parametrize("name", FAMILY)
def test_high_parts_are_those_of_double(name: str) -> None:
    compare_with_double(pair_kernels[name], kernels[name], points(name, kernels[name].arity, 60))


@pytest.mark.parametrize("name", FAMILY)
@pytest.mark.parametrize("lanes", [2, 4])
def test_lanes_have_the_bits_of_the_scalar_code(name: str, lanes: int) -> None:
    rng = np.random.default_rng(11)
    x = np.concatenate([uniform(-30, 60)(rng), sizes(-60, 8)(rng)], axis=1)
    given = [x]
    if name in ORDERS:
        orders = np.resize(np.array(ORDERS[name], float), x.shape[1])
        given.append(np.array([orders, np.zeros_like(orders)]))
    if name.endswith("_coefficient"):
        given.insert(1, np.array([np.full(x.shape[1], 0.5), np.zeros(x.shape[1])]))
    scalar, vector = (compiled(pair_kernels[name], n)(*given)[0] for n in (0, lanes))
    assert np.array_equal(bits(scalar), bits(vector))


def test_integers_and_infinities_are_exact() -> None:
    n = np.arange(1.0, 26.0)
    (value,) = compiled(pair_kernels["gamma"], 8)(np.array([n, np.zeros_like(n)]))
    factorials = [mp.fac(int(k) - 1) for k in n]
    assert max(abs(a / b - 1) for a, b in zip(exact(value), factorials, strict=True)) < 8 * EPSILON
    ends = np.array([[0.0, -0.0, math.inf, 172.0], [0.0, 0.0, 0.0, 0.0]])
    (value,) = compiled(pair_kernels["gamma"], 4)(ends)
    assert value[0].tolist() == [math.inf, -math.inf, math.inf, math.inf] and not value[1].any()


@pytest.mark.parametrize("order", [1001, 3000, 10**9, 2**50 - 1])
def test_bessel_functions_of_large_orders(order: int) -> None:
    """Below all doubles they are 0 at once: walking 10**9 orders would take minutes."""
    x = ty.variable("x")
    ratios = [1e-300, 1e-12, 1e-3, 0.1, 0.5, 0.7, 0.9]
    ratios += [0.95, 0.97, 0.98, 0.985, 0.99, 0.995, 1.0] if order <= 3000 else [0.9998]
    points = np.array([*(order * np.array(ratios)), *([] if order <= 3000 else [1.0, 40.0, 1e3])])
    found = ty.compile(ty.besselj(order, x), [x])(points)
    pairs = np.stack([points, np.zeros_like(points)], axis=-1)
    wide = ty.compile(ty.besselj(order, x), [x], precision="double-double")(pairs)
    if order > 3000:
        assert not found.any() and not wide.any()
        return
    with mpmath.workdps(60):
        for point, value, (high, low) in zip(points, found, wide, strict=True):
            right = mpmath.besselj(order, mpmath.mpf(float(point)))
            assert abs(value - float(right)) <= 4 * np.spacing(abs(float(right)))
            size = max(abs(right), mpmath.ldexp(1, -960))
            assert abs(mpmath.mpf(float(high)) + float(low) - right) <= size * order * 2.0**-101
    assert (ty.jet(lambda x: ty.besselj(10**9, x), points[:3], 3) == 0).all()


# Zeros of functions, and their derivatives.
ZEROS: dict[str, tuple[tuple[int, ...], Callable[..., Any], list[float]]] = {
    "lgamma": ((), lambda x: mpmath.log(abs(mpmath.gamma(x))), [1, 2, -2.457, -2.7477, -3.955]),
    "digamma": ((), mpmath.digamma, [1.4616, -0.504083, -1.573498, -3.635293, -10.7028]),
    "besselj": ((0,), lambda x: mpmath.besselj(0, x), [2.4048, 5.52007, 30.6346, 149.4493]),
}


@pytest.mark.parametrize("name", ZEROS)
def test_errors_next_to_zeros_are_those_of_the_argument(name: str, scale: int) -> None:
    """Within 8 times what 2**-106 of the argument and of the value make."""
    orders, right, guesses = ZEROS[name]
    x = ty.variable("x")
    f = ty.compile(getattr(ty, name)(*orders, x), [x], precision="double-double")
    draw = np.random.default_rng(0)
    with mpmath.workprec(300):
        for guess in guesses:
            exact = name == "lgamma" and guess in (1, 2)
            zero = mpmath.mpf(guess) if exact else mpmath.findroot(right, guess)
            slope = abs(mpmath.diff(right, zero))
            for case in range(20 * scale):
                off = mpmath.mpf(2) ** float(draw.uniform(-104, -3)) * (-1) ** case
                pair = ty.from_mpmath(zero * (1 + off))
                argument, value = ty.to_mpmath(pair), ty.to_mpmath(f(pair))
                there = right(argument)
                unit = (abs(argument) * slope + abs(there)) * mpmath.mpf(2) ** -106
                assert abs(value - there) <= 8 * unit, (guess, case)
