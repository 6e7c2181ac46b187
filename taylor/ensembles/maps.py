"""The derivatives of many trajectories: coefficients of their states' polynomials, in arrays."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from taylor.numbers.precision import Precision
from taylor.polynomials.polynomial import Polynomial
from taylor.polynomials.space import Space
from taylor.systems.versions import Versioned


@dataclass(frozen=True, slots=True)
class EnsembleMaps(Versioned):
    """Coefficients of the polynomials of an ensemble, from which these are made when asked for.

    shown: (trajectories, n, M), or for a grid (trajectories, times, n, M); final: (trajectories, n,
    M).  In double-double a last axis has pairs.
    """

    shown: np.ndarray = field(repr=False)
    final: np.ndarray = field(repr=False)
    space: Space
    kind: Precision

    def polynomials(self, final: bool) -> Polynomial:
        """All of them; nothing is copied, but in double-double."""
        return as_polynomials(self.final if final else self.shown, self.space, self.kind)


def as_polynomials(coefficients: np.ndarray, space: Space, kind: Precision) -> Polynomial:
    """Polynomials of coefficients as users see them, (.., M) or (.., M, 2)."""
    return Polynomial._made(kind.to_planes(coefficients), space, kind)


def values_of(coefficients: np.ndarray, kind: Precision) -> np.ndarray:
    """The constant terms of the same, a view."""
    return coefficients[..., 0, :] if kind.has_axis else coefficients[..., 0]


def write(
    target: np.ndarray, states: np.ndarray | float, maps: Polynomial | None, kind: Precision
) -> None:
    """Put the states of one trajectory, with their derivatives, into an array of coefficients.

    maps: None where there are no derivatives: NaN then, around the states.
    """
    target[:] = np.nan if maps is None else maps.coefficients
    values_of(target, kind)[:] = states
