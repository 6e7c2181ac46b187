"""Norms over states that are polynomials: derivatives of each order relative to their largest."""

from __future__ import annotations

import math
from collections.abc import Sequence

from taylor_runtime.arithmetic.chunk import Chunk, chunks
from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.types import Type
from taylor_runtime.ir.values import Value
from taylor_runtime.program.flow import FlowProgram, LinearProgram
from taylor_runtime.series.protocol import Series
from taylor_runtime.steps.norms import StateNorms, checked_rows
from taylor_runtime.steps.states import StateRows


class FlowNorms(StateNorms):
    """A quiet state may have derivatives that grow: each order of these has a norm N_k of its own,
    the largest max(|x_i|, |h x'_i|) of its coefficients, by which they are divided.

    The tolerance array holds for a state its atol / rtol, as ever, and for coefficients of further
    orders a factor, 1 where they are as important as the state, 0 where they are not looked at.

    componentwise: states have tolerances of their own.
    """

    def __init__(
        self,
        series: Series,
        rows: StateRows,
        componentwise: bool,
        tolerances: Value,
        program: FlowProgram,
    ) -> None:
        super().__init__(series.b, rows, True, tolerances, checked_rows(series, rows))
        self.componentwise = componentwise
        self.degrees = program.among.degrees.tolist()

    def scale_of(self, state: Value, slopes: Sequence[Value], factor: Value) -> Value:
        b = self.b
        assert self.weight_memory is not None
        values, slopes = self._doubles(self.rows.load_all(b, state)), self._doubles(slopes)
        sizes = [
            self._maximum(b.fabs(x), b.fabs(s * b.splat(b.fabs(factor), s.lanes)))
            for x, s in zip(values, slopes, strict=True)
        ]
        listed = chunks(self.rows.widths[0])
        shared = self._shared_weights(listed, sizes)
        given = self.rows.load_all(b, self.tolerances, "double")
        targets = self._addresses(self.weight_memory)
        for k, (size, asked, target) in enumerate(zip(sizes, given, targets, strict=True)):
            place = k % len(listed)
            weight = asked * shared[place]
            if self.degrees[0] == 0 and place == 0:
                weight = self._of_state(weight, shared[0], size, asked)
            b.store(weight, target)
        return b.constant(1, Type("double"))

    def _shared_weights(self, listed: Sequence[Chunk], sizes: Sequence[Value]) -> list[Value]:
        """1 / N of the order of each monomial, 0 where that is zero or no monomial is."""
        b, count = self.b, len(listed)
        largest = [self._tree(list(sizes[k::count])) for k in range(count)]
        found = [b.constant(0, value.type) for value in largest]
        for degree in range(max(self.degrees) + 1):
            masks = [self._mask(chunk, degree) for chunk in listed]
            parts = [
                self._across(b.select(mask, value, b.constant(0, value.type)))
                for mask, value in zip(masks, largest, strict=True)
                if mask is not None
            ]
            norm = self._tree(parts)
            inverse = b.select(norm > 0, 1 / norm, b.constant(0, norm.type))
            inverse = b.select(inverse < math.inf, inverse, b.constant(0, norm.type))
            found = [
                old if mask is None else b.select(mask, b.splat(inverse, old.lanes), old)
                for mask, old in zip(masks, found, strict=True)
            ]
        return found

    def _mask(self, chunk: Chunk, degree: int) -> Value | None:
        """Which lanes of a chunk are monomials of a degree; None for none of them."""
        assert isinstance(chunk.offset, int)
        places = range(chunk.offset, chunk.offset + max(chunk.lanes, 1))
        here = [k < len(self.degrees) and self.degrees[k] == degree for k in places]
        if not any(here):
            return None
        return self.b.constants([int(one) for one in here], "i1")

    def _of_state(self, weight: Value, shared: Value, size: Value, asked: Value) -> Value:
        """A first chunk's weights, of which the state's own is not a factor but a tolerance."""
        b = self.b
        own = b.extract(shared, 0)
        if self.componentwise:
            whole = b.extract(asked, 0) + b.extract(size, 0)
            zero = b.constant(0, whole.type)
            own = b.select(whole > 0, 1 / whole, zero)
            own = b.select(own < math.inf, own, zero)
        return b.insert(weight, own, 0)


class LinearNorms(StateNorms):
    """As `FlowNorms`, of rows of numbers and rows of derivatives."""

    def __init__(
        self,
        series: Series,
        rows: StateRows,
        componentwise: bool,
        tolerances: Value,
        program: LinearProgram,
    ) -> None:
        super().__init__(series.b, rows, True, tolerances, checked_rows(series, rows))
        self.componentwise = componentwise
        self.derived = [
            program.is_polynomial(row)
            for row, width in zip(rows.rows, rows.widths, strict=True)
            for _ in rows.chunks(width)
        ]

    def scale_of(self, state: Value, slopes: Sequence[Value], factor: Value) -> Value:
        b = self.b
        assert self.weight_memory is not None
        values, slopes = self._doubles(self.rows.load_all(b, state)), self._doubles(slopes)
        sizes = [
            self._maximum(b.fabs(x), b.fabs(s * b.splat(b.fabs(factor), s.lanes)))
            for x, s in zip(values, slopes, strict=True)
        ]
        shared = [
            inverse_of(
                self.b,
                self.largest([v for v, d in zip(sizes, self.derived, strict=True) if d == k]),
            )
            for k in (False, True)
        ]
        given = self.rows.load_all(b, self.tolerances, "double")
        targets = self._addresses(self.weight_memory)
        for size, asked, target, derived in zip(sizes, given, targets, self.derived, strict=True):
            if derived:
                weight = asked * b.splat(shared[1], asked.lanes)
            else:
                weight = inverse_of(self.b, asked + size) if self.componentwise else shared[0]
            b.store(weight, target)
        return b.constant(1, Type("double", self.lanes))


def inverse_of(b: Builder, norm: Value) -> Value:
    """1 / norm, 0 where that is not to be had."""
    zero = b.constant(0, norm.type)
    inverse = b.select(norm > 0, 1 / norm, zero)
    return b.select(inverse < math.inf, inverse, zero)
