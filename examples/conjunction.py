"""A close approach among 3000 satellites: found, weighed, and avoided.

A day of 3000 low orbits has four and a half million pairs; all approaches below 5 km are found in
seconds.  For the closest one both orbits are integrated with the Earth's oblateness, together with
their flow maps: these carry each covariance from the beginning to the time of closest approach,
where the probability of a collision is an integral across the relative velocity.  The Taylor
series of the end in a manoeuvre's speed then tells how much it takes to be safe.  Draws
examples/conjunction.png:

    python examples/conjunction.py
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
DAY, THRESHOLD = 86400.0, 5.0
SIZE = 0.02  # km, both radii together: two large satellites
# one sigma at the beginning: along the radius, ahead and across, km and km/s
SIGMA = np.array([0.02, 0.06, 0.02, 5e-6, 2e-6, 5e-6])
BLUE, RED, YELLOW = "C0", "C2", "C1"


def catalogue(count: int = 3000, seed: int = 20) -> np.ndarray:
    """Mean elements, shape (count, 6), as crowded as real ones are at their heights."""
    rng = np.random.default_rng(seed)
    heights = rng.choice([550.0, 780.0, 850.0, 1200.0], count) + rng.normal(0, 40, count)
    inclinations = rng.choice([53.0, 74.0, 86.4, 98.6], count) + rng.normal(0, 0.3, count)
    shapes = rng.exponential(0.002, count)
    return np.stack(
        [
            RADIUS + heights,
            shapes,
            np.radians(inclinations),
            *rng.uniform(0, 2 * np.pi, (3, count)),
        ],
        axis=-1,
    )


def states(mean: Any, t: Any) -> Any:
    """Position and velocity of a mean orbit after a time, which precesses."""
    later = sky.propagate_mean(mean, t, GM, radius=RADIUS, zonal=[J2])
    return sky.convert_elements(later, "keplerian", "cartesian", GM)


def moving() -> Any:
    """Positions of mean orbits, and their derivatives by time, in machine code."""
    elements = ty.variables("a e i node pericentre anomaly")
    place = states(ty.stack(elements), ty.time)[:3]
    speed = [ty.diff(place[k], ty.time) for k in range(3)]
    program = ty.compile([*(place[k] for k in range(3)), *speed], [*elements, ty.time])

    def motion(mean: np.ndarray) -> Any:
        columns = [np.ascontiguousarray(mean[:, k, None]) for k in range(6)]

        def at(t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            found = program(*columns, t)
            return np.stack(found[:3], axis=-1), np.stack(found[3:], axis=-1)

        return at

    return motion


def system() -> list[tuple[ty.Expression, ty.Expression]]:
    """r'' = -grad U with the Earth's oblateness."""
    x, y, z, *v = ty.variables("x y z vx vy vz")
    r = ty.sqrt(x * x + y * y + z * z)
    potential = -GM / r * (1 - J2 * (RADIUS / r) ** 2 * (3 * (z / r) ** 2 - 1) / 2)
    pull = [-ty.diff(potential, q) for q in (x, y, z)]
    return [*zip((x, y, z), v, strict=True), *zip(v, pull, strict=True)]


def covariance(state: np.ndarray) -> np.ndarray:
    """SIGMA in the axes of the state."""
    axes = np.asarray(sky.orbit_axes("rtn", state[:3], state[3:]))
    turn = np.kron(np.eye(2), axes.T)
    return turn @ np.diag(SIGMA**2) @ turn.T


def meet(one: np.ndarray, two: np.ndarray, near: float) -> dict[str, Any]:
    """Both integrated orbits at their closest approach, with covariances carried there.

    one, two: states at `near`, from which the orbits are followed back to the beginning first.
    """
    equations = system()
    linear = ty.variational(equations, order=1, wrt=[v for v, _ in equations])
    maps, ends = [], []
    for state in (one, two):
        back = ty.Integrator(equations, state, time=near)
        back.propagate_until(0.0)
        ta = ty.Integrator(linear, back.state)
        ta.propagate_until(near)
        maps.append(
            np.array([[p[tuple(unit)] for unit in np.eye(6, dtype=int)] for p in ta.flow_map])
        )
        ends.append((np.array(back.state), np.array(ta.state[:6])))
    relative = ends[1][1] - ends[0][1]
    spread = [m @ covariance(begin) @ m.T for m, (begin, _) in zip(maps, ends, strict=True)]
    return {
        "begins": [begin for begin, _ in ends],
        "relative": relative,
        "covariance": (spread[0] + spread[1])[:3, :3],
        "states": [end for _, end in ends],
    }


def positions_after_push(begin: np.ndarray, end: float) -> np.ndarray:
    """The position at the end, as polynomials of order 3 in a push ahead at the beginning, km/s.

    Shape (3, 4): coefficients of its powers.
    """
    ahead = begin[3:] / np.linalg.norm(begin[3:])
    equations = system()
    names = [v for v, _ in equations]
    pushed = ty.Integrator(equations, begin).as_function(
        inputs=names[3:], outputs=names[:3], until=end
    )
    return ty.jet(lambda s: ty.stack(pushed(*(begin[3:] + s * ahead))), 0.0, order=3)


def chances(case: dict[str, Any], end: float, pushes: np.ndarray) -> np.ndarray:
    """The probability after pushes of the second object at the beginning."""
    path = positions_after_push(case["begins"][1], end)
    shift = np.polynomial.polynomial.polyval(pushes, path).T - path[0]
    place = case["relative"][:3] + shift
    return sky.collision_probability(place, case["relative"][3:], case["covariance"], SIZE)


def plane(case: dict[str, Any]) -> tuple[np.ndarray, Any]:
    """Axes across the relative velocity, shape (2, 3), and the ellipse of one sigma, in metres."""
    along = case["relative"][3:] / np.linalg.norm(case["relative"][3:])
    first = np.cross(along, case["states"][0][:3])
    first /= np.linalg.norm(first)
    axes = np.stack([first, np.cross(along, first)])
    place = axes @ case["relative"][:3]
    return axes, sky.covariance_ellipse(1000 * place, 1e6 * axes @ case["covariance"] @ axes.T)


def draw(found: Any, k: int, case: dict[str, Any]) -> Any:
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(15, 5))
    shown = left.scatter(found.times / 3600, found.distances, s=6, c=found.speeds)
    figure.colorbar(shown, ax=left, label="relative speed [km/s]")
    left.plot(found.times[k] / 3600, found.distances[k], "o", color=RED, fillstyle="none")
    left.set_yscale("log")
    left.set_xlabel("time [h]")
    left.set_ylabel("distance [km]")
    left.set_title(f"{len(found)} approaches in a day")
    _, ellipse = plane(case)
    for sigma in (1, 2, 3):
        middle.plot(*ellipse.points(sigma).T, color=BLUE, linewidth=1)
    turn = np.linspace(0, 2 * np.pi, 100)
    middle.fill(1000 * SIZE * np.cos(turn), 1000 * SIZE * np.sin(turn), color=RED, zorder=3)
    middle.plot(*ellipse.center, "+", color=BLUE)
    middle.set_xlim(-3500, 3500)
    middle.set_xlabel("horizontal [m]")
    middle.set_ylabel("across [m]")
    middle.set_title("across the relative velocity: 1, 2, 3 sigma")
    pushes = np.linspace(-1e-4, 1e-4, 201)
    right.semilogy(1e6 * pushes, chances(case, found.times[k], pushes), color=BLUE)
    right.axhline(1e-4, color=YELLOW, linestyle="--")
    right.set_xlabel("push ahead at the beginning [mm/s]")
    right.set_ylabel("probability of a collision")
    right.set_ylim(1e-15, 1e-2)
    right.set_title("what a manoeuvre changes")
    return figure


def main() -> None:
    mean = catalogue()
    motion = moving()(mean)
    motion(np.array([0.0]))  # machine code is made
    start = time.perf_counter()
    found = sky.conjunctions(motion, np.arange(0, DAY + 1, 30.0), THRESHOLD)
    print(f"{len(found)} approaches below {THRESHOLD:g} km in {time.perf_counter() - start:.1f} s")
    k = int(np.argmin(found.distances + 10 * (found.times < DAY / 4)))
    pair, when = (found.first[k], found.second[k]), float(found.times[k])
    print(
        f"objects {pair[0]} and {pair[1]} after {when / 3600:.3f} h: "
        f"{1000 * found.distances[k]:.0f} m at {found.speeds[k]:.2f} km/s"
    )
    places, speeds = motion(np.array([when]))
    one, two = (np.concatenate([places[i, 0], speeds[i, 0]]) for i in pair)
    case = meet(one, two, when)
    for method in ("exact", "chan", "maximum"):
        chance = sky.collision_probability(
            case["relative"][:3], case["relative"][3:], case["covariance"], SIZE, method=method
        )
        print(f"probability of a collision, {method}: {chance:.3e}")
    draw(found, k, case).savefig(Path(__file__).with_suffix(".png"), dpi=110)


if __name__ == "__main__":
    main()
