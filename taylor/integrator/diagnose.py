"""Why a propagation cannot go on, in words a user can act on."""

from __future__ import annotations

import math

import numpy as np

from taylor.definitions.lookup import left_table
from taylor.errors import TaylorError
from taylor.expressions.evaluate import evaluate
from taylor.expressions.leaves import time
from taylor.integrator.trajectory import Trajectory
from taylor.machines.singularity import nearest_singularity
from taylor.nodes.traverse import reachable
from taylor.numbers.precision import leading
from taylor.numbers.times import add
from taylor.recurrences.decompose import decompose
from taylor.reference.interpreter import coefficients, float_algebra
from taylor.systems.tolerance import EPSILON
from taylor_runtime.program.program import Input

SINGULAR_ORDER = 8  # a singular right-hand side shows by then


def _values(integrator: Trajectory) -> dict[object, float]:
    """State, parameters and time of an integrator, by what they are values of."""
    system = integrator.system
    state = integrator._rounded_state().tolist()
    values: dict[object, float] = dict(zip(system.states, state, strict=True))
    for parameter in system.parameters:
        values[parameter] = float(integrator.parameters[parameter])
    values[time] = integrator.time
    return values


def _slopes(integrator: Trajectory) -> np.ndarray:
    """f at the integrator's state and time, by plain evaluation."""
    values = _values(integrator)
    with np.errstate(all="ignore"):
        result = [float(evaluate(f, values)) for f in integrator.system.derivatives]
    return np.array(result)


def why_not_finite(integrator: Trajectory) -> str:
    """Which equation is not finite, and where."""
    left = _left_table(integrator)
    if left:
        return left
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


def _left_table(integrator: Trajectory) -> str:
    """Which table the right-hand side reads beyond its ends, in words; "" for none."""
    values = _values(integrator)
    for e in reachable(integrator.system.derivatives):
        told = left_table(e, values)
        if told:
            return (
                f"at t = {integrator.time!r} the right-hand side reads {told} and not beyond; the "
                "last finite state is kept"
            )
    return ""


def why_sliding(integrator: Trajectory, conditions: list[str]) -> str:
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


def _first_singular(integrator: Trajectory) -> tuple[int, int] | None:
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


def why_underflow(integrator: Trajectory) -> str:
    """Where the steps vanish, and which variable runs away."""
    slopes = _slopes(integrator)
    if not np.isfinite(slopes).all():
        return why_not_finite(integrator)
    machine = integrator._machine
    step, now = abs(machine.last), integrator.time
    if integrator.max_step < abs(now) * EPSILON or integrator.max_step < 1e-300:
        return f"max_step = {integrator.max_step!r} is too small for t = {now!r}; raise it"
    if not machine.stands_still:
        near = f"a singularity is near, {_fastest(integrator, slopes)}"
        what = f"the step size underflowed at t = {now!r}: {near}"
    else:
        left = abs(machine.end[0] - now)
        what = f"no way to get on from t = {now!r}: the steps are about {step:.2g} long"
        if math.isfinite(left):
            what += f", and {left / step:.1g} of them would be needed"
        if step >= integrator.max_step:
            return f"{what}; max_step = {integrator.max_step!r} is too small, raise it"
        what += f"; {_fastest(integrator, slopes)}"
    return f"{what}{_singular_time(integrator)}; the last good state is kept"


def _singular_time(integrator: Trajectory) -> str:
    """When the solution becomes singular, in words, as far as the last coefficients say so."""
    machine = integrator._machine
    series = machine.series_here()
    if series is None:
        return ""
    coefficients = leading(series.coefficients[0], series.precision)
    distance = nearest_singularity(coefficients, float(series.scales[0]))
    ahead = machine.end[0] - integrator.time
    if distance is None or distance * ahead <= 0:
        return ""
    return f", with a singularity at t = {add(machine.time, (distance, 0.0))[0]!r}"


def _fastest(integrator: Trajectory, slopes: np.ndarray) -> str:
    state = integrator._rounded_state()
    size = np.maximum(np.abs(state), np.finfo(float).tiny)
    with np.errstate(over="ignore", invalid="ignore"):
        place = int(np.nanargmax(np.abs(slopes) / size))
    name = integrator.system.states[place]
    return f"{name} = {state[place]:.6g} changes fastest, {name}' = {slopes[place]:.6g}"
