"""Convolutions of long polynomials: functions that all rows call, which work in memory.

One adds up the products of alike convolutions over a range of orders, scaled, to sums in memory.
The last of a row brings the sums to their places from registers, where these hold them all; else
another function does.
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
MOST_ALIKE = 4  # convolutions that one call adds up
ADD, PLACE = "taylor.add", "taylor.place"


@dataclass(frozen=True, slots=True)
class _Kind:
    """What functions that add products differ in."""

    count: int  # of convolutions
    wide: tuple[bool, ...]
    weighted: bool
    placing: bool  # whether sums go to their places, not to memory


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
        together: dict[tuple[Number, object], list[Convolution]] = {}
        for scale, c in moving:
            alike = self._range(c, n), is_square(c), c.weight
            together.setdefault((scale, alike), []).append(c)
        listed = [
            (scale, group[k : k + MOST_ALIKE])
            for (scale, _), group in together.items()
            for k in range(0, len(group), MOST_ALIKE)
        ]
        for k, (scale, group) in enumerate(listed):
            last = k == len(listed) - 1
            self._convolutions(group, scale, n, k == 0, result if last else None)
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

    def _range(self, c: Convolution, n: Index) -> tuple[int, int | None, bool]:
        """From which order of the first factor on, to which one from the end, None for the order
        zero alone; whether it is the newest order alone.
        """
        steady = self.memory.flow.steady
        if (isinstance(n, int) and n == 0) or steady[c.a]:
            return c.first, None, False
        return c.first, c.last, steady[c.b]

    def _convolutions(
        self,
        group: Sequence[Convolution],
        scale: Number,
        n: Index,
        first: bool,
        result: Value | None,
    ) -> None:
        """Alike convolutions times a number, added to the sums or, the first, put there; the last
        ones' sums become the result.
        """
        b, c = self.b, group[0]
        begin, end, newest = self._range(c, n)
        low: Index = n if newest else begin
        high: Index = 0 if end is None else n - end if end else n
        if is_square(c) and end is not None and not newest:
            at = b.like(b.constant(0, I64), n)
            more = b.constant(0 if first else 1, I64)

            def middle() -> list[Value]:
                self._add(group, scale, at, at >> 1, at >> 1, more, None)
                return [b.constant(1, I64)]

            (more,) = b.if_(b.eq(at & 1, 0), middle, lambda: [more])
            self._add(group, scale * 2, at, low, (at - 1) >> 1, more, result)
            return
        self._add(group, scale, n, low, high, 0 if first else 1, result)

    def product(self, places: Sequence[Value], wide: Sequence[bool], result: Value) -> None:
        """Leave the product of two coefficients, of which one is a polynomial, in memory."""
        zero = self.b.constant(0, I64)
        self._call_add(places, tuple(wide), 1, (zero, zero, zero, zero), None, result)

    def _add(
        self,
        group: Sequence[Convolution],
        scale: Number,
        n: Index,
        low: Index,
        high: Index,
        more: Index,
        result: Value | None,
    ) -> None:
        """Call the function that adds scale * sum of a_j b_(n-j), j = low .. high."""
        b, memory, c = self.b, self.memory, group[0]
        rows = [row for one in group for row in (one.a, one.b)]
        for row in rows:
            memory.will_read(row, b.constant(0, I64))
        places = [memory.address(row, 0, 0) for row in rows]
        wide = tuple(memory.flow.is_polynomial(row) for row in (c.a, c.b))
        weights: Value | None = None
        if c.weight is not None:
            weights = self._table(c.weight, partial(weights_of, *c.weight, memory.flow.order))
            weights = b.at(weights, n * (memory.flow.order + 1), self.element)
        self._call_add(places, wide, scale, (n, low, high, more), weights, result)

    def _call_add(
        self,
        places: Sequence[Value],
        wide: tuple[bool, ...],
        scale: Number,
        orders: Sequence[Index],
        weights: Value | None,
        result: Value | None,
    ) -> None:
        b = self.b
        placing = result is not None and len(self._plan(all(wide))) <= self._most
        name = self._function(_Kind(len(places) // 2, wide, weights is not None, placing))
        factor = self._table(("scale", scale), lambda: [scale])
        pointers = [*places, self._sums, factor]
        pointers += [] if weights is None else [weights]
        pointers += [result] if result is not None and placing else []
        given = [part for pointer in pointers for part in pointer.parts]
        self._call(name, [*given, *(b.like(b.constant(0, I64), k) for k in orders)])
        if result is not None and not placing:
            self._place(result, all(wide))

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
        names = [f"{which}{k}_" for k in range(kind.count) for which in "ab"]
        names += ["sums", "scale", *(["weights"] if kind.weighted else [])]
        names += ["result"] if kind.placing else []
        parameters = self._parameters(names)
        parameters += [("i64", which) for which in ("n", "low", "high", "more")]
        attributes = "nounwind noinline"
        function = define_function(self.b.module, name, "void", parameters, attributes, "internal")
        with function as (builder, arguments):
            plan, stride = self._plan(all(kind.wide)), padded(self.shifts.among.size)
            adding = _Adding(builder, self.element, kind, plan, stride, arguments)
            for group in groups([1] * len(plan), self._most):
                sums = adding.sums_of([plan[k] for k in group], group.start)
                if kind.placing:
                    self._store_placed(builder, sums, all(kind.wide), adding.pointers[-1])
                else:
                    adding.store(sums, group.start)
            builder.ret()

    @property
    def _most(self) -> int:
        return MOST_SUMS // ELEMENTS[self.element].parts

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
            self._store_placed(b, values, wide, result)
            b.ret()

    def _store_placed(self, b: Builder, sums: list[Value], wide: bool, result: Value) -> None:
        """Sums as a coefficient in memory, padding included."""
        values = placed(b, self.element, self.shifts, sums) if wide else sums
        for piece, value in zip(self.shifts.pieces, values, strict=True):
            b.store(b.normal(value), b.at(result, piece.start, self.element))
        last = self.shifts.pieces[-1]
        zero = b.constant(0, Type(self.element))
        for lane in range(last.start + max(last.lanes, 1), padded(self.shifts.among.size)):
            b.store(zero, b.at(result, lane, self.element))


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
        self.pointers = [
            b.pointers(arguments[k : k + parts]) for k in range(0, len(arguments) - 4, parts)
        ]
        self.places, (self.sums, scale, *rest) = (
            self.pointers[: 2 * kind.count],
            self.pointers[2 * kind.count :],
        )
        self.scale = b.load(Type(element), scale)
        self.weights = rest[0] if kind.weighted else None
        self.stride = stride  # from one order to the next
        self.n, self.low, self.high, self.more = arguments[-4:]

    def sums_of(self, plan: Sequence[Products], first: int) -> list[Value]:
        """Sums that registers hold, of which `first` are before them, with what is in memory."""
        b, element = self.b, self.element
        zeros = [b.constant(0, Type(element, one.piece.lanes)) for one in plan]
        totals = b.fold(self.low, self.high + 1, zeros, partial(self._products, tuple(plan)))

        scales = [b.splat(self.scale, zero.lanes) for zero in zeros]
        totals = [b.normal(total) for total in totals]

        def added() -> list[Value]:
            before = [b.load(z.type, self._place(k)) for k, z in enumerate(zeros, first)]
            return list(map(b.fma, totals, scales, before))

        def alone() -> list[Value]:
            return [total * scale for total, scale in zip(totals, scales, strict=True)]

        return b.if_(b.ne(self.more, 0), added, alone)

    def store(self, sums: Sequence[Value], first: int) -> None:
        """Leave sums in memory."""
        for k, value in enumerate(sums, first):
            self.b.store(self.b.normal(value), self._place(k))

    def _place(self, k: int) -> Value:
        return self.b.at(self.sums, k * REGISTER, self.element)

    def _products(
        self, plan: tuple[Products, ...], j: Index, totals: list[Value]
    ) -> Sequence[Value]:
        """a_j b_(n-j) of all convolutions added."""
        b, element = self.b, self.element
        weight = None
        if self.weights is not None:
            weight = b.load(Type(element), b.at(self.weights, j, element))
        for pair in zip(self.places[::2], self.places[1::2], strict=True):
            x, y = (
                Factor(b, element, b.at(place, k * (self.stride if wide else 1), element), wide)
                for place, k, wide in zip(pair, (j, self.n - j), self.kind.wide, strict=True)
            )
            totals = add_products(b, plan, x, y, totals, weight, scale_numbers=True)
        return totals
