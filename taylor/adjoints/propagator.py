"""What adjoints ask of an integrator, a class of a later room, and what they are asked for."""

from __future__ import annotations

from typing import Any, Protocol, TypeAlias

import numpy as np

from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.expressions.types import Operand, UserFunction
from taylor.machines.machine import Machine
from taylor.numbers.precision import Precision
from taylor.numbers.times import Pair, time_pair
from taylor.numbers.types import Time
from taylor.surfaces.switches import SwitchedSystem
from taylor.systems.names import Names
from taylor.systems.parameters import Parameters
from taylor.systems.system import System
from taylor_runtime.program.records import dataclass

MEMORY = 1 << 28  # bytes for where steps began

CostLike: TypeAlias = "Operand | UserFunction"  # a cost as users give it


class Ended(Protocol):
    """What a propagation reports."""

    status: Any
    time: float
    message: str
    states: np.ndarray | None


class Propagator(Protocol):
    """An integrator."""

    system: System
    tol: float
    _kind: Precision
    _names: Names
    _model: SwitchedSystem
    _machine: Machine
    _detection: Any
    _follower: Any
    _flow: Any
    _driver: Any
    _schedule: Any
    _past: Any

    @property
    def state(self) -> np.ndarray: ...
    @property
    def time(self) -> float: ...
    @property
    def time_pair(self) -> Pair: ...
    @property
    def parameters(self) -> Parameters: ...
    @property
    def events(self) -> Any: ...
    @property
    def switches(self) -> Any: ...
    def _load(self, inside: bool = False) -> bool: ...
    def _walked(self, machine: Any, end: Pair) -> Ended | None: ...
    def _arrived(
        self, time: float, steps: int, sizes: Any, retracted: int, state: Any
    ) -> Ended: ...
    def _goes_in_lanes(self) -> bool: ...
    def _rows_in_lanes(self, states: np.ndarray, end: Pair) -> tuple[Any, Any] | None: ...
    def propagate_until(self, time: Any) -> Any: ...
    def propagate_grid(self, times: Any) -> Any: ...


@dataclass(frozen=True, slots=True)
class Asked:
    """Where to: the end; times (k, 2) in order, each once; and which of these each asked for is."""

    end: Pair
    times: np.ndarray
    places: np.ndarray
    sign: float

    @classmethod
    def of(cls, ta: Propagator, until: Time | None, times: Any) -> Asked:
        now = ta.time_pair
        if (until is None) == (times is None):
            raise ArgumentError("give either until=... or times=[...]")
        if until is not None:
            end = time_pair(until)
            return cls(end, np.empty((0, 2)), np.empty(0, np.intp), 1.0 if end >= now else -1.0)
        listed = [time_pair(t) for t in _each(times)]
        if not ta._kind.is_finer:
            listed = [(high + low, 0.0) for high, low in listed]
        if not listed:
            raise ArgumentError("times is empty; give at least one, or until=...")
        later, earlier = any(t > now for t in listed), any(t < now for t in listed)
        if later and earlier:
            raise ArgumentError(
                f"times lie on both sides of the present time {now[0]!r}; ask for each side alone"
            )
        once = sorted(set(listed), reverse=earlier)
        place = {t: k for k, t in enumerate(once)}
        places = np.array([place[t] for t in listed], np.intp)
        return cls(once[-1], np.array(once), places, -1.0 if earlier else 1.0)


def _each(times: Any) -> list[Any]:
    if isinstance(times, np.ndarray) and times.ndim == 2:
        return [(float(high), float(low)) for high, low in times]
    return list(times.tolist() if isinstance(times, np.ndarray) else times)


def checked_propagator(name: str, given: Any) -> Propagator:
    """The integrator that a function was given first."""
    if not hasattr(given, "_machine"):
        raise ArgumentTypeError(
            f"{name}: the first argument must be an Integrator, got {type(given).__name__}"
        )
    found: Propagator = given
    return found
