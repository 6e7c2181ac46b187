"""A day of real satellites: when a ground station sees them, and when they are in the dark.

The `sgp4` package ships two-line elements of real objects (SGP4-VER.TLE) with their propagator,
SGP4, which gives position and velocity at the beginning of the day.  From there on the equations
of motion with the Earth's oblateness are integrated.  Events are the rise and set of a satellite
at a station that rotates with the Earth, entry into the cone of the Earth's shadow and exit, and
the apsides.  The same events of SGP4's own orbits are found by sampling and bisection, and
compared: the difference is that of the models, since SGP4 knows also drag, J3, J4, Sun and Moon.
It is below a second in a day for low orbits without much drag, up to 15 for orbits that reach
high, and most of a minute for debris that is about to fall.  Draws
examples/satellite_passes.png:

    pip install "taylor-jit[satellites]" && python examples/satellite_passes.py
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np

import taylor as ty

matplotlib.use("Agg")
import matplotlib.pyplot as plt

plt.style.use("taylor.displays.pictures")

# WGS-72, which SGP4 uses (Vallado, Crawford, Hujsak & Kelso, AIAA 2006-6753): km^3/s^2, km, J2.
GM, EARTH, J2 = 398600.8, 6378.135, 0.001082616
FLATTENING = 1 / 298.26
SUN, UNIT = 695700.0, 149597870.7  # radius of the Sun, distance of the Earth from it; km
JULIAN_DAY = 2453912.5  # 2006-06-26, 0h UTC
DAY = 86400.0
NUMBERS = (6251, 28057, 29238, 26975, 9880, 8195, 23177, 28129)
NAMES = {
    6251: "Delta 1 debris",
    8195: "Molniya 2-14",
    9880: "Molniya 1-36",
    23177: "Ariane 44L rocket",
    26975: "Cosmos 1024 debris",
    28057: "CBERS 2",
    28129: "Navstar 53",
    29238: "SL-12 debris",
}
STATION = "Weilheim"
LATITUDE, LONGITUDE, HEIGHT = math.radians(47.88), math.radians(11.08), 0.66  # km
LOWEST = math.radians(10.0)  # elevation

R = ty.variables("x y z")
V = ty.variables("vx vy vz")
Vector = tuple[Any, Any, Any]


def dot(a: Any, b: Any) -> Any:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


# -- the model, as functions of state and time (seconds since the beginning of the day) -----------


def equations() -> list[tuple[ty.Expression, ty.Expression]]:
    """r'' = -grad U, U = -GM/r (1 - J2 (R/r)^2 (3 z^2/r^2 - 1)/2)."""
    r = ty.sqrt(dot(R, R))
    potential = -GM / r * (1 - J2 * (EARTH / r) ** 2 * (3 * (R[2] / r) ** 2 - 1) / 2)
    return [
        *zip(R, V, strict=True),
        *((v, -ty.diff(potential, x)) for x, v in zip(R, V, strict=True)),
    ]


def sidereal_angle() -> ty.Expression:
    """Greenwich mean sidereal time (Aoki et al., Astron. Astrophys. 105 (1982) 359), radians."""
    centuries = (JULIAN_DAY - 2451545.0) / 36525
    seconds = 24110.54841 + 8640184.812866 * centuries + 0.093104 * centuries**2
    return math.radians(seconds / 240 % 360) + math.tau * 1.00273790935 / DAY * ty.time


def sun() -> tuple[Vector, ty.Expression]:
    """Direction and distance (km), to 0.01 degrees (Astronomical Almanac, low precision)."""
    days = JULIAN_DAY - 2451545.0
    phase = ty.time / DAY
    longitude = math.radians(280.460 + 0.9856474 * days) + math.radians(0.9856474) * phase
    anomaly = math.radians(357.528 + 0.9856003 * days) + math.radians(0.9856003) * phase
    longitude = (
        longitude
        + math.radians(1.915) * ty.sin(anomaly)
        + math.radians(0.020) * ty.sin(2 * anomaly)
    )
    obliquity = math.radians(23.439 - 0.0000004 * days)
    distance = UNIT * (1.00014 - 0.01671 * ty.cos(anomaly) - 0.00014 * ty.cos(2 * anomaly))
    across = ty.sin(longitude)
    direction = (ty.cos(longitude), math.cos(obliquity) * across, math.sin(obliquity) * across)
    return direction, distance


def station() -> tuple[Vector, Vector]:
    """Position (km) and direction of the zenith, which rotate with the Earth."""
    squared = FLATTENING * (2 - FLATTENING)
    curvature = EARTH / math.sqrt(1 - squared * math.sin(LATITUDE) ** 2)
    angle = LONGITUDE + sidereal_angle()
    flat, up = math.cos(LATITUDE), math.sin(LATITUDE)
    zenith = (flat * ty.cos(angle), flat * ty.sin(angle), up)
    radius, polar = curvature + HEIGHT, curvature * (1 - squared) + HEIGHT
    return (radius * zenith[0], radius * zenith[1], polar * up), zenith


def above_horizon() -> ty.Expression:
    """Positive while the satellite is higher than LOWEST at the station."""
    place, zenith = station()
    line = tuple(x - p for x, p in zip(R, place, strict=True))
    return dot(line, zenith) - math.sin(LOWEST) * ty.sqrt(dot(line, line))


def in_light() -> ty.Expression:
    """Negative in the umbra of a spherical Earth.

    The satellite is in the dark where the angle between the centres of Earth and Sun is less than
    asin(R/r), the radius under which the Earth is seen, minus asin(SUN/distance), that of the Sun;
    r times the cosines of both sides are smooth functions.
    """
    direction, distance = sun()
    sine = SUN / distance
    tangent = ty.sqrt(dot(R, R) - EARTH**2)
    return dot(R, direction) + tangent * ty.sqrt(1 - sine**2) + EARTH * sine


FUNCTIONS = {"pass": above_horizon(), "light": in_light(), "apsis": dot(R, V)}


# -- events ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Day:
    """What happened to a satellite: zeros (time, direction) of each of FUNCTIONS, and its start."""

    zeros: dict[str, list[tuple[float, int]]]
    start: dict[str, float]

    def spans(self, name: str, sign: int) -> list[tuple[float, float]]:
        """Intervals in which a function has the sign."""
        edges = [t for t, _ in self.zeros[name]]
        if self.start[name] * sign > 0:
            edges = [0.0, *edges]
        return list(zip(edges[::2], [*edges[1::2], DAY][: len(edges[::2])], strict=True))


def compiled() -> dict[str, Any]:
    return {name: ty.compile(g, [*R, *V, ty.time]) for name, g in FUNCTIONS.items()}


def integrate(states: list[np.ndarray], duration: float = DAY) -> list[Day]:
    """The events of each initial state."""
    events = [ty.Event(g) for g in FUNCTIONS.values()]
    ta = ty.Integrator(equations(), states[0], events=events)
    values = compiled()
    days = []
    for state in states:
        ta.time = 0.0
        ta.state[:] = state
        start = {name: float(g(*state, 0.0)) for name, g in values.items()}
        outcome = ta.propagate_until(duration)
        assert outcome.status is ty.Status.REACHED, outcome.message
        zeros = {
            name: list(zip(seen.times.tolist(), seen.directions.tolist(), strict=True))
            for name, seen in zip(FUNCTIONS, outcome.events, strict=True)
        }
        days.append(Day(zeros, start))
    return days


# -- SGP4 -----------------------------------------------------------------------------------------


def satellites() -> list[Any]:
    """sgp4's records of the objects NUMBERS; raises ImportError where it is not installed."""
    import sgp4
    from sgp4.api import Satrec

    lines = (Path(sgp4.__file__).parent / "SGP4-VER.TLE").read_text().splitlines()
    found = {}
    for first, second in pairwise(lines):
        if first.startswith("1 ") and second.startswith("2 "):
            record = Satrec.twoline2rv(first[:69], second[:69])
            found.setdefault(record.satnum, record)
    return [found[number] for number in NUMBERS]


def state_at(record: Any, seconds: float) -> np.ndarray:
    """Position and velocity in the frame of the true equator and mean equinox (TEME); km, km/s."""
    error, position, velocity = record.sgp4(JULIAN_DAY, seconds / DAY)
    if error:
        raise ValueError(f"SGP4 fails for {record.satnum} with error {error}")
    return np.array([*position, *velocity])


def sampled(record: Any, step: float = 5.0) -> dict[str, list[tuple[float, int]]]:
    """Zeros of FUNCTIONS along SGP4's orbit: changes of sign between samples, bisected."""
    times = np.arange(0.0, DAY + step, step)
    _, position, velocity = record.sgp4_array(np.full(len(times), JULIAN_DAY), times / DAY)
    zeros: dict[str, list[tuple[float, int]]] = {}
    for name, g in compiled().items():
        signs = np.sign(g(*position.T, *velocity.T, times))
        zeros[name] = []
        for k in np.flatnonzero(signs[1:] != signs[:-1]):
            low, high = times[k], times[k + 1]
            while high - low > 1e-4:
                middle = (low + high) / 2
                before = np.sign(g(*state_at(record, middle), middle)) == signs[k]
                low, high = (middle, high) if before else (low, middle)
            zeros[name].append((float(low), int(signs[k + 1])))
    return zeros


def differences(ours: list[tuple[float, int]], theirs: list[tuple[float, int]]) -> np.ndarray:
    """Seconds by which each of our zeros differs from the nearest one of the same direction."""
    return np.array(
        [
            min((t - s for s, sign in theirs if sign == direction), key=abs, default=math.nan)
            for t, direction in ours
        ]
    )


def report(records: list[Any], days: list[Day]) -> None:
    """Numbers of events, and how far they are from those of SGP4's orbits."""
    print("zeros found (those of SGP4's orbit), largest difference in time in seconds")
    print(f"{'':20}" + "".join(f"{name:>24}" for name in FUNCTIONS))
    for record, day in zip(records, days, strict=True):
        other = sampled(record)
        line = f"{NAMES[record.satnum]:20}"
        for name in FUNCTIONS:
            late = differences(day.zeros[name], other[name])
            worst = f"{np.abs(late).max():.1f}" if len(late) else "-"
            line += f"{len(late):10} ({len(other[name]):3}){worst:>9}"
        print(line)


# -- picture --------------------------------------------------------------------------------------


def draw(records: list[Any], days: list[Day]) -> plt.Figure:
    """A line of time for each satellite."""
    figure, axes = plt.subplots(figsize=(11, 5.2))
    hour = 3600.0
    for row, (record, day) in enumerate(zip(records, days, strict=True)):
        axes.axhline(row, color="0.9", lw=20, zorder=0, solid_capstyle="butt")
        for name, sign, offset, colour in (
            ("pass", 1, 0.0, "C3"),
            ("light", -1, -0.32, "C4"),
        ):
            bars = [(a / hour, (b - a) / hour) for a, b in day.spans(name, sign)]
            axes.broken_barh(bars, (row + offset, 0.32), color=colour, lw=0)
        if record.ecco > 0.05:
            perigees = [t / hour for t, direction in day.zeros["apsis"] if direction > 0]
            apogees = [t / hour for t, direction in day.zeros["apsis"] if direction < 0]
            axes.plot(perigees, [row] * len(perigees), "v", color="C2", ms=6, mec="w")
            axes.plot(apogees, [row] * len(apogees), "^", color="C1", ms=6, mec="w")
    labels = [
        f"{NAMES[r.satnum]}\n{DAY / 60 * r.no_kozai / math.tau:.2f} a day, e = {r.ecco:.2f}"
        for r in records
    ]
    axes.set_yticks(range(len(records)), labels, fontsize=8)
    axes.invert_yaxis()
    axes.set(xlim=(0, 24), xticks=range(0, 25, 3), xlabel="hours, 2006-06-26 UTC")
    axes.set_title("Passes and eclipses of a day")
    handles = [
        plt.Rectangle(
            (0, 0), 1, 1, color="C3", label=f"above {math.degrees(LOWEST):.0f}° at {STATION}"
        ),
        plt.Rectangle((0, 0), 1, 1, color="C4", label="in the Earth's umbra"),
        plt.Line2D([], [], ls="", marker="v", color="C2", label="perigee"),
        plt.Line2D([], [], ls="", marker="^", color="C1", label="apogee"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=4)
    return figure


def main() -> None:
    try:
        records = satellites()
    except ImportError:
        print('this example needs sgp4 for its satellites: pip install "taylor-jit[satellites]"')
        return
    days = integrate([state_at(record, 0.0) for record in records])
    report(records, days)
    path = Path(__file__).with_suffix(".png")
    draw(records, days).savefig(path, dpi=120)
    print(f"wrote {path.name}")


if __name__ == "__main__":
    main()
