"""An integrator as a part of functions: solutions that begin anew, with derivatives if wanted."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self, cast

import numpy as np

from taylor.expressions.expression import Expression
from taylor.expressions.types import Key
from taylor.integrator.driven import Driven
from taylor.integrator.outcome import PLAIN, Outcome, Status
from taylor.machines.arrivals import Arrival, Start, Unfinished
from taylor.machines.crossing import UndefinedDerivativesError, summed
from taylor.machines.flow import Flow, FlowMachine
from taylor.machines.machine import Machine, step_asked_for
from taylor.numbers.times import Pair
from taylor.numbers.types import Numbers, Time
from taylor.polynomials.polynomial import Polynomial
from taylor.polynomials.space import make_space
from taylor.recurrences.externals import externals
from taylor.systems.arguments import check_span
from taylor.systems.impulses import Past
from taylor.systems.variational import Variations, variational, variations_of
from taylor_runtime.callables.batch import BatchStepper, LaneRows, RowLimits, batch_of, batch_pays
from taylor_runtime.callables.driving import UNTIL
from taylor_runtime.callables.trajectories.solves import Targets
from taylor_runtime.program.codes import REACHED

if TYPE_CHECKING:
    from taylor.solutions.inputs import InputLike
    from taylor.solutions.solution import OutputLike, Solution

MOST_STEPS = 1 << 40


class Solvable(Driven):
    """A trajectory that can be propagated from elsewhere."""

    def as_function(
        self,
        inputs: Sequence[InputLike] | Expression | str,
        outputs: Sequence[OutputLike] | OutputLike | None = None,
        *,
        until: Time | Expression | None = None,
        times: Numbers | Expression | None = None,
        max_steps: int | None = None,
    ) -> Solution:
        """The solution as a function: of numbers, and in functions that are traced.

        inputs:  what its arguments are: states (their initial values), parameters, `taylor.time`
                 (the initial time), or their names; arrays of them have array arguments, and so
                 has a list of several in the place of one.
        outputs: what it returns: expressions of states, parameters and `taylor.time` in the end,
                 or names; one, or a list of several, for which it returns a tuple.  The whole state
                 by default, an array.
        until:   the end, before or after the initial time.
        times:   instead, several times, shape (k,), in any order and some perhaps twice: outputs
                 then have an axis more, the first.
                 Without both, the time is the last argument, or an array of times.  All of them may
                 be values of a function that is being traced.
        max_steps: give up after so many steps.

        What is no input has the value that the integrator has now; it is not differentiated by.
        The integrator is left as it is, and later changes of it change nothing.  Where a terminal
        event ends the solution, outputs are those of that time (`taylor.time` is when), and their
        derivatives take along that it comes earlier or later; with times it has to come after all
        of them.  At the very time of an event or an impulse outputs are those behind it.

        In functions of `taylor.jit`, `grad`, `jacobian`, `hessian`, `jvp`, `vjp`, `jet`, `vmap`
        and their like, within one another as well, it has derivatives of every order by all of
        its arguments, through events, resets, switches and impulses; for many points at once
        the solutions are those of `taylor.ensemble`.

        Raises TypeError or ValueError for inputs that are no states or parameters, or named twice,
        and outputs that depend on anything else.  Calls raise taylor.SolutionError where the end is
        not reached, UndefinedDerivativesError where there are no derivatives, as at a surface that
        is touched only.

        >>> import numpy as np, taylor as ty
        >>> x, v, k = *ty.variables("x v"), ty.parameter("k")
        >>> ta = ty.Integrator([(x, v), (v, -k * x)], [1.0, 0.0], parameters={k: 4.0})
        >>> position = ta.as_function([k, x], x, until=np.pi)
        >>> round(float(position(4.0, 2.0)), 12)
        2.0
        >>> slope = ty.grad(position)  # x cos(sqrt(k) pi) by k
        >>> round(float(slope(6.25, 1.0)), 12), round(-np.pi / 5, 12)
        (-0.628318530718, -0.628318530718)
        """
        from taylor.solutions.make import make_solution  # loaded with the first of them

        return make_solution(self, inputs, outputs, until, times, max_steps)

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
        asked = variational(self.system, order, list(wrt))
        return self._with(variations_of(asked, self.system, self.tol))

    def _curved(self, order: int, parameters: Sequence[int]) -> Self:
        """The same whose states, and some parameters, are polynomials in one variable; see
        `_bend`.
        """
        space = make_space(("s",), order)
        flat = np.zeros((self._kind.parts, len(self.system), space.size), self._kind.dtype)
        seeds, weights = np.zeros((len(parameters), 1)), (1.0,) * (order + 1)
        straight = Polynomial._made(flat, space, self._kind)
        return self._with(Variations(space, (), tuple(parameters), seeds, False, weights, straight))

    def _with(self, variations: Variations) -> Self:
        """A copy with derivatives; compiled is what depends on which there are."""
        other: Any = copy.copy(self)
        other._variations, other._driver = variations, None
        other._flow = other._make_flow()
        other._machine = other._make_machine()
        other._detection, other._steering = other._detect(self.events), other._steer()
        return cast(Self, other)

    def _bend(self, states: np.ndarray, parameters: np.ndarray) -> None:
        """Set what `_curved` begins with: coefficients (n, order + 1) and (parameters, order + 1),
        with the axes of numbers; those of order zero do not count.
        """
        flow = cast(Flow, self._flow)
        flow.initial = np.array(self._kind.to_planes(states))
        flow._own_parameters = np.array(self._kind.to_planes(parameters))
        flow.initial[..., 0] = flow._own_parameters[..., 0] = 0

    # -- solutions that begin anew ----------------------------------------------------------------

    def _begin(self, start: Start) -> None:
        self._state[:], self._parameters._values[:] = start.state, start.parameters
        self._time, self._known, self._past = start.time, None, Past()
        if self._flow is not None:
            self._flow.renew()

    def _straight(self, end: float) -> bool:
        """Whether the solution from the state, time and parameters in place was brought to a time,
        by machine code as far as that goes; else some of the way, or not at all.
        """
        driver = self._driver or self._make_driver()
        self._front.block.known = 0
        given = self._state, self._parameters._values, self._max_step
        found = driver(*given, end, UNTIL, math.inf)
        if found is None or type(found) is Outcome:
            return found is not None
        return self._rest(found, PLAIN).status is Status.REACHED

    def _until(self, start: Start, end: Pair, limit: int | None) -> Arrival | Unfinished:
        """The solution at a time, or where a terminal event ends it."""
        if limit is None:
            found = self._straight_map(start, end)
            if found is not None:
                return Arrival(found, found[:0], found[0], reached=True)
        self._begin(start)
        time: Time = end if end[1] else end[0]  # drivers take floats
        outcome = self.propagate_until(time, max_steps=limit)  # type: ignore[attr-defined]
        watched = self._detection is not None
        stopped = self._time != end or (watched and any(e.terminal for e in self.events))
        if not stopped or outcome.status is Status.REACHED:
            return self._arrival(None)
        if outcome.status is Status.EVENT:
            return self._arrival(outcome)
        return Unfinished(_words(outcome))

    def _straight_map(self, start: Start, end: Pair) -> np.ndarray | None:
        """The solution at a time with its derivatives, (n, K), where nothing but steps is to be
        made; None where there may be more, or these do not come to the end.
        """
        machine = self._begun_straight(start)
        if machine is None or machine.straight_to(end, self.max_step) != REACHED:
            return None
        return self._kind.from_planes(machine.polynomials())

    def _begun_straight(self, start: Start) -> FlowMachine | None:
        """The machine at the beginning of a solution with derivatives; None where more than steps
        may be on the way.
        """
        flow = self._flow
        if flow is None or self._detection is not None or self._schedule.jumps:
            return None
        if flow.variations.time:
            return None
        machine, kind = cast(FlowMachine, self._machine), self._kind
        self._known = None
        flow.begin(
            machine, kind.to_planes(start.state), kind.to_planes(start.parameters), start.time
        )
        return machine

    def _targets(self, start: Start) -> Targets | None:
        """Where numbers of such a solution are in the memory of machine code; None for others."""
        machine = self._begun_straight(start)
        if machine is None or self._flow is None:
            return None
        return Targets(machine, self._flow.places_of_parameter(machine))

    def _walked(self, machine: Machine, end: Pair) -> Outcome | None:
        """What comes of the solution from the present point, if another machine makes it that has
        the state of the own one; None where more than steps may be on the way, or these do not come
        to the end.
        """
        watched = self._detection is not None or self._steering is not None
        if watched or self._flow is not None or self._schedule.jumps:
            return None
        check_span(self._time, end)
        if self._values() != self._known:
            if not np.isfinite(self._state).all():
                return None
            machine.set_state(self._state, self._time)
            machine.set_parameters(self._parameters._values)
            machine.forget_step()
        if machine.straight_to(end, self.max_step) != REACHED:
            return None
        control, steps = machine.control, machine.control.steps
        sizes = (control.smallest_step, control.largest_step) if steps else (math.nan, math.nan)
        return self._arrived(machine.time[0], steps, sizes, control.retracted, machine.state())

    def _arrived(
        self, time: float, steps: int, sizes: tuple[float, float], retracted: int, state: np.ndarray
    ) -> Outcome:
        """What is said of a solution of steps alone; sizes: of the smallest and the largest."""
        return Outcome(
            status=Status.REACHED,
            time=time,
            steps=steps,
            smallest_step=sizes[0],
            largest_step=sizes[1],
            retracted=retracted,
            state=state,
            variables=self.system.states,
        )

    def _goes_in_lanes(self) -> bool:
        """Whether nothing but steps may be on the way, which are faster side by side."""
        watched = self._detection is not None or self._steering is not None
        if watched or self._flow is not None or self._schedule.jumps:
            return False
        stepper = self._machine.stepper
        if stepper.options.precision != "float64" or externals(stepper.program):
            return False
        return batch_pays(stepper)

    def _rows_in_lanes(self, states: np.ndarray, end: Pair) -> tuple[BatchStepper, LaneRows] | None:
        """Solutions from states (r, n) at the present time, about to go to an end side by side."""
        lanes = batch_of(self._machine.stepper) if self._goes_in_lanes() else None
        if lanes is None or not np.isfinite(states).all():
            return None
        check_span(self._time, end)
        times, ends = (np.tile(time, (len(states), 1)) for time in (self._time, end))
        longest = step_asked_for(end[0] - self._time[0], False)
        bound = self._machine.control.defect_bound
        limits = RowLimits(bound, self.max_step, longest, MOST_STEPS)
        rows = LaneRows(lanes, states, times, ends, limits)
        own = self._parameters.array()
        rows.parameters[:, : len(own)] = own  # behind them are modes: 0
        return lanes, rows

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
        varied = flow.parameters_by_expression(known, machine).values()
        for place, polynomial in zip(flow.variations.parameters, varied, strict=True):
            constants[place] = polynomial.coefficients
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
