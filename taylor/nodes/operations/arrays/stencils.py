"""Derivatives backward of what reads an array many times, shifted: again shifted reads of one.

Where the elements y + s of an array were read for many shifts s, and what came out has the adjoint
g, the array has the sum of g[y - s] over them: all of these are parts of g with zeros around it,
and no array has to be made for each shift.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from taylor.nodes.arrays import broadcast_to, join, reshape, sum_axes, transpose
from taylor.nodes.node import Node, Shape, constant_node
from taylor.nodes.operations.arrays.views import Axes, lies_along, row_major, view
from taylor.nodes.products import multiply, multiply_many
from taylor.nodes.sums import linear_combination, scale, split_factor
from taylor.numbers.exact import Exact, can_merge, normalised

Ranges = tuple[tuple[int, int], ...]  # (start, count) by axis
Block = tuple[Ranges, Any]  # and the elements there, of a shape with all axes
Factors = tuple[Exact, list[Any], Any]  # number, factors that are the same everywhere, the rest

FEWEST = 3  # parts that are read shifted
OVERLAP = 2.5  # parts that each element of what they cover lies in, on average


def shifted(blocks: Sequence[Block], shape: Shape) -> list[Block]:
    """Blocks with the same sum: many that are multiples of one array are one block.

    What they are multiplied by counts as finite: beside a block it multiplies zeros.
    """
    if len(blocks) < FEWEST:
        return list(blocks)
    found: list[Block] = []
    groups: dict[Any, list[tuple[Block, Factors]]] = {}
    for ranges, value in blocks:
        # Places along axes of which blocks have one element, or all, do not vary in a group.
        moved = [k[1] > 1 and k != (0, size) for k, size in zip(ranges, shape, strict=True)]
        if not any(moved):
            found.append((ranges, value))
            continue
        number, factors, rest = _factors(value, moved)
        base = broadcast_to(rest, value.shape)
        same = tuple(None if is_moved else k for k, is_moved in zip(ranges, moved, strict=True))
        groups.setdefault((base, same), []).append(((ranges, value), (number, factors, base)))
    for group in groups.values():
        own = [block for block, _ in group]
        box = _box([ranges for ranges, _ in own])
        covered = sum(value.size for _, value in own)
        if len(own) < FEWEST or covered < OVERLAP * math.prod(count for _, count in box):
            found += own
        else:
            found.append((box, _summed(group, box)))
    return found


def _box(places: Sequence[Ranges]) -> Ranges:
    """What all blocks lie in."""
    axes = list(zip(*places, strict=True))
    low = [min(start for start, _ in axis) for axis in axes]
    high = [max(start + count for start, count in axis) for axis in axes]
    return tuple((a, b - a) for a, b in zip(low, high, strict=True))


def _summed(group: Sequence[tuple[Block, Factors]], box: Ranges) -> Any:
    """The sum of all blocks in the box: parts of one array with zeros around it."""
    base = group[0][1][2]
    spread = [size - count for (_, size), count in zip(box, base.shape, strict=True)]
    padded = _padded(base, spread)
    strides = row_major(padded.shape)
    shape = tuple(count for _, count in box)
    terms = []
    for (ranges, _), (number, factors, _) in group:
        pairs = zip(box, spread, ranges, strict=True)
        begins = [low + more - start for (low, _), more, (start, _) in pairs]
        offset = sum(begin * stride for begin, stride in zip(begins, strides, strict=True))
        part = view(padded, offset, strides, shape)
        terms.append((number, multiply(multiply_many(factors), part) if factors else part))
    return linear_combination(terms, shape)


def _padded(e: Any, more: Sequence[int]) -> Any:
    """An array with so many zeros before and behind its elements along each axis."""
    for axis in reversed(range(e.ndim)):
        if more[axis]:
            shape = (*e.shape[:axis], more[axis], *e.shape[axis + 1 :])
            zeros = constant_node(0, shape)
            e = join([zeros, e, zeros], axis)
    return e


def _factors(value: Any, moved: Sequence[bool]) -> Factors:
    """A product taken apart: what is the same along the axes that are moved, and the rest."""
    number, core = split_factor(value)
    if core.op == "reshape" and core.args[0].op in ("mul", "linear"):
        inner = _factors(core.args[0], [True] * core.args[0].ndim)
        merged = normalised(number * inner[0])
        if inner[2].size == value.size and can_merge(number, inner[0], merged):
            return merged, inner[1], reshape(inner[2], value.shape)
    factors: list[Any] = []
    rest: list[Any] = []
    pending = [core]
    while pending:
        e = pending.pop()
        if _is_same_along(e, moved):
            factors.append(e)
        elif e.op == "broadcast":
            pending.append(e.args[0])
        elif e.op == "mul" and (e is core or any(_is_same_along(x, moved) for x in e.args)):
            pending += reversed(e.args)
        else:
            rest.append(e)
    return number, factors, multiply_many(rest)


def _is_same_along(e: Node, axes: Sequence[bool]) -> bool:
    """Whether an operand has one element along all of these axes."""
    own = axes[len(axes) - e.ndim :]
    return all(size == 1 for size, is_one in zip(e.shape, own, strict=True) if is_one)


# --- windows -------------------------------------------------------------------------------------


def from_windows(e: Node, adjoint: Any) -> Block | None:
    """The share that all windows of an array have of its adjoint: a sum over places in windows.

    e: a view; the same element may be in many windows.  None where its axes are no windows.
    """
    found = lies_along(e)
    if found is None:
        return None
    begin, along = found
    kept: dict[int, int] = {}  # by axis of the array, the one of the view that windows begin along
    for k, (axis, step) in enumerate(along):
        if step == 1 and (axis not in kept or e.shape[k] > e.shape[kept[axis]]):
            kept[axis] = k
    summed = [k for k in range(e.ndim) if k not in kept.values()]
    if any(along[k][0] not in kept for k in summed):
        return None
    counts = {axis: e.shape[k] for axis, k in kept.items()}
    more = [0] * e.ndim
    for k in summed:
        axis, step = along[k]
        more[kept[axis]] += step * (e.shape[k] - 1)
        counts[axis] += step * (e.shape[k] - 1)
    is_kept = [k in kept.values() for k in range(e.ndim)]
    number, same, base = _factors(adjoint, is_kept)
    own = (1,) * (e.ndim - base.ndim) + base.shape
    own = tuple(e.shape[k] if is_kept[k] else own[k] for k in range(e.ndim))
    read = _skewed(broadcast_to(base, own), e.shape, along, kept, more)
    value = sum_axes(multiply(multiply_many(same), read) if same else read, summed)
    order = sorted(kept, key=kept.__getitem__)
    ranges = tuple((first, counts.get(axis, 1)) for axis, first in enumerate(begin))
    value = transpose(value, [order.index(axis) for axis in sorted(order)])
    return ranges, scale(number, reshape(value, tuple(count for _, count in ranges)))


def _skewed(
    base: Any, windows: Shape, along: Axes, kept: dict[int, int], more: Sequence[int]
) -> Any:
    """The elements of windows by where they are in the array, not by where the windows begin."""
    padded = _padded(base, more)
    own = zip(row_major(padded.shape), base.shape, strict=True)
    strides = [0 if size == 1 else stride for stride, size in own]
    shape = [size + count for size, count in zip(windows, more, strict=True)]
    offset = sum(stride * count for stride, count in zip(strides, more, strict=True))
    for k, (axis, step) in enumerate(along):
        if kept[axis] != k:
            strides[k] -= step * strides[kept[axis]]
    return view(padded, offset, strides, shape)
