"""Many ways back at once, with a trajectory in each lane: compiled sweeps, and their memory."""

from __future__ import annotations

from dataclasses import field, replace
from typing import Any, NamedTuple

import numpy as np

from taylor_runtime.adjoints.layout import DONE, SweepLayout
from taylor_runtime.callables.batch import UNROLLED_BATCH_WORK, best_lanes, lanes_pay
from taylor_runtime.callables.cost import work
from taylor_runtime.callables.memory import Pair, aligned_zeros
from taylor_runtime.callables.trajectories.sweep import Sweeper
from taylor_runtime.engine.call import function_pointer
from taylor_runtime.engine.compiler import STEP_PASSES, Module, Options, compile_ir
from taylor_runtime.ensembles.sweeps import (
    OWN,
    ROW,
    SHARED,
    SWEEP_LANES,
    LaneLayout,
    sweep_lanes_module,
)
from taylor_runtime.program.codes import RUNNING
from taylor_runtime.program.lines import body
from taylor_runtime.program.records import dataclass
from taylor_runtime.series.layout import Layout

_TYPE = "int64_t(*)(" + ", ".join(["uintptr_t"] * len(SHARED + OWN)) + ")"


class Swept(NamedTuple):
    """What ways back give.

    adjoints: of the states that rows began with, (r, n); sums: what steps have added up of all
    other outputs, (r, k); done: whether a row came to its beginning, (r,).
    """

    adjoints: np.ndarray
    sums: np.ndarray
    done: np.ndarray


@dataclass(frozen=True, slots=True)
class LaneSweeper:
    """A compiled sweep with trajectories in lanes; see `ensembles.sweeps.sweep_lanes_module`."""

    module: Module
    lanes: int
    layout: LaneLayout
    parameters: int
    workspace: int
    _call: Any = field(repr=False)

    def run(
        self,
        tapes: np.ndarray,
        steps: np.ndarray,
        end: Pair,
        adjoints: np.ndarray,
        parameters: np.ndarray,
        limit: float,
    ) -> Swept:
        """Go back over rows from the adjoints (r, n) of where they ended (without the GIL).

        tapes: see `LaneRows.add_tapes`; steps: how many are on each, the last of which end at
        `end`; parameters: (m,), of all rows; limit: see `SweepMemory.limit`.
        """
        count, states = adjoints.shape
        rows = np.flatnonzero(steps)
        last = rows, steps[rows] - 1
        high, low = tapes[..., 0][last], tapes[..., 1][last]
        tapes[..., 3][last] = (end[0] - high) + (end[1] - low)
        blocks = np.zeros(count, ROW)
        blocks["limit"], blocks["index"], blocks["status"] = limit, steps, RUNNING
        blocks["window"] = 1  # what grows by factors begins with one
        blocks["tape"] = tapes.ctypes.data + tapes.strides[0] * np.arange(count)
        numbers = np.zeros((count, len(self.layout.outputs)))
        numbers[:, :states] = adjoints
        given = np.zeros(max(self.parameters, 1))
        read = min(self.parameters, len(parameters))  # those behind are read by nothing
        given[:read] = parameters[:read]
        stop, queue = np.zeros(1, np.int64), np.array([0, count], np.int64)
        sizes = ROW.itemsize // 8, self.layout.length, self.workspace
        own = [aligned_zeros(size * self.lanes) for size in sizes[:2]]
        arrays = stop, queue, blocks, numbers, given, *own, aligned_zeros(sizes[2])
        self.module.in_use()
        self._call(*[array.ctypes.data for array in arrays])
        return Swept(numbers[:, :states], numbers[:, states:], blocks["status"] == DONE)


def lanes_of(sweeper: Sweeper) -> LaneSweeper | None:
    """A sweep of the same program for trajectories in lanes, if these are faster; made once."""
    if "lanes" not in sweeper.made:
        rows, options = sweeper.rows, sweeper.options
        plain = rows is not None and options.element == "double" and not options.running
        pays = plain and rows is not None and lanes_pay(rows, sweeper.program)
        sweeper.made["lanes"] = _built(sweeper) if pays else None
    made: LaneSweeper | None = sweeper.made["lanes"]
    return made


def _built(sweeper: Sweeper) -> LaneSweeper:
    program = sweeper.rows
    assert program is not None
    lanes = best_lanes(sweeper.options.element)
    options = replace(sweeper.options, unrolled=work(program) <= UNROLLED_BATCH_WORK)
    module = compile_ir(
        lambda: sweep_lanes_module(program, options, lanes),
        [SWEEP_LANES],
        options=Options(passes=STEP_PASSES),
        label="adjoint lanes",
        source=f"adjoint lanes {lanes} {options}\n{body(program)}",
    )
    return LaneSweeper(
        module=module,
        lanes=lanes,
        layout=LaneLayout.of(program, options, lanes),
        parameters=program.slots("parameter"),
        workspace=Layout.of(program, lanes, True, SweepLayout.of(program, options).ending).size,
        _call=function_pointer(module.address(SWEEP_LANES), _TYPE, owner=module),
    )
