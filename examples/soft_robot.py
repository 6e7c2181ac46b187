"""A soft robot learns to walk: gradients through a thousand steps of a simulation with contact.

A body of masses and springs stands on two legs.  Every spring is a muscle: its rest length swings
in time, with an amplitude and a phase of its own.  The ground pushes and rubs, smoothed over
centimetres so that touching it has a derivative (as in Hu et al., DiffTaichi, 2020).  The
simulation is a plain NumPy function of the muscles, run by `ty.scan`; its reverse is another scan,
and the gradient of the distance walked, by all muscles, costs a few simulations.  Draws
examples/soft_robot.png:

    python examples/soft_robot.py [--steps 1000] [--iterations 150]
"""

from __future__ import annotations

import argparse
import time
from itertools import combinations
from pathlib import Path

import matplotlib
import numpy as np

import taylor as ty

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.collections import LineCollection

plt.style.use("taylor.displays.pictures")

DT = 0.004  # s
STIFFNESS, DAMPING, DRAG = 2000.0, 30.0, 1.0  # of springs, and of the air; masses are 1
GRAVITY = 9.8
GROUND, FRICTION = 4000.0, 0.8
SOFT, SLOW = 0.02, 0.3  # m and m/s, over which contact and friction are smoothed
FREQUENCY, STROKE = 2.0, 0.15  # Hz; the most that muscles change their length by, relative

# Squares of the body: two legs below a back.
SQUARES = [(0, 0), (0, 1), (1, 1), (2, 1), (2, 0)]
CORNERS = [(0, 0), (1, 0), (0, 1), (1, 1)]
SIDE = 0.3
PLACES = sorted({(x + i, y + j) for x, y in SQUARES for i, j in CORNERS})
MASSES = SIDE * np.array(PLACES, dtype=float)  # where they are at first, (n, 2)
SPRINGS = sorted(
    {
        tuple(sorted(pair))
        for x, y in SQUARES
        for pair in combinations([PLACES.index((x + i, y + j)) for i, j in CORNERS], 2)
    }
)
# Differences of positions along the springs, as a matrix: (springs, masses).
ALONG = np.zeros((len(SPRINGS), len(PLACES)))
for row, (a, b) in zip(ALONG, SPRINGS, strict=True):
    row[a], row[b] = -1, 1
LENGTHS = np.hypot(*(ALONG @ MASSES).T)


def softplus(x: np.ndarray) -> np.ndarray:
    """max(x, 0), rounded where |x| is about 1."""
    return np.logaddexp(0, x)


def accelerations(x: np.ndarray, v: np.ndarray, muscles: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Of masses at x with velocities v, (n, 2) each."""
    phase = 2 * np.pi * FREQUENCY * t
    swing = muscles[0] * np.sin(phase) + muscles[1] * np.cos(phase)
    rest = LENGTHS * (1 + STROKE * np.tanh(swing))
    d = ALONG @ x
    length = np.sqrt(np.sum(d**2, axis=1))
    speed = np.sum(d * (ALONG @ v), axis=1) / length
    pull = (STIFFNESS * (length - rest) + DAMPING * speed) / length
    inner = -ALONG.T @ (pull[:, None] * d)
    push = GROUND * SOFT * softplus(-x[:, 1] / SOFT)
    rub = -FRICTION * push * np.tanh(v[:, 0] / SLOW)
    return inner - DRAG * v + np.stack([rub, push - GRAVITY], axis=1)


def walk(muscles: np.ndarray, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where all masses are in the end, (n, 2), and on the way, (steps, n, 2)."""

    def step(state, t):
        x, v = state
        v = v + DT * accelerations(x, v, muscles, t)
        x = x + DT * v
        return (x, v), x

    (x, _), way = ty.scan(step, (MASSES, np.zeros_like(MASSES)), times)
    return x, way


def distance(muscles: np.ndarray, times: np.ndarray) -> np.ndarray:
    """How far the middle of the masses gets."""
    return np.mean(walk(muscles, times)[0][:, 0]) - np.mean(MASSES[:, 0])


def learn(steps: int, iterations: int) -> tuple[list[np.ndarray], list[float]]:
    """Muscles before and after learning by Adam (Kingma & Ba 2015), and the distances walked."""
    times = DT * np.arange(steps)
    slope = ty.value_and_grad(distance)
    muscles = 0.1 * np.random.default_rng(0).normal(size=(2, len(SPRINGS)))
    first, second, kept, distances = 0.0, 0.0, [muscles], []
    for k in range(1, iterations + 1):
        value, g = slope(muscles, times)
        distances.append(float(value))
        g = g / max(1.0, np.linalg.norm(g))  # a fall is no reason to run away
        first, second = 0.9 * first + 0.1 * g, 0.99 * second + 0.01 * g**2
        size = 0.02 * (1 - 0.99**k) ** 0.5 / (1 - 0.9**k)
        muscles = muscles + size * first / (np.sqrt(second) + 1e-6)
        kept.append(muscles)
    return [kept[0], kept[int(np.argmax(distances))]], distances


def draw(way: np.ndarray, axes: plt.Axes, every: int = 160) -> None:
    """The body at several times, its muscles blue where they are short and red where long."""
    for k in range(0, len(way), every):
        ends = way[k][np.array(SPRINGS)]
        stretch = np.hypot(*(ALONG @ way[k]).T) / LENGTHS - 1
        axes.add_collection(
            LineCollection(
                ends, array=stretch, cmap="coolwarm", clim=(-STROKE, STROKE), linewidths=1.6
            )
        )
        axes.plot(*way[k].T, ".", color="0.2", ms=3)
        middle = way[k][:, 0].mean()
        if k == 0 or middle - way[0][:, 0].mean() > 0.5:
            axes.text(middle, 0.9, f"{DT * k:.1f} s", ha="center", size=9)
    foot = PLACES.index((0, 0))
    axes.plot(*way[:, foot].T, color="C3", lw=0.7, zorder=0)
    axes.axhline(0, color="0.4", lw=1, zorder=0)
    axes.set(aspect="equal", ylim=(-0.12, 1.15), xlabel="x [m]", ylabel="y [m]")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--iterations", type=int, default=150)
    chosen = parser.parse_args()
    began = time.perf_counter()
    muscles, distances = learn(chosen.steps, chosen.iterations)
    passed = time.perf_counter() - began
    print(f"{chosen.iterations} gradients through {chosen.steps} steps in {passed:.1f} s")
    print(f"walks {max(distances):.2f} m in {DT * chosen.steps:g} s")
    figure = plt.figure(figsize=(13, 5))
    panels = figure.subplot_mosaic(
        [["learning", "before"], ["learning", "after"]], width_ratios=(1, 3)
    )
    panels["learning"].plot(distances)
    panels["learning"].set(xlabel="gradient step", ylabel="distance [m]", title="distance walked")
    run = ty.jit(walk)
    for name, each in zip(("before", "after"), muscles, strict=True):
        _, way = run(each, DT * np.arange(chosen.steps))
        draw(way, panels[name])
        panels[name].set_xlim(-0.3, max(distances) + 1.3)
        panels[name].set_title(f"{name} learning; muscles are blue while short, red while long")
    path = Path(__file__).with_suffix(".png")
    figure.savefig(path, dpi=110)
    print(f"wrote {path.name}")


if __name__ == "__main__":
    main()
