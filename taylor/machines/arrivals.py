"""Solutions that begin anew: where one starts, and what it is in the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from taylor.errors import TaylorError
from taylor.numbers.times import Pair
from taylor_runtime.program.records import dataclass


class SolutionError(TaylorError, ValueError):
    """A solution did not come to its end.

    >>> import taylor as ty
    >>> x = ty.variable("x")
    >>> end = ty.Integrator([(x, x**2)], [1.0]).as_function(inputs=[x], outputs=[x], until=2.0)
    >>> try:
    ...     end(1.0)  # infinite at t = 1
    ... except ty.SolutionError as error:
    ...     print(str(error).split(",")[0])
    solution: the end was not reached: STEP_UNDERFLOW
    """


class Start(NamedTuple):
    """Where a solution starts: numbers of the integrator's kind, (n,) and (m,), with their axes."""

    state: np.ndarray
    parameters: np.ndarray
    time: Pair


@dataclass(frozen=True, slots=True)
class Arrival:
    """What a solution is in the end, with its derivatives: coefficients of polynomials.

    states, parameters, time: (n, K), (m, K) and (K,) with the axes of numbers; K = 1 without
        derivatives.
    reached: whether it came to the time that was asked for; else to a terminal event.
    """

    states: np.ndarray
    parameters: np.ndarray
    time: np.ndarray
    reached: bool


class Unfinished(NamedTuple):
    """Why a solution did not come to its end."""

    words: str


class Starts(NamedTuple):
    """Where many solutions start: (r, n), (r, m), with the axes of numbers, and pairs (r, 2)."""

    state: np.ndarray
    parameters: np.ndarray
    time: np.ndarray


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What many solutions are in the end, or on a grid.

    states:  coefficients, (r, n, K), or (r, k, n, K), with the axes of numbers.
    times:   (r,), reached.
    reached: (r,): whether it is the time that was asked for; else that of a terminal event.
    failed:  why solutions did not come to either, or have no derivatives, by their number.
    """

    states: np.ndarray
    times: np.ndarray
    reached: np.ndarray
    failed: dict[int, str]


# Of an integrator, starts, ends (r, 2) or grids (r, k, 2), and a limit of steps; what carries many
# solutions out at once, of a later room, enters itself here.
Many = Callable[[Any, Starts, np.ndarray, "int | None"], Arrivals]
many_at_once: list[Many] = []
