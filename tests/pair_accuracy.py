"""Double-double arguments for the kernels, and errors in units of 2**-106 against mpmath."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import mpmath
import numpy as np

from taylor_runtime.callables.kernels import array_function
from taylor_runtime.mathlib.basics.kernel import KernelFunction

mp = mpmath.MPContext()
mp.dps = 60
EPSILON = mp.mpf(2) ** -106
COUNT = 150  # points per region
Region = Callable[[np.random.Generator], Any]


def half_ulp(high: Any) -> Any:
    """Half a unit in the last place, 0 for subnormal numbers."""
    return np.ldexp(1.0, np.frexp(high)[1] - 54)


def with_low(rng: np.random.Generator, high: Any) -> Any:
    """Double-doubles of shape (2, n): low parts up to half an ulp, some of them tiny or zero."""
    low = half_ulp(high) * rng.uniform(-1, 1, high.size)
    low *= rng.choice([0.0, 2.0**-40, 1.0, 1.0, 1.0, 1.0], high.size)
    total = high + low
    return np.array([total, low - (total - high)])


def uniform(low: float, high: float) -> Region:
    return lambda rng: with_low(rng, rng.uniform(low, high, COUNT))


def sizes(low: int, high: int, sign: bool = True, near: float = 0.0) -> Region:
    """near + numbers with exponents from low to high, of either sign unless `sign` is False."""

    def draw(rng: np.random.Generator) -> Any:
        size = np.ldexp(rng.uniform(1, 2, COUNT), rng.integers(low, high, COUNT))
        if sign:
            size *= rng.choice([-1.0, 1.0], COUNT)
        if not near:
            return with_low(rng, size)
        total = near + size
        return np.array([total, size - (total - near)])

    return draw


@cache
def compiled(kernel: KernelFunction, lanes: int) -> Any:
    return array_function(kernel, lanes, dtype="double-double")


def exact(array: Any) -> list[Any]:
    return [mp.mpf(float(high)) + mp.mpf(float(low)) for high, low in array.T]


def worst_error(value: Any, function: Callable[..., Any], *arguments: Any) -> float:
    """The largest relative error in units of 2**-106, of results that have all their bits."""
    worst = mp.mpf(0)
    for result, *where in zip(exact(value), *map(exact, arguments), strict=True):
        expected = function(*where)
        if 1e-290 < abs(expected) < 1e300:
            worst = max(worst, abs(result / expected - 1))
    return float(worst / EPSILON)


def bits(array: Any) -> Any:
    """The bits, all NaN being equal."""
    return np.where(np.isnan(array), np.nan, array).view(np.int64)


def compare_with_double(kernel: KernelFunction, double: KernelFunction, given: list[Any]) -> None:
    """High parts within an ulp of the kernel for double, with its signs, infinities and NaN."""
    expected = array_function(double, 8)(*given)
    values = compiled(kernel, 8)(*(np.array([x, np.zeros_like(x)]) for x in given))
    for (high, low), known in zip(values, expected, strict=True):
        assert np.array_equal(np.isnan(high), np.isnan(known))
        finite = np.isfinite(high)
        assert not low[~finite].any()
        assert np.all(np.abs(low[finite]) <= half_ulp(high[finite]))
        number = ~np.isnan(known)
        high, known = high[number], known[number]
        with np.errstate(over="ignore"):
            below, above = (np.nextafter(known, end) for end in (-math.inf, math.inf))
        assert np.all((below <= high) & (high <= above))
        assert np.array_equal(np.isinf(high), np.isinf(known))
        assert np.array_equal(np.signbit(high), np.signbit(known))
