"""Places on the ground: what is seen from them, and when."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from taylor.astrodynamics.checks import check_function, check_number
from taylor.astrodynamics.encounters.crossings import intervals
from taylor.astrodynamics.encounters.hermite import Ephemeris, sampled
from taylor.astrodynamics.formulas import Formula, formula
from taylor.astrodynamics.frames.geodetic import WGS84, Ellipsoid, geodetic_to_position
from taylor.astrodynamics.frames.local import topocentric_axes
from taylor.astrodynamics.frames.transforms import gcrs_to_itrf
from taylor.astrodynamics.orbits.vectors import dot, joined, norm, scaled, summed, triple
from taylor.displays import html, tables
from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import as_expression
from taylor.expressions.types import ExpressionOrArray, ValueLike
from taylor.functions.piecewise import maximum
from taylor.functions.powers import hypot
from taylor.functions.trigonometric import atan2
from taylor.points.polynomial_values import has_polynomials
from taylor.programs.batching import vmap
from taylor.programs.jacobians import jacobian
from taylor.programs.jit import jit
from taylor.programs.products import jvp
from taylor_runtime.program.records import dataclass

if TYPE_CHECKING:
    import pandas

# The matrix from the axes of positions to those of the Earth, shape (3, 3), of a time.
Rotation: TypeAlias = Callable[[Any], Any]
Mask: TypeAlias = "float | tuple[tuple[float, float], ...]"


@dataclass(frozen=True)
class Windows:
    """Spans of time, in the order of stations, objects and times; arrays with one item for each.

    stations, objects: numbers of both.
    begins, ends: times; those of the first and the last sample where a span is cut off there.

    Made by `access`.
    """

    stations: np.ndarray
    objects: np.ndarray
    begins: np.ndarray
    ends: np.ndarray

    def __len__(self) -> int:
        return len(self.begins)

    def __repr__(self) -> str:
        if not len(self):
            return "<Windows: none>"
        first, last = float(self.begins.min()), float(self.ends.max())
        return f"<Windows: {len(self)}, from {first:.10g} to {last:.10g} s>"

    def _repr_html_(self) -> str:
        columns = (self.stations, self.objects, self.begins, self.ends, self.durations)
        head = ("station", "object", "begins", "ends", "lasts")
        rows = zip(*columns, strict=True)
        return html.facts("Windows", {"number": len(self)}, html.table(head, rows, len(self)))

    def to_dataframe(self) -> pandas.DataFrame:
        """A pandas table with a line for each.

        Raises MissingPackageError without pandas.
        """
        names = ("station", "object", "begins", "ends")
        columns = (self.stations, self.objects, self.begins, self.ends)
        number = {"number": np.arange(len(self))}
        return tables.dataframe("to_dataframe", number, dict(zip(names, columns, strict=True)))

    @property
    def durations(self) -> np.ndarray:
        """How long each lasts."""
        found: np.ndarray = self.ends - self.begins
        return found


@dataclass(frozen=True)
class GroundStation:
    """A place on an ellipsoid that turns.

    latitude, longitude: geodetic, radians; height: km.
    mask: the lowest elevation, radians: a number, or a tuple of pairs (azimuth, elevation) in the
        order of azimuths from 0 to 2 pi, between which it is linear.
    rotation: a function of time that returns the matrix from the axes of positions to those of the
        ellipsoid, shape (3, 3); by default `gcrs_to_itrf` of seconds of TDB.  For positions of SGP4
        it is `frame_rotation("teme", "itrf", t)`.
    ellipsoid: by default that of the Earth, WGS84.

    Methods take numbers, arrays, expressions and polynomials.

    >>> import numpy as np, taylor as ty
    >>> def spinning(t):
    ...     c, s = ty.cos(7.292115e-5 * t), ty.sin(7.292115e-5 * t)
    ...     return ty.stack([c, s, 0, -s, c, 0, 0, 0, 1]).reshape(3, 3)
    >>> station = ty.astrodynamics.GroundStation(0.0, 0.0, mask=0.1, rotation=spinning)
    >>> azimuth, elevation, distance = station.look([7378.137, 0.0, 0.0], 0.0)
    >>> round(float(elevation), 6), round(float(distance), 6)
    (1.570796, 1000.0)
    >>> r = ty.variable("r", shape=(3,))
    >>> rise = ty.Event(station.above_mask(r, ty.time), direction=+1)
    """

    latitude: float
    longitude: float
    height: float = 0.0
    mask: Mask = 0.0
    rotation: Rotation = gcrs_to_itrf
    ellipsoid: Ellipsoid = WGS84

    def __post_init__(self) -> None:
        values = (self.latitude, self.longitude, self.height)
        if not all(math.isfinite(x) for x in values) or abs(self.latitude) > math.pi / 2:
            raise ArgumentError(
                f"GroundStation: {values} are no latitude, longitude (radians) and height (km)"
            )
        check_function("GroundStation", "rotation", self.rotation, "gcrs_to_itrf")
        if isinstance(self.mask, (int, float)):
            _check_elevation(self.mask)
        else:
            pairs = tuple((float(azimuth), float(elevation)) for azimuth, elevation in self.mask)
            object.__setattr__(self, "mask", pairs)
            azimuths = [azimuth for azimuth, _ in self.mask]
            if not azimuths or sorted(set(azimuths)) != azimuths or azimuths[0] < 0:
                raise ArgumentError("GroundStation: azimuths of the mask must increase from 0 on")
            for _, elevation in pairs:
                _check_elevation(elevation)

    def position(self, t: ValueLike) -> ExpressionOrArray:
        """The station's position in the axes that objects have, shape (3,)."""
        return _turned_back(_matrix(self.rotation, t), _place(self))

    def look(
        self, position: ValueLike, t: ValueLike
    ) -> tuple[ExpressionOrArray, ExpressionOrArray, ExpressionOrArray]:
        """Azimuth from north over east, elevation, and distance of a position, shape (3,)."""
        fixed = _turned(_matrix(self.rotation, t), position)
        return _look(fixed, *_geometry(self))  # type: ignore[no-any-return]

    def range_rate(
        self, position: ValueLike, velocity: ValueLike, t: ValueLike
    ) -> ExpressionOrArray:
        """How fast the distance grows."""

        matrix, slope = _matrix(self.rotation, t), _slope(self.rotation, t)
        fixed = _turned(matrix, position)
        moving = _sum(_turned(matrix, velocity), _turned(slope, position))
        return _rate(fixed, moving, _place(self))  # type: ignore[no-any-return]

    def above_mask(self, position: ValueLike, t: ValueLike) -> ExpressionOrArray:
        """The elevation beyond that of the mask: positive where the object is seen.

        As an expression it is an event of integrators, whose roots are rise and set.
        """
        azimuth, elevation, _ = self.look(position, t)
        return elevation - _lowest(self.mask, azimuth)


def access(
    stations: GroundStation | Sequence[GroundStation], ephemeris: Ephemeris, times: ValueLike
) -> Windows:
    """Return when objects are above the masks of stations.

    ephemeris, times: as for `conjunctions`; of the elevation between times the cubic through values
        and slopes is taken, and passes that begin and end between two times are found.  On low
        orbits begins and ends are right to 0.05 s at steps of 30 s.

    >>> import numpy as np, taylor as ty
    >>> sky = ty.astrodynamics
    >>> def still(t):
    ...     return ty.constant(np.eye(3)) + 0 * t
    >>> station = sky.GroundStation(0.0, 0.0, rotation=still)
    >>> times = np.arange(0, 7000.0, 30.0)
    >>> def one(t):
    ...     r, v = sky.kepler_propagate([7378.137, 0, 0], [0, 7.35, 0], t, 398600.4418)
    ...     return r[None], v[None]
    >>> sky.access(station, one, times).begins.round(0).tolist()
    [0.0, 5778.0]
    """
    listed = _listed(stations)
    instants, (places, speeds) = sampled("access", ephemeris, times)
    found = []
    turned: dict[int, tuple[np.ndarray, np.ndarray]] = {}
    for number, station in enumerate(listed):
        key = id(station.rotation)
        if key not in turned:
            turned[key] = _on_the_ground(station.rotation, instants, places, speeds)
        values, slopes = _rising(station.mask)(*turned[key], *_geometry(station))
        which, begins, ends = intervals(instants, values, slopes)
        found.append((np.full(len(which), number), which, begins, ends))
    return Windows(*(np.concatenate(column) for column in zip(*found, strict=True)))


def _check_elevation(elevation: float) -> None:
    right = math.pi / 2
    check_number("GroundStation", "mask", elevation, least=-right, most=right, unit="rad")


def _listed(stations: object) -> list[GroundStation]:
    """One or several stations."""
    several = isinstance(stations, Iterable) and not isinstance(stations, str)
    listed: list[Any] = list(stations) if several else [stations]  # type: ignore[call-overload]
    for station in listed:
        if not isinstance(station, GroundStation):
            raise ArgumentTypeError(f"access: {station!r:.80} is no GroundStation")
    if not listed:
        raise ArgumentError("access: there are no stations; give one or several")
    return listed


@cache
def _programs(rotation: Rotation) -> tuple[Any, Any]:
    """Matrices and their slopes at many times."""
    return jit(vmap(rotation)), jit(vmap(jacobian(rotation)))


def _matrix(rotation: Rotation, t: Any) -> Any:
    """The matrix at a time, or matrices at many, as numbers if the times are numbers."""
    if type(t) is Expression or has_polynomials([t]):
        return rotation(t)
    return _at(_programs(rotation)[0], t)


def _slope(rotation: Rotation, t: Any) -> Any:
    """The derivative of the matrix by time."""
    if type(t) is Expression:
        return jvp(rotation, (t,), (as_expression(1),))[1]
    return _at(_programs(rotation)[1], t)


def _at(program: Any, t: Any) -> np.ndarray:
    times = np.asarray(t, dtype=np.float64)
    return np.asarray(program(times.reshape(-1))).reshape(*times.shape, 3, 3)


@formula("(3),(3)->(3)", "GroundStation")
def _sum(a: Any, b: Any) -> Any:
    return a + b


@formula("(3),(3),(3)->()", "GroundStation")
def _rate(fixed: Any, moving: Any, place: Any) -> Any:
    line = summed(triple(fixed), scaled(-1, triple(place)))
    return dot(line, triple(moving)) / norm(line)


@formula("(9),(3)->(3)", "GroundStation")
def _product(matrix: Any, vector: Any) -> Any:
    v = triple(vector)
    return joined(*(dot(triple(matrix[..., 3 * i : 3 * i + 3]), v) for i in range(3)))


def _turned(matrix: Any, vector: Any) -> Any:
    """matrix vector."""
    return _product(matrix.reshape(*matrix.shape[:-2], 9), vector)


def _turned_back(matrix: Any, vector: Any) -> Any:
    """The transposed matrix by a vector."""
    columns = [matrix[..., j, i] for i in range(3) for j in range(3)]
    return _product(np.stack(columns, axis=-1), vector)


def _on_the_ground(
    rotation: Rotation, times: np.ndarray, places: np.ndarray, speeds: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Positions and velocities in the axes of the Earth."""
    matrix, slope = _matrix(rotation, times), _slope(rotation, times)
    fixed = np.einsum("tij,ntj->nti", matrix, places)
    moving = np.einsum("tij,ntj->nti", matrix, speeds) + np.einsum("tij,ntj->nti", slope, places)
    return fixed, moving


@cache
def _rising(mask: Mask) -> Formula:
    """The elevation beyond the mask, and its derivative, of positions and velocities on Earth."""

    def rising(fixed: Any, moving: Any, *geometry: Any) -> Any:
        def above(r: Any) -> Any:
            azimuth, elevation, _ = _look(r, *geometry)
            return elevation - _lowest(mask, azimuth)

        return jvp(above, (fixed,), (moving,))

    return Formula(rising, "(3),(3),(3),(3),(3),(3)->(),()")


def _place(station: GroundStation) -> np.ndarray:
    found: np.ndarray = np.asarray(
        geodetic_to_position(station.latitude, station.longitude, station.height, station.ellipsoid)
    )
    return found


def _geometry(station: GroundStation) -> tuple[np.ndarray, ...]:
    """The station's place, and the directions east, north and up."""
    axes = np.asarray(topocentric_axes(station.latitude, station.longitude))
    return _place(station), axes[0], axes[1], axes[2]


@formula("(3),(3),(3),(3),(3)->(),(),()", "GroundStation")
def _look(fixed: Any, place: Any, east: Any, north: Any, up: Any) -> tuple[Any, Any, Any]:
    line = summed(triple(fixed), scaled(-1, triple(place)))
    x, y, z = (dot(line, triple(axis)) for axis in (east, north, up))
    level = hypot(x, y)
    azimuth = math.pi + atan2(-x, -y)  # from 0 to 2 pi
    return azimuth, atan2(z, level), norm(line)


def _lowest(mask: Mask, azimuth: Any) -> Any:
    """The mask at an azimuth between 0 and 2 pi: ramps from one of its points to the next."""
    if isinstance(mask, (int, float)):
        return mask
    points = [(float(a), float(e)) for a, e in mask]
    points = [(points[-1][0] - 2 * math.pi, points[-1][1]), *points]
    points.append((points[1][0] + 2 * math.pi, points[1][1]))
    total: Any = points[0][1]
    before = 0.0
    for (a, e), (b, f) in pairwise(points):
        slope = (f - e) / (b - a)
        total = total + (slope - before) * maximum(0, azimuth - a)
        before = slope
    return total
