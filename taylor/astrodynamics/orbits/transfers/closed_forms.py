"""Simple transfers and flybys in closed form."""

from __future__ import annotations

import math
from typing import Any

from taylor.astrodynamics.checks import check_positive
from taylor.astrodynamics.formulas import formula
from taylor.astrodynamics.orbits.vectors import cross, joined, norm, scaled, summed, triple, unit
from taylor.expressions.types import ExpressionOrArray, ValueLike
from taylor.functions.powers import sqrt
from taylor.functions.trigonometric import asin, cos, sin


def hohmann(r1: ValueLike, r2: ValueLike, gm: ValueLike) -> tuple[ExpressionOrArray, ...]:
    """Return both changes of speed and the time between them, from circle to circle in a plane.

    r1, r2: radii; changes are positive where the speed grows.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> first, second, seconds = sky.hohmann(6678.0, 42164.0, 398600.4418)
    >>> [round(float(x), 4) for x in (first, second, seconds / 3600)]
    [2.4258, 1.4668, 5.275]
    """
    check_positive("hohmann", r1=r1, r2=r2, gm=gm)
    return _hohmann(r1, r2, gm)  # type: ignore[no-any-return]


@formula("(),(),()->(),(),()", "hohmann")
def _hohmann(r1: Any, r2: Any, gm: Any) -> Any:
    a = (r1 + r2) / 2
    first = _speed(r1, a, gm) - sqrt(gm / r1)
    second = sqrt(gm / r2) - _speed(r2, a, gm)
    return first, second, _half_period(a, gm)


def bi_elliptic(
    r1: ValueLike, r2: ValueLike, far: ValueLike, gm: ValueLike
) -> tuple[ExpressionOrArray, ...]:
    """Return three changes of speed and the whole time, by way of an apocentre at `far`.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> found = sky.bi_elliptic(7000.0, 105000.0, 210000.0, 398600.4418)
    >>> [round(float(x), 4) for x in found[:3]]
    [2.9521, 0.775, -0.3014]
    """
    check_positive("bi_elliptic", r1=r1, r2=r2, far=far, gm=gm)
    return _bi_elliptic(r1, r2, far, gm)  # type: ignore[no-any-return]


@formula("(),(),(),()->(),(),(),()", "bi_elliptic")
def _bi_elliptic(r1: Any, r2: Any, far: Any, gm: Any) -> Any:
    out, back = (r1 + far) / 2, (r2 + far) / 2
    return (
        _speed(r1, out, gm) - sqrt(gm / r1),
        _speed(far, back, gm) - _speed(far, out, gm),
        sqrt(gm / r2) - _speed(r2, back, gm),
        _half_period(out, gm) + _half_period(back, gm),
    )


def flyby_turn(v_inf: ValueLike, pericentre: ValueLike, gm: ValueLike) -> ExpressionOrArray:
    """Return the angle by which a flyby turns the hyperbolic excess velocity, radians.

    v_inf: its size; pericentre: distance of it.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> import math
    >>> round(math.degrees(sky.flyby_turn(8.0, 6678.0, 398600.4418)), 3)
    57.707
    """
    check_positive("flyby_turn", pericentre=pericentre, gm=gm)
    return _turn(v_inf, pericentre, gm)  # type: ignore[no-any-return]


@formula("(),(),()->()", "flyby_turn")
def _turn(v_inf: Any, pericentre: Any, gm: Any) -> Any:
    return 2 * asin(1 / (1 + pericentre * v_inf**2 / gm))


def flyby(
    v_inf: ValueLike,
    pericentre: ValueLike,
    angle: ValueLike,
    gm: ValueLike,
    *,
    axis: ValueLike = (0.0, 0.0, 1.0),
) -> ExpressionOrArray:
    """Return the hyperbolic excess velocity after an unpowered flyby, shape (..., 3).

    v_inf: the one before, shape (..., 3), relative to the body.
    pericentre: distance; angle: of the B vector in the b-plane, from T towards R, in radians.
    axis:  T is perpendicular to it, see `b_plane`.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> sky.flyby([3.0, 0, 0], 1e6, 0.0, 398600.4418).round(4).tolist()
    [2.9892, 0.2542, 0.0]
    """
    check_positive("flyby", pericentre=pericentre, gm=gm)
    return _flown_by(v_inf, pericentre, angle, gm, axis)  # type: ignore[no-any-return]


@formula("(3),(),(),(),(3)->(3)", "flyby")
def _flown_by(v_inf: Any, pericentre: Any, angle: Any, gm: Any, axis: Any) -> Any:
    v = triple(v_inf)
    speed = norm(v)
    s = scaled(1 / speed, v)
    t = unit(cross(s, triple(axis)))
    r = cross(s, t)
    toward = summed(scaled(-cos(angle), t), scaled(-sin(angle), r))  # from B to the body
    turn = 2 * asin(1 / (1 + pericentre * speed**2 / gm))
    return joined(*summed(scaled(speed * cos(turn), s), scaled(speed * sin(turn), toward)))


def _speed(r: Any, a: Any, gm: Any) -> Any:
    """That of an orbit at a distance."""
    return sqrt(gm * (2 / r - 1 / a))


def _half_period(a: Any, gm: Any) -> Any:
    return math.pi * a * sqrt(a / gm)
