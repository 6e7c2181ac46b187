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

from collections.abc import Sequence
from math import comb

import numpy as np

from taylor_runtime.events.polynomial import (
    VECTOR,
    newton,
    registers,
    row_length,
    total_of,
    value_and_slope,
    value_at,
)
from taylor_runtime.ir.builder import Builder, define_function
from taylor_runtime.ir.entries import make_replaceable
from taylor_runtime.ir.fields import Fields
from taylor_runtime.ir.module import Module
from taylor_runtime.ir.types import F64, I1
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.widths import REGISTER

SCAN = "taylor.scan"
EVENT_MEMORY = np.dtype(
    [
        ("side", np.float64),  # the last sign that counted; 0: none yet
        ("open", np.float64),  # 0 since; else rounding noise, 2 only at the start of a step
        ("reported", np.float64),  # what the noise hides was reported already
        ("noise", np.float64),  # of g where the last step ended
        ("last", np.float64),  # time of the last record
        ("blurred", np.float64),  # 1 if a zero was seen by the signs beside noise alone
    ]
)
_LOCALS = np.dtype(
    [
        ("best", np.float64),  # where |g| was least since it became noise
        ("least", np.float64),  # that |g|
        ("known", np.float64),  # where the last sign that counted was seen, or 0
        ("value", np.float64),  # g there
        ("count", np.int64),
    ]
)
AGAIN = 2.0  # a crossing of direction +-2 leaves a region that had been reported as one
SMALLEST = 2.0**-500  # interval that is not divided further
HIDDEN = 2.0**-10  # of half an interval at the start: an extremum in there is looked for closer
EXTREMUM = 2.0**-28  # accuracy of the place of an extremum: g is off by the square of that

_CURVE = [("ptr readonly", "c"), ("i64", "order")]
_NUMBERS = 2  # rows of the table besides the binomials: k and k (k - 1) / 2


def binomials(order: int) -> np.ndarray:
    """Table [n][k] of n over k, rows of `row_length`, that `taylor.scan` wants.

    Two more rows follow: k and k over 2.
    """
    table = np.zeros((order + 1 + _NUMBERS, row_length(order)))
    for n in range(order + 1):
        table[n, : n + 1] = [float(comb(n, k)) for k in range(n + 1)]
    numbers = np.arange(table.shape[1], dtype=float)
    table[order + 1], table[order + 2] = numbers, numbers * (numbers - 1) / 2
    return table


def scan_work(order: int) -> int:
    """Doubles of workspace that `taylor.scan` wants."""
    return 3 * row_length(order)


def scan_module(replaceable: bool = False) -> str:
    """IR text of `i64 taylor.scan(c, order, noise, unit, memory, binomials, work, out)`.

    c:      coefficients c_0 .. c_order, zeros behind them up to `row_length`, and one more zero.
    noise:  rounding error of g at 0; at u, `unit` * sum |c_n| u^n is added.
    memory: one `EVENT_MEMORY`, read and written.
    out:    (u, direction) of every root in order; room for 3 * (order + 2) of them.

    Returns how many there are.

    replaceable: other code can take the place of this (`ir.entries`).
    """
    module = Module(quick=replaceable)
    _emit_solve(module)
    _emit_sample(module)
    parameters = [*_CURVE, ("double", "noise"), ("double", "unit"), ("ptr", "memory")]
    parameters += [("ptr", "binomials"), ("ptr", "work"), ("ptr", "out")]
    with define_function(module, SCAN, "i64", parameters, "nounwind") as (b, arguments):
        _Scan(b, arguments).emit()
    if replaceable:
        make_replaceable(module, SCAN, "i64", parameters)
    return module.text()


def _emit_solve(module: Module) -> None:
    """define double @solve(c, order, slopes, low, at_low, high, at_high): the root between.

    at_low, at_high: g there; g goes to the sign of at_high.
    """
    parameters = [*_CURVE, ("ptr", "slopes")]
    parameters += [("double", name) for name in ("low", "at_low", "high", "at_high")]
    with define_function(module, "solve", "double", parameters, "nounwind", "internal") as (
        b,
        arguments,
    ):
        c, order, slopes, low, at_low, high, at_high = arguments
        sign = b.copysign(b.constant(1, F64), at_high)
        crossed, search = b.fresh_label("crossed"), b.fresh_label("search")
        b.branch(at_low * sign >= 0, crossed, search)  # where noise has crossed already
        b.label(crossed)
        b.ret(low)
        b.label(search)

        def evaluate(u: Value) -> tuple[Value, Value]:
            value, slope = value_and_slope(b, c, slopes, order, u)
            return value * sign, slope * sign

        share = b.fabs(at_low) / (b.fabs(at_low) + b.fabs(at_high))
        b.ret(newton(b, evaluate, low, high, b.fma(high - low, share, low), 2.0**-52))


def _emit_sample(module: Module) -> None:
    """define void @sample(c, order, slopes, memory, locals, out, u, value, noise): look at a sign.

    value, noise: g at u and its rounding error.
    """
    parameters = [*_CURVE, ("ptr", "slopes"), ("ptr", "memory"), ("ptr", "locals"), ("ptr", "out")]
    parameters += [("double", name) for name in ("u", "value", "noise")]
    with define_function(module, "sample", "void", parameters, "nounwind", "internal") as (
        b,
        arguments,
    ):
        c, order, slopes, memory_at, locals_at, out, u, value, noise = arguments
        memory, local = Fields(b, memory_at, EVENT_MEMORY), Fields(b, locals_at, _LOCALS)
        memory.set("noise", noise)

        def certain() -> list[Value]:
            _see_sign(b, (c, order, slopes), memory, local, out, (u, value))
            return []

        def unknown() -> list[Value]:
            _see_noise(b, memory, local, u, b.fabs(value))
            return []

        b.if_(b.fabs(value) > noise, certain, unknown)
        b.ret()


def _see_sign(
    b: Builder,
    curve: tuple[Value, Value, Value],
    memory: Fields,
    local: Fields,
    out: Value,
    here: tuple[Value, Value],
) -> None:
    """A sign that counts, of g at u: it settles what happened since the last one."""
    u, value = here
    sign = b.copysign(b.constant(1, F64), value)
    side, opened, reported = (memory.get(name) for name in ("side", "open", "reported"))
    new, known = b.eq(reported, 0), b.ne(side, 0)
    crossing = known & b.ne(side, sign)
    at_start = ~known & b.ne(opened, 0) & new
    touch = known & b.eq(side, sign) & b.eq(opened, 1) & new

    def report() -> list[Value]:
        def cross() -> list[Value]:
            before = local.get("known"), local.get("value")
            return [b.call(F64, "solve", *curve, *before, u, value)]

        (place,) = b.if_(crossing, cross, lambda: [local.get("best")])
        direction = b.select(touch, b.constant(0, F64), sign)
        direction = b.select(crossing & ~new, direction * AGAIN, direction)
        blurred = b.select(known & b.eq(opened, 1), b.constant(1, F64), memory.get("blurred"))
        memory.set("blurred", blurred)
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
    local.set("value", value)


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
        self.registers = registers(b, self.order)
        pitch = self.registers * REGISTER
        self.locals = b.alloca("i64", _LOCALS.itemsize // 8)
        # c_n centre^n; coefficients about the centre; coefficients of g'
        self.terms, self.shifted, self.slopes = (b.at(self.work, pitch * k) for k in range(3))
        self.numbers = [b.at(self.binomials, pitch * (self.order + k)) for k in (1, 2)]

    def emit(self) -> None:
        b = self.b
        local, memory = Fields(b, self.locals, _LOCALS), Fields(b, self.memory, EVENT_MEMORY)
        first = b.load(F64, self.c)
        for name, start in (("best", 0.0), ("known", 0.0), ("value", first), ("least", np.inf)):
            local.set(name, start)
        local.set("count", 0)
        total, size, *sizes = self._first_sums()
        before = b.select(b.ne(memory.get("open"), 0), memory.get("noise"), 0.0)
        noise = b.fma(b.fabs(first), self.unit, self.noise)
        self._sample(b.constant(0, F64), first, b.select(before > noise, before, noise))

        def at_once() -> list[Value]:
            noise = b.fma(size, self.unit, self.noise)
            self._sample(b.constant(1, F64), total, noise)
            return []

        def by_intervals() -> list[Value]:
            zero, one = b.constant(0, F64), b.constant(1, F64)
            b.while_([zero, one], lambda carried: carried[0] < 1, self._interval)
            return []

        slope = b.fabs(b.load(F64, b.at(self.c, 1)))
        b.if_(slope * 2 > sizes[0], at_once, by_intervals)
        b.ret(local.get("count"))

    def _first_sums(self) -> list[Value]:
        """Sums of c_k, |c_k| and k |c_k|; the coefficients of g' on the way."""
        b = self.b

        def add(i: Index, carried: list[Value]) -> list[Value]:
            n = i * REGISTER
            c = b.load(VECTOR, b.at(self.c, n))
            number = b.load(VECTOR, b.at(self.numbers[0], n))
            shifted = b.load(VECTOR, b.at(self.c, n + 1))
            b.store(shifted * (number + 1), b.at(self.slopes, n))
            size = b.fabs(c)
            return [carried[0] + c, carried[1] + size, b.fma(size, number, carried[2])]

        sums = b.fold(0, self.registers, [b.constant(0, VECTOR)] * 3, add)
        return [total_of(b, x) for x in sums]

    def _sample(self, u: Value, value: Value, noise: Value) -> None:
        b = self.b
        listed = [self.c, self.order, self.slopes, self.memory, self.locals, self.out]
        texts = ", ".join(f"{x.type} {x.text}" for x in [*listed, u, value, noise])
        b.line(f"call void @sample({texts})")

    def _sample_at(self, u: Value) -> None:
        value, size = value_at(self.b, self.c, self.order, u)
        self._sample(u, value, self.b.fma(size, self.unit, self.noise))

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
        bends = convex & ~monotonic & ~keeps_sign
        no, first = b.constant(0, I1), b.eq(left, 0)
        (hidden,) = b.if_(bends & first, lambda: [self._bends_at_once()], lambda: [no])
        settled = keeps_sign | monotonic | (convex & ~hidden) | flat

        def advance() -> list[Value]:
            def visit() -> list[Value]:
                self._visit_extremum(centre, half)
                return []

            b.if_(bends, visit)
            right = b.select(length < rest, left + length, 1.0)
            self._sample_at(right)
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
        pitch = self.registers * REGISTER

        def register(i: Index, _: list[Value]) -> list[Value]:
            def add(n: Index, carried: list[Value]) -> list[Value]:
                row = b.at(self.binomials, n * pitch + i * REGISTER)
                factor = b.splat(b.load(F64, b.at(self.terms, n)), REGISTER)
                return [b.fma(b.load(VECTOR, row), factor, carried[0])]

            (total,) = b.fold(i * REGISTER, self.order + 1, [b.constant(0, VECTOR)], add)
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

        def add(i: Index, carried: list[Value]) -> list[Value]:
            n = i * REGISTER
            size = b.fabs(b.load(VECTOR, b.at(self.shifted, n)))
            weights = [b.load(VECTOR, b.at(numbers, n)) for numbers in self.numbers]
            sums = [b.fma(size, w, x) for w, x in zip(weights, carried[1:], strict=True)]
            return [carried[0] + size, *sums]

        sums = b.fold(0, self.registers, [b.constant(0, VECTOR)] * 3, add)
        all_sizes, *weighted = (total_of(b, x) for x in sums)
        return [all_sizes - b.fabs(b.load(F64, self.shifted)), *weighted]

    def _slope(self, s: Value) -> tuple[Value, Value]:
        """g' and g'' about the centre, in units of half the interval."""
        b = self.b

        def horner(i: Index, carried: list[Value]) -> list[Value]:
            value, slope, number = carried
            coefficient = b.load(F64, b.at(self.shifted, self.order - i)) * number
            return [b.fma(value, s, coefficient), b.fma(slope, s, value), number - 1]

        zero = b.constant(0, F64)
        first = [zero, zero, b.cast("sitofp", self.order, "double")]
        value, curvature, _ = b.fold(0, self.order, first, horner)
        return value, curvature

    def _bends_at_once(self) -> Value:
        """Whether g' = 0 so close to the beginning that its place is not known from the centre."""
        b = self.b
        ends = [self._slope(b.constant(s, F64))[0] for s in (-1, -1 + HIDDEN)]
        return ends[0] * ends[1] <= 0

    def _visit_extremum(self, centre: Value, half: Value) -> None:
        """Sample where g' = 0, if it changes sign between -1 and 1 (it is monotonic there)."""
        b = self.b
        one, minus = b.constant(1, F64), b.constant(-1, F64)
        at_left, at_right = self._slope(minus)[0], self._slope(one)[0]

        def visit() -> list[Value]:
            rising = at_right > 0
            low, high = b.select(rising, minus, one), b.select(rising, one, minus)
            share = b.fabs(at_left) / (b.fabs(at_left) + b.fabs(at_right))
            place = newton(b, self._slope, low, high, b.fma(share, 2, minus), EXTREMUM)
            self._sample_at(b.fma(place, half, centre))
            return []

        b.if_((at_left * at_right) < 0, visit)
