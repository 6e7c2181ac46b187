"""A system together with one vector of its variational equations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from taylor.errors import ArgumentError
from taylor.expressions.leaves import variables
from taylor.expressions.types import Named
from taylor.integrator.integrator import Integrator
from taylor.numbers.precision import FLOAT64, as_array
from taylor.numbers.types import Numbers, Time
from taylor.sensitivities.given import read
from taylor.surfaces.switches import switched
from taylor.systems.names import Names
from taylor.systems.system import Equations, System, make_system
from taylor.transforms.differentiate import directional_derivatives


@dataclass(frozen=True, slots=True)
class Tangent:
    """An integrator of 2 n states: those of a system, and a vector w with w' = Df w.

    Not of unit length: a normalised one has singularities of its own, wherever w . w = 0 at complex
    times, and takes twice as many steps.
    """

    integrator: Integrator

    @property
    def size(self) -> int:
        """The number n of states."""
        return len(self.integrator.system) // 2

    @property
    def start(self) -> float:
        """The initial time."""
        return self.integrator.time

    def begin(self, states: np.ndarray, direction: ArrayLike | None) -> np.ndarray:
        """Rows (k, 2 n) to start from, of states (k, n).

        The vector is as long as the state is large, so that one tolerance fits both.
        """
        n = self.size
        if direction is None:
            direction = np.random.default_rng(2000).normal(size=n)
        w = as_array(direction, FLOAT64, "direction", 1)
        length = float(np.linalg.norm(w))
        if w.shape != (n,) or not 0 < length < np.inf:
            raise ArgumentError(f"direction must be a vector of {n} numbers that are not all zero")
        return np.hstack([states, size_of(states) * (w / length)])

    def grown(self, rows: np.ndarray) -> np.ndarray:
        """The lengths of the vectors in rows (.., 2 n)."""
        w = rows[..., self.size :]
        largest = np.abs(w).max(axis=-1, keepdims=True)
        largest[~(largest > 0)] = 1.0
        return np.asarray(largest[..., 0] * np.linalg.norm(w / largest, axis=-1))

    def shortened(self, rows: np.ndarray) -> np.ndarray:
        """Rows (k, 2 n) with vectors that are as long as their states are large."""
        found = rows.copy()
        w = found[:, self.size :]
        w *= size_of(found[:, : self.size]) / self.grown(rows)[:, np.newaxis]
        return found


def size_of(states: np.ndarray) -> np.ndarray:
    """The largest component of each state, 1 where all vanish: (k, 1)."""
    found = np.abs(states).max(axis=1, keepdims=True)
    found[found == 0] = 1.0
    return np.asarray(found)


def make_tangent(
    function: str,
    system: System | Equations,
    states: Numbers | Named[Numbers],
    parameters: Named[Numbers] | Numbers | None,
    time: Time,
    tol: float | None,
) -> tuple[Tangent, np.ndarray]:
    """The system with its vector, and the states to start from: (.., n)."""
    made, starts = _starts(system, states, parameters)
    first = read(made, starts.reshape(-1, len(made))[0], parameters, time)
    switches = switched(made).switches
    if switches:
        raise ArgumentError(
            f"{function}: the right-hand side changes at {switches[0].surface} = 0, and a vector "
            "may jump there; take lyapunov_spectrum"
        )
    n = len(made)
    x, f = made.states, made.derivatives
    w = variables([f"_w{k}" for k in range(n)])
    moved = directional_derivatives(f, dict(zip(x, w, strict=True)))
    ta = Integrator(
        [*zip(x, f, strict=True), *zip(w, moved, strict=True)],
        np.ones(2 * n),
        parameters=first.parameters,
        time=first.time,
        tol=tol,
    )
    return Tangent(ta), starts


def _starts(system: System | Equations, states: Any, parameters: Any) -> tuple[System, np.ndarray]:
    """The system, and states of shape (.., n)."""
    if callable(system):
        array = as_array(states, FLOAT64, "states", 1)
        listed = 0 if parameters is None or hasattr(parameters, "keys") else len(parameters)
        return make_system(system, array.shape[-1], listed), array
    made = make_system(system, 0)
    names = Names(made.states, "state")
    if hasattr(states, "keys"):
        columns = names.vector(states, 0)
        array = np.stack(np.broadcast_arrays(*(np.asarray(c, float) for c in columns)), axis=-1)
    else:
        array = as_array(states, FLOAT64, "states", 1)
    if array.shape[-1:] != (len(made),) or not array.size:
        raise ArgumentError(
            f"states must have {len(made)} components along their last axis, got shape "
            f"{array.shape}"
        )
    return made, array
