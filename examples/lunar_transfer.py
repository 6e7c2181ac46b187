"""From a low orbit of the Earth into one over the poles of the Moon, aimed by Newton's method.

A spacecraft leaves a circular orbit 200 km above the Earth by more speed ahead.  Lambert's problem
with the Earth alone gives a first guess of when and how fast; it misses by thousands of kilometres,
since the Moon pulls.  The path in the field of Earth, Moon and Sun (DE421), with the Earth's
flattening, is integrated to an event, its lowest point over the Moon, together with its first
derivatives.  What is wanted, 100 km above ground there, over the poles, at a given time, are three
equations for three unknowns: the node of the first orbit, the place on it, and the speed.  Written
in the b-plane, where the path's asymptote passes the Moon, they are nearly linear, and Newton's
method solves them in a few integrations.
Draws examples/lunar_transfer.png:

    pip install "taylor-jit[astrodynamics]" de421 && python examples/lunar_transfer.py
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib
import numpy as np

import taylor as ty

matplotlib.use("Agg")
import matplotlib.pyplot as plt

plt.style.use("taylor.displays.pictures")

sky = ty.astrodynamics
EARTH, MOON, J2, DAY = 6378.1366, 1737.4, 1.0826253e-3, 86400.0  # radii in km; s
PARKING, HEIGHT = EARTH + 200.0, 100.0  # km
LEAVES = "2028-05-04T06:00:00 TDB"
TAKES = 4.2 * DAY
INCLINATION = np.radians(28.6)  # of the parking orbit

R, V = ty.variable("r", shape=(3,)), ty.variable("v", shape=(3,))


def dot(a: Any, b: Any) -> Any:
    return (a * b).sum()


class Flight:
    """The equations of motion from the departure on, and what is asked of the arrival."""

    def __init__(self, ephemeris: Any) -> None:
        self.start = sky.Epoch(LEAVES).seconds
        self.moon = ephemeris.over(self.start - DAY, self.start + 10 * DAY)
        self.gm = self.moon.gm("earth")
        orbit = self.moon.state("moon", self.start + TAKES)
        self.pole = np.cross(orbit[:3], orbit[3:])
        self.pole /= np.linalg.norm(self.pole)
        flat = ty.models.Figure(0, EARTH, {(2, 0): -J2})
        force = sky.ThirdBody(self.moon, ["moon", "sun"])
        t, square = ty.time, dot(R, R)
        pull = -self.gm * R / (square * ty.sqrt(square)) + flat.acceleration(R, self.gm, t)
        pull = pull + force.acceleration(sky.OrbitState(t, R, V))
        self.system = [(R, V), (V, pull)]
        self.slope = ty.compile(pull, [t, R, V])
        r, v = R - self.moon.position("moon", t), V - self.moon.velocity("moon", t)
        self.lowest = ty.Event(dot(r, v), direction=1, terminal=True)
        self.ta = ty.Integrator(
            ty.variational(self.system, order=1, wrt=[R, V]),
            np.ones(6),
            time=self.start,
            events=[self.lowest],
        )
        self.slopes = ty.jacobian(self.passage)

    def passage(self, seen: Any) -> Any:
        """B.T and B.R of a path by the Moon, less those over the north pole at the height; km.

        With the pole of the Moon's own orbit as axis, B.T = 0 is a path in a plane with the pole.
        """
        gm = self.moon.gm("moon")
        r, v = seen[:3], seen[3:]
        b_t, b_r = sky.b_plane(r, v, gm, axis=self.pole)
        lowest = MOON + HEIGHT
        fast = dot(v, v) - 2 * gm / ty.sqrt(dot(r, r))  # far away, squared
        return np.array([b_t, b_r + lowest * ty.sqrt(1 + 2 * gm / (lowest * fast))])

    def arrive(self, state: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        """Time and state, from the Moon, of the lowest point; and derivatives by the state at the
        start: of that state in six rows, and of the time in one more.
        """
        ta = self.ta
        ta.time, ta.state = self.start, state
        ta.propagate_until(self.start + 9 * DAY)
        time, there = float(ta.time), np.array(ta.state)
        seen = there - self.moon.state("moon", time)
        fixed = ta.state_transition_matrix  # at a fixed time
        motion = np.concatenate([there[3:], self.slope(time, there[:3], there[3:])])
        motion = motion - np.concatenate(
            [self.moon.velocity("moon", time), self.moon.acceleration("moon", time)]
        )
        # r . v stays zero: (v, r) . (fixed + motion dt) = 0.
        turned = np.concatenate([seen[3:], seen[:3]])
        later = -(turned @ fixed) / (turned @ motion)
        return time, seen, np.vstack([fixed + np.outer(motion, later), later])


def parked(unknowns: Any) -> Any:
    """Position and velocity of the start: node, argument of latitude, and speed along the orbit."""
    node, place, speed = unknowns[0], unknowns[1], unknowns[2]
    c, s, tilt = ty.cos(node), ty.sin(node), (np.cos(INCLINATION), np.sin(INCLINATION))

    def direction(angle: Any) -> Any:
        x, y = ty.cos(angle), ty.sin(angle)
        return np.array([c * x - s * y * tilt[0], s * x + c * y * tilt[0], y * tilt[1]])

    return np.concatenate([PARKING * direction(place), speed * direction(place + np.pi / 2)])


def guess(flight: Flight) -> np.ndarray:
    """The unknowns by Lambert's problem: of many places the one that leaves along the orbit."""
    goal = flight.moon.position("moon", flight.start + TAKES) + 5000.0 * flight.pole
    declination = np.arcsin(goal[2] / np.linalg.norm(goal))
    there = np.arcsin(np.sin(declination) / np.sin(INCLINATION))
    east = np.arctan2(np.cos(INCLINATION) * np.sin(there), np.cos(there))
    node = np.arctan2(goal[1], goal[0]) - east
    found = []
    for place in there - np.radians(np.arange(150.0, 179.5, 0.5)):
        first = np.asarray(parked([node, place, 1.0]), float)
        leaving, _ = sky.lambert(first[:3], goal, TAKES, flight.gm)
        found.append((abs(first[:3] @ leaving), [node, place, np.linalg.norm(leaving)]))
    return np.array(min(found)[1])


def aim(flight: Flight, unknowns: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    """Newton's method; what is missing after each turn: km, km, h."""
    by_unknowns = ty.jacobian(parked)
    misses = []
    for _ in range(12):
        time, seen, slopes = flight.arrive(np.asarray(parked(unknowns), float))
        late = (time - flight.start - TAKES) / 3600
        misses.append(np.append(np.asarray(flight.passage(seen), float), late))
        if np.abs(misses[-1] / [1e-5, 1e-5, 1e-8]).max() < 1:
            break
        rows = np.vstack([flight.slopes(seen) @ slopes[:6], slopes[6] / 3600])
        unknowns = unknowns - np.linalg.solve(rows @ by_unknowns(unknowns), misses[-1])
    return unknowns, misses


def path(flight: Flight, state: np.ndarray, start: float, times: np.ndarray) -> np.ndarray:
    """States at times, from the Earth."""
    ta = ty.Integrator(flight.system, state, time=start)
    return ta.propagate_grid(times).states


def draw(flight: Flight, state: np.ndarray, time: float, captured: np.ndarray) -> Any:
    """The way there from above the Moon's orbit, and the arrival seen along that orbit."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(12.5, 5.4))
    times = np.linspace(flight.start, time, 600)
    way = path(flight, state, flight.start, times)[:, :3]
    moon = flight.moon.position("moon", times)
    first = moon[-1] / np.linalg.norm(moon[-1])
    axes = np.array([first, np.cross(flight.pole, first)])
    left.plot(*(way @ axes.T / 1000).T, color="C1", lw=1.6, label="spacecraft")
    left.plot(*(moon @ axes.T / 1000).T, color="0.5", lw=1.2, label="Moon")
    for place, size, colour in ((np.zeros(2), EARTH, "C0"), (axes @ moon[-1], MOON, "0.5")):
        left.add_patch(plt.Circle(place / 1000, max(size, 3000.0) / 1000, color=colour))
    left.set(xlabel="x [1000 km]", ylabel="y [1000 km]", aspect="equal")
    left.set_title("from above the Moon's orbit")
    left.legend()
    near = np.linspace(time - 3 * 3600, time, 300)
    arriving = path(flight, state, flight.start, near) - flight.moon.state("moon", near)
    after = np.linspace(time, time + 1.97 * 3600, 300)
    circling = captured + flight.moon.state("moon", time)
    circling = path(flight, circling, time, after) - flight.moon.state("moon", after)
    view = np.array([arriving[0, :3] - arriving[-1, :3], flight.pole])
    view[0] -= view[0] @ flight.pole * flight.pole
    view[0] /= np.linalg.norm(view[0])
    right.add_patch(plt.Circle((0, 0), MOON, color="0.85"))
    right.plot(*(arriving[:, :3] @ view.T).T, color="C1", lw=1.6, label="arrival")
    right.plot(*(circling[:, :3] @ view.T).T, color="C0", lw=1.4, label="orbit after braking")
    right.set(
        xlabel="along the arrival [km]",
        ylabel="to the north [km]",
        aspect="equal",
        xlim=(-2600, 6000),
        ylim=(-2600, 4600),
    )
    right.set_title("at the Moon, over its poles")
    right.legend(loc="lower right")
    return figure


def main() -> None:
    try:
        flight = Flight(sky.Ephemeris("de421"))
    except ty.TaylorError as error:
        raise SystemExit(f"lunar_transfer: {error}") from None
    unknowns, misses = aim(flight, guess(flight))
    print("turn      B.T [km]      B.R [km]       time [h], to what is wanted")
    for turn, miss in enumerate(misses):
        print(f"{turn:4d}  " + "  ".join(f"{value:13.8f}" for value in miss))
    state = np.asarray(parked(unknowns), float)
    time, seen, _ = flight.arrive(state)
    leaving = np.linalg.norm(state[3:]) - np.sqrt(flight.gm / PARKING)
    height, fast = np.linalg.norm(seen[:3]) - MOON, np.linalg.norm(seen[3:])
    slow = np.sqrt(flight.moon.gm("moon") / (MOON + HEIGHT))
    print(f"leaves with {leaving:.4f} km/s more than its orbit has, {LEAVES}")
    print(f"arrives after {(time - flight.start) / DAY:.3f} days with {fast:.4f} km/s,")
    print(f"  {height:.6f} km above ground; {fast - slow:.4f} km/s less make a circle of it")
    captured = np.concatenate([seen[:3], seen[3:] * slow / fast])
    figure = draw(flight, state, time, captured)
    path_of_picture = Path(__file__).with_suffix(".png")
    figure.savefig(path_of_picture, dpi=110)
    print(f"wrote {path_of_picture.name}")


if __name__ == "__main__":
    main()
