"""The examples that fit solutions to measurements: against published rates, and the truth."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from example_modules import load
from numpy.testing import assert_allclose

matplotlib = pytest.importorskip("matplotlib")


def test_reaction_rates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rates and sum of squares of Dolan, More & Munson, COPS 3.0 (2004), and Box et al. (1973)."""
    example = load("reaction_rates", monkeypatch)
    z, sums = example.fit()
    assert_allclose(sums[-1], 19.8721669, rtol=1e-6)
    assert_allclose(np.exp(z) * 1e5, [5.93, 2.96, 2.05, 27.5, 4.00], rtol=3e-3)
    step = 1e-4 * np.eye(5)
    slope = lambda at: example.jacobian(at).T @ example.value(at)  # noqa: E731
    differences = [(slope(z + h) - slope(z - h)) / 2e-4 for h in step]
    assert_allclose(example.hessian(z), differences, rtol=1e-5, atol=1e-3)
    matplotlib.pyplot.close(example.draw(z, sums))


def test_orbit_from_angles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without noise the truth; with it, about where it is said to be."""
    example = load("orbit_from_angles", monkeypatch)
    exact = example.observations() * 0 + np.asarray(example.ty.jit(example.angles)(example.TRUE))
    starts, sizes, _ = example.fit(exact, example.circle(exact))
    assert_allclose(starts[-1], example.TRUE, rtol=1e-6)
    assert sizes[-1] < 1e-4
    measured = example.observations(seed=11)
    starts, sizes, j = example.fit(measured, example.circle(measured))
    assert 0.7 < sizes[-1] < 1.3
    off = starts[-1] - example.TRUE
    assert off @ (j.T @ j) @ off < 25  # of six squared deviations
    matplotlib.pyplot.close(example.draw(measured, starts, sizes, j))


def test_low_thrust(monkeypatch: pytest.MonkeyPatch) -> None:
    """It arrives, by exact slopes, and needs a little more than Hohmann's kicks of 5.594 km/s."""
    example = load("low_thrust", monkeypatch)
    problem = example.Problem(12)
    guess = problem.guess()
    _, slopes = problem.at(guess)
    direction = np.cos(np.arange(24.0))
    up, down = (problem.at(guess + h * direction)[0] for h in (1e-5, -1e-5))
    assert_allclose(slopes @ direction, (up - down) / 2e-5, rtol=1e-6)
    controls = problem.solve(1e-6)
    values, _ = problem.at(controls)
    assert abs(values[1:]).max() < 1e-6
    assert_allclose(example.hohmann(), 2.9447 + 2.6488, rtol=1e-4)
    needed = -30.0 * np.log(-values[0])
    assert example.hohmann() < needed < 1.02 * example.hohmann()
    times, states = example.path(controls)
    assert_allclose(states[-1], problem_end(example, controls), rtol=1e-9)
    assert times[-1] == pytest.approx(example.DURATION)
    matplotlib.pyplot.close(example.draw(controls))


def problem_end(example: ModuleType, controls: np.ndarray) -> np.ndarray:
    """The last state of the flight, as the optimiser has it."""
    return np.asarray(example.flight(12)(controls)[-1])
