"""Random expressions in every kind of number, at ordinary and at extreme arguments.

What plain NumPy computes in the user's own order, every value on the way in range, compiled
functions compute as well, and right: mpmath says what is right, and carries along how far rounding
may have moved it.  Values on the way may be `MARGIN` binary orders larger or smaller than the
user's, because that much may be pulled out of products (`taylor.numbers.exact`).
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest

import taylor as ty
from taylor.numbers.exact import MOVED_EXPONENT

MARGIN = MOVED_EXPONENT + 6
TOGETHER = 40  # expressions of one compiled function: compiling is what costs
POINTS = 24
KINDS = {"float32": (np.float32, 24, 126), "float64": (np.float64, 53, 1022)}
NUMBERS = (2, 3.0, 0.5, 0.1, 1e-3, 6.67e-11, 1e10, 1e-10, 1e30, 1e-30, -7.0)


class Overdrawn(Exception):
    """The value is no number, out of range, or has lost its digits."""


def expression(draw: random.Random, x: Any, y: Any, number: Callable[[Any], Any]) -> Any:
    """A random expression of x and y, made by operators alone: the same draws, the same formula."""
    pool = [x, y]
    for _ in range(draw.randint(2, 7)):
        a, b = draw.choice(pool), draw.choice(pool)
        c, d = number(draw.choice(NUMBERS)), number(draw.choice(NUMBERS))
        kind = draw.randrange(11)
        if kind == 0:
            made = c * a
        elif kind == 1:
            made = c * a * (d * b)
        elif kind == 2:
            made = c * a / (d * b)
        elif kind == 3:
            made = c / (d * a)
        elif kind == 4:
            made = (c * a) ** 2 if draw.random() < 0.5 else (c * a) ** 3
        elif kind == 5:
            made = c * a + c * b
        elif kind == 6:
            made = c * a - d * b
        elif kind == 7:
            made = a * b * c
        elif kind == 8:
            made = (a / b) * c
        elif kind == 9:
            made = a / c
        else:
            made = c * (a / (b * b))
        pool.append(made)
    return pool[-1]


class Tracked:
    """Arithmetic on balls: mpmath values with propagated errors, by one kind's rounding."""

    unit: Any = 0
    least: float = 0.0
    most: float = 0.0

    def __init__(self, value: Any, error: Any = 0) -> None:
        size = abs(value)
        if not mpmath.isfinite(value) or not self.least < size < self.most:
            raise Overdrawn
        self.value, self.error = value, error
        if error > size / 64:
            raise Overdrawn

    def _rounded(self, value: Any, error: Any) -> Tracked:
        return type(self)(value, error + abs(value) * self.unit)

    def __add__(self, other: Tracked) -> Tracked:
        return self._rounded(self.value + other.value, self.error + other.error)

    def __sub__(self, other: Tracked) -> Tracked:
        return self._rounded(self.value - other.value, self.error + other.error)

    def __mul__(self, other: Tracked) -> Tracked:
        error = abs(self.value) * other.error + abs(other.value) * self.error
        return self._rounded(self.value * other.value, error + self.error * other.error)

    def __truediv__(self, other: Tracked) -> Tracked:
        value = self.value / other.value
        rest = self.error / abs(other.value) + abs(value) * other.error / abs(other.value)
        return self._rounded(value, 2 * rest)

    def __pow__(self, n: int) -> Tracked:
        return self * self if n == 2 else self * (self * self)


def _tracked(bits: int, exponent: int) -> type[Tracked]:
    room = exponent - MARGIN
    fields = {"unit": mpmath.ldexp(1, -bits), "least": 2.0**-room, "most": 2.0**room}
    return type("Tracked", (Tracked,), fields)


def _arguments(draw: random.Random, exponent: int) -> float:
    spread = draw.choice((1.0, 10.0, 0.4 * exponent, 0.9 * exponent))
    return math.copysign(2.0 ** draw.uniform(-spread, spread), draw.random() - 0.3)


def _check(seed: int, precision: str) -> tuple[int, int]:
    """(values compared, values left out: no number, no digits, or near the limits of the kind)."""
    kind, bits, exponent = KINDS[precision]
    x, y = ty.variables("x y")
    formulas = [
        expression(random.Random(f"{seed} {i}"), x, y, lambda c: c) + ty.constant(0)
        for i in range(TOGETHER)
    ]
    draw = random.Random(seed)
    points = np.array(
        [[_arguments(draw, exponent) for _ in range(POINTS)] for _ in range(2)], dtype=kind
    )
    compiled = ty.compile(formulas, [x, y], precision=precision)
    values = compiled(*points)
    ball = _tracked(bits, exponent)
    compared = left = 0
    for i in range(TOGETHER):
        for k in range(POINTS):
            try:
                a, b = (ball(mpmath.mpf(float(points[row, k]))) for row in range(2))
                right = expression(
                    random.Random(f"{seed} {i}"),
                    a,
                    b,
                    lambda c: ball(mpmath.mpf(c), abs(mpmath.mpf(c)) * ball.unit),
                )
            except (Overdrawn, ZeroDivisionError):
                left += 1
                continue
            found = mpmath.mpf(float(values[i][k]))
            assert mpmath.isfinite(found), (seed, i, k, str(formulas[i]))
            assert abs(found - right.value) <= 4 * right.error, (seed, i, k, str(formulas[i]))
            compared += 1
    return compared, left


@pytest.mark.parametrize("precision", KINDS)
def test_what_the_users_order_computes_is_computed(precision: str, scale: int) -> None:
    compared = 0
    for seed in range(scale):
        found, _ = _check(seed, precision)
        compared += found
    assert compared > 30 * scale  # the arguments are not all too extreme
    print(f"{precision}: {scale * TOGETHER} expressions, {compared} values")


def _chain(step: Callable[[Any], Any], count: int) -> Callable[[Any], Any]:
    def function(e: Any) -> Any:
        for _ in range(count):
            e = step(e)
        return e

    return function


@pytest.mark.parametrize(
    ("step", "count", "start", "precision"),
    [
        (lambda e: 10**30 * e / (1 + (10**30 - 1) * e), 12, 0.5, "float64"),
        (lambda e: 0.5 * e * (3 - e * e), 80, 0.5, "float32"),
        (lambda e: 3.5 * e * (1 - e), 600, 0.5, "float64"),
        (lambda e: 1e20 * e / (1e20 + 1e10 * e), 60, 0.5, "float32"),
        (lambda e: 1e-9 * e * e * 1e9, 12, 1.0, "float32"),
        (lambda e: (1e-3 * e) ** 2 / (1e-6 * e), 100, 1.5, "float32"),
        (lambda e: Fraction(10**60 + 1, 3 * 10**60) * e * (3 - e), 200, 1.75, "float64"),
    ],
)
def test_constants_do_not_grow_along_chains(
    step: Callable[[Any], Any], count: int, start: float, precision: str
) -> None:
    x = ty.variable("x")
    with mpmath.workdps(400):
        right = mpmath.mpf(start)
        for _ in range(count):
            right = step(right)
        error = 1e-5 if precision == "float32" else 1e-12
    found = ty.compile(_chain(step, count)(x), [x], precision=precision)(start)
    assert float(found) == pytest.approx(float(right), rel=error)


@pytest.mark.parametrize(
    ("function", "point", "right", "precision"),
    [
        (lambda x: (x * 1e10) ** 3, 1e-15, 1e-15, "float32"),
        (lambda x: (x * 1e-40) ** 3, 1e120, 1e240, "float64"),
        (lambda x: 1e30 * (x / 1e25), 1e20, 1e25, "float32"),
        (lambda x: 1e-30 * x * (1e-30 * x), 1e30, 1.0, "float32"),
        (lambda x: 1e30 * x / (1e-30 * (1 / x)), 1e-30, 1.0, "float32"),
        (lambda x: 1e35 * (1e35 * (x * 1e-35)), 1e-30, 1e5, "float32"),
        (lambda x: 1e200 * (1e200 * (x * 1e-200)), 1e-200, 1.0, "float64"),
    ],
)
def test_constants_stay_where_moving_them_leaves_the_range(
    function: Callable[[Any], Any], point: float, right: float, precision: str
) -> None:
    x = ty.variable("x")
    found = ty.compile(function(x), [x], precision=precision)(point)
    assert float(found) == pytest.approx(right, rel=1e-6, abs=1e-6)


def test_a_parameter_is_not_multiplied_by_a_large_constant_first() -> None:
    x, k = ty.variable("x"), ty.parameter("k")
    f = ty.compile(1e30 * (k * x), [x, k], precision="float32")
    assert f(1e-30, 1e20) == pytest.approx(1e20, rel=1e-6)


def test_ordinary_constants_are_still_shared() -> None:
    x, y, z = ty.variables("x y z")
    pull = (x - y) * (z * z) ** -1.5
    for mass in (6.67e-11, 1e-3, 7e-9 * 2.96e-4, 39.5):
        product = mass * (y - x) * (z * z) ** -1.5
        assert product.op == "linear"
        assert product.args[0] is pull
