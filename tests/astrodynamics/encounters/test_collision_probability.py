"""Probabilities against published cases, integrals in other coordinates and random samples."""

from __future__ import annotations

import numpy as np
import pytest

import taylor as ty

sky = ty.astrodynamics
# sigma_x, sigma_y, x, y, radius and the probability, as they are compared in the literature (Chan
# 1997; Alfano 2007; Serra et al., J. Guid. Control Dyn. 39 (2016) 1009, table 1), metres
PUBLISHED = [
    (50, 25, 10, 0, 5, 9.742e-3),
    (50, 25, 0, 10, 5, 9.181e-3),
    (75, 25, 10, 0, 5, 6.571e-3),
    (75, 25, 0, 10, 5, 6.125e-3),
    (3000, 1000, 1000, 0, 10, 1.577e-5),
    (3000, 1000, 0, 1000, 10, 1.011e-5),
    (3000, 1000, 10000, 0, 10, 6.443e-8),
    (3000, 1000, 0, 10000, 10, 3.219e-27),
]


@pytest.mark.parametrize("case", PUBLISHED)
def test_published_cases(case: tuple[float, ...]) -> None:
    sx, sy, x, y, radius, wanted = case
    covariance = np.diag([sx**2, sy**2, 9.0])
    place, speed = [x, y, 0.0], [0, 0, 7500.0]
    found = sky.collision_probability(place, speed, covariance, radius)
    assert found == pytest.approx(wanted, rel=1e-3)
    series = sky.collision_probability(place, speed, covariance, radius, method="chan")
    assert series == pytest.approx(wanted, rel=5e-3)
    assert sky.collision_probability(place, speed, covariance, radius, method="maximum") >= found


def disk(a: float, b: float, c: float, x: float, y: float, radius: float) -> float:
    """The density over the disk in polar coordinates."""
    nodes, weights = np.polynomial.legendre.leggauss(200)
    r, angle = radius * (nodes + 1) / 2, np.arange(1000) * 2 * np.pi / 1000
    u, w = np.outer(np.cos(angle), r) - x, np.outer(np.sin(angle), r) - y
    determinant = a * c - b * b
    squared = (c * u * u - 2 * b * u * w + a * w * w) / determinant
    ring = np.exp(-squared / 2).mean(axis=0) / np.sqrt(determinant)
    return float(np.sum(weights * ring * r) * radius / 2)


@pytest.mark.parametrize(
    "case",
    [
        (4.0, 1.5, 1.0, 0.5, -1.0, 1.0),
        (1.0, 0.0, 1.0, 2.0, 1.0, 3.0),
        (0.3, 0.1, 0.2, 0.1, 0.2, 2.0),
        (9.0, -2.9, 1.0, 4.0, -3.0, 0.5),
    ],
)
def test_against_integrals_in_any_direction(case: tuple[float, ...]) -> None:
    a, b, c, x, y, radius = case
    wanted = disk(*case)
    rng = np.random.default_rng(8)
    for _ in range(4):
        turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
        flat = np.array([[a, b, 0], [b, c, 0], [0, 0, 5.0]])
        covariance, speed = turn @ flat @ turn.T, turn @ [0, 0, 3.0]
        place = turn @ [x, y, 0.7]  # what is along the velocity does not matter
        found = sky.collision_probability(place, speed, covariance, radius)
        assert found == pytest.approx(wanted, rel=1e-10)


def test_monte_carlo() -> None:
    rng = np.random.default_rng(9)
    root = rng.normal(size=(3, 3))
    place, speed, radius = np.array([0.6, -0.8, 0.3]), np.array([1.0, 2.0, -0.5]), 1.2
    samples = place + rng.normal(size=(400_000, 3)) @ root.T
    along = speed / np.linalg.norm(speed)
    across = samples - np.outer(samples @ along, along)
    share = np.mean(np.linalg.norm(across, axis=1) < radius)
    found = sky.collision_probability(place, speed, root @ root.T, radius)
    assert found == pytest.approx(share, abs=4 * np.sqrt(share / 400_000))


def test_very_small_covariances() -> None:
    """All of the distribution is within the disk, or none of it."""
    for x, wanted in ((0.0, 1.0), (0.9999, 1.0), (1.0, 0.5), (1.01, 0.0)):
        found = sky.collision_probability([x, 0, 0], [0, 0, 1], np.eye(3) * 1e-12, 1.0)
        assert found == pytest.approx(wanted, abs=2e-6)


def test_derivatives_and_arrays() -> None:
    covariance = np.array([[4.0, 1.0, 0.2], [1.0, 2.0, 0.1], [0.2, 0.1, 3.0]])
    place, speed = np.array([1.0, 0.5, 0.2]), np.array([0.3, 1.0, 7.0])

    def chance(c: np.ndarray) -> float:
        return sky.collision_probability(place, speed, c, 0.7)

    slopes = ty.grad(chance)(covariance)
    h = 1e-5
    for a in range(3):
        moved = np.zeros((3, 3))
        moved[a, a] = h
        difference = (chance(covariance + moved) - chance(covariance - moved)) / (2 * h)
        assert slopes[a, a] == pytest.approx(difference, rel=1e-6, abs=1e-12)
    many = sky.collision_probability(
        np.stack([place, 2 * place]), speed, covariance, np.array([[0.7], [0.8]])
    )
    assert many.shape == (2, 2)
    assert many[0, 0] == pytest.approx(chance(covariance), rel=1e-14)
    jet = ty.jet(lambda k: sky.collision_probability(k * place, speed, covariance, 0.7), 1.0, 4)
    near = sky.collision_probability(1.02 * place, speed, covariance, 0.7)
    assert 0.02 ** np.arange(5) @ jet == pytest.approx(near, rel=1e-8)


def test_words_and_shapes_that_are_refused() -> None:
    with pytest.raises(ty.ArgumentError, match="method"):
        sky.collision_probability([1, 0, 0], [0, 1, 0], np.eye(3), 1.0, method="guess")
    with pytest.raises(ty.ArgumentError, match="covariance"):
        sky.collision_probability([1, 0, 0], [0, 1, 0], np.eye(2), 1.0)
