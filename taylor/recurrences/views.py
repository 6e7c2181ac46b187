"""Affine views of a row's elements: an offset, and a stride for each axis.

Slices, steps, reversal, transposition, broadcasting and new axes are views of views; a change of
shape is one where the elements that it puts side by side are equally far apart.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from taylor.nodes.arrays import Entry
from taylor_runtime.program.arrays import Shape, contiguous
from taylor_runtime.program.records import dataclass


@dataclass(frozen=True, slots=True)
class Strided:
    """Element i is element offset + sum over axes of strides[k] i_k of a row."""

    row: int
    offset: int
    strides: Shape
    shape: Shape

    def indexed(self, entries: Sequence[Entry]) -> Strided:
        """The view by normalised entries of an index (see `nodes.arrays`)."""
        offset, axis = self.offset, 0
        strides: list[int] = []
        shape: list[int] = []
        for entry in entries:
            if entry is None:
                strides.append(0)
                shape.append(1)
                continue
            stride = self.strides[axis]
            axis += 1
            if isinstance(entry, tuple):
                start, count, step = entry
                offset += start * stride if count else 0
                strides.append(step * stride)
                shape.append(count)
            else:
                offset += entry * stride
        return Strided(self.row, offset, tuple(strides), tuple(shape))

    def transposed(self, order: Sequence[int]) -> Strided:
        """The axes in another order."""
        strides = tuple(self.strides[axis] for axis in order)
        return Strided(self.row, self.offset, strides, tuple(self.shape[axis] for axis in order))

    def broadcast(self, shape: Shape) -> Strided:
        """Repeated to a larger shape."""
        new = len(shape) - len(self.shape)
        strides = [0] * new
        for size, old, stride in zip(shape[new:], self.shape, self.strides, strict=True):
            strides.append(stride if size == old else 0)
        return Strided(self.row, self.offset, tuple(strides), shape)

    def reshaped(self, shape: Shape) -> Strided | None:
        """Another shape; None where the elements are not equally far apart."""
        if not math.prod(shape):
            return Strided(self.row, self.offset, contiguous(shape), shape)
        runs = _runs(self.shape, self.strides)
        strides: list[int] = []
        for size in reversed(shape):
            if size == 1:
                strides.append(0)
                continue
            while runs and runs[-1][0] == 1:
                runs.pop()
            if not runs or runs[-1][0] % size:
                return None
            length, stride = runs.pop()
            strides.append(stride)
            runs.append((length // size, stride * size))
        return Strided(self.row, self.offset, tuple(reversed(strides)), shape)

    def restrided(self, offset: int, strides: Shape, shape: Shape) -> Strided | None:
        """The view that has these strides in the row-major order of this one's elements; None where
        these are not equally far apart.
        """
        flat = self.reshaped((math.prod(self.shape),))
        if flat is None:
            return None
        (unit,) = flat.strides
        scaled = tuple(unit * stride for stride in strides)
        return Strided(self.row, self.offset + unit * offset, scaled, shape)

    @property
    def is_whole(self) -> bool:
        """Whether elements lie side by side in row-major order."""
        pairs = zip(self.strides, contiguous(self.shape), self.shape, strict=True)
        return all(size == 1 or stride == wanted for stride, wanted, size in pairs)


def _runs(shape: Shape, strides: Shape) -> list[tuple[int, int]]:
    """(length, stride) of elements that are equally far apart, axes taken together."""
    runs: list[tuple[int, int]] = []
    for size, stride in zip(shape, strides, strict=True):
        if size == 1:
            continue
        if runs and runs[-1][1] == stride * size:
            runs[-1] = (runs[-1][0] * size, stride)
        else:
            runs.append((size, stride))
    return runs
