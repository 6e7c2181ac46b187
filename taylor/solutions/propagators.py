"""What solutions ask of an integrator, and what it tells of one solution."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol, Self

import numpy as np

from taylor.expressions.expression import Expression
from taylor.machines.flow import UndefinedDerivativesError as UndefinedDerivativesError
from taylor.numbers.precision import Precision
from taylor.numbers.times import Pair
from taylor.systems.events import Event
from taylor.systems.names import Names
from taylor.systems.parameters import Parameters
from taylor.systems.system import System
from taylor_runtime.program.records import dataclass


class Start(NamedTuple):
    """Where a solution starts: numbers of the integrator's kind, (n,) and (m,), with their axes."""

    state: np.ndarray
    parameters: np.ndarray
    time: Pair


@dataclass(frozen=True, slots=True)
class Arrival:
    """What a solution is in the end, with its derivatives: coefficients of polynomials.

    states, parameters, time: (n, K), (m, K) and (K,) with the axes of numbers; K = 1 without
        derivatives.
    reached: whether it came to the time that was asked for; else to a terminal event.
    """

    states: np.ndarray
    parameters: np.ndarray
    time: np.ndarray
    reached: bool


class Unfinished(NamedTuple):
    """Why a solution did not come to its end."""

    words: str


class Propagator(Protocol):
    """An integrator."""

    system: System
    _kind: Precision
    _names: Names
    _parameters: Parameters

    @property
    def state(self) -> np.ndarray: ...
    @property
    def time_pair(self) -> Pair: ...
    @property
    def events(self) -> tuple[Event, ...]: ...

    def __copy__(self) -> Self: ...

    def _moving_parameters(self) -> Sequence[int]:
        """The places of parameters that may change on the way."""

    def _varied(self, order: int, wrt: Sequence[Expression]) -> Self:
        """The same with derivatives by some states, parameters or the initial time."""

    def _until(self, start: Start, end: Pair, limit: int | None) -> Arrival | Unfinished:
        """The solution at a time, or where a terminal event ends it."""

    def _through(self, start: Start, grid: np.ndarray, limit: int | None) -> Any:
        """The states at times (k, 2), of which each is beyond the one before: (k, n, K) with the
        axes of numbers; or `Unfinished`.
        """


# Of a propagator, starts and ends of many solutions, what `_through` and `_until` tell of each.
Batch = Callable[..., Any]
