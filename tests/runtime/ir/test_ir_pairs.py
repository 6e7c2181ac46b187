"""Double-double values in machine code against mpmath at 60 digits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest

from taylor.numbers import pairs
from taylor.numbers.pairs import normalised
from taylor_runtime.callables.kernels import array_function
from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.values import Value
from taylor_runtime.mathlib.basics.kernel import KernelFunction

mp = mpmath.MPContext()
mp.dps = 60
UNIT = 2.0**-106  # half the distance from 1 to the next double-double

Emit = Callable[[Builder, Value, Value], Sequence[Value]]

ARITHMETIC: dict[str, tuple[Emit, Callable[[Any, Any], Any], float]] = {
    # name: code, exact value, bound in units of 2**-106 (Joldes, Muller & Popescu 2017)
    "add": (lambda b, x, y: [x + y], lambda x, y: x + y, 3),
    "subtract": (lambda b, x, y: [x - y], lambda x, y: x - y, 3),
    "multiply": (lambda b, x, y: [x * y], lambda x, y: x * y, 5),
    "divide": (lambda b, x, y: [x / y], lambda x, y: x / y, 10),
    "square root": (lambda b, x, y: [b.sqrt(b.fabs(x))], lambda x, y: mp.sqrt(abs(x)), 4),
    "multiply by a third": (lambda b, x, y: [x * Fraction(1, 3)], lambda x, y: x / 3, 7),
    "multiply by a power of two": (lambda b, x, y: [x * 0.125], lambda x, y: x / 8, 0),
    "one over": (lambda b, x, y: [1 / y], lambda x, y: 1 / y, 10),
    "floor": (lambda b, x, y: [b.floor(x * 128)], lambda x, y: mp.floor(128 * x), 0),
    "negate": (lambda b, x, y: [-x], lambda x, y: -x, 0),
    "absolute": (lambda b, x, y: [b.fabs(x)], lambda x, y: abs(x), 0),
    "sign of the other": (
        lambda b, x, y: [b.copysign(x, y)],
        lambda x, y: abs(x) if y >= 0 else -abs(x),
        0,
    ),
    "smaller": (lambda b, x, y: [b.select(x < y, x, y)], lambda x, y: min(x, y), 0),
    "larger": (lambda b, x, y: [b.select(x >= y, x, y)], lambda x, y: max(x, y), 0),
}


def random_pairs(count: int, seed: int) -> np.ndarray:
    """Shape (2, count): sizes over forty binary exponents, some low parts zero or tiny."""
    rng = np.random.default_rng(seed)
    high = np.ldexp(rng.uniform(-1, 1, count), rng.integers(-20, 20, count))
    low = high * rng.choice([0.0, 2.0**-54, 2.0**-70], count) * rng.uniform(-1, 1, count)
    return normalised(np.stack([high, low], axis=-1)).T.copy()


def exact(parts: np.ndarray) -> list[Any]:
    return [mp.mpf(float(high)) + mp.mpf(float(low)) for high, low in parts.T]


def run(emit: Emit, x: np.ndarray, y: np.ndarray, lanes: int) -> np.ndarray:
    kernel = KernelFunction("operation", 2, emit)
    return array_function(kernel, lanes=lanes, dtype="double-double")(x, y)[0]


@pytest.mark.parametrize("name", ARITHMETIC)
def test_arithmetic(name: str) -> None:
    emit, reference, bound = ARITHMETIC[name]
    x, y = random_pairs(500, 1), random_pairs(500, 2)
    results = run(emit, x, y, lanes=8)
    np.testing.assert_array_equal(results, run(emit, x, y, lanes=0))
    for value, a, b in zip(exact(results), exact(x), exact(y), strict=True):
        wanted = reference(a, b)
        assert abs(value - wanted) <= bound * UNIT * abs(wanted)
    assert (results == normalised(results.T).T).all()


def test_cancelling_sums_keep_their_digits() -> None:
    x = random_pairs(300, 3)
    y = -x.copy()
    y[0] *= 1 + 2.0**-50
    y = normalised(y.T).T.copy()
    results = run(ARITHMETIC["add"][0], x, y, lanes=0)
    for value, a, b in zip(exact(results), exact(x), exact(y), strict=True):
        assert abs(value - (a + b)) <= 3 * UNIT * abs(a + b)


def test_multiply_add_is_accurate_relative_to_its_terms() -> None:
    x, y = random_pairs(400, 4), random_pairs(400, 5)
    results = run(lambda b, x, y: [b.normal(b.fma(x, y, x))], x, y, lanes=8)
    for value, a, b in zip(exact(results), exact(x), exact(y), strict=True):
        assert abs(value - (a * b + a)) <= 4 * UNIT * (abs(a * b) + abs(a))


def test_infinities_and_nan() -> None:
    infinite, nan = np.inf, np.nan
    x = np.array([[infinite, 1.0, -infinite, 1.0, nan, 0.0, infinite], [0.0] * 7])
    y = np.array([[1.0, infinite, infinite, 0.0, 1.0, infinite, infinite], [0.0] * 7])
    for name, operation in (
        ("add", np.add),
        ("subtract", np.subtract),
        ("multiply", np.multiply),
        ("divide", np.divide),
    ):
        with np.errstate(all="ignore"):
            wanted = operation(x[0], y[0])
        np.testing.assert_array_equal(run(ARITHMETIC[name][0], x, y, lanes=0)[0], wanted)


@pytest.mark.parametrize("operation", ["add", "multiply"])
def test_numpy_arithmetic(operation: str) -> None:
    x, y = random_pairs(300, 6), random_pairs(300, 7)
    results = getattr(pairs, operation)(x.T, y.T).T
    reference = ARITHMETIC[operation][1]
    for value, a, b in zip(exact(results), exact(x), exact(y), strict=True):
        assert abs(value - reference(a, b)) <= 8 * UNIT * abs(reference(a, b))
