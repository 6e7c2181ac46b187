"""Formulas of many numbers, as the coefficients of functions with loops, compiled for points."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from taylor.expressions.expression import Expression
from taylor.numbers.precision import as_precision
from taylor.recurrences.lowered import lowered
from taylor_runtime.callables.points import build_formula
from taylor_runtime.callables.process import in_shares, shares
from taylor_runtime.program.program import Input


class Formulas:
    """Scalar expressions of scalar inputs as machine code over points."""

    def __init__(
        self, outputs: Sequence[Expression], inputs: Sequence[Expression], precision: str
    ) -> None:
        sources = {e: Input("parameter", (i,)) for i, e in enumerate(inputs)}
        program, externals = lowered(outputs, sources, 0, precision=precision)
        self._kind = as_precision(precision)
        self._outputs = len(outputs)
        self._code = build_formula(program, "coefficients", "", externals, precision)

    def run(self, numbers: np.ndarray, threads: int) -> np.ndarray:
        """Values, shape (parts, outputs, points), from those of inputs (parts, inputs, points)."""
        parts, count, points = numbers.shape
        columns = np.ascontiguousarray(numbers.transpose(1, 0, 2)).reshape(count * parts, points)
        found = np.empty((self._outputs * parts, points), self._kind.dtype)
        code = self._code

        def work(first: int, last: int) -> None:
            given, results = columns[:, first:last], found[:, first:last]
            if code.ufunc is not None:
                code.ufunc(*given, out=tuple(results))
            elif code.rows is not None:
                code.rows(given.T, out=results.T)

        in_shares(work, points, shares(points * self._outputs, threads))
        return found.reshape(self._outputs, parts, points).transpose(1, 0, 2)
