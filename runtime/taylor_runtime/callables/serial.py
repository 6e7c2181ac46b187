"""Rows of trajectories that one step loop takes one after the other, in machine code."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from taylor_runtime.callables.events import EventMemory
from taylor_runtime.callables.memory import address_of, aligned_zeros, grid_parts
from taylor_runtime.callables.trajectories.room import STATE
from taylor_runtime.callables.trajectory import StepMemory
from taylor_runtime.engine.call import function_pointer
from taylor_runtime.engine.compiler import STEP_PASSES, Options, compile_ir
from taylor_runtime.engine.compiler import Module as Code
from taylor_runtime.ensembles.serial import MOVING, RESTING, ROW_LOOP, RUN, row_loop_module
from taylor_runtime.program.codes import RUNNING
from taylor_runtime.steps.control import DOUBLES, INTEGERS
from taylor_runtime.steps.states import VECTORS

LINE = 8  # doubles of a cache line
WORDS = ROW_LOOP.itemsize // 8
BUDGET = 1024  # steps between looks at whether to stop
FIELDS = (*DOUBLES, *INTEGERS)  # of a control block, 8 bytes each
_TIME, _END, _LONGEST = (FIELDS.index(name) for name in ("time", "end", "longest"))
_STEPS, _GRID_NEXT = (FIELDS.index(name) for name in ("steps", "grid_next"))


class EventLog:
    """The events of r rows, recorded one row behind the other by a search that all have in turn.

    ends: (r,), where the records of each row end, -1 where it was not finished; groups: (r,), where
    the last of those begin that were found at one time.
    """

    def __init__(self, search: EventMemory, rows: int) -> None:
        search.forget()
        self._search = search
        self._fresh = search.block.copy()
        self._known = search.knowledge()
        self._known_fresh = self._known.copy()
        self.ends = np.full(rows, -1, dtype=np.int64)
        self.groups = np.zeros(rows, dtype=np.int64)

    def tell(self, loop: np.ndarray) -> None:
        """Where these are, and the block of the search."""
        for name, array in (
            ("events", self._search.block),
            ("fresh", self._fresh),
            ("known", self._known),
            ("known_fresh", self._known_fresh),
            ("counts", self.ends),
            ("groups", self.groups),
        ):
            loop[name] = array.ctypes.data
        loop["known_words"] = len(self._known)

    def grow(self) -> None:
        """More room for records."""
        self._search.grow()
        for name in ("records", "capacity"):
            self._fresh[name] = self._search.block[name]


class SerialRows:
    """Rows of memory for trajectories that machine code takes one after the other.

    Each begins as the trajectory of `machine` does before its first step, whose workspace all
    share.  States and parameters are planes: (parts, r, ..), states in the user's order, and as
    `StepMemory.put` takes them.

    whole: whether states are told with derivatives.
    """

    def __init__(self, machine: StepMemory, whole: bool = False) -> None:
        self._machine = machine
        self._slots = machine.slots_of(whole)
        self._room: dict[str, tuple[np.ndarray, int, int]] = {}  # with address and stride
        self._grid_places: np.ndarray | None = None
        self._count = -1

    def _block(self, name: str, doubles: int) -> np.ndarray:
        """Memory for all rows of doubles, each from the start of a cache line."""
        count, length = self._count, -(-doubles // LINE) * LINE
        block, *_ = self._room.get(name, (None,))
        if block is None or block.shape[0] < count or block.shape[1] != length:
            block = aligned_zeros(count * length).reshape(count, length)
            self._room[name] = block, address_of(block), block.strides[0]
        return block[:count]

    def _planes(self, name: str, like: np.ndarray) -> np.ndarray:
        """One array like the machine's for each row: shape (r, parts, numbers), a view."""
        block = self._block(name, -(-like.nbytes // 8)).view(like.dtype)
        return block[:, : like.size].reshape(self._count, *like.shape)

    def put(self, states: np.ndarray, parameters: np.ndarray) -> None:
        """As many rows as there are states begin there; grids, times and ends are to follow."""
        if states.shape[1] != self._count:
            self._make_rows(states.shape[1])
        self._grid_places = None
        self._vectors[:, :, STATE] = states.swapaxes(0, 1)[..., self._machine.padding]
        self._vectors[:, :, STATE + 1] = 0.0
        self._values[..., : parameters.shape[2]] = parameters.swapaxes(0, 1)

    def _make_rows(self, count: int) -> None:
        """Views of as many rows."""
        self._count = count
        machine, size = self._machine, self._machine.stepper.size
        vectors = self._planes("states", machine.states)[..., : VECTORS * size]
        self._vectors = vectors.reshape(count, len(machine.states), VECTORS, size)
        self._values = self._planes("parameters", machine.parameters)
        self._numbers = self._block("control", len(FIELDS))[:, : len(FIELDS)]
        self._integers = self._numbers.view(np.int64)

    def put_spans(self, times: np.ndarray, ends: np.ndarray, longest: np.ndarray) -> None:
        """Rows begin at times (r, 2), as the machine is told to begin, and go to ends (r, 2).

        longest: (r,), steps that each asks for.
        """
        numbers, integers = self._numbers, self._integers
        integers[:] = self._machine.control.words()
        numbers[:, _TIME : _TIME + 2] = times
        numbers[:, _END : _END + 2] = ends
        numbers[:, _LONGEST] = longest
        integers[:, _GRID_NEXT] = 0  # of each row's own grid, and the machine may be there already

    def put_grids(self, grids: np.ndarray) -> None:
        """The states at times (r, k, 2) are wanted, which the machine is told, too."""
        vectors = self._vectors
        count, k = grids.shape[:2]
        parts, _, size = vectors.shape[1:]
        block = self._block("grid", 2 * k + parts * k * size)
        times, lows, room = grid_parts(block, k, vectors.dtype)
        times[:], lows[:] = grids[..., 0], grids[..., 1]
        self._grid_places = places = room[:, : parts * k * size].reshape(count, parts, k, size)
        begun = np.flatnonzero(grids[:, 0, 0] == self._numbers[:, _TIME])
        places[begun, :, 0] = vectors[begun, :, STATE]
        self._integers[begun, _GRID_NEXT] = 1

    def run(self, limit: int, stop: np.ndarray, log: EventLog | None) -> np.ndarray:
        """Run all rows (without the GIL); returns statuses of the runtime, (r,).

        RUNNING where `stop`, an integer, told it to end before; limit: of a row's steps.
        """
        machine = self._machine
        codes = np.empty(self._count, np.int64)
        codes.fill(RUNNING)
        shared = machine.shared_addresses()
        known = {name: (address, stride) for name, (_, address, stride) in self._room.items()}
        moving = [known.get(name) or (shared.get(name, 0), 0) for name in MOVING]
        told = [machine.stepper.address, address_of(stop), address_of(codes), 0, self._count]
        told += [0, limit, BUDGET]
        told += [address for address, _ in moving] + [stride for _, stride in moving]
        told += [shared[name] for name in RESTING]
        loop = np.array(told + [0] * (WORDS - len(told)), np.int64)
        run, place = _function(), address_of(loop)
        if log is None:
            run(place)
            return codes
        named = loop.view(ROW_LOOP)
        log.tell(named)
        run(place)
        while named["full"][0]:  # the loop goes on where it was
            log.grow()
            run(place)
        return codes

    # -- what became of them --------------------------------------------------------------------

    def states(self) -> np.ndarray:
        """Planes of the states."""
        return self._vectors[:, :, STATE].swapaxes(0, 1)[..., self._slots]

    def times(self) -> np.ndarray:
        """Pairs, (r, 2)."""
        return self._numbers[:, _TIME : _TIME + 2].copy()

    def steps(self) -> np.ndarray:
        """How many steps each took."""
        return self._integers[:, _STEPS].copy()

    def grid_planes(self) -> tuple[np.ndarray, np.ndarray]:
        """States at the times of the grids, (parts, r, k, n), and how many of them each reached."""
        assert self._grid_places is not None
        slots = self._slots
        first, n = int(slots[0]), len(slots)
        in_order = bool((slots == np.arange(first, first + n)).all())
        places = self._grid_places
        ordered = places[..., first : first + n] if in_order else places[..., slots]
        return ordered.swapaxes(0, 1), self._integers[:, _GRID_NEXT]


@lru_cache(maxsize=1)
def _function() -> Any:
    code: Code = compile_ir(row_loop_module(), [RUN], options=Options(passes=STEP_PASSES))
    return function_pointer(code.address(RUN), "void(*)(uintptr_t)", owner=code)
