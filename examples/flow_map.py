"""How far a Taylor map reaches: all orbits near a highly eccentric one, as polynomials of order 10.

A satellite at the apogee of an orbit of eccentricity 0.9 is displaced by up to a fraction of its
distance and of its speed, in all four coordinates of the plane.  Where it is later is a function of
the displacement, which `ty.derivatives` expands at 121 times of a revolution at once; the function
is Kepler's, in closed form.  The decay of the polynomials' norms tells how far they can be trusted,
and what they leave out; both are compared with the function itself.  Draws examples/flow_map.png:

    python examples/flow_map.py
"""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np

import taylor as ty

matplotlib.use("Agg")
import matplotlib.pyplot as plt

plt.style.use("taylor.displays.pictures")

ECCENTRICITY = 0.9
DISTANCE = 1 + ECCENTRICITY  # at apogee, the semi-major axis and mu being 1
SPEED = math.sqrt((1 - ECCENTRICITY) / (1 + ECCENTRICITY))
ORDER = 10
TOLERANCE = 1e-6  # semi-major axes
NAMES = "x y vx vy"


def position(x: Any, y: Any, vx: Any, vy: Any, t: Any) -> list[Any]:
    """(x, y) after the time t, from apogee displaced by x, y (distances) and vx, vy (speeds).

    Kepler's equation between, and Lagrange's coefficients f and g: Battin, An Introduction to the
    Mathematics and Methods of Astrodynamics (1999), section 4.3.
    """
    x0, y0 = DISTANCE * (1 + x), DISTANCE * y
    vx0, vy0 = SPEED * vx, SPEED * (1 + vy)
    r = ty.hypot(x0, y0)
    a = 1 / (2 / r - vx0**2 - vy0**2)
    root = ty.sqrt(a)
    cosine, sine = 1 - r / a, (x0 * vx0 + y0 * vy0) / root  # e cos E, e sin E
    start = ty.atan2(sine, cosine)
    end = ty.kepler_E(ty.hypot(sine, cosine), start - sine + t / (a * root))
    f = 1 - a / r * (1 - ty.cos(end - start))
    g = t - a * root * (end - start - ty.sin(end - start))
    return [f * x0 + g * vx0, f * y0 + g * vy0]


def maps(times: np.ndarray, order: int = ORDER) -> ty.Polynomial:
    """Positions as polynomials in the displacement: shape (2, *times)."""
    point = (0.0, 0.0, 0.0, 0.0, times)
    return ty.derivatives(position, point, order, wrt=[0, 1, 2, 3]).polynomial(NAMES)


def errors(flow: ty.Polynomial, t: float, sizes: np.ndarray, count: int = 200) -> np.ndarray:
    """Largest error of a map over random displacements with a largest component of each size."""
    directions = np.random.default_rng(1).uniform(-1, 1, (count, 4))
    directions /= np.abs(directions).max(axis=1, keepdims=True)
    found = np.empty(len(sizes))
    for k, size in enumerate(sizes):
        points = size * directions
        true = exact(*points.T, t)
        found[k] = np.hypot(*(flow(points).T - np.array(true))).max()
    return found


displacement = ty.variables(NAMES)
exact = ty.compile(position(*displacement, ty.time), [*displacement, ty.time])


def reach(flow: ty.Polynomial, t: float) -> float:
    """The size of displacements at which a map's error reaches the tolerance."""
    sizes = np.logspace(-4, -0.5, 100)
    wrong = errors(flow, t, sizes, count=100) > TOLERANCE
    return float(sizes[np.argmax(wrong)]) if wrong.any() else math.inf


def draw(path: Path) -> None:
    """Norms by degree, reach along the orbit, and errors by order, in three panels."""
    times = np.linspace(0, 2 * math.pi, 121)
    flows = maps(times)
    figure, (decay, along, by_order) = plt.subplots(1, 3, figsize=(15, 4.6))
    phases = {"1/4 revolution": 30, "at perigee": 60, "3/4 revolution": 90}
    for label, k in phases.items():
        decay.semilogy(flows[0, k].norms("sum"), "o-", label=label)
    decay.set(title="x: sum of coefficients by degree", xlabel="degree", ylabel="semi-major axes")
    decay.legend()

    revolutions = times / (2 * math.pi)
    known = slice(1, None)  # at t = 0 the position is the displacement itself
    radius = flows.convergence_radius()[:, known].min(axis=0)
    along.semilogy(revolutions[known], radius, label="estimated radius of convergence")
    real = [reach(flows[:, k], times[k]) for k in range(1, len(times), 3)]
    along.semilogy(
        revolutions[1::3], real, ".", label=f"true error of order {ORDER} reaches {TOLERANCE:g}"
    )
    sizes = np.logspace(-6, 0, 200)
    estimated = [sizes[_first(flows[:, k], sizes)] for k in range(1, len(times))]
    along.semilogy(revolutions[known], estimated, lw=1, label="estimated error reaches it")
    along.set(
        title="displacement that a map allows", xlabel="revolutions", ylabel="semi-major axes",
        ylim=(2e-4, 1),
    )  # fmt: skip
    along.legend(loc="lower center")

    sizes, k = np.logspace(-4, -0.7, 30), phases["3/4 revolution"]
    colors = plt.get_cmap("viridis")(np.linspace(0, 0.9, 5))
    for order, color in zip((2, 4, 6, 8, 10), colors, strict=True):
        flow = flows[:, k].truncate(order)
        by_order.loglog(sizes, errors(flow, times[k], sizes), color=color, label=f"order {order}")
        guess = [np.hypot(*flow.truncation_error(size)) for size in sizes]
        by_order.loglog(sizes, guess, "--", color=color)
    by_order.set(
        title="3/4 revolution: error, and its estimate (dashed)",
        xlabel="largest component of the displacement",
        ylabel="error [semi-major axes]",
        ylim=(1e-16, 10),
    )
    by_order.legend()
    figure.savefig(path, dpi=110)


def _first(flow: ty.Polynomial, sizes: np.ndarray) -> int:
    """The first size whose estimated error exceeds the tolerance."""
    wrong = [np.hypot(*flow.truncation_error(size)) > TOLERANCE for size in sizes]
    return int(np.argmax(wrong))


def main() -> None:
    """Expand, compare, draw."""
    for which in ("compiled and computed", "once more"):
        start = time.perf_counter()
        flows = maps(np.linspace(0, 2 * math.pi, 121))
        seconds = time.perf_counter() - start
        print(f"{flows.size} derivatives of 2 coordinates at 121 times, {which}: {seconds:.3f} s")
    path = Path(__file__).with_suffix(".png")
    draw(path)
    print(f"wrote {path.name}")


if __name__ == "__main__":
    main()
