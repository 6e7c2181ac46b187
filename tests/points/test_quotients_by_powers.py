"""Quotients whose divisor is next to the ends of its range, where one over it is out of range.

They are computed as users wrote them: within what rounding in that order may have moved, in all
kinds of number, by formulas, arrays and jets.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import mpmath
import numpy as np
import pytest
from random_formulas import ENDS, Ball, Numbers, Overdrawn

import taylor as ty

TOGETHER = 60  # quotients of one compiled function
POINTS = 12
EXPONENTS = (2, 3, 4, 7, -2, -3, 1.5, 2.5, -1.5, 0.75, -1.1, 1.125)


def quotient(draw: random.Random, a: Any, b: Any, c: Any) -> Any:
    """A random quotient by a power of b, in a product or a sum or alone."""
    exponent = draw.choice(EXPONENTS)
    divisor = [lambda: b**exponent, lambda: (b * c) ** exponent, lambda: b**exponent * c][
        draw.choice((0, 0, 0, 1, 2))
    ]()
    if draw.random() < 0.3:
        divisor = b * b if draw.random() < 0.5 else b * b * b
    made = draw.choice((a, a, a * c, a + c)) / divisor
    return [made, made, made * c, made / c, made + c, made - a][draw.randrange(6)]


def arguments(draw: random.Random, kind: Any) -> tuple[float, float, float]:
    """a, b, c > 0 with a / b**p in range for some p, b**p anywhere in it."""
    low, high = kind.smallest - 20, kind.largest
    power = draw.uniform(*draw.choice([(low, low + 60), (high - 60, high), (low, high)]))
    b = power / draw.choice((2, 2, 3, 1.5, -2, 2.5))
    a = min(max(power + draw.uniform(-60, 60), kind.smallest + 2), high - 2)
    return 2.0**a, 2.0 ** min(max(b, kind.smallest + 2), high - 2), 2.0 ** draw.uniform(-3, 3)


def check(seed: int, precision: str) -> tuple[int, list[str]]:
    """How many values were compared, and which are wrong."""
    kind = ENDS[precision]
    draw = random.Random(f"{precision} {seed}")
    dtype = np.float32 if precision == "float32" else np.float64
    points = np.array([arguments(draw, kind) for _ in range(POINTS)], dtype).T
    given = points
    if precision == "double-double":
        given = np.stack([points, np.zeros_like(points)], axis=-1)
    names = [f"{seed} {i}" for i in range(TOGETHER)]
    a, b, c = ty.variables("a b c")
    made = [quotient(random.Random(name), a, b, c) for name in names]
    values = ty.compile(made, [a, b, c], precision=precision)(*given)
    numbers = Numbers(kind)
    count, wrong = 0, []
    for name, e, own in zip(names, made, values, strict=True):
        for k in range(POINTS):
            try:
                right: Ball = quotient(
                    random.Random(name), *(numbers.exact(float(x)) for x in points[:, k])
                )
            except (Overdrawn, ZeroDivisionError):
                continue
            count += 1
            found = numbers.mp.fsum(map(float, np.atleast_1d(own[k])))
            if not (mpmath.isfinite(found) and abs(found - right.value) <= 4 * right.error):
                wrong.append(f"{name} at {points[:, k].tolist()}: {e}")
    return count, wrong


@pytest.mark.parametrize("precision", ENDS)
def test_values(precision: str, scale: int) -> None:
    compared, wrong = 0, list[str]()
    for seed in range(scale):
        count, found = check(seed, precision)
        compared, wrong = compared + count, wrong + found
    print(f"random run: {scale * TOGETHER} quotients, {compared} values, {len(wrong)} wrong")
    assert not wrong, "\n".join(wrong[:20])
    assert compared > 60 * scale


class Traced:
    """A ball, and how what follows depends on it: derivatives backward, in the user's order."""

    def __init__(self, value: Ball, shares: Sequence[tuple[Traced, Ball]] = ()) -> None:
        self.value, self.shares, self.adjoint = value, shares, value.numbers.exact(0)

    def __mul__(self, other: Traced) -> Traced:
        shares = [(self, other.value), (other, self.value)]
        return Traced(self.value * other.value, shares)

    def __add__(self, other: Traced) -> Traced:
        one = self.value.numbers.exact(1)
        return Traced(self.value + other.value, [(self, one), (other, one)])

    def __sub__(self, other: Traced) -> Traced:
        numbers = self.value.numbers
        shares = [(self, numbers.exact(1)), (other, numbers.exact(-1))]
        return Traced(self.value - other.value, shares)

    def __truediv__(self, other: Traced) -> Traced:
        made, numbers = self.value / other.value, self.value.numbers
        shares = [(self, numbers.exact(1) / other.value)]
        return Traced(made, [*shares, (other, numbers.exact(-1) * (made / other.value))])

    def __pow__(self, exponent: float) -> Traced:
        slope = self.value.numbers.exact(exponent) * self.value ** (exponent - 1)
        return Traced(self.value**exponent, [(self, slope)])

    def back(self) -> None:
        """Adjoints of all that this was made of."""
        order: dict[Traced, None] = {}

        def visit(one: Traced) -> None:
            if one not in order:
                for before, _ in one.shares:
                    visit(before)
                order[one] = None

        visit(self)
        self.adjoint = self.value.numbers.exact(1)
        for one in reversed(order):
            for before, slope in one.shares:
                share = one.adjoint * slope
                before.adjoint = share if not before.adjoint.value else before.adjoint + share


@pytest.mark.parametrize("precision", ENDS)
def test_gradients(precision: str, scale: int) -> None:
    """What derivatives backward give in the user's order of operations, they give here."""
    kind, compared, wrong = ENDS[precision], 0, list[str]()
    dtype = np.float32 if precision == "float32" else np.float64
    numbers, names = Numbers(kind), ty.variables("a b c")
    for seed in range(scale):
        draw = random.Random(f"gradients {precision} {seed}")
        points = np.array([arguments(draw, kind) for _ in range(POINTS)], dtype).T
        given = points
        if precision == "double-double":
            given = np.stack([points, np.zeros_like(points)], axis=-1)
        cases = [f"gradient {seed} {i}" for i in range(TOGETHER // 4)]
        made = [quotient(random.Random(case), *names) for case in cases]
        slopes = [ty.constant(0) + g for e in made for g in ty.grad_expressions(e, names)]
        values = ty.compile(slopes, names, precision=precision)(*given)
        for i, case in enumerate(cases):
            for k in range(POINTS):
                try:
                    inputs = [Traced(numbers.exact(float(x))) for x in points[:, k]]
                    right = quotient(random.Random(case), *inputs)
                    right.back()
                except (Overdrawn, ZeroDivisionError):
                    continue
                for own, x in zip(values[3 * i : 3 * i + 3], inputs, strict=True):
                    compared += 1
                    found = numbers.mp.fsum(map(float, np.atleast_1d(own[k])))
                    off = abs(found - x.adjoint.value)
                    if not (mpmath.isfinite(found) and off <= 4 * x.adjoint.error):
                        wrong.append(f"{case} at {points[:, k].tolist()}: {made[i]}")
    print(f"random run: {scale * TOGETHER // 4} gradients, {compared} values, {len(wrong)} wrong")
    assert not wrong, "\n".join(wrong[:20])
    assert compared > 20 * scale


@pytest.mark.parametrize(
    ("form", "a", "b"),
    [
        (lambda a, b: a / (b * b), 1e-300, 1e-155),
        (lambda a, b: a / b**2, 1.5e308, 1.3e154),
        (lambda a, b: a / b**-2, 1e-300, 1e155),
        (lambda a, b: a / b**1.5, 1e-300, 1e-207),
        (lambda a, b: 1 + 1e-300 / (b * b) - a, 1.0, 1e-155),
    ],
)
def test_by_everything_that_takes_points(form: Any, a: float, b: float) -> None:
    """Formulas, arrays, loops, evaluation and order zero of jets."""
    right = float(form(np.float64(a), np.float64(b)))
    x, y = ty.variables("x y")
    assert ty.compile(form(x, y), [x, y])(a, b) == pytest.approx(right, rel=1e-12)
    assert ty.evaluate(form(x, y), {x: a, y: b}) == pytest.approx(right, rel=1e-12)
    assert ty.jit(form)(np.full(3, a), np.full(3, b)) == pytest.approx(right, rel=1e-12)
    looped = ty.fori_loop(0, 3, lambda i, carry: form(x, y) + 0 * carry, 0.0 * x)
    assert ty.compile(looped, [x, y])(a, b) == pytest.approx(right, rel=1e-12)
    jet = ty.jet(form, [a, b], 2, direction=[a, 0.0])
    assert jet[0] == pytest.approx(right, rel=1e-12)
    assert ty.derivatives(form, (a, b), 1).value == pytest.approx(right, rel=1e-12)


def test_as_users_wrote_it() -> None:
    """A product with an inverse power stays one: b**2 overflows here, b**-2 does not."""
    x, y = ty.variables("x y")
    a, b = 1e300, 2.0**512.5
    right = mpmath.mpf(a) / mpmath.mpf(b) ** 2
    assert ty.compile(x * y**-2, [x, y])(a, b) == pytest.approx(float(right), rel=1e-12)


@pytest.mark.parametrize(
    ("form", "x", "y", "right"),
    [
        (lambda x, y: x / (1e-20 / y), 1e24, 9e-161, (9e-141, 1e44)),
        (lambda x, y: (1 / y) * x, 1e300, 1e-200, (1e200, None)),
        (lambda x, y: 1e20 * x * (1 / y), 1e-290, 1e-170, (1e190, -1e70)),
    ],
)
def test_multiples_of_inverse_powers(form: Any, x: float, y: float, right: Any) -> None:
    """Derivatives have -1/y**2, which is out of range where what it multiplies divides well."""
    for own, wanted in zip(ty.grad(form, argnums=(0, 1))(x, y), right, strict=True):
        assert wanted is None or own == pytest.approx(wanted, rel=1e-12)
