"""The 43 arcseconds of Mercury: the derivative of a century of motion with respect to 1/c^2.

The Sun, the planets and Pluto move under Newton's law from JPL's states of DE421 at J2000; the
parameter epsilon = 1/c^2 of the first post-Newtonian term of the Sun is zero.  The flow map's
derivative with respect to it tells how all would have moved otherwise: for Mercury the perihelion
advances by what had to be explained in 1915, and the other planets' by less.  None of it is a
difference of two runs, of which the planets' own pull takes 532 arcseconds a century.  Draws
examples/mercury_perihelion.png:

    python examples/mercury_perihelion.py
"""

from __future__ import annotations

import csv
import time
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np

import taylor as ty
from taylor.models import n_body

matplotlib.use("Agg")
import matplotlib.pyplot as plt

plt.style.use("taylor.displays.pictures")

DATA = Path(__file__).parent / "data" / "de421_j2000.csv"
AU, LIGHT, DAY = 149597870.6996262, 299792.458, 86400.0  # km, km/s, s
EPSILON = (AU / DAY / LIGHT) ** 2  # 1/c^2 in (day/au)^2
CENTURY = 36525.0  # days
ARCSECOND = np.pi / 648000
PLANETS = ("mercury", "venus", "earth", "mars")
# Arcseconds a century by Einstein's formula 6 pi G M / (c^2 a (1 - e^2)) for each revolution
KNOWN = {"mercury": 42.98, "venus": 8.62, "earth": 3.84, "mars": 1.35}


def bodies() -> tuple[list[str], np.ndarray, np.ndarray]:
    """Names, G M (k,) and states (k, 6); the Moon is added to the Earth."""
    with DATA.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    names = [row["body"] for row in rows]
    gm = np.array([float(row["gm"]) for row in rows])
    states = np.array(
        [[float(row[key]) for key in ("x", "y", "z", "vx", "vy", "vz")] for row in rows]
    )
    earth, moon = names.index("earth"), names.index("moon")
    total = gm[earth] + gm[moon]
    states[earth] = (gm[earth] * states[earth] + gm[moon] * states[moon]) / total
    gm[earth] = total
    kept = [k for k in range(len(names)) if k != moon]
    return [names[k] for k in kept], gm[kept], states[kept]


def equations(names: list[str], gm: np.ndarray, epsilon: ty.Expression) -> list[Any]:
    """Newton's law, and epsilon G M / r^3 [(4 G M / r - v^2) r + 4 (r . v) v] from the Sun."""
    model = n_body([float(m) for m in gm], names=names)
    x = np.array(model.variables, dtype=object).reshape(len(names), 6)
    slopes = np.array([slope for _, slope in model.system], dtype=object).reshape(x.shape)
    for k in range(1, len(names)):
        r, v = x[k, :3] - x[0, :3], x[k, 3:] - x[0, 3:]
        distance = ty.sqrt(r @ r)
        sun = float(gm[0])
        slopes[k, 3:] += (
            epsilon * sun / distance**3 * ((4 * sun / distance - v @ v) * r + 4 * (r @ v) * v)
        )
    return list(zip(x.ravel(), slopes.ravel(), strict=True))


def perihelia(maps: ty.Polynomial, names: list[str], gm: np.ndarray) -> dict[str, np.ndarray]:
    """For each planet the derivative of its perihelion's angle, in arcseconds, at the times.

    The perihelion is where the vector e = v x h / mu - r / |r| points; polynomials carry it.
    """
    found = {}
    states = maps.reshape(maps.shape[0], len(names), 6)
    for name in PLANETS:
        k = names.index(name)
        r, v = states[:, k, :3] - states[:, 0, :3], states[:, k, 3:] - states[:, 0, 3:]
        h = cross(r, v)
        distance = (r * r).sum(axis=1) ** 0.5
        e = cross(v, h) / float(gm[0] + gm[k]) - r / distance.reshape(-1, 1)
        normal, now = h.constant_part, e.constant_part
        normal = normal / np.linalg.norm(normal, axis=1, keepdims=True)
        turned = (e.jacobian[..., 0] * np.cross(normal, now)).sum(axis=1)
        found[name] = EPSILON * turned / (now * now).sum(axis=1) / ARCSECOND
    return found


def cross(a: ty.Polynomial, b: ty.Polynomial) -> ty.Polynomial:
    """The vector product of arrays (k, 3) of polynomials."""
    left, right = [1, 2, 0], [2, 0, 1]
    return a[:, left] * b[:, right] - a[:, right] * b[:, left]


def advances(times: np.ndarray) -> dict[str, np.ndarray]:
    """`perihelia` at some times in days from J2000, in increasing order."""
    names, gm, states = bodies()
    epsilon = ty.parameter("epsilon")
    system = ty.variational(equations(names, gm, epsilon), 1, wrt=[epsilon])
    ta = ty.Integrator(system, states.ravel(), parameters={epsilon: 0.0})
    outcome = ta.propagate_grid(times)
    assert outcome.status is ty.Status.REACHED
    assert outcome.flow_maps is not None
    return perihelia(outcome.flow_maps, names, gm)


def rate(times: np.ndarray, angle: np.ndarray) -> float:
    """Arcseconds a century, by a straight line."""
    return float(np.polyfit(times / CENTURY, angle, 1)[0])


def main() -> None:
    times = np.linspace(0.0, CENTURY, 8001)[1:]
    started = time.perf_counter()
    found = advances(times)
    print(f"a century with its derivative in {time.perf_counter() - started:.1f} s")
    figure, (whole, detail) = plt.subplots(1, 2, figsize=(13, 4.6))
    for (name, angle), colour in zip(found.items(), ("C2", "C1", "C0", "C4"), strict=True):
        slope = rate(times, angle)
        print(f"{name:8} {slope:8.3f} arcseconds a century; Einstein's formula: {KNOWN[name]}")
        whole.plot(
            2000 + times / 365.25, angle, color=colour, lw=0.8, label=f'{name}: {slope:.2f}"'
        )
    first = times < 3 * 365.25
    detail.plot(times[first] / 365.25, found["mercury"][first], color="C2", lw=1.2)
    slope = rate(times, found["mercury"])
    detail.plot(times[first] / 365.25, slope * times[first] / CENTURY, color="0.5", lw=0.9, ls="--")
    whole.set(xlabel="year", ylabel="advance due to 1/c$^2$ [arcseconds]")
    whole.legend(title="in a century")
    detail.set(xlabel="years from 2000", ylabel="advance [arcseconds]")
    detail.set_title("Mercury: most of it happens at perihelion")
    path = Path(__file__).with_suffix(".png")
    figure.savefig(path, dpi=110)
    print(f"wrote {path.name}")


if __name__ == "__main__":
    main()
