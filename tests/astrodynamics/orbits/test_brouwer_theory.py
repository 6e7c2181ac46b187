"""Brouwer's mean elements are constant, or turn evenly, along integrated orbits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import taylor as ty

sky = ty.astrodynamics
GM, RADIUS = 398600.4418, 6378.137
MEAN = np.array([7500.0, 0.05, 1.2, 0.3, 0.4, 0.5])


def integrated(start: np.ndarray, times: np.ndarray, zonal: list[float]) -> np.ndarray:
    """States in the zonal field, whose polynomials of Legendre are written out."""
    x, y, z, *v = ty.variables("x y z vx vy vz")
    r = ty.sqrt(x * x + y * y + z * z)
    s = z / r
    legendre = [
        (3 * s**2 - 1) / 2,
        (5 * s**3 - 3 * s) / 2,
        (35 * s**4 - 30 * s**2 + 3) / 8,
        (63 * s**5 - 70 * s**3 + 15 * s) / 8,
    ]
    field: Any = 1
    for n, (j, p) in enumerate(zip(zonal, legendre, strict=False), start=2):
        field = field - j * (RADIUS / r) ** n * p
    slopes = [(w, ty.diff(GM / r * field, q)) for w, q in zip(v, (x, y, z), strict=True)]
    ta = ty.Integrator([*zip((x, y, z), v, strict=True), *slopes], start)
    return ta.propagate_grid(times).states


def drift(zonal: list[float], days: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """How far mean elements of an integrated orbit stray from their secular motion, and how far
    osculating ones do.
    """
    earth = {"radius": RADIUS, "zonal": zonal}
    start = sky.osculating_elements(MEAN, GM, **earth)
    times = np.linspace(0.0, 86400.0 * days, 400)
    states = integrated(sky.convert_elements(start, "keplerian", "cartesian", GM), times, zonal)
    osculating = sky.convert_elements(states, "cartesian", "keplerian", GM)
    mean = sky.mean_elements(osculating, GM, **earth)
    even = sky.propagate_mean(MEAN, times, GM, **earth)

    def off(x: np.ndarray) -> np.ndarray:
        d = x - even
        d[:, 3:] -= 2 * np.pi * np.round(d[:, 3:] / (2 * np.pi))
        return np.abs(d).max(axis=0) / [MEAN[0], 1, 1, 1, 1, 1]

    return off(mean), off(osculating)


def test_residuals_are_of_second_order() -> None:
    large, waves = drift([1e-3])
    small, _ = drift([1e-4])
    assert np.all(large[:3] < 3 * 1e-6) and np.all(large[3:5] < 40e-6) and large[5] < 4e-4
    assert np.all(waves[:3] > 150 * large[:3])
    # ten times less J2, a hundred times less is left; secular rates are of second order themselves
    np.testing.assert_array_less(70, large / small)


def test_higher_harmonics() -> None:
    with_all, _ = drift([1e-3, -2e-6, -1.5e-6, -2e-7], 3.0)
    without, _ = drift([1e-3], 3.0)
    assert np.all(with_all < 5 * without + 5e-6)
    # were J3 not in the mean elements, its long-periodic terms would be there in full
    earth = {"radius": RADIUS, "zonal": [1e-3, -2e-6]}
    wave = sky.osculating_elements(MEAN, GM, **earth) - sky.osculating_elements(
        MEAN, GM, radius=RADIUS, zonal=[1e-3]
    )
    assert abs(wave[1]) > 1e-4


def test_the_inverse_and_circles_in_the_equator() -> None:
    earth = {"radius": RADIUS, "zonal": [1.08262668e-3, -2.5327e-6, -1.6196e-6, -2.27e-7]}
    for start in ([7000.0, 0.0, 0.0, 0.0, 0.0, 1.0], [26000.0, 0.7, 0.01, -0.02, 0.03, 2.0]):
        osculating = sky.osculating_elements(start, GM, **earth, kind="equinoctial")
        assert np.isfinite(osculating).all()
        back = sky.mean_elements(osculating, GM, **earth, kind="equinoctial")
        np.testing.assert_allclose(back, start, rtol=1e-13, atol=1e-15)


def test_mean_elements_have_derivatives() -> None:
    earth = {"radius": RADIUS, "zonal": [1.08262668e-3]}
    start = sky.convert_elements(MEAN, "keplerian", "equinoctial", GM)

    def osculating(x: Any) -> Any:
        return sky.osculating_elements(x, GM, **earth, kind="equinoctial")

    slopes = ty.jacobian(osculating)(start)
    step = np.array([0, 1e-4, 0, 0, 0, 0])
    moved = (osculating(start + step) - osculating(start - step)) / 2e-4
    np.testing.assert_allclose(slopes[1:, 1], moved[1:], atol=1e-6)


def test_zonal_harmonics_that_are_refused() -> None:
    for zonal in ([], [0.0], [1e-3] * 5):
        with pytest.raises(ty.ArgumentError, match="J2"):
            sky.mean_elements(MEAN, GM, radius=RADIUS, zonal=zonal)
