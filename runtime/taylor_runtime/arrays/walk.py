"""How the elements of a shape are walked: axes merged, one of them in lanes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from taylor_runtime.arithmetic.chunk import Chunk
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.arrays import Shape
from taylor_runtime.program.records import dataclass

STRIDED = 8  # what loads lane by lane cost, in loads of whole vectors


@dataclass(frozen=True, slots=True)
class Axis:
    """Neighbouring axes of a shape that are walked as one.

    last: the innermost of them, whose stride is that of the walk.
    """

    last: int
    size: int
    summed: bool


@dataclass(frozen=True, slots=True)
class Walk:
    """Loops over the elements of a shape, outermost first, those that are summed inside.

    vector: which axis is in lanes; None for a single element.
    """

    shape: Shape
    axes: tuple[Axis, ...]
    vector: int | None

    @property
    def kept(self) -> int:
        """How many of the axes are not summed."""
        return sum(not axis.summed for axis in self.axes)


@dataclass(frozen=True, slots=True)
class Place(Chunk):
    """Some elements side by side along one axis of a walk.

    indices: along the axes of the walk, of the first lane.
    fresh: i1 lanes, which were not in the chunk before; None where all are.
    """

    walk: Walk
    indices: tuple[Index, ...]
    fresh: Value | None = None


def aligned(strides: Shape, shape: Shape, space: Shape) -> Shape:
    """The strides of an operand along the axes of a shape that it is broadcast to."""
    own = [0 if n == 1 else s for s, n in zip(strides, shape, strict=True)]
    return (*[0] * (len(space) - len(shape)), *own)


def walk_of(
    shape: Shape, accesses: Iterable[Shape], summed: Sequence[int] = (), apart: bool = False
) -> Walk:
    """The walk over a shape for all that is read and written at strides along its axes.

    apart: the first axis is walked by itself, outside of all others.
    """
    listed = list(dict.fromkeys(accesses))
    merged: list[tuple[Axis, Shape]] = []  # with the strides of all accesses
    for number, size in enumerate(shape):
        if size == 1:
            continue
        strides = tuple(access[number] for access in listed)
        is_summed = number in summed
        if merged and not (apart and len(merged) == 1):
            before, outer = merged[-1]
            fits = all(o == s * size for o, s in zip(outer, strides, strict=True))
            if fits and before.summed == is_summed:
                merged[-1] = (Axis(number, before.size * size, is_summed), strides)
                continue
        merged.append((Axis(number, size, is_summed), strides))
    alone = int(apart)
    vector = _vector(merged[alone:])
    vector = None if vector is None else vector + alone
    axes = [axis for axis, _ in merged]
    chosen = None if vector is None else axes[vector]
    kept = [axis for axis in axes if not axis.summed and axis is not chosen]
    inner = [axis for axis in axes if axis.summed and axis is not chosen]
    if chosen is None:
        return Walk(shape, (*kept, *inner), None)
    ordered = [*kept, *inner, chosen] if chosen.summed else [*kept, chosen, *inner]
    return Walk(shape, tuple(ordered), ordered.index(chosen))


def _vector(merged: Sequence[tuple[Axis, Shape]]) -> int | None:
    """The axis along which all elements cost least: the innermost of equals."""
    best, cheapest = None, math.inf
    for number, (axis, strides) in enumerate(merged):
        loads = 1 + sum(1 if stride in (0, 1) else STRIDED for stride in strides)
        cost = loads * -(-axis.size // STRIDED) / max(axis.size, 1)
        if cost <= cheapest:
            best, cheapest = number, cost
    return best
