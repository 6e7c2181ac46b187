"""Puts modes in force: at a start, and where machine code leaves the decision to Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from taylor.expressions.evaluate import evaluate
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import time as time_node
from taylor.integrator.detection import Detection
from taylor.machines.machine import Machine
from taylor.numbers.precision import leading
from taylor.numbers.times import Pair, add
from taylor.surfaces.beyond import beyond
from taylor.surfaces.near import UNIT, near_equalities
from taylor.surfaces.sides import (
    NOISE,
    UNKNOWN,
    Decision,
    Meeting,
    Point,
    Sides,
    Surfaces,
    is_exact,
    meetings,
    side_in_force,
    with_sides,
)
from taylor.surfaces.switches import SwitchedSystem
from taylor.transforms.rounding import rounding_error

DIGITS = 50
EXACT = 1e-40  # how far the numbers of a start may be off, as a part of them
NEAR = 2.0**-40  # of time: where steps end, a surface so far away is reached
STALLS = 20  # decisions at one time before they are no progress


class Steering:
    """What decides about the modes of one integrator.

    backward: whether the motion goes back in time.
    """

    def __init__(self, model: SwitchedSystem) -> None:
        self.model = model
        self.surfaces = Surfaces(model)
        self.first = len(model.system.parameters) - len(model.modes)
        self.backward = False
        self._bounds: list[Expression | None] | None = None
        self._last: tuple[Any, int] = (None, 0)

    def turn(self, backward: bool) -> bool:
        """Go in this direction from here on; returns whether that is another one."""
        turned, self.backward = backward != self.backward, backward
        return turned

    # -- starts ---------------------------------------------------------------------------------

    def start(self, machine: Machine, detection: Detection | None) -> None:
        """Choose all modes for a state that was set."""
        from mpmath import workdps

        modes, met = self._written(machine)
        found: list[Meeting] = []
        sides: Sides = ()
        if met:
            with workdps(DIGITS):
                point = self._point(machine, EXACT)
                met = self._exactly(point, modes, met)
                found, sides = self._start_on(point, modes, met)
        modes = with_sides(modes, found, sides)
        self._put(machine, modes)
        if detection is not None:
            self._put_sides(detection, modes)
            self._put_met(detection, found, sides, [0.0] * len(self.surfaces.expressions))
            detection.tell(self._rests(modes))

    def leave(self, machine: Machine) -> bool:
        """Choose modes of equalities near which the motion goes on; whether there are any."""
        from mpmath import workdps

        first, modes = len(self.model.switches), self._modes(machine)
        room = max(UNIT, 4 * machine.kind.epsilon)
        near = enumerate(near_equalities(self.model, self._values(machine), room), first)
        on = [i for i, (e, may_hold) in near if may_hold and modes[e.mode] == 0]
        if on:
            with workdps(DIGITS):
                point = self._point(machine, 4 * machine.kind.epsilon)
                found, sides = self._start_on(self._projected(point, modes, on), modes, on)
            self._put(machine, with_sides(modes, found, sides))
        return bool(on)

    def _values(self, machine: Machine) -> dict[Expression, Any]:
        """States, parameters and time as floats."""
        system, kind = self.model.system, machine.kind
        time = machine.time
        values: dict[Expression, Any] = {time_node: time[0] + time[1]}
        values |= dict(
            zip(system.states, leading(machine.state(), kind).astype(float), strict=True)
        )
        known = machine.parameters[0, : self.first].astype(float)
        values |= dict(zip(system.parameters, known, strict=False))
        return values

    def _written(self, machine: Machine) -> tuple[list[float], list[int]]:
        """The modes by the signs of surfaces in float64, and the surfaces that may be met."""
        model, values = self.model, self._values(machine)
        modes = [0.0] * len(model.modes)
        values |= {model.modes[equality.mode]: 0.0 for equality in model.equalities}
        met = []
        bounds = self._rounding(machine)
        for i, surface in enumerate(self.surfaces.expressions):
            switch = model.switches[i] if i < len(model.switches) else None
            if switch is not None and switch.change:
                modes[switch.mode] = float(evaluate(switch.condition, values))
                values[model.modes[switch.mode]] = modes[switch.mode]
            g = float(evaluate(surface, values))
            bound = bounds[i]
            room = 0.0 if bound is None else UNIT * float(evaluate(bound, values))
            if abs(g) <= room:
                met.append(i)
            if switch is not None and not switch.change:
                modes[switch.mode] = float(np.copysign(1.0, g)) if g else 0.0
                values[model.modes[switch.mode]] = modes[switch.mode]
        return modes, met

    def _rounding(self, machine: Machine) -> list[Expression | None]:
        """Rounding errors of surface functions in float64; None for those that have none."""
        if self._bounds is None:
            exact = not machine.kind.is_finer
            self._bounds = [
                None if exact and is_exact(g) else rounding_error(g)
                for g in self.surfaces.expressions
            ]
        return self._bounds

    def _exactly(self, point: Point, modes: list[float], met: Sequence[int]) -> list[int]:
        """The surfaces that are met indeed; the modes of others are set."""
        from mpmath import mp

        try:
            values = [[row[0] for row in self.surfaces.series(point, modes, 0, s)] for s in (0, 1)]
        except UNKNOWN:
            return list(met)
        kept = []
        for i in met:
            g, other = values[0][i], values[1][i]
            if abs(g) <= NOISE * abs(other - g):
                kept.append(i)
            elif i < len(self.model.switches) and not self.model.switches[i].change:
                modes[self.model.switches[i].mode] = float(mp.sign(g))
        return kept

    def _start_on(
        self, point: Point, modes: list[float], met: Sequence[int]
    ) -> tuple[list[Meeting], Sides]:
        """Sides of a start on surfaces; of those of which nothing is known, what is written."""
        every = list(meetings(self.model, met, modes))
        known = [self.surfaces.side_in_time(point, modes, m.surface, self.backward) for m in every]
        timed = [m for m, side in zip(every, known, strict=True) if side]
        ahead = tuple(side for side in known if side)
        found = [m for m, side in zip(every, known, strict=True) if not side]
        if not found:
            return timed, ahead
        others, sides = self._start_among(point, with_sides(modes, timed, ahead), found)
        return timed + others, ahead + sides

    def _start_among(
        self, point: Point, modes: Sequence[float], found: list[Meeting]
    ) -> tuple[list[Meeting], Sides]:
        """Sides of a start on surfaces on which the motion decides."""
        sides, held = self._decide(point, modes, found)
        defined = sides is None or self.surfaces.is_defined(point, with_sides(modes, found, sides))
        if not defined or (sides is None and not held):
            # Equalities whose sides are undefined are asked as they are written.
            found = [m for m in found if m.switch is not None]
            sides, held = self._decide(point, modes, found)
        if sides is None:  # held: the first step finds the motion to slide
            return held, tuple(1 for _ in held)
        return found, sides

    # -- on the way -----------------------------------------------------------------------------

    def arrive(self, machine: Machine, detection: Detection) -> list[str] | None:
        """Choose the modes on surfaces where machine code has stopped.

        Returns None to go on; else the conditions that hold the motion, [] if nobody can tell.
        """
        from mpmath import workdps

        if not detection.search.has_news():
            return None
        before = detection.before_switch(machine)
        modes, known = self._modes(machine), detection.search.met()
        with workdps(DIGITS):
            point = self._point(machine, 4 * machine.kind.epsilon)
            try:
                g, other = (
                    [row[0] for row in self.surfaces.series(point, modes, 0, s)] for s in (0, 1)
                )
            except UNKNOWN:
                return []
            count = len(self.surfaces.expressions)
            near = [i for i in range(count) if abs(g[i]) <= NOISE * abs(other[i] - g[i])]
            found = list(meetings(self.model, sorted({*known, *near}), modes))
            found = list({m.places[0]: m for m in reversed(found)}.values())
            on = self._projected(point, modes, [m.surface for m in found])
            sides, held = self._decide(on, modes, found, now=True)
            if sides is None or self._stalls(machine):
                return [self._name(m) for m in held]
            noise = [2 * abs(float(value)) for value in g]
            if 0 in sides:
                self._move(machine, on, machine.time)
        detection.keep_before(before)
        modes = with_sides(modes, found, sides)
        self._put(machine, modes)
        self._put_met(detection, found, sides, noise)
        detection.tell(self._rests(modes))
        return None

    def _stalls(self, machine: Machine) -> bool:
        """Whether decision follows decision at one time."""
        time, count = self._last
        self._last = machine.time, count + 1 if time == machine.time else 0
        return self._last[1] > STALLS

    def _projected(self, point: Point, modes: Sequence[float], numbers: Sequence[int]) -> Point:
        """The point on the surfaces that it is on but for rounding errors."""
        try:
            return self.surfaces.project(point, modes, numbers)
        except UNKNOWN:
            return point

    def _move(self, machine: Machine, point: Point, time: Pair) -> None:
        """Put the machine to a point, as near as its numbers go."""
        machine.set_state(machine.kind.rounded(point.states), time)

    def past_edge(self, machine: Machine, detection: Detection | None) -> bool:
        """Go on behind a surface at which the branch in force is not defined any more.

        There, steps end before the surface is passed. Returns whether modes were changed.
        """
        from mpmath import mp, workdps

        modes, switches = self._modes(machine), self.model.switches
        sign = -1 if self.backward else 1
        with workdps(DIGITS):
            point = self._point(machine, EXACT)
            try:
                rows = self.surfaces.series(point, modes, 1)
            except UNKNOWN:
                return False
            room = NEAR * abs(point.time) + abs(machine.last) * 2
            spans = {}
            rounded = self._point(machine, 4 * machine.kind.epsilon)
            on = self.surfaces.may_be_on
            for i, (value, slope) in enumerate(rows[: len(self.surfaces.expressions)]):
                if value == 0 or (i < len(switches) and on(rounded, modes, i, value)):
                    span = -value / slope if value and slope else mp.mpf(0)
                    spans[i] = span if abs(span) <= room else mp.mpf(0)
                elif i < len(switches) and mp.isfinite(slope) and slope != 0:
                    span = -value / slope
                    if 0 < span * sign <= room:
                        spans[i] = span
            if not spans or self._stalls(machine):
                return False
            span = max(spans.values(), key=abs)
            moved = rows[len(self.surfaces.expressions) :]
            numbers = [
                row[0] + span * row[1] if span and mp.isfinite(row[1]) else row[0] for row in moved
            ]
            point = replace(point, states=numbers, time=point.time + span)
            found = list(meetings(self.model, list(spans), modes))
            point, arrival = self._projected(point, modes, list(spans)), span
            sides, _ = self._decide(point, modes, found)
            new = modes if sides is None else with_sides(modes, found, sides)
            if sides is None:
                return False
            if new == modes:
                left = abs(mp.mpf(machine.end[0]) - point.time)
                left = -left if self.backward else left
                rounded = replace(point, errors=rounded.errors)
                hop = beyond(self.surfaces, rounded, modes, found, sides, left)
                if hop is None:
                    return False
                span, point = span + hop[0], hop[1]
            self._move(machine, point, self._later(machine, float(span)))
        self._put(machine, new)
        machine.forget_step()
        if detection is not None:
            detection.search.forget(keep_reported=True)
            self._put_sides(detection, new)
            if span == arrival:
                self._put_met(detection, found, sides, [0.0] * len(rows))
            detection.tell(self._rests(new))
        return True

    def _later(self, machine: Machine, span: float) -> Pair:
        """The machine's time a little later, not after the end."""
        end, later = machine.end, add(machine.time, (span, 0.0))
        return end if (later < end) == self.backward else later

    def _modes(self, machine: Machine) -> list[float]:
        return machine.parameters[0, self.first :][: len(self.model.modes)].astype(float).tolist()

    def _name(self, meeting: Meeting) -> str:
        switches, number = self.model.switches, meeting.surface
        if number < len(switches):
            return str(switches[number].condition)
        return str(self.model.equalities[number - len(switches)].condition)

    # -- decisions ------------------------------------------------------------------------------

    def _decide(
        self, point: Point, modes: Sequence[float], found: list[Meeting], now: bool = False
    ) -> tuple[Sides | None, list[Meeting]]:
        """Sides for what is met, None if there are none, and what holds the motion then.

        now: prefer the sides in force.
        """

        def signs(sides: Sides) -> tuple[int | None, ...]:
            tried = with_sides(modes, found, sides)
            result: list[int | None] = []
            for order in (1, 8):
                after = self.surfaces.signs(point, tried, order, self.backward)
                result = [after[m.surface] for m in found]
                if 0 not in result:
                    break
            return tuple(result)

        prefer = tuple(side_in_force(m, modes) for m in found) if now else None
        decision = Decision(signs, [m.asked for m in found], prefer)
        try:
            sides = decision.sides()
            if sides is not None:
                return sides, []
            held = decision.holding(tuple(s or 0 for s in decision.signs((0,) * len(found))))
        except UNKNOWN:
            return None, []
        return None, [found[j] for j in held]

    def _point(self, machine: Machine, relative: float) -> Point:
        """Where the machine is."""
        from mpmath import mp

        kind = machine.kind
        state, before = machine.state(), machine.before()
        states, others = list(kind.exactly(state)), list(kind.exactly(before))
        finite = [y if mp.isfinite(y) else mp.mpf(0) for y in others]
        errors = [relative * max(abs(x), abs(y)) for x, y in zip(states, finite, strict=True)]
        if relative == EXACT:
            errors = [relative * abs(x) for x in states]
        planes = machine.parameters[:, : self.first]
        parameters = list(kind.exactly(kind.from_planes(planes)))
        return Point(states, errors, parameters, mp.mpf(machine.time[0]) + machine.time[1])

    # -- in force -------------------------------------------------------------------------------

    def _put(self, machine: Machine, modes: Sequence[float]) -> None:
        planes = machine.parameters
        planes[:, self.first : self.first + len(modes)] = 0.0
        planes[0, self.first : self.first + len(modes)] = modes

    def _put_sides(self, detection: Detection, modes: Sequence[float]) -> None:
        """Every switch starts on the side that its mode says."""
        for place, switch in enumerate(self.model.switches):
            detection.search.put_switch(place, float(-switch.change or modes[switch.mode]))

    def _put_met(
        self,
        detection: Detection,
        found: Sequence[Meeting],
        sides: Sides,
        noise: Sequence[float],
    ) -> None:
        """The motion is on these surfaces, and goes to the sides of them."""
        for meeting, side in zip(found, sides, strict=True):
            if meeting.switch is None:
                continue
            switch = self.model.switches[meeting.switch]
            if not switch.change:
                detection.search.put_switch(
                    meeting.switch, float(side), bool(side), noise[meeting.switch]
                )
                continue
            up = meeting.switch + (switch.change < 0 and -1)
            for place, own in ((up, -1), (up + 1, 1)):  # the way up, and down
                on = own == (1 if side >= 0 else -1)
                detection.search.put_switch(
                    place, float(own), on, noise[meeting.switch] if on else 0.0
                )

    def _rests(self, modes: Sequence[float]) -> bool:
        """Whether the motion rests on a surface."""
        return any(not s.change and modes[s.mode] == 0 for s in self.model.switches)
