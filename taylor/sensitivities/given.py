"""What is uncertain, checked: states, parameters, and their distribution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from taylor.errors import ArgumentError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import ZERO, variables
from taylor.expressions.substitute import substitute
from taylor.integrator.integrator import Integrator
from taylor.numbers.precision import FLOAT64, as_array
from taylor.numbers.types import Time
from taylor.systems.names import Names
from taylor.systems.system import Equations, System

Varied: TypeAlias = "Sequence[Expression | str] | Expression | str"
RANK = 1e-13  # of the largest, that a variance counts for


def augmented(
    system: System | Equations,
    state: Any,
    wrt: Varied | None,
    parameters: Any,
    time: Time,
    tol: float | None,
) -> tuple[Integrator, list[Expression], int]:
    """An integrator in which uncertain parameters are states that do not change.

    Returns it, what is uncertain among its states, and how many states there were.
    """
    ta = Integrator(system, state, parameters=parameters, time=time, tol=tol)
    states, count = list(ta.system.states), len(ta.system)
    if wrt is None:
        return ta, states, count
    known, others = Names(states, "state"), {str(e): e for e in ta.system.parameters}
    wanted: list[Expression] = []
    moved: dict[Expression, Expression] = {}
    for item in [wrt] if isinstance(wrt, Expression | str) else list(wrt):
        if str(item) in others:
            old = others[str(item)]
            moved[old] = moved.get(old) or variables([f"_{item}"])[0]
            wanted.append(moved[old])
        else:
            wanted += [states[int(k)] for k in np.ravel(known[item])]
    if len(set(wanted)) < len(wanted) or not wanted:
        raise ArgumentError("uncertainty: wrt names something twice, or nothing")
    if not moved:
        return ta, wanted, count
    derivatives = [substitute(e, moved) for e in ta.system.derivatives]
    equations = [*zip(states, derivatives, strict=True), *((e, ZERO) for e in moved.values())]
    values = [float(ta.parameters[e]) for e in moved]
    rest = {e: ta.parameters[e] for e in ta.system.parameters if e not in moved}
    start = np.append(ta.state, values)
    ta = Integrator(equations, start, parameters=rest, time=ta.time_pair, tol=tol)
    return ta, wanted, count


def distribution(covariance: Any, sample: Any, size: int) -> tuple[np.ndarray, np.ndarray | None]:
    """The matrix that makes displacements of s, and the displacements of a sample."""
    if (covariance is None) == (sample is None):
        raise ArgumentError("uncertainty: give a covariance or a sample")
    if sample is not None:
        points = as_array(sample, FLOAT64, "sample", 2)
        if points.ndim != 2 or points.shape[1] != size or not len(points):
            raise ArgumentError(
                f"uncertainty: sample must have shape (k, {size}), got {points.shape}"
            )
        reach = np.abs(points).max(axis=0)
        if not np.isfinite(reach).all() or not reach.any():
            raise ArgumentError("uncertainty: the sample is not finite, or all of it is the mean")
        return np.diag(reach)[:, reach > 0], points
    matrix = as_array(covariance, FLOAT64, "covariance", 2)
    if matrix.shape != (size, size):
        raise ArgumentError(
            f"uncertainty: covariance must have shape ({size}, {size}), got {matrix.shape}"
        )
    scale = np.sqrt(np.maximum(np.diag(matrix), 0.0))
    units = np.where(scale > 0, scale, 1.0)
    scaled = matrix / units / units[:, np.newaxis]
    if not np.isfinite(scaled).all() or np.abs(scaled - scaled.T).max() > 1e-9:
        raise ArgumentError("uncertainty: covariance must be finite and symmetric")
    values, vectors = np.linalg.eigh((scaled + scaled.T) / 2)
    if values[0] < -1e-9 or values[-1] <= 0:
        raise ArgumentError("uncertainty: covariance must be positive semidefinite and not zero")
    kept = values > RANK * values[-1]
    return units[:, np.newaxis] * vectors[:, kept] * np.sqrt(values[kept]), None
