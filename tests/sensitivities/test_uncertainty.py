"""Distributions after some time: closed forms, Monte Carlo, and domains that keep a tolerance."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

import taylor as ty

X, V, K = *ty.variables("x v"), ty.parameter("k")
ORBIT = ty.models.two_body(1, dimensions=2)
ECCENTRICITY = 0.5
APOGEE = [1 + ECCENTRICITY, 0, 0, ((1 - ECCENTRICITY) / (1 + ECCENTRICITY)) ** 0.5]


def test_linear_systems_exactly() -> None:
    """Covariances turn as R C R^T, and nothing is skew."""
    covariance = np.array([[0.3, 0.1], [0.1, 0.2]])
    found = ty.analysis.uncertainty([(X, V), (V, -X)], [1.0, 2.0], 0.7, covariance, order=2)
    turn = np.array([[np.cos(0.7), np.sin(0.7)], [-np.sin(0.7), np.cos(0.7)]])
    assert found.mean == pytest.approx(turn @ [1.0, 2.0], abs=1e-14)
    assert found.covariance == pytest.approx(turn @ covariance @ turn.T, abs=1e-14)
    assert np.abs(found.third).max() < 1e-14 and found.outside == 0 and found.accurate


def test_a_quiet_state_with_growing_derivatives() -> None:
    """x' = x - y, y' = y - x from (1, 1): constant, with d x(5)/d x(0) = (1 + e^10)/2."""
    found = ty.analysis.uncertainty([(X, X - V), (V, V - X)], [1.0, 1.0], 5.0, np.eye(2))
    a, b = (1 + np.exp(10)) / 2, (1 - np.exp(10)) / 2
    wanted = np.array([[a * a + b * b, 2 * a * b], [2 * a * b, a * a + b * b]])
    assert found.mean == pytest.approx([1.0, 1.0], abs=1e-12)
    assert found.covariance == pytest.approx(wanted, rel=1e-9)


def test_a_parameter_exactly() -> None:
    """x' = k x: x = x0 exp(k t) is lognormal; to order 12 its moments are these to 1e-10."""
    sigma, t = 0.1, 1.0
    found = ty.analysis.uncertainty(
        [(X, K * X)], [2.0], t, [[sigma**2]], wrt=[K], parameters={K: 0.5}, order=12
    )
    s, m = sigma * t, 2 * np.exp(0.5 * t)
    mean = m * np.exp(s**2 / 2)
    assert found.mean[0] == pytest.approx(mean, rel=1e-12)
    assert found.covariance[0, 0] == pytest.approx(mean**2 * (np.exp(s**2) - 1), rel=1e-11)
    skew = (np.exp(s**2) + 2) * np.sqrt(np.exp(s**2) - 1)
    assert found.skewness[0] == pytest.approx(skew, rel=1e-9)
    assert found.mean.shape == (1,) and found.flow_map.shape == (1,)


def test_states_and_parameters_together() -> None:
    """The mean of (2 + a)(k-part) of independent a and k is the product of means."""
    found = ty.analysis.uncertainty(
        [(X, K * X)],
        {X: 2.0},
        1.0,
        np.diag([0.01, 0.04]),
        wrt=[K, X],
        parameters={K: 0.5},
        order=14,
    )
    factor = np.exp(0.5 + 0.005), np.exp(1.0 + 0.02)
    assert found.mean[0] == pytest.approx(2 * factor[0], rel=1e-12)
    second = (4 + 0.04) * factor[1] - (2 * factor[0]) ** 2
    assert found.covariance[0, 0] == pytest.approx(second, rel=1e-10)


def test_a_singular_covariance_has_fewer_variables() -> None:
    direction = np.array([1.0, 2.0])
    covariance = 0.01 * np.outer(direction, direction)
    found = ty.analysis.uncertainty([(X, V), (V, -ty.sin(X))], [0.5, 0.0], 1.0, covariance)
    assert found.factor.shape == (2, 1) and len(found.flow_map.names) == 1
    ta = ty.Integrator([(X, V), (V, -ty.sin(X))], [0.51, 0.02])
    ta.propagate_until(1.0)
    assert found([0.01, 0.02]) == pytest.approx(ta.state, abs=1e-8)
    with pytest.raises(ty.ArgumentError, match="nothing is uncertain"):
        found([0.01, 0.0])


@pytest.fixture(scope="module")
def cloud() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A covariance of the elliptic orbit, displacements, and where they are after 1.5 periods."""
    covariance = np.diag([0.002, 0.002, 0.001, 0.001]) ** 2
    normal = np.random.default_rng(4).normal(size=(20000, 4))
    displacements = normal * np.sqrt(np.diag(covariance))
    ta = ty.Integrator(ORBIT.system, APOGEE, tol=1e-13)
    ends = ty.ensemble(ta, APOGEE + displacements, until=3 * np.pi).states
    return covariance, displacements, ends


def _moments(points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    off = points - points.mean(axis=0)
    third = np.einsum("ai,aj,ak->ijk", off, off, off, optimize=True) / len(off)
    return points.mean(axis=0), off.T @ off / len(off), third


def test_moments_are_those_of_monte_carlo(cloud: tuple[np.ndarray, ...]) -> None:
    """Within five standard errors of the sample, of which twenty parts tell the size."""
    covariance, _, ends = cloud
    found = ty.analysis.uncertainty(ORBIT.system, APOGEE, 3 * np.pi, covariance, order=5, tol=1e-13)
    whole = _moments(ends)
    parts = [_moments(part) for part in np.split(ends, 20)]
    for k, value in enumerate((found.mean, found.covariance, found.third)):
        error = np.std([part[k] for part in parts], axis=0) / np.sqrt(20)
        assert (np.abs(value - whole[k]) < 5 * error).all()
    assert abs(found.skewness[0]) > 1  # it is no ellipse any more
    drawn = _moments(found.sample(20000, seed=2))
    assert drawn[1] == pytest.approx(found.covariance, rel=0.1, abs=1e-4)


def test_a_given_sample_has_its_own_moments(cloud: tuple[np.ndarray, ...]) -> None:
    _, displacements, ends = cloud
    few = displacements[:500]
    found = ty.analysis.uncertainty(
        ORBIT.system, APOGEE, 3 * np.pi, sample=few, order=5, tolerance=1e-6, tol=1e-13
    )
    assert found.points is not None and found.outside == 0.0
    assert found.points == pytest.approx(ends[:500], abs=3e-6)
    assert found.accurate and len(found) > 1
    for mine, wanted in zip((found.mean, found.covariance), _moments(ends[:500]), strict=False):
        assert mine == pytest.approx(wanted, abs=1e-5)


def test_domains_keep_the_tolerance(cloud: tuple[np.ndarray, ...]) -> None:
    covariance, displacements, ends = cloud
    one = ty.analysis.uncertainty(ORBIT.system, APOGEE, 3 * np.pi, covariance, order=4, tol=1e-13)
    found = ty.analysis.uncertainty(
        ORBIT.system, APOGEE, 3 * np.pi, covariance, order=4, tolerance=1e-4, tol=1e-13
    )
    inside = (np.abs(displacements) <= 4 * np.sqrt(np.diag(covariance))).all(axis=1)
    assert np.abs(found(displacements[inside]) - ends[inside]).max() < 2e-4
    assert np.abs(one(displacements[inside]) - ends[inside]).max() > 1e-3
    assert found.accurate and 2 < len(found) < 60
    volume = sum(np.prod(2 * domain.half) for domain in found.domains)
    assert volume == pytest.approx(8.0**4, rel=1e-12)
    assert found.mean == pytest.approx(one.mean, abs=1e-4)
    assert found.outside == pytest.approx(1 - float(mpmath.erf(4 / mpmath.sqrt(2))) ** 4, rel=1e-9)
    with pytest.raises(ty.ArgumentError, match="beyond the box"):
        found([0.02, 0, 0, 0])
    assert np.isfinite(found([0.02, 0, 0, 0], extrapolate=True)).all()


def test_domains_have_the_moments_of_closed_forms() -> None:
    """x' = x^2: x = s/(1 - s t); integrals over the normal density by mpmath."""
    sigma, mean, t = mpmath.mpf("0.06"), mpmath.mpf("0.5"), 1
    found = ty.analysis.uncertainty(
        [(X, X**2)], [0.5], 1.0, [[0.0036]], order=6, tolerance=1e-8, box=6.0
    )
    assert len(found) > 3 and found.accurate

    def expected(f: object) -> float:
        density = lambda s: f(s / (1 - s * t)) * mpmath.npdf(s, mean, sigma)  # noqa: E731
        return float(mpmath.quad(density, [mean + k * sigma for k in range(-8, 9)]))  # type: ignore

    first = expected(lambda x: x)
    assert found.mean[0] == pytest.approx(first, rel=1e-6)
    second = expected(lambda x: (x - first) ** 2)
    assert found.covariance[0, 0] == pytest.approx(second, rel=1e-4)


def test_the_cap_is_reported() -> None:
    found = ty.analysis.uncertainty(
        [(X, X**2)], [0.5], 1.0, [[0.0036]], order=2, tolerance=1e-12, most_domains=8
    )
    assert len(found) == 8 and not found.accurate
    assert any(not domain.accurate for domain in found.domains)


def test_density_is_that_of_the_closed_form() -> None:
    """x' = k x stretches: p(x) = normal(x / e) / e; and areas in phase space are kept."""
    found = ty.analysis.uncertainty([(X, X)], [1.0], 1.0, [[0.04]])
    at = np.array([[-0.1], [0.0], [0.3]])
    exact = [float(mpmath.npdf(1 + a, 1, 0.2)) / np.e for a in at.ravel()]
    assert found.density(at) == pytest.approx(exact, rel=1e-12)
    covariance = np.diag([0.01, 0.02])
    pendulum = [(X, V), (V, -ty.sin(X))]
    flow = ty.analysis.uncertainty(pendulum, [1.0, 0.0], 2.0, covariance, order=8)
    at = np.array([[0.05, 0.1], [0.0, 0.0]])
    before = [
        float(np.exp(-(a**2) / 0.02 - b**2 / 0.04) / (2 * np.pi * np.sqrt(0.0002))) for a, b in at
    ]
    assert flow.density(at) == pytest.approx(before, rel=1e-6)


def test_errors_are_clear() -> None:
    run = ty.analysis.uncertainty
    system = [(X, V), (V, -X)]
    with pytest.raises(ty.ArgumentError, match="a covariance or a sample"):
        run(system, [1.0, 0.0], 1.0)
    with pytest.raises(ty.ArgumentError, match="semidefinite"):
        run(system, [1.0, 0.0], 1.0, [[1.0, 2.0], [2.0, 1.0]])
    with pytest.raises(ty.ArgumentError, match="symmetric"):
        run(system, [1.0, 0.0], 1.0, [[1.0, 0.5], [0.0, 1.0]])
    with pytest.raises(ty.ArgumentError, match=r"shape \(2, 2\)"):
        run(system, [1.0, 0.0], 1.0, [[1.0]])
    with pytest.raises(ty.ArgumentError, match="tolerance"):
        run(system, [1.0, 0.0], 1.0, np.eye(2), tolerance=-1.0)
    with pytest.raises(ty.ArgumentError, match="twice"):
        run(system, [1.0, 0.0], 1.0, np.eye(2), wrt=[X, "x"])
    with pytest.raises(ty.ArgumentError, match="order"):
        run(system, [1.0, 0.0], 1.0, np.eye(2), order=0)
    with pytest.raises(ty.analysis.AnalysisError, match="ended at"):
        run([(X, X**2)], [1.0], 2.0, [[0.01]])
