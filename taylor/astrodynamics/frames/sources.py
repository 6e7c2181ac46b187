"""The angles that the Earth's orientation is made of: from models and tables, or tabulated anew."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from fractions import Fraction
from itertools import pairwise

import numpy as np

from taylor.astrodynamics.frames.celestial import celestial_pole
from taylor.astrodynamics.frames.nutation import polynomial
from taylor.astrodynamics.times.calendar import CENTURY, DAY
from taylor.astrodynamics.times.earth_parameters import EarthParameters
from taylor.astrodynamics.times.functions import TimeFunction
from taylor.definitions.tables import piecewise
from taylor.errors import ArgumentError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import as_expression, stack
from taylor.functions.trigonometric import cos, sin
from taylor.numbers.exact import PI

# The Earth rotation angle of IAU 2000, in turns: at J2000 UT1, and for each day of UT1.
_ROTATION_J2000 = Fraction("0.7790572732640")
_ROTATION_DAY = Fraction("1.00273781191135448")
RATE = 2 * PI * _ROTATION_DAY / DAY  # rad/s
_START = 2 * PI * _ROTATION_J2000
# RATE is the sum of these powers of two and a small rest: products with them are exact, so that the
# angle is exact to 1e-15 rad after a century, when a float of it has 1e-11 rad.
_EXACT = [Fraction(1, 2**k) for k in (14, 17, 18, 21)]
_REST = RATE - sum(_EXACT)

# Greenwich mean sidereal time of 1982 (S. Aoki et al., Astron. Astrophys. 105 (1982) 359), seconds
# of time by powers of centuries of UT1, less the Earth rotation angle: rad.
_SECOND = 2 * PI / DAY
_SIDEREAL = (Fraction("24110.54841") - DAY // 2, Fraction("8640184.812866"), Fraction("0.093104"),
             Fraction("-0.0000062"))  # fmt: skip
_MEAN_SIDEREAL = (
    float(_SECOND * _SIDEREAL[0] - _START + 2 * PI),
    float(_SECOND * _SIDEREAL[1] - 2 * PI * (_ROTATION_DAY - 1) * (CENTURY // DAY)),
    float(_SECOND * _SIDEREAL[2]),
    float(_SECOND * _SIDEREAL[3]),
)

POLE_X, POLE_Y, LOCATOR, EQUINOXES, SIDEREAL, POLAR_X, POLAR_Y, SLOW_TURN = range(8)


class Source(ABC):
    """Where the angles are from.

    `angles(t)` has, in rad, X and Y of the pole in the GCRS, the locator s, the equation of the
    origins, GMST of 1982 less the Earth rotation angle, and x_p and y_p of the pole on the Earth;
    what else is in it is the source's own.
    `turn(t, more)` has cosine and sine of the Earth rotation angle less s, and some angle more.
    """

    start: float
    end: float

    @abstractmethod
    def angles(self, t: Expression) -> Expression: ...
    @abstractmethod
    def turn(self, t: Expression, more: Expression | int) -> tuple[Expression, Expression]: ...
    @abstractmethod
    def check(self, times: np.ndarray) -> None:
        """Raise ArgumentError for times at which there are no values."""


class Models(Source):
    """Precession and nutation by their series, the rest from Earth orientation parameters."""

    def __init__(self, parameters: EarthParameters, accuracy: float) -> None:
        self.parameters = parameters
        self.accuracy = accuracy
        self.start, self.end = parameters.start, parameters.end
        self.all = TimeFunction("EarthOrientation", self._build, parameters.check)

    def angles(self, t: Expression) -> Expression:
        return as_expression(self.all(t))

    def turn(self, t: Expression, more: Expression | int) -> tuple[Expression, Expression]:
        slow = self.angles(t)[SLOW_TURN] + more
        angle = t * _REST + (_START + slow)
        cosine, sine = cos(angle), sin(angle)
        for part in _EXACT:
            c, s = cos(part * t), sin(part * t)
            cosine, sine = cosine * c - sine * s, sine * c + cosine * s
        return as_expression(cosine), as_expression(sine)

    def check(self, times: np.ndarray) -> None:
        self.parameters.check(times)

    def _build(self, t: Expression) -> Expression:
        """The angles, and that by which the Earth turns more than if UT1 were TDB."""
        x, y, located, equinoxes = (celestial_pole(self.accuracy)(t)[k] for k in range(4))
        offsets = self.parameters.celestial_pole_offsets(t)
        polar = self.parameters.pole(t)
        ahead = as_expression(self.parameters.ut1_minus_tdb(t))
        x, y = x + offsets[0], y + offsets[1]
        s = located - x * y / 2
        sidereal = polynomial(_MEAN_SIDEREAL, (t + ahead) / CENTURY)
        turn = RATE * ahead - s
        return as_expression(stack([x, y, s, equinoxes, sidereal, polar[0], polar[1], turn]))


class Tabulated(Source):
    """The angles of models as polynomials of time, piece by piece."""

    def __init__(self, models: Models, start: float, end: float, accuracy: float) -> None:
        self.start, self.end = start, end
        self.edges = _edges(models.parameters, start, end)
        table = _table(models.all, self.edges, accuracy)
        # Of the turn the whole turns are taken off, and the uniform part is put on.
        places = [(RATE * Fraction(edge) + _START) % (2 * PI) for edge in self.edges[:-1]]
        table[:, 0, SLOW_TURN] += np.array(places, dtype=float)
        table[:, 1, SLOW_TURN] += float(RATE)
        self.table = table
        self._all = TimeFunction("EarthOrientation", self._build)

    def angles(self, t: Expression) -> Expression:
        return as_expression(self._all(t))

    def turn(self, t: Expression, more: Expression | int) -> tuple[Expression, Expression]:
        angle = self.angles(t)[SLOW_TURN] + more
        return as_expression(cos(angle)), as_expression(sin(angle))

    def check(self, times: np.ndarray) -> None:
        if times.size and not (times.min() >= self.start and times.max() <= self.end):
            raise ArgumentError(
                f"EarthOrientation: tabulated from t = {self.start:.0f} to {self.end:.0f} s, not "
                f"at {times.min():.0f} .. {times.max():.0f} s; take a longer span for over()"
            )

    def _build(self, t: Expression) -> Expression:
        name = "the table of EarthOrientation.over"
        return as_expression(piecewise(self.edges, self.table, t, outside="nan", name=name))


def _edges(parameters: EarthParameters, start: float, end: float) -> np.ndarray:
    """Breakpoints: the days of the parameters' table, pieces of at most two days elsewhere."""
    inner = parameters.edges[(parameters.edges > start) & (parameters.edges < end)]
    places = [start, *inner.tolist(), end]
    edges = [start]
    for a, b in pairwise(places):
        count = max(1, math.ceil((b - a) / (2 * DAY)))
        edges += [a + (b - a) * k / count for k in range(1, count)] + [b]
    return np.array(edges)


def _table(function: TimeFunction, edges: np.ndarray, accuracy: float) -> np.ndarray:
    """Powers of seconds after each edge, as many as needed: shape (pieces, degree + 1, angles)."""
    starts, ends = edges[:-1], edges[1:]
    some = slice(None, None, max(1, len(starts) // 32))  # of all pieces it would take long
    for degree in (3, 4, 5, 6, 7, 8, 10, 12, 16, 24):
        if _fitted(function, starts[some], ends[some], degree)[1] <= accuracy:
            table, error = _fitted(function, starts, ends, degree)
            if error <= accuracy:
                return _as_powers(table, ends - starts)
    raise ArgumentError(
        f"EarthOrientation.over: accuracy={accuracy!r} rad is below what floats tell; take 1e-15 "
        "or more"
    )


def _as_powers(table: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Chebyshev series on intervals of these lengths as powers of the distance from their start."""
    count = table.shape[1]
    powers = np.zeros((count, count))  # of T_k(2 u - 1)
    for k in range(count):
        shifted = np.polynomial.Chebyshev.basis(k, domain=[0, 1])
        powers[: k + 1, k] = shifted.convert(kind=np.polynomial.Polynomial).coef
    scales = lengths[:, None, None] ** -np.arange(count)[:, None]
    return np.asarray(np.einsum("jk,pka->pja", powers, table) * scales)


def _fitted(
    function: TimeFunction, starts: np.ndarray, ends: np.ndarray, degree: int
) -> tuple[np.ndarray, float]:
    """Coefficients by interpolation at Chebyshev's nodes, and the largest error in between."""
    count = degree + 1
    nodes = np.cos(np.pi * (np.arange(count) + 0.5) / count)
    between = np.cos(np.pi * np.arange(1, count) / count)
    middle, half = (starts + ends) / 2, (ends - starts) / 2

    def values(places: np.ndarray) -> np.ndarray:
        times = np.clip(middle[:, None] + half[:, None] * places, starts[:, None], ends[:, None])
        return np.asarray(function(times))

    polynomials = np.polynomial.chebyshev.chebvander(nodes, degree).T  # T_k at the nodes
    weights = polynomials * np.where(np.arange(count) == 0, 1, 2)[:, None] / count
    table = np.einsum("kj,pja->pka", weights, values(nodes))
    checks = np.polynomial.chebyshev.chebvander(between, degree)
    found = np.einsum("jk,pka->pja", checks, table)
    return table, float(np.abs(found - values(between)).max())
