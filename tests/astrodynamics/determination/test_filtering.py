"""The filter and its smoother: equal to least squares without noise, to dense matrices with it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import expm

import taylor as ty
from tests.astrodynamics.determination.tracking_cases import J2_, START, Q, V, orbit, plan, sky

X, S, A = ty.variables("x s a")


def test_without_noise_it_is_least_squares() -> None:
    bias = ty.parameter("bias")
    tables = list(plan(True, count=8))
    kind = sky.Range(tables[0].measurement.station, bias, True, True)
    tables[0] = sky.Tracking(kind, tables[0].times, tables[0].values, 0.01)
    seen = sky.simulate(orbit(), tables, seed=2, parameters={bias: 0.05})
    common = {"estimate": [Q, V, J2_, bias], "parameters": {bias: 0.0}, "prior": {J2_: 1e-6}}
    guess = orbit(START + np.array([3.0, -2.0, 4.0, 0.003, 0.002, -0.001]))
    fit = sky.determine(guess, seen, **common, tolerance=1e-8)
    filtered = sky.determine(guess, seen, **common, process_noise={}, tolerance=1e-8)
    assert fit.converged
    assert filtered.converged
    assert np.abs((filtered.values - fit.values) / fit.sigma()).max() < 1e-6
    widths = np.outer(fit.sigma(), fit.sigma())
    assert np.abs((filtered.covariance - fit.covariance) / widths).max() < 1e-10
    # At all other times, too: what the smoother says is what the estimate becomes.
    smoothed = filtered.smoothed
    states, covariances = fit.states_at(smoothed.times), fit.covariance_at(smoothed.times)
    spread = np.sqrt(np.diagonal(covariances, axis1=1, axis2=2))
    assert np.abs((smoothed.values[:, :6] - states) / spread).max() < 1e-6
    scale = spread[:, :, None] * spread[:, None, :]
    assert np.abs((smoothed.covariances[:, :6, :6] - covariances) / scale).max() < 1e-9


def dense(
    times: np.ndarray, seen: np.ndarray, sigma: float, density: float, prior: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance of an oscillator at all times, by one large matrix.

    x'' = -0.3 x + w; covariances between times by matrix exponentials (Van Loan 1978).
    """
    rate = np.array([[0.0, 1.0], [-0.3, 0.0]])
    whole = np.zeros((2 * len(times), 2 * len(times)))
    steps, noises = [np.eye(2)], [prior]
    for step in np.diff(times):
        block = np.zeros((4, 4))
        block[:2, :2], block[:2, 2:], block[2:, 2:] = -rate, np.diag([0.0, density]), rate.T
        made = expm(block * step)
        steps.append(made[2:, 2:].T)
        noises.append(made[2:, 2:].T @ made[:2, 2:])
    variance = np.zeros((2, 2))
    for k, (step, noise) in enumerate(zip(steps, noises, strict=True)):
        variance = step @ variance @ step.T + noise
        cross = variance
        whole[2 * k : 2 * k + 2, 2 * k : 2 * k + 2] = variance
        for j in range(k + 1, len(times)):
            cross = steps[j] @ cross
            whole[2 * j : 2 * j + 2, 2 * k : 2 * k + 2] = cross
            whole[2 * k : 2 * k + 2, 2 * j : 2 * j + 2] = cross.T
    h = np.zeros((len(times), 2 * len(times)))
    h[np.arange(len(times)), 2 * np.arange(len(times))] = 1.0
    gain = whole @ h.T @ np.linalg.inv(h @ whole @ h.T + sigma**2 * np.eye(len(times)))
    return gain @ seen, whole - gain @ h @ whole


def test_with_noise_it_is_what_one_large_matrix_gives() -> None:
    times = np.array([0.0, 0.4, 1.1, 1.5, 2.9, 3.0])
    seen = np.array([0.3, 0.5, 0.1, -0.4, -1.0, -0.8])
    prior = np.array([[0.5, 0.1], [0.1, 0.8]])
    mean, covariance = dense(times, seen, 0.2, 0.7, prior)
    ta = ty.Integrator([(X, S), (S, -0.3 * X)], [0.0, 0.0])
    table = sky.Tracking(sky.Measured(X, "x"), times, seen, 0.2)
    fit = sky.determine(ta, table, prior=prior, prior_mean={X: 0.0, S: 0.0}, process_noise={S: 0.7})
    assert fit.converged
    np.testing.assert_array_equal(fit.smoothed.times, times)
    np.testing.assert_allclose(fit.smoothed.values.reshape(-1), mean, atol=1e-9)
    for k in range(len(times)):
        block = covariance[2 * k : 2 * k + 2, 2 * k : 2 * k + 2]
        # The noise of an interval is summed at five places, which is exact to its tenth power.
        np.testing.assert_allclose(fit.smoothed.covariances[k], block, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(fit.covariance, covariance[:2, :2], rtol=1e-8)


def test_a_random_walk_has_its_closed_form() -> None:
    """Of a level without dynamics the noise of an interval is its length: nothing is rounded."""
    rate = ty.parameter("r")
    ta = ty.Integrator([(X, rate + 0 * X)], [0.0], parameters={rate: 0.0})
    times, seen = np.array([0.0, 1.0, 3.0]), np.array([1.0, 2.0, 0.5])
    table = sky.Tracking(sky.Measured(X, "x"), times, seen, 0.5)
    fit = sky.determine(ta, table, process_noise={X: 0.2}, prior={X: 2.0}, times=[5.0])
    levels = 4.0 + 0.2 * np.minimum.outer(np.append(times, 5.0), np.append(times, 5.0))
    h = np.eye(3, 4)
    gain = levels @ h.T @ np.linalg.inv(h @ levels @ h.T + 0.25 * np.eye(3))
    np.testing.assert_allclose(fit.smoothed.values[:, 0], gain @ seen, rtol=1e-11)
    expected = np.diag(levels - gain @ h @ levels)
    np.testing.assert_allclose(fit.smoothed.covariances[:, 0, 0], expected, rtol=1e-11)
    ahead = fit.covariance_at([7.0])[0, 0, 0]
    assert ahead == pytest.approx(expected[-1] + 0.4, rel=1e-11)
    with pytest.raises(ty.ArgumentError, match="times"):
        fit.covariance_at([2.0])


def test_noise_of_a_parameter_lets_it_wander() -> None:
    """A constant that grows halfway: without noise the fit is bad, with it the growth is seen."""
    a = ty.parameter("a")
    ta = ty.Integrator([(X, S), (S, a + 0 * S)], [0.0, 0.0], parameters={a: 0.0})
    times = np.linspace(0.0, 10.0, 101)
    late = np.maximum(times - 5.0, 0.0)
    path = 0.5 * times**2 + late**2
    seen = path + 0.001 * np.random.default_rng(1).normal(size=101)
    table = sky.Tracking(sky.Measured(X, "x"), times, seen, 0.001)
    stiff = sky.determine(ta, table, estimate=[X, S, a], process_noise={})
    loose = sky.determine(ta, table, estimate=[X, S, a], process_noise={a: 4.0})
    assert stiff.reduced_chi_square > 1e4
    assert loose.converged
    assert loose.chi_square / 101 < 2
    wandered = loose.smoothed.values[:, 2]
    assert abs(np.median(wandered[:30]) - 1.0) < 0.1
    assert abs(np.median(wandered[-30:]) - 3.0) < 0.1


def test_an_unmodelled_force_needs_noise() -> None:
    """Tracking of a satellite that is pushed by what the equations do not know."""
    push = ty.stack([0.0, 3e-8, -2e-8])
    r3 = ty.sum(Q * Q) ** 1.5
    pushed = ty.Integrator([(Q, V), (V, -398600.4418 * Q / r3 + push)], START)
    plain = ty.Integrator([(Q, V), (V, -398600.4418 * Q / r3)], START)
    seen = sky.simulate(pushed, plan(last=30000.0), seed=8)
    wrong = sky.determine(plain, seen)
    fit = sky.determine(plain, seen, process_noise={V: 1e-12})
    assert wrong.converged
    assert wrong.reduced_chi_square > 20
    assert fit.converged
    assert fit.reduced_chi_square < 1.2
    # At the end of the arc the truth is within what the smoother says, and far outside for the fit.
    pushed.propagate_until(fit.smoothed.times[-1])
    off = fit.smoothed.values[-1] - pushed.state
    assert off @ np.linalg.solve(fit.smoothed.covariances[-1], off) < 20
    off = wrong.states_at(fit.smoothed.times[-1:])[0] - pushed.state
    assert off @ np.linalg.solve(wrong.covariance_at(fit.smoothed.times[-1:])[0], off) > 1000


def test_the_epoch_may_be_within_the_arc_and_priors_hold_there() -> None:
    times, seen = np.array([-1.0, 0.5, 2.0]), np.array([-0.9, 0.6, 2.1])
    ta = ty.Integrator([(X, S), (S, 0 * S)], [0.0, 1.0])
    table = sky.Tracking(sky.Measured(X, "x"), times, seen, 0.1)
    fit = sky.determine(ta, table, prior={S: 0.05})
    filtered = sky.determine(ta, table, prior={S: 0.05}, process_noise={})
    np.testing.assert_allclose(filtered.values, fit.values, atol=1e-10)
    np.testing.assert_allclose(filtered.covariance, fit.covariance, rtol=1e-10)


def test_what_a_filter_cannot_do_is_said() -> None:
    ta = ty.Integrator([(X, S), (S, 0 * S)], [0.0, 1.0])
    blind = sky.Tracking(sky.Measured(S, "s"), [0.0, 1.0, 2.0], [1.0, 1.0, 1.0], 0.1)
    lost = sky.determine(ta, blind, process_noise={S: 1e-4})
    assert lost.status is sky.FitStatus.NOT_OBSERVABLE
    assert not lost.converged
    assert "x" in lost.message
    table = sky.Tracking(sky.Measured(X, "x"), [0.0, 1.0, 2.0], [1.0, 1.0, 1.0], 0.1)
    for options, words in [
        ({"process_noise": {A: 1.0}}, "not estimated"),
        ({"process_noise": {S: -1.0}}, ">= 0"),
        ({"process_noise": 3.0}, "dict"),
        ({"process_noise": {}, "estimate": [S]}, "all states"),
        ({"process_noise": {}, "estimate": [S], "consider": {X: 1.0}}, "not both"),
    ]:
        with pytest.raises(ty.TaylorError, match=words):
            sky.determine(ta, table, **options)


def test_outliers_are_left_out_by_the_filter_too() -> None:
    seen = list(sky.simulate(orbit(), plan(), seed=5))
    values = seen[0].values.copy()
    values[3, 0] += 5.0
    seen[0] = seen[0].with_values(values)
    fit = sky.determine(orbit(), seen, reject=5.0, process_noise={V: 1e-18})
    assert fit.converged
    assert not fit.accepted[0][3, 0]
    assert sum(int((~table).sum()) for table in fit.accepted) == 1
