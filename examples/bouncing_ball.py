"""A bouncing ball, and a block that sticks and slips on a belt: two ways of events changing things.

The ball's impacts are zeros of its height; a callback turns its speed round, and lays it to rest
when it has become slow.  The block, held by a spring on a moving belt, has two states: it sticks,
moving with the belt, until the spring pulls harder than static friction holds, and slips, under a
smaller kinetic friction, until it has the belt's speed again.  A parameter says which equations are
in force, and one event, whose function depends on that parameter too, is the end of either.  The
period is known in closed form.  Draws examples/bouncing_ball.png:

    python examples/bouncing_ball.py
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

GRAVITY, RESTITUTION, SLOWEST = 9.81, 0.85, 0.02  # m/s^2, 1, m/s
BELT, STATIC, KINETIC = 0.5, 1.0, 0.6  # speed; frictions, in units of the spring's force at x = 1


def ball() -> ty.Integrator:
    """From rest at a height of 1 m; it lies on the floor where `flies` is 0."""
    height, speed = ty.variables("height speed")
    flies = ty.parameter("flies")

    def bounce(ta: ty.Integrator) -> None:
        ta.state[1] *= -RESTITUTION
        if ta.state[1] < SLOWEST:
            ta.state[:] = 0.0
            ta.parameters[flies] = 0.0

    return ty.Integrator(
        [(height, speed), (speed, -GRAVITY * flies)],
        [1.0, 0.0],
        parameters={flies: 1.0},
        events=[ty.Event(height, direction=-1, callback=bounce), ty.Event(speed, direction=-1)],
    )


def impact_times() -> list[float]:
    """Impact k is 2 v_0/g (e + ... + e^k) behind the first, up to where the ball is too slow."""
    time = math.sqrt(2 / GRAVITY)
    speed = GRAVITY * time
    times = [time]
    while speed * RESTITUTION >= SLOWEST:
        speed *= RESTITUTION
        time += 2 * speed / GRAVITY
        times.append(time)
    return times


def block() -> ty.Integrator:
    """x'' = -x + KINETIC while it is slower than the belt; x' = BELT while it sticks."""
    x, v = ty.variables("x v")
    sticks = ty.parameter("sticks")

    def change(ta: ty.Integrator) -> None:
        ta.parameters[sticks] = 1.0 - ta.parameters[sticks]
        ta.state[1] = BELT

    left = ty.where(sticks > 0, STATIC - x, BELT - v)  # reaches zero when the state ends
    return ty.Integrator(
        [(x, v), (v, ty.where(sticks > 0, 0, KINETIC - x))],
        [0.0, 0.0],
        parameters={sticks: 0.0},
        events=[ty.Event(left, direction=-1, callback=change)],
    )


def durations() -> tuple[float, float]:
    """Of sticking and of slipping, once the motion is periodic.

    With d = STATIC - KINETIC the block slips on a circle about (KINETIC, 0) from (d, BELT) to
    (-d, BELT), relative to its middle, clockwise through an angle of 2 pi - 2 atan(d/BELT).
    """
    d = STATIC - KINETIC
    return 2 * d / BELT, math.tau - 2 * math.atan(d / BELT)


def draw(axes: np.ndarray) -> None:
    ta = ball()
    times = np.linspace(0.0, 6.0, 3001)
    outcome = ta.propagate_grid(times)
    impacts, tops = outcome.events
    axes[0].fill_between(times, outcome.states[:, 0], color="C0", alpha=0.2, lw=0)
    axes[0].plot(times, outcome.states[:, 0], color="C0", lw=1.2)
    axes[0].plot(impacts.times, impacts.states[:, 0], "o", color="C2", ms=4, clip_on=False)
    axes[0].plot(tops.times, tops.states[:, 0], "o", color="C1", ms=4)
    axes[0].set(xlabel="time [s]", ylabel="height [m]", ylim=(0, None), xlim=(0, 6))
    axes[0].set_title(f"{len(impacts)} impacts, then rest")
    error = np.abs(impacts.times - impact_times()).max()
    print(
        f"ball: {len(impacts)} impacts, at rest from {impacts.times[-1]:.6f} s, error {error:.1e}"
    )

    ta = block()
    times = np.linspace(0.0, 24.0, 4001)
    outcome = ta.propagate_grid(times)
    changes = outcome.events[0]
    sticks = np.searchsorted(changes.times, times, side="right") % 2 == 1
    for wanted, colour, label in ((False, "C0", "slips"), (True, "C2", "sticks")):
        x, v = np.where((sticks == wanted)[:, None], outcome.states, np.nan).T
        axes[1].plot(times, x, color=colour, lw=1.8, label=label)
        axes[2].plot(x, v, color=colour, lw=1.8)
    axes[1].plot(changes.times, changes.states[:, 0], "o", color="0.15", ms=3.5, zorder=3)
    axes[2].plot(*changes.states.T, "o", color="0.15", ms=3.5, zorder=3)
    axes[2].axhline(BELT, color="0.6", lw=0.8, ls="--", zorder=0)
    axes[2].annotate("the belt's speed", (0.3, BELT + 0.04), color="0.4", fontsize=9)
    axes[1].legend(loc="upper right", ncols=2)
    axes[1].set(xlabel="time", ylabel="x", xlim=(0, 24), ylim=(-0.2, 1.6))
    axes[1].set_title("block on a belt")
    axes[2].set(xlabel="x", ylabel="x'", ylim=(-0.75, 0.7), aspect="equal")
    axes[2].set_title("its limit cycle")
    found = np.diff(changes.times)[-2:]
    error = np.abs(np.sort(found) - np.sort(durations())).max()
    print(f"block: {len(changes)} changes, period {found.sum():.6f}, error {error:.1e}")


def main() -> None:
    figure, axes = plt.subplots(1, 3, figsize=(13, 3.9), width_ratios=(1.3, 1.3, 1))
    draw(axes)
    path = Path(__file__).with_suffix(".png")
    figure.savefig(path, dpi=130)
    print(f"wrote {path.name}")


if __name__ == "__main__":
    main()
