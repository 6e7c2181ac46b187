"""A point of a solution: state, time and parameters, and what expressions are there."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

import numpy as np

from taylor.expressions.expression import Expression
from taylor.expressions.leaves import time as time_node
from taylor.machines.crossing import LOOKED, Motion, slope_of
from taylor.numbers.precision import PAIRS, Precision
from taylor.numbers.times import Pair
from taylor.polynomials.space import make_space
from taylor.systems.amounts import Placed, evaluated
from taylor.systems.system import System
from taylor_runtime.callables.trajectories.records import StepRecords
from taylor_runtime.program.records import dataclass

DIGITS = 40  # of exact sums


class Places(Protocol):
    """A machine, as far as it is asked where it is."""

    kind: Precision
    parameters: np.ndarray

    @property
    def time(self) -> Pair: ...
    def planes(self) -> np.ndarray: ...


class Expands(Protocol):
    """A machine, as far as it makes steps that are looked at."""

    def series_at(
        self, planes: np.ndarray, time: Pair, parameters: np.ndarray | None = None
    ) -> StepRecords | None: ...


@dataclass(frozen=True, slots=True)
class Point:
    """A state (parts, n) of a system, with the parameters (parts, m or more) in force there."""

    system: System
    kind: Precision
    state: np.ndarray
    time: Pair
    parameters: np.ndarray

    @classmethod
    def of(cls, system: System, machine: Places, parameters: np.ndarray | None = None) -> Point:
        """Where a machine is; parameters: if they are not what they were."""
        own = machine.parameters if parameters is None else parameters
        return cls(system, machine.kind, machine.planes(), machine.time, np.array(own))

    def numbers(self, planes: np.ndarray) -> list[Any]:
        """Numbers for evaluation: floats, or mpmath's where the kind has more digits."""
        if self.kind.is_finer:
            return list(self.kind.exactly(self.kind.from_planes(planes)))
        return [float(x) for x in planes[0]]

    def planes(self, numbers: Sequence[Any]) -> np.ndarray:
        """The inverse, rounded to the kind."""
        if self.kind.is_finer:
            return np.array(self.kind.to_planes(self.kind.rounded(list(numbers))))
        return np.array([[float(x) for x in numbers]], self.kind.dtype)

    def values(self) -> dict[Expression, Any]:
        """What expressions may depend on."""
        found: dict[Expression, Any] = dict(
            zip(self.system.states, self.numbers(self.state), strict=True)
        )
        count = len(self.system.parameters)
        own = self.numbers(self.parameters[:, :count])
        found.update(zip(self.system.parameters, own, strict=True))
        high, low = self.time
        found[time_node] = PAIRS.exactly(np.array(self.time)) if self.kind.is_finer else high + low
        return found

    def evaluated(self, expressions: Sequence[Expression]) -> list[Any]:
        """The values of scalars."""
        with working_digits(self.kind):
            return evaluated(expressions, self.values())

    def after(self, states: Placed, parameters: Placed) -> Point:
        """The point where states and parameters have new values, by place."""
        found = iter(self.evaluated([e for _, e in (*states, *parameters)]))
        arrays = self.state.copy(), self.parameters.copy()
        for array, placed in zip(arrays, (states, parameters), strict=True):
            for place, _ in placed:
                array[:, place] = self.planes([next(found)])[:, 0]
        return Point(self.system, self.kind, arrays[0], self.time, arrays[1])

    # -- motion -----------------------------------------------------------------------------------

    def slopes(self, machine: Expands) -> np.ndarray:
        """The right-hand side here, (parts, n)."""
        return self._series(machine)[0][:, 1]

    def rate(self, machine: Expands, g: Expression) -> Any:
        """dg/dt along the solution; None where g touches zero only."""
        series, span = self._series(machine)
        values = self.values()
        fixed = {e: values[e] for e in self.system.parameters}
        space = make_space(("s",), 1)
        motion = Motion(
            self.system.states,
            series[..., np.newaxis],
            space,
            self.kind,
            self.time,
            span,
            fixed,
        )
        with working_digits(self.kind):
            found = slope_of(motion, g)
            return None if found is None else self.kind.for_users(found)

    def _series(self, machine: Expands) -> tuple[np.ndarray, float]:
        """Coefficients in time (parts, orders, n), and how far a step goes."""
        records = machine.series_at(self.state, self.time, self.parameters)
        if records is None:
            shape = (self.kind.parts, 2, self.state.shape[1])
            return np.full(shape, np.nan, self.kind.dtype), 1.0
        scale = float(records.scales[0])
        planes = records.planes[:, 0, : LOOKED + 1]
        powers = scale ** np.arange(planes.shape[1], dtype=float)
        with np.errstate(all="ignore"):  # where a state is next to nothing, so is the scale
            series = planes / powers[:, np.newaxis]
        return np.where(np.isfinite(series), series, 0).astype(self.kind.dtype), scale


def working_digits(kind: Precision) -> AbstractContextManager[object]:
    """While numbers of a kind are computed with."""
    if not kind.is_finer:
        return nullcontext()
    from mpmath import workdps

    made: AbstractContextManager[object] = workdps(DIGITS)
    return made
