"""Systems of arrays and as functions, pickles of results, and starts that depend on time."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import taylor as ty

Q, P = ty.variable("q", 2), ty.variable("p", 2)
KEPLER = [(Q, P), (P, -Q / (Q @ Q) ** 1.5)]
START = [1.0, 0.0, 0.0, 1.1]
AXIS = 1 / (2 - 1.1**2)  # semi-major axis


def test_arrays() -> None:
    orbit = ty.analysis.periodic_orbit(KEPLER, START, odd=[Q[1], P[0]], fixed=Q[0])
    assert orbit.period == pytest.approx(2 * np.pi * AXIS**1.5, rel=1e-13)
    assert orbit[Q[0]] == orbit["q[0]"] == 1.0
    wanted = Q @ Q - 1
    again = ty.analysis.periodic_orbit(
        KEPLER, [0.9, 0.0, 0.0, 1.1], 9.0, odd=[Q[1], P[0]], conditions=[wanted], fixed=P[1]
    )
    assert again.state == pytest.approx(orbit.state, abs=1e-10)
    # all ellipses of all sizes are periodic: the direction says which
    with pytest.raises(ty.ArgumentError, match="2 families"):
        ty.analysis.continue_family(orbit, 3)
    family = ty.analysis.continue_family(orbit, 5, direction={Q[0]: 1})
    for one in family:
        x, v = one.state[0], one.state[3]
        assert one.period == pytest.approx(2 * np.pi * (2 / x - v * v) ** -1.5, rel=1e-10)
    found = ty.analysis.uncertainty(KEPLER, START, 3.0, 1e-6 * np.eye(2), wrt=Q)
    assert found.factor.shape == (2, 2) and found.mean.shape == (4,)
    regular = ty.analysis.megno(KEPLER, {Q: [[1.0, 0.0], [1.1, 0.0]], P: [0.0, 1.1]}, 300.0)
    assert regular.values == pytest.approx([2.0, 2.0], abs=0.1)


def test_functions() -> None:
    def pendulum(t: ty.Expression, y: np.ndarray) -> list[ty.Expression]:
        return [y[1], -ty.sin(y[0])]

    orbit = ty.analysis.periodic_orbit(pendulum, [1.0, 0.0], 6.5)
    assert orbit.period == pytest.approx(6.69, abs=0.02)
    indicator = ty.analysis.megno(pendulum, [[1.0, 0.0], [0.5, 0.0]], 50.0)
    assert indicator.values.shape == (2,)

    def scaled(t: ty.Expression, y: np.ndarray, p: np.ndarray) -> list[ty.Expression]:
        return [p[0] * y[0]]

    found = ty.analysis.fast_lyapunov_indicator(scaled, [1.0], 3.0, parameters=[2.0])
    assert float(found.values) == pytest.approx(6.0, rel=1e-12)


def test_pickles() -> None:
    orbit = ty.analysis.periodic_orbit(KEPLER, START, odd=[Q[1], P[0]], fixed=Q[0])
    again = pickle.loads(pickle.dumps(orbit))
    assert (again.sample(5)[1] == orbit.sample(5)[1]).all()
    found = ty.analysis.uncertainty(KEPLER, START, 3.0, 1e-6 * np.eye(4))
    again = pickle.loads(pickle.dumps(found))
    assert (again([0.001, 0, 0, 0]) == found([0.001, 0, 0, 0])).all()
    family = pickle.loads(pickle.dumps(ty.analysis.continue_family(orbit, 3, direction={Q[0]: 1})))
    assert len(family) == 3


def test_a_later_start() -> None:
    """x' = t x from t = 1 to 2 by exp(3/2)."""
    x = ty.variable("x")
    system = [(x, ty.time * x)]
    found = ty.analysis.uncertainty(system, [1.0], 2.0, [[0.01]], time=1.0)
    assert found.mean[0] == pytest.approx(np.exp(1.5), rel=1e-13)
    grown = ty.analysis.fast_lyapunov_indicator(system, [1.0], 1.0, time=1.0)
    assert float(grown.values) == pytest.approx(1.5, rel=1e-12)
    assert grown.times[-1] == 2.0
