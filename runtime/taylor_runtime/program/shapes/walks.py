"""How the elements of a shape are walked: axes merged, one of them in lanes.  Strides decide it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

from taylor_runtime.program.arrays import Shape
from taylor_runtime.program.records import dataclass
from taylor_runtime.program.verify import ProgramError

STRIDED = 8  # what loads lane by lane cost, in loads of whole vectors


@dataclass(frozen=True, slots=True)
class Axis:
    """Neighbouring axes of a shape that are walked as one.

    first, last: the outermost and the innermost of them, whose stride is that of the walk.
    """

    first: int
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
class Lanes:
    """Which axis has to be in lanes.

    summed: these axes, which are summed and walked as one; () for any that is not summed.
    last:   whether it is the last one, so that elements come in row-major order.
    """

    summed: tuple[int, ...] = ()
    last: bool = False


def aligned(strides: Shape, shape: Shape, space: Shape) -> Shape:
    """The strides of an operand along the axes of a shape that it is broadcast to."""
    own = [0 if n == 1 else s for s, n in zip(strides, shape, strict=True)]
    return (*[0] * (len(space) - len(shape)), *own)


def are_one(axes: Sequence[int], shape: Shape, accesses: Iterable[Shape]) -> bool:
    """Whether these axes can be walked as one at all of the strides."""
    wide = [axis for axis in axes if shape[axis] != 1]
    neighbours = list(pairwise(wide))
    return all(access[a] == access[b] * shape[b] for access in accesses for a, b in neighbours)


def walk_of(
    shape: Shape,
    accesses: Iterable[Shape],
    summed: Sequence[int] = (),
    apart: bool = False,
    lanes: Lanes | None = None,
) -> Walk:
    """The walk over a shape for all that is read and written at strides along its axes.

    apart: the first axis is walked by itself, outside of all others.
    lanes: what is known of the axis in lanes; by default it is the one along which elements cost
        least.

    Raises ProgramError where axes that are to be in lanes cannot be walked as one.
    """
    listed = list(dict.fromkeys(accesses))
    together = () if lanes is None else lanes.summed
    merged: list[tuple[Axis, Shape]] = []  # with the strides of all accesses
    for number, size in enumerate(shape):
        if size == 1:
            continue
        strides = tuple(access[number] for access in listed)
        is_summed = number in summed
        if merged and not (apart and len(merged) == 1):
            before, outer = merged[-1]
            fits = all(o == s * size for o, s in zip(outer, strides, strict=True))
            alike = (before.summed, before.last in together) == (is_summed, number in together)
            if fits and alike:
                axis = Axis(before.first, number, before.size * size, is_summed)
                merged[-1] = (axis, strides)
                continue
        merged.append((Axis(number, number, size, is_summed), strides))
    chosen = _in_lanes(merged, int(apart), lanes)
    axes = [axis for axis, _ in merged]
    kept = [axis for axis in axes if not axis.summed and axis is not chosen]
    inner = [axis for axis in axes if axis.summed and axis is not chosen]
    if chosen is None:
        return Walk(shape, (*kept, *inner), None)
    ordered = [*kept, *inner, chosen] if chosen.summed else [*kept, chosen, *inner]
    return Walk(shape, tuple(ordered), ordered.index(chosen))


def _in_lanes(merged: Sequence[tuple[Axis, Shape]], first: int, lanes: Lanes | None) -> Axis | None:
    """The axis that is in lanes, among those from `first` on."""
    free = merged[first:]
    if lanes is None:
        return _cheapest(free)
    if lanes.last:
        return free[-1][0] if free else None
    if not lanes.summed:
        return _cheapest([pair for pair in free if not pair[0].summed])
    found = [axis for axis, _ in free if axis.last in lanes.summed]
    if len(found) != 1:
        raise ProgramError(f"axes {lanes.summed} are not walked as one")
    return found[0]


def _cheapest(merged: Sequence[tuple[Axis, Shape]]) -> Axis | None:
    """The axis along which all elements cost least: the innermost of equals."""
    best, cheapest = None, math.inf
    for axis, strides in merged:
        loads = 1 + sum(1 if stride in (0, 1) else STRIDED for stride in strides)
        cost = loads * -(-axis.size // STRIDED) / max(axis.size, 1)
        if cost <= cheapest:
            best, cheapest = axis, cost
    return best
