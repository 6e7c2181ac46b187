"""The trajectory with its derivatives, from a start or from many at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from taylor.expressions.leaves import time as now
from taylor.integrator.integrator import Integrator
from taylor.programs.batching import vmap
from taylor.programs.jacobians import jacobian
from taylor.programs.jit import jit
from taylor_runtime.program.records import dataclass

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class Flow:
    """States at times, with their derivatives by the start and by parameters.

    states: (.., k, n).   by_state: (.., k, n, n).   by_parameters: (.., k, n, p).
    """

    states: Array
    by_state: Array
    by_parameters: Array


class Dynamics:
    """Solutions of an integrator's equations, by initial state, some parameters and times."""

    def __init__(self, integrator: Integrator, varied: Array) -> None:
        """varied: places of the parameters by which derivatives are wanted."""
        system = integrator.system
        parameters = [system.parameters[k] for k in varied]
        self.varied, self.count = varied, len(system)
        self.epoch = float(integrator.time)
        inputs: list[Any] = [list(system.states), *([parameters] if parameters else []), now]
        self._solution = integrator.as_function(inputs)
        self._whole = bool(parameters)
        self._along = self._program(False)
        self._many: Any = None

    def _program(self, batched: bool) -> Callable[..., Any]:
        solution: Any = self._solution
        places = (0, 1) if self._whole else 0

        def traced(*args: Any) -> Any:
            return solution(*args), jacobian(solution, argnums=places)(*args)

        if not batched:
            return jit(traced)
        axes = (0, 0, 0, 0) if self._whole else (0, 0, 0)
        return jit(vmap(traced, in_axes=axes))

    def states(self, start: Array, parameters: Array, times: Array) -> Array:
        """States at times, (k, n), from a state at the epoch and the values of all parameters.

        Raises SolutionError where the solution does not get there.
        """
        given = [parameters[self.varied]] if self._whole else []
        return np.asarray(self._solution(start, *given, self.epoch, times))

    def flow(self, start: Array, parameters: Array, times: Array) -> Flow:
        """The same with derivatives."""
        given = [parameters[self.varied]] if self._whole else []
        return self._made(*self._along(start, *given, self.epoch, times))

    def flows(self, starts: Array, parameters: Array, begins: Array, times: Array) -> Flow:
        """From many starts: states (s, n), parameters (s, p), times of both (s,) and (s, k)."""
        if self._many is None:
            self._many = self._program(True)
        given = [parameters[:, self.varied]] if self._whole else []
        return self._made(*self._many(starts, *given, begins, times))

    def _made(self, states: Any, slopes: Any) -> Flow:
        states = np.asarray(states)
        if self._whole:
            return Flow(states, np.asarray(slopes[0]), np.asarray(slopes[1]))
        empty = np.empty((*states.shape, 0))
        return Flow(states, np.asarray(slopes), empty)
