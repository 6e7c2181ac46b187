"""Where observers stand: a place in a frame that turns, with its own horizon."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

from taylor.astrodynamics.encounters.stations import GroundStation
from taylor.astrodynamics.frames.geodetic import WGS84, Ellipsoid, geodetic_to_position
from taylor.errors import ArgumentError, ArgumentTypeError, ShapeError
from taylor.expressions.expression import Expression
from taylor_runtime.program.records import dataclass

NEAR_THE_AXIS = 1e-9  # of the radius: there east is no direction

Rotation: TypeAlias = Callable[[Expression], Expression]
Coordinate: TypeAlias = "float | Expression"


@dataclass(frozen=True, eq=False)
class Station:
    """An observer: made from a fixed vector, or by `Station.geodetic`.

    name:     for tables and pictures.
    place:    three coordinates in the station's frame, km; parameters where they are estimated.
    rotation: a function of the integrator's time that gives the matrix, shape (3, 3), from the
              trajectory's axes to those of the station, as `gcrs_to_itrf`; written with taylor's
              functions.  None where these axes are the same.
    up:       the vertical in the station's frame, for azimuths and elevations; None where that is
              away from the origin.

    >>> import taylor as ty
    >>> def spinning(t):
    ...     c, s = ty.cos(7.292115e-5 * t), ty.sin(7.292115e-5 * t)
    ...     return ty.stack([c, s, 0, -s, c, 0, 0, 0, 1]).reshape(3, 3)
    >>> ty.astrodynamics.Station.geodetic("equator", 0.0, 0.0, rotation=spinning).place
    (6378.137, 0.0, 0.0)
    """

    name: str
    place: tuple[Coordinate, ...]
    rotation: Rotation | None = None
    up: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.name, str):
            raise ArgumentTypeError(f"Station: the name must be a text, got {self.name!r}")
        if self.rotation is not None and not callable(self.rotation):
            raise ArgumentTypeError(
                "Station: rotation must be a function of time that returns a (3, 3) matrix, got "
                f"{self.rotation!r:.60}"
            )
        object.__setattr__(self, "place", _coordinates(self.place))
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
        altitude: float = 0.0,
        rotation: Rotation | None = None,
        *,
        ellipsoid: Ellipsoid = WGS84,
    ) -> Station:
        """A station at geodetic coordinates, radians and km, on an ellipsoid."""
        given = (latitude, longitude, altitude)
        if not all(isinstance(x, int | float | np.number) and math.isfinite(x) for x in given):
            raise ArgumentError(f"Station: coordinates must be finite numbers, got {given}")
        if abs(latitude) > math.pi / 2:
            raise ArgumentError(f"Station: the latitude is {latitude!r}, beyond a pole (radians)")
        place = np.asarray(geodetic_to_position(*given, ellipsoid), float)
        flat = math.cos(latitude)
        up = (flat * math.cos(longitude), flat * math.sin(longitude), math.sin(latitude))
        return cls(name, tuple(place.tolist()), rotation, up)

    @classmethod
    def of(cls, station: Station | GroundStation) -> Station:
        """The same station, or that of a `GroundStation`.

        Raises ArgumentTypeError for anything else.
        """
        if isinstance(station, Station):
            return station
        if not isinstance(station, GroundStation):
            raise ArgumentTypeError(
                "a station must be a taylor.astrodynamics.Station or GroundStation, got "
                f"{station!r:.60}"
            )
        g = station
        called = f"{math.degrees(g.latitude):.2f} {math.degrees(g.longitude):.2f}"
        place = g.latitude, g.longitude, g.height
        return cls.geodetic(called, *place, g.rotation, ellipsoid=g.ellipsoid)

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
