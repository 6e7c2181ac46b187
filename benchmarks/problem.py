"""What an initial value problem is to the benchmarks, and perturbed starts of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Equations = Callable[[Any, Sequence[Any]], list[Any]]


@dataclass(frozen=True, slots=True)
class Problem:
    """x' = f(x), and how long to integrate it.

    name:       what the command line and the workers call it.
    title:      what the tables call it.
    variables:  names of the states.
    equations:  ``(functions, x) -> derivatives``.  `functions` is the solver's own module
                (``functions.sin``), x its own expressions; constants are floats, so that all
                solvers integrate the same equations.
    state:      initial values, shape (n,).
    span:       time span of one timed run, which is repeated from the start where it is short.
    error_span: time span over which states are compared with the reference: short enough that the
                reference is affordable, and that chaos does not blow rounding errors up.
    tolerance:  of the measured solvers, where a measurement does not ask for another.
    energy:     ``(functions, x) -> number`` that is conserved, or None.
    """

    name: str
    title: str
    variables: tuple[str, ...]
    equations: Equations
    state: tuple[float, ...]
    span: float
    error_span: float = 1.0
    tolerance: float = 1e-15
    energy: Callable[[Any, Sequence[Any]], Any] | None = None


def starts(problem: Problem, count: int) -> np.ndarray:
    """Initial states, shape (count, n): every nonzero component is moved by up to 1e-3 of itself.

    One start says little: the rounding errors of two integrators differ by chance.  The generator
    is seeded, so that all solvers and all runs get the same states.
    """
    noise = np.random.default_rng(20250101).uniform(-1.0, 1.0, (count, len(problem.state)))
    return np.asarray(problem.state) * (1.0 + 1e-3 * noise)
