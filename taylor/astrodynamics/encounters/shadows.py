"""Shadows of bodies: when a spacecraft is in the umbra or the penumbra."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from taylor.astrodynamics.checks import check_number, two_arrays
from taylor.astrodynamics.encounters.access import Windows
from taylor.astrodynamics.encounters.crossings import intervals
from taylor.astrodynamics.encounters.hermite import Ephemeris, sampled
from taylor.astrodynamics.forces.shadow import SUN_RADIUS
from taylor.astrodynamics.formulas import formula
from taylor.astrodynamics.orbits.vectors import cross, dot, norm, scaled, summed, triple
from taylor.errors import ArgumentError
from taylor.expressions.types import ExpressionOrArray, ValueLike
from taylor.functions.trigonometric import asin, atan2
from taylor.programs.products import jvp

Motion: TypeAlias = "Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]"
WORDS = ("penumbra", "umbra")


def shadow_margin(
    position: ValueLike,
    sun: ValueLike,
    radius: ValueLike,
    *,
    kind: str = "penumbra",
    sun_radius: ValueLike = SUN_RADIUS,
) -> ExpressionOrArray:
    """Return the angle from a shadow's edge: negative in the shadow of a sphere, positive in light.

    position: of the spacecraft; sun: of the Sun; from the middle of the body, shape (..., 3), km.
    kind: "penumbra", where a part of the Sun is hidden, or "umbra", where all of it is.

    The angle between Sun and body, less the sum or the difference of their angular radii.  As an
    expression it is an event of integrators, whose roots are entry and exit.

    Raises ArgumentError for another kind.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> margin = sky.shadow_margin([-7000.0, 6900.0, 0], [1.5e8, 0, 0], 6378.137)
    >>> margin > 0, sky.shadow_margin([-7000.0, 0, 0], [1.5e8, 0, 0], 6378.137, kind="umbra") < 0
    (np.True_, np.True_)
    """
    return _margin(position, sun, radius, sun_radius, _sign(kind))  # type: ignore[no-any-return]


def eclipses(
    ephemeris: Ephemeris,
    times: ValueLike,
    sun: Motion,
    *,
    radius: float = 6378.137,
    kind: str = "penumbra",
    sun_radius: float = SUN_RADIUS,
) -> Windows:
    """Return when objects are in the shadow of a sphere; `stations` of the windows are 0.

    ephemeris, times: as for `conjunctions`, relative to the body; between times the margin is the
        cubic through values and slopes.
    sun: a function of an array of times that returns positions and velocities of the Sun relative
        to the body, two arrays of shape (times, 3).

    >>> import numpy as np, taylor as ty
    >>> sky = ty.astrodynamics
    >>> def sun(t):
    ...     return np.tile([1.5e8, 0, 0], (len(t), 1)), np.zeros((len(t), 3))
    >>> def orbit(t):
    ...     r, v = sky.kepler_propagate([7000.0, 0, 0], [0, 7.546, 0], t, 398600.4418)
    ...     return r[None], v[None]
    >>> found = sky.eclipses(orbit, np.arange(0, 6000, 30.0), sun, kind="umbra")
    >>> found.durations.round(0).tolist()
    [2118.0]
    """
    sign = _sign(kind)
    check_number("eclipses", "radius", radius, above=0, unit="km")
    check_number("eclipses", "sun_radius", sun_radius, least=0, unit="km")
    instants, (places, speeds) = sampled("eclipses", ephemeris, times)
    sun_place, sun_speed = two_arrays("eclipses", "sun", sun, instants)
    if sun_place.shape != (len(instants), 3) or sun_speed.shape != sun_place.shape:
        raise ArgumentError(
            f"eclipses: sun gave shapes {sun_place.shape} and {sun_speed.shape}; both must be "
            f"({len(instants)}, 3)"
        )
    values, slopes = _moving(places, speeds, sun_place, sun_speed, radius, sun_radius, sign)
    which, begins, ends = intervals(instants, -values, -slopes)
    return Windows(np.zeros(len(which), np.intp), which, begins, ends)


def _sign(kind: str) -> float:
    if kind not in WORDS:
        raise ArgumentError(f"shadow: kind={kind!r} is neither {' nor '.join(WORDS)}")
    return 1.0 if kind == "penumbra" else -1.0


def _angle(position: Any, sun: Any, radius: Any, sun_radius: Any, sign: Any) -> Any:
    place = triple(position)
    toward_sun = summed(triple(sun), scaled(-1, place))
    toward_body = scaled(-1, place)
    between = atan2(norm(cross(toward_sun, toward_body)), dot(toward_sun, toward_body))
    body, light = asin(radius / norm(place)), asin(sun_radius / norm(toward_sun))
    return between - body - sign * light


@formula("(3),(3),(),(),()->()", "shadow_margin")
def _margin(position: Any, sun: Any, radius: Any, sun_radius: Any, sign: Any) -> Any:
    return _angle(position, sun, radius, sun_radius, sign)


@formula("(3),(3),(3),(3),(),(),()->(),()", "eclipses")
def _moving(
    r: Any, v: Any, sun: Any, sun_speed: Any, radius: Any, sun_radius: Any, sign: Any
) -> Any:
    def margin(place: Any, light: Any) -> Any:
        return _angle(place, light, radius, sun_radius, sign)

    return jvp(margin, (r, sun), (v, sun_speed))
