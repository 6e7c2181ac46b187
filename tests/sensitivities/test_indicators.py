"""Chaos indicators against closed forms: linear systems, the free motion, the pendulum."""

from __future__ import annotations

import numpy as np
import pytest

import taylor as ty

X, V = ty.variables("x v")
PENDULUM = [(X, V), (V, -ty.sin(X))]


def test_exponential_growth() -> None:
    """l = k t: the indicators are k T and k T/2, at all times."""
    for function, factor in ((ty.analysis.megno, 0.5), (ty.analysis.fast_lyapunov_indicator, 1.0)):
        found = function([(X, 1.5 * X)], [2.0], 400.0)  # e^600: vectors are made short again
        assert found.success and found.values.shape == ()
        assert float(found.values) == pytest.approx(600.0 * factor, rel=1e-12)
        assert float(found.exponent) == pytest.approx(1.5, rel=1e-12)
        assert found.history == pytest.approx(1.5 * found.times * factor, rel=1e-10)
        assert found.states == pytest.approx([2 * np.exp(600.0)], rel=1e-11)


def test_linear_oscillator() -> None:
    """Neighbours keep their distance."""
    found = ty.analysis.megno([(X, V), (V, -X)], [1.0, 0.0], 300.0)
    assert float(found.values) == pytest.approx(0.0, abs=1e-12)


def test_free_motion() -> None:
    """w = (1, s)/norm grows as l = log(1 + (b + a s)^2 ..)/2: Y in closed form, by mpmath."""
    import mpmath

    span, w = 50, np.array([1.0, 0.5])
    found = ty.analysis.megno([(X, V), (V, 0)], [0.0, 1.0], span, direction=w, samples=20000)

    def grown(s: mpmath.mpf) -> mpmath.mpf:
        return mpmath.log(((1 + s / 2) ** 2 + mpmath.mpf(1) / 4) / (mpmath.mpf(5) / 4)) / 2

    def mean(s: mpmath.mpf) -> mpmath.mpf:
        return 2 * (grown(s) - mpmath.quad(grown, [0, s / 4, s]) / s)

    wanted = mpmath.quad(mean, [0, 1, 10, span]) / span
    assert float(found.values) == pytest.approx(float(wanted), rel=1e-6)
    indicator = ty.analysis.fast_lyapunov_indicator([(X, V), (V, 0)], [0.0, 1.0], span, direction=w)
    assert float(indicator.values) == pytest.approx(float(grown(mpmath.mpf(span))), rel=1e-12)


def test_the_largest_so_far_counts() -> None:
    """x' = x cos t: log|w| = sin t, whose largest value is 1."""
    found = ty.analysis.fast_lyapunov_indicator(
        [(X, X * ty.cos(ty.time))], [1.0], 2 * np.pi, samples=400
    )
    assert float(found.values) == pytest.approx(1.0, abs=1e-12)
    assert found.history is not None and (np.diff(found.history) >= 0).all()
    assert float(found.exponent) == pytest.approx(0.0, abs=1e-12)


def test_pendulum_is_regular_and_henon_heiles_is_not() -> None:
    regular = ty.analysis.megno(PENDULUM, [1.0, 0.0], 1e4, tol=1e-12)
    assert float(regular.values) == pytest.approx(2.0, abs=0.05)
    y, u, w = ty.variables("y u w")
    system = [(X, u), (y, w), (u, -X - 2 * X * y), (w, -y - X**2 + y**2)]
    energy = 1 / 8  # at (0, -0.15), v_y = 0 there is chaos, at (0, 0.1) an island
    speeds = [np.sqrt(2 * energy - y0**2 + 2 * y0**3 / 3) for y0 in (-0.15, 0.1)]
    starts = [[0.0, -0.15, speeds[0], 0.0], [0.0, 0.1, speeds[1], 0.0]]
    chaos, island = ty.analysis.megno(system, starts, 2000.0, tol=1e-12).values
    assert chaos > 10 and abs(island - 2) < 0.3


def test_many_starts_are_each_alone() -> None:
    x, v = np.meshgrid(np.linspace(0.1, 2.0, 5), [0.0, 0.3, 0.6], indexing="ij")
    found = ty.analysis.megno(PENDULUM, {X: x, V: v}, 100.0, samples=400)
    assert found.values.shape == (5, 3) and found.states.shape == (5, 3, 2)
    assert found.history is None and found.success
    one = ty.analysis.megno(PENDULUM, [x[3, 1], v[3, 1]], 100.0, samples=400)
    assert float(one.values) == found.values[3, 1]


def test_what_goes_wrong_stays_in_its_place() -> None:
    found = ty.analysis.fast_lyapunov_indicator([(X, X**2)], [[-1.0], [1.0], [-2.0]], 3.0)
    assert np.isnan(found.values).tolist() == [False, True, False] and not found.success
    assert found.status[1] is not ty.Status.REACHED
    # w = (1 - x0 t)^-2 for x = x0/(1 - x0 t): it shrinks for x0 < 0
    assert found.exponent[0] == pytest.approx(-2 * np.log(4) / 3, abs=1e-12)


def test_errors_are_clear() -> None:
    with pytest.raises(ty.ArgumentError, match="changes at"):
        ty.analysis.megno([(X, abs(X))], [1.0], 1.0)
    with pytest.raises(ty.ArgumentError, match="components along their last axis"):
        ty.analysis.megno(PENDULUM, [[1.0], [2.0]], 1.0)
    with pytest.raises(ty.ArgumentError, match="direction"):
        ty.analysis.megno(PENDULUM, [1.0, 0.0], 1.0, direction=[0.0, 0.0])
    with pytest.raises(ty.ArgumentError, match="duration"):
        ty.analysis.megno(PENDULUM, [1.0, 0.0], -1.0)
    with pytest.raises(ty.ArgumentError, match="samples"):
        ty.analysis.fast_lyapunov_indicator(PENDULUM, [1.0, 0.0], 1.0, samples=1)
