"""A neural differential equation learns spirals: adjoint gradients, and a small optimiser.

The slope of a point in the plane is a network of two layers, tanh(W1 y^3 + b1) between them, whose
weights are fitted to a few points on a spiral that obeys y' = A y^3 (Chen et al., NeurIPS 2018).
Each turn of the optimiser (Kingma & Ba, ICLR 2015) takes one gradient of the squared distances at
all times through the solution, `ty.gradient_through`, whose cost does not grow with the weights.
Draws examples/learned_spiral.png:

    python examples/learned_spiral.py
"""

from __future__ import annotations

from pathlib import Path

import matplotlib
import numpy as np

import taylor as ty

matplotlib.use("Agg")
import matplotlib.pyplot as plt

plt.style.use("taylor.displays.pictures")

TURNS, RATE, HIDDEN = 2000, 0.03, 24
TIMES = np.linspace(0.0, 6.0, 25)[1:]
START = np.array([2.0, 0.0])
SPIRAL = np.array([[-0.1, 2.0], [-2.0, -0.1]])

y = ty.variable("y", shape=(2,))
w1, b1 = ty.parameter("w1", shape=(HIDDEN, 2)), ty.parameter("b1", shape=(HIDDEN,))
w2, b2 = ty.parameter("w2", shape=(2, HIDDEN)), ty.parameter("b2", shape=(2,))
WEIGHTS = (w1, b1, w2, b2)


def true_spiral() -> ty.Integrator:
    """What the points are taken from."""
    x, v = ty.variables("x v")
    cubes = x**3, v**3
    rows = [sum(float(a) * c for a, c in zip(row, cubes, strict=True)) for row in SPIRAL]
    return ty.Integrator([(x, rows[0]), (v, rows[1])], START)


def network(seed: int = 1) -> ty.Integrator:
    """The equation with weights that know nothing yet."""
    rng = np.random.default_rng(seed)
    values = {w: 0.1 * rng.normal(size=w.shape) for w in WEIGHTS}
    return ty.Integrator([(y, w2 @ ty.tanh(w1 @ y**3 + b1) + b2)], START, parameters=values)


class Adam:
    """Steps against a gradient, each as long as the last gradients agree."""

    def __init__(self) -> None:
        self.mean = {w: np.zeros(w.shape) for w in WEIGHTS}
        self.square = {w: np.zeros(w.shape) for w in WEIGHTS}
        self.turn = 0

    def step(self, ta: ty.Integrator, gradient: ty.Gradient) -> None:
        """Change the weights of an integrator."""
        self.turn += 1
        rate = RATE * min(1.0, 2 * (1 - self.turn / (TURNS + 1)))
        for w in WEIGHTS:
            g = np.asarray(gradient[w])
            self.mean[w] = 0.9 * self.mean[w] + 0.1 * g
            self.square[w] = 0.99 * self.square[w] + 0.01 * g**2
            mean = self.mean[w] / (1 - 0.9**self.turn)
            size = np.sqrt(self.square[w] / (1 - 0.99**self.turn)) + 1e-8
            ta.parameters[w] = ta.parameters[w] - rate * mean / size


def train(turns: int = TURNS) -> tuple[ty.Integrator, np.ndarray, np.ndarray]:
    """The fitted equation, the points, and the mean squared distance before each turn."""
    points = true_spiral().propagate_grid(TIMES).states
    ta, adam, losses = network(), Adam(), []
    for turn in range(turns):
        # The first points first: a long solution of a wrong equation is of no use.
        count = min(len(TIMES), 4 + turn * len(TIMES) // max(turns // 2, 1))
        shown = points[:count]
        found = ty.gradient_through(
            ta, lambda states, shown=shown: ((states - shown) ** 2).mean(), times=TIMES[:count]
        )
        losses.append(found.value)
        adam.step(ta, found)
    return ta, points, np.array(losses)


def main() -> None:
    ta, points, losses = train()
    print(f"{ta.parameters.array().size} weights, {TURNS} turns; mean squared distance from")
    print(f"{losses[0]:.3f} (of the first points) to {losses[-1]:.2e} (of all)")
    dense = np.linspace(0.0, 9.0, 600)
    true, fitted = (one.propagate_grid(dense).states for one in (true_spiral(), ta))
    figure, axes = plt.subplots(1, 2, figsize=(10, 5.2))
    grid = np.stack(np.meshgrid(*[np.linspace(-2.3, 2.3, 23)] * 2), axis=-1)
    values = {w: ta.parameters[w] for w in WEIGHTS}
    hidden = np.tanh(grid**3 @ values[w1].T + values[b1])
    slopes = hidden @ values[w2].T + values[b2]
    sizes = np.linalg.norm(slopes, axis=-1)
    axes[0].quiver(
        *np.moveaxis(grid, -1, 0), *np.moveaxis(slopes / sizes[..., None], -1, 0), sizes**0.3
    )
    axes[0].plot(*true.T, color="0.4", lw=1, label="the true spiral")
    axes[0].plot(*fitted.T, color="C2", lw=1.6, label="learned, to t = 9")
    axes[0].plot(*points.T, "o", color="C0", ms=5, label="what it learned from, to t = 6")
    axes[0].set(aspect="equal", xlim=(-2.3, 2.3), ylim=(-2.3, 2.3), title="A learned slope field")
    axes[0].set(xlabel="x", ylabel="y")
    axes[0].legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=1)
    axes[1].semilogy(losses, color="C0", lw=1)
    axes[1].set(xlabel="turn of the optimiser", ylabel="mean squared distance", title="Learning")
    path = Path(__file__).with_suffix(".png")
    figure.savefig(path, dpi=130)
    print(f"wrote {path.name}")


if __name__ == "__main__":
    main()
