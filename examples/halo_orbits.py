"""Halo orbits of Earth and Moon: how they branch off from planar ones, and where they are stable.

About the equilibria L1 and L2 of the restricted problem there are planar orbits, which are found by
differential correction with the flow map of half a revolution, and followed as they grow.  Where a
multiplier of the monodromy matrix passes 1, other orbits branch off: first the halo orbits, which
are followed towards the Moon.  Those that come near it are stable, up to a doubling of the period
(near-rectilinear halo orbits; NASA's Gateway station was designed for one of them).  Draws
examples/halo_orbits.png:

    python examples/halo_orbits.py
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np

import taylor as ty
from taylor.models import cr3bp, lagrange_points

matplotlib.use("Agg")
import matplotlib.pyplot as plt

plt.style.use("taylor.displays.pictures")

MU = 0.012150585
LENGTH, DAY = 384.4, 27.321661 / (2 * np.pi)  # 1000 km and days: units of distance and time
MOON = 1.7374  # 1000 km, its radius
MODEL = cr3bp(MU)
X, Y, Z, VX, VY, VZ = MODEL.variables
COLOURS = {"turning point": "C1", "period doubling": "C3"}


def planar(point: int, amplitude: float = 0.005) -> ty.analysis.PeriodicOrbit:
    """A small planar orbit about L1 or L2, from the linearised motion (Szebehely 1967, ch. 5)."""
    x = lagrange_points(MU)[point - 1][0]
    pull = (1 - MU) / abs(x + MU) ** 3 + MU / abs(x - 1 + MU) ** 3
    beta = 2 - pull / 2
    frequency = np.sqrt(beta + np.sqrt(beta**2 + (1 + 2 * pull) * (pull - 1)))
    speed = amplitude * (frequency**2 + 1 + 2 * pull) / 2
    return ty.analysis.periodic_orbit(
        MODEL.system,
        [x - amplitude, 0, 0, 0, speed, 0],
        2 * np.pi / frequency,
        odd=[Y, VX, VZ],  # the mirror image, backwards, is an orbit, too
        fixed=[X, Z],
    )


def families(point: int, count: int = 320) -> tuple[ty.analysis.Family, ty.analysis.Family]:
    """The planar orbits about a point, and the halo orbits that branch off from them."""
    flat = ty.analysis.continue_family(planar(point), 45, direction={X: -1})
    first = next(b for b in flat.bifurcations if b.kind == "branch point")
    halo = ty.analysis.continue_family(
        first, count, direction={Z: 1}, largest_step=0.04, bounds={Z: (-0.01, 0.4)}
    )
    return flat, halo


def index(orbit: ty.analysis.PeriodicOrbit) -> float:
    """The larger stability index; the orbit is stable where both are between -1 and 1."""
    return float(np.abs(orbit.multipliers.indices).max())


def pericentre(orbit: ty.analysis.PeriodicOrbit) -> float:
    """The least distance from the Moon's centre, in 1000 km, on the plane of symmetry."""
    _, states = orbit.sample(200)
    return float(LENGTH * np.linalg.norm(states[:, :3] - [1 - MU, 0, 0], axis=1).min())


def above(halo: ty.analysis.Family) -> list[ty.analysis.PeriodicOrbit]:
    """The orbits up to the first that meets the Moon."""
    near = halo.values(pericentre)
    return list(halo.orbits[: int(np.argmax(near < MOON)) or len(halo)])


def draw_orbits(
    axes: Any, orbits: list[ty.analysis.PeriodicOrbit], across: int, up: int, count: int = 34
) -> None:
    """Orbits about equally far apart, in 1000 km from the Moon: red where they are stable."""
    distances = np.array([pericentre(orbit) for orbit in orbits])
    wanted = np.linspace(distances.max(), distances.min(), count)
    for k in sorted({int(np.argmin(np.abs(distances - one))) for one in wanted}):
        _, states = orbits[k].sample(300)
        places = LENGTH * (states[:, :3] - [1 - MU, 0, 0])
        stable = orbits[k].stable
        style = {"color": "C2", "lw": 1.3} if stable else {"color": "C0", "lw": 0.6}
        axes.plot(places[:, across], places[:, up], zorder=3 if stable else 2, **style)


def draw_family(axes: Any, halo: ty.analysis.Family, label: str, colour: str) -> None:
    """The larger stability index over the distance from the Moon, with its bifurcations."""
    orbits = above(halo)
    near = [pericentre(orbit) for orbit in orbits]
    axes.plot(near, [index(orbit) for orbit in orbits], color=colour, label=label)
    for b in halo.bifurcations:
        if b.index < len(orbits) and b.kind in COLOURS:
            axes.plot(pericentre(b.orbit), index(b.orbit), "o", color=COLOURS[b.kind], ms=5)


def main() -> None:
    started = time.perf_counter()
    found = {f"L{point}": families(point) for point in (1, 2)}
    elapsed = time.perf_counter() - started
    count = sum(len(family) for pair in found.values() for family in pair)
    print(f"{count} periodic orbits in {elapsed:.1f} s")
    figure, axes = plt.subplots(1, 3, figsize=(15, 5), width_ratios=(1, 0.8, 1.3))
    for (name, (flat, halo)), colour in zip(found.items(), ("C0", "C4"), strict=True):
        print(f"{name}: {halo.message}")
        for b in [*flat.bifurcations[:1], *halo.bifurcations]:
            jacobi = MODEL.jacobi.evaluate(dict(zip(MODEL.variables, b.orbit.state, strict=True)))
            print(
                f"  {b.kind:15} period {b.orbit.period * DAY:7.3f} days, Jacobi constant "
                f"{jacobi:.5f}, {pericentre(b.orbit):6.2f} from the Moon"
            )
        draw_orbits(axes[0], above(halo), 0, 2)
        draw_family(axes[2], halo, f"halo orbits of {name}", colour)
    draw_orbits(axes[1], above(found["L2"][1]), 1, 2)
    for view, across in zip(axes[:2], "xy", strict=False):
        view.add_patch(plt.Circle((0, 0), MOON, color="0.4", zorder=4))
        view.set(xlabel=f"{across} [1000 km]", ylabel="z [1000 km]", aspect="equal")
    axes[0].set_title("about L1 (left) and L2, from the side; red: stable")
    axes[1].set_title("about L2, from the Earth")
    axes[2].axhline(1, color="0.5", lw=0.8, ls="--")
    for kind, colour in COLOURS.items():
        axes[2].plot([], [], "o", color=colour, label=kind)
    axes[2].set(xlabel="closest to the Moon [1000 km]", ylabel="stability index", yscale="log")
    axes[2].set_title("larger stability index: stable below 1")
    axes[2].legend()
    path = Path(__file__).with_suffix(".png")
    figure.savefig(path, dpi=110)
    print(f"wrote {path.name}")


if __name__ == "__main__":
    main()
