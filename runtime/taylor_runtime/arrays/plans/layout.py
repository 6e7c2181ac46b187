"""Where planes of elements begin in the workspace, and how much of it there is."""

from __future__ import annotations

import math
from collections.abc import Mapping

from taylor_runtime.arrays.factors.emit import work_of_factor, work_of_solutions
from taylor_runtime.arrays.plan import OUTSIDE, Plan
from taylor_runtime.arrays.regions.places import (
    plane_of,
    slots_kept,
    spare_places,
    state_places,
)
from taylor_runtime.arrays.regions.wide import LANES
from taylor_runtime.program.arrays import ArrayProgram, Factor, Solve
from taylor_runtime.program.kernels import Region
from taylor_runtime.program.program import Input
from taylor_runtime.program.records import dataclass
from taylor_runtime.program.shapes.nodes import Node
from taylor_runtime.program.signature import convolution_chains
from taylor_runtime.series.schedule import FEWEST_PAIRED


@dataclass(frozen=True, slots=True)
class ArrayLayout:
    """Where planes of elements begin in the workspace, one for every order that is kept.

    old: all orders, one plane after the other; zero, newest: one plane; reciprocal: of divisors;
    partial: a plane for each chain of a row's convolutions, see `series.convolve.Paired`.
    inside: what programs inside of a loop or a choice need.
    room: what factors and solutions need while they are made.
    """

    old: Mapping[int, int]
    zero: Mapping[int, int]
    newest: Mapping[int, int]
    reciprocal: Mapping[int, int]
    partial: Mapping[int, int]
    inside: Mapping[int, int]
    room: Mapping[int, int]
    size: int

    @classmethod
    def of(cls, plan: Plan, outside: Mapping[int, object]) -> ArrayLayout:
        """outside: rows whose planes are not in the workspace."""
        program, size = plan.program, 0
        old: dict[int, int] = {}
        zero: dict[int, int] = {}
        newest: dict[int, int] = {}
        reciprocal: dict[int, int] = {}
        partial: dict[int, int] = {}
        inside: dict[int, int] = {}
        room: dict[int, int] = {}
        for index in range(len(program.rows)):
            plane = plane_of(plan.pitch.room(index))
            if index in plan.inner:
                inside[index] = size
                size += room_inside(plan, index)
            if index not in plan.inner and plan.home(Node(index))[0] != index:
                continue
            if index in plan.old and index not in outside:
                old[index] = size
                size += plane * (program.order + 1)
            elif index in plan.recent and index not in outside:
                zero[index] = newest[index] = size
                size += plane
            elif index not in outside:
                for wanted, places in ((plan.zero, zero), (plan.newest, newest)):
                    if index in wanted:
                        places[index] = size
                        size += plane
            if index in plan.inverted:
                reciprocal[index] = size
                size += plane
            if program.order >= FEWEST_PAIRED and plan.convolves(index):
                partial[index] = size
                size += plane * convolution_chains(program.rows[index])
            work = _work_of(program, index)
            if work:
                room[index] = size
                size += plane_of(work)
        return cls(old, zero, newest, reciprocal, partial, inside, room, size)


def _work_of(program: ArrayProgram, index: int) -> int:
    """Numbers that a row needs room for while it is made."""
    moved, shape = program.row(index).moved, program.shape(index)
    if isinstance(moved, Factor):
        return work_of_factor(moved.kind, *program.shape(moved.source)[-2:])
    if isinstance(moved, Solve):
        return work_of_solutions(shape[-2], shape[-1], shape[:-2])
    return 0


def room_inside(plan: Plan, index: int) -> int:
    """Elements of the workspace that the programs inside of a row need: one at a time, beside a
    second place for each array that goes from turn to turn; or, for series, all turns.
    """
    region = plan.program.row(index).moved
    assert isinstance(region, Region)
    indices = room_of_indices(plan, index)
    plans = [*plan.inner[index], *[plan.wide[index][1] for _ in range(indices and 1)]]
    room = max(map(room_of_turn, plans), default=0)
    orders = plan.inner[index][-1].program.order + 1
    if region.kind == "reverse":
        first = region.constants + region.carries
        rows = region.operands[region.constants : first]
        size = state_places([plan.program.shape(row) for row in rows])[-1]
        slots = (3 * slots_kept(size) + 2) * plane_of(size)
        return room + slots + sum(spare_places(region.shapes))
    if region.kind == "series":
        return room
    if orders == 1:
        return room + sum(spare_places(region.shapes[: region.carries])) + indices
    if region.kind == "switch":
        return room
    turns = region.turns or 0
    sizes = [math.prod(shape) * orders * (turns + 1) for shape in region.shapes[: region.carries]]
    return turns * room + sum(map(plane_of, sizes))


def room_of_indices(plan: Plan, index: int) -> int:
    """Elements for the indices of turns that are made at once."""
    return plane_of(LANES) if index in plan.wide else 0


def room_of_turn(plan: Plan) -> int:
    """Elements that a program inside needs."""
    program = plan.program
    rows = [row for row in from_outside(program) if is_outside(program, row)]
    rows += [row for row, _ in program.outputs if program.order or program.shape(row)]
    return plane_of(ArrayLayout.of(plan, dict.fromkeys(rows)).size)


def is_outside(program: ArrayProgram, row: int) -> bool:
    """Whether an input of a program inside is in memory, not a single number that is known."""
    start = program.row(row).start
    steady = isinstance(start, Input) and start.source == "parameter"
    return bool(program.shape(row)) or not steady


def from_outside(program: ArrayProgram) -> dict[int, Input]:
    """The rows that are arrays from outside."""
    return {
        index: row.start
        for index, row in enumerate(program.rows)
        if isinstance(row.start, Input) and row.start.source in OUTSIDE
        if program.row(index).size
    }
