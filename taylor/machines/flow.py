"""The derivatives of one solution: polynomials that its state begins with, carries and ends as."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Self

import numpy as np

from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.expressions.expression import Expression
from taylor.machines.crossing import UndefinedDerivativesError, summed
from taylor.machines.dense import DenseOutput
from taylor.machines.machine import Machine
from taylor.numbers.precision import Precision
from taylor.numbers.times import Pair
from taylor.polynomials.coefficients import converted
from taylor.polynomials.polynomial import Polynomial
from taylor.polynomials.space import Space
from taylor.systems.variational import Variations
from taylor_runtime.callables.memory import numbers_of, polynomials_of
from taylor_runtime.callables.trajectories.records import StepRecords


class FlowMachine(Machine):
    """A machine whose states are polynomials, shape (parts, n, M).

    Those of parameters that vary stand behind the numbers of all parameters.
    """

    whole = True
    space: Space  # of the polynomials

    def copy(self) -> Self:
        """One in the same state with memory of its own; the machine code is shared."""
        other = super().copy()
        other.space = self.space
        return other

    def _dense(self, records: StepRecords) -> DenseOutput:
        whole = super()._dense(records)
        count = len(self.slots)
        states = np.ascontiguousarray(whole.coefficients[:, :, :count])
        return replace(whole, coefficients=states, maps=(whole, self.space))

    def _at_rest(self) -> DenseOutput:
        """The present state, without any steps."""
        found = super()._at_rest()
        numbers = self.kind.from_planes(numbers_of(self.polynomials()))
        whole = np.zeros((1, found.order + 1, *numbers.shape), self.kind.dtype)
        whole[0, 0] = numbers
        return replace(found, maps=(replace(found, coefficients=whole), self.space))

    def grid_maps(self, known: np.ndarray) -> Polynomial:
        """The states' polynomials at the grid's times, (k, n); NaN where it was not reached, and
        for derivatives that are not known, (k,).
        """
        planes = self.grid_polynomials()
        parts, reached, *sizes = planes.shape
        whole = np.full((parts, self.control.grid_count, *sizes), np.nan, self.kind.dtype)
        whole[:, :reached] = planes
        whole[:, ~known, :, 1:] = np.nan
        return Polynomial._made(whole, self.space, self.kind)

    def set_state(self, state: np.ndarray, time: Pair) -> None:
        """Numbers of the kind, in the place of those that the polynomials begin with."""
        polynomials = self.polynomials()
        polynomials[..., 0] = self.kind.to_planes(state)
        self.put_polynomials(polynomials, time)

    def put_polynomials(self, polynomials: np.ndarray, time: Pair) -> None:
        """States with their derivatives."""
        self.put(numbers_of(polynomials), time)

    def put_parameters(self, values: np.ndarray, polynomials: np.ndarray) -> None:
        """Numbers (parts, m) of the first parameters; those that vary as (parts, q, M)."""
        self.parameters[:, : values.shape[1]] = values
        count = polynomials.shape[1] * polynomials.shape[2]
        width = self.stepper.parameters
        flat = polynomials.reshape(len(polynomials), count)
        self.parameters[:, width - count : width] = flat

    def varied(self, count: int) -> np.ndarray:
        """Those of parameters that vary, of which there are so many: a copy, (parts, q, M)."""
        numbers = self.stepper.parameters
        size = super().polynomials().shape[-1]
        flat = self.parameters[:, numbers - count * size : numbers]
        return flat.reshape(len(flat), count, size).copy()

    def series(
        self, polynomials: np.ndarray, time: Pair, order: int, parameters: np.ndarray | None = None
    ) -> np.ndarray | None:
        """Coefficients 0 .. order in time of the solution through such a state: (parts, order + 1,
        n, M); None where they are not finite.

        parameters: as the machine keeps them, if not those that it has.
        """
        records = self.series_at(numbers_of(polynomials), time, parameters)
        if records is None:
            return None
        planes = records.planes[:, 0, : order + 1] / _powers(records.scales[0], order)
        return polynomials_of(planes, polynomials.shape[1])


def _powers(scale: float, order: int) -> np.ndarray:
    return np.asarray(scale ** np.arange(order + 1.0))[:, np.newaxis]


class Flow:
    """What an integrator knows of the derivatives of its solution.

    initial:   the displacements that states begin with, (parts, n, M), without constant terms.
    undefined: why there are no derivatives any more, in words; empty while there are.
    ended:     since when.
    """

    _begun: Any = None  # what `begin` has at hand

    def __init__(self, variations: Variations, count: int, kind: Precision) -> None:
        self.variations = variations
        self.kind = kind
        self.count = count
        self.initial = self._planes(count, variations.states, 0)
        if variations.initial is not None:
            self.initial = np.array(converted(variations.initial, variations.space, kind)._planes)
            self.initial[..., 0] = 0
        self._own_parameters = self._planes(
            len(variations.parameters),
            range(len(variations.parameters)),
            len(variations.states),
        )
        self._parameters = self._own_parameters.copy()
        self.undefined = ""
        self.ended: Pair = (0.0, 0.0)
        self._next: np.ndarray | None = None  # what the state is to be, with derivatives
        self._fresh = True  # derivatives by the initial time are still to be made
        self.arrived: Polynomial | None = None  # what it is behind a jump, and how much later
        self._later: Polynomial | None = None

    def __copy__(self) -> Flow:
        """One that knows the same, and goes its own way."""
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        other._parameters = self._parameters.copy()
        return other

    def _planes(self, rows: int, places: Any, first: int) -> np.ndarray:
        """Linear polynomials of displaced rows, whose parts are from `first` on among the seeds."""
        made = np.zeros((self.kind.parts, rows, self.variations.size), self.kind.dtype)
        columns = self.variations.seeds.shape[1]
        for k, place in enumerate(places):
            made[0, place, 1 : columns + 1] = self._linear(self.variations.seeds[first + k])
        return made

    def _linear(self, row: np.ndarray) -> np.ndarray:
        """A row of seeds by position of the variables among the monomials (a limit may be 0)."""
        found = np.zeros(len(row))
        exponents = self.variations.space.monomials.exponents
        for position in range(1, min(len(row), len(exponents) - 1) + 1):
            if exponents[position].sum() == 1:
                found[position - 1] = row[int(np.argmax(exponents[position]))]
        return found

    # -- into the machine -------------------------------------------------------------------------

    def renew(self) -> None:
        """Forget all that the solution came through: what is put next begins a new map."""
        self._parameters = self._own_parameters.copy()
        self.undefined = ""
        self._next = self.arrived = self._later = None
        self._fresh = True

    def begin(
        self, machine: FlowMachine, state: np.ndarray, parameters: np.ndarray, time: Pair
    ) -> None:
        """A solution begins with a new map: planes of its numbers, (parts, n) and (parts, m)."""
        self.renew()
        known = self._begun
        if known is None or known[0] is not self.initial or known[1] is not self._own_parameters:
            known = self._begun = self._beginning(machine)
        _, _, vector, (places, owners), behind, firsts = known
        machine.begin_with(vector, places, state[:, owners], time)
        own = machine.parameters
        own[:, : parameters.shape[1]] = parameters
        if len(firsts):
            width = machine.stepper.parameters
            varied = own[:, width - behind.shape[1] : width]
            varied[:] = behind
            varied[:, firsts] = parameters[:, list(self.variations.parameters)]

    def _beginning(self, machine: FlowMachine) -> Any:
        """What is the same of all solutions that begin so: the vector of states, which of its
        places have numbers of which states, the parameters that vary, and which of theirs are
        numbers.
        """
        padding = machine.padding
        vector = numbers_of(self.initial)[:, padding]
        places = np.flatnonzero(padding < self.count)
        whole = self._own_parameters
        firsts = np.arange(whole.shape[1]) * whole.shape[2]
        behind = whole.reshape(len(whole), -1)
        return self.initial, whole, vector, (places, padding[places]), behind, firsts

    def places_of_parameter(self, machine: FlowMachine) -> dict[int, int]:
        """Where machine code has the numbers of parameters that vary, behind those of all."""
        size, varied = self.variations.size, self.variations.parameters
        first = machine.stepper.parameters - len(varied) * size
        return {place: first + k * size for k, place in enumerate(varied)}

    def beginnings(
        self, machine: FlowMachine, states: np.ndarray, parameters: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """What machine code knows of solutions that begin new maps: their states and parameters.

        states, parameters: planes of their numbers, (parts, r, n) and (parts, r, m).
        """
        rows = states.shape[:2]
        made = np.empty((*rows, *self.initial.shape[1:]), self.kind.dtype)
        made[:] = self.initial[:, np.newaxis]
        made[..., 0] = states
        varied = np.empty((*rows, *self._own_parameters.shape[1:]), self.kind.dtype)
        varied[:] = self._own_parameters[:, np.newaxis]
        varied[..., 0] = parameters[..., list(self.variations.parameters)]
        behind = varied.reshape(*rows, varied.shape[2] * varied.shape[3])
        found = np.zeros((*rows, machine.stepper.parameters), self.kind.dtype)
        found[..., : parameters.shape[2]] = parameters
        found[..., found.shape[2] - behind.shape[2] :] = behind
        return numbers_of(made), found

    def put(self, machine: FlowMachine, state: np.ndarray, time: Pair, inside: bool) -> None:
        """A state that was set, or that a callback left."""
        planes = self.kind.to_planes(state)
        wanted, self._next = self._next, None
        if wanted is not None and np.array_equal(wanted[..., 0], planes):
            machine.put_polynomials(wanted, time)
            return
        if inside and self.arrived is not None:
            arrived, self.arrived = np.array(self.arrived._planes), None
            arrived[..., 0] = planes
            machine.put_polynomials(arrived, time)
            return
        kept = machine.polynomials()
        if not self._fresh and time == machine.time and np.array_equal(kept[..., 0], planes):
            return  # parameters alone were set
        made = np.zeros((self.kind.parts, self.count, self.variations.size), self.kind.dtype)
        if inside:
            self.end(
                f"a callback changed the state or the time at t = {time[0]!r}, and nothing is "
                "known of how it would have changed others; give resets as expressions "
                "(taylor.Event(..., reset={...})), or set the state between propagations",
                time,
            )
        else:
            self.renew()
            made[:] = self.initial
            self._fresh = self.variations.time
        made[..., 0] = planes
        machine.put_polynomials(made, time)

    def put_parameters(self, machine: FlowMachine, values: np.ndarray) -> None:
        """Parameters, of which some vary."""
        planes = self.kind.to_planes(values)
        polynomials = self._parameters.copy()
        polynomials[..., 0] = planes[:, list(self.variations.parameters)]
        machine.put_parameters(planes, polynomials)

    def start(self, machine: FlowMachine) -> None:
        """Where the initial time or that of a jump is displaced, put the state that belongs to it.

        The state x at the time t + s of a displaced start is on a solution that was elsewhere at t:
        where y is with x = sum_k c_k(y) s^k.  The machine has all else.
        """
        moved, self._later = self._later, None
        if self._fresh and self.variations.time:
            moved = self._polynomial(self._linear_time())
        self._fresh = False
        if moved is None or self.undefined:
            return
        there = self.polynomials(machine.polynomials())
        try:
            found = self.behind(machine, there, moved, machine.time)
        except UndefinedDerivativesError as error:
            self.end(str(error), machine.time)
            return
        machine.put_polynomials(found._planes, machine.time)

    # -- on the way -------------------------------------------------------------------------------

    def arrive(self, states: Polynomial, later: Polynomial | None) -> None:
        """What the next state put by a jump is with derivatives, when so much has passed."""
        self.arrived, self._later = states, later

    def end(self, why: str, time: Pair) -> None:
        """There are no derivatives from this time on."""
        if not self.undefined:
            self.undefined, self.ended = why, time

    def set_parameter(self, known: Sequence[Expression], place: int, value: Any) -> None:
        """A jump sets a parameter.

        Raises UndefinedDerivativesError where its new value would depend on displacements, and it
        is none of those that may.
        """
        if place in self.variations.parameters:
            k = self.variations.parameters.index(place)
            self._parameters[:, k] = 0
            if isinstance(value, Polynomial):
                planes = converted(value, self.variations.space, self.kind)._planes
                self._parameters[:, k] = planes
        elif isinstance(value, Polynomial) and value._planes[:, 1:].any():
            raise UndefinedDerivativesError(
                f"{known[place]} is set to what depends on the displacements; name it in wrt, so "
                "that it may"
            )

    def parameters_by_expression(
        self, known: Sequence[Expression], machine: FlowMachine
    ) -> dict[Expression, Polynomial]:
        """The polynomials of the parameters that vary."""
        planes = machine.varied(len(self.variations.parameters))
        return {
            known[place]: self._polynomial(planes[:, k].copy())
            for k, place in enumerate(self.variations.parameters)
        }

    def _linear_time(self) -> np.ndarray:
        planes = np.zeros((self.kind.parts, self.variations.size), self.kind.dtype)
        columns = self.variations.seeds.shape[1]
        planes[0, 1 : columns + 1] = self._linear(self.variations.seeds[-1])
        return planes

    def begin_with(self, polynomials: Polynomial) -> np.ndarray:
        """What the next state put is to be with derivatives, and its numbers alone.

        Raises ArgumentError for other variables, another shape or what is not finite.
        """
        space = self.variations.space
        needed = f"flow_map: a polynomial for each of {self.count} states is needed, got"
        if not isinstance(polynomials, Polynomial):
            raise ArgumentTypeError(f"{needed} {type(polynomials).__name__}")
        if polynomials.shape != (self.count,):
            raise ArgumentError(f"{needed} shape {polynomials.shape}")
        unknown = [name for name in polynomials.names if name not in space.names]
        if unknown:
            raise ArgumentError(
                f"flow_map: {unknown[0]} is not among the variables {', '.join(space.names)}"
            )
        planes = np.array(converted(polynomials, space, self.kind)._planes)
        if not np.isfinite(planes).all():
            raise ArgumentError("flow_map: the coefficients of a map must be finite")
        self._next = planes
        self.undefined = ""
        self._fresh = False
        return self.kind.from_planes(self._next[..., 0])

    # -- out of it --------------------------------------------------------------------------------

    def check(self) -> None:
        """Raise UndefinedDerivativesError where there are no derivatives."""
        if self.undefined:
            raise UndefinedDerivativesError(f"there are no derivatives: {self.undefined}")

    def _polynomial(self, planes: np.ndarray) -> Polynomial:
        return Polynomial._made(planes, self.variations.space, self.kind)

    def polynomials(self, planes: np.ndarray) -> Polynomial:
        """The polynomials of planes (parts, .., M)."""
        return self._polynomial(planes)

    def behind(
        self,
        machine: FlowMachine,
        there: Polynomial,
        moved: Polynomial,
        time: Pair,
        parameters: np.ndarray | None = None,
    ) -> Polynomial:
        """The states y at a time whose solutions are `there` when `moved` has passed.

        moved: a polynomial without constant term; by iteration, each turn of which is right to one
            order more.
        """
        space = self.variations.space
        found = there
        for _ in range(space.order):
            series = machine.series(found._planes, time, space.order, parameters)
            if series is None:
                raise UndefinedDerivativesError(f"the solution has no series at t = {time[0]!r}")
            found = there - summed(series, moved, 1)
        return found
