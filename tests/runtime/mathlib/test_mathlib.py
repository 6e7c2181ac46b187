"""Elementary functions in machine code against mpmath, and the same bits at every width."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
import pytest
from kernel_accuracy import ORDERS, SPECIAL, points, worst_error

from taylor.reference.kernels import kernel_definitions
from taylor_runtime.callables.kernels import array_function
from taylor_runtime.engine.target import LEVELS, Target
from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.module import Module
from taylor_runtime.ir.types import F64, Type
from taylor_runtime.mathlib.calls import call
from taylor_runtime.mathlib.double.half_powers import constant_lanes, half_power
from taylor_runtime.mathlib.families import kernels
from taylor_runtime.program.kernels import PAIRS

HOST = Target.host()
WITH_FMA = [
    name
    for name, (_, fma) in LEVELS.items()
    if fma and HOST.triple.startswith("x86_64") and Target.named(name).runs_on(HOST)
]
DEFINITIONS = kernel_definitions()
EXACT = {name for name, d in DEFINITIONS.items() if d.rational}
NUMPY = {
    name: getattr(np, {"abs": "fabs", "and": "logical_and", "or": "logical_or"}.get(name, name))
    for name in ["abs", "sign", "floor", "minimum", "maximum", "sqrt", "and", "or"]
} | {
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
    "eq": np.equal,
    "ne": np.not_equal,
    "not": np.logical_not,
    "div": np.divide,
}
LIMITED = {"sum_of_squares", "difference_of_squares"}  # made for scaled arguments
C_FUNCTIONS = (
    *("exp", "expm1", "exp2", "log", "log1p", "log2", "log10", "cbrt"),
    *("sin", "cos", "tan", "arcsin", "arccos", "arctan"),
    *("sinh", "cosh", "tanh", "arcsinh", "arccosh", "arctanh"),
)
ROUNDED = sorted(set(DEFINITIONS) - EXACT - LIMITED - {"scale"})


@cache
def compiled(name: str, lanes: int, target: Target | None = None) -> Any:
    return array_function(kernels[name], lanes, target)


def bits(array: Any) -> Any:
    """The bits, all NaN being equal."""
    return np.where(np.isnan(array), np.nan, array).view(np.int64)


def test_every_kernel_of_the_front_end_exists() -> None:
    missing = [name for name in DEFINITIONS if name not in kernels]
    assert not missing
    assert all(kernels[name].arity == d.arity for name, d in DEFINITIONS.items())


@pytest.mark.parametrize("name", ROUNDED)
def test_error_is_below_one_ulp(name: str, scale: int) -> None:
    count = 120 if name.startswith("kepler") else 200  # mpmath solves Kepler's equation slowly
    arguments = points(name, kernels[name].arity, count * scale)
    worst, where = worst_error(name, arguments, compiled(name, 8)(*arguments)[0])
    assert worst < 1.0, f"{name}{where} is {worst} ulp off"


@pytest.mark.parametrize("name", sorted(LIMITED))
def test_error_of_sums_of_scaled_squares(name: str) -> None:
    rng = np.random.default_rng(2)
    x, y = rng.uniform(-4, 4, (2, 2000))
    y[:500] = np.nextafter(x[:500], 0)
    worst, where = worst_error(name, [x, y], compiled(name, 4)(x, y)[0])
    assert worst < 1.5, f"{name}{where} is {worst} ulp off"


@pytest.mark.parametrize("name", sorted(kernels))
@pytest.mark.parametrize("lanes", [2, 4, 8])
def test_lanes_have_the_bits_of_the_scalar_code(name: str, lanes: int) -> None:
    arity = kernels[name].arity
    two = points(name, arity if name in ORDERS else max(min(arity, 2), 1), 300)
    arguments = two if len(two) == arity else [two[0] > 0, *two, *two][:arity]
    scalar, vector = (compiled(name, n)(*map(np.float64, arguments)) for n in (0, lanes))
    for first, second in zip(scalar, vector, strict=True):
        assert np.array_equal(bits(first), bits(second))


@pytest.mark.parametrize("name", ("sin", "cos", "tan", "sincos", "sin_over_x"))
def test_single_numbers_near_zero_have_the_bits_of_lanes(name: str) -> None:
    """These take a shorter way below 0.75, for single numbers alone."""
    edges = np.nextafter(0.75, [0.0, 0.75, 1.0])
    others = [0.0, 5e-324, 1e-300, 1e-9, 0.1, np.pi / 4, 0.8, 1.6, 2.0**30, 1e300, np.inf, np.nan]
    x = np.concatenate([edges, others, np.linspace(0.0, 1.6, 1000)])
    x = np.concatenate([x, -x])
    found, wanted = (compiled(name, lanes)(x) for lanes in (0, 8))
    for one, other in zip(found, wanted, strict=True):
        assert one.tobytes() == other.tobytes()


@pytest.mark.parametrize("target", WITH_FMA)
@pytest.mark.parametrize("name", ["exp", "log", "pow", "sincos", "erfc", "cbrt", "atan2"])
def test_targets_have_the_bits_of_the_host(name: str, target: str) -> None:
    arguments = points(name, kernels[name].arity, 300)
    here = compiled(name, 4)(*arguments)
    there = compiled(name, 4, Target.named(target))(*arguments)
    assert all(np.array_equal(bits(a), bits(c)) for a, c in zip(here, there, strict=True))


@pytest.mark.skipif(not HOST.triple.startswith("x86_64"), reason="needs an x86-64 processor")
@pytest.mark.parametrize("name", ["exp", "sin", "pow"])
def test_without_fma_the_bits_are_the_same(name: str) -> None:
    arguments = points(name, kernels[name].arity, 60)
    old = compiled(name, 2, Target.named("x86-64"))(*arguments)[0]
    assert np.array_equal(bits(old), bits(compiled(name, 2)(*arguments)[0]))


@pytest.mark.parametrize("names", sorted(PAIRS))
def test_pairs_have_the_bits_of_the_single_functions(names: tuple[str, str]) -> None:
    x = points(names[0], 1, 300)[0]
    for name, value in zip(names, compiled(PAIRS[names], 4)(x), strict=True):
        assert np.array_equal(bits(value), bits(compiled(name, 4)(x)[0]))


@pytest.mark.parametrize("name", sorted(NUMPY))
def test_exact_kernels_agree_with_numpy(name: str) -> None:
    pairs = np.array([(x, y) for x in SPECIAL for y in SPECIAL]).T
    arguments = list(pairs[: kernels[name].arity])
    with np.errstate(all="ignore"):
        expected = NUMPY[name](*arguments).astype(np.float64)
    assert np.array_equal(compiled(name, 8)(*arguments)[0], expected, equal_nan=True)


@pytest.mark.parametrize("name", C_FUNCTIONS)
def test_special_values_and_signs_of_zero(name: str) -> None:
    """Infinities, NaN and zeros are those of C, which NumPy has as well."""
    x = np.array([0.0, -0.0, math.inf, -math.inf, math.nan, 1.0, -1.0, 2.0, -2.0])
    kernel = name.replace("arc", "a")
    value = compiled(kernel, 8)(x)[0]
    with np.errstate(all="ignore"):
        expected = getattr(np, name)(x)
    special = ~np.isfinite(expected) | (expected == 0) | ~np.isfinite(x) | (x == 0)
    assert np.allclose(value[special], expected[special], rtol=1e-15, atol=0, equal_nan=True)
    known = special & ~np.isnan(expected)
    assert np.array_equal(np.signbit(value[known]), np.signbit(expected[known]))


@pytest.mark.parametrize("name", ["erf", "erfc", "sigmoid", "softplus", "sech_squared", "abs"])
def test_limits(name: str) -> None:
    ends = {
        "erf": (-1, 1),
        "erfc": (2, 0),
        "sigmoid": (0, 1),
        "softplus": (0, math.inf),
        "sech_squared": (0, 0),
        "abs": (math.inf, math.inf),
    }
    value = compiled(name, 4)(np.array([-math.inf, math.inf, math.nan]))[0]
    assert tuple(value[:2]) == ends[name]
    assert math.isnan(value[2])


@pytest.mark.parametrize("name", ["pow", "atan2", "hypot"])
def test_special_pairs(name: str) -> None:
    """All pairs of special values, as in C."""
    chosen = [0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 3.0, 0.5, -0.5, math.inf, -math.inf, math.nan]
    chosen += [2.0**53, 2.0**53 + 2, -(2.0**52) - 1, 5e-324, 1e308]
    x, y = np.array([(s, t) for s in chosen for t in chosen]).T
    reference = {"pow": np.float_power, "atan2": np.arctan2, "hypot": np.hypot}[name]
    value = compiled(name, 8)(x, y)[0]
    with np.errstate(all="ignore"):
        expected = reference(x, y)
    assert np.allclose(value, expected, rtol=1e-15, atol=0, equal_nan=True)
    known = ~np.isnan(expected)
    assert np.array_equal(np.signbit(value[known]), np.signbit(expected[known]))


@pytest.mark.parametrize("k", [-16, -5, -4, -3, -2, -1, 1, 3, 4, 8, 15, 16])
def test_half_integer_powers(k: int) -> None:
    kernel = half_power(k)
    x = points("pow", 2, 100)[0]
    first, second = (array_function(kernel, lanes)(x)[0] for lanes in (0, 8))
    assert np.array_equal(bits(first), bits(second))
    allowed = x if k % 2 == 0 else np.abs(x)
    y = np.full_like(x, k / 2)
    worst, where = worst_error("pow", [allowed, y], array_function(kernel, 8)(allowed)[0])
    assert worst < 1.0, f"pow{where} is {worst} ulp off"


def test_lanes_with_different_constants_do_not_depend_on_their_neighbours() -> None:
    b = Builder(Module())
    t = Type("double", 4)
    mixed = b.constants([-1.5, 2.0, 0.3, -1.5])
    assert constant_lanes(mixed) == [-1.5, 2.0, 0.3, -1.5]
    assert constant_lanes(b.constant(0.3, t)) == constant_lanes(b.constant(0.3, F64)) == [0.3]
    call(b, "pow", [b.constant(2, t), mixed])
    assert {"ty.pow.-3.halves.f64x4", "ty.pow.4.halves.f64x4", "ty.pow.f64x4"} <= {
        name
        for name in ("ty.pow.-3.halves.f64x4", "ty.pow.4.halves.f64x4", "ty.pow.f64x4")
        if b.module.has_function(name)
    }


@pytest.mark.parametrize("name", ["exp", "sin", "scale", "minimum", "hypot"])
def test_float32_is_within_its_own_ulp(name: str) -> None:
    rng = np.random.default_rng(3)
    arguments = [rng.uniform(-20, 20, 500).astype(np.float32) for _ in range(kernels[name].arity)]
    value = array_function(kernels[name], 8, dtype="float32")(*arguments)[0]
    wide = compiled(name, 8)(*(a.astype(np.float64) for a in arguments))[0]
    assert value.dtype == np.float32
    assert np.array_equal(value, wide.astype(np.float32))


def test_scale_is_a_power_of_two_near_the_reciprocal() -> None:
    x, y = points("hypot", 2, 400)
    keep = np.isfinite(x) & np.isfinite(y)
    x, y = x[keep], y[keep]
    scale = compiled("scale", 4)(x, y)[0]
    largest = np.maximum(np.abs(x), np.abs(y))
    assert np.all(np.frexp(scale)[0] == 0.5)
    assert np.all(scale[largest == 0] == 1)
    normal = largest >= 2.0**-1022
    product = largest[normal] * scale[normal]
    assert product.min() >= 1
    assert product.max() < 4


def test_errors_name_the_kernel() -> None:
    b = Builder(Module())
    with pytest.raises(KeyError, match="no kernel 'sine'"):
        call(b, "sine", [b.constant(1, F64)])
    with pytest.raises(ValueError, match="'atan2' takes 2 arguments, got 1"):
        call(b, "atan2", [b.constant(1, F64)])
