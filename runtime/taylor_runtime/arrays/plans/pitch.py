"""How far apart rows of pairs lie in memory: a whole number of registers, so that what is loaded at
once lies in one line of the caches. Of 51 bodies most loads would else touch two.
"""

from __future__ import annotations

import math
from collections.abc import Collection

from taylor_runtime.arrays.plans.works import Access
from taylor_runtime.program.arrays import (
    ArrayProgram,
    ArrayRow,
    Pairs,
    Shape,
    View,
    all_used,
    contiguous,
)
from taylor_runtime.program.program import Input
from taylor_runtime.program.widths import REGISTER


class Pitches:
    """Of each row the elements from one place of all axes but the last to the next, where these are
    more than it has: of rows of pairs of which a half is computed, and of those with an axis as
    long that go with them.
    """

    def __init__(self, program: ArrayProgram, halves: Collection[int]) -> None:
        self.program = program
        self.wide = _wide(program, halves) if halves and program.order else {}

    def strides(self, index: int) -> Shape:
        """How far apart the elements of a row that is no view are, along its axes."""
        shape, pitch = self.program.shape(index), self.wide.get(index)
        if pitch is None:
            return contiguous(shape)
        return (*[stride * pitch for stride in contiguous(shape[:-1])], 1)

    def room(self, index: int) -> int:
        """Places that one order of a row takes."""
        row, pitch = self.program.row(index), self.wide.get(index)
        return row.size if pitch is None else math.prod(row.shape[:-1]) * pitch

    def access(self, access: Access) -> Access:
        """Where elements are whose places are known by their numbers in row-major order."""
        pitch, shape = self.wide.get(access.row), self.program.shape(access.row)
        if pitch is None:
            return access

        def there(distance: int) -> int:
            rows, rest = divmod(distance, shape[-1])
            return rows * pitch + rest

        return Access(access.row, there(access.offset), tuple(map(there, access.strides)))


def _wide(program: ArrayProgram, halves: Collection[int]) -> dict[int, int]:
    rows = [program.row(index) for index in range(len(program.rows))]
    readers: dict[int, list[ArrayRow | None]] = {row: [None] for row, _ in program.outputs}
    for row in rows:
        for used in all_used(row):
            readers.setdefault(used, []).append(row)

    def by_element(index: int) -> bool:
        """Whether nobody but rows that are made element by element reads it, or a view of it."""
        for reader in readers.get(index, []):
            if reader is None or (reader.moved is None and reader.start is not None):
                return False  # steps of states see rows as they are outside
            if isinstance(reader.moved, View):
                if not _by_rows(reader.moved, rows[index].shape, reader.shape):
                    return False
                if not all(by_element(k) for k, row in enumerate(rows) if row is reader):
                    return False
            elif reader.moved is not None:
                return False
        return True

    sizes = {rows[k].shape[-1] for k in halves}
    found = {k for k in halves if not isinstance(rows[k].moved, View)}
    for index, row in enumerate(rows):
        made = isinstance(row.moved, Pairs) or (row.moved is None and row.start is None)
        if made and len(row.shape) > 1 and row.shape[-1] in sizes and by_element(index):
            found.add(index)
    found = {k for k in found if not isinstance(rows[k].start, Input)}  # it lies as it is given
    longer = {k: -(-rows[k].shape[-1] // REGISTER) * REGISTER for k in found}
    return {k: pitch for k, pitch in longer.items() if pitch != rows[k].shape[-1]}


def _by_rows(view: View, shape: Shape, own: Shape) -> bool:
    """Whether each axis of a view goes along the last one of an array, or from row to row."""
    size = shape[-1]
    along = [(s, n) for s, n in zip(view.strides, own, strict=True) if n != 1 and s % size]
    reach = view.offset % size + sum(stride * (n - 1) for stride, n in along)
    return all(stride > 0 for stride, _ in along) and reach < size
