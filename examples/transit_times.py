"""Transits of two planets that pull at each other: the events that SciPy's solve_ivp steps over.

A pair like Kepler-9 b and c (Holman et al., Science 330 (2010) 51), close to a resonance 2:1, seen
edge-on for 1500 days.  A planet is in front of its star for five hours of some weeks, while a good
method takes steps of half a day and more: between the ends of such a step nothing has changed its
sign.  SciPy looks for changes of sign, and finds some transits by chance; `ty.scipy.solve_ivp`,
given the same functions of NumPy, looks at the polynomials of the steps, and finds all of them.
From the times of both contacts come those of mid-transit, and how far they are from a strict
period: the signal from which the planets were weighed.  Draws examples/transit_times.png:

    python examples/transit_times.py
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from scipy.integrate import solve_ivp

import taylor as ty

matplotlib.use("Agg")
import matplotlib.pyplot as plt

plt.style.use("taylor.displays.pictures")

GAUSS = 0.01720209895  # au^1.5 / day of one solar mass
EARTH = 3.003e-6  # solar masses
RADIUS = 0.00465047  # of the Sun, in au
DAYS = 1500.0
MASSES = (1.0, 45 * EARTH, 31 * EARTH)
PERIODS = (19.24, 38.97)
PHASES = (-2.0, 0.7)  # where the planets start, from the line of sight; radians
BLUE, RED, YELLOW, BROWN = "C0", "C2", "C1", "C6"
ACCURACY: dict[str, Any] = {"rtol": 1e-11, "atol": 1e-13}


def start(masses: tuple[float, ...] = MASSES) -> np.ndarray:
    """Positions and velocities (18,) about the centre of mass, on circles in the plane of x and z.

    The observer is far away on the axis z.
    """
    gm = GAUSS**2 * masses[0]
    places, speeds = [np.zeros(3)], [np.zeros(3)]
    for period, phase in zip(PERIODS, PHASES, strict=True):
        a = (gm * (period / (2 * np.pi)) ** 2) ** (1 / 3)
        places.append(a * np.array([np.sin(phase), 0.0, np.cos(phase)]))
        speeds.append(2 * np.pi * a / period * np.array([np.cos(phase), 0.0, -np.sin(phase)]))
    whole = np.array([places, speeds])
    centre = np.einsum("b,kbi->ki", masses, whole) / np.sum(masses)
    return (whole - centre[:, np.newaxis]).ravel()


def newton(t: float, y: np.ndarray, masses: np.ndarray) -> Any:
    """A right-hand side of NumPy, as one would write it for SciPy."""
    r = y[:9].reshape(3, 3)
    d = r[np.newaxis] - r[:, np.newaxis]
    cubes = ((d**2).sum(axis=2) + np.eye(3)) ** 1.5
    pull = GAUSS**2 * masses / cubes
    return np.concatenate([y[9:], (pull[:, :, np.newaxis] * d).sum(axis=1).ravel()])


def disc_of_b(t: float, y: np.ndarray, masses: np.ndarray) -> Any:
    """Zero where the first planet's centre meets the edge of the star's disc, also behind it."""
    return (y[3] - y[0]) ** 2 + (y[4] - y[1]) ** 2 - RADIUS**2


def disc_of_c(t: float, y: np.ndarray, masses: np.ndarray) -> Any:
    """The same of the second planet."""
    return (y[6] - y[0]) ** 2 + (y[7] - y[1]) ** 2 - RADIUS**2


DISCS = (disc_of_b, disc_of_c)


def contacts(found: Any, planet: int) -> np.ndarray:
    """Times of the contacts in front of the star, from the result of a `solve_ivp`."""
    states = found.y_events[planet - 1].reshape(-1, 18)
    return found.t_events[planet - 1][states[:, 3 * planet + 2] > states[:, 2]]


def transits(times: np.ndarray) -> np.ndarray:
    """Begin and end of transits, (k, 2); those of which one contact alone is known are left out."""
    pairs = np.stack([times[:-1], times[1:]], axis=1)
    return pairs[np.diff(times) < 1.0]


def by_taylor(masses: tuple[float, ...] = MASSES, days: float = DAYS, **options: Any) -> Any:
    """All the way by us."""
    more = {"events": DISCS, "args": (np.array(masses),), **ACCURACY, **options}
    return ty.scipy.solve_ivp(newton, (0.0, days), start(masses), **more)


def by_scipy(masses: tuple[float, ...] = MASSES, days: float = DAYS, **options: Any) -> Any:
    """By SciPy's best method for smooth problems."""
    more = {"events": DISCS, "args": (np.array(masses),), **ACCURACY, **options}
    return solve_ivp(newton, (0.0, days), start(masses), "DOP853", **more)


def lateness(begin_and_end: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of transits, and how late they are in hours, after the best strict period."""
    middle = begin_and_end.mean(axis=1)
    numbers = np.round((middle - middle[0]) / np.median(np.diff(middle)))
    fit = np.polynomial.Polynomial.fit(numbers, middle, 1)
    return numbers, 24 * (middle - fit(numbers))


def timed(run: Any, **options: Any) -> tuple[Any, float]:
    """What it returns, and the seconds that it takes."""
    begin = time.perf_counter()
    found = run(**options)
    return found, time.perf_counter() - begin


def seen_by(pairs: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Which transits are among others, too."""
    return np.isin(np.round(pairs[:, 0], 4), np.round(others[:, 0], 4))


def draw_one(axes: plt.Axes, ours: Any, theirs: Any) -> None:
    """A transit of the first planet that lies between the ends of a step."""
    pairs = transits(contacts(ours, 1))
    missed = pairs[~seen_by(pairs, transits(contacts(theirs, 1)))][0]
    middle = missed.mean()
    grid = np.linspace(middle - 2.2, middle + 2.2, 2000)
    ends = theirs.t[np.abs(theirs.t - middle) < 2.2]
    masses = np.array(MASSES)
    shown = [disc_of_b(0.0, run.sol(t), masses) / RADIUS**2
             for run, t in ((ours, grid), (theirs, ends))]  # fmt: skip
    axes.axhline(0.0, color="0.6", lw=0.8)
    axes.plot(grid - middle, shown[0], color=BLUE, label="event function")
    axes.plot(ends - middle, shown[1], "o", color=RED, label="ends of SciPy's steps")
    axes.plot(missed - middle, [0, 0], "D", color=BLUE, ms=5, label="contacts, found by ours")
    axes.set(xlabel=f"days from day {middle:.2f}", ylabel="beyond the disc\n[radii squared]")
    axes.set_yscale("symlog", linthresh=1.0)
    axes.legend(ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1.0))


def draw_lateness(axes: plt.Axes, ours: Any, theirs: Any) -> None:
    """How late the transits of both planets are, and which of them SciPy has found."""
    for planet, colour, other, name in ((1, BLUE, RED, "b"), (2, YELLOW, BROWN, "c")):
        pairs = transits(contacts(ours, planet))
        seen = seen_by(pairs, transits(contacts(theirs, planet)))
        days, (_, late) = pairs.mean(axis=1), lateness(pairs)
        axes.plot(days, late, color=colour, lw=1)
        label = f"{name}: ty.scipy.solve_ivp, {len(days)}"
        axes.plot(days, late, "o", mfc="none", color=colour, ms=4, label=label)
        label = f"{name}: SciPy's DOP853, {seen.sum()}"
        axes.plot(days[seen], late[seen], "o", color=other, ms=4, label=label)
    axes.set(xlabel="time [days]", ylabel="transit comes late [hours]")
    axes.legend(ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1.0))


def main() -> None:
    by_taylor()  # traced and compiled
    ours, ours_seconds = timed(by_taylor, dense_output=True)
    theirs, their_seconds = timed(by_scipy, dense_output=True)
    fine, fine_seconds = timed(by_scipy, max_step=0.1)
    rows = [
        ("ty.scipy.solve_ivp", ours, ours_seconds),
        ("SciPy, DOP853", theirs, their_seconds),
        ("the same, max_step=0.1", fine, fine_seconds),
    ]
    for name, found, seconds in rows:
        counts = [len(transits(contacts(found, planet))) for planet in (1, 2)]
        print(f"{name:24} {counts[0]:3} transits of b, {counts[1]:3} of c, {1e3 * seconds:7.1f} ms")
    gap = np.abs(contacts(ours, 1) - contacts(fine, 1)).max()
    print(f"contacts of b agree with those of short steps to {86400 * gap:.2g} s")
    figure, (top, low) = plt.subplots(2, 1, figsize=(6.5, 6.0))
    draw_one(top, ours, theirs)
    draw_lateness(low, ours, theirs)
    path = Path(__file__).with_suffix(".png")
    figure.savefig(path, dpi=140)
    print(f"wrote {path.name}")


if __name__ == "__main__":
    main()
