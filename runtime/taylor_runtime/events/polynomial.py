"""Values of one polynomial as machine code, coefficients in lanes, and Newton's method."""

from __future__ import annotations

from collections.abc import Callable

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.types import I64, Type
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.widths import REGISTER

NEWTON_STEPS = 6  # tries before the interval is halved instead
MOST_STEPS = 80

VECTOR = Type("double", REGISTER)


def row_length(order: int) -> int:
    """Doubles that a polynomial takes: whole registers."""
    return -(-(order + 1) // REGISTER) * REGISTER


def registers(b: Builder, order: Value) -> Value:
    return (order + REGISTER) // b.constant(REGISTER, I64)


def total_of(b: Builder, x: Value) -> Value:
    """The sum of the lanes."""
    lanes = x.lanes
    while lanes > 1:
        lanes //= 2
        halves = [b.shuffle(x, None, list(range(k, k + lanes))) for k in (0, lanes)]
        x = halves[0] + halves[1]
    return b.extract(x, 0)


class Powers:
    """1, u, .. u^7 in lanes, and u^8: what polynomials at u are made with, register by register."""

    def __init__(self, b: Builder, u: Value) -> None:
        self.b = b
        one = b.constant(1, VECTOR)
        self.lanes: Value | None = None
        power = u
        for bit in (1, 2, 4):
            has = b.constants([int(bool(k & bit)) for k in range(REGISTER)], "i1")
            factor = b.select(has, b.splat(power, REGISTER), one)
            self.lanes = factor if self.lanes is None else self.lanes * factor
            power = power * power
        self.eighth = b.splat(power, REGISTER)

    def sums(self, order: Value, *makers: Callable[[Index], Value]) -> list[Value]:
        """sum_n a_n u^n for coefficients a; makers give the register of a that starts at n."""
        b = self.b
        last = registers(b, order) - 1

        def add(i: Index, carried: list[Value]) -> list[Value]:
            n = (last - i) * REGISTER
            return [
                b.fma(total, self.eighth, make(n))
                for total, make in zip(carried, makers, strict=True)
            ]

        first = [b.constant(0, VECTOR) for _ in makers]
        assert self.lanes is not None
        return [total_of(b, x * self.lanes) for x in b.fold(0, last + 1, first, add)]


def value_at(b: Builder, c: Value, order: Value, u: Value) -> tuple[Value, Value]:
    """g and sum |c_n| u^n at u."""

    def coefficients(n: Index) -> Value:
        return b.load(VECTOR, b.at(c, n))

    value, size = Powers(b, u).sums(order, coefficients, lambda n: b.fabs(coefficients(n)))
    return value, size


def value_and_slope(
    b: Builder, c: Value, slopes: Value, order: Value, u: Value
) -> tuple[Value, Value]:
    """g and g' at u; `slopes` are the coefficients of g'."""
    value, slope = Powers(b, u).sums(
        order,
        lambda n: b.load(VECTOR, b.at(c, n)),
        lambda n: b.load(VECTOR, b.at(slopes, n)),
    )
    return value, slope


def newton(
    b: Builder,
    evaluate: Callable[[Value], tuple[Value, Value]],
    low: Value,
    high: Value,
    start: Value,
    accuracy: float,
) -> Value:
    """The root between `low`, where the function is negative, and `high`, where it is not.

    `low` may be above `high`.  Newton's method within the bracket, halving where it fails or takes
    too long.
    """

    def goes_on(carried: list[Value]) -> Value:
        _, _, _, tries = carried
        return tries < MOST_STEPS

    def improve(carried: list[Value]) -> list[Value]:
        low, high, x, tries = carried
        value, slope = evaluate(x)
        above = value >= 0
        low, high = b.select(above, low, x), b.select(above, x, high)
        new = x - value / slope
        least, most = b.select(low < high, low, high), b.select(low < high, high, low)
        good = (new >= least) & (new <= most) & (tries < NEWTON_STEPS)
        middle = least + (most - least) * 0.5
        new = b.select(good, new, middle)
        near = b.fabs(new - x) <= b.fabs(new) * accuracy
        done = near | b.eq(value, 0) | (most - least <= most * accuracy)
        kept = b.select(b.eq(value, 0), x, new)
        return [low, high, kept, b.select(done, b.constant(MOST_STEPS, I64), tries + 1)]

    first = [low, high, start, b.constant(0, I64)]
    return b.while_(first, goes_on, improve)[2]
