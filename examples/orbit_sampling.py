"""All orbits that an asteroid may have, after it was seen in a few nights: Hamiltonian Monte Carlo.

Directions on the sky over three weeks fix where an asteroid is seen and how fast it moves there, but
hardly its distance: the orbits that fit lie along a curved ridge in six dimensions.  The density
of the posterior is a plain NumPy function, with the orbit integrated by `ty.scan` inside;
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

GAUSS = 0.01720209895  # square root of the sun's G m, in AU and days
STEP = 1.0  # days
NIGHTS = np.array([0, 1, 2, 6, 7, 13, 14, 20])  # in steps
ARCSECOND = np.pi / 180 / 3600
NOISE = 0.5 * ARCSECOND
TRUE = np.array([-0.9, 2.05, 0.12, -0.0106, -0.0045, 0.0014])  # AU and AU/day at the first night
PRIOR = np.array([np.log(1.5), 0.7, 0.0, 0.006])  # log distance and its rate: mean, deviation each


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
        [-flat * sine * turn - up * cosine * climb, flat * cosine * turn - up * sine * climb, flat * climb]
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
    prior = ((q[4] - PRIOR[0]) / PRIOR[1]) ** 2 + ((q[5] - PRIOR[2]) / PRIOR[3]) ** 2
    return (misfit + prior) / 2


def best(observed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The most probable q, and a matrix whose columns are deviations around it."""
    days = STEP * NIGHTS
    slopes, values = np.polyfit(days, observed.T, 2)[1:]
    q = np.array([*values, *slopes, PRIOR[0], PRIOR[2]])
    scales = np.array([NOISE, NOISE, NOISE / 5, NOISE / 5, 0.3, 0.003])
    for _ in range(2):
        found = optimize.minimize(
            ty.value_and_grad(lambda z, q, scales, observed: energy(q + scales * z if scales.ndim == 1 else q + scales @ z, observed)),
            np.zeros(6), (q, scales, observed), jac=True, method="BFGS", options={"maxiter":1000},
        )
        q = q + (scales * found.x if scales.ndim == 1 else scales @ found.x)
        print(found.fun, found.nfev, found.message)
        scales = np.linalg.cholesky(np.linalg.inv(ty.hessian(energy)(q, observed)))
    return q, scales

if __name__ == "__main__":
    rng = np.random.default_rng(1)
    obs = seen(TRUE); obs = obs + NOISE*rng.normal(size=obs.shape)
    print(np.degrees(obs))
    q0=None
    t=time.time(); q, s = best(obs); print(q, s, time.time()-t)
    print("true dist", np.linalg.norm(TRUE[:3]-earth(0.)[0]), np.exp(q[4]))
    import mici
    vg=ty.value_and_grad(lambda z, q, s, obs: energy(q+s@z, obs))
    vg(np.zeros(6),q,s,obs)
    t=time.time(); 
    for _ in range(1000): vg(np.zeros(6),q,s,obs)
    print("per grad", (time.time()-t)/1000)
    def gr(z):
        v,g=vg(z,q,s,obs); return g,float(v)
    system=mici.systems.EuclideanMetricSystem(lambda z: gr(z)[1], grad_neg_log_dens=gr)
    integ=mici.integrators.LeapfrogIntegrator(system)
    sampler=mici.samplers.DynamicMultinomialHMC(system, integ, np.random.default_rng(2))
    t=time.time()
    out=sampler.sample_chains(300, 1000, [np.zeros(6)]*2 , adapters={"integration_transition":[mici.adapters.DualAveragingStepSizeAdapter(0.9)]} if 0 else [mici.adapters.DualAveragingStepSizeAdapter(0.9)], display_progress=False)
    print(time.time()-t, out.traces.keys(), out.statistics.keys(), out.statistics['n_step'][0].mean(), out.statistics['diverging'][0].mean())
    z=np.concatenate(out.traces["pos"]); qq=q+z@s.T
    f,ax=plt.subplots(1,2); ax[0].plot(np.exp(qq[:,4]),qq[:,5],".",ms=1); ax[0].plot(np.linalg.norm(TRUE[:3]-earth(0.)[0]),0,"r*"); ax[1].plot(qq[:,4]); f.savefig("/tmp/hm.png")
