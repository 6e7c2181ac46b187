"""Derivatives by the initial time for no more than those by the states that it displaces."""

from __future__ import annotations

from typing import Self

import numpy as np

from taylor.machines.flow import FlowMachine
from taylor.numbers.times import Pair
from taylor.polynomials import maps
from taylor.polynomials.polynomial import Polynomial
from taylor.systems.variational import Variations
from taylor_runtime.callables.memory import numbers_of, polynomials_of
from taylor_runtime.callables.trajectories.records import StepRecords
from taylor_runtime.program.records import dataclass


@dataclass(frozen=True, slots=True)
class _Since:
    """What is displaced from a record of steps and a place of a grid on."""

    records: int
    grid: int
    displaced: Polynomial


class ComposedMachine(FlowMachine):
    """A flow whose machine code displaces all states and some parameters: `inner`.

    What these depend on, a displaced initial time among it, is composed with its polynomials where
    somebody reads them.  A state that is put, by a jump perhaps, is where machine code begins anew.
    """

    inner: Variations

    def displace(self, inner: Variations) -> None:
        """Say what its machine code displaces; nothing is, yet, by anything."""
        self.inner = inner
        count = len(inner.states) + len(inner.parameters)
        planes = np.zeros((self.kind.parts, count, self.space.size), self.kind.dtype)
        self._since = [_Since(0, 0, Polynomial._made(planes, self.space, self.kind))]

    def copy(self) -> Self:
        other = super().copy()
        other.inner, other._since = self.inner, self._since.copy()
        return other

    def memory(self) -> dict[str, np.ndarray]:
        return {**super().memory(), "displaced": self._displaced._planes}

    def restore(self, memory: dict[str, np.ndarray]) -> None:
        super().restore(memory)
        made = Polynomial._made(memory["displaced"], self.space, self.kind)
        self._since = [_Since(0, 0, made)]

    # -- what it is told --------------------------------------------------------------------------

    def start_recording(self, keep_all: bool, grid: np.ndarray | None) -> None:
        super().start_recording(keep_all, grid)
        self._since = [_Since(0, 0, self._displaced)]

    def put_polynomials(self, polynomials: np.ndarray, time: Pair) -> None:
        planes = self._displaced._planes.copy()
        planes[:, : self._states] = self._by_variable(polynomials)
        self._displace(planes, self.control.grid_next)
        super().put_polynomials(self._begun(polynomials), time)

    def put_parameters(self, values: np.ndarray, polynomials: np.ndarray) -> None:
        planes = self._displaced._planes.copy()
        planes[:, self._states :] = polynomials
        planes[:, self._states :, 0] = 0
        if not np.array_equal(planes, self._displaced._planes):
            states = self.polynomials()  # by what parameters were
            self._displace(planes, self.control.grid_next)
            self.put_polynomials(states, self.time)
        varied = np.zeros((*polynomials.shape[:2], self.inner.size), self.kind.dtype)
        varied[..., 0] = polynomials[..., 0]
        for k in range(polynomials.shape[1]):
            varied[0, k, self._position(self._states + k)] = 1
        super().put_parameters(values, varied)

    def overwrite_grid(self) -> bool:
        done = super().overwrite_grid()
        if done:
            self._displace(self._displaced._planes, self.control.grid_next - 1)
        return done

    def _displace(self, planes: np.ndarray, grid: int) -> None:
        records = self.control.records
        if (self._since[-1].records, self._since[-1].grid) == (records, grid):
            self._since.pop()
        self._since.append(_Since(records, grid, Polynomial._made(planes, self.space, self.kind)))

    # -- what it tells ----------------------------------------------------------------------------

    def polynomials(self) -> np.ndarray:
        return self._composed(super().polynomials(), self._displaced)

    def varied(self, count: int) -> np.ndarray:
        planes = self._displaced._planes[:, self._states :].copy()
        planes[..., 0] = super().varied(count)[..., 0]
        return planes

    def grid_polynomials(self) -> np.ndarray:
        places = [one.grid for one in self._since]
        return self._in_turn(super().grid_polynomials(), places)

    def series(
        self, polynomials: np.ndarray, time: Pair, order: int, parameters: np.ndarray | None = None
    ) -> np.ndarray | None:
        planes = self._displaced._planes.copy()
        planes[:, : self._states] = self._by_variable(polynomials)
        found = super().series(self._begun(polynomials), time, order, parameters)
        if found is None:
            return None
        return self._composed(found, Polynomial._made(planes, self.space, self.kind))

    def step_records(self, whole: bool = False) -> StepRecords | None:
        found = super().step_records(whole)
        if found is None or not whole:
            return found
        inner = polynomials_of(found.planes, self._states)
        places = [one.records for one in self._since]
        return found._replace(planes=numbers_of(self._in_turn(inner, places)))

    def next_step(self, whole: bool = False) -> StepRecords | None:
        found = super().next_step(whole)
        return self._of_step(found) if whole and found is not None else found

    def same_step(self, parameters: np.ndarray | None = None, whole: bool = False) -> StepRecords:
        found = super().same_step(parameters, whole)
        return self._of_step(found) if whole else found

    def record(self, accepted: bool) -> StepRecords:
        return self._of_step(super().record(accepted))

    # -- compositions -----------------------------------------------------------------------------

    @property
    def _states(self) -> int:
        return len(self.inner.states)

    @property
    def _displaced(self) -> Polynomial:
        """What the present state and parameters depend on: the inner variables, states first, as
        polynomials without constant terms.
        """
        return self._since[-1].displaced

    def _position(self, row: int) -> int:
        """Of the monomial that displaces a state or parameter alone, by its row among the seeds."""
        exponents = self.inner.space.monomials.exponents
        (found,) = np.flatnonzero((exponents == self.inner.seeds[row]).all(axis=1))
        return int(found)

    def _by_variable(self, polynomials: np.ndarray) -> np.ndarray:
        """States' displacements in the order of the seeds."""
        planes = polynomials[:, list(self.inner.states)].copy()
        planes[..., 0] = 0
        return planes

    def _begun(self, polynomials: np.ndarray) -> np.ndarray:
        """States with these numbers, each displaced by its own variable."""
        made = np.zeros((*polynomials.shape[:2], self.inner.size), self.kind.dtype)
        made[..., 0] = polynomials[..., 0]
        for row, place in enumerate(self.inner.states):
            made[0, place, self._position(row)] = 1
        return made

    def _composed(self, planes: np.ndarray, displaced: Polynomial) -> np.ndarray:
        """Polynomials of machine code (parts, .., m) as those that others see."""
        order = np.argsort(np.argmax(self.inner.seeds, axis=1))
        polynomials = Polynomial._made(planes, self.inner.space, self.kind)
        factors = Polynomial._made(displaced._planes[:, order], self.space, self.kind)
        found = np.array(maps.compose(polynomials, factors)._planes)
        found[..., 0] = planes[..., 0]
        return found

    def _in_turn(self, planes: np.ndarray, places: list[int]) -> np.ndarray:
        """Polynomials (parts, k, .., m) of which those from some places on are displaced anew."""
        ends = [*places[1:], planes.shape[1]]
        found = np.empty((*planes.shape[:-1], self.space.size), self.kind.dtype)
        for one, start, end in zip(self._since, places, ends, strict=True):
            if start < end:
                found[:, start:end] = self._composed(planes[:, start:end], one.displaced)
        return found

    def _of_step(self, records: StepRecords) -> StepRecords:
        inner = polynomials_of(records.planes, self._states)
        return records._replace(planes=numbers_of(self._composed(inner, self._displaced)))
