"""Long arrays of points, shared among threads."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from taylor_runtime.callables.process import in_shares, shares

_LONG = 2**15  # points that several threads may share


def shared(
    ufunc: np.ufunc,
    arguments: Sequence[Any],
    options: dict[str, Any],
    threads: int,
    dtype: Any,
) -> Any:
    """The results of ufunc(*arguments, out=...), by several threads if that pays."""
    if threads == 1 or not any(getattr(a, "size", 0) > _LONG for a in arguments):
        return ufunc(*arguments, **options)
    arrays = [a for a in arguments if type(a) is np.ndarray and a.dtype == dtype]
    plain = len(arrays) + sum(type(a) in (int, float, np.float64) for a in arguments)
    wanted = options.get("out")
    outs = [o for o in (wanted if isinstance(wanted, tuple) else (wanted,)) if o is not None]
    shape = np.broadcast_shapes(*(a.shape for a in (*arrays, *outs) if type(a) is np.ndarray))
    threads = shares(math.prod(shape), threads)
    regular = all(type(o) is np.ndarray and o.shape == shape for o in outs)
    overlap = any(np.may_share_memory(o, a) for o in outs for a in arrays)
    complete = not outs or len(outs) == ufunc.nout
    if plain < len(arguments) or not regular or overlap or not complete:
        return ufunc(*arguments, **options)
    results = outs or [np.empty(shape, dtype) for _ in range(ufunc.nout)]
    axis = int(np.argmax(shape))

    def work(first: int, last: int) -> None:
        part = (slice(None),) * axis + (slice(first, last),)
        given = [np.broadcast_to(a, shape)[part] for a in arguments]
        ufunc(*given, out=tuple(result[part] for result in results))

    in_shares(work, shape[axis], min(threads, shape[axis]))
    return results[0] if ufunc.nout == 1 else tuple(results)


def shared_points(
    ufunc: np.ufunc,
    given: Sequence[np.ndarray],
    shapes: Sequence[tuple[int, ...]],
    out: Sequence[np.ndarray],
    points: tuple[int, ...],
    threads: int,
) -> None:
    """A generalised ufunc at points that several threads share, each with some along one axis.

    shapes: of what the function takes at one point; points: that all arguments are broadcast to,
    as results are.
    """
    axis = int(np.argmax(points))

    def work(first: int, last: int) -> None:
        part = (slice(None),) * axis + (slice(first, last),)
        parts = []
        for array, shape in zip(given, shapes, strict=True):
            parts.append(np.broadcast_to(array, (*points, *shape))[part])
        ufunc(*parts, out=tuple(result[part] for result in out))

    in_shares(work, points[axis], min(threads, points[axis]))
