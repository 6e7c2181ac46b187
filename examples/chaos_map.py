"""A map of chaos: which orbits of Henon & Heiles's galaxy are regular, by one number for each.

Poincare sections (examples/poincare_section.py) show chaos where a few orbits happen to go.  Here
every point of the section is the start of an orbit, together with a vector of its variational
equations; the mean exponential growth factor of nearby orbits (MEGNO) is 2 where the orbit is
regular, and half the time times the largest Lyapunov exponent where it is not.  Thin chaotic layers
show that sections miss.  Draws examples/chaos_map.png:

    python examples/chaos_map.py [--size 160] [--duration 1000]
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

ENERGIES = {"1/12": 1 / 12, "1/8": 1 / 8, "1/6": 1 / 6}

X, Y, VX, VY = ty.variables("x y vx vy")
POTENTIAL = (X**2 + Y**2) / 2 + X**2 * Y - Y**3 / 3
SYSTEM = [(X, VX), (Y, VY), (VX, -ty.diff(POTENTIAL, X)), (VY, -ty.diff(POTENTIAL, Y))]


def starts(energy: float, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Axes y (size,) and v_y >= 0 (size // 2,) of the section x = 0, and states where v_x > 0.

    With v_y < 0 it is the mirror image, since orbits may be run backwards.
    """
    lowest, highest = np.sort(np.roots([2 / 3, -1, 0, 2 * energy]).real)[:2]
    room = (highest - lowest) / size / 2
    y = np.linspace(lowest + room, highest - room, size)
    top = np.sqrt(2 * energy)
    vy = (np.arange(size // 2) + 0.5) * top / (size // 2)
    across, up = np.meshgrid(y, vy, indexing="ij")
    square = 2 * energy - across**2 + 2 * across**3 / 3 - up**2
    speed = np.sqrt(np.maximum(square, 0.0))
    states = np.stack([np.zeros_like(across), across, speed, up], axis=-1)
    states[square <= 0] = np.nan
    return y, vy, states


def growth(states: np.ndarray, duration: float) -> np.ndarray:
    """MEGNO of each start, NaN where there is none or where the orbit escapes."""
    inside = np.isfinite(states).all(axis=-1)
    found = np.full(inside.shape, np.nan)
    samples = int(1.5 * duration)  # about nine in a revolution
    found[inside] = ty.analysis.megno(
        SYSTEM, states[inside], duration, samples=samples, tol=1e-11
    ).values
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=160)
    parser.add_argument("--duration", type=float, default=1000.0)
    chosen = parser.parse_args()
    figure, panels = plt.subplots(1, 3, figsize=(14, 4.3))
    for axes, (label, energy) in zip(panels, ENERGIES.items(), strict=True):
        y, vy, states = starts(energy, chosen.size)
        started = time.perf_counter()
        found = growth(states, chosen.duration)
        elapsed = time.perf_counter() - started
        known = found[np.isfinite(found)]
        print(
            f"E = {label}: {len(known)} orbits in {elapsed:.1f} s, {np.mean(known > 4):.1%} chaotic"
        )
        whole = np.maximum(np.concatenate([found[:, ::-1], found], axis=1), 1.0)
        both = np.concatenate([-vy[::-1], vy])
        axes.grid(visible=False)
        shown = axes.pcolormesh(
            y, both, whole.T, cmap="magma", norm=matplotlib.colors.LogNorm(1, 40), shading="nearest"
        )
        axes.set(xlabel="y", title=f"E = {label}", aspect="equal", facecolor="0.9")
    panels[0].set_ylabel("v$_y$  where x = 0, v$_x$ > 0")
    bar = figure.colorbar(shown, ax=panels, pad=0.01, ticks=[1, 2, 5, 10, 20, 40])
    bar.set_label(f"MEGNO after {chosen.duration:g}")
    bar.ax.set_yticklabels(["1", "2: regular", "5", "10", "20", "40"])
    path = Path(__file__).with_suffix(".png")
    figure.savefig(path, dpi=120)
    print(f"wrote {path.name}")


if __name__ == "__main__":
    main()
