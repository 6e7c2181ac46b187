"""Solutions that can be gone back over: derivatives by everything that they depend on.

    way = solve(ta, until=10.0)           # or times=[...]; `ta` itself stays where it is
    way.state, way.states                 # (n,) at the end, and (k, n) at the times
    found = way.back(cotangents)          # of `state`, or of `states`
    found.state, found.parameters         # (n,), (m,): by the initial state and by all parameters
    found.initial_time, found.final_time

Arrays are plain ones of the integrator's kind of number, with a trailing axis (high, low) in
double-double; parameters are in the order of `ta.system.parameters`, as `ta.parameters.array()`.
A way may be gone back over many times.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import field, replace
from functools import cached_property, partial
from typing import Any

import numpy as np

from taylor.adjoints.following import Following, Jump
from taylor.adjoints.jumping import Behind, Carried, before
from taylor.adjoints.observations import Observations, as_pair
from taylor.adjoints.point import Point, working_digits
from taylor.adjoints.propagator import Propagator
from taylor.adjoints.pullback import Pullback, make_pullback
from taylor.adjoints.sweeping import Sweeping
from taylor.errors import ArgumentError, TaylorError
from taylor.expressions.expression import Expression
from taylor.machines.tape import Leg, Tape
from taylor.machines.taped import TapedMachine
from taylor.numbers import planes as arithmetic
from taylor.numbers.precision import PAIRS, Precision
from taylor.numbers.times import Pair, time_pair
from taylor.numbers.types import Time
from taylor_runtime.callables.driving import undriven
from taylor_runtime.program.records import dataclass

MEMORY = 1 << 28  # bytes for where steps began


@dataclass(frozen=True, slots=True)
class Adjoints:
    """Derivatives of the sum of cotangent * state, and of a running cost's integral.

    state: by the initial state, (n,).
    parameters: by the parameters, (m,), also those of events and impulses.
    initial_time: by the time where it began, with the same state there.
    final_time: by the time where it ended; zero if an event ended it.
    impulses: by the time of each impulse on the way, by its number.
    integral: the running cost's; zero without one.
    """

    state: np.ndarray
    parameters: np.ndarray
    impulses: dict[int, Any]
    integral: Any
    _initial: Callable[[], Any] = field(repr=False)  # right-hand sides take a while
    _final: Callable[[], Any] = field(repr=False)

    @property
    def initial_time(self) -> Any:
        return self._initial()

    @property
    def final_time(self) -> Any:
        return self._final()


def solve(
    ta: Propagator,
    *,
    until: Time | None = None,
    times: Sequence[Time] | np.ndarray | None = None,
    running: Expression | None = None,
    wanted: Sequence[bool] | None = None,
    memory: int = MEMORY,
) -> Solved:
    """Solve from the present state, time and parameters of an integrator, which stays as it is.

    until, times: where to, or where states are wanted, in any order and perhaps repeatedly, all on
        one side of the present time; the farthest is the end.
    running: an expression of states, parameters and time whose integral is a part of what is
        differentiated.
    wanted: of each parameter, whether derivatives by it are; by default all.
    memory: bytes for where steps began. Beyond these some are made again on the way back.

    Raises ArgumentError for wrong times, UndefinedDerivativesError where the solution has none,
    TaylorError where it does not get to its end.
    """
    return Solved(ta, _Asked.of(ta, until, times), running, wanted, memory)


@dataclass(frozen=True, slots=True)
class _Asked:
    """Where to: the end; times (k, 2) in order, each once; and which of these each asked for is."""

    end: Pair
    times: np.ndarray
    places: np.ndarray
    sign: float

    @classmethod
    def of(cls, ta: Propagator, until: Time | None, times: Any) -> _Asked:
        now = ta.time_pair
        if (until is None) == (times is None):
            raise ArgumentError("give either until=... or times=[...]")
        if until is not None:
            end = time_pair(until)
            return cls(end, np.empty((0, 2)), np.empty(0, np.intp), 1.0 if end >= now else -1.0)
        listed = [time_pair(t) for t in _each(times)]
        if not ta._kind.is_finer:
            listed = [(high + low, 0.0) for high, low in listed]
        if not listed:
            raise ArgumentError("times is empty; give at least one, or until=...")
        later, earlier = any(t > now for t in listed), any(t < now for t in listed)
        if later and earlier:
            raise ArgumentError(
                f"times lie on both sides of the present time {now[0]!r}; ask for each side alone"
            )
        once = sorted(set(listed), reverse=earlier)
        place = {t: k for k, t in enumerate(once)}
        places = np.array([place[t] for t in listed], np.intp)
        return cls(once[-1], np.array(once), places, -1.0 if earlier else 1.0)


def _each(times: Any) -> list[Any]:
    if isinstance(times, np.ndarray) and times.ndim == 2:
        return [(float(high), float(low)) for high, low in times]
    return list(times.tolist() if isinstance(times, np.ndarray) else times)


class Solved:
    """A solution, and the way back over it; see `solve`.

    state:  at the end, (n,). states: at the times that were asked for, (k, n); None without any.
    time:   of the end. outcome: of the propagation.
    steps:  how many were made. memory: bytes that where they began took at most.
    """

    def __init__(
        self,
        ta: Propagator,
        asked: _Asked,
        running: Expression | None,
        wanted: Sequence[bool] | None,
        memory: int,
    ) -> None:
        self._ta: Propagator = copy.copy(ta)
        self._asked, self._running = asked, running
        self.kind: Precision = ta._kind
        self._tape = Tape(memory)
        self._check(ta)
        machine = TapedMachine.of(self._ta._machine, self._tape)
        system = ta._model.system
        count = len(system.parameters)
        chosen = [True] * len(ta.system.parameters) if wanted is None else list(wanted)
        chosen += [False] * (count - len(chosen))
        self.pullback: Pullback = self._pullback(chosen)
        self._run(machine)

    @cached_property
    def _machine(self) -> TapedMachine:
        """One that makes steps again."""
        return TapedMachine.of(self._ta._machine, None)

    def _check(self, ta: Propagator) -> None:
        if ta._flow is not None:
            raise ArgumentError("the system is variational; give the integrator of the equations")
        past, schedule, now, end = ta._past, ta._schedule, ta.time_pair, self._asked.end
        between = [t for t in schedule.moments if min(now, end) <= t <= max(now, end)]
        if between and (past.waiting == now or end < now):
            raise ArgumentError(
                f"there are no derivatives back in time over the impulse at t = {between[0][0]!r}, "
                "nor from where one is about to be made: begin elsewhere"
            )

    def _pullback(self, wanted: Sequence[bool]) -> Pullback:
        stepper = self._ta._machine.stepper
        kept: dict[Any, Pullback] = stepper.kept.setdefault("adjoints", {})
        key = tuple(wanted), self._running
        known = kept.get(key)
        if known is None:
            system, order = self._ta._model.system, stepper.program.order
            known = make_pullback(system, order, self.kind.name, wanted, self._running)
            kept[key] = known
        return known

    def _run(self, machine: TapedMachine) -> None:
        ta, asked = self._ta, self._asked
        following = Following(ta, machine, self._tape)
        ta._machine, ta._follower, ta._driver = machine, following, undriven
        ta._load()
        self.start = Point.of(ta._model.system, machine)
        if len(asked.times):
            grid = asked.times if self.kind.is_finer else asked.times[:, 0]
            outcome = ta.propagate_grid(grid)
        else:
            outcome = ta.propagate_until(asked.end)
        following.check()
        stopped = None
        if outcome.status.name == "EVENT":
            stopped = ta._detection.stopped_by()
        elif outcome.status.name != "REACHED":
            raise TaylorError(
                f"the solution did not reach its end but t = {outcome.time!r}: {outcome.message}"
            )
        self.end_point = Point.of(ta._model.system, machine)
        following.finish(stopped)
        self.stopped = stopped
        self.outcome = outcome
        self.state: np.ndarray = ta.state.copy()
        self.time: Pair = ta.time_pair
        self.parameters: np.ndarray = ta.parameters.array()
        self.states: np.ndarray | None = None
        if outcome.states is not None:
            self.states = outcome.states[asked.places]
        self.steps, self.memory = self._tape.steps, self._tape.most_bytes

    @property
    def end_time(self) -> Any:
        """Of the end, as expressions have it: a float, or an mpmath number where that is coarse."""
        return self._moment(self.time)

    @property
    def moments(self) -> list[Any]:
        """The times that were asked for, in the same way."""
        return [self._moment(tuple(self._asked.times[k].tolist())) for k in self._asked.places]

    def _moment(self, time: Any) -> Any:
        return PAIRS.exactly(np.array(time)) if self.kind.is_finer else time[0] + time[1]

    def by_end_of(self, by_times: np.ndarray) -> Any:
        """Of derivatives by times that of the last one, in a sum where it occurs repeatedly."""
        last = len(self._asked.times) - 1
        total: Any = 0.0
        for k in np.flatnonzero(self._asked.places == last):
            total = total + self.kind.for_users(by_times[k])
        return total

    # -- the way back -----------------------------------------------------------------------------

    def back(
        self, cotangents: np.ndarray, *, by_time: Any = 0.0, at_end: np.ndarray | None = None
    ) -> Adjoints:
        """Derivatives of the sum of cotangent * state by everything that the solution depends on.

        cotangents: of `state` (n,), or of `states` (k, n).
        by_time: what the time of the end adds to the derivative by itself.
        at_end: cotangents of `state` besides those of `states`.

        Raises UndefinedDerivativesError where an event or a switch on the way has no derivatives.
        """
        given = self._planes(cotangents)
        end, observed = given, None
        if self.states is not None:
            observed, end = self._observations(given)
        if at_end is not None:
            end = arithmetic.add(self.kind, end, self._planes(at_end))
        with working_digits(self.kind):
            return _Back(self, end).run(observed, by_time)

    def by_times(self, cotangents: np.ndarray) -> np.ndarray:
        """Derivatives of the sum of cotangent * state by the times of the states, (k,).

        Where the solution jumps at such a time they are those behind the jump.
        """
        assert self.states is not None
        given, states = self._planes(cotangents), self._planes(self.states)
        found = []
        for k, place in enumerate(self._asked.places):
            high, low = self._asked.times[place].tolist()
            leg = next((x for x in self._tape.legs if self._comes_before((high, low), x.end)), None)
            parameters = (leg or self._tape.legs[-1]).parameters
            point = replace(self.start, state=states[:, k], time=(high, low), parameters=parameters)
            found.append(self.along(given[:, k], point))
        return self.kind.from_planes(np.stack(found, axis=1))

    def along(self, adjoint: np.ndarray, point: Point) -> np.ndarray:
        """adjoint . f at a point, (parts,)."""
        product = arithmetic.multiply(self.kind, adjoint, point.slopes(self._ta._machine))
        return arithmetic.total(self.kind, product, 0)

    def rate(self, point: Point, adjoint: np.ndarray, by_itself: Any) -> Any:
        """adjoint . f + L at a point, as a number, and what comes by itself."""
        with working_digits(self.kind):
            found = self.kind.for_users(self.kind.from_planes(self.along(adjoint, point)))
            if self._running is not None:
                found += point.evaluated([self._running])[0]
            return found + by_itself

    def lost(self, point: Point, adjoint: np.ndarray) -> Any:
        """What is lost where the solution begins later."""
        return -self.rate(point, adjoint, 0.0)

    def _comes_before(self, time: Pair, other: Pair) -> bool:
        return time < other if self._asked.sign > 0 else time > other

    def _planes(self, values: np.ndarray) -> np.ndarray:
        array = np.asarray(values, dtype=self.kind.dtype)
        return np.ascontiguousarray(self.kind.to_planes(array))

    def _observations(self, given: np.ndarray) -> tuple[Observations, np.ndarray]:
        """Cotangents by time: those of all but the end, and those of the state there."""
        asked, kind = self._asked, self.kind
        once = np.zeros((kind.parts, len(asked.times), given.shape[2]), kind.dtype)
        for k, place in enumerate(asked.places):
            once[:, place] = arithmetic.add(kind, once[:, place], given[:, k])
        count = len(asked.times)
        if self.stopped is None:
            count -= 1
            end = once[:, -1]
        else:
            end = np.zeros_like(once[:, -1])
            reached = [self._comes_before((t[0], t[1]), self.time) for t in asked.times.tolist()]
            count = int(np.sum(reached))
            if once[:, count:].any():
                raise TaylorError(
                    f"the solution ends at t = {self.time[0]!r}, where an event stops it, before "
                    f"the time {float(asked.times[count, 0])!r}"
                )
        found = Observations(kind, asked.times, once, asked.sign)
        return found.part(0, count), end


class _Back:
    """One way back."""

    def __init__(self, way: Solved, adjoint: np.ndarray) -> None:
        self.way, self.kind = way, way.kind
        self.sweeping = Sweeping(way.pullback, lambda: way._machine, way.kind, way._ta.tol)
        self.adjoint = adjoint
        parameters = way._ta._machine.parameters
        self.parameters = np.zeros(parameters.shape, parameters.dtype)
        self.integral = np.zeros(self.kind.parts, self.kind.dtype)
        self.impulses: dict[int, Any] = {}

    def run(self, observed: Observations | None, by_time: Any) -> Adjoints:
        """All of it; by_time: see `Solved.back`."""
        way, legs = self.way, self.way._tape.legs
        stopped = legs[-1].jump is not None  # by an event, wherever the end may be
        final = _nothing if stopped else partial(way.rate, way.end_point, self.adjoint, by_time)
        for number in reversed(range(len(legs))):
            leg = legs[number]
            if leg.jump is not None:
                after = None if number + 1 == len(legs) else legs[number + 1].parameters
                self._jump(leg.jump, Behind(after, by_time if after is None else 0.0))
            here = None
            if observed is not None:
                first = observed.since(as_pair(legs[number - 1].end)) if number else 0
                here = observed.part(first, len(observed.times))
                observed = observed.part(0, first)
            self._leg(leg, here)
        kind, count = self.kind, len(way._ta.system.parameters)
        return Adjoints(
            state=kind.from_planes(self.adjoint),
            parameters=kind.from_planes(self.parameters[:, :count]),
            impulses=self.impulses,
            integral=kind.for_users(kind.from_planes(self.integral)),
            _initial=partial(way.lost, way.start, self.adjoint),
            _final=final,
        )

    def _jump(self, jump: Jump, behind: Behind) -> None:
        way = self.way
        carried, rate = before(
            jump, way._ta._machine, Carried(self.adjoint, self.parameters), way._running, behind
        )
        count = carried.parameters.shape[1]
        self.adjoint = carried.state
        self.parameters[:, :count] = carried.parameters
        if jump.number is not None:
            self.impulses[jump.number] = rate

    def _leg(self, leg: Leg, observed: Observations | None) -> None:
        kind, sweeping = self.kind, self.sweeping
        if observed is None:
            nothing = np.empty((kind.parts, 0, self.adjoint.shape[1]), kind.dtype)
            observed = Observations(kind, np.empty((0, 2)), nothing, self.way._asked.sign)
        sweeping.adjoint[:] = self.adjoint
        sweeping.memory.forget_sums()
        sweeping.leg(leg, observed)
        self.adjoint = sweeping.adjoint.copy()
        sums, integral = sweeping.take_sums()
        self.parameters = arithmetic.add(kind, self.parameters, sums)
        self.integral = arithmetic.add(kind, self.integral, integral)


def _nothing() -> float:
    return 0.0
