"""The example of orbit determination, in small."""

from __future__ import annotations

import numpy as np
import pytest
from example_modules import load

matplotlib = pytest.importorskip("matplotlib")


def test_a_transfer_orbit_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    example = load("orbit_determination", monkeypatch)
    exact = example.sky.simulate(
        example.motion(example.START),
        example.passes(),
        seed=1,
        parameters={example.CLOCK: example.TRUE_CLOCK},
    )
    fit = example.determined(example.spoiled(exact))
    assert fit.converged
    assert 0.85 < fit.reduced_chi_square < 1.15
    truth = np.array([*example.START, example.TRUE_J2, example.TRUE_CLOCK])
    assert np.abs((fit.values - truth) / fit.sigma()).max() < 4
    left_out = sum(int((~counts).sum()) for counts in fit.accepted)
    assert 10 < left_out < 40
    scatter = example.cloud(fit, 20)
    assert np.abs(scatter / fit.sigma()).max() < 5
    matplotlib.pyplot.close(example.draw(fit, scatter))
