"""What a solution comes through on its way, kept for the way back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

import numpy as np

from taylor.adjoints.point import Point
from taylor.expressions.expression import Expression
from taylor.expressions.scalars import scalars
from taylor.machines.crossing import UndefinedDerivativesError
from taylor.machines.tape import Tape
from taylor.machines.taped import TapedMachine
from taylor.numbers.times import Pair
from taylor.systems.amounts import Placed
from taylor.systems.resets import Reset
from taylor_runtime.program.records import dataclass

Told = TypeVar("Told")


@dataclass(frozen=True, slots=True)
class Jump:
    """What happens where a leg ends.

    before: where, and with what parameters.
    label: what it is, in words.
    surface: g, zero there, which says when it happens; None for impulses, whose times are given.
    states, parameters: new values by place, expressions of what was before.
    number: of the impulse among those of the integrator.
    """

    before: Point
    label: str
    surface: Expression | None = None
    states: Placed = ()
    parameters: Placed = ()
    number: int | None = None


class Followed(Protocol):
    """The integrator, as far as it is asked."""

    system: Any
    _machine: Any
    _model: Any
    _detection: Any
    _schedule: Any

    @property
    def events(self) -> Any: ...
    @property
    def switches(self) -> Any: ...
    @property
    def time(self) -> float: ...


class Following:
    """Is told by propagations of what a solution comes through (`machines.follower.Follower`)."""

    def __init__(self, ta: Followed, machine: TapedMachine, tape: Tape) -> None:
        self.ta = ta
        self.machine = machine
        self.tape = tape
        self.undefined = ""  # why there are no derivatives, in words
        self._asked: tuple[int, ...] = ()
        self._reset: list[tuple[int, Reset]] = []

    # -- events -----------------------------------------------------------------------------------

    def ask(self, numbers: Sequence[int], time: Pair) -> None:
        """Events that ask have zeros at a time in the step that was made."""
        self._reset = []

    def reset(self, number: int, new: Reset) -> None:
        """One of them has reset the state."""
        self._reset.append((number, new))

    def called(self, changed: bool) -> None:
        """A callback was called, which may have changed the state."""
        if changed:
            self._end("a callback changed the solution, and callbacks cannot be differentiated")

    @property
    def resets(self) -> bool:
        """Whether any event has reset anything."""
        return bool(self._reset)

    def leave(self) -> None:
        """The step was cut at the events; what they changed is not in the machine yet."""
        if not self._reset:
            return
        if len(self._reset) > 1:
            listed = " and ".join(f"events[{n}]" for n, _ in self._reset)
            self._end(
                f"{listed} reset the state at one time, and displaced solutions may meet them in "
                "either order"
            )
        number, new = self._reset[0]
        self._reset = []
        self._close(f"events[{number}]", self._function(number), new.states, new.parameters)

    def _function(self, number: int) -> Expression:
        e: Expression = scalars(self.ta.events[number].expression).item()
        found: Expression = self.ta._model.event_function(e)
        return found

    # -- switches ---------------------------------------------------------------------------------

    def switch(self) -> None:
        """The right-hand side has changed at the end of the last step."""
        detection = self.ta._detection
        flipped = detection.search.flipped()
        if flipped is not None:
            self._change(flipped, detection.before_switch(self.machine))

    def chosen(self, parameters: np.ndarray) -> None:
        """Modes were chosen by Python where the last step ended, or by machine code that asked it;
        what they and all parameters were in that step.
        """
        detection = self.ta._detection
        before, modes = detection.modes_among(parameters), detection.modes(self.machine)
        changed = np.flatnonzero(before != modes)
        if len(changed) > 1:
            self._end("conditions change together, in what order nobody knows")
        elif len(changed):
            mode = int(changed[0])
            now = float(modes[mode])
            rises = now > before[mode]
            places = [
                place
                for place, switch in enumerate(self.ta.switches)
                if switch.mode == mode and (not switch.change or (switch.change > 0) == rises)
            ]
            if now == 0 or before[mode] == 0 or not places:
                self._end("the solution comes to stay on a surface, or leaves it")
            else:
                self._change(places[0], parameters)

    def _change(self, place: int, parameters: np.ndarray) -> None:
        surface: Expression = scalars(self.ta.switches[place].surface).item()
        self._close("a condition of the right-hand side", surface, before=parameters)

    def passed_edge(self) -> None:
        """The solution went on behind a point where the right-hand side has no series."""
        self._end("the right-hand side is singular there")

    # -- impulses ---------------------------------------------------------------------------------

    def impulses(self, numbers: Sequence[int]) -> None:
        """Jumps are about to be made at the present time."""
        if not numbers:
            return
        ta, machine = self.ta, self.machine
        machine.hand_on()
        names = [str(e) for e in ta.system.parameters]
        point = Point.of(ta._model.system, machine)
        for number in numbers:
            jump = ta._schedule.jumps[number]
            states = tuple((p, ta.system.states[p] + e) for p, e in jump.added)
            wanted = tuple(
                (names.index(str(ta._schedule.parameters[k])), e) for k, e in jump.wanted
            )
            made = Jump(point, f"impulse {number}", None, states, wanted, number)
            self.tape.close(point.parameters, point.time, made)
            point = point.after(states, wanted)

    # -- the rest ---------------------------------------------------------------------------------

    def with_maps(self, outcome: Told, grid: np.ndarray | None) -> Told:
        """The outcome as it is."""
        return outcome

    def finish(self, stopped: int | None) -> None:
        """The way ends, perhaps by a terminal event, which may have reset something just before."""
        self.machine.hand_on()
        point, jump = Point.of(self.ta._model.system, self.machine), None
        legs = self.tape.legs
        if (
            stopped is not None
            and legs
            and legs[-1].end == point.time
            and legs[-1].jump is not None
        ):
            return  # what is behind the reset is the end
        if stopped is not None:
            jump = Jump(point, f"events[{stopped}]", self._function(stopped))
        self.tape.close(point.parameters, point.time, jump)

    def _close(
        self,
        label: str,
        surface: Expression,
        states: Placed = (),
        parameters: Placed = (),
        before: np.ndarray | None = None,
    ) -> None:
        """A leg ends where the machine is; before: its parameters, if they are others now."""
        self.machine.hand_on()
        point = Point.of(self.ta._model.system, self.machine, before)
        jump = Jump(point, label, surface, states, parameters)
        self.tape.close(point.parameters, point.time, jump)

    def _end(self, why: str) -> None:
        """There are no derivatives through the present time."""
        self.undefined = self.undefined or f"{why}, at t = {self.machine.time[0]!r}"

    def check(self) -> None:
        """Raise UndefinedDerivativesError where there are none."""
        if self.undefined:
            raise UndefinedDerivativesError(f"the solution has no derivatives: {self.undefined}")
