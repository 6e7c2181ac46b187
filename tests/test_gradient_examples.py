"""The examples that learn by gradients, in small: their numbers, against what others give."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import taylor as ty

matplotlib = pytest.importorskip("matplotlib")

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


def load(name: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """An example as a module, which draws nothing until it is asked to."""
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    return module


def test_digits(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Backpropagation as it is in textbooks (Bishop 2006, section 5.3), and what is learned."""
    example = load("digits", monkeypatch)
    pictures, labels = example.digits(side=10)
    assert pictures.shape == (1797, 100) and pictures.min() == 0 and pictures.max() <= 1
    assert np.bincount(labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    truth = np.eye(10)[labels]
    weights = example.start((100, 16, 10), np.random.default_rng(0))
    rows = slice(0, 48)
    found = ty.grad(example.loss)(weights, pictures[rows], truth[rows])

    hidden = np.tanh(pictures[rows] @ weights["in"] + weights["at"])
    powers = np.exp(hidden @ weights["out"] + weights["to"])
    error = (powers / powers.sum(axis=1, keepdims=True) - truth[rows]) / 48
    back = (error @ weights["out"].T) * (1 - hidden**2)
    textbook = {
        "in": pictures[rows].T @ back,
        "at": back.sum(axis=0),
        "out": hidden.T @ error,
        "to": error.sum(axis=0),
    }
    for name, slope in textbook.items():
        np.testing.assert_allclose(found[name], slope, rtol=0, atol=1e-15 * len(hidden))

    *_, (weights, last) = example.train(weights, pictures[:512], truth[:512], 15, rate=1e-2)
    right = np.argmax(example.scores(weights, pictures[512:]), axis=1) == labels[512:]
    assert last < 0.5 and np.mean(right) > 0.85
    path = tmp_path / "digits.png"
    example.draw([(1.0, 0.5), (last, 0.9)], weights, pictures[512:], labels[512:], path)
    assert path.stat().st_size > 10_000


def test_deblurring(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The camera is a correlation; the page that is found is nearer than any photograph."""
    signal = pytest.importorskip("scipy.signal")
    example = load("deblurring", monkeypatch)
    example.RADIUS, example.SIZE = 2, 5
    rng = np.random.default_rng(3)
    picture, kernels = example.page(36), example.shakes(3, rng)
    np.testing.assert_allclose(kernels.sum(axis=(1, 2)), 1, rtol=1e-15)
    seen = example.exposures(picture, kernels)
    for image, kernel in zip(seen, kernels, strict=True):
        exact = signal.correlate2d(picture, kernel, mode="valid")
        np.testing.assert_allclose(image, exact, atol=1e-14)
    seen = seen + example.NOISE * rng.normal(size=seen.shape)

    unknowns = {"picture": picture, "kernels": kernels}
    way = {name: rng.normal(size=part.shape) for name, part in unknowns.items()}
    slopes = ty.grad(example.badness)(unknowns, seen)
    size = 1e-5
    around = [
        example.badness({name: p + h * way[name] for name, p in unknowns.items()}, seen)
        for h in (-size, size)
    ]
    along = sum(np.sum(slopes[name] * way[name]) for name in way)
    assert along == pytest.approx((around[1] - around[0]) / (2 * size), rel=1e-5)

    found, course = example.recovered(seen, 150)
    assert course[-1] < course[0] / 50

    def miss(image: np.ndarray) -> float:
        """From the page, wherever on it the image lies best."""
        inner = image[4:-4, 4:-4]
        shifted = np.lib.stride_tricks.sliding_window_view(picture, inner.shape)
        return float(np.sqrt(np.mean((shifted - inner) ** 2, axis=(2, 3))).min())

    assert miss(found["picture"]) < 0.6 * min(miss(image) for image in seen)
    example.draw(picture, kernels, seen, found, tmp_path / "page.png")
    assert (tmp_path / "page.png").stat().st_size > 10_000


def test_soft_robot(monkeypatch: pytest.MonkeyPatch) -> None:
    """Inner forces have no sum; gradients are those of differences; it learns to walk."""
    example = load("soft_robot", monkeypatch)
    rng = np.random.default_rng(5)
    muscles = rng.normal(size=(2, len(example.SPRINGS)))
    x, v = example.MASSES + np.array([0.0, 1.0]), 0.1 * rng.normal(size=example.MASSES.shape)
    pull = example.accelerations(x, v, muscles, 0.3)  # high above the ground
    mean = -example.DRAG * v.mean(axis=0) - [0, example.GRAVITY]
    np.testing.assert_allclose(pull.mean(axis=0), mean, atol=1e-12)
    turn = x[:, 0] * pull[:, 1] - x[:, 1] * pull[:, 0]
    drag = -example.DRAG * (x[:, 0] * v[:, 1] - x[:, 1] * v[:, 0])
    assert np.sum(turn) == pytest.approx(np.sum(drag - example.GRAVITY * x[:, 0]), abs=1e-10)

    times = example.DT * np.arange(60)
    slope = ty.grad(example.distance)(muscles, times)
    way = rng.normal(size=muscles.shape)
    ends = [example.distance(muscles + h * way, times) for h in (-1e-5, 1e-5)]
    assert np.sum(slope * way) == pytest.approx((ends[1] - ends[0]) / 2e-5, rel=1e-6)

    (before, after), distances = example.learn(400, 40)
    assert max(distances) > 1.0 > 0.1 > abs(distances[0])
    assert not np.array_equal(before, after)
    _, track = example.walk(after, example.DT * np.arange(400))
    assert np.mean(track[-1][:, 0] - example.MASSES[:, 0]) == pytest.approx(
        max(distances), abs=1e-3
    )
