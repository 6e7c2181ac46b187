"""The attraction of other bodies against the direct formula in many digits."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest

import taylor as ty
from taylor.astrodynamics.forces.third_body import third_body
from taylor.errors import ArgumentError

MP = mpmath.MPContext()
MP.dps = 40
R, S = ty.variable("r", shape=(3,)), ty.variable("s", shape=(3,))
RNG = np.random.default_rng(8)
sky = ty.astrodynamics


def directly(r: Any, s: Any, gm: float) -> list[Any]:
    """G M ((s - r) / |s - r|^3 - s / |s|^3)."""
    r, s = [MP.mpf(float(x)) for x in r], [MP.mpf(float(x)) for x in s]
    d = [b - a for a, b in zip(r, s, strict=True)]
    d3, s3 = (MP.sqrt(sum(x * x for x in v)) ** 3 for v in (d, s))
    return [gm * (x / d3 - y / s3) for x, y in zip(d, s, strict=True)]


@pytest.mark.parametrize("distance", [1e-6, 1.0, 7000.0, 42164.0, 3e5, 1e6])
@pytest.mark.parametrize("far", [384400.0, 1.5e8])
def test_nothing_cancels(distance: float, far: float) -> None:
    f = ty.compile(third_body(R, S, 4902.8), [R, S])
    for _ in range(10):
        r, s = (RNG.normal(size=3) for _ in range(2))
        r, s = r / np.linalg.norm(r) * distance, s / np.linalg.norm(s) * far
        expected = directly(r, s, 4902.8)
        size = max(abs(float(x)) for x in expected)
        error = max(abs(float(x - y)) for x, y in zip(expected, f(r, s), strict=True))
        assert error < 3e-15 * size


def test_near_the_body() -> None:
    """1800 km from the Moon: what the rounding of r makes of it, and no more."""
    f = ty.compile(third_body(R, S, 4902.8), [R, S])
    s = np.array([384400.0, 1000.0, -300.0])
    r = s + np.array([1000.0, -1100.0, 1050.0])
    expected = np.array([float(x) for x in directly(r, s, 4902.8)])
    assert np.abs(f(r, s) - expected).max() < 1e-13 * np.abs(expected).max()


def test_bodies_add_up_and_masses_may_be_parameters() -> None:
    pytest.importorskip("de421")
    ephemeris = sky.Ephemeris("de421").over(0.0, 1e6)
    gm = ty.parameter("gm")
    r, v = ty.variable("r", shape=(3,)), ty.variable("v", shape=(3,))
    state = sky.OrbitState(ty.time, r, v)
    both = sky.ThirdBody(ephemeris, ["sun", "moon"], gm={"moon": gm}).acceleration(state)
    f = ty.compile(both, [ty.time, r, gm])
    place, t = np.array([7000.0, -1000.0, 2000.0]), 4e5
    for mass in (4902.8, 5000.0):
        expected = sum(
            np.array([float(x) for x in directly(place, ephemeris.position(body, t), m)])
            for body, m in (("sun", ephemeris.gm("sun")), ("moon", mass))
        )
        assert np.allclose(f(t, place, mass), expected, rtol=1e-13, atol=0)
    slope = ty.compile(ty.diff(both[0], gm), [ty.time, r, gm])
    unit = directly(place, ephemeris.position("moon", t), 1.0)[0]
    assert float(slope(t, place, 4902.8)) == pytest.approx(float(unit), rel=1e-12)


def test_a_satellite_goes_round_with_sun_and_moon() -> None:
    """Ten days with tables that machine code looks up, against many digits of arithmetic."""
    pytest.importorskip("de421")
    ephemeris = sky.Ephemeris("de421").over(0.0, 20 * 86400.0)
    r, v = ty.variable("r", shape=(3,)), ty.variable("v", shape=(3,))
    force = sky.ThirdBody(ephemeris, ["sun", "moon"])
    pull = force.acceleration(sky.OrbitState(ty.time, r, v))
    system = [(r, v), (v, -398600.4418 / (r * r).sum() ** 1.5 * r + pull)]
    start = [42164.0, 0.0, 0.0, 0.0, 3.0, 0.6]
    ta = ty.Integrator(system, start, time=1000.0)
    ta.propagate_until(10 * 86400.0)
    fine = ty.Integrator(system, start, time=1000.0, precision="double-double", tol=1e-25)
    fine.propagate_until(10 * 86400.0)
    assert np.abs(ta.state - fine.state[:, 0]).max() < 1e-6
    without = ty.Integrator([(r, v), (v, -398600.4418 / (r * r).sum() ** 1.5 * r)], start)
    without.propagate_until(10 * 86400.0 - 1000.0)
    assert 1.0 < np.linalg.norm(ta.state[:3] - without.state[:3]) < 1000.0


def test_third_body_refusals() -> None:
    pytest.importorskip("de421")
    ephemeris = sky.Ephemeris("de421")
    with pytest.raises(ArgumentError, match="there are no bodies"):
        sky.ThirdBody(ephemeris, [])
    with pytest.raises(ArgumentError, match="none of the bodies"):
        sky.ThirdBody(ephemeris, "moon", gm={"sun": 1.0})
    state = sky.OrbitState(ty.time, R, S)
    with pytest.raises(ArgumentError, match="is the central body"):
        sky.ThirdBody(ephemeris, "earth").acceleration(state)
    with pytest.raises(ArgumentError, match="there are no bodies"):
        sky.PointMasses(ephemeris, [])
    with pytest.raises(ArgumentError, match="none of the bodies"):
        sky.PointMasses(ephemeris, ["sun"], gm={"moon": 1.0})
