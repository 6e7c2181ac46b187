"""A network of PyTorch's as a right-hand side, trained by PyTorch's optimiser through our solver.

A neural ordinary differential equation (Chen et al. 2018): a spiral is known from noisy
measurements, its equations are not.  `ty.torch.trace` takes the network into the equations, which
are integrated in machine code; `ty.torch.function` makes of the solution a function of tensors,
whose gradients train the very parameters of the network.  `torch.vmap` solves for many pieces of
the measured curve at once; in the end the whole of it is fitted.  Draws examples/neural_ode.png:

    python examples/neural_ode.py [--iterations 150]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import matplotlib
import numpy as np
import torch

import taylor as ty

matplotlib.use("Agg")
import matplotlib.pyplot as plt

plt.style.use("taylor.displays.pictures")

MATRIX = np.array([[-0.15, 1.0], [-1.0, -0.15]])
START = np.array([2.0, 0.0])
TIMES = np.linspace(0, 12, 161)
FINE = np.linspace(0, 12, 1601)
NOISE = 0.03
PIECE = 20  # measurements that one piece of the curve has after its first

Solve = Callable[..., torch.Tensor]


def spiral() -> np.ndarray:
    """The true curve, (times, 2)."""
    y = ty.variable("y", shape=(2,))
    ta = ty.Integrator([(y, (1 + 0.4 * y @ y) * (y @ MATRIX))], START)
    return np.concatenate([[START], ta.propagate_grid(TIMES[1:]).states])


def network() -> torch.nn.Module:
    """What stands for the right-hand side."""
    net = torch.nn.Sequential(torch.nn.Linear(2, 16), torch.nn.Tanh(), torch.nn.Linear(16, 2))
    return net.double()


def solver(net: torch.nn.Module) -> Solve:
    """The solution, (times, 2), as a function of start, the net's parameters, and times."""
    right = ty.torch.trace(net, torch.zeros(2))
    y, weights = ty.variable("y", shape=(2,)), right.parameters()
    values = {weights[name]: value for name, value in right.weights.items()}
    ta = ty.Integrator([(y, right(y, weights=weights))], START, parameters=values, tol=1e-9)
    return ty.torch.function(ta.as_function(inputs=[y, *weights.values()], outputs=y))


def optimise(
    net: torch.nn.Module, loss: Callable[[], torch.Tensor], iterations: int
) -> list[float]:
    """The losses on the way, by PyTorch's L-BFGS; the net is changed."""
    losses: list[float] = []
    optimiser = torch.optim.LBFGS(
        net.parameters(), max_iter=iterations, line_search_fn="strong_wolfe"
    )

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        value = loss()
        value.backward()
        losses.append(value.item())
        return value

    optimiser.step(closure)
    return losses


def train(net: torch.nn.Module, measured: np.ndarray, iterations: int) -> list[float]:
    """The losses on the way: first of pieces of the curve, which are easy, then of all of it."""
    data, times, weights = torch.tensor(measured), torch.tensor(TIMES), list(net.parameters())
    solve = solver(net)
    many = torch.vmap(solve, in_dims=(0, *[None] * len(weights), 0))
    first = torch.arange(0, len(data) - PIECE, PIECE // 4)
    places = first[:, None] + torch.arange(1, PIECE + 1)

    def of_pieces() -> torch.Tensor:
        found = many(data[first], *weights, times[places] - times[first, None])
        return torch.mean((found - data[places]) ** 2)

    def of_all() -> torch.Tensor:
        return torch.mean((solve(data[0], *weights, times[1:]) - data[1:]) ** 2)

    losses = optimise(net, of_pieces, 2 * iterations // 3)
    return losses + optimise(net, of_all, iterations // 3)


def predicted(net: torch.nn.Module, times: np.ndarray) -> np.ndarray:
    """The curve that the net's equations have from the true start, (times, 2)."""
    with torch.no_grad():
        found = solver(net)(torch.tensor(START), *net.parameters(), times[1:])
    return np.concatenate([[START], found.numpy()])


def draw(
    curves: dict[str, np.ndarray], net: torch.nn.Module, losses: list[float], path: Path
) -> None:
    figure = plt.figure(figsize=(13, 4.2))
    panels = figure.subplots(1, 3)
    panels[0].semilogy(losses, color="C0", lw=0.8)
    panels[0].axhline(NOISE**2, color="0.5", ls=":")
    panels[0].set(
        xlabel="iteration", ylabel="mean square error", title="pieces, then all (dotted: noise)"
    )
    measured, before, after = curves.values()
    for k, name in enumerate("xy"):
        panels[1].plot(TIMES, measured[:, k], ".", color=f"C{k}", ms=2.5, alpha=0.6)
        panels[1].plot(FINE, after[:, k], color=f"C{k}", label=name)
    panels[1].set(xlabel="time", ylabel="x, y", title="measurements and the trained equation")
    panels[1].legend(loc="upper right")
    grid = np.linspace(-2.2, 2.2, 17)
    x, y = np.meshgrid(grid, grid)
    points = np.stack([x, y], axis=-1)
    flow = ty.torch.trace(net)(points)
    panels[2].streamplot(grid, grid, *flow.transpose(2, 0, 1), color="0.8", linewidth=0.6)
    panels[2].plot(*measured.T, "k.", ms=2, label="measured")
    panels[2].plot(*before.T, color="C1", lw=0.8, label="before")
    panels[2].plot(*after.T, color="C2", label="trained")
    panels[2].set(xlim=(-2.2, 2.2), ylim=(-2.2, 2.2), aspect="equal", title="its flow")
    panels[2].set(xlabel="x", ylabel="y")
    panels[2].legend(loc="lower right")
    figure.savefig(path, dpi=110)
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--iterations", type=int, default=150)
    chosen = parser.parse_args()
    torch.manual_seed(2)
    true = spiral()
    measured = true + NOISE * np.random.default_rng(3).normal(size=true.shape)
    net = network()
    before = predicted(net, FINE)
    began = time.perf_counter()
    losses = train(net, measured, chosen.iterations)
    passed = time.perf_counter() - began
    after = predicted(net, FINE)
    count = sum(p.numel() for p in net.parameters())
    print(f"{len(losses)} gradients by {count} weights through solutions: {passed:.1f} s")
    print(f"loss {losses[0]:.3g} -> {losses[-1]:.3g}, of noise {NOISE**2:.3g}")
    print(f"distance from the true curve: {np.abs(after[::10] - true).max():.3g} at most")
    path = Path(__file__).with_suffix(".png")
    draw({"measured": measured, "before": before, "after": after}, net, losses, path)
    print(f"wrote {path.name}")


if __name__ == "__main__":
    main()
