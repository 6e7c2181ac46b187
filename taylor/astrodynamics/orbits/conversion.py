"""Orbital elements of one kind from those of another."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from taylor.astrodynamics.checks import check_positive
from taylor.astrodynamics.formulas import Formula
from taylor.astrodynamics.orbits.equinoctial import EQUINOCTIAL
from taylor.astrodynamics.orbits.kinds import KEPLERIAN, ElementKind
from taylor.astrodynamics.orbits.vectors import joined
from taylor.errors import ArgumentError
from taylor.expressions.types import ExpressionOrArray, ValueLike

KINDS = {kind.name: kind for kind in (*KEPLERIAN, *EQUINOCTIAL)}


def convert_elements(
    elements: ValueLike, source: str, target: str, gm: ValueLike
) -> ExpressionOrArray:
    """Return elements of another kind, shape (..., 6).

    elements: shape (..., 6), numbers, expressions or polynomials; angles in radians.
    source, target: names of kinds, whose six elements `element_names` lists:
        "cartesian": position and velocity.
        "keplerian", "keplerian-eccentric", "keplerian-true": with one anomaly or another; not
            parabolas, and with singular derivatives on circles and in the x-y plane.
        "cometary": pericentre distance and the time since pericentre; also parabolas.
        "equinoctial": a, h = e sin(w), k = e cos(w), p = tan(i/2) sin(node),
            q = tan(i/2) cos(node), mean longitude, with w = node + argument of pericentre, of
            ellipses (Broucke & Cefola 1972).
        "modified-equinoctial": semi-latus rectum, f = k, g = h, h = q, k = p above, true longitude;
            of all orbits (Walker, Ireland & Owens 1985).
        "equinoctial-retrograde", "modified-equinoctial-retrograde": with cot(i/2) and
            w = argument of pericentre - node; singular at inclination 0, not pi.
        "delaunay": l, g, h, L, G, H; singular as "keplerian".
        "poincare": canonical, regular on circles and in the x-y plane; singular at inclination pi.
        "spherical": radius, longitude, latitude, speed, flight path angle above the horizontal,
            heading from north through east; singular at the poles.
    gm: G (m_1 + m_2) in the units of lengths and times; leading axes broadcast.

    Raises ArgumentError for an unknown kind and for "keplerian" numbers of no orbit, ShapeError for
    other shapes.

    >>> import numpy as np, taylor as ty
    >>> sky = ty.astrodynamics
    >>> sky.convert_elements([0, 2.0, 0, -1, 0, 0], "cartesian", "spherical", 1.0)[2:4].tolist()
    [0.0, 1.0]
    >>> delaunay = lambda x: sky.convert_elements(x, "keplerian", "delaunay", 1.0)
    >>> ty.jacobian(delaunay)(np.array([4.0, 0.6, 1, 0, 0, 0]))[3:, 0].round(12).tolist()
    [0.25, 0.2, 0.108060461174]
    """
    given, wanted = _kind(source), _kind(target)
    check_positive("convert_elements", gm=gm)
    _check_orbits(given, elements)
    return _conversion(given.name, wanted.name)(elements, gm)  # type: ignore[no-any-return]


def _check_orbits(kind: ElementKind, elements: ValueLike) -> None:
    """Raise ArgumentError for numbers that are the semi-major axis and eccentricity of no orbit."""
    if not kind.name.startswith("keplerian"):
        return
    try:
        values = np.asarray(elements, dtype=np.float64)
    except (TypeError, ValueError):  # expressions, polynomials
        return
    if values.shape[-1:] != (6,):
        return
    a, e = values[..., 0], values[..., 1]
    wrong = (e < 0) | (a * (1 - e) < 0)
    if np.any(wrong):
        raise ArgumentError(
            f"convert_elements: semi-major axis {a[wrong].flat[0]} with eccentricity "
            f"{e[wrong].flat[0]} is no orbit; an ellipse has a > 0 and 0 <= e < 1, a hyperbola "
            "a < 0 and e > 1"
        )


def element_names(kind: str) -> tuple[str, ...]:
    """Return the names of the six elements of a kind, in their order.

    Raises ArgumentError for an unknown kind.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> sky.element_names("delaunay")
    ('l', 'g', 'h', 'L', 'G', 'H')
    """
    return _kind(kind).names


def _kind(name: str) -> ElementKind:
    if name not in KINDS:
        raise ArgumentError(f"elements: there is no kind {name!r}; there are {', '.join(KINDS)}")
    return KINDS[name]


@cache
def _conversion(source: str, target: str) -> Formula:
    def convert(elements: Any, gm: Any) -> Any:
        values = tuple(elements[..., i] for i in range(6))
        if source == target:
            return elements
        return joined(*KINDS[target].from_state(KINDS[source].to_state(values, gm), gm))

    convert.__name__ = f"{source} to {target}"
    return Formula(convert, "(6),()->(6)")
