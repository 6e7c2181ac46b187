"""Norms over states that are long polynomials: loops over vectors in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from taylor_runtime.arithmetic.chunk import Chunk
from taylor_runtime.flows.alike import AlikeMemory
from taylor_runtime.ir.types import Type
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.arrays import ArrayProgram
from taylor_runtime.program.flow import FlowProgram, LinearProgram
from taylor_runtime.program.widths import REGISTER, padded
from taylor_runtime.series.protocol import Series
from taylor_runtime.steps.flow_norms import FlowNorms, LinearNorms, inverse_of
from taylor_runtime.steps.norms import LARGEST_WEIGHT, StateNorms, checked_rows
from taylor_runtime.steps.states import StateRows

Terms = Callable[[Index], list[Value]]  # place in the state vector -> values whose norms are wanted


class LoopedNorms(FlowNorms):
    """The same for rows of one width, many monomials each: state-shaped values are one address
    where they lie like the state vector.
    """

    def __init__(
        self,
        series: Series,
        rows: StateRows,
        componentwise: bool,
        tolerances: Value,
        program: FlowProgram,
    ) -> None:
        super().__init__(series, rows, componentwise, tolerances, program)
        self.series = series
        self.pitch = padded(rows.widths[0])
        self.vector = REGISTER if self.pitch % REGISTER == 0 else self.pitch
        self._shared = self.b.alloca("double", self.pitch)
        degrees = [*self.degrees, *[-1] * (self.pitch - len(self.degrees))]
        self._degrees = self.b.table(degrees, "double")

    # -- state-shaped values ----------------------------------------------------------------------

    def values(self, make: Callable[[int, Chunk], Value], steps: bool = True) -> list[Value]:
        b, element = self.b, self.rows.element
        target = b.alloca(element, self.rows.size)

        def one(position: Index, row: int, chunk: Chunk) -> None:
            self.rows.store(b, b.normal(make(row, chunk)), target, position, chunk)

        self.rows.each_alike(self.series, one, steps=steps)
        return [target]

    def read(self, vector: Value) -> list[Value]:
        return [vector]

    def _at(self, vector: Value, place: Index) -> Value:
        """Some of the numbers of a vector, in double."""
        b, element = self.b, self.rows.element
        return b.to_double(b.load(Type(element, self.vector), b.at(vector, place, element)))

    def _weight(self, place: Index) -> Value:
        assert self.weight_memory is not None
        return self._double(self.weight_memory, place)

    def _double(self, base: Value, place: Index) -> Value:
        return self.b.load(Type("double", self.vector), self.b.at(base, place))

    def _zero(self) -> Value:
        return self.b.constant(0, Type("double", self.vector))

    # -- norms ------------------------------------------------------------------------------------

    def _maxima(self, terms: Terms, count: int) -> list[Value]:
        """The largest of some absolute values, over all places."""

        def one(k: Index, found: list[Value]) -> Sequence[Value]:
            values = terms(k * self.vector)
            return [
                self._maximum(self.b.fabs(value), old)
                for value, old in zip(values, found, strict=True)
            ]

        zeros = [self._zero()] * count
        found = self.b.fold(0, self.rows.size // self.vector, zeros, one)
        return [self._across(value) for value in found]

    def finite(self, groups: Sequence[list[Value]]) -> Value:
        vectors = [vector for group in groups for vector in group]

        def one(k: Index, totals: list[Value]) -> Sequence[Value]:
            values = [self._at(vector, k * self.vector) for vector in vectors]
            return [self.b.fma(v, 0.0, t) for v, t in zip(values, totals, strict=True)]

        zeros = [self._zero()] * len(vectors)
        totals = self.b.fold(0, self.rows.size // self.vector, zeros, one)
        bad = [self.b.ne(total, 0) for total in totals]
        whole = bad[0]
        for other in bad[1:]:
            whole = whole | other
        return ~self.b.any_lane(whole)

    def largest(self, values: Sequence[Value]) -> Value:
        return self._maxima(lambda place: [self._at(v, place) for v in values], len(values))[0]

    def measure(self, values: Sequence[Value]) -> Value:
        (vector,) = values
        return self._maxima(lambda place: [self._at(vector, place) * self._weight(place)], 1)[0]

    def defect(self, slopes: Sequence[Value], predicted: Value, scale: Value, h: Value) -> Value:
        b, lanes, element = self.b, self.vector, self.rows.element
        (vector,) = slopes
        per_scale = b.splat(b.from_double(1 / scale, element), lanes)  # exact
        factor = b.splat(b.fabs(h / scale), lanes)
        flags = b.table([int(checked) for checked in self.checked], "double")
        largest = b.constant(LARGEST_WEIGHT, Type("double", lanes))

        def row(i: Index, found: list[Value]) -> Sequence[Value]:
            checked = b.splat(b.load(Type("double"), b.at(flags, i)), lanes)

            def one(k: Index, found: list[Value]) -> Sequence[Value]:
                place = k * lanes + i * self.pitch
                t = Type(element, lanes)
                value = b.load(t, b.at(vector, place, element))
                expected = b.load(t, b.at(predicted, place, element))
                difference = b.to_double(value * per_scale - expected)
                difference = b.select(checked > 0, difference, self._zero())
                weight = self._weight(place)
                moved = b.fabs(b.to_double(value)) * factor
                weight = b.select(weight > 0, weight, 1 / moved)
                weight = b.select(weight < largest, weight, largest)
                return [self._maximum(b.fabs(difference * weight), found[0])]

            return b.fold(0, self.pitch // lanes, found, one)

        found = b.fold(0, len(self.rows.rows), [self._zero()], row)
        return self._across(found[0]) * h

    # -- weights ----------------------------------------------------------------------------------

    def scale_of(self, state: Value, slopes: Sequence[Value], factor: Value) -> Value:
        b, lanes, pitch = self.b, self.vector, self.pitch
        assert self.weight_memory is not None
        weights = self.weight_memory
        (slope,) = slopes
        moving = b.splat(b.fabs(factor), lanes)
        vectors, count = pitch // lanes, len(self.rows.rows)

        def size(place: Index) -> Value:
            moved = b.fabs(self._at(slope, place) * moving)
            return self._maximum(b.fabs(self._at(state, place)), moved)

        def column(k: Index, _: list[Value]) -> Sequence[Value]:
            def one(i: Index, found: list[Value]) -> Sequence[Value]:
                own = size(i * pitch + k * lanes)
                b.store(own, b.at(weights, i * pitch + k * lanes))
                return [self._maximum(own, found[0])]

            found = b.fold(0, count, [self._zero()], one)
            known = self._double(self._degrees, k * lanes) >= 0  # else padding
            b.store(b.select(known, found[0], self._zero()), b.at(self._shared, k * lanes))
            return []

        b.fold(0, vectors, [], column)
        self._invert()

        def row(i: Index, _: list[Value]) -> Sequence[Value]:
            base = b.at(weights, i * pitch)
            first = b.load(Type("double"), base)
            given = b.at(self.tolerances, i * pitch)
            asked = b.load(Type("double"), given)

            def one(k: Index, _: list[Value]) -> Sequence[Value]:
                weight = self._double(given, k * lanes) * self._double(self._shared, k * lanes)
                b.store(weight, b.at(base, k * lanes))
                return []

            b.fold(0, vectors, [], one)
            if self.degrees[0] == 0:
                own = b.load(Type("double"), self._shared)
                if self.componentwise:
                    own = inverse_of(self.b, asked + first)
                b.store(own, base)
            return []

        b.fold(0, count, [], row)
        return b.constant(1, Type("double"))

    def _invert(self) -> None:
        """Of the largest sizes of each monomial make 1 / N of its order."""
        b, lanes = self.b, self.vector
        firsts, lasts = self._vectors_of_degrees()
        begin, end = b.table(firsts, "i64"), b.table(lasts, "i64")
        kind = Type("i64")

        def degree(d: Index, _: list[Value]) -> Sequence[Value]:
            low, high = (b.load(kind, b.at(table, d, "i64")) for table in (begin, end))
            wanted = b.splat(b.cast("sitofp", d, "double"), lanes)  # type: ignore[arg-type]

            def largest(k: Index, found: list[Value]) -> Sequence[Value]:
                mask = b.eq(self._double(self._degrees, k * lanes), wanted)
                value = b.select(mask, self._double(self._shared, k * lanes), self._zero())
                return [self._maximum(value, found[0])]

            norm = self._across(b.fold(low, high, [self._zero()], largest)[0])
            inverse = b.splat(inverse_of(self.b, norm), lanes)

            def put(k: Index, _: list[Value]) -> Sequence[Value]:
                place = b.at(self._shared, k * lanes)
                mask = b.eq(self._double(self._degrees, k * lanes), wanted)
                b.store(b.select(mask, inverse, self._double(self._shared, k * lanes)), place)
                return []

            b.fold(low, high, [], put)
            return []

        b.fold(0, max(self.degrees) + 1, [], degree)

    def _vectors_of_degrees(self) -> tuple[list[int], list[int]]:
        """For each degree the first vector with one of its monomials, and the end."""
        places = range(max(self.degrees) + 1)
        found = [[k for k, degree in enumerate(self.degrees) if degree == d] for d in places]
        firsts = [min(own) // self.vector if own else 0 for own in found]
        lasts = [max(own) // self.vector + 1 if own else 0 for own in found]
        return firsts, lasts


def norms_of(series: Series, rows: StateRows, weighted: bool, tolerances: Value) -> StateNorms:
    """The norms for a series: of numbers, or of polynomials, written out or in loops."""
    program = series.program
    if isinstance(program, ArrayProgram):
        from taylor_runtime.steps.wide_norms import WideNorms

        return WideNorms(series, rows, weighted, tolerances)
    if isinstance(program, LinearProgram):
        return LinearNorms(series, rows, weighted, tolerances, program)
    if not isinstance(program, FlowProgram):
        return StateNorms(series.b, rows, weighted, tolerances, checked_rows(series, rows))
    if isinstance(series.memory, AlikeMemory) and len(set(rows.widths)) == 1:
        return LoopedNorms(series, rows, weighted, tolerances, program)
    return FlowNorms(series, rows, weighted, tolerances, program)
