"""What solutions ask of an integrator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, Self

import numpy as np

from taylor.expressions.expression import Expression
from taylor.machines.arrivals import Arrival, Start, Unfinished
from taylor.machines.flow import Flow
from taylor.numbers.precision import Precision
from taylor.numbers.times import Pair
from taylor.systems.events import Event
from taylor.systems.names import Names
from taylor.systems.parameters import Parameters
from taylor.systems.system import System
from taylor_runtime.callables.trajectories.solves import Targets


class Propagator(Protocol):
    """An integrator."""

    system: System
    _kind: Precision
    _names: Names
    _state: np.ndarray
    _time: Pair
    _flow: Flow | None
    _parameters: Parameters
    max_step: float

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

    def _curved(self, order: int, parameters: Sequence[int]) -> Self:
        """The same whose states, and some parameters, are polynomials in one variable."""

    def _bend(self, states: np.ndarray, parameters: np.ndarray) -> None:
        """Set what these begin with: coefficients (n, order + 1) and (parameters, order + 1)."""

    def _straight(self, end: float) -> bool:
        """Whether the solution from what is in place was brought to a time, as most are, by machine
        code; of others nothing is told.
        """

    def _targets(self, start: Start) -> Targets | None:
        """Where numbers of such a solution are in the memory of machine code; None for others."""

    def _straight_map(self, start: Start, end: Pair) -> np.ndarray | None:
        """The solution at a time with its derivatives, (n, K), as most are, by steps alone; of
        others nothing is told.
        """

    def _until(self, start: Start, end: Pair, limit: int | None) -> Arrival | Unfinished:
        """The solution at a time, or where a terminal event ends it."""

    def _through(
        self, start: Start, grid: np.ndarray, limit: int | None
    ) -> np.ndarray | Unfinished:
        """The states at times (k, 2), of which each is beyond the one before: (k, n, K) with the
        axes of numbers; or `Unfinished`.
        """
