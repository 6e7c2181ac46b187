"""Solutions that begin anew: where one starts, and what it is in the end."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from taylor.numbers.times import Pair
from taylor_runtime.program.records import dataclass


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
