"""Solutions whose gradients are measured: the outer Solar System, networks, Burgers' equation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

import taylor as ty
from benchmarks.celestial import outer_solar_system

SIZES = (2, 30, 30, 2)  # of the network that peers have, too: 1082 weights


class Work(NamedTuple):
    """A gradient by everything, and at most how many propagations it is to cost."""

    name: str
    make: Callable[[], ty.Integrator]
    until: float
    asked: float


def solar_system() -> ty.Integrator:
    problem = outer_solar_system()
    states = list(ty.variables(" ".join(problem.variables)))
    equations = list(zip(states, problem.equations(ty, states), strict=True))
    return ty.Integrator(equations, list(problem.state))


def weighed_solar_system() -> ty.Integrator:
    """The same with masses that are parameters."""
    problem = outer_solar_system()
    states = list(ty.variables(" ".join(problem.variables)))
    bodies = [states[6 * k : 6 * k + 6] for k in range(len(states) // 6)]
    masses = ty.parameters(" ".join(f"m{k}" for k in range(len(bodies))))
    slopes = [[0 * bodies[0][0]] * 3 for _ in bodies]
    for i, one in enumerate(bodies):
        for j in range(i + 1, len(bodies)):
            d = [bodies[j][a] - one[a] for a in range(3)]
            inverse = (d[0] ** 2 + d[1] ** 2 + d[2] ** 2) ** -1.5
            for a in range(3):
                slopes[i][a] = slopes[i][a] + masses[j] * (d[a] * inverse)
                slopes[j][a] = slopes[j][a] - masses[i] * (d[a] * inverse)
    equations = []
    for body, slope in zip(bodies, slopes, strict=True):
        equations += [*zip(body[:3], body[3:], strict=True), *zip(body[3:], slope, strict=True)]
    gravity = 4 * np.pi**2 * np.array([1, 9.5e-4, 2.9e-4, 4.4e-5, 5.1e-5, 1e-8])
    values = dict(zip(masses, gravity.tolist(), strict=True))
    return ty.Integrator(equations, list(problem.state), parameters=values)


def weights(sizes: Sequence[int]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Matrices and offsets of a network's layers, with which the solution goes round for long."""
    rng = np.random.default_rng({32: 29, 30: 15}.get(sizes[1], 0))
    return [
        (rng.normal(size=(b, a)) / np.sqrt(a), 0.1 * rng.normal(size=b)) for a, b in pairwise(sizes)
    ]


def network(sizes: Sequence[int]) -> ty.Integrator:
    y = ty.variable("y", shape=(sizes[0],))
    value, values = y, {}
    layers = weights(sizes)
    for k, (matrix, offset) in enumerate(layers):
        w, b = ty.parameter(f"w{k}", matrix.shape), ty.parameter(f"b{k}", offset.shape)
        values |= {w: matrix, b: offset}
        value = w @ value + b
        value = ty.tanh(value) if k + 1 < len(layers) else value
    start = np.linspace(0.5, -0.5, sizes[0])
    return ty.Integrator([(y, value)], start, parameters=values)


def burgers(count: int = 128) -> ty.Integrator:
    u, nu = ty.variable("u", shape=(count,)), ty.parameter("nu")
    width = 2 * np.pi / count
    after, before = ty.concatenate([u[1:], u[:1]]), ty.concatenate([u[-1:], u[:-1]])
    slope = -u * (after - before) / (2 * width) + nu * (after - 2 * u + before) / width**2
    start = np.sin(np.arange(count) * width) + 0.3
    return ty.Integrator([(u, slope)], start, parameters={nu: 0.02})


WORKS = (
    Work("outer Solar System, 36 states", solar_system, 5000.0, 4),
    Work("outer Solar System, 36 states and 6 masses", weighed_solar_system, 5000.0, 4),
    Work("network 2-32-32-2, 1218 weights", lambda: network((2, 32, 32, 2)), 200.0, 4),
    Work("network 2-30-30-2, 1082 weights", lambda: network(SIZES), 200.0, 4),
    Work("Burgers' equation, 128 points", burgers, 50.0, 4),
)
