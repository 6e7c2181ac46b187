"""Solutions that are gone back over side by side, in lanes of machine code."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Protocol

import numpy as np

from taylor.adjoints.back import Adjoints, Way
from taylor.adjoints.point import Point
from taylor.adjoints.propagator import Ended, Propagator
from taylor.adjoints.pullback import pullback_of
from taylor.adjoints.sweeping import limit_of
from taylor.machines.waiting import Waiting
from taylor.numbers.precision import Precision
from taylor.numbers.times import Pair
from taylor_runtime.callables.batch import BatchStepper, LaneRows
from taylor_runtime.callables.trajectories.lanes import lanes_of
from taylor_runtime.program.codes import REACHED
from taylor_runtime.program.records import dataclass

WORTH = 0.5  # seconds that it may take to make machine code


@dataclass(frozen=True, slots=True)
class SolvedRow:
    """One of the solutions, as costs see it; see `solved.Solved`."""

    kind: Precision
    state: np.ndarray
    parameters: np.ndarray
    end_time: Any
    outcome: Ended
    steps: int
    memory: int
    states: None = None


class Given(Protocol):
    """What goes back from a cost, see `costs.Seeds`."""

    @property
    def cotangents(self) -> np.ndarray: ...
    @property
    def by_end(self) -> Any: ...


def pays(ta: Propagator, seconds: float) -> bool:
    """Whether to make solutions side by side that take so many seconds one after the other: what
    they took so far counts as well, for the machine code has to be made first. (Both ways come to
    the same bits.)
    """
    if not ta._goes_in_lanes():
        return False
    kept = ta._machine.stepper.kept
    if not kept.get("side by side"):
        kept["alone"] = kept.get("alone", 0.0) + seconds
        kept["side by side"] = kept["alone"] > WORTH
    return bool(kept["side by side"])


class SideBySide:
    """Solutions from many states (r, n) at the present time to an end, of float64 and of steps
    alone.

    room:   for so many steps of each.
    rows:   those that came to the end; solved: what they are there. The others have to go alone.
    """

    def __init__(
        self,
        ta: Propagator,
        states: np.ndarray,
        end: Pair,
        wanted: Sequence[bool] | None,
        room: int,
    ) -> None:
        self._ta, self._starts, self._end = ta, states, end
        self._pullback = pullback_of(ta, None, wanted)
        self._lanes = lanes_of(self._pullback.sweeper)
        self.rows: list[int] = []
        self.solved: list[SolvedRow] = []
        made = None if self._lanes is None else ta._rows_in_lanes(states, end)
        if made is not None and made[1].in_order:
            self._solve(*made, room)

    def _solve(self, stepper: BatchStepper, rows: LaneRows, room: int) -> None:
        """Make all steps."""
        ta, (high, low) = self._ta, self._end
        self._tapes = rows.add_tapes(room)
        stepper.run(np.zeros(1, np.int64), rows, stepper.memory(ta._machine.all_floors()))
        states, parameters = rows.states(), ta.parameters.array()
        reached = rows.codes() == REACHED
        self._steps = np.where(reached, rows.steps(), 0)
        self.rows = np.flatnonzero(reached).tolist()
        smallest, largest = (sizes.tolist() for sizes in rows.step_sizes())
        retracted, steps = rows.retracted().tolist(), self._steps.tolist()
        width = self._tapes.strides[1]
        for row in self.rows:
            sizes, state = (smallest[row], largest[row]), states[row]
            outcome = ta._arrived(high, steps[row], sizes, retracted[row], state.copy())
            numbers = state, parameters, high + low, outcome, steps[row], width * steps[row]
            self.solved.append(SolvedRow(ta._kind, *numbers))

    def back(self, given: Sequence[Given]) -> list[Adjoints | None]:
        """What `Solved.back` gives, of each that is solved; None where it has to go alone."""
        if self._lanes is None or not self.rows:
            return []
        ta = self._ta
        cotangents = np.zeros_like(self._starts)
        cotangents[self.rows] = [one.cotangents for one in given]
        values, limit = ta.parameters.array(), limit_of(ta._kind, ta.tol)
        swept = self._lanes.run(self._tapes, self._steps, self._end, cotangents, values, limit)
        parameters = np.zeros((len(cotangents), values.size))
        first = 0
        for place, count in self._pullback.places:
            parameters[:, place : place + count] += swept.sums[:, first : first + count]
            first += count
        found: list[Adjoints | None] = []
        for row, one, own in zip(self.rows, self.solved, given, strict=True):
            before, after, done = swept.adjoints[row], one.state, bool(swept.done[row])
            ends = self._starts[row], before, after, own.cotangents, own.by_end
            initial, final = partial(self._initial, ends), partial(self._final, ends)
            made = Adjoints(before.copy(), parameters[row], {}, 0.0, initial, final)
            found.append(made if done else None)
        return found

    def _initial(self, ends: tuple[Any, ...]) -> Any:
        """The derivative by the time of the beginning."""
        start, before, after, *_ = ends
        way = self._way(start, after)
        return way.lost(way.start, before[np.newaxis])

    def _final(self, ends: tuple[Any, ...]) -> Any:
        """The derivative by the time of the end."""
        start, _, after, cotangents, by_end = ends
        way = self._way(start, after)
        return way.rate(way.end, cotangents[np.newaxis], by_end)

    def _way(self, start: np.ndarray, end: np.ndarray) -> Way:
        """One that is over."""
        ta = self._ta
        parameters = ta.parameters.array()[np.newaxis]
        points = (start, ta.time_pair), (end, self._end)
        first, last = (
            Point(ta._model.system, ta._kind, state[np.newaxis], time, parameters)
            for state, time in points
        )
        return Way(
            kind=ta._kind,
            pullback=self._pullback,
            machine=ta._machine,
            waiting=Waiting(ta._machine, 0),
            running=None,
            tolerance=ta.tol,
            sign=1.0 if self._end >= ta.time_pair else -1.0,
            start=first,
            end=last,
            parameters=len(ta.system.parameters),
        )
