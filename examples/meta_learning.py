"""Learning to learn: the gradient goes through the iterations of an optimiser.

A task is a sine curve of unknown amplitude and phase, known at ten points.  A small network that
starts from ordinary weights learns little from them in a few steps of gradient descent.  Model-
agnostic meta-learning (Finn, Abbeel & Levine 2017) asks for the start from which these steps lead
far: the loss *after* the steps, at other points of the curve, is differentiated by the weights
before them and by the step sizes (Li et al., Meta-SGD, 2017), with the gradients of the steps
themselves inside.  `ty.vmap` does it for many tasks at once.  Draws examples/meta_learning.png:

    python examples/meta_learning.py [--iterations 6000] [--tasks 20]
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import matplotlib
import numpy as np

import taylor as ty

matplotlib.use("Agg")
import matplotlib.pyplot as plt

plt.style.use("taylor.displays.pictures")

STEPS = 3  # of gradient descent in a task
POINTS = 10
HIDDEN = 32

Weights = dict[str, np.ndarray]


def start(rng: np.random.Generator) -> Weights:
    """Ordinary random weights, and the size of each step."""
    return {
        "in": rng.normal(size=HIDDEN),
        "at": rng.normal(size=HIDDEN),
        "between": rng.normal(scale=HIDDEN**-0.5, size=(HIDDEN, HIDDEN)),
        "on": np.zeros(HIDDEN),
        "out": rng.normal(scale=HIDDEN**-0.5, size=HIDDEN),
        "rates": np.full(STEPS, 0.02),
    }


def network(weights: Weights, x: np.ndarray) -> np.ndarray:
    """Values at points x, (points,)."""
    hidden = np.tanh(x[:, None] * weights["in"] + weights["at"])
    return np.tanh(hidden @ weights["between"] + weights["on"]) @ weights["out"]


def loss(weights: Weights, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.mean((network(weights, x) - y) ** 2)


def learned(weights: Weights, x: np.ndarray, y: np.ndarray) -> Weights:
    """Weights after the steps of gradient descent on a task."""
    for k in range(STEPS):
        slopes = ty.grad(loss)(weights, x, y)
        weights = {name: w - weights["rates"][k] * slopes[name] for name, w in weights.items()}
    return weights


def loss_after(weights: Weights, tasks: tuple[np.ndarray, ...]) -> np.ndarray:
    """Mean loss of tasks after learning them, at points that were not learned from.

    tasks: x and y to learn from, x and y to be judged by, (tasks, points) each.
    """

    def of_task(x, y, other_x, other_y):
        return loss(learned(weights, x, y), other_x, other_y)

    return np.mean(ty.vmap(of_task)(*tasks))


def sines(count: int, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Random tasks, as `loss_after` takes them."""
    height, phase = rng.uniform(0.5, 4, (count, 1)), rng.uniform(0, 2 * np.pi, (count, 1))
    x, other = rng.uniform(-4, 4, (2, count, POINTS))
    return x, height * np.sin(x + phase), other, height * np.sin(other + phase)


def train(
    weights: Weights, iterations: int, tasks: int, rng: np.random.Generator
) -> tuple[Weights, list[float]]:
    """Weights to start from and the losses on the way, by Adam (Kingma & Ba 2015)."""
    slope, losses = ty.value_and_grad(loss_after), []
    first = {name: np.zeros_like(w) for name, w in weights.items()}
    second = {name: np.zeros_like(w) for name, w in weights.items()}
    for count in range(1, iterations + 1):
        value, slopes = slope(weights, sines(tasks, rng))
        losses.append(float(value))
        size = 2e-3 * (1 - 0.999**count) ** 0.5 / (1 - 0.9**count)
        for name, g in slopes.items():
            first[name] = 0.9 * first[name] + 0.1 * g
            second[name] = 0.999 * second[name] + 0.001 * g**2
        weights = {
            name: w - size * first[name] / (np.sqrt(second[name]) + 1e-8)
            for name, w in weights.items()
        }
    return weights, losses


def draw(starts: dict[str, Weights], losses: list[float], path: Path) -> None:
    """The course of learning to learn, and how two new curves are learned from both starts."""
    figure = plt.figure(figsize=(13, 4.2))
    panels = figure.subplots(1, 3)
    window = max(1, len(losses) // 60)
    smooth = np.convolve(losses, np.full(window, 1 / window), mode="valid")
    panels[0].semilogy(losses, color="C0", alpha=0.25, lw=0.5)
    panels[0].semilogy(np.arange(len(smooth)) + window / 2, smooth, color="C0")
    panels[0].set(xlabel="iteration", ylabel="loss", title=f"loss after {STEPS} steps in a task")
    x, y, grid, true = (part[0] for part in sines(1, np.random.default_rng(7)))
    order = np.linspace(-4, 4, 200)
    as_sin, as_cos = np.linalg.lstsq(np.stack([np.sin(x), np.cos(x)], axis=1), y, rcond=None)[0]
    step = ty.jit(learned)
    for axes, (name, weights) in zip(panels[1:], starts.items(), strict=True):
        axes.plot(order, as_sin * np.sin(order) + as_cos * np.cos(order), color="0.6", lw=3)
        axes.plot(order, network(weights, order), ":", color="C0", label="at the start")
        after = step(weights, x, y)
        axes.plot(order, network(after, order), color="C2", label=f"after {STEPS} steps")
        axes.plot(x, y, "o", color="k", ms=5, label="known")
        axes.set(title=f"{name}: loss {loss(after, grid, true):.2g}", xlabel="x", ylabel="y")
        axes.legend(loc="lower right")
    figure.savefig(path, dpi=110)
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--iterations", type=int, default=6000)
    parser.add_argument("--tasks", type=int, default=20)
    chosen = parser.parse_args()
    rng = np.random.default_rng(1)
    weights = start(rng)
    began = time.perf_counter()
    better, losses = train(weights, chosen.iterations, chosen.tasks, rng)
    passed = time.perf_counter() - began
    print(
        f"{chosen.iterations} gradients through {STEPS} steps "
        f"of {chosen.tasks} tasks in {passed:.1f} s"
    )
    judged = sines(1000, np.random.default_rng(2))
    for name, each in (("ordinary", weights), ("learned", better)):
        print(f"{name} start: loss after {STEPS} steps {loss_after(each, judged):.3g}")
    print("step sizes:", *np.round(better["rates"], 4))
    path = Path(__file__).with_suffix(".png")
    draw({"from ordinary weights": weights, "from the learned start": better}, losses, path)
    print(f"wrote {path.name}")


if __name__ == "__main__":
    main()
