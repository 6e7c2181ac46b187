"""Exponentials, logarithms, powers and their relatives in double-double against mpmath."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from kernel_accuracy import points
from pair_accuracy import (
    COUNT,
    Region,
    bits,
    compare_with_double,
    compiled,
    mp,
    sizes,
    uniform,
    with_low,
    worst_error,
)

from taylor.reference.kernels import kernel_definitions
from taylor_runtime.callables.kernels import array_function
from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.module import Module
from taylor_runtime.ir.pairs import PAIR
from taylor_runtime.ir.types import Type
from taylor_runtime.mathlib.basics.kernel import KernelFunction
from taylor_runtime.mathlib.calls import call
from taylor_runtime.mathlib.double import half_powers as double_half_powers
from taylor_runtime.mathlib.double_double.half_powers import half_power
from taylor_runtime.mathlib.families import kernels, pair_kernels
from taylor_runtime.program.kernels import PAIRS

DEFINITIONS = kernel_definitions()
FAMILY = (
    *("exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "pow", "cbrt", "hypot", "scale"),
    *("sinhcosh", "sinh", "cosh", "tanh", "sech_squared", "asinh", "acosh", "atanh"),
    *("sigmoid", "sigmoid_derivative", "softplus"),
)


SMALL = sizes(-900, 5)
HYPERBOLIC = (uniform(-709, 709), uniform(-40, 40), uniform(-2, 2), SMALL)
LOGARITHMIC = (sizes(-960, 1020, False), uniform(0.5, 2), sizes(-100, -1, near=1.0))
REGIONS: dict[str, tuple[Region, ...]] = {
    "exp": (uniform(-665, 690), uniform(-1, 1), sizes(-110, 5)),
    "exp2": (uniform(-960, 995), uniform(-1, 1), sizes(-110, 5)),
    "expm1": (uniform(-100, 690), uniform(-1, 1), SMALL),
    "log": LOGARITHMIC,
    "log2": LOGARITHMIC,
    "log10": LOGARITHMIC,
    "log1p": (*LOGARITHMIC, uniform(-1, 3), SMALL, sizes(-100, -1, False, near=-1.0)),
    "cbrt": (sizes(-960, 1020), uniform(-8, 8)),
    "sinh": HYPERBOLIC,
    "cosh": HYPERBOLIC,
    "tanh": (uniform(-60, 60), uniform(-2, 2), SMALL),
    "sech_squared": (uniform(-330, 330), uniform(-2, 2), SMALL),
    "sigmoid": (uniform(-660, 690), uniform(-2, 2), SMALL),
    "sigmoid_derivative": (uniform(-660, 660), uniform(-2, 2), SMALL),
    "softplus": (uniform(-660, 690), uniform(-2, 2), SMALL),
    "asinh": (sizes(-900, 1020), uniform(-4, 4), sizes(-4, 8)),
    "acosh": (sizes(1, 1020, False), uniform(1, 4), sizes(-100, 0, False, near=1.0)),
    "atanh": (uniform(-1, 1), sizes(-900, -1), sizes(-100, -1, False, near=-1.0)),
}
# Where the definition cancels in 60 digits.
STABLE: dict[str, Callable[[Any], Any]] = {
    "softplus": lambda x: max(x, 0) + mp.log1p(mp.exp(-abs(x))),
    "sigmoid_derivative": lambda x: mp.exp(-abs(x)) / (1 + mp.exp(-abs(x))) ** 2,
    "sech_squared": lambda x: 1 / mp.cosh(x) ** 2,
}


def test_every_kernel_of_the_family_exists() -> None:
    assert set(FAMILY) <= set(pair_kernels)
    assert all(pair_kernels[name].arity == kernels[name].arity for name in FAMILY)


@pytest.mark.parametrize("name", sorted(REGIONS))
def test_relative_error(name: str) -> None:
    function = STABLE.get(name) or (lambda x: DEFINITIONS[name].mpmath(mp, x))
    rng = np.random.default_rng(1)
    for region in REGIONS[name]:
        x = region(rng)
        assert worst_error(compiled(pair_kernels[name], 8)(x)[0], function, x) < 6


@pytest.mark.parametrize(
    "base",
    [sizes(-900, 1000, False), uniform(0.01, 5), sizes(-40, -2, near=1.0), uniform(0.7, 1.4)],
)
@pytest.mark.parametrize(("size", "bound"), [(115, 8), (660, 50)])
def test_relative_error_of_pow(base: Region, size: float, bound: float) -> None:
    rng = np.random.default_rng(2)
    x = base(rng)
    y = with_low(rng, rng.uniform(-size, size, COUNT) / np.log(x[0]))
    assert worst_error(compiled(pair_kernels["pow"], 8)(x, y)[0], mp.power, x, y) < bound


def test_pow_of_bases_that_only_the_low_part_tells_from_one() -> None:
    rng = np.random.default_rng(3)
    x = sizes(-95, -60, near=1.0)(rng)
    y = with_low(rng, rng.uniform(-100, 100, COUNT) / x[1])
    assert worst_error(compiled(pair_kernels["pow"], 8)(x, y)[0], mp.power, x, y) < 8


@pytest.mark.parametrize("region", [uniform(-3, 3), sizes(-900, 1000)])
def test_relative_error_of_hypot(region: Region) -> None:
    rng = np.random.default_rng(4)
    x, y = region(rng), region(rng)
    assert worst_error(compiled(pair_kernels["hypot"], 8)(x, y)[0], mp.hypot, x, y) < 6


@pytest.mark.parametrize("k", [k for k in range(-16, 17) if k])
def test_relative_error_of_half_powers(k: int) -> None:
    rng = np.random.default_rng(5)
    reach = 900 // max(abs(k), 4)
    for region in (uniform(0.1, 9), sizes(-reach, reach, False), sizes(-110, 110, False)):
        x = region(rng)
        value = compiled(half_power(k), 8)(x)[0]
        assert worst_error(value, lambda x: mp.power(x, mp.mpf(k) / 2), x) < 8


def test_exact_values() -> None:
    """Powers of two have exact logarithms; 1 and 0 have exact images."""
    powers = np.ldexp(1.0, np.arange(-1074, 1024))
    x = np.array([powers, np.zeros_like(powers)])
    (value,) = compiled(pair_kernels["log2"], 8)(x)
    assert np.array_equal(value[0], np.arange(-1074, 1024))
    assert not value[1].any()
    for name, argument, expected in [("exp", 0, 1), ("exp2", 10, 1024), ("cosh", 0, 1)]:
        (value,) = compiled(pair_kernels[name], 0)(np.array([[argument], [0.0]]))
        assert value.ravel().tolist() == [expected, 0]
    for k in (2, 4, 6, 16):
        (value,) = compiled(half_power(k), 0)(np.array([[3.0], [0.0]]))
        assert value.ravel().tolist() == [3 ** (k // 2), 0]


def special_arguments(name: str) -> list[Any]:
    return points(name, kernels[name].arity, 200)


@pytest.mark.parametrize("name", FAMILY)
def test_arguments_of_all_sizes_and_special_ones(name: str) -> None:
    compare_with_double(pair_kernels[name], kernels[name], special_arguments(name))


@pytest.mark.parametrize("k", [-16, -3, -2, -1, 1, 2, 3, 16])
def test_special_arguments_of_half_powers(k: int) -> None:
    compare_with_double(half_power(k), double_half_powers.half_power(k), special_arguments("exp"))


def test_special_pairs_of_pow() -> None:
    """All of C's special cases; integers are told from others by both parts."""
    chosen = [0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 3.0, 0.5, -0.5, math.inf, -math.inf, math.nan]
    chosen += [2.0**53, 2.0**53 + 2, -(2.0**52) - 1, 5e-324, 1e308]
    x, y = np.array([(s, t) for s in chosen for t in chosen]).T
    (value,) = compiled(pair_kernels["pow"], 8)(*(np.array([v, np.zeros_like(v)]) for v in (x, y)))
    with np.errstate(all="ignore"):
        expected = np.float_power(x, y)
    assert np.allclose(value[0], expected, rtol=1e-15, atol=0, equal_nan=True)
    known = ~np.isnan(expected)
    assert np.array_equal(np.signbit(value[0][known]), np.signbit(expected[known]))

    exponents = np.array([[3.0, 2.0**54, 2.0**54, 3.0], [0.0, 1.0, 2.0, 1e-20]])
    bases = np.array([[-1.0] * 4, [0.0] * 4])
    (value,) = compiled(pair_kernels["pow"], 0)(bases, exponents)
    assert value[0][:3].tolist() == [-1, -1, 1]
    assert math.isnan(value[0][3])


@pytest.mark.parametrize("lanes", [2, 4, 8])
def test_lanes_have_the_bits_of_the_scalar_code(lanes: int) -> None:
    rng = np.random.default_rng(6)
    for name in FAMILY:
        given = [with_low(rng, x[np.isfinite(x)]) for x in special_arguments(name)]
        size = min(x.shape[1] for x in given)
        given = [np.ascontiguousarray(x[:, :size]) for x in given]
        scalar, vector = (compiled(pair_kernels[name], n)(*given) for n in (0, lanes))
        assert all(np.array_equal(bits(a), bits(c)) for a, c in zip(scalar, vector, strict=True))
    for k in (-3, 1, 4):
        x = sizes(-400, 400)(rng)
        scalar, vector = (compiled(half_power(k), n)(x) for n in (0, lanes))
        assert np.array_equal(bits(scalar[0]), bits(vector[0]))


def test_sinh_and_cosh_have_the_bits_of_sinhcosh() -> None:
    x = uniform(-50, 50)(np.random.default_rng(7))
    both = compiled(pair_kernels[PAIRS["sinh", "cosh"]], 4)(x)
    for name, value in zip(("sinh", "cosh"), both, strict=True):
        assert np.array_equal(bits(value), bits(compiled(pair_kernels[name], 4)(x)[0]))


def test_scale_is_that_of_the_high_parts() -> None:
    rng = np.random.default_rng(8)
    x, y = sizes(-1000, 1000)(rng), sizes(-1000, 1000)(rng)
    (value,) = array_function(_called("scale", 2), 4, dtype="double-double")(x, y)
    assert np.array_equal(value[0], array_function(kernels["scale"], 4)(x[0], y[0])[0])
    assert not value[1].any()


def _called(name: str, arity: int) -> KernelFunction:
    """A kernel that calls another one as programs do."""
    return KernelFunction("called", arity, lambda b, *given: [call(b, name, given)], inline=True)


def test_lanes_with_different_constant_exponents() -> None:
    """Halves by products and roots, others by pow, as if each were alone."""
    exponents = [Fraction(-3, 2), Fraction(2), Fraction(1, 3), Fraction(-3, 2)]

    def emit(b: Builder, x: Any) -> list[Any]:
        return [call(b, "pow", [x, b.constants(exponents, PAIR)])]

    x = uniform(0.1, 9)(np.random.default_rng(9))[:, :148]
    (value,) = compiled(KernelFunction("mixed", 1, emit), 4)(x)
    for lane, exponent in enumerate(exponents):
        here = np.ascontiguousarray(x[:, lane::4])
        if exponent.denominator < 3:
            (alone,) = compiled(half_power(int(2 * exponent)), 0)(here)
        else:
            alone = _power_of_constant(exponent, here)
        assert np.array_equal(bits(value[:, lane::4]), bits(alone))
        power = mp.mpf(exponent.numerator) / exponent.denominator
        assert worst_error(alone, lambda x, power=power: mp.power(x, power), here) < 8


def _power_of_constant(exponent: Fraction, x: Any) -> Any:
    def emit(b: Builder, x: Any) -> list[Any]:
        return [call(b, "pow", [x, b.constant(exponent, Type(PAIR, x.lanes))])]

    return compiled(KernelFunction("constant", 1, emit), 0)(x)[0]


def test_half_powers_are_used_for_constants_alone() -> None:
    b = Builder(Module())
    t = Type(PAIR, 4)
    call(b, "pow", [b.constant(2, t), b.constant(Fraction(-3, 2), t)])
    assert b.module.has_function("ty.pow.-3.halves.ddx4")
    call(b, "pow", [b.constant(2, t), b.poison(t)])
    call(b, "pow", [b.constant(2, t), b.constant(Fraction(15, 10) + Fraction(1, 10**25), t)])
    assert not b.module.has_function("ty.pow.3.halves.ddx4")
