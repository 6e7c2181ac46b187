"""Transfers, flybys, the b-plane and pork chops: closed forms and propagated hyperbolas."""

from __future__ import annotations

from typing import Any

import matplotlib
import numpy as np
import pytest

import taylor as ty

sky = ty.astrodynamics
GM = 398600.4418


def test_published_transfers() -> None:
    # Vallado 2013, examples 6-1 and 6-2
    first, second, seconds = sky.hohmann(6569.4781, 42159.4856, GM)
    assert first + second == pytest.approx(3.935224, abs=2e-5)
    assert seconds / 60 == pytest.approx(315.403, abs=2e-3)
    found = sky.bi_elliptic(6569.4781, 382688.1366, 510251.2366, GM)
    assert np.abs(found[:3]).sum() == pytest.approx(3.904057, abs=1e-4)
    assert found[3] / 3600 == pytest.approx(593.92, abs=0.02)


def test_hohmanns_is_lamberts_at_half_a_turn() -> None:
    first, _, seconds = sky.hohmann(1.0, 2.0, 1.0)
    angle = np.pi - 1e-5
    v1, _ = sky.lambert([1.0, 0, 0], [2 * np.cos(angle), 2 * np.sin(angle), 0], seconds, 1.0)
    np.testing.assert_allclose(v1, [0, 1 + first, 0], atol=2e-5)


@pytest.mark.parametrize("angle", [0.0, 1.0, -2.5])
def test_flybys_of_propagated_hyperbolas(angle: float) -> None:
    """A spacecraft that is placed on its asymptote, at the point of the b-plane."""
    v_inf, pericentre = np.array([2.0, 3.0, -1.0]), 9000.0
    speed = np.linalg.norm(v_inf)
    s = v_inf / speed
    t = np.cross(s, [0, 0, 1.0])
    t /= np.linalg.norm(t)
    r = np.cross(s, t)
    b = pericentre * np.sqrt(1 + 2 * GM / (pericentre * speed**2))
    place = b * (np.cos(angle) * t + np.sin(angle) * r) - 1e10 * s
    b_t, b_r = sky.b_plane(place, v_inf, GM)
    np.testing.assert_allclose(
        [b_t, b_r], [b * np.cos(angle), b * np.sin(angle)], rtol=2e-3, atol=1e-6
    )
    _, leaving = sky.kepler_propagate(place, v_inf, 2e10 / speed, GM)
    wanted = sky.flyby(v_inf, pericentre, angle, GM)
    np.testing.assert_allclose(leaving, wanted, atol=2e-3 * speed)
    turned = np.arccos(wanted @ v_inf / speed**2)
    assert turned == pytest.approx(sky.flyby_turn(speed, pericentre, GM), rel=1e-12)
    osculating = sky.convert_elements([*place, *v_inf], "cartesian", "cometary", GM)
    assert osculating[0] == pytest.approx(pericentre, rel=2e-3)


def test_ellipses_in_the_b_plane() -> None:
    place, speed = np.array([-1e6, 2e4, 1e4]), np.array([3.2, 0.1, 0.0])
    rng = np.random.default_rng(3)
    root = np.diag([10.0, 20, 5, 1e-4, 1e-4, 2e-4])
    ellipse = sky.b_plane_ellipse(place, speed, root @ root.T, GM)
    samples = np.concatenate([place, speed]) + rng.normal(size=(200_000, 6)) @ root
    points = np.stack(sky.b_plane(samples[:, :3], samples[:, 3:], GM), axis=-1)
    values = np.linalg.eigvalsh(np.cov(points.T))
    np.testing.assert_allclose(np.sqrt(values[::-1]), ellipse.semi_axes, rtol=0.01)
    np.testing.assert_allclose(points.mean(axis=0), ellipse.center, atol=0.5)
    inside = ellipse.points(sigma=2.0)
    away = inside - ellipse.center
    squared = np.einsum("ni,ij,nj->n", away, np.linalg.inv(np.cov(points.T)), away)
    np.testing.assert_allclose(squared, 4.0, rtol=0.03)


def circle(radius: float, phase: float) -> Any:
    def motion(t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        angle, zero = phase + t * radius**-1.5, 0 * t
        r = radius * np.stack([np.cos(angle), np.sin(angle), zero], axis=-1)
        v = radius**-0.5 * np.stack([-np.sin(angle), np.cos(angle), zero], axis=-1)
        return r, v

    return motion


def test_a_porkchop_has_hohmanns_transfer_in_it() -> None:
    first, second, flight = sky.hohmann(1.0, 1.5, 1.0)
    # the target is half a turn ahead when the spacecraft arrives
    phase = np.pi - flight * 1.5**-1.5
    starts, ends = np.linspace(-1, 1, 41), flight + np.linspace(-1, 1, 41)
    chart = sky.porkchop(circle(1.0, 0.0), circle(1.5, phase), starts, ends, 1.0)
    assert chart.c3.shape == chart.v_inf.shape == chart.time_of_flight.shape == (41, 41)
    cost = np.sqrt(chart.c3) + chart.v_inf
    i, j = chart.best(cost)
    assert abs(starts[i]) <= 0.1 and abs(ends[j] - flight) <= 0.15
    assert cost[i, j] == pytest.approx(first + second, rel=0.02)
    assert np.nanmin(cost) >= (first + second) * (1 - 1e-9)
    early = sky.porkchop(circle(1.0, 0.0), circle(1.5, 0.0), [0.0, 5.0], [1.0, 6.0], 1.0)
    assert np.isnan(early.c3[1, 0]) and np.isfinite(early.c3[[0, 0, 1], [0, 1, 1]]).all()
    matplotlib.use("Agg")
    assert chart.plot(day=1.0, largest=0.3).get_xlabel() == "departure [days]"


def test_what_a_porkchop_refuses() -> None:
    with pytest.raises(ty.ArgumentError, match="departures"):
        sky.porkchop(circle(1, 0), circle(2, 0), [[0.0]], [1.0], 1.0)
    with pytest.raises(ty.ArgumentError, match="arrival returned shapes"):
        sky.porkchop(circle(1, 0), lambda t: (t, t), [0.0], [1.0], 1.0)
