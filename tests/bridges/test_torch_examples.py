"""The examples with PyTorch, in small."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from example_modules import load

torch = pytest.importorskip("torch")
matplotlib = pytest.importorskip("matplotlib")
pytestmark = pytest.mark.filterwarnings("ignore:::torch")


def test_neural_ode(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A few gradients already bring the curve near."""
    example = load("neural_ode", monkeypatch)
    torch.manual_seed(2)
    true = example.spiral()
    radius = np.hypot(*true.T)
    assert (np.diff(radius) < 0).all()  # radius' = -0.15 (1 + 0.4 radius^2) radius
    rate = -0.15 * (1 + 0.4 * radius**2) * radius
    np.testing.assert_allclose(np.gradient(radius, example.TIMES)[5:-5], rate[5:-5], rtol=0.02)
    net = example.network()
    before = example.predicted(net, example.TIMES)
    losses = example.train(net, true, iterations=60)
    after = example.predicted(net, example.TIMES)
    assert losses[-1] < 0.05 * losses[0]
    assert np.mean((after - true) ** 2) < 0.1 * np.mean((before - true) ** 2)
    curves = {"measured": true, "before": before, "after": after}
    fine = np.linspace(0, 12, len(true))
    monkeypatch.setattr(example, "FINE", fine)
    example.draw(curves, net, losses, tmp_path / "ode.png")
    assert (tmp_path / "ode.png").stat().st_size > 10_000


def test_universal_equation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lotka-Volterra has a constant; formulae are read off exact terms exactly."""
    example = load("universal_equation", monkeypatch)
    true = example.truth(example.TIMES)
    x, y = true.T
    kept = example.FED * x - example.STARVED * np.log(x)
    kept = kept + example.EATEN * y - example.GROWTH * np.log(y)
    np.testing.assert_allclose(kept, kept[0], rtol=1e-12)
    terms = np.stack([-example.EATEN * x * y, example.FED * x * y], axis=1)
    rows = example.sparse(true, terms)
    assert example.formula(rows[0]) == "-0.900 xy" and example.formula(rows[1]) == "+0.800 xy"
    better, curve = example.refit(rows * 1.2, true, iterations=30)
    np.testing.assert_allclose(better, rows, rtol=1e-5)
    np.testing.assert_allclose(curve, example.truth(example.AFTER), rtol=1e-2, atol=1e-2)
    torch.manual_seed(4)
    assert example.network()(torch.ones(2).double()).shape == (2,)
