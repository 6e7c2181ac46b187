"""A density functional learns chemistry: gradients through a self-consistent loop.

The energy of electrons is a functional of their density alone, but nobody knows it.  As in Li et
al. (Kohn-Sham equations as regularizer, Phys. Rev. Lett. 126, 036401 (2021)) a small neural network
is its unknown part, and is trained on the *results* of Kohn & Sham's equations: energy and density
of a one-dimensional hydrogen molecule at three distances.  These equations are solved by
`ty.fixed_point`, whose gradient comes from the equations and not from the iterations; the
potential inside is itself a gradient of the network, and `ty.vmap` solves for all distances at
once.  The truth is the wave function of both electrons on a grid.  Draws
examples/density_functional.png:

    python examples/density_functional.py [--points 65] [--iterations 400]
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import matplotlib
import numpy as np
from scipy import linalg, optimize, sparse
from scipy.sparse.linalg import eigsh

import taylor as ty

matplotlib.use("Agg")
import matplotlib.pyplot as plt

plt.style.use("taylor.displays.pictures")

STRENGTH, RANGE = 1.071295, 2.385345  # of the Coulomb force in one dimension (Baker et al. 2015)
STEP = 0.2  # of imaginary time
WIDTHS = (0.4, 1.0, 2.5)  # over which the network sees the density
HIDDEN = 12
SEEN = np.array([1.5, 4.0, 6.0])  # distances to learn from, in Bohr radii
CHEMICAL = 1.6  # millihartree: 1 kcal/mol

Weights = dict[str, np.ndarray]


class Grid:
    """Points, and what is a matrix on them."""

    def __init__(self, count: int) -> None:
        self.x = np.linspace(-8, 8, count)
        self.h = self.x[1] - self.x[0]
        ones = np.full(count - 1, 0.5 / self.h**2)
        self.kinetic = 2 * np.eye(count) * ones[0] - np.diag(ones, 1) - np.diag(ones, -1)
        apart = np.abs(self.x[:, None] - self.x)
        self.force = STRENGTH * np.exp(-apart / RANGE)
        self.spread = linalg.expm(-STEP * self.kinetic)
        self.means = np.stack([np.exp(-apart / w) * self.h / (2 * w) for w in WIDTHS])

    def nuclei(self, distance: np.ndarray) -> np.ndarray:
        """The potential of two protons, for one or many distances: (..., points)."""
        half = np.asarray(distance)[..., None] / 2
        left, right = np.abs(self.x + half), np.abs(self.x - half)
        return -STRENGTH * (np.exp(-left / RANGE) + np.exp(-right / RANGE))

    def exact(self, distance: float) -> tuple[float, np.ndarray]:
        """Energy and density, from the wave function of two electrons."""
        one = sparse.csr_matrix(self.kinetic)
        here = np.eye(len(self.x))
        potential = self.nuclei(distance)[:, None] + self.nuclei(distance) + self.force
        whole = sparse.kron(one, here) + sparse.kron(here, one) + sparse.diags(potential.ravel())
        energies, waves = eigsh(whole.tocsc(), k=1, sigma=-5.0)
        both = waves.reshape(potential.shape) ** 2
        density = 2 * both.sum(axis=1) / both.sum() / self.h
        return float(energies[0] + STRENGTH * np.exp(-distance / RANGE)), density


def start(rng: np.random.Generator) -> Weights:
    inputs = 1 + len(WIDTHS)
    return {
        "in": 0.5 * rng.normal(size=(inputs, HIDDEN)),
        "at": np.zeros(HIDDEN),
        "between": 0.3 * rng.normal(size=(HIDDEN, HIDDEN)),
        "on": np.zeros(HIDDEN),
        "out": 0.1 * rng.normal(size=HIDDEN),
    }


def unknown(density: np.ndarray, weights: Weights, grid: Grid) -> np.ndarray:
    """Exchange of two electrons, minus half of their repulsion, and what the network makes of the
    density and its means: energies.
    """
    exchange = -grid.h * (grid.force @ density) / 4
    seen = np.concatenate([density[None], grid.means @ density]).T
    hidden = np.tanh(
        np.tanh(seen @ weights["in"] + weights["at"]) @ weights["between"] + weights["on"]
    )
    return grid.h * np.sum(density * (exchange + hidden @ weights["out"]))


def energy(wave: np.ndarray, distance: np.ndarray, weights: Weights, grid: Grid) -> np.ndarray:
    density, h = 2 * wave**2, grid.h
    moving = 2 * h * wave @ (grid.kinetic @ wave)
    repulsion = h**2 / 2 * density @ (grid.force @ density)
    bound = h * density @ grid.nuclei(distance)
    protons = STRENGTH * np.exp(-distance / RANGE)
    return moving + bound + repulsion + unknown(density, weights, grid) + protons


def ground_state(distance: np.ndarray, weights: Weights, grid: Grid) -> np.ndarray:
    """The orbital of both electrons: what imaginary time leaves as it is."""
    outer = grid.nuclei(distance)

    def turn(wave):
        density = 2 * wave**2
        inner = grid.h * (grid.force @ density) + ty.grad(unknown)(density, weights, grid) / grid.h
        half = np.exp(-STEP / 2 * (outer + inner))
        later = half * (grid.spread @ (half * wave))
        return later / np.sqrt(grid.h * np.sum(later**2))

    guess = np.exp(-(grid.x**2) / 8)
    guess = guess / np.sqrt(grid.h * np.sum(guess**2))
    return ty.fixed_point(turn, guess, tolerance=1e-10, iterations=2000)


def solved(distances: np.ndarray, weights: Weights, grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """Energies and densities at many distances."""

    def at(distance):
        wave = ground_state(distance, weights, grid)
        return energy(wave, distance, weights, grid), 2 * wave**2

    return ty.vmap(at)(distances)


def train(grid: Grid, iterations: int) -> tuple[Weights, list[float]]:
    """Weights after learning from the truth at a few distances, and the losses on the way."""
    known = [grid.exact(distance) for distance in SEEN]
    energies, densities = np.array([e for e, _ in known]), np.stack([n for _, n in known])
    first = start(np.random.default_rng(0))
    ends = np.cumsum([w.size for w in first.values()])[:-1]

    def put_together(flat):
        parts = zip(np.split(flat, ends), first.items(), strict=True)
        return {name: part.reshape(w.shape) for part, (name, w) in parts}

    def loss(flat, energies, densities):
        found = solved(SEEN, put_together(flat), grid)
        misses = grid.h * np.sum((found[1] - densities) ** 2, axis=1)
        return np.mean(10 * (found[0] - energies) ** 2 + misses) + 1e-7 * np.sum(flat**2)

    losses: list[float] = []
    found = optimize.minimize(
        ty.value_and_grad(loss),
        np.concatenate([w.ravel() for w in first.values()]),
        (energies, densities),
        jac=True,
        method="L-BFGS-B",
        callback=lambda intermediate_result: losses.append(float(intermediate_result.fun)),
        options={"maxiter": iterations, "maxcor": 30},
    )
    return put_together(found.x), losses


def draw(weights: Weights, grid: Grid, path: Path) -> None:
    """Energies, their errors, and a density that was not learned from."""
    distances = np.arange(0.5, 7.1, 0.5)
    run = ty.jit(lambda distances, weights: solved(distances, weights, grid))
    alone = {**weights, "out": 0 * weights["out"]}
    truth = [grid.exact(distance) for distance in distances]
    exact = np.array([e for e, _ in truth])
    figure = plt.figure(figsize=(13, 4.2))
    left, middle, right = figure.subplots(1, 3)
    left.plot(distances, exact, color="0.7", lw=4, label="two electrons, exactly")
    for name, each, color in (("exchange alone", alone, "C0"), ("learned", weights, "C2")):
        energies, densities = run(distances, each)
        left.plot(distances, energies, color=color, label=name)
        middle.plot(distances, 1e3 * (energies - exact), color=color, label=name)
        k = int(np.argmin(np.abs(distances - 2.5)))
        right.plot(grid.x, densities[k], color=color, label=name)
    left.plot(SEEN, np.interp(SEEN, distances, exact), "o", color="k", label="learned from")
    middle.axhspan(-CHEMICAL, CHEMICAL, color="C3", alpha=0.2, label="chemical accuracy")
    middle.plot(SEEN, 0 * SEEN, "o", color="k")
    middle.set(
        ylim=(-12, 12),
        xlabel="distance [Bohr]",
        ylabel="error [millihartree]",
        title="error of the energy",
    )
    left.set(xlabel="distance [Bohr]", ylabel="energy [hartree]", title="H$_2$ in one dimension")
    right.plot(grid.x, truth[k][1], color="0.7", lw=4, zorder=0)
    right.set(
        xlim=(-6, 6),
        xlabel="x [Bohr]",
        ylabel="density [1/Bohr]",
        title=f"at distance {distances[k]:g}, not seen",
    )
    left.legend()
    middle.legend()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, default=65)
    parser.add_argument("--iterations", type=int, default=400)
    chosen = parser.parse_args()
    grid = Grid(chosen.points)
    began = time.perf_counter()
    weights, losses = train(grid, chosen.iterations)
    passed = time.perf_counter() - began
    print(f"{len(losses)} iterations in {passed:.1f} s, loss {losses[0]:.2g} to {losses[-1]:.2g}")
    path = Path(__file__).with_suffix(".png")
    draw(weights, grid, path)
    print(f"wrote {path.name}")


if __name__ == "__main__":
    main()
