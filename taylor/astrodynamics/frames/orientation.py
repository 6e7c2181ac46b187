"""The orientation of the Earth as a function of time, and the axes that come with it."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial

import numpy as np

from taylor.astrodynamics.frames import celestial
from taylor.astrodynamics.frames.nutation import ARCSECOND
from taylor.astrodynamics.frames.rotations import (
    Matrix,
    X,
    Y,
    Z,
    about,
    elements,
    expression,
    product,
    turned,
)
from taylor.astrodynamics.frames.sources import (
    EQUINOXES,
    LOCATOR,
    POLAR_X,
    POLAR_Y,
    POLE_X,
    POLE_Y,
    SIDEREAL,
    Models,
    Source,
    Tabulated,
)
from taylor.astrodynamics.times.calendar import CENTURY
from taylor.astrodynamics.times.earth_parameters import EarthParameters
from taylor.astrodynamics.times.functions import (
    TimeFunction,
    TimeLike,
    checked_accuracy,
    given_times,
)
from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import as_expression, stack
from taylor.expressions.types import ExpressionOrArray
from taylor.functions.powers import sqrt
from taylor.numbers.types import Path as PathLike

_LOCATOR_ON_EARTH = -47e-6 * ARCSECOND  # s' for each century (IERS Conventions (2010), eq. 5.13)
_ECLIPTIC = 84381.448 * ARCSECOND  # the obliquity of ECLIPJ2000, IAU 1976
# The galactic axes of the Hipparcos catalogue (ESA SP-1200 (1997), vol. 1, sec. 1.5.3): right
# ascension and declination of their pole, and the node's galactic longitude, degrees.
_GALACTIC = (192.85948, 27.12825, 32.93192)


class EarthOrientation:
    """The orientation of the Earth: rotations between the axes of the sky and those of the Earth.

    parameters: an `EarthParameters`, or what it is made from: "finals", "c04", or a file's path.
    accuracy: rad by which the pole may be off within a century of J2000: 0 for all 1365 terms of
        nutation (IAU 2006/2000A), 1e-9 (6 mm on the ground) for about half of them, 1e-7 for 70.

    Functions take seconds of TDB since J2000 (a number, an array, an expression) or an `Epoch`;
    names of axes are those of `FRAMES`.  In a right-hand side, and for Taylor coefficients, take
    `over(start, end)`: polynomials of time, which cost microseconds instead of sums of all terms.

    start, end: seconds of TDB between which there are values.

    Raises ArgumentError for an accuracy below 0, and what `EarthParameters` raises.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> earth = sky.EarthOrientation(sky.EarthParameters.constant(), accuracy=1e-7)
    >>> earth.rotation("gcrs", "itrf", sky.Epoch("2026-01-01"))[2].round(4).tolist()
    [0.0025, 0.0, 1.0]
    >>> earth.rotation("gcrs", "itrf", ty.time).shape
    (3, 3)
    """

    def __init__(
        self, parameters: EarthParameters | PathLike = "finals", accuracy: float = 0.0
    ) -> None:
        if not isinstance(parameters, EarthParameters):
            parameters = EarthParameters(parameters)
        self._set(Models(parameters, checked_accuracy("EarthOrientation", accuracy)))

    def _set(self, source: Source) -> None:
        self._source = source
        self._functions: dict[tuple[str, str, str], TimeFunction] = {}

    @property
    def start(self) -> float:
        """Seconds of TDB from which on there are values."""
        return self._source.start

    @property
    def end(self) -> float:
        """Seconds of TDB up to which there are values."""
        return self._source.end

    def over(self, start: TimeLike, end: TimeLike, accuracy: float = 1e-14) -> EarthOrientation:
        """The same between two times, from a table of its angles that is made now.

        start, end: seconds of TDB or epochs.
        accuracy: rad by which the table's angles may be off.

        Pieces end at the days of the Earth's parameters, and so do steps of an `Integrator`; of
        constant parameters they are two days long.

        Raises ArgumentError for an empty span, or one in which there are no values.

        >>> import taylor as ty
        >>> sky = ty.astrodynamics
        >>> earth = sky.EarthOrientation(sky.EarthParameters.constant(), accuracy=1e-7)
        >>> table = earth.over(0, 86400)
        >>> change = table.rotation("gcrs", "itrf", 3e4) - earth.rotation("gcrs", "itrf", 3e4)
        >>> bool(abs(change).max() < 1e-13)
        True
        """
        if not isinstance(self._source, Models):
            raise ArgumentError("EarthOrientation.over: tabulated already; take the original")
        ends = []
        for name, t in (("start", start), ("end", end)):
            times, exact = given_times(f"EarthOrientation.over: {name}", t)
            if times.shape != ((2,) if exact else ()):
                raise ArgumentError(f"EarthOrientation.over: {name} must be one time, got {t!r}")
            ends.append(float(times[0] if exact else times))
        if not ends[0] < ends[1]:
            raise ArgumentError(f"EarthOrientation.over: start={start!r} is not before end={end!r}")
        if not checked_accuracy("EarthOrientation.over", accuracy):
            raise ArgumentError(f"EarthOrientation.over: accuracy={accuracy!r} must be above 0 rad")
        self._source.check(np.array(ends))
        made = EarthOrientation.__new__(EarthOrientation)
        made._set(Tabulated(self._source, ends[0], ends[1], accuracy))
        return made

    def rotation(self, source: str, target: str, t: TimeLike) -> ExpressionOrArray:
        """The matrix that turns coordinates in the axes `source` into those in `target`.

        Shape (3, 3), the shape of the times in front.

        Raises ArgumentError for unknown axes and times at which there are no values.

        >>> import taylor as ty
        >>> sky = ty.astrodynamics
        >>> earth = sky.EarthOrientation(sky.EarthParameters.constant(), accuracy=1e-7)
        >>> earth.rotation("tirs", "tirs", 0.0).tolist()
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
        """
        return self._function("rotation", source, target)(t)

    def __call__(self, t: TimeLike) -> ExpressionOrArray:
        """The matrix from the GCRS to the ITRF: what forces and stations take as `rotation=`.

        t: seconds of TDB since J2000, or an `Epoch`.  Shape (3, 3), that of the times in front.

        >>> import taylor as ty
        >>> sky = ty.astrodynamics
        >>> earth = sky.EarthOrientation(sky.EarthParameters.constant(), accuracy=1e-7)
        >>> bool((earth(0.0) == earth.rotation("gcrs", "itrf", 0.0)).all())
        True
        """
        return self.rotation("gcrs", "itrf", t)

    def rate(self, source: str, target: str, t: TimeLike) -> ExpressionOrArray:
        """The derivative of `rotation` by time, 1/s, shape (3, 3).

        >>> import taylor as ty
        >>> sky = ty.astrodynamics
        >>> earth = sky.EarthOrientation(sky.EarthParameters.constant(), accuracy=1e-7)
        >>> float(abs(earth.rate("cirs", "tirs", 0.0)[:2, :2] + 0.0).max().round(6))
        7.2e-05
        """
        return self._function("rate", source, target)(t)

    def angular_velocity(self, source: str, target: str, t: TimeLike) -> ExpressionOrArray:
        """The angular velocity of the axes `target` with respect to `source`, rad/s, shape (3,).

        Its coordinates are those in the axes `target`.

        >>> import taylor as ty
        >>> sky = ty.astrodynamics
        >>> earth = sky.EarthOrientation(sky.EarthParameters.constant(), accuracy=1e-7)
        >>> (earth.angular_velocity("gcrs", "itrf", 0.0).round(9) + 0.0).tolist()
        [0.0, 0.0, 7.2921e-05]
        """
        return self._function("angular_velocity", source, target)(t)

    # -- formulae --------------------------------------------------------------------------------

    def _function(self, kind: str, source: str, target: str) -> TimeFunction:
        key = kind, checked_frame(source), checked_frame(target)
        if key not in self._functions:
            if kind == "rate":
                self._functions[key] = self._function("rotation", *key[1:]).rate(kind)
            else:
                build = self._rotation if kind == "rotation" else self._angular_velocity
                check = self._source.check if any(map(of_earth, key[1:])) else None
                self._functions[key] = TimeFunction(kind, partial(build, *key[1:]), check)
        return self._functions[key]

    def _rotation(self, source: str, target: str, t: Expression) -> Expression:
        if source == target:
            return expression(np.eye(3, dtype=int).astype(object))
        return expression(product(self.matrix(target, t), self.matrix(source, t).T))

    def _angular_velocity(self, source: str, target: str, t: Expression) -> Expression:
        rotation = elements(as_expression(self.rotation(source, target, t)))
        rate = elements(as_expression(self.rate(source, target, t)))
        # d/dt M = -[w x] M, w in the axes to which M turns.
        return as_expression(
            stack([rotation[(k + 1) % 3] @ rate[(k + 2) % 3] * -1 for k in range(3)])
        )

    def matrix(self, target: str, t: Expression) -> Matrix:
        """From the GCRS to these axes, as an array of scalar expressions."""
        return _MATRICES[target](self, t)

    def __getstate__(self) -> Source:
        return self._source

    def __setstate__(self, source: Source) -> None:
        self._set(source)


# -- axes -----------------------------------------------------------------------------------------

_Frame = Callable[[EarthOrientation, Expression], Matrix]


def _cirs_less_locator(earth: EarthOrientation, t: Expression) -> Matrix:
    """To the pole, without any turn about it (IERS Conventions (2010), eq. 5.10)."""
    angles = earth._source.angles(t)
    x, y = angles[POLE_X], angles[POLE_Y]
    z = sqrt(1 - x * x - y * y)
    a = 1 / (1 + z)
    return np.array(
        [[1 - a * x * x, -a * x * y, -x], [-a * x * y, 1 - a * y * y, -y], [x, y, z]], dtype=object
    )


def _cirs(earth: EarthOrientation, t: Expression) -> Matrix:
    s = earth._source.angles(t)[LOCATOR]
    return product(about(Z, -s), _cirs_less_locator(earth, t))


def _tirs(earth: EarthOrientation, t: Expression) -> Matrix:
    return product(turned(Z, *earth._source.turn(t, 0)), _cirs_less_locator(earth, t))


def _itrf(earth: EarthOrientation, t: Expression) -> Matrix:
    angles = earth._source.angles(t)
    turn = earth._source.turn(t, _LOCATOR_ON_EARTH / CENTURY * t)
    return product(
        about(X, -angles[POLAR_Y]),
        about(Y, -angles[POLAR_X]),
        turned(Z, *turn),
        _cirs_less_locator(earth, t),
    )


def _tod(earth: EarthOrientation, t: Expression) -> Matrix:
    return product(about(Z, earth._source.angles(t)[EQUINOXES]), _cirs(earth, t))


def _teme(earth: EarthOrientation, t: Expression) -> Matrix:
    return product(about(Z, -earth._source.angles(t)[SIDEREAL]), _cirs(earth, t))


def _mod(earth: EarthOrientation, t: Expression) -> Matrix:
    return celestial.mean_matrix(t)


def _ecliptic_of_date(earth: EarthOrientation, t: Expression) -> Matrix:
    return product(about(X, celestial.mean_obliquity(t)), celestial.mean_matrix(t))


def _always(matrix: Matrix, earth: EarthOrientation, t: Expression) -> Matrix:
    return matrix


def _galactic() -> Matrix:
    longitude, latitude, node = np.radians(_GALACTIC)
    to_pole = product(about(X, np.pi / 2 - latitude), about(Z, np.pi / 2 + longitude))
    return product(about(Z, -node), to_pole)


def _j2000() -> Matrix:
    mean = celestial.mean_matrix(as_expression(0))
    return np.array([[float(as_expression(e).evaluate()) for e in row] for row in mean], object)


_MATRICES: dict[str, _Frame] = {
    "gcrs": partial(_always, np.eye(3, dtype=int).astype(object)),
    "j2000": partial(_always, _j2000()),
    "ecliptic": partial(_always, about(X, _ECLIPTIC)),
    "galactic": partial(_always, _galactic()),
    "mod": _mod,
    "ecliptic_of_date": _ecliptic_of_date,
    "tod": _tod,
    "teme": _teme,
    "cirs": _cirs,
    "tirs": _tirs,
    "itrf": _itrf,
}
FRAMES = tuple(_MATRICES)
_OF_EARTH = ("tod", "teme", "cirs", "tirs", "itrf")
_MOVING = ("mod", "ecliptic_of_date", *_OF_EARTH)


def checked_frame(name: str) -> str:
    """`name` in small letters, if there are axes of that name."""
    if not isinstance(name, str):
        raise ArgumentTypeError(f"axes are named by a string, got {name!r}")
    if name.lower() not in FRAMES:
        raise ArgumentError(f"{name!r} is none of the axes {', '.join(FRAMES)}")
    return name.lower()


def of_earth(name: str) -> bool:
    """Whether the orientation of the Earth has to be known for these axes."""
    return name in _OF_EARTH


def moves(name: str) -> bool:
    """Whether the axes change with time."""
    return name in _MOVING


@lru_cache(1)
def earth_orientation() -> EarthOrientation:
    """That of the IERS' tables, which is taken where none is given."""
    return EarthOrientation()
