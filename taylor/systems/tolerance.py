"""Order and step size from the tolerance (Jorba & Zou, Exp. Math. 14 (2005) 99, section 3)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.numbers.precision import FLOAT64, as_array
from taylor_runtime.program.records import dataclass

EPSILON = FLOAT64.epsilon
MOST_ORDER = 200
MOST_RAISED = 1.3  # times the natural order: beyond, rounding errors of long steps outweigh fewer
DEFECT_FACTOR = 1024.0  # of the tolerance, that the defect of a step may reach


@dataclass(frozen=True, slots=True)
class Tolerance:
    """What the user asked for, as the step loop wants it.

    smallest:      the smallest relative tolerance; it decides the order.
    floors:        None for one norm over the state, else atol_i / rtol_i of every state, shape
                   (n,).
    epsilon:       of the kind of number.
    """

    smallest: float
    floors: np.ndarray | None = None
    epsilon: float = EPSILON

    def order(self) -> int:
        """p = ceil(1 - ln(tol) / 2), at least 2 (eq. 3-2 of the source)."""
        return max(2, math.ceil(1 - math.log(self.smallest) / 2))

    @property
    def defect_bound(self) -> float:
        return DEFECT_FACTOR * max(self.smallest, self.epsilon)


def log2_safety(order: int, natural: int) -> float:
    """log2 of h / rho: e^-2 for accuracy at optimal cost, exp(-0.7 / (p - 1)) for safety (eq. 3-7).

    natural: the order p0 that belongs to the tolerance; with another order p the factor e^-2
             becomes
        e^(-2 p0 / p), which leaves the truncation error as it was.
    """
    return (-2 * natural / order - 0.7 / (order - 1)) / math.log(2)


def candidates(natural: int) -> list[tuple[int, float]]:
    """The orders that have about the truncation error of the natural one, with their `log2_safety`.

    The natural order is best where a step takes a time like p^2 (section 3.3 of the source); small
    systems, where it grows more slowly, are better off with longer steps of a higher order.

    >>> [order for order, _ in candidates(19)]
    [19, 20, 21, 22, 23, 24]
    """
    most = max(natural, min(int(MOST_RAISED * natural), MOST_ORDER))
    return [(order, log2_safety(order, natural)) for order in range(natural, most + 1)]


def make_tolerance(
    count: int,
    tol: float | None,
    rtol: ArrayLike | None,
    atol: ArrayLike | None,
    epsilon: float = EPSILON,
) -> Tolerance:
    """Check and combine the three ways of stating a tolerance; `epsilon` is the default."""
    if tol is not None and (rtol is not None or atol is not None):
        raise ArgumentError("give either tol, or rtol and atol, not both")
    if rtol is None and atol is None:
        value = epsilon if tol is None else _number("tol", tol)
        if not 0 < value < 1:
            raise ArgumentError(f"tol must be between 0 and 1, got {value!r}")
        return Tolerance(value, None, epsilon)
    relative = _vector("rtol", epsilon if rtol is None else rtol, count)
    absolute = _vector("atol", 0.0 if atol is None else atol, count)
    if not ((relative > 0) & (relative < 1)).all():
        raise ArgumentError(f"rtol must be between 0 and 1 in every component, got {rtol!r}")
    if not ((absolute >= 0) & np.isfinite(absolute)).all():
        raise ArgumentError(f"atol must be finite and not negative, got {atol!r}")
    return Tolerance(float(relative.min()), absolute / relative, epsilon)


def _number(name: str, value: object) -> float:
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise ArgumentTypeError(f"{name} must be a number, got {value!r}") from None


def _vector(name: str, value: ArrayLike, count: int) -> np.ndarray:
    try:
        array = as_array(value, FLOAT64, name)
    except ArgumentTypeError:
        raise ArgumentTypeError(
            f"{name} must be a number or one number a state, got {value!r}"
        ) from None
    if array.shape not in ((), (count,)):
        raise ArgumentError(
            f"{name} must be a number or have one entry for each of the {count} states, "
            f"got shape {array.shape}"
        )
    return np.broadcast_to(array, (count,)).astype(float)
