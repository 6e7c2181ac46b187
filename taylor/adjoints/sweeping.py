"""Back over the steps of a leg, by machine code, with shorter ones where adjoints need them."""

from __future__ import annotations

import numpy as np

from taylor.adjoints.pullback import Pullback
from taylor.errors import TaylorError
from taylor.machines.tape import Leg, backwards
from taylor.machines.taped import TapedMachine
from taylor.machines.waiting import Waiting
from taylor.numbers import pairs as dd
from taylor.numbers import planes as arithmetic
from taylor.numbers.planes import to_kind
from taylor.numbers.precision import PAIRS, Precision
from taylor.numbers.times import Pair
from taylor_runtime.callables.trajectories.sweep import TOO_LONG, Observed, Steps, SweepMemory
from taylor_runtime.callables.trajectories.tape import Begun
from taylor_runtime.program.records import dataclass

ENOUGH = 450  # times the tolerance is what a step's last two terms may give
MOST_HALVINGS = 40
MOST_SEVERAL = 64  # steps that are made again together, where one of them is too long


@dataclass(frozen=True, slots=True)
class Observations:
    """Adjoints of states at times.

    kind: of number; times: (k, 2), pairs, in the direction of integration, which is `sign`;
    cotangents: (parts, k, n).
    """

    kind: Precision
    times: np.ndarray
    cotangents: np.ndarray
    sign: float

    def since(self, start: np.ndarray) -> int:
        """How many come before a time (2,)."""
        if not len(self.times):
            return 0
        return int(self._after(start[np.newaxis], self.times)[0])

    def part(self, first: int, last: int) -> Observations:
        """Those from one on and before another."""
        chosen = slice(first, last)
        return Observations(self.kind, self.times[chosen], self.cotangents[:, chosen], self.sign)

    def within(self, headers: np.ndarray) -> Observed:
        """As sweeps want them, which go over steps: all are within these."""
        if not len(self.times):
            nothing = np.empty((self.kind.parts, 0), self.kind.dtype)
            return Observed(np.empty(0, np.int64), nothing, self.cotangents)
        starts = np.ascontiguousarray(headers[:, :2])
        steps = np.maximum(self._before(self.times, starts) - 1, 0)
        elapsed = elapsed_in(self.kind, starts[steps], self.times, headers[steps, 2])
        return Observed(
            np.ascontiguousarray(steps, dtype=np.int64),
            elapsed,
            np.ascontiguousarray(self.cotangents),
        )

    def _before(self, moments: np.ndarray, listed: np.ndarray) -> np.ndarray:
        """How many of `listed`, in order, come at or before each of the moments."""
        return self._count(moments, listed, True)

    def _after(self, moments: np.ndarray, listed: np.ndarray) -> np.ndarray:
        """How many of `listed`, in order, come before each of the moments."""
        return self._count(moments, listed, False)

    def _count(self, moments: np.ndarray, listed: np.ndarray, equal: bool) -> np.ndarray:
        high, low = (self.sign * listed[:, k] for k in (0, 1))
        found = np.empty(len(moments), np.intp)
        first = np.searchsorted(high, self.sign * moments[:, 0], side="left")
        last = np.searchsorted(high, self.sign * moments[:, 0], side="right")
        for k in range(len(moments)):  # among equal high parts the low ones decide
            inner, other = low[first[k] : last[k]], self.sign * moments[k, 1]
            before = inner <= other if equal else inner < other
            found[k] = first[k] + np.count_nonzero(before)
        return found


def elapsed_in(
    kind: Precision, starts: np.ndarray, moments: np.ndarray, scales: np.ndarray
) -> np.ndarray:
    """(moments - starts) / scales, of pairs (k, 2), as planes of a kind: (parts, k)."""
    if not kind.is_finer:
        difference = (moments[:, 0] - starts[:, 0]) + (moments[:, 1] - starts[:, 1])
        return np.ascontiguousarray((difference / scales).astype(kind.dtype)[np.newaxis])
    found = dd.add(moments, -starts) / scales[:, np.newaxis]
    return np.ascontiguousarray(to_kind(PAIRS.to_planes(found), PAIRS, kind))


def as_pair(pair: Pair) -> np.ndarray:
    """A time as an array (2,)."""
    return np.array(pair, dtype=float)


def limit_of(kind: Precision, tolerance: float) -> float:
    """What the last two terms of a step may give, relative to the adjoint."""
    return ENOUGH * max(tolerance, kind.epsilon)


class Sweeping:
    """The adjoint of a trajectory on its way back.

    waiting: machines of the system that make steps again.
    """

    def __init__(
        self,
        pullback: Pullback,
        waiting: Waiting,
        kind: Precision,
        tolerance: float,
    ) -> None:
        self.pullback, self._waiting, self.kind = pullback, waiting, kind
        self._machine: TapedMachine | None = None
        self.memory = SweepMemory.taken(pullback.sweeper)
        self.memory.limit = limit_of(kind, tolerance)
        self.shortened = 0  # times that a step was too long
        self._several = 1
        self._parameters = np.empty(0)

    def machine(self) -> TapedMachine:
        """One of the system that makes steps again; many ways back need none."""
        if self._machine is None:
            self._machine = self._waiting.take(None)
        return self._machine

    @property
    def adjoint(self) -> np.ndarray:
        """Of the state where the sweep is, (parts, n): to be changed in place."""
        return self.memory.adjoint

    def take_sums(self) -> tuple[np.ndarray, np.ndarray]:
        """What was added up since this was called last: of all the parameters that the machine has,
        (parts, m), and the running cost's integral (parts,).
        """
        sums, integral = self.memory.sums(), np.zeros(self.kind.parts, self.kind.dtype)
        found = np.zeros(self._parameters.shape, self.kind.dtype)
        first = 0
        for place, count in self.pullback.places:
            own = found[:, place : place + count]
            own[...] = arithmetic.add(self.kind, own, sums[:, first : first + count])
            first += count
        if self.pullback.sweeper.options.running:
            integral = sums[:, -1].copy()
        self.memory.forget_sums()
        return found, integral

    def release(self) -> None:
        """There is nothing left to go back over."""
        self.memory.release()
        if self._machine is not None:
            self._waiting.give(self._machine)
            self._machine = None

    def leg(self, leg: Leg, observed: Observations) -> None:
        """Back to the beginning of a leg, within which all that is observed is."""
        width = min(self.memory.parameters.shape[1], leg.parameters.shape[1])
        self.memory.parameters[:, :width] = leg.parameters[:, :width]
        self._parameters = leg.parameters
        end, left = leg.end, len(observed.times)
        for begun in backwards(leg, self.machine):
            first = observed.since(begun.headers[0, :2])
            self._over(begun, end, observed.part(first, left), 0)
            high, low = begun.headers[0, :2].tolist()
            end, left = (high, low), first

    def _over(self, begun: Begun, end: Pair, observed: Observations, halved: int) -> None:
        """Back over some steps, the last of which ends at a time."""
        headers = begun.headers
        if not len(headers):
            return
        steps = Steps(headers, self._lengths(headers, end), begun.states)
        found = observed.within(headers)
        index = len(headers)
        while index:
            # What was made shorter for derivatives' sake is where these change: all is looked at.
            code, index = self.memory.run(steps, found, index, careful=halved > 0)
            if code != TOO_LONG:
                if not halved:
                    self._several = max(1, self._several // 2)
                return
            # Steps before one that is too long are so, too, more often than not.
            first = max(0, index - self._several)
            self._several = min(2 * self._several, MOST_SEVERAL)
            seen = np.searchsorted(found.steps, [first, index]).tolist()
            high, low = end if index == len(headers) else headers[index, :2].tolist()
            part = slice(first, index)
            these = Begun(headers[part], begun.states[:, part])
            self._shorter(these, (high, low), observed.part(*seen), halved + 1)
            index = first

    def _lengths(self, headers: np.ndarray, end: Pair) -> np.ndarray:
        """Of steps, the last of which ends at a time, in their scales: (parts, k)."""
        if self.kind.is_finer:
            ends = np.concatenate([headers[1:, :2], as_pair(end)[np.newaxis]])
            return elapsed_in(self.kind, headers[:, :2], ends, headers[:, 2])
        found = headers[:, 3] / headers[:, 2]  # as they were
        high, low, scale, _ = headers[-1].tolist()
        found[-1] = ((end[0] - high) + (end[1] - low)) / scale  # which may have been cut
        return found.astype(self.kind.dtype)[np.newaxis]

    def _shorter(self, begun: Begun, end: Pair, observed: Observations, halved: int) -> None:
        """Back over steps of which the last is too long for adjoints, by some half as long."""
        high, low, _, length = begun.headers[-1].tolist()
        if halved > MOST_HALVINGS or not np.isfinite(self.memory.adjoint).all():
            raise TaylorError(
                f"the adjoint is not finite at t = {high!r}: derivatives of the solution grow "
                "beyond the range of numbers, or the right-hand side has none there"
            )
        self.shortened += 1
        span = abs((end[0] - high) + (end[1] - low))
        most = max(0.5 * min(abs(length), span) * (1 + 2.0**-40), 0.5 * span)
        machine = self.machine()
        machine.parameters[:] = self._parameters
        start = tuple(begun.headers[0, :2].tolist())
        steps = machine.steps_between(begun.states[:, 0], (start[0], start[1]), end, most)
        self._over(steps, end, observed, halved)
