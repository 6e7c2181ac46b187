"""Compiled functions whose arrays stay arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from taylor.errors import ArgumentError
from taylor.expressions.expression import Expression
from taylor.numbers.precision import Precision, as_array
from taylor.points.results import SMALLEST, Spare
from taylor.recurrences.arrays import Lowered, lower_arrays
from taylor.recurrences.externals import externals
from taylor_runtime.callables.arrays import ArrayFunction, build_array_function
from taylor_runtime.program.program import Input


class CompiledArrays:
    """Expressions of arrays as a generalised ufunc.

    inputs, outputs: the expressions; kind: of the numbers.
    """

    def __init__(
        self,
        outputs: Sequence[Expression],
        inputs: Sequence[Expression],
        kind: Precision,
        name: str,
        doc: str,
    ) -> None:
        self.inputs, self.outputs = tuple(inputs), tuple(outputs)
        self.kind, self.name = kind, name
        self.lowered = lower(outputs, inputs)
        self.code = self._build(doc)
        self._dtype = np.dtype(kind.dtype)
        parts = range(kind.parts)
        self._axes = [e.ndim for e in self.inputs for _ in parts]
        self._shapes = [e.shape for e in self.outputs for _ in parts]
        self._is_large = any(e.size * self._dtype.itemsize >= SMALLEST for e in self.outputs)
        self._spares = [Spare() for _ in self._shapes]

    def _build(self, doc: str) -> ArrayFunction:
        lowered, kind = self.lowered, self.kind
        shapes = [e.shape for e in self.inputs], [e.shape for e in self.outputs]
        found = externals(lowered.program)
        numbers = lowered.planes(kind)
        return build_array_function(
            lowered.program, shapes, numbers, lowered.table, self.name, doc, found, kind.name
        )

    def __call__(self, arguments: Sequence[Any], options: dict[str, Any]) -> list[Any]:
        """The outputs, or two columns of each in double-double, at points that broadcast."""
        given: list[np.ndarray] = []
        for e, argument in zip(self.inputs, arguments, strict=True):
            plain = type(argument) is np.ndarray and argument.dtype is self._dtype
            if plain and not self.kind.axes:
                array = argument if argument.flags.c_contiguous else argument.copy()
                self._check(e, array)
                given.append(array)
            else:
                array = as_array(argument, self.kind, f"{self.name}: argument {e}")
                self._check(e, array)
                planes = self.kind.to_planes(array)
                given += [np.ascontiguousarray(plane) for plane in planes]
        if not options:
            out = self._outputs(given)
            results = self.code.ufunc(*given) if out is None else self.code.ufunc(*given, out=out)
        else:
            results = self.code.ufunc(*given, **options)
        flat = list(results) if isinstance(results, tuple) else [results]
        parts = self.kind.parts
        if parts == 1:
            return flat
        pairs = [flat[k : k + parts] for k in range(0, len(flat), parts)]
        return [self.kind.from_planes(np.stack(pair)) for pair in pairs]

    def _outputs(self, given: Sequence[np.ndarray]) -> tuple[np.ndarray | None, ...] | None:
        """Memory for large results at the points of all arguments; None for small ones."""
        points: tuple[int, ...] = ()
        if [array.ndim for array in given] != self._axes:
            pairs = zip(given, self._axes, strict=True)
            leading = [array.shape[: array.ndim - axes] for array, axes in pairs]
            points = np.broadcast_shapes(*leading)
        elif not self._is_large:
            return None
        return tuple(
            spare.array((*points, *shape), self._dtype) if points or shape else None
            for spare, shape in zip(self._spares, self._shapes, strict=True)
        )

    def _check(self, e: Expression, array: np.ndarray) -> None:
        shape = (*e.shape, *self.kind.axes)
        if shape and array.shape[array.ndim - len(shape) :] != shape:
            raise ArgumentError(
                f"{self.name}: argument {e} must have last axes {shape}, got shape {array.shape}"
            )


def lower(outputs: Sequence[Expression], inputs: Sequence[Expression]) -> Lowered:
    """The program of order 0 whose slots of source "parameter" are the inputs' elements."""
    sources, first = {}, 0
    for e in inputs:
        sources[e] = Input("parameter", (first,))
        first += e.size
    return lower_arrays(outputs, sources, 0)
