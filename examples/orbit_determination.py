"""An orbit from tracking: where a satellite on its way to the geostationary ring is, and how well
that is known.

Three stations track a transfer orbit for nine hours: distances by signals up and down, their rates,
and angles by telescopes, some of them wrong altogether.  `determine` finds the start, the
flattening of the Earth and the bias of a station's clock; derivatives are those of the solution.
That its covariance is true is tried on a thousand nights with other noise, each fitted anew.
Draws examples/orbit_determination.png:

    python examples/orbit_determination.py
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
GM, RADIUS = 398600.4418, 6378.1363
SPIN, PHASE = 7.2921150e-5, 4.9  # of the Earth
Q, V = ty.variable("q", shape=(3,)), ty.variable("v", shape=(3,))
J2, CLOCK = ty.parameters("j2 clock")
TRUE_J2, TRUE_CLOCK = 1.0826358e-3, 0.045  # and 45 m that the clock of one station pretends
START = np.array([-6540.0, 1180.0, 740.0, -1.25, -9.3, 3.9])
SIGMA = {"range": 0.005, "range rate": 2e-6, "right ascension": 5e-6}  # km, km/s, rad
BLUE, RED, GREY, GREEN = "C0", "C2", "C5", "C3"


def motion(start: np.ndarray) -> ty.Integrator:
    """A satellite of a flattened Earth."""
    r = ty.sqrt(ty.sum(Q * Q))
    f, s = 1.5 * J2 * (RADIUS / r) ** 2, 5 * (Q[2] / r) ** 2
    flat = ty.stack([1 - f * (s - 1), 1 - f * (s - 1), 1 - f * (s - 3)])
    return ty.Integrator([(Q, V), (V, -GM * Q / r**3 * flat)], start, parameters={J2: TRUE_J2})


def turned(t: ty.Expression) -> ty.Expression:
    """From axes that stay to those of the Earth."""
    c, s = ty.cos(PHASE + SPIN * t), ty.sin(PHASE + SPIN * t)
    return ty.stack([c, s, 0, -s, c, 0, 0, 0, 1]).reshape(3, 3)


def station(name: str, latitude: float, longitude: float) -> sky.Station:
    return sky.Station.geodetic(name, np.radians(latitude), np.radians(longitude), 0.1, turned)


STATIONS = [station("Kourou", 5.25, -52.8), station("Malindi", -2.9, 40.2),
            station("Maspalomas", 27.8, -15.6)]  # fmt: skip


def above(place: sky.Station, times: np.ndarray) -> np.ndarray:
    """The times at which the satellite is higher than ten degrees."""
    blank = sky.Tracking(sky.HorizonAngles(place), times, np.zeros((len(times), 2)), 1.0)
    return times[sky.simulate(motion(START), blank)[0].values[:, 1] > np.radians(10.0)]


def passes() -> list[sky.Tracking]:
    """What is measured, and when."""
    found = []
    for k, place in enumerate(STATIONS):
        times = above(place, np.arange(600.0, 32400.0, 480.0))
        bias = CLOCK if k == 1 else 0.0
        kinds = [
            sky.Range(place, bias, light_time=True, two_way=True),
            sky.RangeRate(place, light_time=True, two_way=True),
        ]
        for kind in [*kinds, *[sky.EquatorialAngles(place, light_time=True)] * (k != 1)]:
            sigma = SIGMA[kind.labels[0]]
            found.append(sky.Tracking(kind, times, np.zeros((len(times), len(kind.labels))), sigma))
    return found


def spoiled(tables: list[sky.Tracking], seed: int = 4) -> list[sky.Tracking]:
    """Three in a hundred are wrong by up to a hundred standard deviations."""
    random = np.random.default_rng(seed)
    found = []
    for table in tables:
        wrong = random.random(table.values.shape) < 0.03
        by = random.uniform(20.0, 100.0, wrong.shape) * random.choice([-1, 1], wrong.shape)
        found.append(table.with_values(table.values + wrong * by / table.weights()))
    return found


def determined(tables: list[sky.Tracking]) -> sky.Determination:
    """The fit, from a start that is tens of kilometres off."""
    guess = START + np.array([20.0, -15.0, 12.0, 0.02, 0.01, -0.015])
    return sky.determine(motion(guess), tables, estimate=[Q, V, J2, CLOCK],
                         parameters={CLOCK: 0.0}, guess={J2: 1.08e-3}, reject=5.0)  # fmt: skip


def cloud(fit: sky.Determination, count: int) -> np.ndarray:
    """What is found of as many other nights, each a fit of its own; less what is true."""
    truth = np.array([*START, TRUE_J2, TRUE_CLOCK])
    clean = sky.simulate(motion(START), fit.observations, parameters={CLOCK: TRUE_CLOCK})
    random = np.random.default_rng(11)
    found = []
    for _ in range(count):
        noisy = [t.with_values(t.values + random.normal(size=t.values.shape) / t.weights())
                 for t in clean]  # fmt: skip
        found.append(fit.again(noisy, guess=truth).values - truth)
    return np.array(found)


def ellipse(covariance: np.ndarray, sigmas: float) -> np.ndarray:
    """Where two numbers are so many standard deviations from what they should be."""
    angle = np.linspace(0, 2 * np.pi, 200)
    return sigmas * np.linalg.cholesky(covariance) @ np.stack([np.cos(angle), np.sin(angle)])


def draw_residuals(axes: Any, fit: sky.Determination) -> None:
    """Before and after the fit, in standard deviations of the noise."""
    upper, lower = axes
    colours = dict(zip((s.name for s in STATIONS), (BLUE, GREEN, "C4"), strict=True))
    shown = set()
    for table, before, after, counts in zip(
        fit.observations, fit.prefit, fit.residuals, fit.accepted, strict=True
    ):
        name, scale = table.measurement.station.name, table.weights()
        hours = np.repeat(table.times[:, None] / 3600, scale.shape[1], axis=1)
        label = None if name in shown else name
        shown.add(name)
        upper.plot(hours.ravel(), np.abs(before * scale).ravel(), ".", ms=2.5, color=colours[name],
                   label=label)  # fmt: skip
        lower.plot(hours[counts], (after * scale)[counts], ".", ms=2.5, color=colours[name])
        off = np.clip((after * scale)[~counts], -9, 9)
        lower.plot(hours[~counts], off, "x", ms=4, color=RED)
    upper.set(yscale="log", ylabel="|residual| / noise")
    upper.set_title("before the fit")
    upper.legend(ncols=3, loc="lower right")
    lower.set(ylabel="residual / noise", xlabel="time [h]", ylim=(-10, 10))
    lower.set_title("after it; crosses are left out")


def draw(fit: sky.Determination, scatter: np.ndarray) -> Any:
    """Residuals, the covariance with the cloud, and what becomes of it on the way."""
    figure = plt.figure(figsize=(13, 6.2))
    parts = figure.subplot_mosaic("AAC;BBD", width_ratios=[1, 1, 1.15])
    upper, lower, middle, right = (parts[name] for name in "ABCD")
    draw_residuals((upper, lower), fit)
    pair = [1, 2]
    x, y = 1000 * scatter[:, pair].T
    middle.plot(x, y, ".", ms=1.6, color=BLUE, alpha=0.5)
    for sigmas in (1, 2, 3):
        middle.plot(*(1000 * ellipse(fit.covariance[np.ix_(pair, pair)], sigmas)), color=RED, lw=1)
    middle.set(xlabel="y [m]", ylabel="z [m]")
    middle.set_title(f"{len(scatter)} nights fitted, and 1, 2, 3 sigma")
    times = np.linspace(0.0, 3 * 86400.0, 500)
    states, covariances = fit.states_at(times), fit.covariance_at(times)
    width = np.sqrt(np.trace(covariances[:, :3, :3], axis1=1, axis2=2))
    right.axvspan(0.16, 9, color="#dce6f2", zorder=0)
    right.semilogy(times / 3600, 1000 * width, color=RED, lw=1.3)
    right.set(xlabel="time [h]", ylabel="deviation of the place [m]")
    right.set_title("how well the place is known")
    height = right.twinx()
    height.grid(visible=False)
    height.plot(times / 3600, np.linalg.norm(states[:, :3], axis=1) / 1000, color=GREY, lw=0.7)
    height.set_ylabel("distance [1000 km]", color=GREY)
    return figure


def main() -> None:
    exact = sky.simulate(motion(START), passes(), seed=1, parameters={CLOCK: TRUE_CLOCK})
    fit = determined(spoiled(exact))
    print(fit)
    truth = np.array([*START, TRUE_J2, TRUE_CLOCK])
    off = (fit.values - truth) / fit.sigma()
    print("off by", np.round(off, 2), "standard deviations")
    scatter = cloud(fit, 1000)
    widths = scatter.std(axis=0) / determined(exact).sigma()
    print("scatter of the nights / standard deviation:", np.round(widths, 3))
    figure = draw(fit, scatter)
    path = Path(__file__).with_suffix(".png")
    figure.savefig(path, dpi=110)
    print(f"wrote {path.name}")


if __name__ == "__main__":
    main()
