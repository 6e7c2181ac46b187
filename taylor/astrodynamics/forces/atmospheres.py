"""Densities of the Earth's atmosphere by height, and by height and the Sun."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from taylor.astrodynamics.checks import SUN, check_function, check_number
from taylor.astrodynamics.forces.place import Place
from taylor.definitions.tables import piecewise
from taylor.errors import ArgumentError
from taylor.expressions.expression import Expression
from taylor.functions.exponential import exp
from taylor.functions.powers import sqrt

Scalar = float | Expression


@lru_cache
def table(name: str) -> NDArray:
    """Rows of one of the tables in `data`: heights in km, then what belongs to them."""
    return np.loadtxt(files(__package__).joinpath("data", f"{name}.txt").read_text().splitlines())


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
        check_number("ExponentialAtmosphere", "density", density, least=0, unit="kg/m^3")
        check_number("ExponentialAtmosphere", "height", height)
        check_number("ExponentialAtmosphere", "scale", scale, above=0, unit="km")
        self.density_there, self.height, self.scale = density, height, scale

    @staticmethod
    def at(altitude: float) -> ExponentialAtmosphere:
        """The layer of Vallado's table (2013, table 8-4) that has this height, km."""
        check_number("ExponentialAtmosphere.at", "altitude", altitude)
        if not altitude >= 0:
            raise ArgumentError(f"ExponentialAtmosphere.at: altitude = {altitude!r} is below 0 km")
        layers = table("vallado")
        row = layers[np.searchsorted(layers[:, 0], altitude, "right") - 1]
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
        heights, densities, _ = table("vallado").T
        return TabulatedAtmosphere(heights.tolist(), densities.tolist(), smooth=False)

    @staticmethod
    def us_standard_1976() -> TabulatedAtmosphere:
        """The U.S. Standard Atmosphere (1976) from 0 to 1000 km, with a spline between its rows."""
        heights, densities = table("us_standard_1976").T
        return TabulatedAtmosphere(heights.tolist(), densities.tolist())

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
        check_function("HarrisPriester", "sun", sun, SUN)
        check_number("HarrisPriester", "lag", lag)
        self.sun, self.exponent, self.lag = sun, exponent, lag

    def density(self, place: Place) -> Expression:
        """The density there, kg/m^3."""
        heights, *columns = table("harris_priester").T
        least, most = (
            exp(piecewise(heights, _pieces(heights, np.log(column * 1e-12), False), place.altitude))
            for column in columns
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
