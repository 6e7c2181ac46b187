"""When to fly to Mars: all transfers of the window 2026-2028, and the cheapest one to the second.

Sixty thousand solutions of Lambert's problem, one for each pair of a departure and an arrival, are
a fraction of a second in machine code.  The planets are where their mean elements have them
(Standish & Williams, "Approximate positions of the planets", JPL; good to some 10 arc seconds).
The energy of departure, C3, has derivatives through the planets' motion and Lambert's problem, so
that Newton's method leads from the best point of the grid to the minimum itself.  Draws
examples/porkchop.png:

    python examples/porkchop.py
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np

import taylor as ty

matplotlib.use("Agg")
import matplotlib.pyplot as plt

plt.style.use("taylor.displays.pictures")

sky = ty.astrodynamics
GM_SUN, AU, DAY = 1.32712440018e11, 149597870.7, 86400.0  # km^3/s^2, km, s
CENTURY = 36525 * DAY
# a (au), e, inclination, mean longitude, longitude of perihelion, of the node (degrees); the same
# for each century
EARTH = (
    (1.00000261, 0.01671123, -0.00001531, 100.46457166, 102.93768193, 0.0),
    (0.00000562, -0.00004392, -0.01294668, 35999.37244981, 0.32327364, 0.0),
)
MARS = (
    (1.52371034, 0.09339410, 1.84969142, -4.55343205, -23.94362959, 49.55953891),
    (0.00001847, 0.00007882, -0.00813131, 19140.30268499, 0.44441088, -0.29257343),
)
BLUE, RED, YELLOW = "C0", "C2", "C1"


def motion(planet: tuple[tuple[float, ...], ...], t: Any) -> tuple[Any, Any]:
    """Position and velocity (3,), ecliptic, km and km/s, at seconds after J2000: any kind of t."""
    a, e, i, longitude, perihelion, node = (
        start + rate * t / CENTURY for start, rate in zip(*planet, strict=True)
    )
    degree = np.pi / 180
    elements = (
        a * AU,
        e,
        i * degree,
        node * degree,
        (perihelion - node) * degree,
        (longitude - perihelion) * degree,
    )
    state = sky.convert_elements(np.stack(elements, axis=-1), "keplerian", "cartesian", GM_SUN)
    return state[..., :3], state[..., 3:]


def seconds(date: str) -> float:
    return (datetime.fromisoformat(date) - datetime(2000, 1, 1, 12)).total_seconds()


def date(t: float) -> datetime:
    return datetime(2000, 1, 1, 12) + timedelta(seconds=float(t))


def chart(days: float = 1.5) -> Any:
    """All transfers with departures and arrivals so many days apart."""
    departures = np.arange(seconds("2026-07-15"), seconds("2027-03-15"), days * DAY)
    arrivals = np.arange(seconds("2027-03-01"), seconds("2028-07-01"), days * DAY)
    return sky.porkchop(
        lambda t: motion(EARTH, t), lambda t: motion(MARS, t), departures, arrivals, GM_SUN
    )


def energy(days: Any) -> Any:
    """C3 of a transfer, by departure and arrival in days after J2000."""
    start, end = days[0] * DAY, days[1] * DAY
    (r1, v1), (r2, _) = motion(EARTH, start), motion(MARS, end)
    leaving, _ = sky.lambert(r1, r2, end - start, GM_SUN)
    return ty.sum((leaving - v1) ** 2)


def cheapest(start: np.ndarray) -> tuple[np.ndarray, float]:
    """The minimum near a point, by Newton's method."""
    value, slope, curvature = ty.jit(energy), ty.grad(energy), ty.hessian(energy)
    days = start
    for _ in range(8):
        days = days - np.linalg.solve(curvature(days), slope(days))
    return days, float(value(days))


def draw(found: Any, best: np.ndarray) -> Any:
    figure, (left, right) = plt.subplots(1, 2, figsize=(13, 6), width_ratios=(1.35, 1))
    found.plot(left, largest=50.0)
    left.plot(
        best[0] - found.departures[0] / DAY,
        best[1] - found.arrivals[0] / DAY + (found.arrivals[0] - found.departures[0]) / DAY,
        "*",
        color=RED,
        markersize=16,
        markeredgecolor="white",
    )
    left.set_xlabel(f"departure, days after {date(found.departures[0]):%d %B %Y}")
    left.set_ylabel(f"arrival, days after {date(found.departures[0]):%d %B %Y}")
    left.set_title("C3 (colours), arrival speed (white), time of flight (dotted)")
    start, end = best * DAY
    (r1, _), (r2, _) = motion(EARTH, start), motion(MARS, end)
    leaving, _ = sky.lambert(r1, r2, end - start, GM_SUN)
    flight, _ = sky.kepler_propagate(r1, leaving, np.linspace(0, end - start, 300), GM_SUN)
    for planet, colour, period, name in ((EARTH, BLUE, 365.3, "Earth"), (MARS, RED, 687, "Mars")):
        r, _ = motion(planet, start + np.linspace(0, period * DAY, 400))
        right.plot(*(r[:, :2] / AU).T, color=colour, linewidth=1, alpha=0.7)
        place, moment = (r1, start) if name == "Earth" else (r2, end)
        right.plot(*(place[:2] / AU), "o", color=colour)
        right.annotate(
            f"{name}, {date(moment):%d %b %Y}",
            place[:2] / AU,
            xytext=(-8 if place[0] > 0 else 8, -8),
            textcoords="offset points",
            ha="right" if place[0] > 0 else "left",
            va="top",
        )
    right.plot(*(flight[:, :2] / AU).T, color="black", linewidth=2)
    right.plot(0, 0, "o", color=YELLOW, markersize=12)
    right.set_aspect("equal")
    right.set_xlabel("x [au]")
    right.set_ylabel("y [au]")
    right.set_title("the cheapest transfer, from the north")
    return figure


def main() -> None:
    chart(30.0)  # machine code is made
    start = time.perf_counter()
    found = chart()
    took = time.perf_counter() - start
    i, j = found.best()
    print(f"{found.c3.size} transfers in {took:.2f} s; least C3 {found.c3[i, j]:.3f} km^2/s^2")
    days, least = cheapest(np.array([found.departures[i], found.arrivals[j]]) / DAY)
    print(
        f"from {date(days[0] * DAY):%Y-%m-%d %H:%M:%S} to {date(days[1] * DAY):%Y-%m-%d %H:%M:%S}"
    )
    print(f"C3 {least:.6f} km^2/s^2, {days[1] - days[0]:.1f} days")
    draw(found, days).savefig(Path(__file__).with_suffix(".png"), dpi=110)


if __name__ == "__main__":
    main()
