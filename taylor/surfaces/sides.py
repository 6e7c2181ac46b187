"""On which side of a switching surface a motion is that starts or arrives on it.

The side is that into which the motion of its own branch leads, by the first derivative of the
surface function g along it that does not vanish.  Where no side is, the motion rests on the surface
if its branches keep g as it is, and slides along if both push it back: then nobody can go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import product
from math import inf
from typing import Any

from taylor.errors import TaylorError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import ZERO
from taylor.expressions.leaves import time as time_node
from taylor.expressions.scalars import scalars
from taylor.recurrences.decompose import decompose
from taylor.reference.interpreter import coefficients, mpmath_algebra
from taylor.surfaces.switches import OFF, ON, SwitchedSystem
from taylor.transforms.differentiate import diff
from taylor_runtime.program.program import Input
from taylor_runtime.program.records import dataclass

NOISE = 16  # how much larger than what errors of the numbers make of it a derivative has to be
MOST = 5  # surfaces at once of which all combinations are tried
TIMED = 2.0**-52  # relative error of a time
PROJECTIONS = 4  # of Newton's method, on each of the surfaces in turn
TURNS = 8  # of sides of more surfaces than that
UNKNOWN = (TaylorError, ArithmeticError, TypeError, ValueError)  # functions that have floats only
Sides = tuple[int, ...]
Signs = tuple[int | None, ...]


@dataclass(slots=True)
class Meeting:
    """One surface that the motion is on.

    surface: number of its expression.
    values:  what the modes in `places` are, by side.
    switch:  whose it is, of a counter the one that is at its surface; None for an equality alone.
    asked:   whether an equality says what is on the surface.
    """

    surface: int
    places: list[int]
    values: dict[int, list[float]]
    switch: int | None = None
    asked: bool = False


@dataclass(frozen=True, slots=True)
class Point:
    """Where the motion is, in numbers of mpmath, and how far the states may be off."""

    states: list[Any]
    errors: list[Any]
    parameters: list[Any]
    time: Any


class Surfaces:
    """Surface functions along the motion of any branches: of switches first, then of equalities."""

    def __init__(self, model: SwitchedSystem) -> None:
        self.model = model
        given = [s.surface for s in model.switches] + [s.surface for s in model.equalities]
        self.expressions = [scalars(g).item() for g in given]
        system = model.system
        self._inputs = {e: Input("state", (i,)) for i, e in enumerate(system.states)}
        self._inputs |= {e: Input("parameter", (i,)) for i, e in enumerate(system.parameters)}
        self._inputs[time_node] = Input("time", (0,))
        self._programs: dict[int, Any] = {}
        self._gradients: dict[int, tuple[list[int], Any]] = {}

    def series(
        self, point: Point, modes: Sequence[float], order: int, shift: int = 0
    ) -> list[list[Any]]:
        """Coefficients of all surface functions, then of the states.

        shift: by how many errors the states are off, some up and some down.
        """
        if order not in self._programs:
            system = self.model.system
            outputs = [*self.expressions, *system.states]
            slopes = system.derivatives if order else None
            self._programs[order] = decompose(outputs, self._inputs, order, slopes)
        states = [
            x + (shift if i % 3 else -shift) * e
            for i, (x, e) in enumerate(zip(point.states, point.errors, strict=True))
        ]
        return self._evaluated(self._programs[order], point, modes, states)

    def is_defined(self, point: Point, modes: Sequence[float]) -> bool:
        """Whether the states have slopes there."""
        try:
            slopes = self.series(point, modes, 1)[len(self.expressions) :]
        except UNKNOWN:
            return False
        return all(abs(row[1]) < inf for row in slopes)

    def _evaluated(
        self, program: Any, point: Point, modes: Sequence[float], states: list[Any]
    ) -> list[list[Any]]:
        from mpmath import mp

        parameters = [*point.parameters, *map(mp.mpf, modes)]
        values = {"state": states, "parameter": parameters, "time": [point.time]}
        return coefficients(program, values, mpmath_algebra(mp))

    def project(self, point: Point, modes: Sequence[float], numbers: Sequence[int]) -> Point:
        """The nearest point that is on some surfaces, as far as the states decide about them.

        What a branch does on a surface is not what it does beside it, however near: the slope of
        g' = -sqrt(g) is finite there, and its root would go on as that of another branch.
        """
        states = list(point.states)
        for _ in range(PROJECTIONS):
            for i in numbers:
                places, program = self._gradient(i)
                rows = self._evaluated(program, point, modes, states)
                value, *slopes = (row[0] for row in rows[:-1])
                size = sum(slope * slope for slope in slopes)
                if value and size > 0 and abs(value / size) < inf:
                    for place, slope in zip(places, slopes, strict=True):
                        states[place] -= value / size * slope
        return replace(point, states=states)

    def room(self, point: Point, modes: Sequence[float], i: int) -> Any:
        """How far errors of the states, and rounding of the time, can move a surface function."""
        places, program = self._gradient(i)
        rows = self._evaluated(program, point, modes, point.states)
        errors = [*(point.errors[k] for k in places), abs(point.time) * TIMED]
        return sum(abs(row[0]) * error for row, error in zip(rows[1:], errors, strict=True))

    def may_be_on(self, point: Point, modes: Sequence[float], i: int, value: Any) -> bool:
        """Whether a surface function may be zero, for all that the numbers of the state tell."""
        try:
            return bool(abs(value) <= self.room(point, modes, i))
        except UNKNOWN:
            return False

    def side_in_time(self, point: Point, modes: Sequence[float], i: int, backward: bool) -> int:
        """The side of a surface function of time alone to which time leads; 0 for all others.

        Nothing has to be known of the motion, whose series may be long: tables end at such times.
        """
        try:
            places, program = self._gradient(i)
            if places:
                return 0
            slope = self._evaluated(program, point, modes, point.states)[-1][0]
        except UNKNOWN:
            return 0
        side = (slope > 0) - (slope < 0)
        return int(-side if backward else side)

    def _gradient(self, i: int) -> tuple[list[int], Any]:
        """The states that a surface function varies with; a program of it and its slopes, that by
        time last.
        """
        if i not in self._gradients:
            g, states = self.expressions[i], self.model.system.states
            found = [(place, diff(g, state)) for place, state in enumerate(states)]
            found = [(place, slope) for place, slope in found if slope is not ZERO]
            slopes = [*(slope for _, slope in found), diff(g, time_node)]
            program = decompose([g, *slopes], self._inputs, 0)
            self._gradients[i] = [place for place, _ in found], program
        return self._gradients[i]

    def signs(
        self, point: Point, modes: Sequence[float], order: int, backward: bool
    ) -> list[int | None]:
        """The sign of every surface function just after, where it is zero now.

        0 where no derivative tells up to the order, None where one is not defined.
        """
        base = self.series(point, modes, order)
        others = [self.series(point, modes, order, shift) for shift in (1, -1)]
        found: list[int | None] = []
        for i in range(len(self.expressions)):
            found.append(_first_sign(base[i], [other[i] for other in others], backward))
        return found


def _first_sign(base: list[Any], others: list[list[Any]], backward: bool) -> int | None:
    from mpmath import mp

    for n, c in enumerate(base[1:], 1):
        if not mp.isfinite(c):
            return None
        known = [d for d in (abs(other[n] - c) for other in others) if mp.isfinite(d)]
        if not abs(c) <= NOISE * max(known, default=0):
            return -int(mp.sign(c)) if backward and n % 2 else int(mp.sign(c))
        if len(known) < len(others):  # the branch ends here, and with it what derivatives say
            return None
    return 0


class Decision:
    """The sides of some surfaces, from the signs of their functions on any sides.

    signs:  of the surface functions after, by the sides.
    asked:  which surfaces an equality asks about: what it says there is meant, and a motion that
            starts there stays if it says so.
    prefer: where several choices are right, that nearest to these sides; else to what the
            conditions say on the surface, as they are written.
    """

    def __init__(
        self,
        signs: Callable[[Sides], Signs],
        asked: Sequence[bool],
        prefer: Sides | None = None,
    ) -> None:
        self._signs, self._known = signs, dict[Sides, Signs]()
        self.asked, self.count = asked, len(asked)
        self.prefer = prefer

    def signs(self, sides: Sides) -> Signs:
        """The same, computed once."""
        if sides not in self._known:
            self._known[sides] = self._signs(sides)
        return self._known[sides]

    def sides(self) -> Sides | None:
        """The choice; 0 is to rest on a surface.  None where there is none."""
        rest = (0,) * self.count
        written = self.signs(rest)
        rests = written == rest and not self.holding(rest)
        if rests and self.prefer is None and all(self.asked):
            return rest
        if self.count > MOST:
            return rest if rests else self._follow(tuple(w or 0 for w in written))
        moving = [s for s in product((1, -1), repeat=self.count) if self.signs(s) == s]
        if rests and len(moving) != 1:
            return rest
        wanted = written if self.prefer is None else self.prefer
        if moving:
            return max(moving, key=lambda s: sum(a == b for a, b in zip(s, wanted, strict=True)))
        resting = sorted(product((0, 1, -1), repeat=self.count), key=lambda s: -s.count(0))
        return next((s for s in resting if self._may_rest(s)), None)

    def holding(self, sides: Sides) -> list[int]:
        """The surfaces to which both sides lead back, where others are as given."""
        return [j for j in range(self.count) if not self.asked[j] and self._holds(j, sides)]

    def _holds(self, j: int, sides: Sides) -> bool:
        above, below = (self.signs((*sides[:j], s, *sides[j + 1 :]))[j] for s in (1, -1))
        return above == -1 and below == 1

    def _may_rest(self, sides: Sides) -> bool:
        after = self.signs(sides)
        right = all(a == s or (s and a == 0) for a, s in zip(after, sides, strict=True))
        return right and not any(sides[j] == 0 for j in self.holding(sides))

    def _follow(self, sides: Sides) -> Sides | None:
        """From some sides to those that the motion there leads to."""
        for _ in range(TURNS):
            after = tuple(a or s for a, s in zip(self.signs(sides), sides, strict=True))
            if after == sides:
                return sides
            sides = after
        return None


def meetings(
    model: SwitchedSystem, met: Sequence[int], modes: Sequence[float]
) -> Iterator[Meeting]:
    """What is met where surfaces, by number, are zero, and what is tied to them."""
    switches, equalities = model.switches, model.equalities
    tied: set[int] = set()
    for i in met:
        if i >= len(switches):
            continue
        switch = switches[i]
        if switch.change:
            lower = modes[switch.mode] - (switch.change < 0)
            values = {-1: [lower], 0: [lower + 1], 1: [lower + 1]}
            yield Meeting(i, [switch.mode], values, i)
            continue
        meeting = Meeting(i, [switch.mode], {s: [s] for s in (-1, 0, 1)}, i)
        same = {switch.surface, -switch.surface}
        for k, equality in enumerate(equalities):
            if equality.surface in same:
                tied.add(len(switches) + k)
                _tie(meeting, equality.mode)
        yield meeting
    for i in met:
        if i >= len(switches) and i not in tied:
            meeting = Meeting(i, [], {s: [] for s in (-1, 0, 1)})
            _tie(meeting, equalities[i - len(switches)].mode)
            yield meeting


def with_sides(modes: Sequence[float], found: Sequence[Meeting], sides: Sides) -> list[float]:
    """The modes with those of what is met on some sides."""
    changed = list(modes)
    for meeting, side in zip(found, sides, strict=True):
        for place, value in zip(meeting.places, meeting.values[side], strict=True):
            changed[place] = value
    return changed


def side_in_force(meeting: Meeting, modes: Sequence[float]) -> int:
    """The side that is in force."""
    place = meeting.places[0]
    return next((s for s in (1, -1) if meeting.values[s][0] == modes[place]), 0)


def _tie(meeting: Meeting, mode: int) -> None:
    meeting.asked = True
    meeting.places.append(mode)
    for side, values in meeting.values.items():
        values.append(OFF if side else ON)


def is_exact(g: Expression) -> bool:
    """Whether the sign of g is right in float64, and zero if g is: x or x - c."""
    if not g.args or g.op == "index":
        return g is not time_node
    if g.op != "linear" or len(g.args) != 1 or not is_exact(g.args[0]):
        return False
    (factor,), offset = g.payload
    return abs(factor) == 1 and float(offset) == offset
