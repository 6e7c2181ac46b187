"""A method of `scipy.integrate.solve_ivp`: Taylor series, one step at a time."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike
from scipy.integrate import DenseOutput as Interpolant
from scipy.integrate import OdeSolver
from scipy.integrate._ivp.common import validate_first_step, warn_extraneous

from taylor.bridges.scipy.integrators import integrator_for, options_of
from taylor.bridges.scipy.problem import Problem, problem_of
from taylor.expressions.evaluate import evaluate
from taylor.expressions.leaves import time
from taylor.expressions.types import Named
from taylor.integrator.integrator import Integrator
from taylor.integrator.outcome import Outcome
from taylor.machines.dense import DenseOutput
from taylor.numbers.types import Numbers
from taylor.systems.parameters import Parameters
from taylor.systems.system import Equations, make_system

NEAR = 8.0  # steps: so close to its end an integration is watched not to pass it
RightHandSide: TypeAlias = "Callable[..., ArrayLike] | Equations"


class Taylor(OdeSolver):  # type: ignore[misc]
    """A method for SciPy: ``scipy.integrate.solve_ivp(fun, ..., method=ty.scipy.Taylor)``.

    Series of high order, made by tracing `fun` once and compiling it: no Python is called on the
    way, and errors are below the tolerance that is asked for, down to rounding errors.
    `taylor.scipy.solve_ivp` is faster still, and finds all events.

    fun:         a function ``fun(t, y)`` of NumPy, or equations as `taylor.Integrator` takes them.
        It is traced: called with expressions.  What their values decide is `np.where`, or else
        Python's own control flow, which `taylor.program` translates (not that of complex states).
    t0, y0, t_bound, max_step, rtol, atol, vectorized, first_step: as of SciPy's methods; y0 may be
        complex.
    order:       of the series; by default it belongs to the tolerance.
    high_accuracy: carry rounding errors from step to step.
    parameters:  values of the parameters of equations.

    `nfev` counts calls of `fun` with numbers and expansions in series, one a step.

    Raises TracingError where `fun` cannot be traced.

    >>> import numpy as np, taylor as ty
    >>> from scipy.integrate import solve_ivp
    >>> options = {"method": ty.scipy.Taylor, "rtol": 1e-12, "atol": 1e-12}
    >>> found = solve_ivp(lambda t, y: [y[1], -y[0]], (0, 10), [0, 1], **options)
    >>> bool(abs(found.y[0, -1] - np.sin(10.0)) < 1e-11), len(found.t) < 20
    (True, True)
    """

    t: float
    y: np.ndarray

    def __init__(
        self,
        fun: RightHandSide,
        t0: float,
        y0: ArrayLike,
        t_bound: float,
        max_step: float = np.inf,
        rtol: ArrayLike = 1e-3,
        atol: ArrayLike = 1e-6,
        vectorized: bool = False,
        first_step: float | None = None,
        order: int | None = None,
        high_accuracy: bool = False,
        parameters: Named[Numbers] | None = None,
        **extraneous: object,
    ) -> None:
        warn_extraneous(extraneous)
        numeric = fun if callable(fun) else _Numeric(fun, parameters)
        super().__init__(numeric, t0, y0, t_bound, vectorized, support_complex=True)
        self._problem = problem_of(fun, self.y, vectorized=vectorized)
        chosen = rtol, atol, max_step, order, high_accuracy, parameters
        self._options = options_of(self._problem, *chosen)
        self._bound = self._options.max_step
        if first_step is not None:
            first = float(validate_first_step(first_step, t0, t_bound))
            self._bound = min(first, self._options.max_step)
        self._stuck = False
        if self.n:
            self._integrator = integrator_for(self._problem, float(t0), self.y, self._options)
            self.fun(self.t, self.y)  # as all methods do: it may check what it is called with

    def _step_impl(self) -> tuple[bool, str | None]:
        if self._stuck and self._options.max_step < np.spacing(abs(self.t)):
            return False, self.TOO_SMALL_STEP
        ta, before = self._integrator, self.t
        outcome = self._step(ta)
        self.nfev += 1
        if ta.time == before and outcome.status.name not in ("REACHED", "STEP_LIMIT"):
            return False, outcome.message or outcome.status.value
        self._stuck = ta.time == before
        self._bound = self._options.max_step
        self.t = ta.time
        self.y = self._problem.to_user(ta.state.copy())
        return True, None

    def _step(self, ta: Integrator) -> Outcome:
        """One step of the integrator, not past the end: near it is asked for, which costs more."""
        left = abs(self.t_bound - self.t)
        size = self.step_size
        if size is not None and left > NEAR * size and left / 2 < math.inf:
            ta.max_step = min(self._bound, left / 2)
            return ta.step(backward=self.direction < 0)
        ta.max_step = self._bound
        if math.isinf(left):
            return ta.step(backward=self.direction < 0)
        return ta.propagate_until(self.t_bound, max_steps=1)

    def _dense_output_impl(self) -> Interpolant:
        return StepOutput(self.t_old, self.t, self._integrator.dense, self._problem)


class StepOutput(Interpolant):  # type: ignore[misc]
    """The polynomials of some steps, as SciPy's dense output."""

    def __init__(self, t_old: float, t: float, dense: DenseOutput, problem: Problem) -> None:
        super().__init__(t_old, t)
        self._dense, self._problem = dense, problem

    def _call_impl(self, t: np.ndarray) -> np.ndarray:
        states = self._problem.to_user(self._dense(t, extrapolate=True))
        return np.ascontiguousarray(states.T)


class _Numeric:
    """Equations of expressions as a function of numbers."""

    def __init__(self, equations: Any, parameters: Named[Numbers] | None) -> None:
        self._system = make_system(equations, 0)
        self._values = Parameters(self._system.parameters, parameters)

    def __call__(self, t: float, y: np.ndarray) -> np.ndarray:
        values: dict[Any, Any] = {time: t, **dict(zip(self._system.states, y, strict=True))}
        values |= {e: self._values[e] for e in self._system.parameters}
        found = [evaluate(e, values) for e in self._system.derivatives]
        return np.array([np.broadcast_to(value, y.shape[1:]) for value in found], dtype=float)
