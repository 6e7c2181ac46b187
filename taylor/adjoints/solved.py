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
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from taylor.adjoints.back import Adjoints, Back, Way
from taylor.adjoints.following import Following
from taylor.adjoints.point import Point, working_digits
from taylor.adjoints.propagator import MEMORY, Asked, Ended, Propagator
from taylor.adjoints.pullback import Pullback, pullback_of
from taylor.adjoints.sweeping import Observations
from taylor.errors import ArgumentError, TaylorError
from taylor.expressions.expression import Expression
from taylor.machines.tape import Tape
from taylor.machines.taped import TapedMachine
from taylor.machines.waiting import Waiting
from taylor.numbers import planes as arithmetic
from taylor.numbers.precision import PAIRS, Precision
from taylor.numbers.times import Pair
from taylor.numbers.types import Time
from taylor_runtime.callables.driving import undriven


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
    return Solved(ta, Asked.of(ta, until, times), running, wanted, memory)


class Solved:
    """A solution, and the way back over it; see `solve`.

    state:  at the end, (n,). states: at the times that were asked for, (k, n); None without any.
    time:   of the end. outcome: of the propagation.
    steps:  how many were made. memory: bytes that where they began took at most.
    stopped: the event that ended it, if one did.
    """

    outcome: Ended
    state: np.ndarray
    states: np.ndarray | None
    time: Pair
    parameters: np.ndarray
    stopped: int | None

    def __init__(
        self,
        ta: Propagator,
        asked: Asked,
        running: Expression | None,
        wanted: Sequence[bool] | None,
        memory: int,
    ) -> None:
        self._asked, self._running = asked, running
        self.kind: Precision = ta._kind
        self._check(ta)
        self.pullback: Pullback = pullback_of(ta, running, wanted)
        self._tape = Tape(memory)
        if not self._walked(ta):
            self._tape = Tape(memory)
            self._run(copy.copy(ta))

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

    def _walked(self, ta: Propagator) -> bool:
        """Whether the solution was one of steps alone, made by a machine that waits for such."""
        asked = self._asked
        if len(asked.times) or not ta._machine.stepper.kept.get("walked"):
            return False
        waiting = Waiting(ta._machine, self._tape.budget)
        machine = waiting.take(self._tape)
        before = self.kind.to_planes(ta.state.copy())
        outcome = ta._walked(machine, asked.end)
        if outcome is None:
            return False
        machine.hand_on()
        parameters = machine.parameters.copy()
        self._tape.close(parameters, machine.time)
        system = ta._model.system
        start = Point(system, self.kind, before, ta.time_pair, parameters)
        end = Point(system, self.kind, machine.planes(), machine.time, parameters)
        self._reached(ta, start, end)
        self.outcome, self.state, self.time = outcome, machine.state(), machine.time
        waiting.give(machine)
        return True

    def _run(self, ta: Propagator) -> None:
        asked = self._asked
        machine = TapedMachine.of(ta._machine, self._tape, self._tape.budget)
        following = Following(ta, machine, self._tape)
        ta._machine, ta._follower, ta._driver = machine, following, undriven
        ta._load()
        start = Point.of(ta._model.system, machine)
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
        end = Point.of(ta._model.system, machine)
        following.finish(stopped)
        machine.written = None
        ta._follower = None  # which knows `ta`: what is over is freed at once
        self._reached(ta, start, end)
        self.stopped, self.outcome = stopped, outcome
        self.state, self.time = ta.state.copy(), ta.time_pair
        self.parameters = ta.parameters.array()
        if outcome.states is not None:
            self.states = outcome.states[asked.places]
        elif not (outcome.stiff or stopped is not None):
            ta._machine.stepper.kept["walked"] = True

    def _reached(self, ta: Propagator, start: Point, end: Point) -> None:
        """Keep what ways back begin with."""
        self.stopped, self.states = None, None
        self.parameters = ta.parameters.array()
        self.steps, self.memory = self._tape.steps, self._tape.most_bytes
        self._way = Way(
            kind=self.kind,
            pullback=self.pullback,
            machine=ta._machine,
            waiting=Waiting(ta._machine, self._tape.budget),
            running=self._running,
            tolerance=ta.tol,
            sign=self._asked.sign,
            start=start,
            end=end,
            parameters=len(ta.system.parameters),
        )

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
            return Back(self._way, self._tape.legs, end).run(observed, by_time)

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
            point = replace(
                self._way.start, state=states[:, k], time=(high, low), parameters=parameters
            )
            found.append(self._way.along(given[:, k], point))
        return self.kind.from_planes(np.stack(found, axis=1))

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
