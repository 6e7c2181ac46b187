"""The initial value problems that integrators are measured on, each stated once for every solver.

To add a problem, write its equations and add one entry to `PROBLEMS`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any

import numpy as np

Equations = Callable[[Any, Sequence[Any]], list[Any]]


@dataclass(frozen=True, slots=True)
class Problem:
    """x' = f(x), and how long to integrate it.

    name:       what the command line and the workers call it.
    title:      what the tables call it.
    variables:  names of the states.
    equations:  ``(functions, x) -> derivatives``.  `functions` is the solver's own module
                (``functions.sin``), x its own expressions; constants are floats, so that all
                solvers integrate the same equations.
    state:      initial values, shape (n,).
    span:       time span of one timed run: about 0.3 s in the slowest solver.
    error_span: time span over which states are compared with the reference: short enough that the
                reference is affordable, and that chaos does not blow rounding errors up.
    tolerance:  of the measured solvers.
    """

    name: str
    title: str
    variables: tuple[str, ...]
    equations: Equations
    state: tuple[float, ...]
    span: float
    error_span: float
    tolerance: float = 1e-15


def starts(problem: Problem, count: int) -> np.ndarray:
    """Initial states, shape (count, n): every nonzero component is moved by up to 1e-3 of itself.

    One start says little: the rounding errors of two integrators differ by chance.  The generator
    is seeded, so that all solvers and all runs get the same states.
    """
    noise = np.random.default_rng(20250101).uniform(-1.0, 1.0, (count, len(problem.state)))
    return np.asarray(problem.state) * (1.0 + 1e-3 * noise)


def _pendulum(functions: Any, x: Sequence[Any]) -> list[Any]:
    """x'' = -9.8 sin x."""
    angle, rate = x
    return [rate, -9.8 * functions.sin(angle)]


def _henon_heiles(functions: Any, state: Sequence[Any]) -> list[Any]:
    """Potential (x^2 + y^2)/2 + x^2 y - y^3/3; Henon & Heiles, Astron. J. 69 (1964) 73, eq. 2."""
    x, y, px, py = state
    return [px, py, -x - 2.0 * x * y, -y - x**2 + y**2]


_MU = 0.01


def _planar_cr3bp(functions: Any, state: Sequence[Any]) -> list[Any]:
    """Rotating frame, px = x' - y, py = y' + x, masses 1 - mu at (mu, 0) and mu at (mu - 1, 0).

    Szebehely, Theory of Orbits (1967), ch. 1 and 7.
    """
    x, y, px, py = state
    from_heavy, from_light = x - _MU, x + (1.0 - _MU)
    pull_heavy = (1.0 - _MU) * (from_heavy**2 + y**2) ** -1.5
    pull_light = _MU * (from_light**2 + y**2) ** -1.5
    return [
        px + y,
        py - x,
        py - pull_heavy * from_heavy - pull_light * from_light,
        -px - pull_heavy * y - pull_light * y,
    ]


def _n_body(gm: Sequence[float]) -> Equations:
    """Newtonian point masses with parameters G m_j; states x, y, z, x', y', z' by body.

    The double loop over pairs that a user would write, r^-3 shared between the bodies of a pair.
    """

    def equations(functions: Any, x: Sequence[Any]) -> list[Any]:
        bodies = range(len(gm))
        position = [x[6 * i : 6 * i + 3] for i in bodies]
        velocity = [x[6 * i + 3 : 6 * i + 6] for i in bodies]
        forces: list[list[list[Any]]] = [[[], [], []] for _ in bodies]
        for i in bodies:
            for j in range(i + 1, len(gm)):
                d = [b - a for a, b in zip(position[i], position[j], strict=True)]
                inverse_cube = (d[0] ** 2 + d[1] ** 2 + d[2] ** 2) ** -1.5
                for axis in range(3):
                    pull = d[axis] * inverse_cube
                    forces[i][axis].append(gm[j] * pull)
                    forces[j][axis].append(-gm[i] * pull)
        derivatives: list[Any] = []
        for i in bodies:
            derivatives += [*velocity[i], *(reduce(add, terms) for terms in forces[i])]
        return derivatives

    return equations


# Sun and outer planets in astronomical units, days and solar masses, from Applegate, Douglas,
# Gursel, Sussman & Wisdom, Astron. J. 92 (1986) 176.  Here the unit of time is 365 days, as in
# heyoka's and REBOUND's benchmarks.
_OUTER_DAYS = 365.0
_OUTER_MASSES = (1.00000597682, 1 / 1047.355, 1 / 3501.6, 1 / 22869, 1 / 19314, 7.4074074e-09)
_OUTER_BODIES = ("sun", "jupiter", "saturn", "uranus", "neptune", "pluto")
_OUTER_STATES = (
    (-4.06428567034226e-3, -6.08813756435987e-3, -1.66162304225834e-6),
    (6.69048890636161e-6, -6.33922479583593e-6, -3.13202145590767e-9),
    (3.40546614227466, 3.62978190075864, 3.42386261766577e-2),
    (-5.59797969310664e-3, 5.51815399480116e-3, -2.66711392865591e-6),
    (6.60801554403466, 6.38084674585064, -1.36145963724542e-1),
    (-4.17354020307064e-3, 3.99723751748116e-3, 1.67206320571441e-5),
    (1.11636331405597e1, 1.60373479057256e1, 3.61783279369958e-1),
    (-3.25884806151064e-3, 2.06438412905916e-3, -2.17699042180559e-5),
    (-3.01777243405203e1, 1.91155314998064, -1.53887595621042e-1),
    (-2.17471785045538e-4, -3.11361111025884e-3, 3.58344705491441e-5),
    (-2.13858977531573e1, 3.20719104739886e1, 2.49245689556096),
    (-1.76936577252484e-3, -2.06720938381724e-3, 6.58091931493844e-4),
)


def _outer_solar_system() -> Problem:
    gravity = (0.01720209895 * _OUTER_DAYS) ** 2
    state: list[float] = []
    for position, velocity in zip(_OUTER_STATES[::2], _OUTER_STATES[1::2], strict=True):
        state += [*position, *(_OUTER_DAYS * v for v in velocity)]
    axes = ("x", "y", "z", "vx", "vy", "vz")
    return Problem(
        name="outer-solar-system",
        title="outer Solar System, 6 bodies",
        variables=tuple(f"{axis}_{body}" for body in _OUTER_BODIES for axis in axes),
        equations=_n_body([gravity * m for m in _OUTER_MASSES]),
        state=tuple(state),
        span=40_000.0,
        error_span=300.0,
    )


PROBLEMS = {
    problem.name: problem
    for problem in (
        _outer_solar_system(),
        Problem(
            name="pendulum",
            title="pendulum",
            variables=("x", "v"),
            equations=_pendulum,
            state=(0.05, 0.025),
            span=300_000.0,
            error_span=1000.0,
        ),
        Problem(
            name="planar-cr3bp",
            title="planar CR3BP, mu = 0.01",
            variables=("x", "y", "px", "py"),
            equations=_planar_cr3bp,
            state=(-0.8, 0.0, 0.0, -0.6276410653920694),
            span=40_000.0,
            error_span=20.0,
        ),
        Problem(
            name="henon-heiles",
            title="Henon-Heiles",
            variables=("x", "y", "px", "py"),
            equations=_henon_heiles,
            state=(0.0, 0.1, 0.4, 0.1),
            span=700_000.0,
            error_span=2000.0,
        ),
    )
}
