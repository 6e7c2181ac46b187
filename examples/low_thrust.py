"""From the Earth to Mars with an ion engine: direct shooting with exact gradients.

A spacecraft of 1000 kg leaves the Earth's orbit, taken as a circle, with a thrust of at most 0.3 N
and an exhaust speed of 30 km/s.  It is to be on Mars' orbit after 457 days, a circle too, with
Mars' velocity, and with as much of its mass as possible.  The flight is cut in 40 segments, each
with a throttle and a direction of its own: 80 unknown numbers.

A segment is a solution as a function, `as_function`; the flight is a `ty.scan` of that, and its
derivatives by all numbers are adjoints through scan and solutions, exact where differences would
stall the optimiser, SciPy's SLSQP.  It finds thrust, coast, thrust, as Pontryagin's principle asks
for and nobody has told it (Betts, J. Guid. Control Dyn. 21 (1998) 193, surveys such methods).  No
flight can need less speed than Hohmann's two kicks.  Draws examples/low_thrust.png:

    python examples/low_thrust.py
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import matplotlib
import numpy as np
from scipy import optimize

import taylor as ty

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.collections import LineCollection

plt.style.use("taylor.displays.pictures")

# Units: astronomical unit, G M of the Sun, mass at the start; a year is 2 pi.
SPEED, MARS = 29.784692, 1.523679  # km/s of the Earth; radius of Mars' orbit
SECONDS = 149597870.7 / SPEED  # of a time of 1
FULL = 0.3 / 1000 / 1000 * SECONDS / SPEED  # acceleration by full thrust at the start
EXHAUST = 30.0 / SPEED
SEGMENTS, DURATION = 40, 2.5 * np.pi
START = np.array([1.0, 0.0, 0.0, 1.0, 1.0])

x, y, u, v, mass = STATES = ty.variables("x y u v mass")
throttle, angle = ty.parameters("throttle angle")


def craft() -> ty.Integrator:
    """The equations of motion with a constant thrust."""
    r3, force = (x**2 + y**2) ** 1.5, FULL * throttle / mass
    equations = [
        (x, u),
        (y, v),
        (u, -x / r3 + force * ty.cos(angle)),
        (v, -y / r3 + force * ty.sin(angle)),
        (mass, -FULL / EXHAUST * throttle),
    ]
    return ty.Integrator(equations, START, parameters={throttle: 0.0, angle: 0.0}, tol=1e-12)


def flight(segments: int = SEGMENTS) -> Callable[[np.ndarray], np.ndarray]:
    """The states at the ends of segments, as a function of throttles and angles, side by side."""
    segment = craft().as_function([throttle, angle, *STATES], until=DURATION / segments)

    def turn(state: np.ndarray, control: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        state = segment(control[0], control[1], *[state[i] for i in range(5)])
        return state, state

    return lambda controls: ty.scan(turn, START, controls.reshape(2, segments).T)[1]


def wanted(end: np.ndarray) -> np.ndarray:
    """What is to be small, the mass that is used up, and what is to vanish on Mars' orbit."""
    r = np.sqrt(end[0] ** 2 + end[1] ** 2)
    outward = (end[0] * end[2] + end[1] * end[3]) / r
    along = (end[0] * end[3] - end[1] * end[2]) / r
    return np.stack([-end[4], r - MARS, outward, along - MARS**-0.5])


class Problem:
    """Values and slopes at the last controls that were asked for."""

    def __init__(self, segments: int = SEGMENTS) -> None:
        self.segments, self.calls, fly = segments, 0, flight(segments)

        def both(controls: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            values = wanted(fly(controls)[-1])
            return values, values

        self.derivatives = ty.jacrev(both, has_aux=True)
        self.controls = np.full(2 * segments, np.nan)

    def at(self, controls: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The values and their slopes."""
        if not np.array_equal(controls, self.controls):
            self.controls, self.calls = controls.copy(), self.calls + 1
            self.slopes, self.values = self.derivatives(controls)
        return self.values, self.slopes

    def guess(self) -> np.ndarray:
        """Along the circle, with 0.6 of the thrust."""
        turned = np.linspace(0, 0.8 * DURATION, self.segments) + np.pi / 2
        return np.concatenate([np.full(self.segments, 0.6), turned])

    def solve(self, precision: float = 1e-9) -> np.ndarray:
        """The controls that use least."""
        arrival = {
            "type": "eq",
            "fun": lambda c: self.at(c)[0][1:],
            "jac": lambda c: self.at(c)[1][1:],
        }
        found = optimize.minimize(
            lambda c: self.at(c)[0][0],
            self.guess(),
            jac=lambda c: self.at(c)[1][0],
            bounds=[(0, 1)] * self.segments + [(None, None)] * self.segments,
            constraints=arrival,
            method="SLSQP",
            options={"maxiter": 800, "ftol": precision},
        )
        if not found.success:
            raise RuntimeError(found.message)
        return found.x


def hohmann() -> float:
    """km/s of two kicks from circle to circle."""
    slow, fast = MARS**-0.5, 1.0
    at_start, at_end = np.sqrt(2 * MARS / (1 + MARS)), np.sqrt(2 / MARS / (1 + MARS))
    return float((at_start - fast + slow - at_end) * SPEED)


def path(controls: np.ndarray, points: int = 20) -> tuple[np.ndarray, np.ndarray]:
    """Times and states all along the flight."""
    ta, segments = craft(), controls.size // 2
    ends, times, states = np.linspace(0, DURATION, segments + 1), [0.0], [START]
    for k, (much, where) in enumerate(controls.reshape(2, segments).T):
        ta.parameters[throttle], ta.parameters[angle] = much, where
        within = np.linspace(ends[k], ends[k + 1], points + 1)[1:]
        times.extend(within)
        states.extend(ta.propagate_grid(within).states)
    return np.array(times), np.array(states)


def draw(controls: np.ndarray) -> plt.Figure:
    segments = controls.size // 2
    times, states = path(controls)
    days = times * SECONDS / 86400
    much, where = controls.reshape(2, segments)
    figure, (left, right) = plt.subplots(1, 2, figsize=(10.5, 5), width_ratios=(1.25, 1))
    turn = np.linspace(0, 2 * np.pi, 300)
    for radius, name, place in ((1.0, "Earth", (-0.14, -0.94)), (MARS, "Mars", (1.1, 1.1))):
        left.plot(radius * np.cos(turn), radius * np.sin(turn), color="0.75", lw=1)
        left.text(*place, name, color="0.4", fontsize=10)
    pieces = np.stack([states[:-1, :2], states[1:, :2]], axis=1)
    of = np.repeat(much, (len(times) - 1) // segments)
    line = LineCollection(list(pieces), array=of, cmap="inferno_r", clim=(-0.25, 1.1), lw=2.5)
    left.add_collection(line)
    middle = states[10::20][:segments]
    burning = much > 0.02
    left.quiver(
        *middle[burning, :2].T,
        *(much * np.array([np.cos(where), np.sin(where)]))[:, burning],
        color="C0",
        width=0.004,
        scale=9,
    )
    left.plot(0, 0, "o", color="C1", ms=11)
    left.set(aspect="equal", xlabel="x [au]", ylabel="y [au]")
    left.set_title("Earth to Mars: the thrust, as arrows and colour")
    right.stairs(much, np.linspace(0, days[-1], segments + 1), fill=True, color="C0", alpha=0.2)
    right.stairs(much, np.linspace(0, days[-1], segments + 1), color="C0")
    right.set(xlabel="time [days]", ylabel="throttle", ylim=(0, 1.05))
    other = right.twinx()
    other.grid(visible=False)
    other.plot(days, 1000 * states[:, 4], color="C2")
    other.set_ylabel("mass [kg]", color="C2")
    right.set_title("Thrust, coast, thrust")
    return figure


def main() -> None:
    problem = Problem()
    controls = problem.solve()
    values, _ = problem.at(controls)
    needed = -EXHAUST * SPEED * np.log(-values[0])
    print(f"{problem.calls} flights with all derivatives; {-1000 * values[0]:.1f} kg arrive,")
    print(f"off Mars' orbit by {abs(values[1:]).max():.0e}; {needed:.3f} km/s were needed,")
    print(f"{hohmann():.3f} km/s by Hohmann's two kicks, which no thrust can be short of")
    target = Path(__file__).with_suffix(".png")
    draw(controls).savefig(target, dpi=130)
    print(f"wrote {target.name}")


if __name__ == "__main__":
    main()
