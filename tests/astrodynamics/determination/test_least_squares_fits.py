"""Fits whose answers are known: in linear problems by matrices, in others by their meaning."""

from __future__ import annotations

import numpy as np
import pytest

import taylor as ty
from tests.astrodynamics.determination.tracking_cases import (
    GM_,
    J2_,
    START,
    Q,
    V,
    equations,
    orbit,
    plan,
    sky,
)

X, S = ty.variables("x s")
TIMES = np.array([0.0, 0.7, 1.1, 2.5, 3.0, 4.2])
SEEN = np.array([0.2, 1.0, 0.9, 2.8, 3.1, 4.4])
WIDTHS = np.array([0.1, 0.2, 0.1, 0.3, 0.1, 0.2])
MATRIX = np.stack([np.ones(6), TIMES], axis=1)


def line(start: tuple[float, float] = (3.0, -1.0)) -> ty.Integrator:
    return ty.Integrator([(X, S), (S, 0 * S)], list(start))


def table(values: np.ndarray = SEEN) -> sky.Tracking:
    return sky.Tracking(sky.Measured(X, "x"), TIMES, values, WIDTHS)


def test_weighted_least_squares_on_a_line() -> None:
    fit = sky.determine(line(), table())
    information = MATRIX.T @ np.diag(WIDTHS**-2) @ MATRIX
    expected = np.linalg.solve(information, MATRIX.T @ (SEEN / WIDTHS**2))
    np.testing.assert_allclose(fit.values, expected, rtol=1e-12)
    np.testing.assert_allclose(fit.covariance, np.linalg.inv(information), rtol=1e-12)
    left = SEEN - MATRIX @ expected
    assert fit.converged
    assert fit.degrees == 4
    assert fit.chi_square == pytest.approx(np.sum((left / WIDTHS) ** 2), rel=1e-12)
    np.testing.assert_allclose(fit.residuals[0][:, 0], left, atol=1e-13)
    np.testing.assert_allclose(fit.prefit[0][:, 0], SEEN - 3.0 + TIMES, atol=1e-13)
    later = np.array([[1.0, 10.0], [0.0, 1.0]])
    mapped = later @ np.linalg.inv(information) @ later.T
    np.testing.assert_allclose(fit.covariance_at(10.0)[0], mapped, rtol=1e-11)
    np.testing.assert_allclose(fit.states_at([10.0])[0], later @ expected, rtol=1e-12)


def test_what_was_known_beforehand() -> None:
    covariance = np.array([[0.04, 0.01], [0.01, 0.09]])
    fit = sky.determine(line(), table(), prior=covariance, prior_mean={S: 0.8, X: 0.3})
    information = MATRIX.T @ np.diag(WIDTHS**-2) @ MATRIX + np.linalg.inv(covariance)
    side = MATRIX.T @ (SEEN / WIDTHS**2) + np.linalg.solve(covariance, [0.3, 0.8])
    np.testing.assert_allclose(fit.values, np.linalg.solve(information, side), rtol=1e-11)
    np.testing.assert_allclose(fit.covariance, np.linalg.inv(information), rtol=1e-11)
    one = sky.determine(line(), table(), prior={S: 0.3}, prior_mean={S: 0.8})
    information = MATRIX.T @ np.diag(WIDTHS**-2) @ MATRIX + np.diag([0, 0.3**-2])
    np.testing.assert_allclose(one.covariance, np.linalg.inv(information), rtol=1e-11)


def test_what_is_considered_adds_its_share() -> None:
    a, b = ty.parameters("a b")
    ta = ty.Integrator([(X, S), (S, a + 0 * S)], [3.0, -1.0], parameters={a: 0.0})
    seen = sky.Tracking(sky.Measured(X + b * ty.time, "x"), TIMES, SEEN, WIDTHS)
    fit = sky.determine(ta, seen, consider={a: 0.3, b: 0.2}, parameters={b: 0.0})
    plain = np.linalg.inv(MATRIX.T @ np.diag(WIDTHS**-2) @ MATRIX)
    others = np.stack([TIMES**2 / 2, TIMES], axis=1)
    share = -plain @ MATRIX.T @ np.diag(WIDTHS**-2) @ others
    expected = plain + share @ np.diag([0.09, 0.04]) @ share.T
    np.testing.assert_allclose(fit.considered, share, atol=1e-13)
    np.testing.assert_allclose(fit.covariance, expected, rtol=1e-11)
    np.testing.assert_allclose(fit.formal_covariance, plain, rtol=1e-11)
    later, moved = np.array([[1.0, 5.0], [0.0, 1.0]]), np.array([[12.5, 0.0], [5.0, 0.0]])
    wide = later @ share + moved
    mapped = later @ plain @ later.T + wide @ np.diag([0.09, 0.04]) @ wide.T
    np.testing.assert_allclose(fit.covariance_at([5.0])[0], mapped, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("light", [False, True])
def test_derivatives_are_those_of_differences(light: bool) -> None:
    """Of every kind of measurement, by states, by parameters on the way and in the measurement."""
    from taylor.astrodynamics.determination.estimation import Problem

    bias = ty.parameter("bias")
    tables = list(plan(light, count=4))
    first = tables[0].measurement
    kind = sky.Range(first.station, light_time=light, two_way=light, bias=bias)
    tables[0] = sky.Tracking(kind, tables[0].times, tables[0].values, 0.01)
    problem = Problem(orbit(), tables, [Q, V, J2_, bias], [GM_], {bias: 0.1}, None)
    center = problem.first
    slopes = problem.linear(center).slopes
    steps = [1e-2] * 3 + [1e-5] * 3 + [1e-7, 1e-2]
    for column, step in enumerate(steps):
        sides = []
        for sign in (1, -1):
            moved = center.copy()
            moved[column] += sign * step
            sides.append(problem.computed(moved))
        differences = []
        for up, down, table, weight in zip(*sides, tables, problem.weights, strict=True):
            off = up - down
            if any(table.measurement.angular):
                off = (off + np.pi) % (2 * np.pi) - np.pi
            differences.append((off * weight / (2 * step)).reshape(-1))
        expected = np.concatenate(differences)
        scale = np.abs(slopes[:, column]).max()
        np.testing.assert_allclose(slopes[:, column], expected, atol=3e-6 * scale)


def test_an_orbit_from_all_kinds_of_tracking() -> None:
    tables = sky.simulate(orbit(), plan(True), seed=3)
    guess = orbit(START + np.array([8.0, -5.0, 6.0, 0.004, -0.003, 0.005]))
    fit = sky.determine(guess, tables, estimate=[Q, V, J2_])
    assert fit.converged
    assert 0.85 < fit.reduced_chi_square < 1.15  # 360 numbers
    off = (fit.values - [*START, 1.08262668e-3]) / fit.sigma()
    assert np.abs(off).max() < 4
    assert fit[Q].shape == fit.sigma(V).shape == (3,)
    assert fit.state[:6] == pytest.approx(fit.values[:6])
    assert guess.state[0] == START[0] + 8.0  # as it was


def test_a_manoeuvre_is_found() -> None:
    kick = ty.parameter("dv", shape=(3,))
    impulse = ty.Impulse(4000.0, add={V: kick})
    values = {GM_: 398600.4418, J2_: 1.08262668e-3, kick: [0.01, -0.02, 0.005]}
    ta = ty.Integrator(equations(), START, parameters=values, impulses=[impulse])
    tables = sky.simulate(ta, plan(), seed=4)
    ta.parameters[kick] = np.zeros(3)
    fit = sky.determine(ta, tables, estimate=[Q, V, kick])
    assert fit.converged
    assert np.abs((fit[kick] - [0.01, -0.02, 0.005]) / fit.sigma(kick)).max() < 4
    assert fit.sigma(kick).max() < 1e-4


def test_planted_outliers_are_left_out() -> None:
    tables, planted = sky.simulate(orbit(), plan(), seed=5), []
    for k, table in enumerate(tables):
        bad = np.zeros(table.values.shape, bool)
        bad[k % 7 :: 9, 0] = True
        planted.append(bad)
        tables[k] = table.with_values(table.values + 30 * bad / table.weights())
    clean = sky.determine(orbit(), sky.simulate(orbit(), plan(), seed=5))
    near = np.array([0.5, 0.5, 0.5, 5e-4, 5e-4, 5e-4])
    fit = sky.determine(orbit(START + near), tables, reject=5.0)
    assert fit.converged
    for bad, counts in zip(planted, fit.accepted, strict=True):
        assert (counts == ~bad).all()
    assert np.abs((fit.values - clean.values) / clean.sigma()).max() < 2
    worse = sky.determine(orbit(), tables)
    assert worse.converged
    assert worse.reduced_chi_square > 20


def test_hubers_estimate_is_where_its_cost_is_least() -> None:
    from scipy.optimize import minimize

    wild = SEEN + np.array([0, 0, 5.0, 0, 0, -4.0])
    fit = sky.determine(line(), table(wild), huber=1.345)

    def cost(at: np.ndarray) -> float:
        u = np.abs((wild - MATRIX @ at) / WIDTHS)
        return float(np.where(u < 1.345, u**2, 1.345 * (2 * u - 1.345)).sum())

    best = minimize(cost, fit.values, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-13})
    assert fit.converged
    assert fit.history[-1] == pytest.approx(cost(fit.values), rel=1e-12)
    assert cost(fit.values) <= best.fun * (1 + 1e-9)


def test_what_cannot_be_determined_is_said() -> None:
    """Distances from the centre of a round Earth know of no direction."""
    ta = ty.Integrator([(Q, V), (V, -398600.4418 * Q / ty.sum(Q * Q) ** 1.5)], START, tol=1e-14)
    times = np.linspace(0.0, 9000.0, 40)
    center = sky.Station("center", (0.0, 0.0, 0.0))
    tables = sky.simulate(ta, sky.Tracking(sky.Range(center), times, np.zeros(40), 0.01), seed=1)
    fit = sky.determine(ta, tables)
    assert not fit.converged
    assert fit.status is sky.FitStatus.NOT_OBSERVABLE
    assert fit.undetermined.shape == (3, 6)
    assert "q[" in fit.message
    assert np.isnan(fit.covariance).all()
    # A turn of the whole orbit is such a combination, its three axes are all.
    turns = [np.concatenate([np.cross(e, START[:3]), np.cross(e, START[3:])]) for e in np.eye(3)]
    inside = np.linalg.lstsq(fit.undetermined.T, np.array(turns).T, rcond=None)
    left = fit.undetermined.T @ inside[0] - np.array(turns).T
    assert np.abs(left[:3]).max() < 1e-3 * np.abs(START[:3]).max()


def test_what_does_not_converge_is_said() -> None:
    tables = sky.simulate(orbit(), plan(), seed=3)
    far = orbit(START + np.array([300.0, -200.0, 100.0, 0.3, 0.2, -0.1]))
    short = sky.determine(far, tables, max_iterations=1)
    assert short.status is sky.FitStatus.ITERATION_LIMIT
    assert not short.converged
    falling = orbit(np.array([7000.0, 0.0, 0.0, -9.0, 0.0, 0.0]))
    lost = sky.determine(falling, tables)
    assert lost.status is sky.FitStatus.NO_TRAJECTORY
    assert not lost.converged
    assert np.isnan(lost.covariance).all()
    few = sky.determine(line(), sky.Tracking(sky.Measured(X, "x"), 1.0, 2.0, 0.1))
    assert few.status is sky.FitStatus.TOO_FEW


def test_observations_without_a_direction_are_refused() -> None:
    """A distance of nothing has no derivative."""
    still = ty.Integrator([(Q, V), (V, 0 * V)], np.zeros(6))
    seen = sky.Tracking(sky.Range(sky.Station("o", (0.0, 0.0, 0.0))), [0.0, 1.0], [0.1, 0.1], 0.1)
    with pytest.raises(ty.ArgumentError, match="finite"):
        sky.determine(still, seen)


def test_other_values_need_no_compilation() -> None:
    first, second = (sky.simulate(orbit(), plan(), seed=k) for k in (1, 2))
    fit = sky.determine(orbit(), first)
    again, alone = fit.again(second), sky.determine(orbit(), second)
    np.testing.assert_allclose(again.values, alone.values, rtol=0, atol=1e-5)
    np.testing.assert_allclose(again.covariance, alone.covariance, rtol=1e-4)
    assert fit.values is not again.values
    with pytest.raises(ty.ArgumentError, match="other measurements"):
        fit.again(second[:3])


def test_scatter_of_fits_is_as_the_covariance_says(scale: int) -> None:
    """A hundred and fifty of them; with --scale=133 twenty thousand, to 3.5 %."""
    assert_scatter(150 * scale, 0.4 * scale**-0.5)


def assert_scatter(count: int, tolerance: float) -> None:
    fit = sky.determine(orbit(), sky.simulate(orbit(), plan(count=8), seed=0))
    spread = []
    exact = sky.simulate(orbit(), plan(count=8))
    random = np.random.default_rng(7)
    for _ in range(count):
        noise = [random.normal(size=t.values.shape) / t.weights() for t in exact]
        noisy = [t.with_values(t.values + n) for t, n in zip(exact, noise, strict=True)]
        spread.append(fit.again(noisy, guess=START).values - START)
    root = np.linalg.cholesky(fit.covariance)
    whitened = np.linalg.solve(root, np.cov(np.array(spread).T)) @ np.linalg.inv(root).T
    widths = np.std(spread, axis=0) / fit.sigma()
    print("sigma ratios", widths, "covariance", np.abs(whitened - np.eye(6)).max())
    assert np.abs(widths - 1).max() < tolerance / 1.4
    assert np.abs(whitened - np.eye(6)).max() < tolerance


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: sky.determine(equations(), table()), "Integrator"),
        (lambda: sky.determine(line(), []), "no observations"),
        (lambda: sky.determine(line(), [SEEN]), "Tracking"),
        (lambda: sky.determine(line(), table(), estimate=[Q]), "no state or parameter"),
        (lambda: sky.determine(line(), table(), estimate=[X, X]), "twice"),
        (lambda: sky.determine(line(), table(), estimate=[]), "nothing"),
        (lambda: sky.determine(line(), table(), guess={Q: 1.0}), "not estimated"),
        (lambda: sky.determine(line(), table(), prior={X: -1.0}), "positive"),
        (lambda: sky.determine(line(), table(), prior=np.eye(3)), "shape"),
        (lambda: sky.determine(line(), table(), prior=-np.eye(2)), "positive definite"),
        (lambda: sky.determine(line(), table(), tolerance=0.0), "tolerance"),
        (lambda: sky.determine(line(), table(), max_iterations=0), "max_iterations"),
        (lambda: sky.determine(line(), table(), reject=-1.0), "reject"),
        (lambda: sky.determine(line(), table(), times=[1.0]), "filter"),
        (lambda: sky.determine(line(), table(), consider={X: 1.0}), "considered"),
        (lambda: sky.determine(line(), table(), parameters={GM_: 1.0}), "no equation"),
        (lambda: sky.Tracking(sky.Measured(X), [0.0], [1.0], 0.0), "positive"),
        (lambda: sky.Tracking(sky.Measured(X), [0.0], [1.0, 2.0], 1.0), "shape"),
        (lambda: sky.Tracking(sky.Measured(X), [np.nan], [1.0], 1.0), "finite"),
        (lambda: sky.Tracking("range", [0.0], [1.0], 1.0), "measurement"),
        (lambda: sky.Measured(Q), "scalars"),
        (lambda: sky.Range("Weilheim"), "Station"),
        (lambda: sky.Station("a", (1.0, 2.0)), "three"),
        (lambda: sky.Station.geodetic("a", 100.0, 2.0), "pole"),
        (
            lambda: sky.determine(
                line(), sky.Tracking(sky.PositionFix(), [0.0], [[1.0, 2.0, 3.0]], 1.0)
            ),
            "craft",
        ),
        (
            lambda: sky.determine(
                line(), sky.Tracking(sky.Measured(X + ty.parameter("b")), [0.0], [1.0], 1.0)
            ),
            "no value for the parameter b",
        ),
    ],
)
def test_what_does_not_fit_together_is_refused(make: object, words: str) -> None:
    with pytest.raises(ty.TaylorError, match=words):
        make()  # type: ignore[operator]


def test_the_picture_shows_every_kind() -> None:
    fit = sky.determine(orbit(), sky.simulate(orbit(), plan(), seed=1))
    figure = fit.plot()
    texts = {axis.get_ylabel() for part in figure.subfigs for axis in part.axes}
    assert {"range", "range rate", "azimuth", "declination"} <= texts
    assert "converged" in repr(fit)
