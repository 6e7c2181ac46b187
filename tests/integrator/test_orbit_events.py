"""Events of orbits: apsides, nodes, and shadows against Kepler's solution in mpmath.

The orbit is that of the initial state exactly as float64 has it, so that nothing but the
integration and the event itself can differ.  Events are periodic: one revolution is solved in the
eccentric anomaly E, and Kepler's equation gives the times of all.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np
import pytest

import taylor as ty
from taylor.models import Elements, to_cartesian, two_body

GM, EARTH = 398600.4418, 6378.137  # km^3/s^2, km
MODEL = two_body(GM)
X, Y, Z, VX, VY, VZ = MODEL.variables
R = ty.sqrt(X * X + Y * Y + Z * Z)
RADIAL = X * VX + Y * VY + Z * VZ
SUN = tuple(np.array([0.6, 0.7, -0.3]) / math.sqrt(0.94))
SUN_RADIUS = math.radians(0.2666)  # half of the angle under which the Sun is seen


@dataclass(frozen=True)
class Kepler:
    """The orbit through a state: r = p (cos E - e) + q sin E, and E - e sin E = n (t - t_0)."""

    p: Any
    q: Any
    e: Any
    n: Any
    start: Any

    def position(self, anomaly: Any) -> Any:
        return self.p * (mpmath.cos(anomaly) - self.e) + self.q * mpmath.sin(anomaly)

    def time(self, anomaly: Any) -> Any:
        return self.start + (anomaly - self.e * mpmath.sin(anomaly)) / self.n

    def times(self, anomalies: list[Any], end: float) -> list[Any]:
        """All t in (0, end] at which E is one of the anomalies, up to whole turns; sorted."""
        period = 2 * mpmath.pi / self.n
        found = []
        for anomaly in anomalies:
            first = self.time(anomaly)
            turn = mpmath.floor(-first / period) + 1
            while first + turn * period <= end:
                found.append(first + turn * period)
                turn += 1
        return sorted(found)


def kepler(state: np.ndarray, gm: float = GM) -> Kepler:
    """Formulae: Murray & Dermott, Solar System Dynamics (1999), sections 2.3 and 2.4."""
    r, v = np.array([mpmath.mpf(float(c)) for c in state]).reshape(2, 3)
    distance = mpmath.sqrt(r @ r)
    a = 1 / (2 / distance - (v @ v) / gm)
    h = np.cross(r, v)
    eccentric = np.cross(v, h) / gm - r / distance
    e = mpmath.sqrt(eccentric @ eccentric)
    p = eccentric / e * a
    q = np.cross(h, p) / mpmath.sqrt(h @ h) * mpmath.sqrt(1 - e * e)
    anomaly = mpmath.atan2((r @ v) / mpmath.sqrt(gm * a), 1 - distance / a)
    n = mpmath.sqrt(gm / a**3)
    return Kepler(p, q, e, n, -(anomaly - e * mpmath.sin(anomaly)) / n)


def roots_in_a_turn(g: Callable[[Any], Any]) -> list[Any]:
    """Zeros of a function of E in one turn, in pieces of a degree and by bisection to the end."""
    edges = [2 * mpmath.pi * k / 360 for k in range(361)]
    values = [g(edge) for edge in edges]
    return [
        mpmath.findroot(g, (edges[k], edges[k + 1]), solver="anderson", tol=1e-50)
        for k in range(360)
        if values[k] * values[k + 1] < 0
    ]


def dot(a: Any, b: Any) -> Any:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def shadow(r: Any, sqrt: Callable[[Any], Any], sun_radius: float = 0.0) -> Any:
    """Positive in light, negative in the shadow of a sphere.

    r . s + sqrt(r^2 - R^2) is zero on the night half of the cylinder about the Sun's direction s,
    and nowhere else.  A Sun of angular radius a makes it a cone, the umbra's with a > 0, the
    penumbra's with a < 0: the angle between -r and s, compared with the radii under which Earth
    and Sun are seen.
    """
    tangent = sqrt(dot(r, r) - EARTH**2)
    return dot(r, SUN) + tangent * math.cos(sun_radius) + EARTH * math.sin(sun_radius)


def orbit(a: float, e: float, inclination: float = 0.9, mean: float = 0.4) -> np.ndarray:
    angles = (inclination, 1.1, 2.3, mean)
    return np.concatenate(to_cartesian(Elements(a, e, *angles), GM))


def errors(seen: ty.Crossings, exact: list[Any]) -> np.ndarray:
    """Of the times, which must be as many."""
    assert len(seen) == len(exact)
    return np.array([float(mpmath.mpf(t) - x) for t, x in zip(seen.times, exact, strict=True)])


def allowance(state: np.ndarray, end: float) -> float:
    """What times may be wrong by.

    Roundings of the state, which count 2/(1 - e) times in the energy where they are made at the
    pericentre, add up like a random walk; the phase moves by 3/2 of the energy's relative error
    times the angle swept since.
    """
    path = kepler(state)
    turns = end * float(path.n) / (2 * math.pi)
    energy = 2**-53 * 2 / (1 - float(path.e)) * math.sqrt(turns)
    return 4 * math.ulp(end) + 4 * 1.5 * energy * end


@pytest.mark.parametrize("e", [0.01, 0.3, 0.74, 0.95])
def test_apsides_and_nodes_of_many_revolutions(e: float) -> None:
    state = orbit(26560.0, e)
    events = [ty.Event(RADIAL, direction=d) for d in (1, -1)] + [
        ty.Event(Z, direction=d) for d in (1, -1)
    ]
    ta = ty.Integrator(MODEL.system, state, events=events)
    end = 100 * 43080.0
    outcome = ta.propagate_until(end)
    assert outcome.status is ty.Status.REACHED
    with mpmath.workdps(40):
        path = kepler(state)
        # p_z (cos E - e) + q_z sin E = 0
        top = mpmath.atan2(path.q[2], path.p[2])
        half = mpmath.acos(path.e * path.p[2] / mpmath.hypot(path.p[2], path.q[2]))
        rising, falling = top - half, top + half
        exact = [path.times([x], end) for x in (mpmath.mpf(0), mpmath.pi, rising, falling)]
        for seen, times in zip(outcome.events, exact, strict=True):
            assert np.abs(errors(seen, times)).max() < allowance(state, end)
        near = np.linalg.norm(outcome.events[0].states[:, :3], axis=1)
        far = np.linalg.norm(outcome.events[1].states[:, :3], axis=1)
        size = float(mpmath.sqrt(dot(path.p, path.p)))
        np.testing.assert_allclose(near, size * float(1 - path.e), rtol=1e-11)
        np.testing.assert_allclose(far, size * float(1 + path.e), rtol=1e-11)
    assert np.abs(outcome.events[2].states[:, 2]).max() < 1e-10


def test_apsides_in_double_double() -> None:
    state = orbit(26560.0, 0.74)
    events = [ty.Event(RADIAL), ty.Event(Z)]
    ta = ty.Integrator(MODEL.system, state, events=events, precision="double-double")
    end = 5 * 43080.0
    seen = ta.propagate_until(end).events[0]
    with mpmath.workdps(50):
        exact = kepler(state).times([mpmath.mpf(0), mpmath.pi], end)
        assert len(seen) == len(exact) == 10
        found = ty.to_mpmath(seen.times)
        assert max(abs(t - x) for t, x in zip(found, exact, strict=True)) < 1e-24


@pytest.mark.parametrize("sun_radius", [0.0, SUN_RADIUS, -SUN_RADIUS])
def test_shadow_of_a_circular_orbit(sun_radius: float) -> None:
    """r . s = a c cos(u - u_0) is the constant that the shadow's edge has at distance a."""
    a = 7000.0
    state = orbit(a, 0.0)
    events = [ty.Event(shadow((X, Y, Z), ty.sqrt, sun_radius), direction=d) for d in (-1, 1)]
    ta = ty.Integrator(MODEL.system, state, events=events)
    end = 30 * 5829.0
    entries, exits = ta.propagate_until(end).events
    with mpmath.workdps(40):
        r, v = np.array([mpmath.mpf(float(c)) for c in state]).reshape(2, 3)
        n = mpmath.sqrt(mpmath.mpf(GM) / a**3)
        edge = -shadow(r, mpmath.sqrt, sun_radius) + dot(r, SUN)
        cosine, sine = dot(r, SUN), dot(v, SUN) / n
        top, half = mpmath.atan2(sine, cosine), mpmath.acos(edge / mpmath.hypot(cosine, sine))
        circle = Kepler(r, v / n, mpmath.mpf(0), n, mpmath.mpf(0))
        # the state is a circle's but for its rounding
        tolerance = 1e-8
        assert np.abs(errors(entries, circle.times([top + half], end))).max() < tolerance
        assert np.abs(errors(exits, circle.times([top - half], end))).max() < tolerance
    assert len(entries) == len(exits) == 30


@pytest.mark.parametrize("sun_radius", [0.0, SUN_RADIUS, -SUN_RADIUS])
@pytest.mark.parametrize(("a", "e"), [(9000.0, 0.2), (26560.0, 0.72)])
def test_shadow_of_an_eccentric_orbit(a: float, e: float, sun_radius: float) -> None:
    state = orbit(a, e)
    events = [ty.Event(shadow((X, Y, Z), ty.sqrt, sun_radius), direction=d) for d in (-1, 0, 1)]
    ta = ty.Integrator(MODEL.system, state, events=events)
    end = 40 * 2 * math.pi * math.sqrt(a**3 / GM)
    entries, both, exits = ta.propagate_until(end).events
    with mpmath.workdps(40):
        path = kepler(state)
        roots = roots_in_a_turn(lambda E: shadow(path.position(E), mpmath.sqrt, sun_radius))
        assert len(roots) == 2
        error = errors(both, path.times(roots, end))
    assert np.abs(error).max() < allowance(state, end)
    assert both.directions.tolist() in ([-1, 1] * 40, [1, -1] * 40)
    assert sorted([*entries.times, *exits.times]) == both.times.tolist()


def test_a_grazing_shadow() -> None:
    """An orbit whose plane leaves the shadow: short eclipses, and then none, none too many."""
    a = 26560.0
    pole = np.array(SUN)
    across = np.cross(pole, [0.0, 0.0, 1.0])
    across /= np.linalg.norm(across)
    limit = math.asin(EARTH / a)  # the Sun's height over the orbital plane at which it grazes
    for excess, count in ((-1e-3, 2), (-1e-8, 2), (-1e-12, 2), (1e-10, 0), (1e-3, 0)):
        height = limit + excess
        toward = math.cos(height) * pole - math.sin(height) * np.cross(pole, across)
        state = np.concatenate([a * across, math.sqrt(GM / a) * toward])
        ta = ty.Integrator(MODEL.system, state, events=[ty.Event(shadow((X, Y, Z), ty.sqrt))])
        seen = ta.propagate_until(2 * math.pi * math.sqrt(a**3 / GM)).events[0]
        assert len(seen) == count
        if count:
            # cos(u) = sqrt(a^2 - R^2)/(a cos(height)) about the point opposite to the Sun
            with mpmath.workdps(40):
                cosine = mpmath.sqrt(a * a - mpmath.mpf(EARTH) ** 2) / (a * mpmath.cos(height))
                half = float(mpmath.acos(cosine) / mpmath.sqrt(GM / mpmath.mpf(a) ** 3))
            length = seen.times[1] - seen.times[0]
            assert length / 2 == pytest.approx(half, rel=max(1e-11, 1e-14 / abs(excess)))
