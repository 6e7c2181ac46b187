"""Two-body motion against mpmath: eccentric anomalies, hyperbolic ones and Barker's equation."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest

import taylor as ty

sky = ty.astrodynamics
MP = mpmath.mp.clone()
MP.dps = 60
GM = 398600.4418


def exactly(r: Any, v: Any, dt: float, gm: float) -> list[Any]:
    """Position and velocity at 60 digits, by what kind of conic section it is."""
    r, v = MP.matrix(r), MP.matrix(v)
    gm, dt = MP.mpf(gm), MP.mpf(dt)
    distance, speed2 = MP.norm(r), sum(x * x for x in v)
    sigma, alpha = sum(x * y for x, y in zip(r, v, strict=True)), 2 / distance - speed2 / gm
    if abs(alpha) * distance < MP.mpf(10) ** -25:
        # U_k = s**k/k! of a parabola: a cubic equation
        s0 = sigma / MP.sqrt(gm)
        roots = MP.polyroots(
            [MP.mpf(1) / 6, s0 / 2, distance, -MP.sqrt(gm) * dt], maxsteps=500, extraprec=400
        )
        s = min(roots, key=lambda z: abs(MP.im(z)))
        u = [MP.mpf(1), MP.re(s), MP.re(s) ** 2 / 2, MP.re(s) ** 3 / 6]
    elif alpha > 0:
        a = 1 / alpha
        n = MP.sqrt(gm / a**3)
        c, d = 1 - distance / a, sigma / MP.sqrt(gm * a)
        start = MP.atan2(d, c)
        e = MP.hypot(c, d)
        mean = start - d + n * dt
        turns = MP.nint(mean / (2 * MP.pi)) * 2 * MP.pi
        low, high = mean - turns - e - 1, mean - turns + e + 1
        later = MP.findroot(
            lambda x: x - e * MP.sin(x) - (mean - turns),
            (low, high),
            solver="anderson",
            tol=1e-60,
            maxsteps=200,
        )
        moved = later + turns - start
        k = MP.sqrt(alpha)
        u = [MP.cos(moved), MP.sin(moved) / k, (1 - MP.cos(moved)) / alpha]
        u.append((moved - MP.sin(moved)) / (k * alpha))
    else:
        a = -1 / alpha
        n = MP.sqrt(gm / a**3)
        c, d = 1 + distance / a, sigma / MP.sqrt(gm * a)  # e cosh F, e sinh F
        start = MP.atanh(d / c)
        e = MP.sqrt(c * c - d * d)
        mean = d - start + n * dt
        bound = MP.asinh(2 * abs(mean)) + 3
        later = MP.findroot(
            lambda x: e * MP.sinh(x) - x - mean,
            (-bound, bound),
            solver="anderson",
            tol=1e-60,
            maxsteps=200,
        )
        moved, k = later - start, MP.sqrt(-alpha)
        u = [MP.cosh(moved), MP.sinh(moved) / k, (MP.cosh(moved) - 1) / -alpha]
        u.append((MP.sinh(moved) - moved) / (k * -alpha))
    root = MP.sqrt(gm)
    f, g = 1 - u[2] / distance, (distance * u[1] + sigma / root * u[2]) / root
    far = distance * u[0] + sigma / root * u[1] + u[2]
    df, dg = -root * u[1] / (far * distance), 1 - u[2] / far
    return [*(f * r + g * v), *(df * r + dg * v)]


CASES = [
    ([7000.0, 100.0, -50.0], [0.1, 7.5, 1.0], 1800.0),
    ([7000.0, 100.0, -50.0], [0.1, 7.5, 1.0], -90000.0),
    ([7000.0, 100.0, -50.0], [0.1, 10.6, 1.0], 86400.0),  # nearly a parabola
    ([7000.0, 100.0, -50.0], [0.1, 10.7, 1.0], 86400.0),
    ([7000.0, 100.0, -50.0], [-3.0, 14.0, 1.0], 3e5),
    ([7000.0, 100.0, -50.0], [-3.0, 14.0, 1.0], -3e5),
    ([42164.0, 0.0, 0.0], [0.0, 3.0747, 0.0], 1.0),
    ([42164.0, 0.0, 0.0], [1.0, 0.02, 0.0], 20000.0),  # a thin ellipse
    ([7000.0, 0.0, 0.0], [5.0, 0.0, 0.0], 100.0),  # along a line
    ([384400.0, 1e4, 0.0], [-1.2, 0.001, 0.1], 1e5),
]


@pytest.mark.parametrize(("r", "v", "dt"), CASES)
def test_against_mpmath(r: Any, v: Any, dt: float) -> None:
    found = np.concatenate(sky.kepler_propagate(r, v, dt, GM))
    wanted = exactly(r, v, dt, GM)

    def later(x: Any) -> Any:
        return np.concatenate(sky.kepler_propagate(x[:3], x[3:6], x[6], GM))

    point = np.array([*r, *v, dt])
    # what a rounding of every number that is given moves
    moved = np.abs(ty.jacobian(later)(point)) @ np.abs(point) + np.abs(found)
    errors = np.abs([float(a - b) for a, b in zip(wanted, found, strict=True)])
    assert np.all(errors <= 2e-15 * moved)


def test_a_parabola() -> None:
    gm, q = 1.0, 0.5  # v = 2 at the pericentre is exact
    times = np.array([-1e4, -3.0, -1e-5, 0.0, 0.7, 12.0, 1e6])
    r, v = sky.kepler_propagate([q, 0.0, 0.0], [0.0, 2.0, 0.0], times, gm)
    for t, place, speed in zip(times, r, v, strict=True):
        # Barker's equation: w + w**3/3 = t sqrt(gm/(2 q**3)), w = tan(true/2)
        m = MP.mpf(float(t)) * MP.sqrt(gm / (2 * MP.mpf(q) ** 3))
        half = 1.5 * abs(m)
        a = MP.cbrt(half + MP.sqrt(half * half + 1))
        w = (a - 1 / a) * MP.sign(m)
        far = float(q * (1 + w * w))
        wanted = [q * (1 - w * w), 2 * q * w]
        np.testing.assert_allclose(place[:2], [float(x) for x in wanted], rtol=0, atol=3e-15 * far)
        assert speed @ speed == pytest.approx(float(2 * gm / far), rel=1e-14)


def test_there_and_back_and_energy() -> None:
    rng = np.random.default_rng(2)
    r, v = rng.normal(size=(2, 5000, 3))
    dt = rng.normal(size=5000) * 3
    later = sky.kepler_propagate(r, v, dt, 1.0)
    momentum = np.cross(*later) - np.cross(r, v)
    size = np.linalg.norm(later[0], axis=1) * np.linalg.norm(later[1], axis=1)
    assert np.max(np.abs(momentum) / (1 + size[:, None])) < 1e-12
    back = sky.kepler_propagate(*later, -dt, 1.0)
    assert np.quantile(np.linalg.norm(back[0] - r, axis=1), 0.99) < 1e-12


def test_jets_obey_the_equations_of_motion() -> None:
    r, v = np.array([1.0, 0.2, -0.1]), np.array([0.3, 1.1, 0.2])
    jet = ty.jet(lambda t: sky.kepler_propagate(r, v, t, 1.0)[0], 2.0, order=8)
    x, y, z = ty.variables("x y z")
    u = ty.variables("u v w")
    pull = -((x * x + y * y + z * z) ** -1.5)
    system = [*zip((x, y, z), u, strict=True)]
    system += [(w, pull * q) for w, q in zip(u, (x, y, z), strict=True)]
    ta = ty.Integrator(system, [*r, *v])
    ta.propagate_until(2.0)
    for h in (0.01, 0.02):
        ta.propagate_until(2.0 + h)
        np.testing.assert_allclose(h ** np.arange(9) @ jet, ta.state[:3], rtol=1e-13)


def test_expressions_arrays_and_polynomials_agree() -> None:
    r, v = np.array([[1.0, 0.2, -0.1], [0.5, 1.0, 2.0]]), np.array([0.3, 1.1, 0.2])
    wanted = sky.kepler_propagate(r, v, 1.5, 1.0)
    found = ty.jit(lambda r: sky.kepler_propagate(r, v, 1.5, 1.0))(r)
    np.testing.assert_allclose(found, wanted, rtol=1e-14)
    p = ty.Polynomial.variables("x y z", 2, at=r[0])
    image = sky.kepler_propagate(p, v, 1.5, 1.0)[0]
    shift = np.array([1e-5, -2e-5, 3e-5])
    near = sky.kepler_propagate(r[0] + shift, v, 1.5, 1.0)[0]
    np.testing.assert_allclose([q(*shift) for q in image], near, rtol=1e-12)
    slopes = ty.jacobian(lambda x: sky.kepler_propagate(x, v, 1.5, 1.0)[0])(r[0])
    units = np.eye(3, dtype=int)
    partials = [[q[tuple(unit)] for unit in units] for q in image]
    np.testing.assert_allclose(partials, slopes, rtol=1e-12)


def test_other_shapes_are_refused() -> None:
    with pytest.raises(ty.ShapeError, match="kepler_propagate: r must have shape"):
        sky.kepler_propagate([1.0, 2.0], [0, 1, 0], 1.0, 1.0)
    with pytest.raises(ty.ArgumentTypeError, match="no number"):
        sky.kepler_propagate(["a", "b", "c"], [0, 1, 0], 1.0, 1.0)
