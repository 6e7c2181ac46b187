"""Adjoints of solutions: compiled sweeps back over steps, and the memory that they work on."""

from __future__ import annotations

from collections.abc import Sequence
from ctypes import Structure, addressof, c_double, c_int64
from dataclasses import field, replace
from functools import partial
from typing import Any, TypeVar

import numpy as np

from taylor_runtime.adjoints.layout import DOUBLES, INTEGERS, SweepLayout
from taylor_runtime.adjoints.layout import TOO_LONG as TOO_LONG
from taylor_runtime.adjoints.layout import SweepOptions as SweepOptions
from taylor_runtime.adjoints.layout import blocks_of as blocks_of
from taylor_runtime.adjoints.sweep import ARGUMENTS, SWEEP_BACK, sweep_module
from taylor_runtime.callables.cost import choose, register_room
from taylor_runtime.callables.memory import address_of, aligned_planes
from taylor_runtime.callables.python_calls import Externals, run_watched
from taylor_runtime.engine.call import function_pointer
from taylor_runtime.engine.compiler import STEP_PASSES, Module, Options, compile_ir
from taylor_runtime.passes.compensate import compensate
from taylor_runtime.passes.zeros import without_zeros
from taylor_runtime.program.arrays import ArrayProgram
from taylor_runtime.program.kinds import ELEMENTS, KINDS, element_of
from taylor_runtime.program.lines import body
from taylor_runtime.program.program import Input, Program
from taylor_runtime.program.records import dataclass
from taylor_runtime.series.emitter import series_with_given
from taylor_runtime.series.layout import Layout
from taylor_runtime.series.protocol import EndingMaker

P = TypeVar("P", bound=Program)
MOST_SPARE = 2  # memories of ways that are over, for those to come
_TYPE = "int64_t(*)(" + ", ".join(["uintptr_t"] * len(ARGUMENTS)) + ")"


@dataclass(frozen=True, slots=True)
class Sweeper:
    """A compiled sweep; see `adjoints.sweep.sweep_module`."""

    module: Module
    program: Program
    options: SweepOptions
    precision: str
    layout: SweepLayout
    workspace: int
    _call: Any = field(repr=False)
    kept: tuple[np.ndarray, ...] = ()  # memory that the machine code knows
    rows: Program | None = None  # before packing; of arrays, and where others are called, none
    spare: list[SweepMemory] = field(default_factory=list, repr=False)  # of ways that are over
    made: dict[str, Any] = field(default_factory=dict, repr=False)  # of it once

    @property
    def order(self) -> int:
        return self.program.order


@dataclass(frozen=True, slots=True)
class Steps:
    """What is known of k steps: headers (k, 4) of [time, time_low, scale, step], lengths (parts, k)
    in their scales, and states (parts, k, n) that they began with.
    """

    headers: np.ndarray
    lengths: np.ndarray
    states: np.ndarray


@dataclass(frozen=True, slots=True)
class Observed:
    """What is observed within steps: the numbers of these (o,), never falling, lengths (parts, o)
    since they began, in their scales, and adjoints (parts, o, n) of the states there.
    """

    steps: np.ndarray
    lengths: np.ndarray
    cotangents: np.ndarray


class SweepBlock(Structure):
    """What a sweep and Python tell each other; `adjoints.layout` says what."""

    _fields_ = [(n, c_double) for n in DOUBLES] + [(n, c_int64) for n in INTEGERS]

    checked: float
    limit: float
    careful: int
    first: int
    index: int
    looked: int
    looked_at: int
    observations: int
    observed: int
    records: int
    since: int
    window: int


class SweepMemory:
    """The adjoint of one trajectory on its way back, and what it has added up."""

    def __init__(self, sweeper: Sweeper) -> None:
        self.sweeper = sweeper
        layout, kind = sweeper.layout, sweeper.precision
        self._block = SweepBlock()
        self._adjoints = aligned_planes(layout.length, kind)
        self._work = aligned_planes(sweeper.workspace, kind)
        self.parameters = aligned_planes(max(sweeper.program.slots("parameter"), 1), kind)
        arrays = self.parameters, self._adjoints, self._work
        self._addresses = [addressof(self._block), *map(address_of, arrays)]
        listed = [np.arange(first, first + count) for first, count in layout.outputs]
        slots = np.concatenate(listed)[sweeper.options.states :]
        follow = len(slots) > 0 and bool((np.diff(slots) == 1).all())
        first = layout.sums + (int(slots[0]) if follow else 0)
        self._summed: Any = slice(first, first + len(slots)) if follow else layout.sums + slots

    @classmethod
    def taken(cls, sweeper: Sweeper) -> SweepMemory:
        """One whose user gives it back by `release`, or not."""
        try:
            made = sweeper.spare.pop()
        except IndexError:
            return cls(sweeper)
        made._block.looked = 0
        return made

    def release(self) -> None:
        """Nobody uses it any more."""
        if len(self.sweeper.spare) < MOST_SPARE:
            self.sweeper.spare.append(self)

    @property
    def adjoint(self) -> np.ndarray:
        """Of the state where the sweep is: a view, (parts, n)."""
        first = self.sweeper.layout.adjoint
        return self._adjoints[:, first : first + self.sweeper.options.states]

    def sums(self) -> np.ndarray:
        """What steps have added up of all outputs but the adjoints of states: (parts, outputs)."""
        return np.array(self._adjoints[:, self._summed])

    @property
    def limit(self) -> float:
        """Of what the last two terms of a step may give, relative to the adjoint; may be set."""
        return self._block.limit

    @limit.setter
    def limit(self, value: float) -> None:
        self._block.limit = value

    @property
    def looked(self) -> int:
        """How many steps were gone over twice, to see whether they are short enough."""
        return self._block.looked

    def forget_sums(self) -> None:
        """Nothing has been added up."""
        layout = self.sweeper.layout
        self._adjoints[:, layout.sums : layout.sums + layout.size] = 0

    def run(self, steps: Steps, observed: Observed, last: int, careful: bool) -> tuple[int, int]:
        """Go back from the end of step last - 1 to the beginning of the first.

        careful: look at all of them, not at some.
        Returns a code, and the number of the step that ends where the sweep is now.
        """
        control, seen = self._block, len(observed.steps)
        control.index, control.first = last, 0
        control.records, control.observations = len(steps.headers), seen
        control.observed = int(np.searchsorted(observed.steps, last)) if seen else 0
        control.looked_at = control.since = 0
        control.checked = 0.0
        control.careful = last if careful else 0
        control.window = 1  # what grows by factors begins with one
        block, parameters, adjoints, work = self._addresses
        given = map(address_of, (steps.headers, steps.lengths, steps.states))
        noted = observed.steps, observed.lengths, observed.cotangents
        ahead = map(address_of, noted) if seen else (0, 0, 0)
        arguments = block, *given, parameters, *ahead, adjoints, work
        code = int(run_watched(self.sweeper._call, None, *arguments))
        return code, control.index


def build_sweeper(
    program: Program, options: SweepOptions, precision: str, externals: Externals | None = None
) -> Sweeper:
    """Compile the sweep of a system's program together with that of its pullback.

    program: its outputs are the adjoints of the states, then those of parameters, and the running
        cost; inputs of source "state" are the states, then the adjoints of their slopes.
    """
    options = replace(options, element=element_of(precision))
    rows = compensate(_counted_down(program, options), ELEMENTS[options.element])
    program, unrolled = choose(rows, options.element)
    options = replace(options, unrolled=unrolled)
    source = f"adjoint {options}\n{body(program)}"
    made = _compiled(program, options, precision, externals, source, series_with_given)
    return made if externals else replace(made, rows=rows)


def build_array_sweeper(
    program: ArrayProgram,
    memory: tuple[np.ndarray, np.ndarray],
    options: SweepOptions,
    precision: str,
    externals: Externals | None = None,
) -> Sweeper:
    """The same of a program of arrays; memory: the slots of source "data", by part, and "table"."""
    from taylor_runtime.arrays.series import outside, series_of_arrays
    from taylor_runtime.passes.shapes.arrange import arranged

    options = replace(options, element=element_of(precision))
    program = arranged(_counted_down(program, options))
    source = f"array adjoint {options}\n{program.text()}"
    linked = {**(externals or {}), **outside(*memory)}
    series = partial(series_of_arrays, room=register_room(), given=program.order + 1)
    return _compiled(program, options, precision, linked, source, series, memory)


def _counted_down(program: P, options: SweepOptions) -> P:
    """The orders of the slopes' adjoints, which begin with zero, count down."""
    rows, adjoints = list(program.rows), set[int]()
    for index, row in enumerate(rows):
        start = row.start
        if not isinstance(start, Input) or start.source != "state" or row.step is None:
            continue
        if start.index[0] >= options.states:
            rows[index] = replace(row, step=replace(row.step, times="h/m"))
            adjoints.add(index)
    return without_zeros(replace(program, rows=tuple(rows)), adjoints)


def _compiled(
    program: Program,
    options: SweepOptions,
    precision: str,
    externals: Externals | None,
    source: str,
    series: Any,
    memory: Sequence[np.ndarray] = (),
) -> Sweeper:
    made: EndingMaker = series
    module = compile_ir(
        lambda: sweep_module(program, options, made),
        [SWEEP_BACK],
        options=Options(passes=STEP_PASSES),
        externals=externals,
        label="adjoint",
        source=source,
    )
    ending = SweepLayout.of(program, options).ending
    if isinstance(program, ArrayProgram):
        from taylor_runtime.arrays.series import workspace_size

        workspace = workspace_size(program, options.element, ending)
    else:
        workspace = Layout.of(program, last=True, ending=ending).size
    return Sweeper(
        module=module,
        program=program,
        options=options,
        precision=KINDS[precision].name,
        layout=SweepLayout.of(program, options),
        workspace=workspace,
        _call=function_pointer(module.address(SWEEP_BACK), _TYPE, owner=module),
        kept=tuple(memory),
    )
