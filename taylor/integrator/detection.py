"""What watches one integrator: events and switches, compiled, with memory of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, cast

import numpy as np

from taylor.expressions.arguments import argument
from taylor.expressions.evaluate import evaluate
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import time as time_node
from taylor.expressions.scalars import scalars
from taylor.machines.machine import Machine
from taylor.numbers.precision import Precision, leading
from taylor.numbers.times import Pair
from taylor.recurrences.decompose import decompose
from taylor.recurrences.externals import externals
from taylor.recurrences.lowered import lowered
from taylor.surfaces.blurred import blurred, in_words
from taylor.surfaces.plan import Plan
from taylor.surfaces.switches import SwitchedSystem
from taylor.systems.events import Crossings, Event
from taylor.systems.resets import placed_resets
from taylor.systems.system import System
from taylor.transforms.enclosure import Model, enclosure
from taylor.transforms.rounding import rounding_error
from taylor_runtime.callables.events import (
    Detector,
    EventMemory,
    EventRecords,
    build_detector,
)
from taylor_runtime.callables.stepper import Stepper
from taylor_runtime.program.program import Input, Program

ENCLOSURE_ORDER = 3  # of the polynomials that show that no event is near


class Records(NamedTuple):
    """k zeros: numbers of the events, and of switches behind them; times (k, 2), pairs; directions;
    states (k, n) or (k, n, 2).
    """

    numbers: np.ndarray
    times: np.ndarray
    directions: np.ndarray
    states: np.ndarray


class Detection:
    """The compiled search for zeros, the memory it works on, and what it found.

    events come first, switches after them.

    maps: whether Python looks at every event, for its derivatives.
    """

    def __init__(
        self,
        events: Sequence[Event],
        model: SwitchedSystem,
        stepper: Stepper,
        maps: bool = False,
    ) -> None:
        system = model.system
        self._maps = maps
        self.events = tuple(events)
        self.resets = placed_resets([event.reset for event in events], system)
        self.switches = model.switches
        self._modes = len(model.modes)
        self._first_mode = len(system.parameters) - self._modes
        functions = [cast(Expression, event.expression) for event in events]
        watched = [model.event_function(scalars(g).item()) for g in functions]
        surfaces = [scalars(switch.surface).item() for switch in self.switches]
        self._plan = plan = Plan(watched, surfaces)
        self._detector = _compile(plan, system, stepper)
        self._system = system
        self._before: np.ndarray | None = None
        self.search = self._prepare()
        self.tell(always=False)

    def _prepare(self) -> EventMemory:
        plan = self._plan
        memory = EventMemory(self._detector, plan.first_switch, len(self.switches))
        for number, event in zip(plan.numbers, self.events, strict=True):
            asks, stops = event.asks or self._maps, event.terminal
            memory.watch(number, event.direction, event.cooldown, asks=asks, stops=stops)
        for place, switch in enumerate(self.switches):
            memory.watch_switch(place, self._first_mode + switch.mode, switch.change)
        return memory

    def copy(self) -> Detection:
        """One in the same state with memory of its own; the machine code is shared."""
        other = object.__new__(Detection)
        other.__dict__.update(self.__dict__)
        other.search = self.search.copy()
        return other

    @property
    def calls_python(self) -> bool:
        """Whether event functions call functions of the user."""
        return self._detector.options.calls_python

    @property
    def is_plain(self) -> bool:
        """Whether a run without zeros leaves nothing to be said or done, whichever way it goes."""
        if any(reset is not None for reset in self.resets):
            return False
        return not (self.switches or self._maps or self._plan.uncertain or self.calls_python)

    def doubts(self, machine: Machine) -> str:
        """Which events may have other zeros than were found, in words; empty for none."""
        parts = self.search.take_blurred()
        if not parts:
            return self._rough_doubts()
        found = [self._rough_doubts()]
        for part in parts:
            for event in self._plan.owners(part):
                g, instants = self._plan.functions[part], self._instants(event, machine)
                found.append(in_words(event, blurred(g, self._system, instants)))
        return "; ".join(dict.fromkeys(text for text in found if text))

    def _instants(self, event: int, machine: Machine) -> list[dict[Any, Any]]:
        """States, parameters and time at the records of an event, in float64."""
        records, system = self.records(machine.kind), self._system
        own = records.numbers == event
        parameters = dict(zip(system.parameters, machine.parameters[0].tolist(), strict=False))
        states = leading(records.states[own], machine.kind).astype(float)
        return [
            parameters | dict(zip(system.states, state, strict=True)) | {time_node: time}
            for time, state in zip(records.times[own, 0], states, strict=True)
        ]

    def _rough_doubts(self) -> str:
        listed = ", ".join(f"events[{k}]" for k in self._plan.uncertain)
        return (
            f"{listed}: the function has singularities that could not be taken out of it and is "
            "searched by its values near these; zeros that are close together may be missed there"
            if listed
            else ""
        )

    # -- switches -------------------------------------------------------------------------------

    def tell(self, always: bool) -> None:
        """Let Python decide about all switches, or only where the motion may come to rest."""
        self.search.tell([always or switch.rests for switch in self.switches])

    def modes(self, machine: Machine) -> np.ndarray:
        """The branches in force: +-1, or the value of a `floor`."""
        return self.modes_among(machine.parameters)

    def modes_among(self, parameters: np.ndarray) -> np.ndarray:
        """Those in the parameters that a machine has, or had."""
        return np.array(parameters[0, self._first_mode :][: self._modes], dtype=float)

    def keep_before(self, parameters: np.ndarray | None) -> None:
        """What the parameters of the last step were, if Python changed modes at its end."""
        self._before = parameters

    def before_switch(self, machine: Machine) -> np.ndarray:
        """The parameters of the last step, before a switch at its end changed a mode."""
        if self._before is not None:
            return self._before
        planes = machine.parameters.copy()
        flipped = self.search.flipped()
        if flipped is not None:
            switch = self.switches[flipped]
            place = self._first_mode + switch.mode
            old = planes[0, place]
            planes[0, place] = old - switch.change if switch.change else -old
        return planes

    # -- propagation ----------------------------------------------------------------------------

    def begin(self, machine: Machine, backward: bool) -> None:
        """A propagation starts: nothing is recorded yet."""
        if machine.last and (machine.last < 0) != backward:
            self.search.leave_surfaces()  # what was left at a surface is met there again
        self.search.begin(machine)

    def record(self, event: int, machine: Machine) -> None:
        """Write that an event has a zero at the machine's state, which nobody reports again."""
        self.search.record(self._plan.numbers[event], machine)

    def reached(self, sides: np.ndarray, values: Mapping[Any, Any]) -> list[int]:
        """The events that are at zero, which were on sides that are known."""
        listed = zip(self._plan.numbers, enumerate(self.events), strict=True)
        apart = [(n, e) for k, (n, e) in listed if e.direction == 0 and sides[k] != 0]
        return [n for n, e in apart if evaluate(cast(Expression, e.expression), values) == 0]

    def asked(self, machine: Machine) -> tuple[np.ndarray, Pair, list[int]]:
        """State and time of the events that wait for an answer, and those that ask for one: all of
        them, if there are derivatives.
        """
        records = self._owned(self.search.last_records(), machine.kind)
        numbers = dict.fromkeys(sorted(records.numbers.tolist()))
        own = [n for n in numbers if n < len(self.events)]
        waiting = [n for n in own if self.events[n].asks or self._maps]
        high, low = records.times[0].tolist()
        return records.states[0], (high, low), waiting

    def stopped_by(self) -> int:
        """Number of the terminal event that stopped the propagation."""
        numbers = self._plan.owned(self.search.last_records().numbers).tolist()
        listed = [n for n in numbers if n < len(self.events)]
        return next(n for n in listed if self.events[n].terminal)

    def records(self, kind: Precision) -> Records:
        """All zeros that were found in this run."""
        return self._owned(self.search.records(), kind)

    def _owned(self, found: EventRecords, kind: Precision) -> Records:
        numbers, states = self._plan.owned(found.numbers), kind.from_planes(found.planes)
        return Records(numbers, found.times, found.directions, states)

    def found(self, machine: Machine) -> tuple[tuple[Crossings, ...], tuple[Crossings, ...]]:
        """The records of every event and of every switch."""
        records = self.records(machine.kind)
        pairs = machine.kind.is_finer
        listed = []
        for number in range(len(self.events) + len(self.switches)):
            own = records.numbers == number
            instants, states = records.times[own], np.ascontiguousarray(records.states[own])
            times = instants.copy() if pairs else instants.sum(axis=1)
            listed.append(Crossings(times, states, records.directions[own], instants))
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
        stepper.shown,
        stepper.parameters,
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
