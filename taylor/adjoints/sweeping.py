"""Back over the steps of a leg, by machine code, with shorter ones where adjoints need them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from taylor.adjoints.observations import Observations, as_pair, elapsed_in
from taylor.adjoints.pullback import Pullback
from taylor.errors import TaylorError
from taylor.machines.tape import Leg, backwards
from taylor.machines.taped import TapedMachine
from taylor.numbers import planes as arithmetic
from taylor.numbers.precision import Precision
from taylor.numbers.times import Pair
from taylor_runtime.callables.trajectories.sweep import TOO_LONG, Steps, SweepMemory
from taylor_runtime.callables.trajectories.tape import Begun

ENOUGH = 450  # times the tolerance is what a step's last two terms may give
MOST_HALVINGS = 40
MOST_SEVERAL = 64  # steps that are made again together, where one of them is too long


class Sweeping:
    """The adjoint of a trajectory on its way back.

    machine: makes one of the system that makes steps again.
    """

    def __init__(
        self,
        pullback: Pullback,
        machine: Callable[[], TapedMachine],
        kind: Precision,
        tolerance: float,
    ) -> None:
        self.pullback, self._make, self.kind = pullback, machine, kind
        self.memory = SweepMemory.taken(pullback.sweeper)
        self.memory.limit = ENOUGH * max(tolerance, kind.epsilon)
        self.shortened = 0  # times that a step was too long
        self._several = 1
        self._parameters = np.empty(0)

    @property
    def machine(self) -> TapedMachine:
        """One of the system that makes steps again; many ways back need none."""
        return self._make()

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

    def leg(self, leg: Leg, observed: Observations) -> None:
        """Back to the beginning of a leg, within which all that is observed is."""
        width = min(self.memory.parameters.shape[1], leg.parameters.shape[1])
        self.memory.parameters[:, :width] = leg.parameters[:, :width]
        self._parameters = leg.parameters
        end, left = leg.end, len(observed.times)
        for begun in backwards(leg, self._make):
            first = observed.since(begun.headers[0, :2])
            self._over(begun, end, observed.part(first, left), 0)
            high, low = begun.headers[0, :2].tolist()
            end, left = (high, low), first

    def _over(self, begun: Begun, end: Pair, observed: Observations, halved: int) -> None:
        """Back over some steps, the last of which ends at a time."""
        headers = begun.headers
        if not len(headers):
            return
        ends = np.concatenate([headers[1:, :2], as_pair(end)[np.newaxis]])
        scales = headers[:, 2]
        lengths = elapsed_in(self.kind, headers[:, :2], ends, scales)
        if not self.kind.is_finer:  # as they were, but for the last, which may have been cut
            lengths[0, :-1] = (headers[:-1, 3] / scales[:-1]).astype(self.kind.dtype)
        steps = Steps(headers, lengths, begun.states)
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
            high, low = ends[index - 1].tolist()
            part = slice(first, index)
            these = Begun(headers[part], begun.states[:, part])
            self._shorter(these, (high, low), observed.part(*seen), halved + 1)
            index = first

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
        machine = self.machine
        machine.parameters[:] = self._parameters
        start = tuple(begun.headers[0, :2].tolist())
        steps = machine.steps_between(begun.states[:, 0], (start[0], start[1]), end, most)
        self._over(steps, end, observed, halved)
