"""A problem of orbit determination: equations, tables of observations, and what is unknown."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from taylor.astrodynamics.determination.dynamics import Dynamics
from taylor.astrodynamics.determination.observed import (
    Acceleration,
    Craft,
    Drawn,
    Light,
    Observed,
    no_light,
)
from taylor.astrodynamics.determination.tracking import Tracking, as_tables, counted, moments
from taylor.astrodynamics.determination.unknowns import Quantities, Unknowns, Values
from taylor.errors import ArgumentError, ArgumentTypeError, ShapeError
from taylor.expressions.arguments import argument
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import stack
from taylor.integrator.integrator import Integrator
from taylor.nodes.traverse import inputs
from taylor_runtime.program.records import dataclass

Array = np.ndarray
MOST_TURNS = 12  # of Newton's method for light times, which take two or three
NEAR = 1e-2  # km: so near to the root a step has made it exact, and the formula makes one more


@dataclass(frozen=True, eq=False)
class Linear:
    """Observations about a guess: what is measured, less what is computed, and how that changes.

    residuals:  of each table, (k, m), in the units of what is measured.
    scaled:     all of them in units of the noise, (M,), table after table.
    slopes:     of what is computed, in these units, by the unknowns, (M, u).
    considered: by what is considered, (M, c).
    """

    residuals: tuple[Array, ...]
    scaled: Array
    slopes: Array
    considered: Array

    def tables(self, flat: Array) -> list[Array]:
        """Numbers for all observations, (M,), table by table, (k, m)."""
        found, place = [], 0
        for table in self.residuals:
            found.append(flat[place : place + table.size].reshape(table.shape))
            place += table.size
        return found


class Problem:
    """Equations, tables of observations, what is estimated and what is considered."""

    def __init__(
        self,
        integrator: Integrator,
        observations: Tracking | Sequence[Tracking],
        estimate: Sequence[Expression] | Expression | None,
        consider: Sequence[Expression],
        parameters: Values | None,
        craft: tuple[Expression, Expression] | None,
    ) -> None:
        if not isinstance(integrator, Integrator):
            raise ArgumentTypeError(
                f"determine: the first argument must be a taylor.Integrator, got {integrator!r:.60}"
            )
        if integrator.precision != "float64":
            raise ArgumentError("determine: the integrator must be one of float64")
        self.integrator = integrator
        self.tables = as_tables(observations)
        states = list(integrator.system.states)
        self.plain = craft is None  # whether the spacecraft is the first six states
        self.craft, self._stand_in = _craft(states, craft)
        kinds = dict.fromkeys(table.measurement for table in self.tables)
        drawn = {kind: Drawn(kind, self.craft) for kind in kinds}
        for kind in kinds:
            self._check_craft(kind, drawn[kind])
        self.quantities = Quantities(
            integrator, [e for one in drawn.values() for e in one.values], parameters
        )
        listed = [estimate] if isinstance(estimate, Expression) else estimate
        self.unknowns = self.quantities.unknowns(states if listed is None else list(listed))
        self.considered = self.quantities.unknowns(list(consider))
        both = set(self.unknowns.listed) & set(self.considered.listed)
        if both:
            raise ArgumentError(f"determine: {both.pop()} is estimated and considered")
        if not len(self.unknowns):
            raise ArgumentError("determine: nothing is estimated")
        places = np.concatenate([self.unknowns.parameters, self.considered.parameters])
        self.varied = places[(places >= 0) & (places < self.quantities.own)]
        self.dynamics = Dynamics(integrator, self.varied)
        made = {kind: Observed(drawn[kind], states, self.quantities.parameters) for kind in kinds}
        self.observed = [made[table.measurement] for table in self.tables]
        self.rows = [
            observed.rows(moments(table))
            for observed, table in zip(self.observed, self.tables, strict=True)
        ]
        self.weights = [table.weights() for table in self.tables]
        self.first = self.quantities.first(self.unknowns)
        self._light = [no_light(len(rows.times)) for rows in self.rows]
        self._rates: Acceleration | None = None
        if any(kind.legs for kind in kinds):
            own = integrator.system
            self._rates = Acceleration(self.craft, own.states, own.derivatives, own.parameters)

    def _check_craft(self, kind: object, drawn: Drawn) -> None:
        if self._stand_in & set(inputs(drawn.values)):
            raise ArgumentError(
                f"determine: {type(kind).__name__} needs the position of a spacecraft; the "
                "equations have fewer than six states: pass craft=(position, velocity)"
            )

    # -- numbers ----------------------------------------------------------------------------------

    def split(self, values: Array) -> tuple[Array, Array]:
        """The initial state and all parameters, where the unknowns have these values."""
        state, parameters = self.quantities.state.copy(), self.quantities.values.copy()
        self.quantities.put(self.unknowns, state, parameters, values)
        return state, parameters

    def rates(self, states: Array, parameters: Array, times: Array) -> Array:
        """Accelerations of the spacecraft, (k, 3), where light takes time; else zeros."""
        if self._rates is None:
            return np.zeros((len(times), 3))
        return self._rates(states, parameters[..., : self.quantities.own], times)

    def lights(self, state: Array, parameters: Array) -> list[Light]:
        """Light times of all tables along a trajectory."""
        found, far = self._light, [k for k, o in enumerate(self.observed) if o.measurement.legs]
        for _ in range(MOST_TURNS if far else 0):
            times = [self.rows[k].times - found[k].down for k in far]
            states = self.dynamics.states(state, parameters, np.concatenate(times))
            parts = np.split(states, np.cumsum([len(t) for t in times])[:-1])
            better, off = list(found), 0.0
            for k, own in zip(far, parts, strict=True):
                better[k], wrong = self.observed[k].nearer(own, parameters, self.rows[k], found[k])
                off = max(off, wrong)
            found = better
            if not off > NEAR:
                break
        self._light = found  # where the search begins next time
        return found

    def computed(self, values: Array) -> list[Array]:
        """What would be measured, a table (k, m) each.

        Raises SolutionError where the trajectory ends before.
        """
        state, parameters = self.split(values)
        lights = self.lights(state, parameters)
        times = [rows.times - light.down for rows, light in zip(self.rows, lights, strict=True)]
        states = self.dynamics.states(state, parameters, np.concatenate(times))
        found, place = [], 0
        for k, (light, when) in enumerate(zip(lights, times, strict=True)):
            own = states[place : place + len(when)]
            place += len(when)
            rates = self.rates(own, parameters, when)
            measured = self.observed[k].values(own, parameters, self.rows[k], light, rates)
            found.append(counted(self.tables[k], measured))
        return found

    def linear(self, values: Array) -> Linear:
        """Residuals and their derivatives where the unknowns have these values.

        Raises SolutionError where the trajectory ends before.
        """
        state, parameters = self.split(values)
        lights = self.lights(state, parameters)
        times = [rows.times - light.down for rows, light in zip(self.rows, lights, strict=True)]
        flow = self.dynamics.flow(state, parameters, np.concatenate(times))
        residuals, scaled, place = [], [], 0
        slopes: list[Array] = []
        considered: list[Array] = []
        for k, (table, light, when) in enumerate(zip(self.tables, lights, times, strict=True)):
            own = slice(place, place + len(when))
            place += len(when)
            rates = self.rates(flow.states[own], parameters, when)
            computed, by_state, by_parameters = self.observed[k].linear(
                flow.states[own], parameters, self.rows[k], light, rates
            )
            weights = self.weights[k]
            residuals.append(table.residuals(counted(table, computed)))
            scaled.append((residuals[-1] * weights).reshape(-1))
            by_start = by_state @ flow.by_state[own]
            by_parameters = by_parameters.copy()
            for column, parameter in enumerate(self.varied):  # through the trajectory
                moved = flow.by_parameters[own][:, :, column]
                by_parameters[..., parameter] += np.einsum("kmn,kn->km", by_state, moved)
            for unknowns, into in (self.unknowns, slopes), (self.considered, considered):
                chosen = counted(table, self.columns(unknowns, by_start, by_parameters))
                into.append(
                    (chosen * weights[..., np.newaxis]).reshape(weights.size, len(unknowns))
                )
        return Linear(
            tuple(residuals),
            np.concatenate(scaled),
            np.concatenate(slopes),
            np.concatenate(considered),
        )

    def columns(self, unknowns: Unknowns, by_state: Array, by_parameters: Array) -> Array:
        """Derivatives by some unknowns, of those by all states and by all parameters."""
        found = np.empty((*by_state.shape[:-1], len(unknowns)))
        own = unknowns.states >= 0
        found[..., own] = by_state[..., unknowns.states[own]]
        found[..., ~own] = by_parameters[..., unknowns.parameters[~own]]
        return found

    def state_slopes(self, values: Array, times: Array) -> tuple[Array, Array, Array]:
        """States at times (k, n), their derivatives by the unknowns (k, n, u), and by what is
        considered (k, n, c).
        """
        state, parameters = self.split(values)
        flow = self.dynamics.flow(state, parameters, times)
        by_parameters = np.zeros((*flow.states.shape, len(parameters)))
        by_parameters[..., self.varied] = flow.by_parameters
        return (
            flow.states,
            self.columns(self.unknowns, flow.by_state, by_parameters),
            self.columns(self.considered, flow.by_state, by_parameters),
        )

    def with_tables(self, observations: Tracking | Sequence[Tracking]) -> Problem:
        """The same with other measured values: nothing is compiled again.

        Raises ArgumentError where these are not the same measurements at the same times.
        """
        import copy

        other = copy.copy(self)
        other.tables = as_tables(observations)
        if [t.measurement for t in other.tables] != [t.measurement for t in self.tables]:
            raise ArgumentError("these are other measurements; make a new fit with `determine`")
        for mine, yours in zip(self.tables, other.tables, strict=True):
            if not np.array_equal(mine.times, yours.times):
                raise ArgumentError(
                    f"the times of {yours} are not those of the first fit; make a new one with "
                    "`determine`"
                )
        other.weights = [table.weights() for table in other.tables]
        return other


def _craft(
    states: list[Expression], given: tuple[Expression, Expression] | None
) -> tuple[Craft, set[Expression]]:
    """The spacecraft, and what stands in for it where it is not known."""
    if given is None and len(states) >= 6:
        return Craft(stack(states[:3]), stack(states[3:6])), set()
    if given is None:
        standing = [argument(f"craft{k}") for k in range(6)]
        return Craft(stack(standing[:3]), stack(standing[3:])), set(standing)
    if len(given) != 2 or any(not isinstance(e, Expression) or e.shape != (3,) for e in given):
        raise ShapeError(
            "determine: craft must be (position, velocity), two expressions of shape (3,), got "
            f"{given!r:.80}"
        )
    return Craft(*given), set()
