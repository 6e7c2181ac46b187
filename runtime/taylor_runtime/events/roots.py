"""Roots of one polynomial on [0, 1] as machine code: isolated by bounds, found by Newton's method.

The polynomial is an event function on one step.  `taylor.scan` walks from 0 to 1 through intervals
on which bounds of the coefficients about the middle prove that g keeps its sign, is monotonic, or
is convex (then its one extremum is visited), or is nothing but rounding noise.  Between the points
visited g is monotonic, so its signs there tell everything.  A sign counts where |g| exceeds the
rounding noise; where it does not, the decision waits for the next point at which it does:

    other sign than before      one crossing
    same sign as before         one touch (direction 0), if g has come closer to zero in between

So nothing is reported twice, and the wait may go on in the next step: what was known last is kept
in the memory of the event.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import comb

import numpy as np

from taylor_runtime.control import Fields
from taylor_runtime.ir import F64, I64, Builder, Index, Module, Type, Value
from taylor_runtime.layout import REGISTER

SCAN = "taylor.scan"
EVENT_MEMORY = np.dtype(
    [
        ("side", np.float64),  # the last sign that counted; 0: none yet
        ("open", np.float64),  # 0 since; else rounding noise, 2 only at the start of a step
        ("reported", np.float64),  # what the noise hides was reported already
        ("noise", np.float64),  # of g where the last step ended
        ("last", np.float64),  # time of the last record
    ]
)
_LOCALS = np.dtype(
    [
        ("best", np.float64),  # where |g| was least since it became noise
        ("least", np.float64),  # that |g|
        ("known", np.float64),  # where the last sign that counted was seen
        ("count", np.int64),
    ]
)
AGAIN = 2.0  # a crossing of direction +-2 leaves a region that had been reported as one
SMALLEST = 2.0**-50  # interval that is not divided further
NEWTON_STEPS = 6  # tries before the interval is halved instead
MOST_STEPS = 80
EXTREMUM = 2.0**-28  # accuracy of the place of an extremum: g is off by the square of that

_CURVE = [("ptr readonly", "c"), ("i64", "order"), ("double", "noise"), ("double", "unit")]


def row_length(order: int) -> int:
    """Doubles that a polynomial takes: whole registers."""
    return -(-(order + 1) // REGISTER) * REGISTER


def binomials(order: int) -> np.ndarray:
    """Table [n][k] of n over k, rows of `row_length`, that `taylor.scan` wants."""
    table = np.zeros((order + 1, row_length(order)))
    for n in range(order + 1):
        table[n, : n + 1] = [float(comb(n, k)) for k in range(n + 1)]
    return table


def scan_work(order: int) -> int:
    """Doubles of workspace that `taylor.scan` wants."""
    return 2 * row_length(order)


def scan_module() -> str:
    """IR text of `i64 taylor.scan(c, order, noise, unit, memory, binomials, work, out)`.

    c:      coefficients c_0 .. c_order, zeros up to `row_length`.
    noise:  rounding error of g at 0; at u, `unit` * sum |c_n| u^n is added.
    memory: one `EVENT_MEMORY`, read and written.
    out:    (u, direction) of every root in order; room for 3 * (order + 2) of them.

    Returns how many there are.
    """
    module = Module()
    _emit_solve(module)
    _emit_sample(module)
    parameters = [*_CURVE, ("ptr", "memory"), ("ptr", "binomials"), ("ptr", "work"), ("ptr", "out")]
    with module.function(SCAN, "i64", parameters, "nounwind") as (b, arguments):
        _Scan(b, arguments).emit()
    return module.text()


def _down(
    b: Builder, order: Value, carried: Sequence[Value], body: Callable[..., Sequence[Value]]
) -> list[Value]:
    """carried = body(n, carried) for n = order .. 0."""
    return b.fold(
        b.constant(0, I64), order + 1, carried, lambda i, values: body(order - i, *values)
    )


def _value(b: Builder, c: Value, order: Value, u: Value) -> tuple[Value, Value]:
    """g and sum |c_n| u^n at u."""

    def horner(n: Value, value: Value, size: Value) -> Sequence[Value]:
        coefficient = b.load(F64, b.at(c, n))
        return b.fma(value, u, coefficient), b.fma(size, u, b.fabs(coefficient))

    zero = b.constant(0, F64)
    value, size = _down(b, order, [zero, zero], horner)
    return value, size


def _with_slope(b: Builder, c: Value, order: Value, u: Value) -> tuple[Value, Value]:
    """g and g' at u."""

    def horner(n: Value, value: Value, slope: Value) -> Sequence[Value]:
        slope = b.fma(slope, u, value)
        return b.fma(value, u, b.load(F64, b.at(c, n))), slope

    zero = b.constant(0, F64)
    value, slope = _down(b, order, [zero, zero], horner)
    return value, slope


def _newton(
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


def _emit_solve(module: Module) -> None:
    """define double @solve(c, order, low, high, sign): where g goes to `sign` between low, high."""
    parameters = [*_CURVE[:2], ("double", "low"), ("double", "high"), ("double", "sign")]
    with module.function("solve", "double", parameters, "nounwind", "internal") as (b, arguments):
        c, order, low, high, sign = arguments

        def evaluate(u: Value) -> tuple[Value, Value]:
            value, slope = _with_slope(b, c, order, u)
            return value * sign, slope * sign

        at_low, at_high = (b.fabs(_value(b, c, order, u)[0]) for u in (low, high))
        started = evaluate(low)[0] >= 0  # noise has crossed already
        share = at_low / (at_low + at_high)
        start = b.fma(high - low, share, low)
        found = _newton(b, evaluate, low, high, start, 2.0**-52)
        b.ret(b.select(started, low, found))


def _emit_sample(module: Module) -> None:
    """define void @sample(c, order, noise, unit, memory, locals, out, u): look at the sign at u."""
    parameters = [*_CURVE, ("ptr", "memory"), ("ptr", "locals"), ("ptr", "out"), ("double", "u")]
    with module.function("sample", "void", parameters, "nounwind", "internal") as (b, arguments):
        c, order, noise, unit, memory_at, locals_at, out, u = arguments
        memory, local = Fields(b, memory_at, EVENT_MEMORY), Fields(b, locals_at, _LOCALS)
        value, size = _value(b, c, order, u)
        here = b.fma(size, unit, noise)
        memory.set("noise", here)

        def certain() -> list[Value]:
            _see_sign(b, (c, order), memory, local, out, u, b.copysign(b.constant(1, F64), value))
            return []

        def unknown() -> list[Value]:
            _see_noise(b, memory, local, u, b.fabs(value))
            return []

        b.if_(b.fabs(value) > here, certain, unknown)
        b.ret()


def _see_sign(
    b: Builder,
    curve: tuple[Value, Value],
    memory: Fields,
    local: Fields,
    out: Value,
    u: Value,
    sign: Value,
) -> None:
    """A sign that counts: it settles what happened since the last one."""
    side, opened, reported = (memory.get(name) for name in ("side", "open", "reported"))
    new, known = b.eq(reported, 0), b.ne(side, 0)
    crossing = known & b.ne(side, sign)
    at_start = ~known & b.ne(opened, 0) & new
    touch = known & b.eq(side, sign) & b.eq(opened, 1) & new

    def report() -> list[Value]:
        def cross() -> list[Value]:
            return [b.call(F64, "solve", *curve, local.get("known"), u, sign)]

        (place,) = b.if_(crossing, cross, lambda: [local.get("best")])
        direction = b.select(touch, b.constant(0, F64), sign)
        direction = b.select(crossing & ~new, direction * AGAIN, direction)
        count = local.get("count")
        b.store(place, b.at(out, count * 2))
        b.store(direction, b.at(out, count * 2 + 1))
        local.set("count", count + 1)
        return []

    b.if_(crossing | at_start | touch, report)
    memory.set("side", sign)
    memory.set("open", 0.0)
    memory.set("reported", 0.0)
    local.set("known", u)


def _see_noise(b: Builder, memory: Fields, local: Fields, u: Value, size: Value) -> None:
    """Nothing but rounding noise: remember where it was least."""
    opened, least = memory.get("open"), local.get("least")
    fresh = b.eq(opened, 0)
    at_start = b.eq(u, 0) & b.ne(memory.get("side"), 0)
    first = b.select(at_start, b.constant(2, F64), 1.0)
    nearer = size < least
    again = b.select(b.eq(opened, 2) & nearer, b.constant(1, F64), opened)
    memory.set("open", b.select(fresh, first, again))
    better = fresh | nearer
    local.set("best", b.select(better, u, local.get("best")))
    local.set("least", b.select(better, size, least))


class _Scan:
    def __init__(self, b: Builder, arguments: Sequence[Value]) -> None:
        self.b = b
        self.c, self.order, self.noise, self.unit = arguments[:4]
        self.memory, self.binomials, self.work, self.out = arguments[4:]
        self.registers = (self.order + REGISTER) // REGISTER
        self.locals = b.alloca("i64", _LOCALS.itemsize // 8)
        self.terms = self.work  # c_n centre^n, then the coefficients about the centre
        self.shifted = b.at(self.work, self.registers * REGISTER)

    def emit(self) -> None:
        b = self.b
        local = Fields(b, self.locals, _LOCALS)
        for name in ("best", "known"):
            local.set(name, 0.0)
        local.set("least", np.inf)
        local.set("count", 0)
        memory = Fields(b, self.memory, EVENT_MEMORY)
        before = b.select(b.ne(memory.get("open"), 0), memory.get("noise"), 0.0)
        self.start_noise = b.select(before > self.noise, before, self.noise)
        self._sample(b.constant(0, F64), self.start_noise)
        zero, one = b.constant(0, F64), b.constant(1, F64)
        b.while_([zero, one], lambda carried: carried[0] < 1, self._interval)
        b.ret(local.get("count"))

    def _sample(self, u: Value, noise: Value | None = None) -> None:
        b = self.b
        listed = [self.c, self.order, noise or self.noise, self.unit]
        listed += [self.memory, self.locals, self.out, u]
        texts = ", ".join(f"{value.type} {value.text}" for value in listed)
        b.line(f"call void @sample({texts})")

    def _interval(self, carried: list[Value]) -> list[Value]:
        """Settle the signs on [left, left + length], or try half of it."""
        b = self.b
        left, wanted = carried
        rest = 1 - left
        length = b.select(wanted < rest, wanted, rest)
        half = length * 0.5
        centre = left + half
        self._shift(centre, half)
        c0, c1, c2 = (b.load(F64, b.at(self.shifted, n)) for n in range(3))
        sizes = self._sizes()
        noise = b.fma(b.fabs(c0) + sizes[0], self.unit, self.noise)
        keeps_sign = b.fabs(c0) > sizes[0] + noise
        monotonic = b.fabs(c1) * 2 > sizes[1]
        convex = b.fabs(c2) * 2 > sizes[2]
        flat = (sizes[0] <= noise * 0.25) | (length <= SMALLEST)
        settled = keeps_sign | monotonic | convex | flat

        def advance() -> list[Value]:
            def visit() -> list[Value]:
                self._visit_extremum(centre, half)
                return []

            b.if_(convex & ~monotonic & ~keeps_sign, visit)
            right = b.select(length < rest, left + length, 1.0)
            self._sample(right)
            return [right, length * 2]

        left, wanted = b.if_(settled, advance, lambda: [left, half])
        return [left, wanted]

    def _shift(self, centre: Value, half: Value) -> None:
        """Coefficients of g(centre + half s) into `shifted`: sum_n (n over k) c_n centre^(n-k)."""
        b = self.b

        def term(n: Index, carried: list[Value]) -> list[Value]:
            (power,) = carried
            b.store(b.load(F64, b.at(self.c, n)) * power, b.at(self.terms, n))
            return [power * centre]

        b.fold(0, self.order + 1, [b.constant(1, F64)], term)
        vector = Type("double", REGISTER)
        pitch = self.registers * REGISTER

        def register(i: Index, _: list[Value]) -> list[Value]:
            def add(n: Index, carried: list[Value]) -> list[Value]:
                row = b.at(self.binomials, n * pitch + i * REGISTER)
                factor = b.splat(b.load(F64, b.at(self.terms, n)), REGISTER)
                return [b.fma(b.load(vector, row), factor, carried[0])]

            (total,) = b.fold(i * REGISTER, self.order + 1, [b.constant(0, vector)], add)
            b.store(total, b.at(self.shifted, i * REGISTER))
            return []

        b.fold(0, self.registers, [], register)
        ratio = half / centre

        def scale(k: Index, carried: list[Value]) -> list[Value]:
            (power,) = carried
            place = b.at(self.shifted, k)
            b.store(b.load(F64, place) * power, place)
            return [power * ratio]

        b.fold(0, self.order + 1, [b.constant(1, F64)], scale)

    def _sizes(self) -> list[Value]:
        """Sums over k >= 1 of |q_k|, k |q_k| and k (k - 1) / 2 |q_k|."""
        b = self.b

        def add(k: Index, carried: list[Value]) -> list[Value]:
            sums, number = carried[:3], carried[3]
            size = b.fabs(b.load(F64, b.at(self.shifted, k)))
            weights = [b.constant(1, F64), number, number * (number - 1) * 0.5]
            added = [b.fma(size, w, total) for w, total in zip(weights, sums, strict=True)]
            return [*added, number + 1]

        first = [*[b.constant(0, F64)] * 3, b.constant(1, F64)]
        return b.fold(1, self.order + 1, first, add)[:3]

    def _visit_extremum(self, centre: Value, half: Value) -> None:
        """Sample where g' = 0, if it changes sign between -1 and 1 (it is monotonic there)."""
        b = self.b

        def slope(s: Value) -> tuple[Value, Value]:
            def horner(i: Index, carried: list[Value]) -> list[Value]:
                value, slope, number = carried
                coefficient = b.load(F64, b.at(self.shifted, self.order - i)) * number
                return [b.fma(value, s, coefficient), b.fma(slope, s, value), number - 1]

            zero = b.constant(0, F64)
            first = [zero, zero, b.cast("sitofp", self.order, "double")]
            value, curvature, _ = b.fold(0, self.order, first, horner)
            return value, curvature

        one, minus = b.constant(1, F64), b.constant(-1, F64)
        at_left, at_right = slope(minus)[0], slope(one)[0]

        def visit() -> list[Value]:
            rising = at_right > 0
            low, high = b.select(rising, minus, one), b.select(rising, one, minus)
            share = b.fabs(at_left) / (b.fabs(at_left) + b.fabs(at_right))
            place = _newton(b, slope, low, high, b.fma(share, 2, minus), EXTREMUM)
            self._sample(b.fma(place, half, centre))
            return []

        b.if_((at_left * at_right) < 0, visit)
