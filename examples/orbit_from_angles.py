"""An orbit from angles alone: an asteroid on six nights, by Gauss-Newton through the solution.

A telescope on the Earth sees in which direction an asteroid was when its light set out, and not how
far away.  What it would see of an asteroid that starts somewhere is a function of its six numbers:
the solution of the equations of motion (Sun and Jupiter), `Integrator.as_function`, at times that
depend on the distances, which are themselves a root of the solution; `ty.jacobian` goes through all
of it.  The first guess is a circle of three astronomical units.  Draws
examples/orbit_from_angles.png:

    python examples/orbit_from_angles.py
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

MU = 0.01720209895**2  # of the Sun, au^3 / day^2
JUPITER = MU / 1047.3486
LIGHT = 173.14463  # au / day
ARCSECOND = np.pi / 180 / 3600
NIGHTS = np.array([0.0, 3.0, 9.0, 17.0, 30.0, 48.0])
TIMES = np.concatenate([night + np.array([0.0, 0.05, 0.1, 0.15]) for night in NIGHTS])
NOISE = 0.3 * ARCSECOND
TRUE = np.array([-0.62, 2.21, 0.18, -0.01085, -0.0019, 0.00145])

Q, P = ty.variable("q", shape=(3,)), ty.variable("p", shape=(3,))


def on_circle(radius: float, phase: float, t: Any) -> Any:
    """Where a planet on a circle in the ecliptic is."""
    angle = phase + np.sqrt(MU / radius**3) * t
    return ty.stack([radius * ty.cos(angle), radius * ty.sin(angle), 0 * t])


def earth(t: Any) -> Any:
    return on_circle(1.0, 1.1, t)


def motion() -> ty.Integrator:
    jupiter = on_circle(5.2044, 2.4, ty.time)
    apart = Q - jupiter
    pull = -MU * Q / ty.sum(Q * Q) ** 1.5 - JUPITER * apart / ty.sum(apart * apart) ** 1.5
    own = JUPITER / 5.2044**3 * jupiter  # the Sun is pulled, too
    return ty.Integrator([(Q, P), (P, pull - own)], TRUE)


place = motion().as_function([[Q, P]], Q)  # of the start, and the time


def seen(start: Any, t: Any) -> Any:
    """The direction at a time, as a vector, from where the light set out."""
    here, where = earth(t), ty.stack([start[:3], start[3:]])

    def late(delay: Any) -> Any:
        off = place(where, t - delay) - here
        return delay * LIGHT - ty.sqrt(ty.sum(off * off))

    return place(where, t - ty.root(late, 0.01)) - here


def angles(start: Any) -> Any:
    """Longitude and latitude on the sky at all times, (times, 2)."""

    def one(t: Any) -> Any:
        x, y, z = (seen(start, t)[i] for i in range(3))
        return ty.stack([ty.atan2(y, x), ty.atan2(z, ty.sqrt(x * x + y * y))])

    return ty.vmap(one)(TIMES)


def observations(seed: int = 3) -> np.ndarray:
    """What the telescope measures."""
    exact = np.asarray(ty.jit(angles)(TRUE))
    noise = NOISE * np.random.default_rng(seed).normal(size=exact.shape)
    noise[:, 0] /= np.cos(exact[:, 1])
    return exact + noise


def circle(measured: np.ndarray, distance: float = 3.0) -> np.ndarray:
    """A start on a circle of so many astronomical units, in the direction of the first night."""
    longitude, latitude = measured[0]
    ray = np.array([np.cos(longitude) * np.cos(latitude), np.sin(longitude) * np.cos(latitude),
                    np.sin(latitude)])  # fmt: skip
    here = np.array([np.cos(1.1), np.sin(1.1), 0.0])
    along = here @ ray
    far = -along + np.sqrt(along**2 + distance**2 - 1)
    point = here + far * ray
    sideways = np.array([-point[1], point[0], 0.0])
    return np.concatenate([point, sideways / np.linalg.norm(sideways) * np.sqrt(MU / distance)])


def residuals_of(measured: np.ndarray) -> Any:
    """The differences on the sky, in units of the noise."""
    weights = np.stack([np.cos(measured[:, 1]), np.ones(len(measured))], axis=1) / NOISE
    return lambda start: ((angles(start) - measured) * weights).reshape(-1)


def fit(measured: np.ndarray, guess: np.ndarray) -> tuple[list[np.ndarray], list[float], Any]:
    """Starts on the way, how far off they are (rms in units of the noise), and the Jacobian."""
    residuals = residuals_of(measured)
    value, jacobian = ty.jit(residuals), ty.jacobian(residuals)
    starts, damping = [guess], 1e-3
    sizes = [float(np.sqrt(np.mean(value(guess) ** 2)))]
    for _ in range(60):
        j, r = jacobian(starts[-1]), value(starts[-1])
        normal = j.T @ j
        step = np.linalg.solve(normal + damping * np.diag(np.diag(normal)), -j.T @ r)
        now = float(np.sqrt(np.mean(value(starts[-1] + step) ** 2)))
        if now >= sizes[-1]:
            if np.abs(step).max() < 1e-11:
                break
            damping = max(10 * damping, 1e-9)
            continue
        starts.append(starts[-1] + step)
        done = sizes[-1] - now < 1e-9 * now
        sizes.append(now)
        damping /= 10
        if done:
            break
    return starts, sizes, jacobian(starts[-1])


def around(start: np.ndarray) -> np.ndarray:
    """A revolution."""
    path = motion().as_function([[Q, P]], Q, times=np.linspace(0.0, 1900.0, 400))
    return np.asarray(path(start.reshape(2, 3)))


def draw(measured: np.ndarray, starts: list[np.ndarray], sizes: list[float], j: np.ndarray) -> Any:
    """Orbits on the way to the fit, what is left on the sky, and how well the start is known."""
    figure = plt.figure(figsize=(13, 5.4))
    left, upper, lower = figure.subplot_mosaic("AAB;AAC").values()
    angle = np.linspace(0, 2 * np.pi, 200)
    left.plot(np.cos(angle), np.sin(angle), color="C0", lw=0.8)
    colours = plt.cm.viridis(np.linspace(0, 0.9, len(starts)))
    for k, (start, colour) in enumerate(zip(starts, colours, strict=True)):
        label = {0: "first guess", len(starts) - 1: "fit"}.get(k)
        left.plot(*around(start)[:, :2].T, color=colour, lw=2 if k == len(starts) - 1 else 0.9,
                  label=label)  # fmt: skip
    there = ty.jit(ty.vmap(lambda t: place(starts[-1].reshape(2, 3), t)))(NIGHTS)
    for t, point in zip(NIGHTS, np.asarray(there), strict=True):
        here = np.array([np.cos(1.1 + np.sqrt(MU) * t), np.sin(1.1 + np.sqrt(MU) * t)])
        left.plot([here[0], point[0]], [here[1], point[1]], color="0.6", lw=0.6)
        left.plot(*here, ".", color="C0", ms=6)
        left.plot(*point[:2], ".", color="0.15", ms=6)
    left.plot(0, 0, "o", color="#f2b632", ms=8)
    left.set(aspect="equal", xlabel="x [au]", ylabel="y [au]", xlim=(-4.6, 4.6), ylim=(-4.2, 4.2))
    left.set_title("six nights, and the orbits that Gauss-Newton tries")
    left.legend(loc="lower left")
    upper.semilogy(sizes, "o-", ms=3.5, lw=1, color="0.25")
    upper.axhline(1.0, color="0.6", lw=0.8, ls="--")
    upper.set(xlabel="step", ylabel="rms of residuals / noise")
    upper.set_title(f"down to {sizes[-1]:.2f}")
    covariance = np.linalg.inv(j.T @ j)
    displaced = np.random.default_rng(5).multivariate_normal(starts[-1], covariance, 400)
    late = np.linspace(0.0, 400.0, 81)
    paths = motion().as_function([[Q, P]], Q, times=late).map(displaced.reshape(-1, 2, 3))
    spread = np.linalg.norm(np.asarray(paths).std(axis=0), axis=1)
    lower.semilogy(late, spread * 149597870.7, color="C4", lw=1.4)
    lower.axvspan(0, NIGHTS[-1], color="#dce6f2", zorder=0)
    lower.set(xlabel="days", ylabel="deviation [km]")
    lower.set_title("how well the place is known")
    return figure


def main() -> None:
    measured = observations()
    starts, sizes, j = fit(measured, circle(measured))
    print(f"residuals {sizes[0]:.0f} -> {sizes[-1]:.3f} times the noise in {len(sizes) - 1} steps")
    sigma = np.sqrt(np.diag(np.linalg.inv(j.T @ j)))
    off = (starts[-1] - TRUE) / sigma
    for name, value, width, far in zip(
        ("x", "y", "z", "vx", "vy", "vz"), starts[-1], sigma, off, strict=True
    ):
        print(f"  {name:2} {value:11.7f} +- {width:.1e}, {far:+.2f} sigma from the truth")
    figure = draw(measured, starts, sizes, j)
    path = Path(__file__).with_suffix(".png")
    figure.savefig(path, dpi=110)
    print(f"wrote {path.name}")


if __name__ == "__main__":
    main()
