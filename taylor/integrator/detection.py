"""What watches one integrator: events and switches, compiled, with memory of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from taylor.expressions.arguments import argument
from taylor.expressions.evaluate import evaluate
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import time as time_node
from taylor.expressions.scalars import scalars
from taylor.integrator.memory import Machine
from taylor.numbers.precision import leading
from taylor.numbers.times import Pair
from taylor.recurrences.decompose import decompose
from taylor.recurrences.externals import externals
from taylor.recurrences.lowered import lowered
from taylor.surfaces.blurred import blurred, in_words
from taylor.surfaces.plan import Plan
from taylor.surfaces.switches import SwitchedSystem
from taylor.systems.events import Crossings, Event
from taylor.systems.system import System
from taylor.transforms.enclosure import Model, enclosure
from taylor.transforms.rounding import rounding_error
from taylor_runtime.callables.detector import Detector, build_detector
from taylor_runtime.callables.memory import (
    ASK,
    CUT,
    EVENT_BLOCK,
    EVENT_HEADER,
    EVENT_MEMORY,
    EVENT_TABLE,
    GO,
    PART,
    RECORD,
    STOP,
    SWITCH,
    aligned_zeros,
    binomials,
)
from taylor_runtime.callables.stepper import Stepper
from taylor_runtime.program.program import Input, Program

FIRST_RECORDS = 256
ENCLOSURE_ORDER = 3  # of the polynomials that show that no event is near


class Detection:
    """The compiled search for zeros, the memory it works on, and what it found.

    events come first, switches after them.
    """

    def __init__(
        self,
        events: Sequence[Event],
        model: SwitchedSystem,
        stepper: Stepper,
    ) -> None:
        system = model.system
        self.events = tuple(events)
        self.switches = model.switches
        self._modes = len(model.modes)
        self._first_mode = len(system.parameters) - self._modes
        watched = [model.event_function(scalars(event.expression).item()) for event in events]
        surfaces = [scalars(switch.surface).item() for switch in self.switches]
        self._plan = plan = Plan(watched, surfaces)
        self._detector = _compile(plan, system, stepper)
        self._system = system
        self._prepare()

    def _prepare(self) -> None:
        detector = self._detector
        self.block = np.zeros(1, dtype=EVENT_BLOCK)
        self._areas = aligned_zeros(detector.areas.size)
        order = detector.program.order
        table = binomials(order)
        self._area("binomials", np.float64)[: table.size] = table.ravel()
        self._records = aligned_zeros(FIRST_RECORDS * detector.record_length)
        settings = self._area("table", EVENT_TABLE)
        settings["action"] = PART
        for number, event in zip(self._plan.numbers, self.events, strict=True):
            row = settings[number]
            row["direction"], row["cooldown"] = event.direction, event.cooldown
            asks = event.callback is not None
            row["action"] = ASK if asks else STOP if event.terminal else RECORD
        for place, switch in enumerate(self.switches):
            number = self._plan.first_switch + place
            row = settings[number]
            row["action"], row["mode"] = SWITCH, self._first_mode + switch.mode
            row["change"] = switch.change
            row["partner"] = number + switch.change
        self.tell(always=False)
        self._before: np.ndarray | None = None
        self._locate()
        self.forget()

    def _area(self, name: str, dtype: Any) -> np.ndarray:
        """A part of the workspace, as a view."""
        count = self._plan.sizes.get(name)
        start = self._detector.areas.starts[name]
        view = self._areas[start:].view(np.uint8)
        kind = np.dtype(dtype)
        whole = view[: len(view) // kind.itemsize * kind.itemsize].view(kind)
        return whole if count is None else whole[:count]

    def _of_switches(self, name: str, dtype: Any) -> np.ndarray:
        """The rows of an area that belong to switches, as a view."""
        first = self._plan.first_switch
        return self._area(name, dtype)[first : first + len(self.switches)]

    def _locate(self) -> None:
        """Tell the block where things are."""
        block = self.block[0]
        block["areas"] = self._areas.ctypes.data
        block["records"] = self._records.ctypes.data
        block["capacity"] = len(self._records) // self._detector.record_length

    def copy(self) -> Detection:
        """One in the same state with memory of its own; the machine code is shared."""
        other = object.__new__(Detection)
        other.__dict__.update(self.__dict__)
        other.block = self.block.copy()
        other._areas = aligned_zeros(len(self._areas))
        other._areas[:] = self._areas
        other._records = aligned_zeros(len(self._records))
        other._records[:] = self._records
        other._locate()
        return other

    def state(self) -> np.ndarray:
        """What is known of every event, for pickles."""
        return self._area("memory", EVENT_MEMORY).copy()

    def restore(self, state: np.ndarray) -> None:
        """The inverse of `state`."""
        self._area("memory", EVENT_MEMORY)[:] = state
        self._area("sides", np.float64)[:] = 0.0  # the next step looks for itself

    def knowledge(self) -> np.ndarray:
        """What is known of events besides the block, which `forget` wipes out: a view."""
        starts = self._detector.areas.starts
        return self._areas[starts["sides"] : starts["trial"]]

    @property
    def calls_python(self) -> bool:
        """Whether event functions call functions of the user."""
        return self._detector.options.calls_python

    def doubts(self, machine: Machine) -> str:
        """Which events may have other zeros than were found, in words; empty for none."""
        memory = self._area("memory", EVENT_MEMORY)
        if not memory["blurred"].any():
            return self._rough_doubts()
        found = [self._rough_doubts()]
        for part in np.flatnonzero(memory["blurred"]):
            for event in self._plan.owners(int(part)):
                g, instants = self._plan.functions[part], self._instants(event, machine)
                found.append(in_words(event, blurred(g, self._system, instants)))
        memory["blurred"] = 0.0
        return "; ".join(dict.fromkeys(text for text in found if text))

    def _instants(self, event: int, machine: Machine) -> list[dict[Any, Any]]:
        """States, parameters and time at the records of an event, in float64."""
        rows, system = self._rows(), self._system
        own = rows[rows[:, 0] == event]
        parameters = dict(zip(system.parameters, machine.parameters[0].tolist(), strict=False))
        states = leading(self._states(own, machine), machine.kind).astype(float)
        return [
            parameters | dict(zip(system.states, state, strict=True)) | {time_node: row[1]}
            for row, state in zip(own, states, strict=True)
        ]

    def _rough_doubts(self) -> str:
        listed = ", ".join(f"events[{k}]" for k in self._plan.uncertain)
        return (
            f"{listed}: the function has singularities that could not be taken out of it and is "
            "searched by its values near these; zeros that are close together may be missed there"
            if listed
            else ""
        )

    # -- memory ---------------------------------------------------------------------------------

    def forget(self, keep_reported: bool = False) -> None:
        """The state was set: signs are unknown.

        keep_reported: what was reported at this time is not reported again.
        """
        memory = self._area("memory", EVENT_MEMORY)
        memory["side"] = 0.0
        self._of_switches("flips", np.float64)[:] = 0.0
        if not keep_reported:
            memory["open"] = memory["reported"] = memory["noise"] = 0.0
            memory["last"] = np.nan
        self._area("sides", np.float64)[:] = 0.0
        block = self.block[0]
        for name in ("resumed", "skip", "flags", "verdict", "flipped"):
            block[name] = 0
        for name in ("position", "reach", "stuck"):
            block[name] = 0.0

    def put_switch(self, place: int, side: float, met: bool = False, noise: float = 0.0) -> None:
        """A switch starts on this side of its surface.

        met: on the surface, as is known: what |g| <= noise does there is no news.
        """
        memory = self._of_switches("memory", EVENT_MEMORY)[place]
        memory["side"] = side
        memory["open"] = memory["reported"] = float(met)
        if met:
            memory["noise"] = max(float(memory["noise"]), noise)
        self._of_switches("sides", np.float64)[place] = 0.0

    def has_news(self) -> bool:
        """Whether the last step ended at a switch about which Python decides."""
        flips = self._of_switches("flips", np.float64)
        tells = self._of_switches("table", EVENT_TABLE)["tells"] != 0
        memory = self._of_switches("memory", EVENT_MEMORY)
        touched = (memory["open"] != 0) & (memory["reported"] != 0)
        flipped = self.block[0]["flipped"] and tells.any()
        return bool(flips.any() or flipped or (touched & tells).any())

    def met(self) -> list[int]:
        """The switches on whose surfaces the motion is, for all that the search knows."""
        memory = self._of_switches("memory", EVENT_MEMORY)
        flips = self._of_switches("flips", np.float64)
        known = (flips != 0) | ((memory["open"] != 0) & (memory["reported"] != 0))
        flips[:] = 0.0
        return [int(place) for place in np.flatnonzero(known)]

    def tell(self, always: bool) -> None:
        """Let Python decide about all switches, or only where the motion may come to rest."""
        table = self._of_switches("table", EVENT_TABLE)
        for row, switch in zip(table, self.switches, strict=True):
            row["tells"] = int(always or switch.rests)

    def modes(self, machine: Machine) -> np.ndarray:
        """The branches in force: +-1, or the value of a `floor`."""
        return np.array(machine.parameters[0, self._first_mode :][: self._modes], dtype=float)

    def keep_before(self, parameters: np.ndarray | None) -> None:
        """What the parameters of the last step were, if Python changed modes at its end."""
        self._before = parameters

    def before_switch(self, machine: Machine) -> np.ndarray:
        """The parameters of the last step, before a switch at its end changed a mode."""
        if self._before is not None:
            return self._before
        planes = machine.parameters.copy()
        number = int(self.block[0]["flipped"]) - 1
        if number >= 0:
            switch = self.switches[number - self._plan.first_switch]
            place = self._first_mode + switch.mode
            old = planes[0, place]
            planes[0, place] = old - switch.change if switch.change else -old
        return planes

    # -- propagation ----------------------------------------------------------------------------

    def begin(self, machine: Machine, backward: bool) -> None:
        """A propagation starts: nothing is recorded yet."""
        last = float(machine.control[0]["step"])
        if last and (last < 0) != backward:  # what was left at a surface is met there again
            memory = self._of_switches("memory", EVENT_MEMORY)
            memory["open"] = memory["reported"] = 0.0
        self.block[0]["count"] = 0
        control = machine.control[0]
        control["detector"] = self._detector.address
        control["events"] = self.block.ctypes.data
        control["recording"] = control["recording"] or 2

    def grow(self) -> None:
        """Double the room for records."""
        larger = aligned_zeros(2 * len(self._records))
        larger[: len(self._records)] = self._records
        self._records = larger
        self._locate()

    def record(self, event: int, machine: Machine, direction: float = 0.0) -> None:
        """Write that an event has a zero at the machine's state, which nobody reports again."""
        number = self._plan.numbers[event]
        if int(self.block[0]["count"]) == int(self.block[0]["capacity"]):
            self.grow()
        row = self._records[int(self.block[0]["count"]) * self._detector.record_length :]
        row[:EVENT_HEADER] = (number, *machine.time, direction)
        planes = machine.planes()
        numbers = row[EVENT_HEADER:].view(planes.dtype)
        numbers[: planes.size] = planes.ravel()
        self.block[0]["count"] += 1
        memory = self._area("memory", EVENT_MEMORY)[number]
        memory["open"] = memory["reported"] = 1.0
        memory["last"] = machine.time[0]

    def known_sides(self) -> np.ndarray:
        """The last signs of events that counted; 0 where none is known, or a zero since then is."""
        memory = self._area("memory", EVENT_MEMORY)
        return np.where(memory["reported"] != 0, 0.0, memory["side"])

    def reached(self, sides: np.ndarray, values: Mapping[Any, Any]) -> list[int]:
        """The events that are at zero, which were on sides that are known."""
        listed = zip(self._plan.numbers, enumerate(self.events), strict=True)
        apart = [(n, e) for k, (n, e) in listed if e.direction == 0 and sides[k] != 0]
        return [n for n, e in apart if evaluate(e.expression, values) == 0]

    def answer(self, cut: bool) -> None:
        """What the callbacks want: to start anew at the event, or to go on."""
        self.block[0]["verdict"] = CUT if cut else GO

    def asked(self, machine: Machine) -> tuple[np.ndarray, Pair, list[int]]:
        """State and time of the events that wait for an answer, and those with callbacks."""
        rows = self._rows()[int(self.block[0]["group"]) :]
        waiting = [n for n in rows[:, 0].astype(int) if self._has_callback(n)]
        time = float(rows[0, 1]), float(rows[0, 2])
        return self._states(rows[:1], machine)[0], time, waiting

    def _has_callback(self, number: int) -> bool:
        return number < len(self.events) and self.events[number].callback is not None

    def stopped_by(self) -> int:
        """Number of the terminal event that stopped the propagation."""
        rows = self._rows()[int(self.block[0]["group"]) :]
        listed = [n for n in rows[:, 0].astype(int) if n < len(self.events)]
        return next(n for n in listed if self.events[n].terminal)

    def _rows(self) -> np.ndarray:
        count = int(self.block[0]["count"])
        length = self._detector.record_length
        rows = self._records[: count * length].reshape(count, length)
        return self._plan.owned(rows)

    def _states(self, rows: np.ndarray, machine: Machine) -> np.ndarray:
        kind, size = machine.kind, machine.stepper.size
        numbers = np.ascontiguousarray(rows[:, EVENT_HEADER:]).view(kind.dtype)
        planes = numbers[:, : kind.parts * size].reshape(len(rows), kind.parts, size)
        return np.ascontiguousarray(kind.from_planes(np.moveaxis(planes[..., machine.slots], 1, 0)))

    def records(self, machine: Machine) -> tuple[np.ndarray, np.ndarray]:
        """All records as they were written: headers (k, 4) and states (k, n, ..)."""
        rows = self._rows()
        return rows[:, :EVENT_HEADER].copy(), self._states(rows, machine)

    def found(self, machine: Machine) -> tuple[tuple[Crossings, ...], tuple[Crossings, ...]]:
        """The records of every event and of every switch."""
        rows = self._rows()
        pairs = machine.kind.is_finer
        listed = []
        for number in range(len(self.events) + len(self.switches)):
            own = rows[rows[:, 0] == number]
            instants = np.array(own[:, 1:3])
            times = instants.copy() if pairs else instants.sum(axis=1)
            directions = own[:, 3].astype(np.int8)
            listed.append(Crossings(times, self._states(own, machine), directions, instants))
        return tuple(listed[: len(self.events)]), tuple(listed[len(self.events) :])


def _compile(plan: Plan, system: System, stepper: Stepper) -> Detector:
    expressions = plan.functions
    given = {e: Input("parameter", (i,)) for i, e in enumerate(system.parameters)}
    given |= {e: Input("jet", (i,)) for i, e in enumerate(system.states)}
    given[time_node] = Input("time", (0,))
    order, precision = stepper.program.order, stepper.options.precision
    program, linked = lowered(expressions, given, order, precision=precision)
    noise, linked_in_noise = lowered([rounding_error(g) for g in expressions], given, 0)
    linear = [_is_linear(g) for g in expressions]
    terms = 0 if all(linear) else ENCLOSURE_ORDER
    enclosures = _enclosures(expressions, system, given, terms)
    linked |= linked_in_noise | externals(enclosures)
    return build_detector(
        program,
        noise,
        enclosures,
        stepper.states,
        linear,
        linked,
        rough=plan.rough,
        formulas=plan.formulas(system.parameters),
        guards=plan.guards,
        combined=[len(plan.formula_inputs(formula)) for formula in plan.combined],
    )


def _enclosures(
    expressions: Sequence[Expression],
    system: System,
    given: Mapping[Expression, Input],
    terms: int,
) -> Program:
    """Middle and radius of every event function over a step.

    For every state, the inputs of source "radius" are its terms 1 .. terms and what is left.
    """
    inputs = dict(given)
    models: dict[Expression, Model] = {}
    for place, state in enumerate(system.states):
        own = [argument(f"{state}, term {k + 1}") for k in range(terms + 1)]
        inputs |= {x: Input("radius", (place * (terms + 1) + k,)) for k, x in enumerate(own)}
        models[state] = Model((state, *own[:-1]), own[-1])
    step = argument("step")
    inputs[step] = Input("radius", (len(models) * (terms + 1),))
    models[time_node] = Model((time_node,), step)
    found = [enclosure(g, models) for g in expressions]
    return decompose([part for m in found for part in (m.middle, m.spread)], inputs, 0)


def _is_linear(e: Expression) -> bool:
    """Whether e is a sum of states and time with constant factors."""
    if not e.args or e.op == "index":
        return True
    return e.op == "linear" and all(_is_linear(arg) for arg in e.args)
