"""The integrators that are compared, behind one interface.

A solver lives in a worker process of its own (`harness.Worker`), which imports no other.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from benchmarks.harness import own_versions, version
from benchmarks.problems import PROBLEMS, Problem


class Solver(Protocol):
    """What a worker process can be asked."""

    def versions(self) -> dict[str, str]:
        """Names and versions of what determines the figures."""

    def import_time(self) -> float:
        """Seconds that the import of the solver took; NumPy was there."""

    def create(self, name: str) -> tuple[float, int]:
        """Make an integrator: seconds from the formulas until it is ready, and its order."""

    def run(self, state: np.ndarray, times: Sequence[float]) -> tuple[float, int, np.ndarray]:
        """Integrate from `state` at time 0: seconds, steps, states at the times, shape (k, n)."""


class Taylor:
    """This project, with its defaults and without its cache."""

    def __init__(self) -> None:
        started = time.perf_counter()
        import taylor
        from taylor_runtime import cache

        self._taylor = taylor
        self._make = taylor.Integrator  # which imports what it needs
        self._import_time = time.perf_counter() - started
        cache.disable()
        self._integrator: Any = None

    def import_time(self) -> float:
        """Seconds that the import of the solver took; NumPy was there."""
        return self._import_time

    def versions(self) -> dict[str, str]:
        """Names and versions of what determines the figures."""
        return own_versions()

    def create(self, name: str) -> tuple[float, int]:
        """Make an integrator: seconds from the formulas until it is ready, and its order."""
        problem = PROBLEMS[name]
        started = time.perf_counter()
        states = [self._taylor.variable(variable) for variable in problem.variables]
        derivatives = problem.equations(self._taylor, states)
        system = list(zip(states, derivatives, strict=True))
        self._integrator = self._make(system, problem.state, tol=problem.tolerance)
        return time.perf_counter() - started, self._integrator.order

    def run(self, state: np.ndarray, times: Sequence[float]) -> tuple[float, int, np.ndarray]:
        """Integrate from `state`, shape (n,): seconds, steps, states at the times, shape (k, n)."""
        integrator = self._integrator
        integrator.state[:] = state
        integrator.time = 0.0
        steps, states = 0, []
        started = time.perf_counter()
        for end in times:
            outcome = integrator.propagate_until(end)
            if not outcome.success:
                raise RuntimeError(f"taylor stopped at t = {outcome.time}: {outcome.message}")
            steps += outcome.steps
            states.append(integrator.state.copy())
        return time.perf_counter() - started, steps, np.array(states)


class Heyoka:
    """heyoka in its default mode, without its caches of machine code."""

    def __init__(self) -> None:
        started = time.perf_counter()
        import heyoka  # type: ignore[import-not-found]

        self._import_time = time.perf_counter() - started
        heyoka.llvm_state.set_diskcache_enabled(False)
        heyoka.llvm_state.clear_memcache()
        self._heyoka = heyoka
        self._integrator: Any = None

    def import_time(self) -> float:
        """Seconds that the import of the solver took; NumPy was there."""
        return self._import_time

    def versions(self) -> dict[str, str]:
        """Names and versions of what determines the figures."""
        return {"heyoka": version("heyoka")}

    def create(self, name: str) -> tuple[float, int]:
        """Make an integrator: seconds from the formulas until it is ready, and its order."""
        problem = PROBLEMS[name]
        started = time.perf_counter()
        states = [self._heyoka.expression(variable) for variable in problem.variables]
        derivatives = problem.equations(self._heyoka, states)
        system = list(zip(states, derivatives, strict=True))
        self._integrator = self._make(system, problem)
        return time.perf_counter() - started, self._integrator.order

    def _make(self, system: list[tuple[Any, Any]], problem: Problem) -> Any:
        state = np.array(problem.state)
        return self._heyoka.taylor_adaptive(system, state, tol=problem.tolerance)

    def run(self, state: np.ndarray, times: Sequence[float]) -> tuple[float, int, np.ndarray]:
        """Integrate from `state`, shape (n,): seconds, steps, states at the times, shape (k, n)."""
        integrator = self._integrator
        number = type(integrator.time)
        integrator.time = number(0.0)
        integrator.state[:] = state
        steps, states = 0, []
        started = time.perf_counter()
        for end in times:
            outcome, _, _, taken, *_ = integrator.propagate_until(number(end))
            if outcome != self._heyoka.taylor_outcome.time_limit:
                raise RuntimeError(f"heyoka stopped at t = {integrator.time}: {outcome}")
            steps += taken
            states.append(integrator.state.copy())
        return time.perf_counter() - started, steps, np.array(states)


class Reference(Heyoka):
    """heyoka with numbers of 113 bits (1.9e-34) and its tolerance at their precision."""

    def _make(self, system: list[tuple[Any, Any]], problem: Problem) -> Any:
        number = self._heyoka.real128
        state = np.array([number(x) for x in problem.state])
        return self._heyoka.taylor_adaptive(system, state, fp_type=number, compact_mode=True)

    def run(self, state: np.ndarray, times: Sequence[float]) -> tuple[float, int, np.ndarray]:
        """As above, but the states are unevaluated sums of two doubles, shape (2, k, n)."""
        number = self._heyoka.real128
        seconds, steps, states = super().run(np.array([number(float(x)) for x in state]), times)
        high = states.astype(float)
        low = [number(x) - number(float(h)) for x, h in zip(states.flat, high.flat, strict=True)]
        return seconds, steps, np.array([high, np.reshape([float(x) for x in low], high.shape)])


SOLVERS: dict[str, type[Solver]] = {"taylor": Taylor, "heyoka": Heyoka, "reference": Reference}
