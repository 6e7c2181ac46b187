"""Derivatives of positions and velocities by mean elements."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from taylor.astrodynamics.satellites.elements import MeanElements
from taylor.astrodynamics.satellites.sgp4.gravity import as_gravity
from taylor.astrodynamics.satellites.sgp4.theory import motion_in
from taylor.errors import ArgumentError
from taylor.expressions.types import ExpressionOrArray as Value
from taylor.numbers.precision import FLOAT64
from taylor.points.derivatives import derivatives
from taylor.points.partials import Derivatives
from taylor.polynomials.expansion import expansion_monomials

# The elements by which states are differentiated; the epoch is none of them.
NAMES = (
    "mean_motion",
    "eccentricity",
    "inclination",
    "ascending_node",
    "argument_of_pericentre",
    "mean_anomaly",
    "bstar",
)


def positions_of(names: Sequence[str] | None) -> list[int]:
    """Which elements are meant; ArgumentError for other names."""
    chosen = NAMES if names is None else tuple(names)
    if not chosen or len(set(chosen)) < len(chosen) or not set(chosen) <= set(NAMES):
        raise ArgumentError(f"wrt must list some of {', '.join(NAMES)}, each once; got {names!r}")
    return [NAMES.index(name) for name in chosen]


def of_branch(
    branch: int,
    elements: Sequence[np.ndarray],
    minutes: np.ndarray,
    order: int,
    wrt: Sequence[int],
    gravity: str,
    mode: str,
) -> np.ndarray:
    """Normalised coefficients of states of one branch, shape (6, monomials, objects, times).

    elements: seven and the epoch, each of shape (objects, 1); minutes: (objects, times).
    """
    g = as_gravity(gravity)

    def state(*given: Value) -> list[Value]:
        found = motion_in(branch, MeanElements(*given[:8]), given[8], g, mode)
        return [*found.position, *found.velocity]

    return derivatives(state, [*elements, minutes], order, wrt=wrt).coefficients


def joined(
    parts: Sequence[tuple[np.ndarray, np.ndarray]],
    shape: tuple[int, int],
    order: int,
    wrt: Sequence[int],
) -> Derivatives:
    """Those of all objects: parts are (rows of the catalogue, coefficients)."""
    among = expansion_monomials(len(wrt), order, ())
    found = np.empty((6, among.size, *shape))
    for rows, coefficients in parts:
        # Derivatives of errors are none either, nor those that are 0 everywhere.
        wrong = np.isnan(coefficients[:, :1])
        found[:, :, rows] = np.where(wrong, np.nan, coefficients)
    planes = found.reshape(1, 6, among.size, -1)
    names = tuple(NAMES[k] for k in wrt)
    return Derivatives(planes, among, FLOAT64, None, (6,), shape, names)
