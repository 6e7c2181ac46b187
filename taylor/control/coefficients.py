"""Formulas of many numbers, as the coefficients of functions with loops, compiled for points."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from taylor.expressions.arguments import argument
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import stack
from taylor.expressions.substitute import substitute_all
from taylor.nodes.operations.scalars.quotients import as_written
from taylor.nodes.regions import has_regions
from taylor.nodes.traverse import reachable
from taylor.numbers.precision import Precision, as_precision
from taylor.recurrences.arrays import lower_arrays
from taylor.recurrences.externals import externals
from taylor.recurrences.lowered import lowered
from taylor.recurrences.regions.calls import called_once, check_digits
from taylor.recurrences.regions.rows import needs_arrays
from taylor_runtime.callables.points import ArrayFunction, build_array_function, build_formula
from taylor_runtime.callables.process import in_shares, shares
from taylor_runtime.program.program import Input


class Formulas:
    """Scalar expressions of scalar inputs as machine code over points."""

    def __init__(
        self, outputs: Sequence[Expression], inputs: Sequence[Expression], precision: str
    ) -> None:
        self._kind = as_precision(precision)
        self._outputs = len(outputs)
        self._arrays: ArrayFunction | None = None
        if has_regions(outputs) and any(map(needs_arrays, reachable(outputs))):
            self._arrays = _of_arrays(outputs, inputs, self._kind)
            self._kept = outputs  # what machine code calls lives as long
            return
        sources = {e: Input("parameter", (i,)) for i, e in enumerate(inputs)}
        program, linked = lowered(as_written(outputs), sources, 0, precision=precision)
        self._code = build_formula(program, "coefficients", "", linked, precision)

    def run(self, numbers: np.ndarray, threads: int) -> np.ndarray:
        """Values, shape (parts, outputs, points), from those of inputs (parts, inputs, points)."""
        parts, count, points = numbers.shape
        if self._arrays is not None:
            found = self._arrays.ufunc(*np.ascontiguousarray(numbers.swapaxes(1, 2)))
            return np.stack(found if parts > 1 else [found]).swapaxes(1, 2)
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


def _of_arrays(
    outputs: Sequence[Expression], inputs: Sequence[Expression], kind: Precision
) -> ArrayFunction:
    """The same as a function of one array, where scalars alone have no rows."""
    own = argument("x", (len(inputs),))
    table = {e: own[k] for k, e in enumerate(inputs)}
    whole = stack(substitute_all(outputs, table))
    if kind.is_finer:
        check_digits([whole])
    found = lower_arrays(called_once([whole]), {own: Input("parameter", (0,))}, 0)
    linked = externals(found.program, kind.name)
    shapes = [own.shape], [whole.shape]
    return build_array_function(
        found.program,
        shapes,
        found.planes(kind),
        found.table,
        "coefficients",
        "",
        linked,
        kind.name,
    )
