"""An integrator as a part of functions: solutions that begin anew, with derivatives if wanted."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, Self, cast

import numpy as np

from taylor.expressions.expression import Expression
from taylor.expressions.types import Key
from taylor.integrator.driven import Driven
from taylor.integrator.outcome import Outcome, Status
from taylor.machines.crossing import UndefinedDerivativesError, summed
from taylor.machines.flow import FlowMachine
from taylor.numbers.times import Pair
from taylor.numbers.types import Numbers, Time
from taylor.polynomials.polynomial import Polynomial
from taylor.solutions.inputs import InputLike
from taylor.solutions.make import make_solution
from taylor.solutions.propagators import Arrival, Start, Unfinished
from taylor.solutions.solution import Solution
from taylor.systems.impulses import Past
from taylor.systems.variational import variational, variations_of


class Solvable(Driven):
    """A trajectory that can be propagated from elsewhere."""

    def as_function(
        self,
        inputs: Sequence[InputLike] | Expression | str,
        outputs: Any = None,
        *,
        until: Time | Expression | None = None,
        times: Numbers | Expression | None = None,
        max_steps: int | None = None,
    ) -> Solution:
        """The solution as a function, of numbers and in functions that are traced."""
        return make_solution(self, inputs, outputs, until, times, max_steps)

    def _remade(self) -> None:
        """Compile what depends on which derivatives there are."""
        raise NotImplementedError

    def _moving_parameters(self) -> Sequence[int]:
        """The places of parameters that may change on the way."""
        if any(event.callback is not None for event in self.events):
            return range(len(self.system.parameters))
        names = self._parameters._names
        keys: list[Key] = [key for jump in self._schedule.jumps for key in jump.impulse.set]
        resets = () if self._detection is None else self._detection.resets
        found = [place for reset in resets if reset for place, _ in reset.parameters]
        for key in keys:
            found += [int(place) for place in np.ravel(names[key]) if place >= 0]
        return sorted(set(found))

    def _varied(self, order: int, wrt: Sequence[Expression]) -> Self:
        """The same with derivatives by some states, parameters or the initial time."""
        other = copy.copy(self)
        asked = variational(self.system, order, list(wrt))
        other._variations = variations_of(asked, self.system, self.tol)  # type: ignore[attr-defined]
        other._remade()
        return other

    # -- solutions that begin anew ----------------------------------------------------------------

    def _begin(self, start: Start) -> None:
        self._state[:], self._parameters._values[:] = start.state, start.parameters
        self._time, self._known, self._past = start.time, None, Past()
        if self._flow is not None:
            self._flow.renew()

    def _until(self, start: Start, end: Pair, limit: int | None) -> Arrival | Unfinished:
        """The solution at a time, or where a terminal event ends it."""
        self._begin(start)
        outcome = self.propagate_until(end, max_steps=limit)  # type: ignore[attr-defined]
        stopped = self.time_pair != end or any(event.terminal for event in self.events)
        if not stopped or outcome.status is Status.REACHED:
            return self._arrival(None)
        if outcome.status is Status.EVENT:
            return self._arrival(outcome)
        return Unfinished(_words(outcome))

    def _through(
        self, start: Start, grid: np.ndarray, limit: int | None
    ) -> np.ndarray | Unfinished:
        """The states at times (k, 2): (k, n, K) with the axes of numbers."""
        self._begin(start)
        times = grid if self._kind.is_finer else grid[:, 0].copy()
        outcome = self.propagate_grid(times, max_steps=limit)  # type: ignore[attr-defined]
        if outcome.status is not Status.REACHED:
            return Unfinished(_words(outcome))
        if self._flow is None:
            return np.expand_dims(outcome.states, 2)
        if outcome.flow_maps is None or self._flow.undefined:
            raise UndefinedDerivativesError(f"there are no derivatives: {self._flow.undefined}")
        return np.asarray(outcome.flow_maps.coefficients)

    def _arrival(self, stopped: Outcome | None) -> Arrival:
        """What the present state and the rest are; stopped: by a terminal event."""
        parameters = self._parameters._values
        now = np.array(self._time if self._kind.is_finer else self._time[0], self._kind.dtype)
        if self._flow is None:
            state = np.expand_dims(self._state.copy(), 1)
            own = np.expand_dims(parameters.copy(), 1)
            return Arrival(state, own, np.expand_dims(now, 0), stopped is None)
        machine, flow = cast(FlowMachine, self._machine), self._flow
        found = self.flow_map
        times = np.zeros((flow.variations.size, *self._kind.axes), self._kind.dtype)
        times[0] = now
        if stopped is not None:
            late = self._late(stopped)
            found = self._moved(found, late)
            times = times + np.asarray(late.coefficients)
        constants = np.zeros((len(parameters), *times.shape), self._kind.dtype)
        constants[:, 0] = parameters
        known = self.system.parameters
        for e, polynomial in flow.parameters_by_expression(known, machine).items():
            constants[list(known).index(e)] = polynomial.coefficients
        return Arrival(np.asarray(found.coefficients), constants, times, stopped is None)

    def _late(self, stopped: Outcome) -> Polynomial:
        """How much later than the present time the event comes that ended the solution."""
        ends = [
            crossings.time_maps[len(crossings) - 1]
            for event, crossings in zip(self.events, stopped.events, strict=True)
            if event.terminal
            and len(crossings)
            and tuple(crossings.time_pairs[-1].tolist()) == self.time_pair
            and crossings.time_maps is not None
        ]
        for time in ends[:1]:
            if np.isfinite(time._planes).all():
                return cast(Polynomial, time - time.constant_part)
        raise UndefinedDerivativesError(
            "there are no derivatives: the terminal event is touched, not crossed, so that "
            "displaced solutions may miss it"
        )

    def _moved(self, found: Polynomial, late: Polynomial) -> Polynomial:
        """The states when so much more time has passed, by the right-hand side of now."""
        machine = cast(FlowMachine, self._machine)
        series = machine.series(found._planes, self._time, found.order)
        if series is None:
            raise UndefinedDerivativesError(
                f"there are no derivatives: the solution has no series at t = {self.time!r}"
            )
        return summed(series, late)


def _words(outcome: Outcome) -> str:
    """Why a solution did not come to its end."""
    text = f"{outcome.status.name}, {outcome.status.value}, at t = {outcome.time!r}"
    return f"{text} ({outcome.message})" if outcome.message else text


