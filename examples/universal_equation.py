"""Known physics and a network for what is unknown, which is then read off as a formula.

Prey and predators (Lotka 1920, Volterra 1926): that prey grows and predators starve is known, how
they meet is not.  A network of PyTorch's stands for the missing terms (a universal differential
equation, Rackauckas et al. 2020), trained through the solution of the equations on a few noisy
counts.  Sparse regression (SINDy, Brunton, Proctor & Kutz 2016) then finds a formula in what the
network has learned, and its coefficients are fitted to the counts once more.  Draws
examples/universal_equation.png:

    python examples/universal_equation.py [--iterations 200]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import matplotlib
import numpy as np
import torch

import taylor as ty

matplotlib.use("Agg")
import matplotlib.pyplot as plt

plt.style.use("taylor.displays.pictures")

GROWTH, EATEN, FED, STARVED = 1.3, 0.9, 0.8, 1.8
START = np.array([0.44, 4.6])
TIMES = np.linspace(0, 4, 41)
AFTER = np.linspace(0, 16, 801)  # four times as long as was measured
NOISE = 0.01  # relative
DEGREE = 3
Loss = Callable[[], torch.Tensor]


def truth(times: np.ndarray) -> np.ndarray:
    """The true numbers of prey and predators, (times, 2)."""
    x, y = ty.variables("x y")
    system = [(x, GROWTH * x - EATEN * x * y), (y, FED * x * y - STARVED * y)]
    ta = ty.Integrator(system, START)
    return np.concatenate([[START], ta.propagate_grid(times[1:]).states])


def network() -> torch.nn.Module:
    """What stands for the missing terms of both equations."""
    net = torch.nn.Sequential(
        *(torch.nn.Linear(2, 10), torch.nn.SiLU(), torch.nn.Linear(10, 10), torch.nn.SiLU()),
        torch.nn.Linear(10, 2),
    )
    with torch.no_grad():
        net[-1].weight.mul_(0.1)
    return net.double()


def solver(unknown: Callable[[ty.Expression], ty.Expression], weights: dict) -> Callable:
    """The solution, (times, 2), as a function of start, weights, and times, all tensors.

    unknown: the missing terms of a state (2,); weights: what they depend on, with first values.
    """
    u = ty.variable("u", shape=(2,))
    known = u * np.array([GROWTH, -STARVED])
    ta = ty.Integrator([(u, known + unknown(u))], START, parameters=weights, tol=1e-9)
    return ty.torch.function(ta.as_function(inputs=[u, *weights], outputs=u))


def minimise(parameters: Sequence[torch.Tensor], loss: Loss, iterations: int) -> list[float]:
    """The losses on the way, by PyTorch's L-BFGS."""
    losses: list[float] = []
    optimiser = torch.optim.LBFGS(
        parameters, max_iter=iterations, tolerance_change=1e-14, line_search_fn="strong_wolfe"
    )

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        value = loss()
        value.backward()
        losses.append(value.item())
        return value

    optimiser.step(closure)
    return losses


def fit(
    solve: Callable, weights: list[torch.Tensor], counts: np.ndarray, iterations: int
) -> list[float]:
    """The losses on the way, first of pieces of the curve, then of all of it.

    The start is fitted as well, since it was counted with errors as all the others.
    """
    data, times = torch.tensor(counts), torch.tensor(TIMES)
    start = data[0].clone().requires_grad_()
    many = torch.vmap(solve, in_dims=(0, *[None] * len(weights), 0))
    size, scale = 8, data.std(0)
    first = torch.arange(0, len(data) - size, 2)
    places = first[:, None] + torch.arange(1, size + 1)

    def of_pieces() -> torch.Tensor:
        found = many(data[first], *weights, times[places] - times[first, None])
        return torch.mean(((found - data[places]) / scale) ** 2)

    def of_all() -> torch.Tensor:
        return torch.mean(((solve(start, *weights, times) - data) / scale) ** 2)

    losses = minimise(weights, of_pieces, iterations // 2)
    return losses + minimise([*weights, start], of_all, iterations // 2)


def powers() -> list[tuple[int, int]]:
    """The exponents of all products of x and y to the degree."""
    return [(n - k, k) for n in range(DEGREE + 1) for k in range(n + 1)]


def library(states: np.ndarray) -> np.ndarray:
    """Those products at states (k, 2): (k, products)."""
    return np.stack([states[:, 0] ** a * states[:, 1] ** b for a, b in powers()], axis=1)


def sparse(states: np.ndarray, values: np.ndarray, least: float = 0.2) -> np.ndarray:
    """Coefficients of the products, (2, products), few of which are not zero.

    Least squares again and again, each without the terms that were less than `least`.
    """
    terms, found = library(states), np.zeros((2, len(powers())))
    for own, value in zip(found, values.T, strict=True):
        kept = np.ones(len(own), bool)
        for _ in range(10):
            own[:] = 0
            own[kept] = np.linalg.lstsq(terms[:, kept], value, rcond=None)[0]
            kept = np.abs(own) >= least
    return found


def formula(row: np.ndarray) -> str:
    """Coefficients as one would write them."""
    names = [f"{'x' * a}{'y' * b}" or "1" for a, b in powers()]
    shown = [f"{c:+.3f} {n}" for c, n in zip(row, names, strict=True) if c]
    return " ".join(shown) or "0"


def refit(rows: np.ndarray, counts: np.ndarray, iterations: int) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients fitted to the counts, and the curve that they have, (AFTER, 2)."""
    used = np.argwhere(rows)
    c = ty.parameter("c", shape=(len(used),))

    def unknown(u: ty.Expression) -> ty.Expression:
        sums: list = [0.0, 0.0]
        for k, (row, term) in enumerate(used):
            a, b = powers()[term]
            sums[row] = sums[row] + c[k] * u[0] ** a * u[1] ** b
        return ty.stack(sums)

    first = rows[tuple(used.T)]
    solve = solver(unknown, {c: first})
    fitted = torch.tensor(first, requires_grad=True)
    fit(solve, [fitted], counts, iterations)
    better = rows.copy()
    better[tuple(used.T)] = fitted.detach().numpy()
    with torch.no_grad():
        curve = solve(torch.tensor(START), fitted, torch.tensor(AFTER)).numpy()
    return better, curve


def draw(
    counts: np.ndarray,
    curves: dict[str, np.ndarray],
    learned: tuple[np.ndarray, np.ndarray],
    losses: list[float],
    path: Path,
) -> None:
    figure = plt.figure(figsize=(13, 4.2))
    panels = figure.subplots(1, 3, width_ratios=(1, 1, 1.8))
    panels[0].semilogy(losses, lw=0.8)
    panels[0].set(xlabel="gradient", ylabel="loss", title="loss: pieces, then the whole")
    states, values = learned
    real = states[:, 0] * states[:, 1]
    for k, (sign, name) in enumerate(((-EATEN, "of prey"), (FED, "of predators"))):
        panels[1].plot(real, sign * real, color="0.75", lw=3)
        panels[1].plot(real, values[:, k], ".", ms=4, color=f"C{k}", label=name)
    panels[1].set(
        xlabel="prey times predators", ylabel="rate", title="missing terms: network, and true"
    )
    panels[1].legend()
    styles = {"true": ("0.7", 3.5, "-"), "network": ("C1", 1.2, "--"), "formula": ("k", 0.8, "-")}
    for name, curve in curves.items():
        color, width, style = styles[name]
        panels[2].plot(AFTER, curve, color=color, lw=width, ls=style)
        panels[2].plot([], [], color=color, lw=width, ls=style, label=name)
    panels[2].plot(TIMES, counts, "C2.", ms=5)
    panels[2].plot([], [], "C2.", label="counted")
    panels[2].axvspan(0, TIMES[-1], color="0.95", zorder=-1)
    panels[2].set(xlabel="time", ylabel="animals", ylim=(0, 11))
    panels[2].set_title("predicted far beyond what was counted")
    panels[2].legend(loc="upper right", ncols=4)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--iterations", type=int, default=200)
    chosen = parser.parse_args()
    torch.manual_seed(4)
    true = truth(TIMES)
    counts = true * (1 + NOISE * np.random.default_rng(5).normal(size=true.shape))
    net = network()
    traced = ty.torch.trace(net, torch.zeros(2))
    weights = traced.parameters()
    values = {weights[name]: value for name, value in traced.weights.items()}
    solve = solver(lambda u: traced(u, weights=weights), values)
    began = time.perf_counter()
    losses = fit(solve, list(net.parameters()), counts, chosen.iterations)
    count = sum(p.numel() for p in net.parameters())
    passed = time.perf_counter() - began
    print(f"{len(losses)} gradients by {count} weights: {passed:.1f} s, loss {losses[-1]:.3g}")
    with torch.no_grad():
        given = [torch.tensor(START), *net.parameters(), torch.tensor(AFTER)]
        curve = solve(*given).numpy()
        states = curve[TIMES[-1] >= AFTER]
        terms = net(torch.tensor(states)).numpy()
    rows = sparse(states, terms)
    print("read off the network: prey", formula(rows[0]), "| predators", formula(rows[1]))
    rows, best = refit(rows, counts, chosen.iterations)
    print("fitted to the counts: prey", formula(rows[0]), "| predators", formula(rows[1]))
    print(f"true:                 prey {-EATEN:+} xy | predators {FED:+} xy")
    path = Path(__file__).with_suffix(".png")
    curves = {"true": truth(AFTER), "network": curve, "formula": best}
    draw(counts, curves, (states, terms), losses, path)
    print(f"wrote {path.name}")


if __name__ == "__main__":
    main()
