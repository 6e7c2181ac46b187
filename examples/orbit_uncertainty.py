"""Where a satellite may be: the distribution of a highly eccentric orbit, by polynomials.

A satellite in a geostationary transfer orbit (eccentricity 0.73, in the plane of the equator, with
the Earth's flattening) is known at apogee to some kilometres and metres a second.  Two and a half
revolutions later, at perigee, its distribution is a thin sickle.  One flow map of order 4 has the
moments of ten thousand integrated orbits; where the distribution is too wide for one map it is cut
in domains, each with a map that is accurate to a kilometre.  Draws examples/orbit_uncertainty.png:

    python examples/orbit_uncertainty.py
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

MU, RADIUS, J2 = 398600.4418, 6378.137, 1.08262668e-3  # km^3/s^2, km
PERIGEE, APOGEE = 6628.0, 42164.0  # km
AXIS = (PERIGEE + APOGEE) / 2
PERIOD = 2 * np.pi * np.sqrt(AXIS**3 / MU)
START = np.array([APOGEE, 0.0, 0.0, np.sqrt(MU * (2 / APOGEE - 1 / AXIS))])
SIGMA = np.array([2.0, 2.0, 0.5e-3, 0.5e-3])  # km and km/s
END = 2.5 * PERIOD
TOL = 1e-12

X, Y, VX, VY = ty.variables("x y vx vy")
SQUARE = X**2 + Y**2
PULL = MU * SQUARE**-1.5 * (1 + 1.5 * J2 * RADIUS**2 / SQUARE)
SYSTEM = [(X, VX), (Y, VY), (VX, -PULL * X), (VY, -PULL * Y)]


def distribution(scale: float = 1.0, **how: Any) -> ty.analysis.Uncertainty:
    """At perigee, with `scale` times the standard deviations at apogee."""
    covariance = np.diag((scale * SIGMA) ** 2)
    return ty.analysis.uncertainty(SYSTEM, START, END, covariance, order=4, tol=TOL, **how)


def integrated(displacements: np.ndarray, **how: Any) -> np.ndarray:
    """The same orbits one by one, many in lanes."""
    ta = ty.Integrator(SYSTEM, START, tol=TOL)
    return ty.ensemble(ta, START + displacements, until=END, **how).states


def third_moments(points: np.ndarray) -> np.ndarray:
    """Of each component and each pair and triple of them."""
    off = points - points.mean(axis=0)
    return np.einsum("ai,aj,ak->ijk", off, off, off, optimize=True) / len(off)


def seconds(work: Any, *given: Any, **how: Any) -> float:
    """The shorter of two times; what has to be compiled is compiled before."""
    work(*given, **how)
    found = []
    for _ in range(2):
        started = time.perf_counter()
        work(*given, **how)
        found.append(time.perf_counter() - started)
    return min(found)


def one_by_one(displacements: np.ndarray) -> None:
    """An integrator that is set to one orbit after the other."""
    ta = ty.Integrator(SYSTEM, START, tol=TOL)
    for displacement in displacements:
        ta.time = 0.0
        ta.state = START + displacement
        ta.propagate_until(END)


def compare(count: int = 10_000) -> None:
    """One map against so many orbits: third moments of the same displacements, and times."""
    displacements = np.random.default_rng(1).normal(size=(count, 4)) * SIGMA
    flow = distribution()
    true, mapped = third_moments(integrated(displacements)), third_moments(flow(displacements))
    spread = np.sqrt(np.einsum("i,j,k->ijk", *[np.diag(flow.covariance)] * 3))
    error = np.abs(mapped - true) / spread
    print(f"third moments: up to {np.abs(true / spread).max():.3f} of the deviations cubed,")
    worst = error.max() / np.abs(true / spread).max()
    print(f"  those of the map of order 4 are right to {worst:.1e}")
    map_time = seconds(distribution)
    print(f"map with its moments {1e3 * map_time:.1f} ms; {count} orbits:")
    single = 10 * seconds(one_by_one, displacements[: count // 10])
    for name, took in (
        ("one by one", single),
        ("in lanes, one thread", seconds(integrated, displacements, workers=1)),
        ("in lanes, all threads", seconds(integrated, displacements)),
    ):
        print(f"  {name:22} {1e3 * took:7.1f} ms, {took / map_time:5.0f} times as long")


def polar(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Degrees from perigee, and height above the Earth in km."""
    x, y = points[:, :2].T
    return np.degrees(np.arctan2(-y, -x)), np.hypot(x, y) - RADIUS


def draw(wide: ty.analysis.Uncertainty, one: ty.analysis.Uncertainty, scale: float) -> Any:
    """The distribution by domains, its ellipse, and the errors of one map and of many."""
    normal = np.random.default_rng(2).normal(size=(20000, 4))
    normal = normal[(np.abs(normal) < 4).all(axis=1)]
    displacements = normal * scale * SIGMA
    true = integrated(displacements)
    figure, (left, right) = plt.subplots(1, 2, figsize=(13, 5.2))
    for k, domain in enumerate(wide.domains):
        own = (np.abs(normal - domain.center) <= domain.half).all(axis=1)
        left.plot(*polar(true[own]), ".", ms=2.2, color=plt.cm.viridis((k * 0.382) % 1), mew=0)
    angle = np.linspace(0, 2 * np.pi, 400)
    values, turned = np.linalg.eigh(wide.covariance[:2, :2])
    circle = turned * np.sqrt(values) @ np.array([np.cos(angle), np.sin(angle)])
    for size, label in ((1, "1, 2, 3 sigma of the covariance"), (2, None), (3, None)):
        ellipse = wide.mean[:2] + size * circle.T
        left.plot(*polar(ellipse), color="0.25", lw=0.9, label=label)
    left.axhspan(-500, 0, color="#dce6f2", zorder=0)
    left.annotate("Earth", (-50, -220), color="C0", weight="bold")
    left.set(xlabel="degrees from perigee", ylabel="height [km]", ylim=(-400, 1500))
    left.set_title(f"{len(wide)} domains, {scale:g} times as wide")
    left.legend(loc="lower right")
    bins = np.logspace(-9, 4, 90)
    for flow, label, colour in (
        (one, "one map of order 4", "C1"),
        (wide, f"{len(wide)} domains", "C0"),
    ):
        error = np.linalg.norm((flow(displacements, extrapolate=True) - true)[:, :2], axis=1)
        right.hist(np.maximum(error, 1e-9), bins, color=colour, alpha=0.75, label=label)
        print(f"{label:20} largest error of a position {error.max():9.2e} km")
    right.axvline(1.0, color="0.4", lw=0.9, ls="--")
    right.set(xscale="log", xlabel="error of the position [km]", ylabel="orbits")
    right.set_title("against integrated orbits")
    right.legend()
    return figure


def main() -> None:
    compare()
    scale = 10.0
    started = time.perf_counter()
    wide = distribution(scale, tolerance=[1.0, 1.0, 1e-3, 1e-3])
    elapsed = time.perf_counter() - started
    assert wide.accurate
    print(f"{scale:g} times as wide: {len(wide)} domains in {elapsed:.1f} s")
    figure = draw(wide, distribution(scale), scale)
    path = Path(__file__).with_suffix(".png")
    figure.savefig(path, dpi=110)
    print(f"wrote {path.name}")


if __name__ == "__main__":
    main()
