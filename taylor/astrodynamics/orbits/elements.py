"""Orbital elements of all kinds from and to position and velocity."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from taylor.errors import ArgumentError
from taylor_runtime.program.records import dataclass

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Elements:
    """An elliptic (a > 0, e < 1) or hyperbolic (a < 0, e > 1) orbit and a place on it; in radians.

    semi_major_axis:        length; negative for a hyperbola.
    eccentricity:           0 or more, but not 1.
    inclination:            between 0 and pi, to the x-y plane.
    ascending_node:         longitude of the ascending node, from the x axis.
    argument_of_pericentre: from the ascending node to the pericentre, in the orbit's plane.
    mean_anomaly:           M = n (t - T), T the time of pericentre passage, n = sqrt(gm / |a|^3).

    These six in an array, of many orbits, as expressions or polynomials, and other kinds of them
    are what `convert_elements` takes.

    >>> import taylor as ty
    >>> orbit = ty.models.Elements(semi_major_axis=2.0, eccentricity=0.5)
    >>> position, velocity = ty.models.to_cartesian(orbit, gm=1.0)
    >>> position.tolist()
    [1.0, 0.0, 0.0]
    """

    semi_major_axis: float
    eccentricity: float
    inclination: float = 0.0
    ascending_node: float = 0.0
    argument_of_pericentre: float = 0.0
    mean_anomaly: float = 0.0


def to_cartesian(elements: Elements, gm: float) -> tuple[Vector, Vector]:
    """Position and velocity relative to the attracting body, two arrays of shape (3,).

    gm: G (m_1 + m_2) in length^3/time^2; lengths and times are in its units.

    Formulae: Murray & Dermott, Solar System Dynamics (1999), sections 2.4 and 2.8.

    Raises ArgumentError where the elements are no ellipse or hyperbola, or gm is not positive.

    >>> import taylor as ty
    >>> position, velocity = ty.models.to_cartesian(ty.models.Elements(1.0, 0.5), gm=1.0)
    >>> position.tolist(), round(float(velocity[1]), 12)
    ([0.5, 0.0, 0.0], 1.732050807569)
    """
    from taylor.astrodynamics.orbits.conversion import convert_elements  # loaded when wanted

    _check(elements, gm)
    state = convert_elements(_six(elements), "keplerian", "cartesian", gm)
    if not np.isfinite(state).all():
        raise ArgumentError(
            f"to_cartesian: {elements} with gm = {gm!r} overflows; rescale the units"
        )
    return state[:3], state[3:]


def to_elements(position: Sequence[float], velocity: Sequence[float], gm: float) -> Elements:
    """Elements of the orbit through a relative position and velocity, each of shape (3,).

    gm: G (m_1 + m_2) in the units of position and velocity.

    Angles that an orbit leaves open are fixed by convention: in the x-y plane the node is the x
    axis, on a circle the pericentre is where the body is.  The mean anomaly of an ellipse is in
    (-pi, pi].

    Raises ArgumentError for a parabola, for motion along a line through the centre, and for values
    that are not finite.

    >>> import taylor as ty
    >>> orbit = ty.models.to_elements([0.5, 0.0, 0.0], [0.0, 3**0.5, 0.0], gm=1.0)
    >>> round(orbit.semi_major_axis, 12), round(orbit.eccentricity, 12)
    (1.0, 0.5)
    """
    from taylor.astrodynamics.orbits.conversion import convert_elements

    r = np.asarray(position, dtype=np.float64)
    v = np.asarray(velocity, dtype=np.float64)
    if r.shape != (3,) or v.shape != (3,) or not (np.isfinite(r).all() and np.isfinite(v).all()):
        raise ArgumentError("to_elements: position and velocity must be three finite numbers each")
    if not (math.isfinite(gm) and gm > 0):
        raise ArgumentError(f"to_elements: gm = {gm!r} must be positive and finite")
    if not np.cross(r, v).any():
        raise ArgumentError(
            "to_elements: position and velocity are parallel; no orbital plane exists"
        )
    if 2 / math.hypot(*r) - float(v @ v) / gm == 0:
        raise ArgumentError("to_elements: the orbit is a parabola, which has no semi-major axis")
    found = convert_elements(np.concatenate([r, v]), "cartesian", "keplerian", gm)
    return Elements(*found.tolist())


def _six(elements: Elements) -> list[float]:
    return [
        elements.semi_major_axis,
        elements.eccentricity,
        elements.inclination,
        elements.ascending_node,
        elements.argument_of_pericentre,
        elements.mean_anomaly,
    ]


def _check(elements: Elements, gm: float) -> None:
    a, e = elements.semi_major_axis, elements.eccentricity
    if not all(math.isfinite(value) for value in _six(elements)):
        raise ArgumentError(f"to_cartesian: {elements} has values that are not finite")
    if not ((a > 0 and 0 <= e < 1) or (a < 0 and e > 1)):
        raise ArgumentError(
            f"to_cartesian: semi_major_axis {a} with eccentricity {e} is no orbit; "
            "an ellipse has a > 0 and 0 <= e < 1, a hyperbola a < 0 and e > 1"
        )
    if not (math.isfinite(gm) and gm > 0):
        raise ArgumentError(f"to_cartesian: gm = {gm!r} must be positive and finite")
