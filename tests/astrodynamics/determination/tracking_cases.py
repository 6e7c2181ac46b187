"""Orbits, stations and tables that the tests of orbit determination share."""

from __future__ import annotations

from functools import cache

import numpy as np

import taylor as ty

sky = ty.astrodynamics
GM, J2, RADIUS, SPIN = 398600.4418, 1.08262668e-3, 6378.137, 7.292115e-5
Q, V = ty.variable("q", shape=(3,)), ty.variable("v", shape=(3,))
GM_, J2_ = ty.parameter("gm"), ty.parameter("j2")
START = np.array([7000.0, 100.0, -50.0, 0.3, 5.3, 5.4])


def equations() -> list[tuple[ty.Expression, ty.Expression]]:
    """A satellite of a flattened Earth."""
    r = ty.sqrt(ty.sum(Q * Q))
    f, s = 1.5 * J2_ * (RADIUS / r) ** 2, 5 * (Q[2] / r) ** 2
    return [
        (Q, V),
        (V, -GM_ * Q / r**3 * ty.stack([1 - f * (s - 1), 1 - f * (s - 1), 1 - f * (s - 3)])),
    ]


def orbit(start: np.ndarray = START, **options: object) -> ty.Integrator:
    """The satellite."""
    values = {GM_: GM, J2_: J2}
    return ty.Integrator(equations(), start, parameters=values, **options)  # type: ignore[arg-type]


def spinning(t: ty.Expression) -> ty.Expression:
    """From axes that stay to those of the Earth."""
    c, s = ty.cos(SPIN * t), ty.sin(SPIN * t)
    return ty.stack([c, s, 0, -s, c, 0, 0, 0, 1]).reshape(3, 3)


STATIONS = [
    sky.Station.geodetic(name, np.radians(latitude), np.radians(longitude), 0.2, spinning)
    for name, latitude, longitude in (("north", 48, 11), ("south", -31, 116), ("west", 35, -117))
]


@cache
def plan(light: bool = False, count: int = 20, last: float = 12000.0) -> tuple[sky.Tracking, ...]:
    """Every kind of measurement from every station, without values."""
    times, found = np.linspace(30.0, last, count), []
    for station in STATIONS:
        kinds = [
            (sky.Range(station, light_time=light, two_way=light), 0.01),
            (sky.RangeRate(station, light_time=light, two_way=light), 1e-5),
            (sky.EquatorialAngles(station, light_time=light), 1e-4),
            (sky.HorizonAngles(station, light_time=light), 1e-4),
        ]
        for kind, sigma in kinds:
            blank = np.zeros((count, len(kind.labels)))
            found.append(sky.Tracking(kind, times, blank, sigma))
    return tuple(found)
