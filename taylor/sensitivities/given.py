"""What is given, checked: a system with its start, what of it is uncertain, and how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from taylor.errors import ArgumentError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import ZERO, variables
from taylor.expressions.scalars import scalars
from taylor.expressions.substitute import substitute_all
from taylor.expressions.types import Named
from taylor.integrator.integrator import Integrator
from taylor.numbers.precision import FLOAT64, as_array
from taylor.numbers.times import Pair, time_pair
from taylor.numbers.types import Numbers, Time
from taylor.systems.arguments import initial_state
from taylor.systems.names import Names
from taylor.systems.parameters import Parameters
from taylor.systems.system import Equations, System, make_system
from taylor.systems.variational import Variational
from taylor_runtime.program.records import dataclass

Varied: TypeAlias = "Sequence[Expression | str] | Expression | str"
RANK = 1e-13  # of the largest, that a variance counts for


@dataclass(frozen=True, slots=True)
class Start:
    """A system, the state that it starts from, the values of its parameters, and the time."""

    system: System
    state: np.ndarray
    parameters: dict[Expression, float]
    time: Pair

    def integrator(
        self, system: System | Equations | Variational | None = None, tol: float | None = None
    ) -> Integrator:
        """An integrator of the system, or of another one of the same states and parameters."""
        return Integrator(
            self.system if system is None else system,
            self.state,
            parameters=self.parameters,
            time=self.time,
            tol=tol,
        )


def read(
    system: System | Equations,
    state: Numbers | Named[Numbers],
    parameters: Named[Numbers] | Numbers | None,
    time: Time,
) -> Start:
    """What `Integrator` takes, without compiling anything.

    Raises what `Integrator` raises.
    """
    plain = callable(system)
    initial = initial_state(state) if plain else np.empty(0)
    named = parameters is None or isinstance(parameters, Mapping)
    listed = 0 if named else len(np.atleast_1d(np.asarray(parameters, dtype=object)))
    made = make_system(system, len(initial), listed)
    if not plain:
        initial = initial_state(state, FLOAT64, Names(made.states, "state"))
    if len(initial) != len(made):
        raise ArgumentError(
            f"the initial state has {len(initial)} components, the system {len(made)} equations"
        )
    values = Parameters(made.parameters, parameters).array().tolist()
    return Start(made, initial, dict(zip(made.parameters, values, strict=True)), time_pair(time))


def plain(
    system: System, expressions: Sequence[Expression]
) -> tuple[list[Expression], list[Expression]]:
    """Scalar expressions in variables that can be inputs of functions, and these variables.

    They stand for the states, which may be elements of arrays, and the parameters, in this order.
    """
    leaves = [*system.states, *system.parameters]
    own = list(variables([f"_{k}" for k in range(len(leaves))]))
    whole = [scalars(e).item() for e in expressions]
    return substitute_all(whole, dict(zip(leaves, own, strict=True))), own


def augmented(start: Start, wrt: Varied | None) -> tuple[Start, list[Expression]]:
    """A system in which uncertain parameters are further states, that do not change.

    Returns it, and what is uncertain among its states.
    """
    states = list(start.system.states)
    if wrt is None:
        return start, states
    known, others = Names(states, "state"), {str(e): e for e in start.parameters}
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
        return start, wanted
    derivatives = substitute_all(list(start.system.derivatives), moved)
    equations = [*zip(states, derivatives, strict=True), *((e, ZERO) for e in moved.values())]
    values = [start.parameters[e] for e in moved]
    rest = {e: value for e, value in start.parameters.items() if e not in moved}
    made = make_system(equations, 0)
    return Start(made, np.append(start.state, values), rest, start.time), wanted


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
