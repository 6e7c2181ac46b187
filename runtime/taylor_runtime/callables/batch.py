"""Step loops of many trajectories that run: lanes by cost, memory, the call."""

from __future__ import annotations

from dataclasses import field, replace
from typing import Any, NamedTuple

import numpy as np

from taylor_runtime.callables.cost import work
from taylor_runtime.callables.memory import (
    aligned_planes,
    aligned_zeros,
    grid_filler,
    grid_parts,
)
from taylor_runtime.callables.stepper import Stepper
from taylor_runtime.callables.trajectories.room import LATEST
from taylor_runtime.engine.call import function_pointer
from taylor_runtime.engine.compiler import STEP_PASSES, Module, Options, compile_ir
from taylor_runtime.ensembles.batch import (
    OWN,
    PROPAGATE_BATCH,
    SHARED,
    batch_module,
    batch_record_length,
)
from taylor_runtime.ir.types import alignment_of
from taylor_runtime.program.codes import RUNNING
from taylor_runtime.program.flow import FlowProgram, LinearProgram
from taylor_runtime.program.kinds import KINDS
from taylor_runtime.program.lines import body
from taylor_runtime.program.program import Program
from taylor_runtime.program.records import dataclass
from taylor_runtime.program.widths import REGISTER
from taylor_runtime.series.layout import Layout
from taylor_runtime.steps.control import RECORD_HEADER, ROW
from taylor_runtime.steps.states import VECTORS, StateRows

UNROLLED_BATCH_WORK = 8000  # operations of a step that is still written out, in a second
MOST_BATCH_WORK = 40000  # of any step: coefficients of more fill the second-nearest cache, too
CACHED_BYTES = 1 << 16  # of coefficients: with more, half as many lanes wait less for memory
LOOPED = 1.9  # of the time of written-out code, for an operation, is what loops take
BATCH_TYPE = "int64_t(*)(" + ", ".join(["uintptr_t"] * len(SHARED + OWN)) + ")"


@dataclass(frozen=True, slots=True)
class BatchStepper:
    """A compiled step loop with trajectories in lanes; see `ensembles.batch.batch_module`."""

    module: Module
    program: Program
    precision: str
    lanes: int
    places: np.ndarray  # of the numbers of states, in the order of the program's outputs
    parameters: int
    workspace: int
    record_length: int
    _call: Any = field(repr=False)

    def memory(self, floors: np.ndarray | None) -> list[np.ndarray]:
        """Arrays of their own for the lanes of one thread; floors: what tolerances are made of, for
        each number of the states.
        """
        lanes, kind, states = self.lanes, self.precision, len(self.places)
        tolerances = aligned_zeros(states * lanes)
        if floors is not None:
            tolerances.reshape(states, lanes)[self.places] = floors[:, np.newaxis]
        return [
            aligned_zeros(ROW.itemsize // 8 * lanes),
            aligned_planes(VECTORS * states * lanes, kind),
            aligned_planes(self.parameters * lanes, kind),
            aligned_planes(self.workspace, kind),
            aligned_zeros(self.record_length),
            tolerances,
        ]

    def run(self, stop: np.ndarray, rows: LaneRows, memory: list[np.ndarray]) -> None:
        """Integrate rows, which threads may share, (without the GIL) until none is left.

        stop: an integer that is not zero when they are to end where they are.
        """
        self._call(*[array.ctypes.data for array in (stop, *rows.arrays, *memory)])


class RowLimits(NamedTuple):
    """What bounds the steps of rows.

    longest: steps that a row asks for, or each of them, (r,); steps: how many it may take.
    """

    defect_bound: float
    max_step: float
    longest: float | np.ndarray
    steps: int


class LaneRows:
    """What machine code knows of trajectories: their blocks, states, parameters and grids.

    States are all their numbers, with derivatives those of `memory.numbers_of`.

    parameters: (r, m), zero until they are set.
    """

    def __init__(
        self,
        stepper: BatchStepper,
        states: np.ndarray,
        times: np.ndarray,
        ends: np.ndarray,
        limits: RowLimits,
    ) -> None:
        count, n = states.shape
        self._precision = stepper.precision
        dtype = KINDS[stepper.precision].dtype
        self._queue = np.array([0, count], np.int64)
        self._states = np.zeros((count, 2, n), dtype=dtype)
        self._places = stepper.places
        self._states[:, 0, self._places] = states
        self.parameters = np.zeros((count, stepper.parameters), dtype=dtype)
        self._blocks = blocks = np.zeros(count, dtype=ROW)
        blocks["time"], blocks["time_low"] = times.T
        blocks["end"], blocks["end_low"] = ends.T
        blocks["scale"] = 1.0
        blocks["limit"] = blocks["smallest_step"] = np.inf
        blocks["max_step"] = limits.max_step
        blocks["defect_bound"] = limits.defect_bound
        blocks["steps_wanted"] = limits.steps
        blocks["longest"] = limits.longest
        blocks["status"] = RUNNING
        self._grids: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self._blocks)

    @property
    def in_order(self) -> bool:
        """Whether numbers of states are in machine code in the order of the system's."""
        return bool((self._places == np.arange(len(self._places))).all())

    @property
    def arrays(self) -> tuple[np.ndarray, ...]:
        """What the step loop is passed: queue, blocks, states and parameters."""
        return self._queue, self._blocks, self._states, self.parameters

    def add_grids(self, grids: np.ndarray, memory: np.ndarray | None = None) -> np.ndarray:
        """The states at times (r, k, 2) are wanted.

        Returns the memory for them, which may be given again to other rows when these are done
        with (new memory costs as much as what is written to it).
        """
        blocks, states = self._blocks, self._states
        count, k, _ = grids.shape
        n = states.shape[2]
        length = 2 * k + -(-k * n * states.itemsize // 8)
        if memory is None or memory.shape[0] < count or memory.shape[1] != length:
            memory = np.zeros((count, length))
        whole, memory = memory, memory[:count]
        times, lows, room = grid_parts(memory, k, states.dtype)
        times[:], lows[:] = grids[..., 0], grids[..., 1]
        self._grids = room[:, : k * n].reshape(count, k, n)
        blocks["recording"] = LATEST
        blocks["grid_count"] = k
        blocks["grid"] = memory.ctypes.data + length * 8 * np.arange(count)
        blocks["grid_filler"] = grid_filler(self._precision)
        begun = np.flatnonzero(grids[:, 0, 0] == blocks["time"])
        self._grids[begun, 0] = states[begun, 0]  # in the order of the lanes, as machine code will
        blocks["grid_next"][begun] = 1
        return whole

    def add_tapes(self, room: int) -> np.ndarray:
        """Where steps begin is to be written: [time, time_low, scale, step, *state] of each.

        A row ends at the latest when so many steps are on its tape. Returns the tapes, (r, room,
        4 + n), of doubles.
        """
        n = self._states.shape[2]
        tapes = np.empty((len(self), room, RECORD_HEADER + n))
        self._blocks["tape"] = tapes.ctypes.data + tapes.strides[0] * np.arange(len(self))
        self._blocks["steps_wanted"] = room
        return tapes

    @property
    def ended(self) -> int:
        """How many have."""
        return int((self._blocks["status"] >= 0).sum())

    def states(self) -> np.ndarray:
        """(r, n), a copy."""
        return self._states[:, 0, self._places]

    def times(self) -> np.ndarray:
        """Pairs, (r, 2)."""
        return np.stack([self._blocks["time"], self._blocks["time_low"]], axis=-1)

    def steps(self) -> np.ndarray:
        """How many steps each took."""
        steps: np.ndarray = self._blocks["steps"].copy()
        return steps

    def codes(self) -> np.ndarray:
        """Statuses of the runtime; RUNNING where work was stopped before a row had ended."""
        codes: np.ndarray = self._blocks["status"].copy()
        codes[codes < 0] = RUNNING
        return codes

    def step_sizes(self) -> tuple[np.ndarray, np.ndarray]:
        """The smallest and the largest of each row, NaN without any step."""
        blocks = self._blocks
        moved = blocks["steps"] > 0
        smallest, largest = (blocks[f"{name}_step"] for name in ("smallest", "largest"))
        return np.where(moved, smallest, np.nan), np.where(moved, largest, np.nan)

    def retracted(self) -> np.ndarray:
        """How many steps of each row were taken back."""
        found: np.ndarray = self._blocks["retracted"].copy()
        return found

    def grid_states(self) -> np.ndarray | None:
        """States at the times of the grids, (r, k, n), a view if they lie in their order; NaN where
        a row did not come.
        """
        grid = self._grids
        if grid is None:
            return None
        done = self._blocks["grid_next"]
        for row in np.flatnonzero(done < grid.shape[1]):
            grid[row, done[row] :] = np.nan
        return grid if self.in_order else grid[..., self._places]


def known_batch(stepper: Stepper) -> BatchStepper | None:
    """What `batch_of` has made."""
    made: BatchStepper | None = stepper.kept.get(PROPAGATE_BATCH)
    return made


def batch_of(stepper: Stepper) -> BatchStepper | None:
    """A step loop of the same program for trajectories in lanes, if these are faster; made once."""
    if PROPAGATE_BATCH not in stepper.kept:
        stepper.kept[PROPAGATE_BATCH] = build_batch(stepper) if batch_pays(stepper) else None
    return known_batch(stepper)


def build_batch(stepper: Stepper) -> BatchStepper:
    """Compile the step loop of a stepper's program for many trajectories; same bits."""
    program, element = stepper.rows, stepper.options.element
    linear = program if isinstance(program, LinearProgram) else None
    unrolled = linear is None and work(program) <= UNROLLED_BATCH_WORK
    batch = best_lanes(element)
    if linear is not None and batch * stepper.workspace_bytes > CACHED_BYTES:
        batch //= 2
    options = replace(stepper.options, unrolled=unrolled)
    text = body(program) if linear is None else linear.text()
    module = compile_ir(
        lambda: batch_module(program, options, batch),
        [PROPAGATE_BATCH],
        options=Options(passes=STEP_PASSES),
        label="batch",
        source=f"batch {batch} {options}\n{text}",
    )
    rows = StateRows.of(program, element, batch)
    return BatchStepper(
        module=module,
        program=program,
        precision=stepper.options.precision,
        lanes=batch,
        places=np.array(rows.slots, np.intp) // batch,
        parameters=stepper.parameters,
        workspace=Layout.of(program, batch).size,
        record_length=batch_record_length(program.order, rows),
        _call=function_pointer(module.address(PROPAGATE_BATCH), BATCH_TYPE, owner=module),
    )


def best_lanes(element: str) -> int:
    """Trajectories side by side: as many as fill a register, which twice as many hardly improve."""
    return 8 * REGISTER // alignment_of(element)


def batch_pays(stepper: Stepper) -> bool:
    """Whether trajectories are faster in lanes than one after the other.

    Lanes of operations leave some idle, or move numbers between them; lanes of trajectories do
    neither, but need as many times the memory, which outgrows the nearest cache, and the looped
    code of large systems then waits for it.
    """
    if isinstance(stepper.program, FlowProgram):
        return isinstance(stepper.program, LinearProgram)
    return lanes_pay(stepper.rows, stepper.program)


def lanes_pay(rows: Program, program: Program) -> bool:
    """The same of a program that is not packed, and of what is made of it for one trajectory."""
    operations = work(rows)
    cost = operations * (1.0 if operations <= UNROLLED_BATCH_WORK else LOOPED)
    return operations <= MOST_BATCH_WORK and cost < REGISTER * work(program)
