"""The initial value problems that integrators are measured on, each stated once for every solver.

To add a problem, write its equations and add one entry to `PROBLEMS`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks import celestial, coupled
from benchmarks.problem import Problem


def _pendulum(functions: Any, x: Sequence[Any]) -> list[Any]:
    """x'' = -9.8 sin x."""
    angle, rate = x
    return [rate, -9.8 * functions.sin(angle)]


def _henon_heiles(functions: Any, state: Sequence[Any]) -> list[Any]:
    """Potential (x^2 + y^2)/2 + x^2 y - y^3/3; Henon & Heiles, Astron. J. 69 (1964) 73, eq. 2."""
    x, y, px, py = state
    return [px, py, -x - 2.0 * x * y, -y - x**2 + y**2]


def _lorenz_63(functions: Any, state: Sequence[Any]) -> list[Any]:
    """Lorenz, J. Atmos. Sci. 20 (1963) 130, eq. 25-27."""
    x, y, z = state
    return [10.0 * (y - x), x * (28.0 - z) - y, x * y - 8.0 / 3.0 * z]


BODIES = (2, 3, 5, 8, 10, 12, 20, 30, 50, 80, 120, 200)  # of the n-body problems

PROBLEMS = {
    problem.name: problem
    for problem in (
        celestial.outer_solar_system(),
        *(celestial.planets(count) for count in BODIES),
        celestial.pleiades(),
        celestial.relativistic_solar_system(),
        coupled.toda(32),
        coupled.oscillators(24),
        coupled.burgers(128),
        coupled.network(),
        coupled.lorenz_96(36),
        coupled.brusselator(24),
        Problem(
            name="lorenz-63",
            title="Lorenz 63",
            variables=("x", "y", "z"),
            equations=_lorenz_63,
            state=(1.0, 1.0, 1.0),
            span=2000.0,
        ),
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
            equations=celestial.planar_cr3bp,
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
