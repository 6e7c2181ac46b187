"""All orbits that an asteroid may have, after it was seen in a few nights: Hamiltonian Monte Carlo.

Directions on the sky in four nights fix where an asteroid is seen and how fast it moves there, but
hardly its distance: the orbits that fit lie along a curved ridge in six dimensions.  The density of
the posterior is a plain NumPy function, with the orbit integrated by `ty.scan` inside;
`ty.value_and_grad` gives what Hamiltonian Monte Carlo lives on, `ty.hessian` the scales to begin
with, and an existing sampler does the rest: mici (`pip install mici`), which takes any function for
the gradient (no-U-turn sampling: Hoffman & Gelman 2014, Betancourt 2017).  Draws
examples/orbit_sampling.png:

    python examples/orbit_sampling.py [--samples 2000] [--chains 2]

Two bodies, the Earth on a circle, and light that needs no time: enough for the picture.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import matplotlib
import numpy as np
from scipy import optimize

import taylor as ty

matplotlib.use("Agg")
import matplotlib.pyplot as plt

plt.style.use("taylor.displays.pictures")

GAUSS = 0.01720209895  # square root of the sun's G m, in AU and days
STEP = 1.0  # days
NIGHTS = np.array([0, 1, 2, 3])  # in steps
ARCSECOND = np.pi / 180 / 3600
NOISE = 1.0 * ARCSECOND
TRUE = np.array([-0.9, 2.05, 0.12, -0.0106, -0.0045, 0.0014])  # AU and AU/day at the first night
# Known before: logarithm of the distance, and how it changes in a day; mean and deviation each.
PRIOR = np.array([[np.log(1.5), 0.7], [0.0, 0.006]])


def earth(t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Position and velocity, (..., 3)."""
    angle = GAUSS * np.asarray(t) + 1.9
    sine, cosine = np.sin(angle), np.cos(angle)
    zero = np.zeros_like(angle)
    ahead = GAUSS * np.stack([-sine, cosine, zero], axis=-1)
    return np.stack([cosine, sine, zero], axis=-1), ahead


def orbit(state: np.ndarray, steps: int) -> np.ndarray:
    """Positions (steps + 1, 3), by the method of Runge and Kutta of order 4."""

    def rates(s):
        return np.concatenate([s[3:], -(GAUSS**2) * s[:3] / np.sum(s[:3] ** 2) ** 1.5])

    def step(s, _):
        a = rates(s)
        b = rates(s + STEP / 2 * a)
        c = rates(s + STEP / 2 * b)
        d = rates(s + STEP * c)
        return s + STEP / 6 * (a + 2 * b + 2 * c + d), s[:3]

    last, positions = ty.scan(step, state, None, length=steps)
    return np.concatenate([positions, last[None, :3]])


def state_of(q: np.ndarray) -> np.ndarray:
    """Heliocentric position and velocity at the first night.

    q: longitude, latitude, their rates, logarithm of the distance from the Earth, rate of that
       distance.
    """
    longitude, latitude, turn, climb, far, away = q
    sine, cosine = np.sin(longitude), np.cos(longitude)
    up, flat = np.sin(latitude), np.cos(latitude)
    sight = np.stack([flat * cosine, flat * sine, up])
    moving = np.stack(
        [
            -flat * sine * turn - up * cosine * climb,
            flat * cosine * turn - up * sine * climb,
            flat * climb,
        ]
    )
    place, velocity = earth(0.0)
    distance = np.exp(far)
    return np.concatenate([place + distance * sight, velocity + away * sight + distance * moving])


def seen(state: np.ndarray) -> np.ndarray:
    """Longitude and latitude in all nights, (2, nights)."""
    x, y, z = (orbit(state, int(NIGHTS[-1]))[NIGHTS] - earth(STEP * NIGHTS)[0]).T
    return np.stack([np.arctan2(y, x), np.arctan2(z, np.hypot(x, y))])


def energy(q: np.ndarray, observed: np.ndarray) -> np.ndarray:
    """The negative logarithm of the posterior's density, up to a constant."""
    misfit = np.sum((seen(state_of(q)) - observed) ** 2) / NOISE**2
    return (misfit + np.sum(((q[4:] - PRIOR[:, 0]) / PRIOR[:, 1]) ** 2)) / 2


def scaled(
    z: np.ndarray, centre: np.ndarray, scales: np.ndarray, observed: np.ndarray
) -> np.ndarray:
    """The same of q = centre + scales @ z."""
    return energy(centre + scales @ z, observed)


def best(observed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The most probable q, and a matrix of whose columns deviations are made: the inverse of the
    Hessian is its square.
    """
    slopes, values = np.polyfit(STEP * NIGHTS, observed.T, 2)[1:]
    start = np.array([*values, *slopes, *PRIOR[:, 0]])
    rough = np.diag([NOISE, NOISE, NOISE / 3, NOISE / 3, 0.3, 0.003])
    found = optimize.minimize(
        ty.value_and_grad(scaled), np.zeros(6), (start, rough, observed), jac=True, method="BFGS"
    )
    centre = start + rough @ found.x
    return centre, np.linalg.cholesky(np.linalg.inv(ty.hessian(energy)(centre, observed)))


def samples(observed: np.ndarray, count: int, chains: int) -> tuple[np.ndarray, int]:
    """Values of q from the posterior, (chains, count, 6), and how many gradients it took."""
    import mici  # not needed for anything else

    centre, scales = best(observed)
    both = ty.value_and_grad(scaled)
    calls = 0

    def slope(z: np.ndarray) -> tuple[np.ndarray, float]:
        nonlocal calls
        calls += 1
        value, gradient = both(z, centre, scales, observed)
        return gradient, float(value)

    system = mici.systems.EuclideanMetricSystem(lambda z: slope(z)[1], grad_neg_log_dens=slope)
    integrator = mici.integrators.LeapfrogIntegrator(system)
    sampler = mici.samplers.DynamicMultinomialHMC(system, integrator, np.random.default_rng(2))
    found = sampler.sample_chains(
        count // 4,
        count,
        list(np.random.default_rng(3).normal(size=(chains, 6))),
        adapters=[mici.adapters.DualAveragingStepSizeAdapter(0.9)],
        display_progress=False,
    )
    return centre + np.array(found.traces["pos"]) @ scales.T, calls


def draw(q: np.ndarray, centre: np.ndarray, scales: np.ndarray, path: Path) -> None:
    """Orbits that fit, how far away the asteroid may be, and where one has to look for it later."""
    figure = plt.figure(figsize=(13, 4.4))
    panels = figure.subplots(1, 3)
    years = ty.jit(ty.vmap(lambda q: orbit(state_of(q), 1600)))
    for way in years(q[:: max(1, len(q) // 60)]):
        panels[0].plot(*way.T[:2], color="C0", lw=0.4, alpha=0.6)
    panels[0].plot(*orbit(TRUE, 1600).T[:2], color="C2", label="true orbit")
    panels[0].plot(*earth(np.arange(366))[0].T[:2], color="0.4", lw=1, label="Earth")
    panels[0].plot(0, 0, "o", color="gold", mec="0.3", ms=8)
    panels[0].set(
        aspect="equal", xlabel="x [AU]", ylabel="y [AU]", title="orbits that fit",
        xlim=(-3.3, 3.3), ylim=(-3.3, 3.3),
    )  # fmt: skip
    panels[0].legend(loc="lower right")
    gauss = centre + np.random.default_rng(4).normal(size=(len(q), 6)) @ scales.T
    kms = 1731.5  # AU/day
    sight = TRUE[:3] - earth(0.0)[0]
    far = np.linalg.norm(sight)
    away = sight @ (TRUE[3:] - earth(0.0)[1]) / far
    for each, color, label in ((gauss, "0.75", "by the Hessian"), (q, "C0", "Monte Carlo")):
        panels[1].plot(np.exp(each[:, 4]), kms * each[:, 5], ".", ms=2, color=color, label=label)
        later = sky(each, 60)
        panels[2].plot(*np.degrees(later - sky(q, 60).mean(axis=0)).T, ".", ms=2, color=color)
    panels[1].plot(far, kms * away, "*", color="C2", ms=14, mec="w", label="truth")
    panels[1].set(
        xlabel="distance [AU]", ylabel="moves away [km/s]", title="what four nights leave open"
    )
    panels[1].legend(markerscale=1.5, loc="lower left")
    true = sky(None, 60)
    panels[2].plot(*np.degrees(true - sky(q, 60).mean(axis=0)), "*", color="C2", ms=14, mec="w")
    panels[2].set(
        xlabel="longitude [degrees]",
        ylabel="latitude [degrees]",
        title="where to look 60 days later",
    )
    figure.savefig(path, dpi=110)
    plt.close(figure)


def sky(q: np.ndarray | None, days: int) -> np.ndarray:
    """Longitude and latitude after some days, (..., 2), of many q, or of the true orbit."""

    def looked_at(state):
        x, y, z = orbit(state, days)[-1] - earth(STEP * days)[0]
        return np.stack([np.arctan2(y, x), np.arctan2(z, np.hypot(x, y))])

    return looked_at(TRUE) if q is None else ty.jit(ty.vmap(lambda q: looked_at(state_of(q))))(q)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=2000)
    parser.add_argument("--chains", type=int, default=2)
    chosen = parser.parse_args()
    observed = seen(TRUE)
    observed = observed + NOISE * np.random.default_rng(1).normal(size=observed.shape)
    began = time.perf_counter()
    try:
        q, calls = samples(observed, chosen.samples, chosen.chains)
    except ImportError:
        print("the sampler is missing: pip install mici")
        return
    passed = time.perf_counter() - began
    between = np.var(q.mean(axis=1), axis=0, ddof=1) / np.mean(np.var(q, axis=1, ddof=1), axis=0)
    print(f"{q.shape[0]} x {q.shape[1]} samples, {calls} gradients, {passed:.1f} s")
    print(f"variance between chains: at most {between.max():.1e} of that within")
    low, middle, high = np.percentile(np.exp(q[..., 4]), [2.5, 50, 97.5])
    print(f"distance {middle:.2f} AU, {low:.2f} .. {high:.2f} with 95%")
    path = Path(__file__).with_suffix(".png")
    draw(q.reshape(-1, 6), *best(observed), path)
    print(f"wrote {path.name}")


if __name__ == "__main__":
    main()
