"""The example that trains a network, in small: its loss falls, and its gradients are right."""

from __future__ import annotations

import numpy as np
import pytest
from example_modules import load

import taylor as ty

pytest.importorskip("matplotlib")


def test_a_network_learns(monkeypatch: pytest.MonkeyPatch) -> None:
    example = load("learned_spiral", monkeypatch)
    monkeypatch.setattr(example, "TURNS", 60)
    ta, points, losses = example.train(60)
    assert losses[20] < losses[0] / 4  # while the same few points are shown
    found = ty.gradient_through(ta, lambda y: ((y - points) ** 2).mean(), times=example.TIMES)
    step = 1e-5
    values = []
    for sign in (1, -1):
        other = example.network()
        for w in example.WEIGHTS:
            other.parameters[w] = ta.parameters[w]
        other.parameters[example.b2] = ta.parameters[example.b2] + sign * step
        values.append(((other.propagate_grid(example.TIMES).states - points) ** 2).mean())
    right = (values[0] - values[1]) / (2 * step)
    assert np.sum(found[example.b2]) == pytest.approx(right, rel=1e-6)
