"""Norms over states with their first derivatives: these relative to the largest of them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from taylor_runtime.ir.types import Type
from taylor_runtime.ir.values import Value
from taylor_runtime.program.linear import LinearProgram
from taylor_runtime.series.protocol import Series
from taylor_runtime.steps.norms import StateNorms
from taylor_runtime.steps.states import StateRows


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
        super().__init__(series, rows, True, tolerances)
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
            self._inverse(self.largest([v for v, d in zip(sizes, self.derived, strict=True) if d == k]))
            for k in (False, True)
        ]
        given = self.rows.load_all(b, self.tolerances, "double")
        targets = self._addresses(self.weight_memory)
        for size, asked, target, derived in zip(sizes, given, targets, self.derived, strict=True):
            if derived:
                weight = asked * b.splat(shared[1], asked.lanes)
            else:
                weight = self._inverse(asked + size) if self.componentwise else shared[0]
            b.store(weight, target)
        return b.constant(1, Type("double", self.lanes))

    def _inverse(self, norm: Value) -> Value:
        """1 / norm, 0 where that is not to be had."""
        b, zero = self.b, self.b.constant(0, norm.type)
        inverse = b.select(norm > 0, 1 / norm, zero)
        return b.select(inverse < math.inf, inverse, zero)
