"""The integrators that are compared, behind one interface.

A solver lives in a worker process of its own (`harness.Worker`), which imports no other.
"""

from __future__ import annotations

import inspect
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from benchmarks.problem import Problem
from benchmarks.problems import PROBLEMS
from benchmarks.versions import own_versions, version


@dataclass(frozen=True, slots=True)
class Made:
    """An integrator that was made.

    seconds: from the formulas until it was ready.
    order:   of its Taylor series.
    """

    seconds: float
    order: int


@dataclass(frozen=True, slots=True)
class Setting:
    """How an integrator is made: which problem, and what differs from its defaults.

    tolerance: None is the problem's.
    precision: "float64" or "double-double" (heyoka: 113 bits); the reference takes no notice.
    compact:   heyoka's compact mode.
    order:     of taylor's series, where it shall not be chosen by cost.
    """

    problem: str
    tolerance: float | None = None
    precision: str = "float64"
    compact: bool = False
    order: int | None = None

    @property
    def stated(self) -> Problem:
        return PROBLEMS[self.problem]

    @property
    def tol(self) -> float:
        return self.stated.tolerance if self.tolerance is None else self.tolerance


class Solver(Protocol):
    """What a worker process can be asked."""

    def versions(self) -> dict[str, str]:
        """Names and versions of what determines the figures."""

    def can(self, precision: str) -> bool:
        """Whether there are integrators of this precision."""

    def create(self, setting: Setting) -> Made:
        """Make an integrator; later requests are about it."""

    def describe(self) -> tuple[int, int]:
        """Useful multiply-adds of a step (0 where they are not known), and bytes of code."""

    def run(
        self, state: np.ndarray, times: Sequence[float], repeat: int = 1
    ) -> tuple[float, int, np.ndarray]:
        """Integrate from `state` at time 0: seconds, steps, states at the times, shape (k, n).

        repeat: do so several times, and give the seconds and steps of all.
        """

    def memory(self) -> tuple[float, float]:
        """Largest and present resident memory of the process in MB."""


def resident_memory() -> tuple[float, float]:
    """Largest and present resident memory of this process in MB; the latter NaN where unknown."""
    # Not getrusage alone: Linux counts what the process was before it became this program.
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        import resource

        unit = 1e6 if sys.platform == "darwin" else 1e3
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit, float("nan")
    known = dict(line.split(":", 1) for line in lines if ":" in line)
    high, now = (float(known[name].split()[0]) / 1e3 for name in ("VmHWM", "VmRSS"))
    return high, now


class Taylor:
    """This project, with its defaults and without its cache."""

    def __init__(self) -> None:
        # What an integrator imports is no part of its creation.
        for module in ("cffi", "llvmlite.binding", "taylor_runtime.callables.stepper"):
            import_module(module)
        import taylor
        from taylor_runtime.engine import cache

        self._taylor = taylor
        self._make = taylor.Integrator
        cache.disable()
        self._integrator: Any = None
        self._setting = Setting("pendulum")

    def versions(self) -> dict[str, str]:
        return own_versions()

    def can(self, precision: str) -> bool:
        known = inspect.signature(self._make.__init__).parameters
        return precision == "float64" or "precision" in known

    def create(self, setting: Setting) -> Made:
        problem = setting.stated
        wanted: dict[str, Any] = {"tol": setting.tol}
        if setting.precision != "float64":
            wanted["precision"] = setting.precision
        if setting.order is not None:
            wanted["order"] = setting.order
        started = time.perf_counter()
        states = [self._taylor.variable(variable) for variable in problem.variables]
        derivatives = problem.equations(self._taylor, states)
        system = list(zip(states, derivatives, strict=True))
        made = self._make(system, problem.state, **wanted)
        seconds = time.perf_counter() - started
        self._integrator, self._setting = made, setting
        return Made(seconds, made.order)

    def describe(self) -> tuple[int, int]:
        explanation = self._integrator.explain()
        return explanation.multiply_adds, explanation.code_bytes

    def peak(self) -> float:
        """Multiply-adds a second that one core can do."""
        from benchmarks.peak import multiply_adds_per_second

        return multiply_adds_per_second()

    def run(
        self, state: np.ndarray, times: Sequence[float], repeat: int = 1
    ) -> tuple[float, int, np.ndarray]:
        integrator = self._integrator
        integrator._machine.stepper.complete()  # what runs at first is made for its creation
        seconds, steps, states = 0.0, 0, []
        for _ in range(repeat):
            self._set(np.asarray(state, dtype=float))
            integrator.time = 0.0
            states = []
            started = time.thread_time()
            for end in times:
                outcome = integrator.propagate_until(end)
                if not outcome.success:
                    raise RuntimeError(f"taylor stopped at t = {outcome.time}: {outcome.message}")
                steps += outcome.steps
                states.append(integrator.state.copy())
            seconds += time.thread_time() - started
        return seconds, steps, np.array(states)

    def _set(self, state: np.ndarray) -> None:
        """The state; in double-double it has a last axis (high, low)."""
        inside = self._integrator.state
        if inside.ndim == 2:
            inside[:, 0], inside[:, 1] = state, 0.0
        else:
            inside[:] = state

    def energy_error(self, span: float) -> float:
        """Largest relative change of the energy at 10 times of a span from the problem's state."""
        from mpmath import mp

        problem = self._setting.stated
        assert problem.energy is not None
        times = [span * (k + 1) / 10 for k in range(10)]
        _, _, states = self.run(np.asarray(problem.state), times)
        pairs = states.reshape(len(states), len(problem.state), -1)
        with mp.workdps(50):
            exact = [[mp.fsum(mp.mpf(float(e)) for e in x) for x in one] for one in pairs]
            start = problem.energy(mp, [mp.mpf(x) for x in problem.state])
            return max(float(abs(problem.energy(mp, one) / start - 1)) for one in exact)

    def memory(self) -> tuple[float, float]:
        return resident_memory()


class Heyoka:
    """heyoka without its caches of machine code."""

    def __init__(self) -> None:
        import heyoka  # type: ignore[import-not-found]

        heyoka.llvm_state.set_diskcache_enabled(False)
        heyoka.llvm_state.clear_memcache()
        self._heyoka = heyoka
        self._integrator: Any = None

    def versions(self) -> dict[str, str]:
        return {"heyoka": version("heyoka")}

    def can(self, precision: str) -> bool:
        return precision == "float64" or hasattr(self._heyoka, "real128")

    def create(self, setting: Setting) -> Made:
        problem = setting.stated
        started = time.perf_counter()
        states = [self._heyoka.expression(variable) for variable in problem.variables]
        derivatives = problem.equations(self._heyoka, states)
        system = list(zip(states, derivatives, strict=True))
        made = self._make(system, problem, setting)
        seconds = time.perf_counter() - started
        self._integrator = made
        return Made(seconds, made.order)

    def describe(self) -> tuple[int, int]:
        code = self._integrator.llvm_state.object_code
        parts = [code] if isinstance(code, bytes) else code  # compact mode compiles several
        return 0, sum(len(part) for part in parts)

    def _make(self, system: list[tuple[Any, Any]], problem: Problem, setting: Setting) -> Any:
        wanted: dict[str, Any] = {"compact_mode": setting.compact}
        number: Any = float
        if setting.precision == "double-double":
            number = self._heyoka.real128
            wanted["fp_type"] = number
        state = np.array([number(x) for x in problem.state])
        return self._heyoka.taylor_adaptive(system, state, tol=number(setting.tol), **wanted)

    def run(
        self, state: np.ndarray, times: Sequence[float], repeat: int = 1
    ) -> tuple[float, int, np.ndarray]:
        integrator = self._integrator
        number = type(integrator.time)
        start = np.array([number(x) for x in state])
        ends = [number(end) for end in times]
        seconds, steps, states = 0.0, 0, []
        for _ in range(repeat):
            integrator.time = number(0.0)
            integrator.state[:] = start
            states = []
            started = time.thread_time()
            for end in ends:
                outcome, _, _, taken, *_ = integrator.propagate_until(end)
                if outcome != self._heyoka.taylor_outcome.time_limit:
                    raise RuntimeError(f"heyoka stopped at t = {integrator.time}: {outcome}")
                steps += taken
                states.append(integrator.state.copy())
            seconds += time.thread_time() - started
        return seconds, steps, np.array(states)

    def memory(self) -> tuple[float, float]:
        return resident_memory()


class Reference(Heyoka):
    """heyoka with numbers of 113 bits (1.9e-34) and its tolerance at their precision."""

    def _make(self, system: list[tuple[Any, Any]], problem: Problem, setting: Setting) -> Any:
        number = self._heyoka.real128
        state = np.array([number(x) for x in problem.state])
        return self._heyoka.taylor_adaptive(system, state, fp_type=number, compact_mode=True)

    def run(
        self, state: np.ndarray, times: Sequence[float], repeat: int = 1
    ) -> tuple[float, int, np.ndarray]:
        """As above, but the states are unevaluated sums of two doubles, shape (2, k, n)."""
        number = self._heyoka.real128
        seconds, steps, states = super().run(state, times, repeat)
        high = states.astype(float)
        low = [number(x) - number(float(h)) for x, h in zip(states.flat, high.flat, strict=True)]
        return seconds, steps, np.array([high, np.reshape([float(x) for x in low], high.shape)])


SOLVERS: dict[str, type[Solver]] = {"taylor": Taylor, "heyoka": Heyoka, "reference": Reference}
