"""Many like parts coupled to each other: a lattice, oscillators, a field on a grid, a network."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import reduce
from itertools import pairwise
from operator import add
from typing import Any

import numpy as np

from benchmarks.problem import Problem


def toda(count: int) -> Problem:
    """A ring of particles joined by exponential springs; Toda, J. Phys. Soc. Jpn 22 (1967) 431."""

    def equations(functions: Any, x: Sequence[Any]) -> list[Any]:
        q, p = x[:count], x[count:]
        spring = [functions.exp(q[i] - q[(i + 1) % count]) for i in range(count)]
        return [*p, *(spring[i - 1] - spring[i] for i in range(count))]

    place = [0.3 * math.sin(2.0 * math.pi * i / count) for i in range(count)]
    push = [0.2 * math.cos(5.0 * i) for i in range(count)]
    return Problem(
        name=f"toda-{count}",
        title=f"Toda lattice of {count}",
        variables=tuple(f"{kind}{i}" for kind in "qp" for i in range(count)),
        equations=equations,
        state=(*place, *push),
        span=2000.0,
    )


def oscillators(count: int) -> Problem:
    """Phases drawn to each other, too weakly to lock; Kuramoto, Lect. Notes Phys. 39 (1975) 420."""
    strength = 0.5 / count

    def equations(functions: Any, x: Sequence[Any]) -> list[Any]:
        return [
            1.0 + 0.1 * i + strength * reduce(add, [functions.sin(b - a) for b in x if b is not a])
            for i, a in enumerate(x)
        ]

    return Problem(
        name=f"oscillators-{count}",
        title=f"{count} phase oscillators, all to all",
        variables=tuple(f"theta{i}" for i in range(count)),
        equations=equations,
        state=tuple(math.sin(3.0 * i) for i in range(count)),
        span=100.0,
    )


def burgers(points: int) -> Problem:
    """u_t = -u u_x + nu u_xx on a ring, central differences; Burgers, Adv. Appl. Mech. 1 (1948)."""
    width, viscosity = 2.0 * math.pi / points, 0.05
    advect, spread = 0.5 / width, viscosity / width**2

    def equations(functions: Any, u: Sequence[Any]) -> list[Any]:
        found = []
        for i in range(points):
            left, right = u[i - 1], u[(i + 1) % points]
            diffusion = spread * (left - 2.0 * u[i] + right)
            found.append(diffusion - advect * (u[i] * (right - left)))
        return found

    return Problem(
        name=f"burgers-{points}",
        title=f"Burgers equation, {points} points",
        variables=tuple(f"u{i}" for i in range(points)),
        equations=equations,
        state=tuple(1.5 + math.sin(i * width) for i in range(points)),
        span=1.0,
    )


def lorenz_96(count: int) -> Problem:
    """x_i' = (x_{i+1} - x_{i-2}) x_{i-1} - x_i + 8 on a ring; Lorenz, ECMWF seminar (1996)."""

    def equations(functions: Any, x: Sequence[Any]) -> list[Any]:
        return [(x[(i + 1) % count] - x[i - 2]) * x[i - 1] - x[i] + 8.0 for i in range(count)]

    return Problem(
        name=f"lorenz-96-{count}",
        title=f"Lorenz 96, {count} variables",
        variables=tuple(f"x{i}" for i in range(count)),
        equations=equations,
        state=tuple(8.0 + math.sin(3.0 * i) for i in range(count)),
        span=50.0,
    )


def brusselator(cells: int) -> Problem:
    """u' = 1 + u^2 v - 4 u + D u_xx, v' = 3 u - u^2 v + D v_xx on a line, ends held; Hairer &
    Wanner, Solving ODEs II (1996), section IV.10, eq. 10.14.
    """
    spread = 0.02 * (cells + 1) ** 2

    def equations(functions: Any, x: Sequence[Any]) -> list[Any]:
        u, v = [1.0, *x[:cells], 1.0], [3.0, *x[cells:], 3.0]
        found = []
        for i in range(1, cells + 1):
            cubic = u[i] ** 2 * v[i]
            found.append(1.0 + cubic - 4.0 * u[i] + spread * (u[i - 1] - 2.0 * u[i] + u[i + 1]))
        for i in range(1, cells + 1):
            cubic = u[i] ** 2 * v[i]
            found.append(3.0 * u[i] - cubic + spread * (v[i - 1] - 2.0 * v[i] + v[i + 1]))
        return found

    place = [(i + 1) / (cells + 1) for i in range(cells)]
    return Problem(
        name=f"brusselator-{cells}",
        title=f"Brusselator, {cells} cells",
        variables=tuple(f"{kind}{i}" for kind in "uv" for i in range(cells)),
        equations=equations,
        state=(*(1.0 + math.sin(2.0 * math.pi * z) for z in place), *(3.0 for _ in place)),
        span=2.0,
    )


def network() -> Problem:
    """x' = W3 tanh(W2 tanh(W1 x + b1) + b2) with 2, 32, 32 and 2 nodes and random weights."""
    rng = np.random.default_rng(20250102)
    sizes = (2, 32, 32, 2)
    weights = [rng.normal(0.0, 1.0 / math.sqrt(a), (b, a)).tolist() for a, b in pairwise(sizes)]
    biases = [rng.normal(0.0, 0.5, size).tolist() for size in sizes[1:-1]]

    def layer(matrix: list[list[float]], x: Sequence[Any]) -> list[Any]:
        return [reduce(add, [w * e for w, e in zip(row, x, strict=True)]) for row in matrix]

    def equations(functions: Any, x: Sequence[Any]) -> list[Any]:
        for matrix, bias in zip(weights[:-1], biases, strict=True):
            sums = layer(matrix, x)
            x = [functions.tanh(value + b) for value, b in zip(sums, bias, strict=True)]
        return layer(weights[-1], x)

    return Problem(
        name="network",
        title="2-32-32-2 tanh network",
        variables=("x", "y"),
        equations=equations,
        state=(0.5, -0.25),
        span=20.0,
    )
