"""Convolutions of long polynomials: functions that all rows call, which work in memory.

One adds up products over a range of orders, scaled, to sums in memory; another brings the sums to
their places, once for all convolutions of a row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from taylor_runtime.arithmetic.chunk import Chunk
from taylor_runtime.flows.factors import Factor, add_products, weights_of
from taylor_runtime.flows.memory import FlowMemory
from taylor_runtime.flows.places import placed
from taylor_runtime.flows.products import Read, is_plain_term
from taylor_runtime.flows.shifts import Products, groups, shifts_of
from taylor_runtime.ir.builder import Builder, define_function
from taylor_runtime.ir.types import I64, Type
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.kinds import ELEMENTS
from taylor_runtime.program.program import Constant, Convolution, Number, Term
from taylor_runtime.program.records import dataclass
from taylor_runtime.program.signature import is_square
from taylor_runtime.program.widths import REGISTER, padded

MOST_SUMS = 20  # vectors of sums that one loop adds up, in registers
ADD, PLACE = "taylor.add", "taylor.place"


@dataclass(frozen=True, slots=True)
class _Kind:
    """What functions that add products differ in."""

    wide: tuple[bool, ...]
    weighted: bool


class CalledProducts:
    """Writes calls of functions for the convolutions of a flow's program."""

    def __init__(self, memory: FlowMemory) -> None:
        self.memory = memory
        self.b = memory.b
        self.element = memory.element
        self.shifts = shifts_of(memory.flow.among)
        self._sums = self.b.alloca(self.element, len(self.shifts.sums) * REGISTER)
        self._results: list[Value] = []
        self._defined: set[str] = set()
        self._functions: dict[_Kind, str] = {}
        self._tables: dict[object, Value] = {}

    # -- calls ------------------------------------------------------------------------------------

    def result(self, number: int) -> Value:
        """Memory for one of the sums of a row."""
        while len(self._results) <= number:
            self._results.append(self.b.alloca(self.element, padded(self.shifts.among.size)))
        return self._results[number]

    def read(self, terms: Sequence[Term], n: Index, readers: dict[Convolution, Read]) -> list[Term]:
        """Terms in the place of some, whose convolutions `readers` know: one of all that have the
        same number of sums.
        """
        replaced: list[Term] = []
        together: dict[object, list[tuple[Term, Convolution]]] = {}
        for term in terms:
            c = term.operand
            assert isinstance(c, Convolution)
            key = self.memory.flow.is_wide(c) if is_plain_term(term) else term
            together.setdefault(key, []).append((term, c))
        for number, group in enumerate(together.values()):
            (first, c), result = group[0], self.result(number)
            plain = is_plain_term(first)
            scaled = [(_number(term.constant) if plain else 1, one) for term, one in group]
            if self.sum(scaled, n, result):
                readers[c] = (partial(self._load, result), False)
                replaced.append(Term(1, c) if plain else first)
        return replaced

    def _load(self, result: Value, chunk: Chunk) -> Value:
        place = self.b.at(result, chunk.offset, self.element)
        return self.b.load(chunk.type(self.element), place)

    def sum(self, scaled: Sequence[tuple[Number, Convolution]], n: Index, result: Value) -> bool:
        """Leave a sum of convolutions at order n in memory; false if it is zero."""
        moving = [(scale, c) for scale, c in scaled if not self._vanishes(c, n)]
        for k, (scale, c) in enumerate(moving):
            self._convolution(c, scale, n, k == 0)
        if moving:
            first = moving[0][1]
            self._place(result, self.memory.flow.is_wide(first))
        return bool(moving)

    def _vanishes(self, c: Convolution, n: Index) -> bool:
        steady = self.memory.flow.steady
        if isinstance(n, int) and (n < c.first + c.last):
            return True
        if isinstance(n, int) and n == 0:
            return False
        if steady[c.a] and steady[c.b]:
            return True
        return bool((steady[c.a] and c.first) or (steady[c.b] and c.last))

    def _convolution(self, c: Convolution, scale: Number, n: Index, first: bool) -> None:
        """A convolution times a number, added to the sums or, the first, put there."""
        b, steady = self.b, self.memory.flow.steady
        low: Index = c.first
        high: Index = n - c.last if c.last else n
        if (isinstance(n, int) and n == 0) or steady[c.a]:
            high = 0
        elif steady[c.b]:
            low = n
        elif is_square(c):
            at = b.like(b.constant(0, I64), n)
            self._add(c, scale * 2, at, low, (at - 1) >> 1, first)

            def middle() -> list[Value]:
                self._add(c, scale, at, at >> 1, at >> 1, first=False)
                return []

            b.if_(b.eq(at & 1, 0), middle, list)
            return
        self._add(c, scale, n, low, high, first)

    def product(self, places: Sequence[Value], wide: Sequence[bool], result: Value) -> None:
        """Leave the product of two coefficients, of which one is a polynomial, in memory."""
        zero = self.b.constant(0, I64)
        self._call_add(places, tuple(wide), 1, (zero, zero, zero), None, first=True)
        self._place(result, all(wide))

    def _add(
        self, c: Convolution, scale: Number, n: Index, low: Index, high: Index, first: bool
    ) -> None:
        """Call the function that adds scale * sum of a_j b_(n-j), j = low .. high."""
        b, memory = self.b, self.memory
        for row in (c.a, c.b):
            memory.will_read(row, b.constant(0, I64))
        places = [memory.address(row, 0, 0) for row in (c.a, c.b)]
        wide = tuple(memory.flow.is_polynomial(row) for row in (c.a, c.b))
        weights: Value | None = None
        if c.weight is not None:
            weights = self._table(c.weight, partial(weights_of, *c.weight, memory.flow.order))
            weights = b.at(weights, n * (memory.flow.order + 1), self.element)
        self._call_add(places, wide, scale, (n, low, high), weights, first)

    def _call_add(
        self,
        places: Sequence[Value],
        wide: tuple[bool, ...],
        scale: Number,
        orders: Sequence[Index],
        weights: Value | None,
        first: bool,
    ) -> None:
        b = self.b
        name = self._function(_Kind(wide, weights is not None))
        factor = self._table(("scale", scale), lambda: [scale])
        pointers = [*places, self._sums, factor]
        pointers += [] if weights is None else [weights]
        given = [part for pointer in pointers for part in pointer.parts]
        numbers = [b.like(b.constant(0, I64), k) for k in (*orders, 0 if first else 1)]
        self._call(name, [*given, *numbers])

    def _place(self, result: Value, wide: bool) -> None:
        """Call the function that brings sums to their places."""
        name = PLACE if wide else PLACE + ".numbers"
        if name not in self._defined:
            self._defined.add(name)
            self._define_place(name, wide)
        self._call(name, [*self._sums.parts, *result.parts])

    def _call(self, name: str, given: Sequence[Value]) -> None:
        listed = ", ".join(f"{value.type} {value.text}" for value in given)
        self.b.line(f"call void @{name}({listed})")

    def _table(self, key: object, numbers: Callable[[], list[Number]]) -> Value:
        if key not in self._tables:
            self._tables[key] = self.b.table(numbers(), self.element)
        return self._tables[key]

    # -- functions --------------------------------------------------------------------------------

    def _function(self, kind: _Kind) -> str:
        name = self._functions.get(kind)
        if name is None:
            name = self._functions[kind] = f"{ADD}.{len(self._functions)}"
            self._define_add(name, kind)
        return name

    def _parameters(self, names: Sequence[str]) -> list[tuple[str, str]]:
        parts = range(ELEMENTS[self.element].parts)
        return [
            ("ptr noalias" if name in ("sums", "result") else "ptr readonly", f"{name}{part}")
            for name in names
            for part in parts
        ]

    def _define_add(self, name: str, kind: _Kind) -> None:
        names = ["a", "b", "sums", "scale", *(["weights"] if kind.weighted else [])]
        parameters = self._parameters(names)
        parameters += [("i64", which) for which in ("n", "low", "high", "more")]
        attributes = "nounwind noinline"
        function = define_function(self.b.module, name, "void", parameters, attributes, "internal")
        with function as (builder, arguments):
            plan, stride = self._plan(all(kind.wide)), padded(self.shifts.among.size)
            _Adding(builder, self.element, kind, plan, stride, arguments).emit()
            builder.ret()

    def _plan(self, wide: bool) -> tuple[Products, ...]:
        return self.shifts.sums if wide else self.shifts.sums[: len(self.shifts.pieces)]

    def _define_place(self, name: str, wide: bool) -> None:
        parameters = self._parameters(["sums", "result"])
        function = define_function(
            self.b.module, name, "void", parameters, "nounwind noinline", "internal"
        )
        with function as (b, arguments):
            parts = ELEMENTS[self.element].parts
            sums, result = (b.pointers(arguments[k : k + parts]) for k in (0, parts))
            plan = self._plan(wide)
            values = [
                b.load(Type(self.element, one.piece.lanes), b.at(sums, k * REGISTER, self.element))
                for k, one in enumerate(plan)
            ]
            values = placed(b, self.element, self.shifts, values) if wide else values
            for piece, value in zip(self.shifts.pieces, values, strict=True):
                b.store(b.normal(value), b.at(result, piece.start, self.element))
            last = self.shifts.pieces[-1]
            zero = b.constant(0, Type(self.element))
            for lane in range(last.start + max(last.lanes, 1), padded(self.shifts.among.size)):
                b.store(zero, b.at(result, lane, self.element))
            b.ret()


def _number(constant: Constant) -> Number:
    assert not isinstance(constant, tuple)
    return constant


class _Adding:
    """Writes a function that adds up products."""

    def __init__(
        self,
        b: Builder,
        element: str,
        kind: _Kind,
        plan: tuple[Products, ...],
        stride: int,
        arguments: Sequence[Value],
    ) -> None:
        self.b, self.element, self.kind, self.plan = b, element, kind, plan
        parts = ELEMENTS[element].parts
        pointers = [
            b.pointers(arguments[k : k + parts]) for k in range(0, len(arguments) - 4, parts)
        ]
        self.places, self.sums, self.scale = pointers[:2], pointers[2], pointers[3]
        self.weights = pointers[4] if kind.weighted else None
        self.stride = stride  # from one order to the next
        self.n, self.low, self.high, self.more = arguments[-4:]

    def emit(self) -> None:
        """All sums, as many at a time as registers hold."""
        b, element = self.b, self.element
        scale = b.load(Type(element), self.scale)
        most = MOST_SUMS // ELEMENTS[element].parts
        for group in groups([1] * len(self.plan), most):
            plan = tuple(self.plan[k] for k in group)
            zeros = [b.constant(0, Type(element, one.piece.lanes)) for one in plan]
            end = self.high + 1
            totals = b.fold(self.low, end, zeros, partial(self._products, plan))
            for k, zero, total in zip(group, zeros, totals, strict=True):
                place = b.at(self.sums, k * REGISTER, element)
                before = b.select(b.ne(self.more, 0), b.load(zero.type, place), zero)
                total = b.fma(b.normal(total), b.splat(scale, zero.lanes), before)
                b.store(b.normal(total), place)

    def _products(
        self, plan: tuple[Products, ...], j: Index, totals: list[Value]
    ) -> Sequence[Value]:
        """a_j b_(n-j) added."""
        b = self.b
        x, y = (
            Factor(
                b, self.element, b.at(place, k * (self.stride if wide else 1), self.element), wide
            )
            for place, k, wide in zip(self.places, (j, self.n - j), self.kind.wide, strict=True)
        )
        weight = None
        if self.weights is not None:
            weight = b.load(Type(self.element), b.at(self.weights, j, self.element))
        return add_products(b, plan, x, y, totals, weight, scale_numbers=True)
