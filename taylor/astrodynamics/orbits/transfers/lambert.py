"""Lambert's problem: the orbits that lead from one point to another in a given time."""

from __future__ import annotations

from typing import Any

import numpy as np

from taylor.astrodynamics.checks import check_positive
from taylor.astrodynamics.formulas import formula
from taylor.astrodynamics.orbits.transfers.lambert_times import (
    ordinate,
    with_turns,
    without_turns,
)
from taylor.astrodynamics.orbits.vectors import (
    NORTH,
    Triple,
    cross,
    dot,
    joined,
    norm,
    scaled,
    summed,
    triple,
    unit,
)
from taylor.errors import ArgumentError
from taylor.expressions.types import ExpressionOrArray, ValueLike
from taylor.functions.apply import where
from taylor.functions.powers import sqrt
from taylor_runtime.program.records import dataclass

BRANCHES = {"low": -1.0, "high": 1.0}


@dataclass(frozen=True)
class Transfer:
    """One solution of Lambert's problem.

    v1, v2:      velocities at the first and the second point, shape (3,).
    revolutions: full turns on the way.
    branch:      "low" or "high" as for `lambert`; "" without full turns.
    prograde:    whether it turns as the axis does.

    Made by `lambert`.
    """

    v1: np.ndarray
    v2: np.ndarray
    revolutions: int
    branch: str
    prograde: bool


def lambert(
    r1: ValueLike,
    r2: ValueLike,
    dt: ValueLike,
    gm: ValueLike,
    *,
    revolutions: int = 0,
    branch: str = "low",
    prograde: bool = True,
    axis: ValueLike = NORTH,
) -> tuple[ExpressionOrArray, ExpressionOrArray]:
    """Return the velocities at r1 and r2 of an orbit between them, each of shape (..., 3).

    r1, r2: positions, shape (..., 3), numbers, arrays, expressions or polynomials.
    dt:     time of flight, positive; leading axes broadcast.
    gm:     G (m_1 + m_2).
    revolutions: full turns on the way.  From one on there are two orbits, if dt is long enough,
        else none, and the velocities are NaN.
    branch: which of the two: "low" is the one with the smaller x (Izzo 2015; x**2 = 1 - s/(2 a)),
        which leaves towards its apocentre, "high" the other.  At the shortest possible time they
        are one, and velocities are known to half of the digits alone.
    prograde: whether the angular momentum has a positive component along `axis`.
    axis: what prograde refers to, a vector.

    Positions in one line with the centre leave the orbit's plane open where they are on opposite
    sides: velocities are NaN.  Derivatives of every order are those of the equation that x solves.

    Raises ArgumentError for other words, numbers of dt or gm that are not positive, and for
    `revolutions` that are no number of turns.

    >>> import taylor as ty
    >>> v1, v2 = ty.astrodynamics.lambert(
    ...     [15945.34, 0, 0], [12214.83899, 10249.46731, 0], 76 * 60, 398600.4418
    ... )
    >>> v1.round(5).tolist(), v2.round(5).tolist()  # Vallado 2013, example 7-5
    ([2.05891, 2.91596, 0.0], [-3.45156, 0.91031, 0.0])
    """
    if branch not in BRANCHES:
        raise ArgumentError(f'lambert: branch={branch!r} is neither "low" nor "high"')
    whole = isinstance(revolutions, (int, np.integer)) and not isinstance(revolutions, bool)
    if not whole or revolutions < 0:
        raise ArgumentError(f"lambert: revolutions={revolutions!r} is no number of turns")
    check_positive("lambert", dt=dt, gm=gm)
    sense = 1.0 if prograde else -1.0
    if revolutions == 0:
        return _direct(r1, r2, dt, gm, sense, axis)  # type: ignore[no-any-return]
    side = BRANCHES[branch]
    return _turning(r1, r2, dt, gm, sense, axis, float(revolutions), side)  # type: ignore[no-any-return]


def lambert_all(
    r1: ValueLike,
    r2: ValueLike,
    dt: float,
    gm: float,
    *,
    most: int | None = None,
    axis: ValueLike = NORTH,
) -> list[Transfer]:
    """Return all orbits from r1 to r2 in the time dt: both senses, all numbers of turns.

    r1, r2: shape (3,); most: of full turns, if there is to be a limit.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> found = sky.lambert_all([1.0, 0, 0], [0, 1.5, 0], 20.0, 1.0)
    >>> [(t.revolutions, t.branch) for t in found if t.prograde]
    [(0, ''), (1, 'low'), (1, 'high'), (2, 'low'), (2, 'high')]
    """
    found = []
    for prograde in (True, False):
        turns, more = 0, True
        while more and (most is None or turns <= most):
            more = False
            for branch in BRANCHES if turns else ("low",):
                v1, v2 = lambert(
                    r1, r2, dt, gm, revolutions=turns, branch=branch, prograde=prograde, axis=axis
                )
                if np.isfinite(v1).all():
                    word = branch if turns else ""
                    found.append(Transfer(v1, v2, turns, word, prograde))
                    more = True
            turns += 1
    return found


class _Triangle:
    """Two positions and the centre."""

    def __init__(self, r1: Any, r2: Any, gm: Any, sense: Any, axis: Any) -> None:
        first, second = triple(r1), triple(r2)
        self.r1, self.r2 = norm(first), norm(second)
        self.up1, self.up2 = unit(first), unit(second)
        self.chord = norm(summed(second, scaled(-1, first)))
        self.s = (self.r1 + self.r2 + self.chord) / 2
        normal = cross(self.up1, self.up2)
        # 1 where the short way, below half a turn, has the sense that is wanted
        short = where(dot(normal, triple(axis)) * sense >= 0, 1, -1)
        self.normal = scaled(short, unit(normal))
        half_cosine = norm(summed(self.up1, self.up2)) / 2 * short
        half_sine = norm(summed(self.up2, scaled(-1, self.up1))) / 2
        mean = sqrt(self.r1 * self.r2)
        self.lam, self.k = mean * half_cosine / self.s, self.chord / self.s
        self.speed = sqrt(gm * self.s / 2)
        self.rho = (self.r1 - self.r2) / self.chord
        self.sigma = 2 * mean * half_sine / self.chord

    def time(self, dt: Any, gm: Any) -> Any:
        """A time in the units of `lambert_times`."""
        return dt * sqrt(2 * gm / self.s) / self.s

    def velocities(self, x: Any) -> tuple[Any, Any]:
        """Those at both ends (Izzo 2015, section 3)."""
        lam, y = self.lam, ordinate(self.lam, self.k, x)
        inward, outward = lam * y - x, lam * y + x
        around = self.speed * self.sigma * (y + lam * x)
        return (
            self._velocity(inward - self.rho * outward, around, self.r1, self.up1),
            self._velocity(-(inward + self.rho * outward), around, self.r2, self.up2),
        )

    def _velocity(self, radial: Any, around: Any, r: Any, up: Triple) -> Any:
        ahead = cross(self.normal, up)
        return joined(*summed(scaled(self.speed * radial / r, up), scaled(around / r, ahead)))


@formula("(3),(3),(),(),(),(3)->(3),(3)", "lambert")
def _direct(r1: Any, r2: Any, dt: Any, gm: Any, sense: Any, axis: Any) -> tuple[Any, Any]:
    triangle = _Triangle(r1, r2, gm, sense, axis)
    return triangle.velocities(without_turns()(triangle.lam, triangle.k, triangle.time(dt, gm)))


@formula("(3),(3),(),(),(),(3),(),()->(3),(3)", "lambert")
def _turning(
    r1: Any, r2: Any, dt: Any, gm: Any, sense: Any, axis: Any, turns: Any, side: Any
) -> tuple[Any, Any]:
    triangle = _Triangle(r1, r2, gm, sense, axis)
    x = with_turns()(triangle.lam, triangle.k, turns, side, triangle.time(dt, gm))
    return triangle.velocities(x)
