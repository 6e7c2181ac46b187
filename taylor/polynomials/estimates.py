"""How large the coefficients are, and what their decay says of what is cut off.

The norms of the homogeneous parts of a function that is analytic within a radius R decay as
R**-degree.  A line through their logarithms, by least squares, estimates R, and by going on beyond
the order what the polynomial leaves out (the estimate of Wittig, Di Lizia, Armellin et al.,
Celest. Mech. Dyn. Astr. 122 (2015) 239).
"""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np

from taylor.errors import ArgumentError
from taylor.polynomials.coefficients import Coefficients
from taylor.polynomials.space import Variable

KINDS = ("max", "sum", 2)


def norms(p: Coefficients, kind: str | int = "max", variable: Variable | None = None) -> np.ndarray:
    """Norms by total degree, or by the power of a variable: shape (*shape, highest + 1)."""
    if kind not in KINDS:
        raise ArgumentError(
            f"norms: kind must be one of {', '.join(map(repr, KINDS))}; got {kind!r}"
        )
    space = p._space.monomials
    degrees, last = space.degrees, space.order
    if variable is not None:
        v = p._space.index(variable)
        degrees, last = space.exponents[:, v], space.highest[v]
    sizes = np.abs(p._planes[0].astype(np.float64))
    found = np.zeros((*p.shape, last + 1))
    for degree in range(last + 1):
        own = sizes[..., degrees == degree]
        if kind == 2:
            found[..., degree] = np.sqrt((own**2).sum(axis=-1))
        else:
            found[..., degree] = own.max(axis=-1) if kind == "max" else own.sum(axis=-1)
    return found


def _fit(found: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(a, b) of the lines a + b degree through the logarithms of norms, from degree 1 on.

    Degrees without coefficients are left out; with fewer than two there is nothing to go by, and b
    is -inf.
    """
    lines = np.empty((2, *found.shape[:-1]))
    for index in np.ndindex(*found.shape[:-1]):
        degrees = np.flatnonzero(found[index] > 0)
        degrees = degrees[degrees > 0]
        lines[(slice(None), *index)] = 0.0, -np.inf
        if len(degrees) > 1:
            slope, offset = np.polyfit(degrees, np.log(found[index][degrees]), 1)
            lines[(slice(None), *index)] = offset, slope
    return lines[0], lines[1]


def convergence_radius(p: Coefficients, variable: Variable | None = None) -> Any:
    """Estimate of the radius within which the series converges: shape `shape`."""
    _, slope = _fit(norms(p, "sum", variable))
    return np.exp(-slope)[()]


def truncation_error(p: Coefficients, radius: float, variable: Variable | None = None) -> Any:
    """Estimate of what is cut off where no variable exceeds `radius`: shape `shape`."""
    if not isinstance(radius, Real) or not radius >= 0:
        raise ArgumentError(
            f"truncation_error: radius must be a number and must not be negative, got {radius!r}"
        )
    found = norms(p, "sum", variable)
    offset, slope = _fit(found)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ratio = np.exp(slope) * radius
        first = np.exp(offset + np.where(np.isinf(slope), 0, slope) * found.shape[-1])
        first = np.where(np.isinf(slope), 0.0, first * radius ** found.shape[-1])
        rest = np.where(ratio < 1, first / (1 - ratio), np.where(first > 0, np.inf, 0.0))
    return rest[()]
