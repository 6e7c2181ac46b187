"""Circular functions, their inverses and the error function in double-double against mpmath."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from kernel_accuracy import HARDEST, points
from pair_accuracy import (
    COUNT,
    Region,
    bits,
    compare_with_double,
    compiled,
    half_ulp,
    mp,
    sizes,
    uniform,
    with_low,
    worst_error,
)

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.module import Module
from taylor_runtime.ir.pairs import PAIR
from taylor_runtime.ir.types import Type
from taylor_runtime.mathlib.calls import call, call_pair
from taylor_runtime.mathlib.double_double import constants
from taylor_runtime.mathlib.families import kernels, pair_kernels
from taylor_runtime.program.kernels import PAIRS

FAMILY = (
    *("sincos", "sin", "cos", "tan", "sin_over_x", "asin", "acos", "atan", "atan2"),
    *("erf", "erfc", "erf_derivative"),
)


def multiples_of_pi(largest: float, parts: int) -> Region:
    """Double-doubles nearest to multiples of pi/parts, some with a spoiled low part."""

    def draw(rng: np.random.Generator) -> Any:
        counts = np.floor(np.exp(rng.uniform(0, math.log(largest), COUNT)))
        pairs = np.empty((2, COUNT))
        with mp.workdps(120):
            for i, count in enumerate(counts):
                exact = mp.mpf(float(count)) * mp.pi / parts
                high = float(exact)
                pairs[:, i] = high, float(exact - high)
        pairs[1] *= rng.choice([0.0, 1 - 2.0**-30, 1.0, 1.0, 1.0], COUNT)
        return pairs

    return draw


def shifted(region: Region, low: int, high: int) -> Region:
    """The numbers of a region, moved by numbers with exponents from low to high."""
    return lambda rng: with_low(rng, region(rng)[0] + sizes(low, high)(rng)[0])


def precise(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Evaluated with all bits of the argument before the point, and 200 after it."""

    def evaluate(x: Any) -> Any:
        with mp.workprec(400 + max(0, int(mp.mag(x)))):
            return function(x)

    return evaluate


CIRCULAR = (
    uniform(-3, 3),
    uniform(-1000, 1000),
    sizes(-900, 30),
    sizes(30, 990),
    multiples_of_pi(2.0**29, 2),
    multiples_of_pi(2.0**29, 4),
    multiples_of_pi(1e24, 2),
    shifted(multiples_of_pi(2.0**20, 2), -24, -16),  # on both sides of the switch of reductions
)
UNIT = (
    uniform(-1, 1),
    sizes(-900, 0),
    sizes(-106, -1, False, near=-1.0),
    lambda rng: -sizes(-106, -1, False, near=-1.0)(rng),
)
ERROR = (uniform(-1, 1), uniform(0.45, 0.55), uniform(-6, 4), sizes(-900, 0))
REGIONS: dict[str, tuple[Region, ...]] = {
    "sin": CIRCULAR,
    "cos": CIRCULAR,
    "tan": CIRCULAR,
    "sin_over_x": (uniform(-3, 3), uniform(-1000, 1000), sizes(-900, 30)),
    "asin": UNIT,
    "acos": UNIT,
    "atan": (uniform(-4, 4), sizes(-900, 1000), sizes(-20, 20), sizes(-106, -3, near=1.0)),
    "erf": ERROR,
    "erfc": (*ERROR, uniform(4, 25.7)),
    "erf_derivative": (*ERROR, uniform(-25.7, 25.7)),
}
FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    **{name: precise(getattr(mp, name)) for name in REGIONS if hasattr(mp, name)},
    "sin_over_x": precise(mp.sinc),
    "erf_derivative": precise(lambda x: 2 / mp.sqrt(mp.pi) * mp.exp(-x * x)),
}


def test_every_kernel_of_the_family_exists() -> None:
    assert set(FAMILY) <= set(pair_kernels)
    assert all(pair_kernels[name].arity == kernels[name].arity for name in FAMILY)


@pytest.mark.parametrize("name", sorted(REGIONS))
def test_relative_error(name: str) -> None:
    rng = np.random.default_rng(1)
    for region in REGIONS[name]:
        x = region(rng)
        assert worst_error(compiled(pair_kernels[name], 8)(x)[0], FUNCTIONS[name], x) < 8


@pytest.mark.parametrize("region", [uniform(-4, 4), sizes(-400, 400), sizes(-15, 15)])
def test_relative_error_of_atan2(region: Region) -> None:
    rng = np.random.default_rng(2)
    y, x = region(rng), region(rng)
    assert worst_error(compiled(pair_kernels["atan2"], 8)(y, x)[0], mp.atan2, y, x) < 8


def test_the_double_closest_to_a_multiple_of_half_pi() -> None:
    x = np.array([[HARDEST, -HARDEST, 2.0**1023], [0.0, 0.0, 2.0**900]])
    for name in ("sin", "cos", "tan"):
        (value,) = compiled(pair_kernels[name], 0)(x)
        assert worst_error(value, FUNCTIONS[name], x) < 8


def test_sine_tells_what_a_rounded_pi_lacks() -> None:
    """sin(pi rounded) = pi - rounded, far below the last bit of pi."""
    with mp.workdps(90):
        high = float(mp.pi)
        low = float(mp.pi - high)
        lacking = mp.pi - high - low
    (value,) = compiled(pair_kernels["sin"], 0)(np.array([[high], [low]]))
    assert abs((mp.mpf(value[0, 0]) + mp.mpf(value[1, 0])) / lacking - 1) < mp.mpf(2) ** -104


def test_constants_have_all_their_bits() -> None:
    with mp.workdps(450):
        exact = int(mp.floor(2 / mp.pi * mp.mpf(2) ** constants.TWO_OVER_PI_BITS))
        assert exact == constants.TWO_OVER_PI
        half_pi = mp.mpf(constants.HALF_PI.numerator) / constants.HALF_PI.denominator
        assert abs(half_pi - mp.pi / 2) < mp.mpf(10) ** -79


@pytest.mark.parametrize("name", FAMILY)
def test_arguments_of_all_sizes_and_special_ones(name: str) -> None:
    kernel = kernels[name]
    compare_with_double(pair_kernels[name], kernel, points(name, kernel.arity, 200))


def test_signed_zeros_and_infinities_of_atan2() -> None:
    """All of C's special cases, both parts."""
    chosen = [0.0, -0.0, 1.0, -1.0, math.inf, -math.inf, math.nan]
    y, x = np.array([(s, t) for s in chosen for t in chosen]).T
    given = (np.array([v, np.zeros_like(v)]) for v in (y, x))
    ((high, low),) = compiled(pair_kernels["atan2"], 8)(*given)
    expected = np.arctan2(y, x)
    assert np.array_equal(high, expected, equal_nan=True)
    known = ~np.isnan(expected)
    assert np.array_equal(np.signbit(high[known]), np.signbit(expected[known]))
    eighths = np.rint(high[known] / (math.pi / 4))
    with mp.workdps(40):
        rest = [float(int(n) * mp.pi / 4 - h) for n, h in zip(eighths, high[known], strict=True)]
    assert np.abs(low[known] - rest).max() < 1e-31


def test_the_low_part_decides_what_is_outside_the_domain() -> None:
    x = np.array([[1.0, 1.0, -1.0, -1.0], [0.0, 1e-20, -1e-20, 1e-20]])
    for name in ("asin", "acos"):
        ((high, low),) = compiled(pair_kernels[name], 4)(x)
        assert np.isnan(high).tolist() == [False, True, True, False]
        assert not low[1:3].any()


def test_tails_are_within_an_ulp_where_low_parts_are_lost() -> None:
    rng = np.random.default_rng(3)
    x = with_low(rng, rng.uniform(25.5, 27.2, COUNT))
    for name in ("erfc", "erf_derivative"):
        ((high, _),) = compiled(pair_kernels[name], 8)(x)
        for value, *parts in zip(high, *x, strict=True):
            expected = FUNCTIONS[name](mp.mpf(float(parts[0])) + mp.mpf(float(parts[1])))
            unit = max(2 * float(half_ulp(value)), 2.0**-1074)
            assert abs(mp.mpf(float(value)) - expected) < unit


@pytest.mark.parametrize("lanes", [2, 4, 8])
def test_lanes_have_the_bits_of_the_scalar_code(lanes: int) -> None:
    rng = np.random.default_rng(4)
    for name in FAMILY:
        highs = points(name, kernels[name].arity, 60)
        given = [with_low(rng, np.where(np.isfinite(x), x, 1.5)) for x in highs]
        if name in REGIONS:
            given = [np.concatenate([*given, *(region(rng) for region in REGIONS[name])], axis=1)]
        scalar, vector = (compiled(pair_kernels[name], n)(*given) for n in (0, lanes))
        assert all(np.array_equal(bits(a), bits(c)) for a, c in zip(scalar, vector, strict=True))


def test_sine_and_cosine_have_the_bits_of_sincos() -> None:
    x = uniform(-50, 50)(np.random.default_rng(5))
    both = compiled(pair_kernels[PAIRS["sin", "cos"]], 4)(x)
    for name, value in zip(("sin", "cos"), both, strict=True):
        assert np.array_equal(bits(value), bits(compiled(pair_kernels[name], 4)(x)[0]))


def test_functions_share_their_code() -> None:
    """One function per module and lane count, however many kernels use it."""
    b = Builder(Module())
    x = b.constant(0.5, Type(PAIR, 4))
    for name in ("sin", "cos", "tan", "asin", "acos", "atan", "erf", "erfc"):
        call(b, name, [x])
    call_pair(b, ("sin", "cos"), [x])
    direct, text = "\n".join(map(str, b.lines)), b.module.text()
    assert direct.count("@ty.sincos.ddx4(") == 3
    assert direct.count("@ty.erf_and_erfc.ddx4(") == 2
    # Its definition, and the calls of sincos, tan and the two kinds of angles.
    assert text.count("@ty.sincos.reduced.ddx4(") == 5
    assert text.count("@ty.reduce_large.dd(") == 3
