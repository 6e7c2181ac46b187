"""What becomes of satellites of the Moon: a hundred thousand orbits of the restricted problem.

All start with the same Jacobi constant, at rest towards the Moon and across the line to it, on a
square around it.  The picture shows where they end, on the Moon, beyond the gate towards the Earth
or beyond the outer one, and the lighter the sooner; orbits stay only in
islands between, and nearly all along the other way round (--retrograde).

    python examples/stability_map.py [--size 470] [--retrograde] [--dask WORKERS] [--output map.png]
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np

import taylor as ty
from taylor.models import cr3bp, lagrange_points

MU = 0.012150585  # the Moon's share of the masses of Earth and Moon
MOON = 1737.4 / 384400.0  # its radius over the distance
JACOBI = 3.1719  # both gates are open below 3.1722
YEARS = 1.0
END = YEARS * 365.25 / 27.321661 * 2 * np.pi
FATES = ("stays", "impact", "to the Earth", "away from both")
COLOURS = ("#101840", "#d1495b", "#3b8ea5", "#edae49")


def starts(size: int, sense: int) -> tuple[np.ndarray, np.ndarray]:
    """States (size^2, 4) on a square, and which of them there can be."""
    (inner, _), (outer, _) = lagrange_points(MU)[:2]
    half = outer - (1 - MU)
    across = np.linspace(-half, half, size)
    dx, dy = (d.ravel() for d in np.meshgrid(across, across))
    x, distance = 1 - MU + dx, np.hypot(dx, dy)
    potential = x**2 + dy**2 + 2 * (1 - MU) / np.hypot(x + MU, dy)
    potential += 2 * MU / np.maximum(distance, 1e-9)
    square = potential - JACOBI
    possible = (square > 0) & (distance > MOON) & (x > inner) & (x < outer)
    speed = sense * np.sqrt(np.maximum(square, 0)) / np.maximum(distance, 1e-9)
    return np.stack([x, dy, -speed * dy, speed * dx], axis=1), possible


def integrator() -> ty.Integrator:
    """The planar problem; an orbit ends on the Moon or beyond one of the gates."""
    model = cr3bp(MU, dimensions=2)
    x, y, _, _ = model.variables
    (inner, _), (outer, _) = lagrange_points(MU)[:2]
    beyond = 0.02  # orbits about the equilibria themselves have not left
    ends = [
        ty.Event((x - (1 - MU)) ** 2 + y**2 - MOON**2, terminal=True, direction=-1),
        ty.Event(x - (inner - beyond), terminal=True, direction=-1),
        ty.Event(x - (outer + beyond), terminal=True, direction=+1),
    ]
    return ty.Integrator(model.system, [0.9, 0.0, 0.0, 0.0], events=ends, tol=1e-12)


def fates(states: np.ndarray, **how: Any) -> tuple[np.ndarray, ty.EnsembleOutcome]:
    """The place in `FATES` of every trajectory, and the ensemble's outcome."""
    out = ty.ensemble(integrator(), states, until=END, progress=True, **how)
    fate = np.zeros(len(states), dtype=int)
    assert out.events is not None
    ended = np.flatnonzero(np.diff(out.events.offsets))  # terminal events: one record at most
    fate[ended] = 1 + out.events.events
    return fate, out


def draw(fate: np.ndarray, times: np.ndarray, size: int, path: str) -> None:
    """Colour by fate (-1: no such orbit), lighter the sooner."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    from matplotlib.colors import to_rgb
    from matplotlib.patches import Patch

    plt.style.use("taylor.displays.pictures")

    colours = np.array([to_rgb(c) for c in COLOURS])
    late = np.clip(np.log(1 + times) / np.log(1 + END), 0.0, 1.0)[:, None]
    light = np.where(fate[:, None] == 0, 0.0, 0.75 - 0.9 * late)
    picture = np.where(light > 0, colours[fate] * (1 - light) + light, colours[fate] * (1 + light))
    picture[fate < 0] = 0.93
    half = (lagrange_points(MU)[1][0] - (1 - MU)) * 384.4
    figure, axes = plt.subplots(figsize=(9.0, 7.2))
    axes.grid(visible=False)
    axes.imshow(picture.reshape(size, size, 3), origin="lower", extent=(-half, half, -half, half))
    axes.set_ylim(-46, 46)
    axes.set_xlabel("from the Moon, away from the Earth [1000 km]")
    axes.set_ylabel("along the Moon's way [1000 km]")
    axes.set_title(f"Satellites of the Moon within {YEARS:g} year, Jacobi constant {JACOBI}")
    handles = [Patch(color=c, label=text) for c, text in zip(COLOURS, FATES, strict=True)]
    figure.legend(handles=handles, loc="outside lower center", ncols=4)
    figure.savefig(path, dpi=120)
    plt.close(figure)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="What becomes of satellites of the Moon.")
    parser.add_argument("--size", type=int, default=470, help="points along a side")
    parser.add_argument("--retrograde", action="store_true", help="turn against the Moon")
    parser.add_argument("--dask", type=int, metavar="WORKERS", help="on a local Dask cluster")
    parser.add_argument("--output", default="stability_map.png", help="the picture")
    chosen = parser.parse_args(arguments)
    states, possible = starts(chosen.size, -1 if chosen.retrograde else +1)
    fate, times = np.full(len(states), -1), np.zeros(len(states))
    begun = time.perf_counter()
    if chosen.dask:
        from distributed import Client, LocalCluster

        cluster = LocalCluster(n_workers=chosen.dask, threads_per_worker=1, dashboard_address=None)
        with cluster, Client(cluster) as client:
            begun = time.perf_counter()
            fate[possible], out = fates(states[possible], executor=client.get_executor())
    else:
        fate[possible], out = fates(states[possible])
    elapsed = time.perf_counter() - begun
    times[possible] = out.times
    for number, text in enumerate(FATES):
        print(f"{text:15} {np.mean(fate[possible] == number):6.1%}")
    print(
        f"{len(out)} orbits, {out.steps.sum()} steps in {elapsed:.1f} s; {chosen.output}: the map"
    )
    draw(fate, times, chosen.size, chosen.output)


if __name__ == "__main__":
    main()
