"""A network of MNIST's size learns to read digits: 784 pixels, 64 hidden units, 10 classes.

The loss is a plain NumPy function of a dictionary of weights; `ty.value_and_grad` makes machine
code of it and of its gradient, and the training loop is plain NumPy again (Adam: Kingma & Ba 2015).
The same gradient with respect to the picture says which pixels a wrong answer hangs on.  Draws
examples/digits.png:

    python examples/digits.py [--epochs 12] [--rows 1797] [--side 28]

The pictures are scikit-learn's: 1797 digits of 8 x 8 pixels (examples/data/digits.csv.gz; Alpaydin
& Kaynak 1998, UCI Machine Learning Repository, doi:10.24432/C50P49, CC BY 4.0), here enlarged.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import matplotlib
import numpy as np

import taylor as ty

matplotlib.use("Agg")
import matplotlib.pyplot as plt

plt.style.use("taylor.displays.pictures")

TABLE = Path(__file__).parent / "data" / "digits.csv.gz"
BATCH = 64

Weights = dict[str, np.ndarray]


def digits(side: int = 28) -> tuple[np.ndarray, np.ndarray]:
    """Pictures (1797, side**2) of pixels 0 .. 1, enlarged by linear interpolation, and digits."""
    table = np.loadtxt(TABLE, delimiter=",")
    small = table[:, :-1].reshape(-1, 8, 8) / 16
    centres = (np.arange(side) + 0.5) * 8 / side - 0.5
    enlarge = np.stack([np.interp(centres, np.arange(8), row) for row in np.eye(8)], axis=1)
    return (enlarge @ small @ enlarge.T).reshape(len(table), side**2), table[:, -1].astype(int)


def start(sizes: tuple[int, int, int], rng: np.random.Generator) -> Weights:
    """Random weights that keep the size of what goes through (Glorot & Bengio 2010)."""
    n, hidden, classes = sizes
    return {
        "in": rng.normal(scale=(2 / (n + hidden)) ** 0.5, size=(n, hidden)),
        "at": np.zeros(hidden),
        "out": rng.normal(scale=(2 / (hidden + classes)) ** 0.5, size=(hidden, classes)),
        "to": np.zeros(classes),
    }


def scores(weights: Weights, pictures: np.ndarray) -> np.ndarray:
    """How much speaks for each class, (rows, classes): logarithms of unnormalised probabilities."""
    return np.tanh(pictures @ weights["in"] + weights["at"]) @ weights["out"] + weights["to"]


def loss(weights: Weights, pictures: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Cross-entropy of the truth, one row of 0 and 1 a picture: a mean over the rows."""
    found = scores(weights, pictures)
    highest = np.max(found, axis=1, keepdims=True)
    logarithm = highest[:, 0] + np.log(np.sum(np.exp(found - highest), axis=1))
    return np.mean(logarithm - np.sum(found * truth, axis=1))


def train(
    weights: Weights, pictures: np.ndarray, truth: np.ndarray, epochs: int, rate: float = 2e-3
) -> Iterator[tuple[Weights, float]]:
    """Weights and mean loss after each epoch, by Adam."""
    slope = ty.value_and_grad(loss)
    first = {name: np.zeros_like(w) for name, w in weights.items()}
    second = {name: np.zeros_like(w) for name, w in weights.items()}
    rng, count = np.random.default_rng(2), 0
    for _ in range(epochs):
        values = []
        order = rng.permutation(len(pictures))
        for rows in order[: len(order) // BATCH * BATCH].reshape(-1, BATCH):
            value, slopes = slope(weights, pictures[rows], truth[rows])
            values.append(value)
            count += 1
            for name, g in slopes.items():
                first[name] = 0.9 * first[name] + 0.1 * g
                second[name] = 0.999 * second[name] + 0.001 * g**2
            size = rate * (1 - 0.999**count) ** 0.5 / (1 - 0.9**count)
            weights = {
                name: w - size * first[name] / (np.sqrt(second[name]) + 1e-8)
                for name, w in weights.items()
            }
        yield weights, float(np.mean(values))


def draw(
    history: list[tuple[float, float]],
    weights: Weights,
    pictures: np.ndarray,
    labels: np.ndarray,
    path: Path,
) -> None:
    """The course of training, and the wrong answers with what they hang on."""
    side = round(pictures.shape[1] ** 0.5)
    found = np.argmax(scores(weights, pictures), axis=1)
    wrong = np.flatnonzero(found != labels)[:6]
    figure = plt.figure(figsize=(13, 4.2))
    left, right = figure.subfigures(1, 2, width_ratios=(1, 2))
    axes = left.subplots()
    losses, rates = np.array(history).T
    epochs = np.arange(1, len(losses) + 1)
    axes.semilogy(epochs, losses, color="C0", marker="o", ms=4)
    axes.set(xlabel="epoch", title="training")
    axes.set_ylabel("loss", color="C0")
    other = axes.twinx()
    other.grid(visible=False)
    other.plot(epochs, 100 * (1 - rates), color="C2", marker="s", ms=4)
    other.set_ylabel("% of unseen digits read wrong", color="C2")
    other.set_ylim(0)
    axes.xaxis.get_major_locator().set_params(integer=True)
    right.suptitle(
        "what is read wrong, and the gradient by pixels: for the answer (red), for the truth (blue)"
    )
    by_picture = ty.grad(
        lambda picture, answer, truth: np.sum(scores(weights, picture[None]) * (answer - truth))
    )
    panels = right.subplots(2, 6)
    for axes in panels.flat:
        axes.axis("off")
    classes = np.eye(10)
    for (above, below), k in zip(panels.T, wrong, strict=False):
        slope = by_picture(pictures[k], classes[found[k]], classes[labels[k]])
        top = np.abs(slope).max()
        above.imshow(pictures[k].reshape(side, side), cmap="gray_r")
        above.set_title(f"{labels[k]}, read as {found[k]}", fontsize=9)
        below.contour(pictures[k].reshape(side, side), [0.5], colors="k", linewidths=0.7)
        below.imshow(slope.reshape(side, side), cmap="RdBu_r", vmin=-top, vmax=top)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--rows", type=int, default=1797)
    parser.add_argument("--side", type=int, default=28)
    chosen = parser.parse_args()
    rng = np.random.default_rng(1)
    pictures, labels = digits(chosen.side)
    order = rng.permutation(len(labels))[: chosen.rows]
    pictures, labels, seen = pictures[order], labels[order], len(order) * 4 // 5
    begin = start((chosen.side**2, 64, 10), rng)
    history = []
    began = time.perf_counter()
    for weights, value in train(begin, pictures[:seen], np.eye(10)[labels[:seen]], chosen.epochs):
        found = np.argmax(scores(weights, pictures[seen:]), axis=1)
        history.append((value, float(np.mean(found == labels[seen:]))))
        passed = time.perf_counter() - began
        print(f"{passed:5.1f} s  loss {value:.4f}  {history[-1][1]:.1%} of unseen digits right")
    path = Path(__file__).with_suffix(".png")
    draw(history, weights, pictures[seen:], labels[seen:], path)
    print(f"wrote {path.name}")


if __name__ == "__main__":
    main()
