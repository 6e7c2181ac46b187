"""A compiled search for events: what it knows of those of one trajectory, and what it has found."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from taylor_runtime.callables.cost import choose
from taylor_runtime.callables.memory import aligned_zeros
from taylor_runtime.callables.python_calls import Externals, calls_python
from taylor_runtime.callables.trajectory import StepMemory
from taylor_runtime.engine.compiler import Module, compile_ir
from taylor_runtime.events.block import (
    ASK,
    CUT,
    EVENT_BLOCK,
    EVENT_HEADER,
    EVENT_TABLE,
    GO,
    PART,
    RECORD,
    STOP,
    SWITCH,
    Areas,
    DetectorOptions,
    event_length,
)
from taylor_runtime.events.detector import DETECT, detector_module
from taylor_runtime.events.roots import EVENT_MEMORY, SCAN, binomials, scan_module
from taylor_runtime.passes.compensate import compensate
from taylor_runtime.program.kinds import ELEMENTS
from taylor_runtime.program.lines import body
from taylor_runtime.program.program import Program
from taylor_runtime.program.records import dataclass
from taylor_runtime.steps.states import StateRows, plane_length

FIRST_RECORDS = 256


@dataclass(frozen=True, slots=True)
class Detector:
    """Compiled detection of events in steps; see `events.detector.detector_module`."""

    module: Module
    scan: Module
    program: Program
    options: DetectorOptions
    address: int
    areas: Areas

    @property
    def record_length(self) -> int:
        """Doubles of an event's record."""
        return event_length(self.options.states)


def build_detector(
    program: Program,
    noise: Program,
    enclosures: Program,
    states: StateRows,
    parameters: int,
    linear: Sequence[bool],
    externals: Externals | None = None,
    *,
    rough: Sequence[bool] = (),
    formulas: Program | None = None,
    combined: Sequence[int] = (),
    guards: int = 0,
) -> Detector:
    """Compile the detection of a program's outputs along steps of a stepper with such states.

    parameters: of the stepper, which may have more than the program reads.
    formulas, combined: the signs of functions that are put together from the last outputs, and how
    many each takes; guards: how many outputs behind these; see `DetectorOptions`.
    """
    element = states.element
    program = compensate(program, ELEMENTS[element])
    program, unrolled = choose(program, element)
    parts = formulas.slots("sign") if formulas is not None else 0
    options = DetectorOptions(
        states,
        plane_length(parameters),
        tuple(linear),
        unrolled,
        calls_python(externals),
        tuple(rough) if any(rough) else (),
        len(program.outputs) - parts - guards,
        tuple(combined),
        guards,
    )
    programs = [program, noise, enclosures, *([] if formulas is None else [formulas])]
    scan = compile_ir(
        scan_module, [SCAN], label="scan", source="scan", first=partial(scan_module, True)
    )
    text = partial(detector_module, program, noise, enclosures, formulas, options)
    module = compile_ir(
        text,
        [DETECT],
        externals={**(externals or {}), SCAN: scan.address(SCAN)},
        label="detector",
        source="\n".join([f"detector {options}", *map(body, programs)]),
        first=partial(text, True),
    )
    for code in (scan, module):
        code.in_use()
    areas = Areas.of(program, options)
    return Detector(module, scan, program, options, module.address(DETECT), areas)


class EventRecords(NamedTuple):
    """k zeros that were found, in the order in which they were.

    numbers: (k,), whose zeros they are; times: (k, 2), pairs; directions: (k,), -1, 0 (a touch) or
    1; planes: (parts, k, n), the states there in the user's order.
    """

    numbers: np.ndarray
    times: np.ndarray
    directions: np.ndarray
    planes: np.ndarray


class EventMemory:
    """The memory of one trajectory's search for zeros.

    The detector's functions have numbers; all are parts of others at first, until `watch` or
    `watch_switch` says what their zeros are.  Switches are `switches` numbers from `first_switch`
    on, and known here by their places among them.
    """

    def __init__(self, detector: Detector, first_switch: int, switches: int) -> None:
        self.detector = detector
        self._switching = slice(first_switch, first_switch + switches)
        self.block = np.zeros(1, dtype=EVENT_BLOCK)
        self._areas = aligned_zeros(detector.areas.size)
        self._records = aligned_zeros(FIRST_RECORDS * detector.record_length)
        self._slots = np.array(detector.options.states.slots, dtype=np.intp)
        kind = ELEMENTS[detector.options.element]
        self._dtype, self._parts = kind.dtype, kind.parts
        self._locate()
        table = binomials(detector.program.order)
        self._area("binomials", table.size)[:] = table.ravel()
        self._table["action"] = PART
        self.forget()

    def _locate(self) -> None:
        """Find the parts of the workspace, and tell the block where things are."""
        functions = len(self.detector.program.outputs)
        count = functions + len(self.detector.options.combined)
        self._memory = self._area("memory", count, EVENT_MEMORY)
        self._table = self._area("table", count, EVENT_TABLE)
        self._sides = self._area("sides", functions)
        self._flips = self._area("flips", count)[self._switching]
        self._place()

    def knowledge(self) -> np.ndarray:
        """What is known of events besides the block, which `forget` wipes out: a view."""
        starts = self.detector.areas.starts
        return self._areas[starts["sides"] : starts["trial"]]

    def _area(self, name: str, count: int, kind: Any = np.float64) -> np.ndarray:
        """A part of the workspace, as a view."""
        start, dtype = self.detector.areas.starts[name], np.dtype(kind)
        return self._areas[start : start + count * dtype.itemsize // 8].view(dtype)

    def _place(self) -> None:
        block = self.block[0]
        block["areas"] = self._areas.ctypes.data
        block["records"] = self._records.ctypes.data
        block["capacity"] = len(self._records) // self.detector.record_length

    def copy(self) -> EventMemory:
        """One in the same state with memory of its own; the machine code is shared."""
        other = object.__new__(EventMemory)
        other.__dict__.update(self.__dict__)
        for name in ("block", "_areas", "_records"):
            array = getattr(self, name)
            room = aligned_zeros(array.nbytes // 8).view(array.dtype)
            room[:] = array
            setattr(other, name, room)
        other._locate()
        return other

    def state(self) -> np.ndarray:
        """What is known of every event, for pickles."""
        return self._memory.copy()

    def restore(self, state: np.ndarray) -> None:
        """The inverse of `state`."""
        self._memory[:] = state
        self._sides[:] = 0.0  # the next step looks for itself

    # -- what is watched ------------------------------------------------------------------------

    def watch(
        self, number: int, direction: int, cooldown: float, *, asks: bool, stops: bool
    ) -> None:
        """The zeros of a function are those of an event.

        asks: the step waits there for an `answer`; stops: the run ends there.
        """
        row = self._table[number]
        row["direction"], row["cooldown"] = direction, cooldown
        row["action"] = ASK if asks else STOP if stops else RECORD

    def watch_switch(self, place: int, mode: int, change: float) -> None:
        """A switch at its zeros flips a parameter between -1 and 1, or changes it by `change`.

        Then its way back is the switch after this one, or before it where the change is negative.
        """
        number = self._switching.start + place
        row = self._table[number]
        row["action"], row["mode"] = SWITCH, mode
        row["change"], row["partner"] = change, number + change

    def tell(self, rests: Sequence[bool]) -> None:
        """Let Python decide what comes after some of the switches, the others go by themselves."""
        self._table["tells"][self._switching] = rests

    # -- what is known --------------------------------------------------------------------------

    def forget(self, keep_reported: bool = False) -> None:
        """The state was set: signs are unknown.

        keep_reported: what was reported at this time is not reported again.
        """
        memory = self._memory
        memory["side"] = 0.0
        self._flips[:] = 0.0
        if not keep_reported:
            memory["open"] = memory["reported"] = memory["noise"] = 0.0
            memory["last"] = np.nan
        self._sides[:] = 0.0
        block = self.block[0]
        for name in ("resumed", "skip", "flags", "verdict", "flipped"):
            block[name] = 0
        for name in ("position", "reach", "stuck"):
            block[name] = 0.0

    def put_switch(self, place: int, side: float, met: bool = False, noise: float = 0.0) -> None:
        """A switch starts on this side of its surface.

        met: on the surface, as is known: what |g| <= noise does there is no news.
        """
        memory = self._memory[self._switching][place]
        memory["side"] = side
        memory["open"] = memory["reported"] = float(met)
        if met:
            memory["noise"] = max(float(memory["noise"]), noise)
        self._sides[self._switching][place] = 0.0

    def leave_surfaces(self) -> None:
        """Whatever surface the motion is on, it is met there again."""
        memory = self._memory[self._switching]
        memory["open"] = memory["reported"] = 0.0

    def _touched(self) -> np.ndarray:
        """Per switch, whether the motion is on its surface and that was reported."""
        memory = self._memory[self._switching]
        touched: np.ndarray = (memory["open"] != 0) & (memory["reported"] != 0)
        return touched

    def has_news(self) -> bool:
        """Whether the last step ended at a switch about which Python decides."""
        tells = self._table["tells"][self._switching] != 0
        flipped = self.block[0]["flipped"] and tells.any()
        return bool(self._flips.any() or flipped or (self._touched() & tells).any())

    def met(self) -> list[int]:
        """The switches on whose surfaces the motion is, for all that the search knows."""
        known = (self._flips != 0) | self._touched()
        self._flips[:] = 0.0
        return [int(place) for place in np.flatnonzero(known)]

    def flipped(self) -> int | None:
        """The switch that ended the last step, if one did."""
        number = int(self.block[0]["flipped"]) - 1
        return None if number < 0 else number - self._switching.start

    def known_sides(self) -> np.ndarray:
        """The last signs of functions that counted.

        0 where none is known, or a zero since then is.
        """
        return np.where(self._memory["reported"] != 0, 0.0, self._memory["side"])

    def take_blurred(self) -> list[int]:
        """Functions with zeros that were seen by signs beside rounding noise alone, for once."""
        found = np.flatnonzero(self._memory["blurred"]).tolist()
        if found:
            self._memory["blurred"] = 0.0
        return found

    # -- a run, and what it found ---------------------------------------------------------------

    def begin(self, machine: StepMemory) -> None:
        """A run begins that is watched: nothing is recorded yet."""
        self.block[0]["count"] = 0
        machine.watch(self.detector.address, self.block.ctypes.data)

    def addresses(self) -> dict[str, int]:
        """Of what drivers look at before and after a run, and how much that is."""
        return {
            "detector": self.detector.address,
            "events": int(self.block.ctypes.data),
            "memory": int(self._memory.ctypes.data),
            "functions": len(self._memory),
            "sides": int(self._sides.ctypes.data),
            "outputs": len(self._sides),
            "flips": int(self._area("flips", len(self._memory)).ctypes.data),
        }

    def grow(self) -> None:
        """Double the room for records."""
        larger = aligned_zeros(2 * len(self._records))
        larger[: len(self._records)] = self._records
        self._records = larger
        self._place()

    def record(self, number: int, machine: StepMemory) -> None:
        """Write that a function has a zero at the machine's state, which nobody reports again."""
        count = int(self.block[0]["count"])
        if count == int(self.block[0]["capacity"]):
            self.grow()
        row = self._records[count * self.detector.record_length :]
        row[:EVENT_HEADER] = (number, *machine.time, 0.0)
        places = machine.places()
        numbers = row[EVENT_HEADER:].view(places.dtype)
        numbers[: places.size] = places.ravel()
        self.block[0]["count"] = count + 1
        memory = self._memory[number]
        memory["open"] = memory["reported"] = 1.0
        memory["last"] = machine.time[0]

    def answer(self, cut: bool) -> None:
        """What the step does that waits: to end where it was asked about, or to go on."""
        self.block[0]["verdict"] = CUT if cut else GO

    def records(self) -> EventRecords:
        """All that was found in this run."""
        return self._from(0)

    def last_records(self) -> EventRecords:
        """What was found at the time for which the step waits, or at which it was stopped."""
        return self._from(int(self.block[0]["group"]))

    def _from(self, first: int) -> EventRecords:
        count, length = int(self.block[0]["count"]), self.detector.record_length
        rows = self._records[first * length : count * length].reshape(count - first, length)
        size = self.detector.options.states.size
        numbers = np.ascontiguousarray(rows[:, EVENT_HEADER:]).view(self._dtype)
        planes = numbers[:, : self._parts * size].reshape(len(rows), self._parts, size)
        return EventRecords(
            numbers=rows[:, 0].astype(np.int64),
            times=np.array(rows[:, 1:3]),
            directions=rows[:, 3].astype(np.int8),
            planes=np.moveaxis(planes[..., self._slots], 1, 0),
        )
