"""What a constellation sees: revisit times of 2 Walker constellations, on a map.

Forty satellites in inclined planes and forty in polar ones, both 800 km high, looked at from 4500
points on the ground for a day, 15 degrees above the horizon and more.  One loop in machine code
goes over all satellites, points and times.  Draws examples/coverage.png:

    python examples/coverage.py
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np

import taylor as ty

matplotlib.use("Agg")
import matplotlib.pyplot as plt

plt.style.use("taylor.displays.pictures")

sky = ty.astrodynamics
GM, RADIUS, J2 = 398600.4418, 6378.137, 1.08262668e-3
AXIS, LOWEST = RADIUS + 800.0, np.radians(15)
EARTH = sky.EarthOrientation(sky.EarthParameters.constant(), accuracy=1e-7)
START = 8.4e8  # seconds of TDB after J2000
CONSTELLATIONS = {
    "Walker delta 40/5/1, 53°": sky.walker(
        40, 5, 1, inclination=np.radians(53), semi_major_axis=AXIS
    ),
    "Walker star 40/5/2, 87°": sky.walker(
        40, 5, 2, inclination=np.radians(87), semi_major_axis=AXIS, kind="star"
    ),
}


def motion(elements: np.ndarray) -> Any:
    """Positions and velocities of a constellation that precesses, as a function of times."""

    def at(t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        mean = elements[:, None].repeat(len(t), axis=1)
        later = sky.propagate_mean(mean, t - START, GM, radius=RADIUS, zonal=[J2])
        states = sky.convert_elements(later, "keplerian", "cartesian", GM)
        return states[..., :3], states[..., 3:]

    return at


def grid(step: float) -> tuple[np.ndarray, np.ndarray]:
    """Latitudes and longitudes, radians, shape (rows, columns)."""
    latitudes = np.arange(-90 + step / 2, 90, step)
    longitudes = np.arange(-180 + step / 2, 180, step)
    found = np.meshgrid(np.radians(latitudes), np.radians(longitudes), indexing="ij")
    return found[0], found[1]


def seen(elements: np.ndarray, step: float = 3.6, hours: float = 24.0, every: float = 60.0) -> Any:
    latitudes, longitudes = grid(step)
    times = START + np.arange(0, hours * 3600 + 1, every)
    return sky.coverage(
        motion(elements),
        times,
        latitudes.ravel(),
        longitudes.ravel(),
        elevation=LOWEST,
        rotation=lambda t: sky.gcrs_to_tirs(t, EARTH),
    )


def draw(results: dict[str, Any], step: float = 3.6) -> Any:
    figure, axes = plt.subplots(2, 2, figsize=(13, 8))
    shape = grid(step)[0].shape
    for axis, (name, found) in zip(axes[0], results.items(), strict=True):
        gaps = (found.longest_gap / 60).reshape(shape)
        axis.grid(visible=False)
        image = axis.imshow(
            gaps, origin="lower", extent=(-180, 180, -90, 90), cmap="magma_r", vmin=0, vmax=180
        )
        axis.set_title(f"{name}: longest wait")
        axis.set_xlabel("longitude [degrees]")
        axis.set_ylabel("latitude [degrees]")
        figure.colorbar(image, ax=axis, label="longest wait [minutes]", extend="max", shrink=0.8)
    for (name, found), colour in zip(results.items(), ("C0", "C2"), strict=True):
        weights = np.cos(found.latitudes).reshape(shape)
        share = found.share.reshape(shape).mean(axis=1)
        axes[1, 0].plot(np.degrees(found.latitudes.reshape(shape)[:, 0]), 100 * share, color=colour)
        wait = np.minimum(found.longest_gap / 60, 1440).reshape(shape)
        order = np.argsort(wait.ravel())
        area = 100 * np.cumsum(weights.ravel()[order]) / weights.sum()
        axes[1, 1].plot(wait.ravel()[order], area, color=colour, label=name)
    axes[1, 0].set_xlabel("latitude [degrees]")
    axes[1, 0].set_ylabel("seen [% of the time]")
    axes[1, 1].set_xlabel("longest wait [minutes]")
    axes[1, 1].set_ylabel("area with no longer wait [%]")
    axes[1, 1].set_xscale("log")
    axes[1, 1].legend(loc="upper left")
    return figure


def main() -> None:
    results = {}
    for name, elements in CONSTELLATIONS.items():
        start = time.perf_counter()
        results[name] = found = seen(elements)
        print(
            f"{name}: {time.perf_counter() - start:.1f} s; "
            f"{100 * found.fraction.mean():.1f} % of the points are seen at a time"
        )
    draw(results).savefig(Path(__file__).with_suffix(".png"), dpi=110)


if __name__ == "__main__":
    main()
