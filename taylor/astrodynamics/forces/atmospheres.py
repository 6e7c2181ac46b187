"""Densities of the Earth's atmosphere by height, and by height and the Sun."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from taylor.astrodynamics.forces.place import Place
from taylor.definitions.tables import piecewise
from taylor.errors import ArgumentError
from taylor.expressions.expression import Expression
from taylor.functions.exponential import exp
from taylor.functions.powers import sqrt

Scalar = float | Expression

# Exponential atmosphere: heights in km, densities in kg/m^3, scale heights in km (Vallado 2013,
# table 8-4, after the U.S. Standard Atmosphere 1976 and CIRA-72).
VALLADO = np.array(
    ["0", "1.225", "7.249", "25", "3.899e-2", "6.349", "30", "1.774e-2", "6.682", "40", "3.972e-3", "7.554", "50", "1.057e-3", "8.382", "60", "3.206e-4", "7.714", "70", "8.770e-5", "6.549", "80", "1.905e-5", "5.799", "90", "3.396e-6", "5.382", "100", "5.297e-7", "5.877", "110", "9.661e-8", "7.263", "120", "2.438e-8", "9.473", "130", "8.484e-9", "12.636", "140", "3.845e-9", "16.149", "150", "2.070e-9", "22.523", "180", "5.464e-10", "29.740", "200", "2.789e-10", "37.105", "250", "7.248e-11", "45.546", "300", "2.418e-11", "53.628", "350", "9.518e-12", "53.298", "400", "3.725e-12", "58.515", "450", "1.585e-12", "60.828", "500", "6.967e-13", "63.822", "600", "1.454e-13", "71.835", "700", "3.614e-14", "88.667", "800", "1.170e-14", "124.64", "900", "5.245e-15", "181.05", "1000", "3.019e-15", "268.00"],
    dtype=float,
).reshape(-1, 3)

# U.S. Standard Atmosphere (1976), part 4, table I: km, kg/m^3.
US_1976 = np.array(
    ["0", "1.2250", "10", "4.1351e-1", "20", "8.8910e-2", "25", "4.0084e-2", "30", "1.8410e-2", "40", "3.9957e-3", "50", "1.0269e-3", "60", "3.0968e-4", "70", "8.2829e-5", "80", "1.8458e-5", "90", "3.416e-6", "100", "5.604e-7", "110", "9.708e-8", "120", "2.222e-8", "130", "8.152e-9", "140", "3.831e-9", "150", "2.076e-9", "180", "5.194e-10", "200", "2.541e-10", "250", "6.073e-11", "300", "1.916e-11", "350", "7.014e-12", "400", "2.803e-12", "450", "1.184e-12", "500", "5.215e-13", "600", "1.137e-13", "700", "3.070e-14", "800", "1.136e-14", "900", "5.759e-15", "1000", "3.561e-15"],
    dtype=float,
).reshape(-1, 2)

# Harris & Priester (1962) for mean solar activity: km, g/km^3, away from the Sun and below its bulge
# (Montenbruck & Gill 2000, table 3.8).
HARRIS_PRIESTER = np.array(
    ["100", "497400", "497400", "120", "24900", "24900", "130", "8377", "8710", "140", "3899", "4059", "150", "2122", "2215", "160", "1263", "1344", "170", "800.8", "875.8", "180", "528.3", "601", "190", "361.7", "429.7", "200", "255.7", "316.2", "210", "183.9", "239.6", "220", "134.1", "185.3", "230", "99.49", "145.5", "240", "74.88", "115.7", "250", "57.09", "93.08", "260", "44.03", "75.55", "270", "34.30", "61.82", "280", "26.97", "50.95", "290", "21.39", "42.26", "300", "17.08", "35.26", "320", "10.99", "25.11", "340", "7.214", "18.19", "360", "4.824", "13.37", "380", "3.274", "9.955", "400", "2.249", "7.492", "420", "1.558", "5.684", "440", "1.091", "4.355", "460", ".7701", "3.362", "480", ".5474", "2.612", "500", ".3916", "2.042", "520", ".2819", "1.605", "540", ".2042", "1.267", "560", ".1488", "1.005", "580", ".1092", ".7997", "600", ".0807", ".6390", "620", ".06012", ".5123", "640", ".04519", ".4121", "660", ".03430", ".3325", "680", ".02632", ".2691", "700", ".02043", ".2185", "720", ".01607", ".1779", "740", ".01281", ".1452", "760", ".01036", ".1190", "780", ".008496", ".09776", "800", ".007069", ".08059", "840", ".004680", ".05741", "880", ".003200", ".04210", "920", ".002210", ".03130", "960", ".001560", ".02360", "1000", ".001150", ".01810"],
    dtype=float,
).reshape(-1, 3)


class Atmosphere(Protocol):
    """Anything with a method `density(place)`.

    It returns a scalar expression, kg/m^3.

    >>> import taylor as ty
    >>> class Thin:
    ...     def density(self, place):
    ...         return 1e-12 * ty.exp(-(place.altitude - 400) / 60)
    >>> drag = ty.astrodynamics.Drag(Thin(), area=1.0, mass=100.0)
    """

    def density(self, place: Place) -> Expression:
        """The density there, kg/m^3."""
        ...


class ExponentialAtmosphere:
    """A density that falls by e with every scale height: rho = density exp(-(h - height)/scale).

    density: kg/m^3 at `height`; height, scale: km.  Numbers or parameters.

    >>> import taylor as ty
    >>> air = ty.astrodynamics.ExponentialAtmosphere.at(420.0)
    >>> air.density_there, air.height, air.scale
    (3.725e-12, 400.0, 58.515)
    """

    def __init__(self, density: Scalar, height: Scalar, scale: Scalar) -> None:
        self.density_there, self.height, self.scale = density, height, scale

    @staticmethod
    def at(altitude: float) -> ExponentialAtmosphere:
        """The layer of Vallado's table (2013, table 8-4) that has this height, km."""
        if not altitude >= 0:
            raise ArgumentError(f"ExponentialAtmosphere.at: altitude = {altitude!r} is below 0 km")
        row = VALLADO[np.searchsorted(VALLADO[:, 0], altitude, "right") - 1]
        return ExponentialAtmosphere(*map(float, (row[1], row[0], row[2])))

    def density(self, place: Place) -> Expression:
        """The density there, kg/m^3."""
        found: Expression = self.density_there * exp((self.height - place.altitude) / self.scale)
        return found


class TabulatedAtmosphere:
    """A density by height whose logarithm is interpolated between the rows of a table.

    heights:   km, ascending.
    densities: kg/m^3, positive.
    smooth:    a natural cubic spline, else straight pieces (exponential layers).

    Beyond the table the last pieces go on.  An `Integrator` ends its steps at the heights of the
    table; where speed counts more, take an `ExponentialAtmosphere`.

    >>> import taylor as ty
    >>> air = ty.astrodynamics.TabulatedAtmosphere.us_standard_1976()
    >>> len(air.heights)
    30
    """

    def __init__(
        self, heights: Sequence[float], densities: Sequence[float], smooth: bool = True
    ) -> None:
        self.heights, self.densities = np.array(heights, float), np.array(densities, float)
        self.smooth = smooth
        if self.heights.ndim != 1 or self.heights.shape != self.densities.shape:
            raise ArgumentError("TabulatedAtmosphere: give as many densities as heights")
        rising = len(self.heights) > 1 and bool(np.all(np.diff(self.heights) > 0))
        if not rising or not np.all(self.densities > 0):
            raise ArgumentError(
                "TabulatedAtmosphere: heights have to ascend, and densities to be positive"
            )

    @staticmethod
    def vallado() -> TabulatedAtmosphere:
        """Exponential layers from 0 to 1000 km (Vallado 2013, table 8-4)."""
        return TabulatedAtmosphere(VALLADO[:, 0].tolist(), VALLADO[:, 1].tolist(), smooth=False)

    @staticmethod
    def us_standard_1976() -> TabulatedAtmosphere:
        """The U.S. Standard Atmosphere (1976) from 0 to 1000 km, with a spline between its rows."""
        return TabulatedAtmosphere(US_1976[:, 0].tolist(), US_1976[:, 1].tolist())

    def density(self, place: Place) -> Expression:
        """The density there, kg/m^3."""
        pieces = _pieces(self.heights, np.log(self.densities), self.smooth)
        return exp(piecewise(self.heights, pieces, place.altitude))


class HarrisPriester:
    """The modified Harris-Priester atmosphere of 100 .. 1000 km, for mean solar activity.

    sun:      a function of time that returns the Sun's position (or a vector towards it), shape
              (3,), in the axes of the state, as `lambda t: ephemeris.position("sun", t)`.
    exponent: n, of the bulge's form cos^n(psi/2): 2 for orbits of low inclination, 6 for polar.
    lag:      rad; how far the bulge is behind the Sun in right ascension.

    rho = rho_m + (rho_M - rho_m) cos^n(psi/2), psi the angle to the bulge, both rho by exponential
    interpolation (Montenbruck & Gill 2000, section 3.5.2).

    >>> import numpy as np
    >>> import taylor as ty
    >>> air = ty.astrodynamics.HarrisPriester(lambda t: np.array([1.5e8, 0.0, 0.0]))
    """

    def __init__(
        self,
        sun: Callable[[Expression], Expression | NDArray],
        exponent: float = 2,
        lag: float = math.radians(30),
    ) -> None:
        if not exponent >= 0:
            raise ArgumentError(f"HarrisPriester: exponent = {exponent!r} is negative")
        self.sun, self.exponent, self.lag = sun, exponent, lag

    def density(self, place: Place) -> Expression:
        """The density there, kg/m^3."""
        heights = HARRIS_PRIESTER[:, 0]
        least, most = (
            exp(piecewise(heights, _pieces(heights, np.log(column * 1e-12), False), place.altitude))
            for column in HARRIS_PRIESTER.T[1:]
        )
        x, y, z = self.sun(place.time)
        c, s = math.cos(self.lag), math.sin(self.lag)
        bulge = (c * x - s * y, s * x + c * y, z)
        along = sum(a * b for a, b in zip(bulge, place.position, strict=True))
        sizes = sum(b * b for b in bulge) * (place.position * place.position).sum()
        half = (1 + along / sqrt(sizes)) / 2  # cos^2(psi/2)
        shape = half if self.exponent == 2 else half ** (self.exponent / 2)
        found: Expression = least + (most - least) * shape
        return found


def _pieces(x: NDArray, y: NDArray, smooth: bool) -> NDArray:
    """Coefficients of powers of x - x_i: straight pieces, or a natural cubic spline."""
    h, slope = np.diff(x), np.diff(y) / np.diff(x)
    if not smooth or len(x) < 3:
        return np.stack([y[:-1], slope], axis=1)
    bend = np.zeros(len(x))  # second derivatives: 0 at the ends
    matrix = np.diag(2 * (h[:-1] + h[1:])) + np.diag(h[1:-1], 1) + np.diag(h[1:-1], -1)
    bend[1:-1] = np.linalg.solve(matrix, 6 * np.diff(slope))
    first = slope - h * (2 * bend[:-1] + bend[1:]) / 6
    return np.stack([y[:-1], first, bend[:-1] / 2, np.diff(bend) / (6 * h)], axis=1)
