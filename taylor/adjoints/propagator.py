"""What adjoints ask of an integrator, a class of a later room."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from taylor.machines.machine import Machine
from taylor.numbers.precision import Precision
from taylor.numbers.times import Pair
from taylor.surfaces.switches import SwitchedSystem
from taylor.systems.names import Names
from taylor.systems.parameters import Parameters
from taylor.systems.system import System


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
    def propagate_until(self, time: Any) -> Any: ...
    def propagate_grid(self, times: Any) -> Any: ...
