"""Poincare sections of Henon & Heiles's galaxy: from order to chaos as the energy grows.

A star in the plane of a potential with three-fold symmetry (Henon & Heiles, Astron. J. 69 (1964)
73).  Wherever its orbit passes x = 0 with v_x > 0, its (y, v_y) is a point of the section: orbits
with a second integral draw curves, chaotic ones fill areas.  The crossings are recorded in machine
code, without entering Python.  Draws examples/poincare_section.png:

    python examples/poincare_section.py
"""

from __future__ import annotations

import math
import time
from pathlib import Path

import matplotlib
import numpy as np

import taylor as ty

matplotlib.use("Agg")
import matplotlib.pyplot as plt

plt.style.use("taylor.displays.pictures")

ENERGIES = {"1/12": 1 / 12, "1/8": 1 / 8, "1/6": 1 / 6}
DURATION = 6000.0  # of each orbit; it crosses the section about once in 6.3
PANEL = 1.2  # width over height

X, Y, VX, VY = ty.variables("x y vx vy")
POTENTIAL = (X**2 + Y**2) / 2 + X**2 * Y - Y**3 / 3
SYSTEM = [(X, VX), (Y, VY), (VX, -ty.diff(POTENTIAL, X)), (VY, -ty.diff(POTENTIAL, Y))]


def speed_across(energy: float, y: float, vy: float) -> float:
    """v_x >= 0 at x = 0; NaN outside the section's boundary."""
    square = 2 * energy - y**2 + 2 * y**3 / 3 - vy**2
    return math.sqrt(square) if square >= 0 else math.nan


def boundary(energy: float, count: int = 2000) -> tuple[np.ndarray, np.ndarray]:
    """(y, v_y >= 0) where v_x = 0: the upper half of the section's edge."""
    roots = np.roots([2 / 3, -1, 0, 2 * energy])
    lowest, highest = np.sort(roots.real)[:2]  # the third belongs to the potential's outside
    y = (lowest + highest) / 2 - (highest - lowest) / 2 * np.cos(np.linspace(0, np.pi, count))
    return y, np.sqrt(np.maximum(2 * energy - y**2 + 2 * y**3 / 3, 0.0))


def starting_points(energy: float, count: int) -> list[tuple[float, float]]:
    """(y, v_y) inside the section, half of them on its axis of symmetry, half across.

    (0, +-edge/2) lead straight to a saddle, over which an orbit of energy 1/6 may leave by rounding
    alone; no even number of points across hits them.
    """
    lowest, *_, highest = boundary(energy)[0]
    across = count // 4 * 2
    edge = math.sqrt(2 * energy)
    points = [(y, 0.0) for y in np.linspace(lowest, highest, count - across + 2)[1:-1]]
    return points + [(0.0, vy) for vy in np.linspace(-edge, edge, across + 2)[1:-1]]


def sections(energy: float, count: int = 44, duration: float = DURATION) -> list[np.ndarray]:
    """For each orbit its points (y, v_y), shape (k, 2)."""
    found = []
    ta = ty.Integrator(SYSTEM, [0.0] * 4, events=[ty.Event(X, direction=1)])
    for y, vy in starting_points(energy, count):
        ta.time = 0.0
        ta.state[:] = [0.0, y, speed_across(energy, y, vy), vy]
        outcome = ta.propagate_until(duration)
        assert outcome.status is ty.Status.REACHED, outcome.message
        found.append(outcome.events[0].states[:, [1, 3]])
    return found


def filling(points: np.ndarray, cell: float = 0.02) -> float:
    """Different cells visited for each point: small for curves, near 1 for chaos."""
    return len(np.unique(np.floor(points / cell), axis=0)) / len(points)


def draw(axes: plt.Axes, energy: float, orbits: list[np.ndarray]) -> None:
    """Chaos in grey, curves in the colours of their distance from the section's middle."""
    chaotic = [points for points in orbits if filling(points) > 0.4]
    curves = [points for points in orbits if filling(points) <= 0.4]
    for points in chaotic:
        axes.plot(*points.T, ".", color="0.45", ms=0.8, mew=0)
    curves.sort(key=lambda points: points[:, 0].mean())
    for points, shade in zip(curves, np.linspace(0.03, 0.95, len(curves)), strict=True):
        axes.plot(*points.T, ".", color=plt.cm.viridis(shade), ms=1.5, mew=0)
    y, edge = boundary(energy)
    axes.plot(np.r_[y, y[::-1]], np.r_[edge, -edge[::-1]], color="0.2", lw=0.8)
    half = max(1.06 * edge.max(), 1.04 * (y[-1] - y[0]) / 2 / PANEL)
    middle = (y[0] + y[-1]) / 2
    axes.set(xlabel="y", ylim=(-half, half), aspect="equal")
    axes.set_xlim(middle - PANEL * half, middle + PANEL * half)


def main() -> None:
    started = time.perf_counter()
    found = {label: sections(energy) for label, energy in ENERGIES.items()}
    elapsed = time.perf_counter() - started
    crossings = sum(len(points) for orbits in found.values() for points in orbits)
    print(f"{crossings} crossings of {sum(map(len, found.values()))} orbits in {elapsed:.2f} s")

    _, panels = plt.subplots(1, 3, figsize=(13.5, 4.1))
    for axes, (label, orbits) in zip(panels, found.items(), strict=True):
        draw(axes, ENERGIES[label], orbits)
        axes.set_title(f"E = {label}")
    panels[0].set_ylabel("v$_y$  where x = 0, v$_x$ > 0")
    path = Path(__file__).with_suffix(".png")
    plt.savefig(path, dpi=140)
    print(f"wrote {path.name}")


if __name__ == "__main__":
    main()
