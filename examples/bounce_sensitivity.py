"""The derivative of a bouncing ball's motion with respect to its restitution, through 40 bounces.

A ball falls from one metre and loses a twentieth of its speed at each impact.  The impacts are
events with a reset given as an expression, so that the integrator carries derivatives through them:
how the times of impact move, and how fast the ball is behind them.  Closed forms are drawn as dots.
Draws examples/bounce_sensitivity.png:

    python examples/bounce_sensitivity.py
"""

from __future__ import annotations

import math
from pathlib import Path

import matplotlib
import numpy as np

import taylor as ty

matplotlib.use("Agg")
import matplotlib.pyplot as plt

plt.style.use("taylor.displays.pictures")

GRAVITY, RESTITUTION, BOUNCES = 9.81, 0.95, 40
FALL = math.sqrt(2 / GRAVITY)  # seconds from one metre to the ground

height, speed = ty.variables("height speed")
restitution = ty.parameter("restitution")


def ball() -> ty.Integrator:
    """At rest one metre up, with derivatives with respect to the restitution."""
    bounce = ty.Event(height, direction=-1, reset={speed: -restitution * speed})
    system = ty.variational([(height, speed), (speed, -GRAVITY)], order=2, wrt=[restitution])
    return ty.Integrator(system, [1.0, 0.0], parameters={restitution: RESTITUTION}, events=[bounce])


def impact(n: int) -> tuple[float, float]:
    """When impact n is, and the derivative of that time with respect to the restitution e."""
    e = RESTITUTION
    time = FALL * (1 + 2 * sum(e**k for k in range(1, n)))
    return time, 2 * FALL * sum(k * e ** (k - 1) for k in range(1, n))


def top(n: int) -> tuple[float, float]:
    """When the ball is highest behind impact n, and the derivative of its height there and then.

    It left with speed w = e^n g FALL, so that the height's derivative by w is w/g, and it left
    later by dt_n/de, on which the height depends not at first order, at the top.
    """
    leaving = RESTITUTION**n * GRAVITY * FALL
    by_e = n * RESTITUTION ** (n - 1) * GRAVITY * FALL
    return impact(n)[0] + leaving / GRAVITY, by_e * leaving / GRAVITY


def main() -> None:
    ta = ball()
    times = np.linspace(0.0, impact(BOUNCES)[0] + 0.05, 6001)
    outcome = ta.propagate_grid(times)
    impacts = outcome.events[0]
    exact = np.array([impact(n)[1] for n in range(1, BOUNCES + 1)])
    moves = impacts.time_maps.derivative({restitution: 1})
    print(f"{len(impacts)} impacts, the last at {impacts.times[-1]:.9f} s; a unit of restitution")
    print(f"moves it by {moves[-1]:.6f} s, error {abs(moves[1:] / exact[1:] - 1).max():.1e}")

    figure, axes = plt.subplots(2, 1, figsize=(9, 5.6), sharex=True)
    axes[0].fill_between(times, outcome.states[:, 0], color="C0", alpha=0.2, lw=0)
    axes[0].plot(times, outcome.states[:, 0], color="C0", lw=1.2)
    axes[0].plot(impacts.times, impacts.states[:, 0], "o", color="C2", ms=4, clip_on=False)
    axes[0].set(ylabel="height [m]", ylim=(0, None), xlim=(0, times[-1]))
    axes[0].set_title(f"{BOUNCES} bounces of restitution e = {RESTITUTION}")
    slope = outcome.flow_maps[:, 0].derivative({restitution: 1})
    axes[1].plot(times, slope, color="C0", lw=1.2, label="derivative of the height by e")
    known = np.array([top(n) for n in range(1, BOUNCES)])
    axes[1].plot(*known.T, "o", color="C1", ms=4, label="closed form, at the tops")
    axes[1].set(xlabel="time [s]", ylabel="d height / d e [m]")
    axes[1].legend(loc="upper left")
    path = Path(__file__).with_suffix(".png")
    figure.savefig(path, dpi=130)
    print(f"wrote {path.name}")


if __name__ == "__main__":
    main()
