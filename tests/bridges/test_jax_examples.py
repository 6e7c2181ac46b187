"""The examples with JAX, in small: their numbers, against what others give."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from example_modules import load

jax = pytest.importorskip("jax")
pytest.importorskip("equinox")
pytest.importorskip("optax")
pytest.importorskip("matplotlib")


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    """Examples enable x64 for good."""
    before = jax.config.jax_enable_x64
    yield
    jax.config.update("jax_enable_x64", before)


def test_heat_in_jax(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The rod's temperatures are those of the matrix exponential, and training lowers the error."""
    example = load("heat_in_jax", monkeypatch)
    k = example.conductivity(example.FACES)
    inner = k.copy()
    inner[[0, -1]] *= 2
    matrix = np.diag(-(inner[:-1] + inner[1:])) + np.diag(k[1:-1], 1) + np.diag(k[1:-1], -1)
    values, vectors = np.linalg.eigh(matrix / example.WIDTH**2)
    start = example.STARTS[0]
    exact = [vectors @ (np.exp(t * values) * (vectors.T @ start)) for t in example.TIMES]
    np.testing.assert_allclose(example.temperatures()(k, start), exact, rtol=1e-11, atol=1e-14)

    measured = example.readings(np.random.default_rng(0))
    untrained = example.Material(jax.random.key(1))
    steps = list(example.train(untrained, measured, 12))
    losses = [value for _, value in steps]
    assert losses[-1] < 0.5 * losses[0]
    path = tmp_path / "heat.png"
    example.draw(steps[-1][0], untrained, measured, losses, path)
    assert path.stat().st_size > 10_000


def test_network_in_solver(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Angles are those of a classical method with the same network, and training lowers the
    error.
    """
    example = load("network_in_solver", monkeypatch)
    model = example.Force(jax.random.key(2))
    found = example.Learned(model, example.SWING).angles(model)

    def rate(state: np.ndarray) -> np.ndarray:
        force = float(model(state[1]))
        return np.array([state[1], force - np.sin(state[0])])

    state, h = np.array(example.SWING), example.TIMES[0] / 20
    for _ in range(20):
        a = rate(state)
        b = rate(state + h / 2 * a)
        c = rate(state + h / 2 * b)
        state = state + h / 6 * (a + 2 * b + 2 * c + rate(state + h * c))
    assert float(found[0]) == pytest.approx(state[0], rel=1e-9)

    measured = example.readings(np.random.default_rng(0))
    steps = list(example.train(model, measured, 40))
    losses = [value for _, value in steps]
    assert losses[-1] < 0.1 * losses[0]
    path = tmp_path / "network.png"
    example.draw(steps[-1][0], model, measured, losses, path)
    assert path.stat().st_size > 10_000
