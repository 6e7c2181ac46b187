"""Why a propagation cannot go on, in words a user can act on."""

from __future__ import annotations

import math
import os
import sys
import time as clock
import warnings
from typing import TYPE_CHECKING

import numpy as np

from taylor.decompose import decompose
from taylor.errors import TaylorError
from taylor.evaluate import evaluate
from taylor.expression import time
from taylor.integrate.tolerance import EPSILON
from taylor.precision import leading
from taylor.reference import coefficients, float_algebra
from taylor_runtime.program import Input

if TYPE_CHECKING:
    from taylor.integrate.integrator import Integrator

STIFF_RATIO = 1e3  # how much slower the solution changes than the steps suggest
STIFF_LOOKS = 4  # consecutive ones that must say so
STIFF_SECONDS = 0.05  # between looks
STIFF_STEPS = 100  # in a propagation that ended at its limit, for a look at its end
SINGULAR_ORDER = 8  # a singular right-hand side shows by then
LEAST_ORDER = 6  # below, short steps are the fault of the order


class StiffnessWarning(RuntimeWarning):
    """Steps are limited by stability, not by accuracy: an implicit method would be faster."""


def _slopes(integrator: Integrator) -> np.ndarray:
    """f at the integrator's state and time, by plain evaluation."""
    system = integrator.system
    state = integrator._rounded_state().tolist()
    values: dict[object, float] = dict(zip(system.states, state, strict=True))
    for parameter in system.parameters:
        values[parameter] = float(integrator.parameters[parameter])
    values[time] = integrator.time
    with np.errstate(all="ignore"):
        result = [float(evaluate(f, values)) for f in system.derivatives]
    return np.array(result)


def why_not_finite(integrator: Integrator) -> str:
    """Which equation is not finite, and where."""
    slopes = _slopes(integrator)
    system = integrator.system
    bad = np.flatnonzero(~np.isfinite(slopes))
    if len(bad):
        place = int(bad[0])
        return (
            f"at t = {integrator.time!r} equation {place}, {system.states[place]}' = "
            f"{system.derivatives[place]}, gives {float(slopes[place])}; the last finite "
            "state is kept"
        )
    singular = _first_singular(integrator)
    if singular is not None:
        place, n = singular
        return (
            f"at t = {integrator.time!r} the right-hand side is finite but singular: in equation "
            f"{place}, {system.states[place]}' = {system.derivatives[place]}, Taylor coefficient "
            f"{n - 1} is not finite; the state before is kept"
        )
    return (
        f"numbers overflow at t = {integrator.time!r}, {_fastest(integrator, slopes)}; the last "
        "finite "
        "state is kept"
    )


def why_sliding(integrator: Integrator, conditions: list[str]) -> str:
    """Which surfaces hold the solution; without any, that no branch is known to lead on."""
    where = " and of ".join(conditions)
    if not where:
        return (
            f"at t = {integrator.time!r} the solution is on a surface where the right-hand side "
            "changes, and none of its branches there leads on, or none can be told to; move the "
            "state off the surface, or smooth the switch"
        )
    return (
        f"at t = {integrator.time!r} the solution reached the surface of {where} and both branches "
        "lead back to it: it slides along, which no branch describes; give the sliding motion its "
        "own equations, or smooth the switch"
    )


def _first_singular(integrator: Integrator) -> tuple[int, int] | None:
    """Which state has the first Taylor coefficient that is not finite, and its order."""
    from mpmath import mp

    system = integrator.system
    inputs = {e: Input("state", (i,)) for i, e in enumerate(system.states)}
    inputs |= {e: Input("parameter", (i,)) for i, e in enumerate(system.parameters)}
    order = min(integrator.order, SINGULAR_ORDER)
    program = decompose(system.states, inputs, order, system.derivatives)
    values = {
        "state": integrator._rounded_state().tolist(),
        "parameter": [float(value) for value in integrator.parameters.values()],
        "time": [integrator.time],
    }
    try:
        series = np.array(coefficients(program, values, float_algebra(mp)), dtype=float)
    except (TaylorError, ArithmeticError):  # a function of the user's that has floats only
        return None
    bad = np.argwhere(~np.isfinite(series.T))
    return None if len(bad) == 0 else (int(bad[0][1]), int(bad[0][0]))


def why_underflow(integrator: Integrator) -> str:
    """Where the steps vanish, and which variable runs away."""
    slopes = _slopes(integrator)
    if not np.isfinite(slopes).all():
        return why_not_finite(integrator)
    if integrator.max_step < abs(integrator.time) * EPSILON or integrator.max_step < 1e-300:
        return (
            f"max_step = {integrator.max_step!r} is too small for t = {integrator.time!r}; raise it"
        )
    return (
        f"the step size underflowed at t = {integrator.time!r}: a singularity is near, "
        f"{_fastest(integrator, slopes)}; the last good state is kept"
    )


def _fastest(integrator: Integrator, slopes: np.ndarray) -> str:
    state = integrator._rounded_state()
    size = np.maximum(np.abs(state), np.finfo(float).tiny)
    with np.errstate(over="ignore", invalid="ignore"):
        place = int(np.nanargmax(np.abs(slopes) / size))
    name = integrator.system.states[place]
    return f"{name} = {state[place]:.6g} changes fastest, {name}' = {slopes[place]:.6g}"


def _level_of_user() -> int:
    """The stack level, as `_warn` counts it, of the innermost call from outside the package."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
    frame, level = sys._getframe(1), 1
    while frame.f_back is not None and frame.f_code.co_filename.startswith(package):
        frame, level = frame.f_back, level + 1
    return level


class StiffnessWatch:
    """Looks now and then, between slices of machine code, whether steps are limited by stability.

    Where accuracy limits a step h, the solution bends within it, and h^n x_n is of some size for
    middle n. Where stability does, the solution is almost a straight line, |h^2 x_2| << |h x_1|,
    and the rest is noise: modes that decay fast, kept at the level of the tolerance, grow in the
    series like (lambda h)^n / n! <= exp(lambda h), and forbid a longer step. At the boundary of
    stability lambda h is about 0.4 p.
    """

    def __init__(self, integrator: Integrator) -> None:
        self.integrator = integrator
        self.looks = 0
        self.stiff = False
        self.warned = False
        self.last = clock.perf_counter()
        self.retracted = 0

    def begin(self) -> None:
        """A propagation begins."""
        self.looks, self.stiff, self.retracted = 0, False, 0
        self.last = clock.perf_counter()

    def look(self) -> None:
        """One look, if the last is long enough ago; warns once when several in a row agree."""
        now = clock.perf_counter()
        if now - self.last < STIFF_SECONDS or self.stiff:
            return
        self.last = now
        self.looks = self.looks + 1 if self._is_stiff() else 0
        if self.looks >= STIFF_LOOKS:
            self._warn()

    def look_at_end(self) -> None:
        """One look that has to do, as the allowed steps are used up."""
        if self.integrator._machine.control[0]["steps"] >= STIFF_STEPS and self._is_stiff():
            self._warn()

    def _is_stiff(self) -> bool:
        integrator, control = self.integrator, self.integrator._machine.control[0]
        h, order, new = abs(control["step"]), integrator.order, control["retracted"]
        repeated, self.retracted = new > self.retracted, new
        if order < LEAST_ORDER or h != control["estimate"] or h >= integrator.max_step or repeated:
            return False  # not the series decided about the step
        if not h:
            return False  # the state was just set
        dense = integrator.dense
        powers = (h / dense.scales[0]) ** np.arange(order + 1)
        coefficients = leading(dense.coefficients[0], dense.precision).astype(np.float64)
        terms = np.abs(coefficients) * powers[:, None]
        size = np.maximum(terms[0], terms[1])
        floors = integrator._machine.floors()
        size = size.max() if floors is None else floors + size
        with np.errstate(divide="ignore", invalid="ignore"):
            relative = np.nan_to_num(terms / size).max(axis=1)
        noise = max(integrator.tol, dense.precision.epsilon) * math.exp(order / 2)
        smooth = relative[1] > 0 and relative[2] < relative[1] / STIFF_RATIO
        return bool(smooth and relative[-2:].max() > 0 and relative[4:].max() < noise)

    def _warn(self) -> None:
        self.stiff = True
        if self.warned:
            return
        self.warned = True
        step = abs(self.integrator._machine.control[0]["step"])
        warnings.warn(
            f"the steps near t = {self.integrator.time:.6g} (about {step:.3g}) are limited by "
            "stability, not by accuracy: the problem is stiff, and an implicit method such as "
            'scipy.integrate.solve_ivp(..., method="Radau") will be faster',
            StiffnessWarning,
            stacklevel=_level_of_user(),
        )
