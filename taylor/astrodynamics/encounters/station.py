"""Where observers stand: a place in a frame that turns, with its own horizon."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np

from taylor.astrodynamics.checks import check_function, check_number
from taylor.astrodynamics.formulas import formula
from taylor.astrodynamics.frames.geodetic import WGS84, Ellipsoid, geodetic_to_position
from taylor.astrodynamics.frames.transforms import gcrs_to_itrf
from taylor.astrodynamics.orbits.vectors import dot, joined, norm, scaled, summed, triple
from taylor.errors import ArgumentError, ArgumentTypeError, ShapeError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import as_expression, constant
from taylor.expressions.types import ExpressionOrArray, ValueLike
from taylor.functions.piecewise import maximum
from taylor.functions.powers import hypot
from taylor.functions.trigonometric import atan2
from taylor.nodes.conversion import stack
from taylor.points.polynomial_values import has_polynomials
from taylor.programs.batching import vmap
from taylor.programs.jacobians import jacobian
from taylor.programs.jit import jit
from taylor.programs.products import jvp
from taylor_runtime.program.records import dataclass

NEAR_THE_AXIS = 1e-9  # of the radius: there east is no direction

# The matrix from the axes of positions to those of the station, shape (3, 3), of a time.
Rotation: TypeAlias = Callable[[Any], Any]
Coordinate: TypeAlias = "float | Expression"
Mask: TypeAlias = "float | tuple[tuple[float, float], ...]"


@dataclass(frozen=True, eq=False)
class Station:
    """An observer: made from a fixed vector, or by `Station.geodetic`.

    name:     for tables and pictures.
    place:    three coordinates in the station's frame, km; parameters where they are estimated.
    rotation: a function of time that gives the matrix, shape (3, 3), from the axes of positions to
              those of the station, as `gcrs_to_itrf` of seconds of TDB; for positions of SGP4 it is
              `frame_rotation("teme", "itrf", t)`; written with taylor's functions.  None where
              these axes are the same.
    up:       the vertical in the station's frame, for azimuths and elevations; None where that is
              away from the origin.
    mask:     the lowest elevation, radians: a number, or a tuple of pairs (azimuth, elevation) in
              the order of azimuths from 0 to 2 pi, between which it is linear.

    Methods take numbers, arrays, expressions and polynomials.

    >>> import numpy as np, taylor as ty
    >>> def spinning(t):
    ...     c, s = ty.cos(7.292115e-5 * t), ty.sin(7.292115e-5 * t)
    ...     return ty.stack([c, s, 0, -s, c, 0, 0, 0, 1]).reshape(3, 3)
    >>> station = ty.astrodynamics.Station.geodetic("equator", 0.0, 0.0, rotation=spinning)
    >>> station.place
    (6378.137, 0.0, 0.0)
    >>> azimuth, elevation, distance = station.look([7378.137, 0.0, 0.0], 0.0)
    >>> round(float(elevation), 6), round(float(distance), 6)
    (1.570796, 1000.0)
    >>> r = ty.variable("r", shape=(3,))
    >>> rise = ty.Event(station.above_mask(r, ty.time), direction=+1)
    """

    name: str
    place: tuple[Coordinate, ...]
    rotation: Rotation | None = None
    up: tuple[float, ...] | None = None
    mask: Mask = 0.0

    def __post_init__(self) -> None:
        if not isinstance(self.name, str):
            raise ArgumentTypeError(f"Station: the name must be a text, got {self.name!r}")
        if self.rotation is not None:
            check_function("Station", "rotation", self.rotation, "gcrs_to_itrf")
        object.__setattr__(self, "place", _coordinates(self.place))
        object.__setattr__(self, "mask", _checked(self.mask))
        if self.up is None:
            return
        vertical = np.asarray(self.up, float)
        if vertical.shape != (3,) or not 0 < np.linalg.norm(vertical) < math.inf:
            raise ArgumentError(f"Station: up must be a vector of three numbers, got {self.up!r}")
        object.__setattr__(self, "up", tuple((vertical / np.linalg.norm(vertical)).tolist()))

    @classmethod
    def geodetic(
        cls,
        name: str,
        latitude: float,
        longitude: float,
        height: float = 0.0,
        rotation: Rotation | None = gcrs_to_itrf,
        *,
        mask: Mask = 0.0,
        ellipsoid: Ellipsoid = WGS84,
    ) -> Station:
        """A station at geodetic coordinates, radians and km, on an ellipsoid: by default on Earth.

        Raises ArgumentError for numbers that are no such coordinates.
        """
        given = (latitude, longitude, height)
        if not all(isinstance(x, int | float | np.number) and math.isfinite(x) for x in given):
            raise ArgumentError(f"Station: coordinates must be finite numbers, got {given}")
        if abs(latitude) > math.pi / 2:
            raise ArgumentError(f"Station: the latitude is {latitude!r}, beyond a pole (radians)")
        place = np.asarray(geodetic_to_position(*given, ellipsoid), float)
        flat = math.cos(latitude)
        up = (flat * math.cos(longitude), flat * math.sin(longitude), math.sin(latitude))
        return cls(name, tuple(place.tolist()), rotation, up, mask)

    def position(self, t: ValueLike) -> ExpressionOrArray:
        """The station's position in the axes that objects have, shape (3,)."""
        return _turned_back(matrix_at(self.rotation, t), self._vector())

    def look(
        self, position: ValueLike, t: ValueLike
    ) -> tuple[ExpressionOrArray, ExpressionOrArray, ExpressionOrArray]:
        """Azimuth from north over east, elevation, and distance of a position, shape (3,)."""
        fixed = _turned(matrix_at(self.rotation, t), position)
        return look_at(fixed, *self.geometry())  # type: ignore[no-any-return]

    def range_rate(
        self, position: ValueLike, velocity: ValueLike, t: ValueLike
    ) -> ExpressionOrArray:
        """How fast the distance grows."""
        matrix, slope = matrix_at(self.rotation, t), slope_at(self.rotation, t)
        fixed = _turned(matrix, position)
        moving = _sum(_turned(matrix, velocity), _turned(slope, position))
        return _rate(fixed, moving, self._vector())  # type: ignore[no-any-return]

    def above_mask(self, position: ValueLike, t: ValueLike) -> ExpressionOrArray:
        """The elevation beyond that of the mask: positive where the object is seen.

        As an expression it is an event of integrators, whose roots are rise and set.
        """
        azimuth, elevation, _ = self.look(position, t)
        return elevation - lowest(self.mask, azimuth)

    def horizon(self) -> np.ndarray:
        """East, north and up as rows of a matrix, in the station's frame.

        Raises ArgumentError where up is not known, or east is no direction.
        """
        up = self.up
        if up is None:
            numbers = [x for x in self.place if not isinstance(x, Expression)]
            if len(numbers) < 3 or not np.linalg.norm(np.asarray(numbers, float)):
                raise ArgumentError(
                    f"the station {self.name} needs `up` for azimuths and elevations"
                )
            vector = np.asarray(numbers, float)
            up = tuple(vector / np.linalg.norm(vector))
        east = np.array([-up[1], up[0], 0.0])
        if np.linalg.norm(east) < NEAR_THE_AXIS:
            east = np.array([0.0, 1.0, 0.0])  # what the meridian of longitude 0 has
        east /= np.linalg.norm(east)
        return np.stack([east, np.cross(up, east), np.asarray(up, float)])

    def geometry(self) -> tuple[Any, ...]:
        """The station's place, and the directions east, north and up, in its frame."""
        return self._vector(), *self.horizon()

    def _vector(self) -> Any:
        if any(isinstance(x, Expression) for x in self.place):
            return stack([as_expression(x) for x in self.place])
        return np.asarray(self.place, float)


def check_station(station: object) -> Station:
    """It, or an ArgumentTypeError where it is none."""
    if not isinstance(station, Station):
        raise ArgumentTypeError(
            f"a station must be a taylor.astrodynamics.Station, got {station!r:.60}"
        )
    return station


def _checked(mask: object) -> Mask:
    """A mask in numbers."""
    if isinstance(mask, (int, float)):
        _check_elevation(mask)
        return mask
    pairs = tuple((float(azimuth), float(elevation)) for azimuth, elevation in mask)  # type: ignore[attr-defined]
    azimuths = [azimuth for azimuth, _ in pairs]
    if not azimuths or sorted(set(azimuths)) != azimuths or azimuths[0] < 0:
        raise ArgumentError("Station: azimuths of the mask must increase from 0 on")
    for _, elevation in pairs:
        _check_elevation(elevation)
    return pairs


def _check_elevation(elevation: float) -> None:
    right = math.pi / 2
    check_number("Station", "mask", elevation, least=-right, most=right, unit="rad")


def _coordinates(place: object) -> tuple[Coordinate, ...]:
    if isinstance(place, Expression):
        if place.shape != (3,):
            raise ShapeError(f"Station: place must have shape (3,), got {place.shape}")
        return tuple(place[k] for k in range(3))
    if not isinstance(place, Sequence | np.ndarray) or len(place) != 3:
        raise ArgumentError(f"Station: place must be three coordinates in km, got {place!r:.60}")
    found: list[Coordinate] = []
    for x in place:
        if isinstance(x, Expression):
            found.append(x)
            continue
        if not isinstance(x, int | float | np.number) or not math.isfinite(x):
            raise ArgumentError(f"Station: place has {x!r}, which is no finite number")
        found.append(float(x))
    return tuple(found)


# -- turning ---------------------------------------------------------------------------------------


def _still(t: Any) -> Expression:
    """The rotation of axes that do not turn."""
    return constant(np.eye(3)) + 0 * as_expression(t)


@cache
def _programs(rotation: Rotation) -> tuple[Any, Any]:
    """Matrices and their slopes at many times."""
    return jit(vmap(rotation)), jit(vmap(jacobian(rotation)))


def matrix_at(rotation: Rotation | None, t: Any) -> Any:
    """The matrix at a time, or matrices at many, as numbers if the times are numbers."""
    rotation = rotation or _still
    if type(t) is Expression or has_polynomials([t]):
        return rotation(t)
    return _at(_programs(rotation)[0], t)


def slope_at(rotation: Rotation | None, t: Any) -> Any:
    """The derivative of the matrix by time."""
    rotation = rotation or _still
    if type(t) is Expression:
        return jvp(rotation, (t,), (as_expression(1),))[1]
    return _at(_programs(rotation)[1], t)


def _at(program: Any, t: Any) -> np.ndarray:
    times = np.asarray(t, dtype=np.float64)
    return np.asarray(program(times.reshape(-1))).reshape(*times.shape, 3, 3)


@formula("(3),(3)->(3)", "Station")
def _sum(a: Any, b: Any) -> Any:
    return a + b


@formula("(3),(3),(3)->()", "Station")
def _rate(fixed: Any, moving: Any, place: Any) -> Any:
    line = summed(triple(fixed), scaled(-1, triple(place)))
    return dot(line, triple(moving)) / norm(line)


@formula("(9),(3)->(3)", "Station")
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


@formula("(3),(3),(3),(3),(3)->(),(),()", "Station")
def look_at(fixed: Any, place: Any, east: Any, north: Any, up: Any) -> tuple[Any, Any, Any]:
    """Azimuth, elevation and distance of a position in the station's frame."""
    line = summed(triple(fixed), scaled(-1, triple(place)))
    x, y, z = (dot(line, triple(axis)) for axis in (east, north, up))
    level = hypot(x, y)
    azimuth = math.pi + atan2(-x, -y)  # from 0 to 2 pi
    return azimuth, atan2(z, level), norm(line)


def lowest(mask: Mask, azimuth: Any) -> Any:
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
