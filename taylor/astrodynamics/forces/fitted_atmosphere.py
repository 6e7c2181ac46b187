"""A density by height, latitude and local time, fitted to a large model of the atmosphere."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taylor.astrodynamics.forces.place import EARTH_FLATTENING, Place
from taylor.definitions.tables import chebyshev
from taylor.displays.tables import MissingPackageError
from taylor.errors import ArgumentError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import stack
from taylor.functions.exponential import exp
from taylor.functions.powers import sqrt
from taylor.functions.trigonometric import cos, sin

# Of longitudes, sines of latitude, heights and seconds of TDB since J2000 the densities, kg/m^3.
Reference = Callable[[NDArray, NDArray, NDArray, NDArray], NDArray]

_DAY = 86400.0
_UTC = 69.184  # seconds that TDB is ahead of UTC (since 2017)
_POINTS = 5000


class FittedAtmosphere:
    """exp of a sum of spherical harmonics, in axes that follow the mean Sun, times Chebyshev's T_k.

    Made by `fit`, or by `nrlmsise00`; smooth in everything, so that derivatives are right and
    steps are long.  Terms of low degree in axes that turn with the Earth stand for what belongs to
    longitudes.

    altitudes: km, between which it holds; beyond, it is not to be trusted.
    rms, worst: relative errors at points that the fit did not see: root of the mean square, and
                the greatest.
    """

    def __init__(
        self,
        altitudes: tuple[float, float],
        coefficients: NDArray,
        degree: int,
        fixed_degree: int,
        rms: float = math.nan,
        worst: float = math.nan,
    ) -> None:
        self.altitudes, self.coefficients = altitudes, coefficients
        self.degree, self.fixed_degree = degree, fixed_degree
        self.rms, self.worst = rms, worst

    @staticmethod
    def fit(
        reference: Reference,
        time: float,
        altitudes: tuple[float, float],
        *,
        degree: int = 6,
        fixed_degree: int = 4,
        levels: int = 4,
    ) -> FittedAtmosphere:
        """The best fit of log density over the day around `time`, between two heights.

        reference: a function of arrays (longitude and geodetic latitude in degrees, height in km,
                   seconds of TDB since J2000) that returns densities in kg/m^3.
        time:      seconds of TDB since J2000, the middle of the day.
        degree, fixed_degree, levels: of the harmonics that follow the Sun, of those that follow the
                   Earth, and of the polynomials in height.

        >>> import numpy as np
        >>> import taylor as ty
        >>> air = ty.astrodynamics.FittedAtmosphere.fit(
        ...     lambda lon, lat, h, t: 1e-12 * np.exp((400 - h) / 60), 0.0, (350.0, 450.0)
        ... )
        >>> air.worst < 1e-9
        True
        """
        low, high = altitudes
        if not 0 <= low < high:
            raise ArgumentError(f"FittedAtmosphere.fit: altitudes = {altitudes!r} do not ascend")
        rng = np.random.default_rng(1976)
        sine, turn, up, hour = rng.uniform(-1, 1, (4, 2 * _POINTS))
        heights = (low + high) / 2 + (high - low) / 2 * np.sin(math.pi / 2 * up)  # denser at ends
        times = time + hour * _DAY / 2
        flat = np.sqrt(1 - sine**2)
        fixed = np.stack([flat * np.cos(math.pi * turn), flat * np.sin(math.pi * turn), sine])
        ratio = (1 - EARTH_FLATTENING) ** 2  # geodetic from geocentric latitude, nearly
        latitude = np.degrees(np.arctan2(sine, ratio * flat))
        wanted = np.log(reference(180 * turn, latitude, heights, times))
        if not np.all(np.isfinite(wanted)):
            raise ArgumentError(
                "FittedAtmosphere.fit: the reference has densities that are not > 0"
            )
        directions = _directions(fixed, times, degree, fixed_degree)
        powers = np.polynomial.chebyshev.chebvander(np.sin(math.pi / 2 * up), levels)
        matrix = np.einsum("nk,bn->nkb", powers, np.array(directions)).reshape(2 * _POINTS, -1)
        seen = slice(0, _POINTS)
        found = np.linalg.lstsq(matrix[seen], wanted[seen], rcond=1e-12)[0]
        error = np.expm1(matrix[_POINTS:] @ found - wanted[_POINTS:])
        rms, worst = float(np.sqrt(np.mean(error**2))), float(np.max(np.abs(error)))
        table = found.reshape(levels + 1, -1)
        return FittedAtmosphere((float(low), float(high)), table, degree, fixed_degree, rms, worst)

    @staticmethod
    def nrlmsise00(
        time: float,
        altitudes: tuple[float, float],
        *,
        f107: float = 150.0,
        f107a: float = 150.0,
        ap: float | Sequence[float] = 4.0,
        **terms: int,
    ) -> FittedAtmosphere:
        """NRLMSISE-00 (Picone et al. 2002) around a time, fitted to values of the package pymsis.

        time:      seconds of TDB since J2000, the middle of a day.
        altitudes: km, the least and greatest height of the orbit, as (300.0, 500.0).
        f107, f107a: solar flux of the day before, and its mean over 81 days.
        ap:        of the day, or the seven numbers that the model takes.
        terms:     `degree`, `fixed_degree`, `levels`, as for `fit`.

        Raises TaylorError where pymsis is missing.
        """
        try:
            import pymsis  # type: ignore[import-not-found, unused-ignore]
        except ImportError as error:
            raise MissingPackageError(
                "FittedAtmosphere.nrlmsise00 needs pymsis (pip install pymsis); or give values of "
                "another model to FittedAtmosphere.fit"
            ) from error
        indices = np.resize(np.asarray(ap, dtype=float), 7)

        def reference(lon: NDArray, lat: NDArray, h: NDArray, t: NDArray) -> NDArray:
            milliseconds = np.round(1000 * (t - _UTC)).astype("timedelta64[ms]")
            dates = np.datetime64("2000-01-01T12:00:00.000") + milliseconds
            count = len(dates)
            flux, mean = np.full(count, float(f107)), np.full(count, float(f107a))
            aps = np.tile(indices, (count, 1))
            found = pymsis.calculate(dates, lon, lat, h, flux, mean, aps, version=0)
            return np.asarray(found[..., 0], dtype=float).reshape(-1)

        return FittedAtmosphere.fit(reference, time, altitudes, **terms)

    def density(self, place: Place) -> Expression:
        """The density there, kg/m^3."""
        x, y, z = place.fixed
        r = sqrt(x * x + y * y + z * z)
        unit = stack([x / r, y / r, z / r])
        terms = stack(_directions(unit, place.time, self.degree, self.fixed_degree))
        by_level = self.coefficients @ terms
        return exp(chebyshev(by_level, place.altitude, self.altitudes))


def _directions(fixed: Any, time: Any, degree: int, fixed_degree: int) -> list[Any]:
    """Harmonics in axes that follow the mean Sun, then those of the Earth that depend on longitude.

    Of arrays of numbers, or of expressions; longitude plus this angle is the local time.
    """
    x, y, z = fixed
    angle = 2 * math.pi / _DAY * (time - _UTC) + math.pi
    c, s = cos(angle), sin(angle)
    return [
        *_harmonics(c * x - s * y, s * x + c * y, z, degree, 0),
        *_harmonics(x, y, z, fixed_degree, 1),
    ]


def _harmonics(x: Any, y: Any, z: Any, degree: int, first: int) -> list[Any]:
    """Real spherical harmonics of a unit vector, of degree 0 .. degree and order first .. degree.

    Not normalised; the column of order m begins with 1 and goes down by
    (l - m) H_l = (2 l - 1) z H_{l-1} - (l + m - 1) H_{l-2}.
    """
    found: list[Any] = []
    real, imaginary = 0 * x + 1, 0 * x
    for m in range(degree + 1):
        if m:
            real, imaginary = real * x - imaginary * y, real * y + imaginary * x
        before, now = None, None
        for n in range(m, degree + 1):
            if now is None:
                new: Any = 1
            elif before is None:
                new = (2 * n - 1) / (n - m) * z * now
            else:
                new = (2 * n - 1) / (n - m) * z * now - (n + m - 1) / (n - m) * before
            before, now = now, new
            if m >= first:
                found += [new * real] if m == 0 else [new * real, new * imaginary]
    return found
