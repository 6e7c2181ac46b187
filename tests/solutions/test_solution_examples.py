"""The examples that fit solutions to measurements: against published rates, and the truth."""

from __future__ import annotations

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
