"""Compiled functions whose arrays stay arrays."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from taylor.errors import ArgumentError, ArgumentTypeError, ShapeError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import ZERO
from taylor.nodes.operations.scalars.quotients import as_written
from taylor.numbers.precision import Precision, as_array
from taylor.points.results import SMALLEST, Spare
from taylor.points.sharing import shared_points
from taylor.recurrences.arrays import Lowered, array_work, lower_arrays
from taylor.recurrences.externals import externals
from taylor.recurrences.regions.calls import called_once, check_digits
from taylor_runtime.callables.points import ArrayFunction, build_array_function
from taylor_runtime.callables.process import shares
from taylor_runtime.program.program import Input

WORK = 8  # operations that count as a point of a formula


class CompiledArrays:
    """Expressions of arrays as a generalised ufunc.

    inputs, outputs: the expressions; kind: of the numbers; threads: how many share many points.
    """

    def __init__(
        self,
        outputs: Sequence[Expression],
        inputs: Sequence[Expression],
        kind: Precision,
        name: str,
        doc: str,
        threads: int = 1,
    ) -> None:
        self.threads = threads
        self.inputs, self.outputs = tuple(inputs), tuple(outputs)
        self.kind, self.name = kind, name
        # Empty arrays have no places in memory, and ufuncs take none.
        self._given = [e for e in self.inputs if e.size]
        self._found = [e for e in self.outputs if e.size]
        self.lowered = lower(self._found or [ZERO], self.inputs)
        self.code = self._build(doc)
        self._dtype = np.dtype(kind.dtype)
        parts = range(kind.parts)
        self._axes = [e.ndim for e in self._given for _ in parts]
        self._shapes = [e.shape for e in self._found or [ZERO] for _ in parts]
        self._is_large = any(e.size * self._dtype.itemsize >= SMALLEST for e in self.outputs)
        self._spares = [Spare() for _ in self._shapes]

    def _build(self, doc: str) -> ArrayFunction:
        lowered, kind = self.lowered, self.kind
        shapes = [e.shape for e in self._given], [e.shape for e in self._found or [ZERO]]
        if kind.is_finer:
            check_digits(self.outputs)
        found = externals(lowered.program, kind.name)
        numbers = lowered.planes(kind)
        return build_array_function(
            lowered.program, shapes, numbers, lowered.table, self.name, doc, found, kind.name
        )

    def __call__(self, arguments: Sequence[Any], options: dict[str, Any]) -> list[Any]:
        """The outputs at points that broadcast."""
        given: list[np.ndarray] = []
        points: list[tuple[int, ...]] = []  # of arguments without elements
        for e, argument in zip(self.inputs, arguments, strict=True):
            plain = type(argument) is np.ndarray and argument.dtype is self._dtype
            if plain and not self.kind.axes:
                array = argument if argument.flags.c_contiguous else argument.copy()
                self._check(e, array)
                if e.size:
                    given.append(array)
                else:
                    points.append(array.shape[: array.ndim - e.ndim])
            else:
                array = as_array(argument, self.kind, f"{self.name}: argument {e}")
                self._check(e, array)
                planes = self.kind.to_planes(array) if e.size else ()
                arrays = map(np.asarray, planes)
                given += [plane if plane.flags.c_contiguous else plane.copy() for plane in arrays]
                if not e.size:
                    points.append(array.shape[: array.ndim - len(e.shape) - len(self.kind.axes)])
        results: Any
        if not options:
            out = self._outputs(given)
            if out is not None and self.threads > 1 and self._by_threads(given, out):
                results = out[0] if len(out) == 1 else out
            elif out is None:
                results = self.code.ufunc(*given)
            else:
                results = self.code.ufunc(*given, out=out)
        else:
            try:
                results = self._with_options(given, dict(options))
            except ValueError as error:
                raise ShapeError(f"{self.name}: {error}") from None
            except TypeError as error:
                raise ArgumentTypeError(f"{self.name}: {error}") from None
        flat: list[Any] = list(results) if isinstance(results, tuple) else [results]
        parts = self.kind.parts
        if parts > 1:
            pairs = [flat[k : k + parts] for k in range(0, len(flat), parts)]
            flat = [self.kind.from_planes(np.stack(pair)) for pair in pairs]
        if any(points):
            flat = self._at_points(flat, np.broadcast_shapes(self._points(given), *points))
        if len(self._found) == len(self.outputs):
            return flat
        return self._with_empty(flat, np.broadcast_shapes(self._points(given), *points))

    def _with_options(self, given: Sequence[np.ndarray], options: dict[str, Any]) -> Any:
        """What NumPy makes of its options, but that machine code writes arrays side by side, each
        element when it is known: into memory of its own where it may not into the caller's.
        """
        if options.keys() & {"axes", "axis"}:
            raise TypeError("axes cannot be chosen; move them before, e.g. by np.moveaxis")
        outs = options.pop("out", None)
        options["order"] = "C"
        if outs is None:
            return self.code.ufunc(*given, **options)
        single = not isinstance(outs, tuple)
        outs = (outs,) if single else outs
        made = [
            o if k >= len(self._shapes) or self._takes(o, k, given) else np.empty(o.shape, o.dtype)
            for k, o in enumerate(outs)
        ]
        found = self.code.ufunc(*given, out=tuple(made), **options)
        for out, own in zip(outs, made, strict=True):
            if own is not out:
                out[...] = own
        results = found if isinstance(found, tuple) else (found,)
        results = tuple(f if o is None else o for f, o in zip(results, outs, strict=True))
        return results[0] if len(results) == 1 else results

    def _takes(self, out: Any, k: int, given: Sequence[np.ndarray]) -> bool:
        """Whether machine code may write result k there."""
        if not isinstance(out, np.ndarray):
            return True
        points = out.ndim - len(self._shapes[k])
        inner = out[(0,) * points] if points > 0 and out.size else out
        if not inner.flags.c_contiguous:
            return False
        return not any(np.may_share_memory(a, out) for a in given) or self.is_elementwise

    @cached_property
    def is_elementwise(self) -> bool:
        """Whether an element is made of elements at its own place, and of numbers."""
        program = self.lowered.program
        rows = [program.row(k) for k in range(len(program.rows))]
        return (
            all(row.moved is None for row in rows) and len({row.shape for row in rows} - {()}) < 2
        )

    def _at_points(self, flat: list[Any], points: tuple[int, ...]) -> list[Any]:
        """Results repeated to points that arguments without elements have."""
        axes = self.kind.axes
        pairs = zip(flat, self._found or [ZERO], strict=True)
        return [np.broadcast_to(found, (*points, *e.shape, *axes)).copy() for found, e in pairs]

    def entry(
        self, packed: bool, otherwise: Callable[..., Any] | None, wholes: Sequence[bool] = ()
    ) -> Callable[..., Any] | None:
        """A built-in function of arrays at one point, or None; see `Function.make_entry`."""
        if self.kind.axes or len(self._given) < len(self.inputs) or not self._found:
            return None
        if len(self._found) < len(self.outputs):
            return None
        makers = [self._maker(k) for k in range(len(self.outputs))]
        shapes = [e.shape for e in self._given], [e.shape for e in self._found]
        return self.code.entry(*shapes, packed, otherwise, makers, wholes)

    def _maker(self, k: int) -> Callable[..., np.ndarray] | None:
        """What gives memory for result k, if that is worth keeping."""
        shape, spare, dtype = self._shapes[k], self._spares[k], self._dtype
        if math.prod(shape) * dtype.itemsize < SMALLEST:
            return None

        def make(*arguments: Any) -> np.ndarray:
            arrays = [a for a in arguments if isinstance(a, np.ndarray)]
            beside = max(arrays, key=lambda array: array.nbytes, default=None)
            return spare.array(shape, dtype, beside)

        return make

    def _with_empty(self, flat: list[Any], points: tuple[int, ...]) -> list[Any]:
        """The results, and those of no elements among them."""
        found, axes = iter(flat), self.kind.axes
        return [
            next(found) if e.size else np.empty((*points, *e.shape, *axes), self._dtype)
            for e in self.outputs
        ]

    def _points(self, given: Sequence[np.ndarray]) -> tuple[int, ...]:
        """The shape of the points that arguments have."""
        pairs = zip(given, self._axes, strict=True)
        return np.broadcast_shapes(*(array.shape[: array.ndim - axes] for array, axes in pairs))

    def _by_threads(self, given: Sequence[np.ndarray], out: tuple[np.ndarray | None, ...]) -> bool:
        """Fill results by several threads, if there are points enough for that."""
        points = self._points(given)
        work = math.prod(points) * array_work(self.outputs) // WORK
        threads = shares(work, self.threads) if points else 1
        arrays = [array for array in out if array is not None]
        if threads == 1 or len(arrays) < len(out):
            return False
        shapes = [e.shape for e in self._given for _ in range(self.kind.parts)]
        shared_points(self.code.ufunc, given, shapes, arrays, points, threads)
        return True

    def _outputs(self, given: Sequence[np.ndarray]) -> tuple[np.ndarray | None, ...] | None:
        """Memory for large results at the points of all arguments; None for small ones."""
        points: tuple[int, ...] = ()
        if [array.ndim for array in given] != self._axes:
            points = self._points(given)
        elif not self._is_large:
            return None
        beside = max(given, key=lambda array: array.nbytes, default=None)
        return tuple(
            spare.array((*points, *shape), self._dtype, beside) if points or shape else None
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
    return lower_arrays(as_written(called_once(outputs)), sources, 0, own=0)
