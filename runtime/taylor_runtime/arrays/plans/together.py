"""Nests that one loop over their first axis runs, so that what one leaves is near for the next."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from taylor_runtime.arrays.plans.works import Nest, Together, Work, access_of
from taylor_runtime.program.arrays import ArrayProgram, Pairs, Pick, Shape, Take, contiguous
from taylor_runtime.program.records import dataclass
from taylor_runtime.program.shapes.reads import Read
from taylor_runtime.program.shapes.walks import aligned

FAR = 1 << 15  # numbers of all orders that are not in the nearest caches
FARTHER = 1 << 18  # and that are not in those of one core
FEWEST = 8  # places of a first axis that is worth a loop around several nests


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Finds them among the works of a pass.

    reads: what a row reads in the pass; again: rows that are never kept; old: those of which all
    orders are.
    """

    program: ArrayProgram
    reads: Callable[[int], list[Read]]
    again: Collection[int]
    old: Collection[int]

    def together(self, works: Sequence[Work]) -> list[Work | Together]:
        """Neighbouring nests that share their first axis, and keep more than near caches hold."""
        found: list[Work | Together] = []
        group: list[Nest] = []
        for work in [*works, None]:
            if isinstance(work, Nest) and self._joins(group, work):
                group.append(work)
                continue
            halves = any(nest.half for nest in group)
            kept = self._numbers_kept(group)
            pays = len(group) > 1 and (halves or kept >= FAR)
            found += [Together(group, kept >= FARTHER)] if pays else group
            group = []
            if isinstance(work, Nest) and self._joins([], work):
                group = [work]
            elif work is not None:
                found.append(work)
        return found

    def _joins(self, group: Sequence[Nest], nest: Nest) -> bool:
        """Whether a nest may run behind others at each place of their first axis."""
        if len(nest.space) < 2 or nest.space[0] < FEWEST or nest.parts or nest.adds:
            return False
        if nest.seams or (nest.summed and 0 in nest.summed[0][0]):
            return False
        if group and (group[0].space[0], group[0].half) != (nest.space[0], nest.half):
            return False
        made = {row for other in group for row in (*other.rows, *other.totals)}
        whole = {row for row in made if isinstance(self.program.row(row).moved, Pairs)}
        for row in (*nest.rows, *nest.totals):
            for read in self.reads(row):
                root = access_of(self.program, read.row).row
                if root in made and root not in self.again:
                    elsewhere = isinstance(self.program.row(row).moved, Take | Pick)
                    if elsewhere or root in whole or not self._stays(read.row, nest.space):
                        return False
        return True

    def _stays(self, index: int, space: Shape) -> bool:
        """Whether elements of a row are at the same place of the first axis of what they lie in."""
        access, shape = access_of(self.program, index), self.program.shape(index)
        strides = aligned(access.strides, shape, space)
        source = self.program.shape(access.row)
        if not source or source[0] != space[0] or strides[0] != contiguous(source)[0]:
            return False
        reach = [stride * (size - 1) for stride, size in zip(strides[1:], space[1:], strict=True)]
        return min([0, *reach]) >= 0 and access.offset + sum(reach) < strides[0]

    def _numbers_kept(self, group: Sequence[Nest]) -> int:
        rows = {row for nest in group for row in nest.rows if row in self.old}
        return sum(self.program.row(row).size for row in rows) * (self.program.order + 1)
