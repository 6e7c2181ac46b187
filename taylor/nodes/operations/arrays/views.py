"""Arrays whose elements lie in another one, some distance apart along each axis: windows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from taylor.errors import ShapeError, user_location
from taylor.nodes.arrays import constant_array, numbers_of
from taylor.nodes.node import N, Node, Shape, node
from taylor.numbers.data import ArrayData


def strided(
    array: np.ndarray[Any, Any], offset: int, strides: Sequence[int], shape: Shape
) -> np.ndarray[Any, Any]:
    """The elements offset + sum of strides * position, counted in row-major order."""
    if 0 in shape:
        return np.empty(shape, array.dtype)
    flat = np.ascontiguousarray(array).reshape(-1)
    width = flat.itemsize
    return np.lib.stride_tricks.as_strided(
        flat[offset:], shape, [width * stride for stride in strides], writeable=False
    )


def view(e: N, offset: int, strides: Sequence[int], shape: Sequence[int]) -> N:
    """The elements offset + sum of strides * position of `e`, counted in row-major order.

    Diagonals and windows are such arrays: elements may occur several times.

    Raises ShapeError for elements that are not there.
    """
    offset, steps, target = int(offset), tuple(map(int, strides)), tuple(map(int, shape))
    if 0 in target:
        return constant_array(np.empty(target))
    ends = [step * (size - 1) for step, size in zip(steps, target, strict=True)]
    least = offset + sum(end for end in ends if end < 0)
    most = offset + sum(end for end in ends if end > 0)
    if least < 0 or most >= e.size:
        raise ShapeError(
            f"view: elements {least} to {most} of an array of shape {e.shape}, which has {e.size} "
            f"(at {user_location()})"
        )
    if target == e.shape and offset == 0 and steps == row_major(target):
        return e
    few = math.prod(target) <= e.size  # windows of an array hold many more numbers than that
    if e.op == "constant" and (few or type(e.payload) is not ArrayData):
        return constant_array(strided(numbers_of(e), offset, steps, target))
    return node("view", (e,), (offset, steps, target), target)


def row_major(shape: Shape) -> Shape:
    return tuple(math.prod(shape[i + 1 :]) for i in range(len(shape)))


Axes = list[tuple[int, int]]  # by axis of a view: the axis that it lies along, and the stride there


def lies_along(e: Node) -> tuple[Shape, Axes] | None:
    """Where a view of an array begins, and along which axis of that each of its own goes forward.

    None for a view that goes through several axes at once, as a diagonal does, or backward.
    """
    offset, strides, shape = e.payload
    source = e.args[0].shape
    begin = tuple(map(int, np.unravel_index(offset, source))) if source else ()
    ends, found = list(begin), []
    for stride, count in zip(strides, shape, strict=True):
        if count == 1 or stride < 1:
            return None
        own = row_major(source)
        fitting = [k for k, one in enumerate(own) if source[k] > 1 and stride % one == 0]
        if not fitting:
            return None
        axis = fitting[0]
        found.append((axis, stride // own[axis]))
        ends[axis] += found[-1][1] * (count - 1)
    fits = all(end < size for end, size in zip(ends, source, strict=True))
    return (begin, found) if fits else None
