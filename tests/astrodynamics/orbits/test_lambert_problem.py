"""Lambert's problem: published cases, mpmath, and orbits that have to arrive."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest

import taylor as ty

sky = ty.astrodynamics
MP = mpmath.mp.clone()
MP.dps = 50


def test_published_cases() -> None:
    # Vallado 2013, example 7-5
    v1, v2 = sky.lambert([15945.34, 0, 0], [12214.83899, 10249.46731, 0], 76 * 60, 398600.4418)
    np.testing.assert_allclose(v1, [2.058913, 2.915965, 0], atol=2e-6)
    np.testing.assert_allclose(v2, [-3.451565, 0.910315, 0], atol=2e-6)
    # Curtis 2013, example 5.2
    v1, v2 = sky.lambert([5000.0, 10000, 2100], [-14600.0, 2500, 7000], 3600.0, 398600.0)
    np.testing.assert_allclose(v1, [-5.9925, 1.9254, 3.2456], atol=5e-5)
    np.testing.assert_allclose(v2, [-3.3125, -4.1966, -0.38529], atol=5e-5)


def lagrange_time(r1: Any, r2: Any, a: Any, turns: int, far: bool, long: bool) -> Any:
    """Lagrange's equation of the ellipse with semi-major axis a, gm = 1, at 50 digits."""
    x, y = MP.matrix(r1), MP.matrix(r2)
    c, one, two = MP.norm(y - x), MP.norm(x), MP.norm(y)
    s = (one + two + c) / 2
    alpha = 2 * MP.asin(MP.sqrt(s / (2 * a)))
    beta = 2 * MP.asin(MP.sqrt((s - c) / (2 * a)))
    alpha = 2 * MP.pi - alpha if far else alpha
    beta = -beta if long else beta
    parts = (alpha - MP.sin(alpha)) - (beta - MP.sin(beta)) + 2 * MP.pi * turns
    return MP.sqrt(a**3) * parts


@pytest.mark.parametrize("turns", [0, 1, 4])
@pytest.mark.parametrize("far", [False, True])
@pytest.mark.parametrize("long", [False, True])
def test_ellipses_by_lagranges_equation(turns: int, far: bool, long: bool) -> None:
    """From a semi-major axis to a time at 50 digits, and from this back to the axis."""
    r1, r2 = [1.0, 0.25, 0.125], [-0.5, 1.5, 0.375]
    a = 1.25
    dt = float(lagrange_time(r1, r2, MP.mpf(a), turns, far, long))
    axes = []
    for branch in ("low", "high") if turns else ("low",):
        v1, v2 = sky.lambert(r1, r2, dt, 1.0, revolutions=turns, branch=branch, prograde=not long)
        axes.append(1 / (2 / np.linalg.norm(r1) - v1 @ v1))
        assert 1 / (2 / np.linalg.norm(r2) - v2 @ v2) == pytest.approx(axes[-1], rel=1e-13)
    assert min(abs(np.array(axes) - a)) < 2e-13


def test_hyperbolas_and_parabolas_arrive() -> None:
    """Points on orbits of any kind that are known at both ends."""
    rng = np.random.default_rng(4)
    n = 4000
    q, e = rng.uniform(0.3, 2, n), np.concatenate([np.ones(n // 2), rng.uniform(1, 4, n // 2)])
    first, second = -rng.uniform(0.1, 9, n), rng.uniform(0.1, 9, n)
    rest = [rng.uniform(0.05, 3, n), rng.uniform(-3, 3, n), rng.uniform(-3, 3, n)]
    one = sky.convert_elements(np.stack([q, e, *rest, first], -1), "cometary", "cartesian", 1.0)
    two = sky.convert_elements(np.stack([q, e, *rest, second], -1), "cometary", "cartesian", 1.0)
    turn = np.cross(one[:, :3], one[:, 3:])
    v1, v2 = sky.lambert(one[:, :3], two[:, :3], second - first, 1.0, axis=turn)
    for found, wanted in ((v1, one), (v2, two)):
        errors = np.linalg.norm(found - wanted[:, 3:], axis=1)
        assert np.quantile(errors, 0.9) < 1e-14
        assert errors.max() < 1e-11  # near half a turn the plane is badly determined


def test_orbits_of_all_shapes_arrive() -> None:
    rng = np.random.default_rng(1)
    n = 100_000
    r1, r2 = rng.normal(size=(2, n, 3))
    dt = 10 ** rng.uniform(-2, 3, n)
    for turns, branch in ((0, "low"), (1, "low"), (1, "high"), (5, "high")):
        v1, v2 = sky.lambert(r1, r2, dt, 1.0, revolutions=turns, branch=branch)
        there = np.isfinite(v1).all(axis=1)
        assert there.all() if turns == 0 else 0.1 < there.mean() < 0.6
        a, b = (x[there] for x in (r1, r2))
        u, w = v1[there], v2[there]
        # energy and momentum at both ends, and the turn
        energy = [(x * x).sum(1) / 2 - 1 / np.linalg.norm(y, axis=1) for x, y in ((u, a), (w, b))]
        scale = (u * u).sum(1) + (w * w).sum(1) + 1
        assert np.max(np.abs(energy[0] - energy[1]) / scale) < 1e-12
        momentum = np.cross(a, u)
        assert (momentum[:, 2] >= 0).all()
        np.testing.assert_allclose(momentum, np.cross(b, w), atol=1e-9, rtol=1e-9)
        closed = (energy[0] < -0.05) | (turns == 0)
        later, _ = sky.kepler_propagate(a[closed], u[closed], dt[there][closed], 1.0)
        errors = np.linalg.norm(later - b[closed], axis=1)
        assert np.quantile(errors, 0.8) < 1e-11


def test_there_is_none_below_the_shortest_time() -> None:
    r1, r2 = [1.0, 0, 0], [0, 1.5, 0]
    for turns in (1, 2):
        times = np.linspace(5.0, 30.0, 4001)
        v1, _ = sky.lambert(r1, r2, times, 1.0, revolutions=turns)
        there = np.isfinite(v1[:, 0])
        first = int(np.argmax(there))
        assert first > 0 and there[first:].all() and not there[:first].any()
        low, high = (
            sky.lambert(r1, r2, times[first], 1.0, revolutions=turns, branch=b)[0]
            for b in ("low", "high")
        )
        assert np.linalg.norm(low - high) < 0.3  # both meet there


def test_all_of_them() -> None:
    found = sky.lambert_all([1.0, 0, 0], [0, 1.5, 0.3], 40.0, 1.0)
    for t in found:
        later, _ = sky.kepler_propagate([1.0, 0, 0], t.v1, 40.0, 1.0)
        np.testing.assert_allclose(later, [0, 1.5, 0.3], atol=1e-11)
        assert (np.cross([1.0, 0, 0], t.v1)[2] > 0) == t.prograde
        a = 1 / (2 - t.v1 @ t.v1)
        assert int(40.0 / (2 * np.pi * a**1.5)) == t.revolutions
    assert max(t.revolutions for t in found) >= 4
    assert all(
        t.revolutions <= 1 for t in sky.lambert_all([1.0, 0, 0], [0, 1.5, 0], 40.0, 1.0, most=1)
    )


@pytest.mark.parametrize("turns", [0, 1])
def test_derivatives_invert_those_of_propagation(turns: int) -> None:
    """dv1/dr2 is the inverse of dr2/dv1, and jets in time keep arriving."""
    r1, r2, dt = np.array([1.0, 0.1, 0.2]), np.array([-0.3, 1.2, 0.4]), 18.0
    v1, _v2 = sky.lambert(r1, r2, dt, 1.0, revolutions=turns)

    def aimed(x: Any) -> Any:
        return sky.lambert(r1, x, dt, 1.0, revolutions=turns)[0]

    there = ty.jacobian(lambda v: sky.kepler_propagate(r1, v, dt, 1.0)[0])(v1)
    np.testing.assert_allclose(ty.jacobian(aimed)(r2) @ there, np.eye(3), atol=1e-9)
    jet = ty.jet(lambda t: sky.lambert(r1, r2, t, 1.0, revolutions=turns)[0], dt, order=6)
    near = sky.lambert(r1, r2, dt + 0.05, 1.0, revolutions=turns)[0]
    np.testing.assert_allclose(0.05 ** np.arange(7) @ jet, near, rtol=1e-9)
    p = ty.Polynomial.variables("x y z", 2, at=r2)
    image, shift = aimed(p), np.array([1e-5, 2e-5, -1e-5])
    np.testing.assert_allclose([q(*shift) for q in image], aimed(r2 + shift), rtol=1e-11)


def test_words_that_are_refused() -> None:
    for options in ({"branch": "left"}, {"revolutions": -1}, {"revolutions": 0.5}):
        with pytest.raises(ty.ArgumentError, match="lambert"):
            sky.lambert([1, 0, 0], [0, 1, 0], 1.0, 1.0, **options)
