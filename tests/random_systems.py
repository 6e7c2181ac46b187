"""Random differential equations with isomorphic parts, and systems with wide packs.

Each is a list of (variable, derivative) pairs and initial values.  Random terms are built from
bounded pieces, so that solutions stay finite for a few steps whatever is drawn.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from fractions import Fraction

import numpy as np

import taylor as ty
from taylor.expressions.expression import Expression

System = tuple[list[tuple[Expression, Expression]], np.ndarray]
Template = Callable[[Expression, Expression], Expression]

_UNARY: tuple[Callable[[Expression], Expression], ...] = (
    ty.sin,
    ty.cos,
    ty.tanh,
    ty.atan,
    ty.erf,
    ty.asinh,
    ty.abs,
    lambda e: ty.exp(-e * e),
    lambda e: ty.sqrt(1 + e * e),
    lambda e: ty.log(2 + e * e),
    lambda e: (3 + e * e) ** Fraction(-3, 2),
    lambda e: (2 + ty.sin(e)) ** Fraction(2, 5),
    lambda e: e**3 / (1 + e**4),
    lambda e: 1 / (e + 1000),
)
_BINARY: tuple[Callable[[Expression, Expression], Expression], ...] = (
    lambda a, b: a + b,
    lambda a, b: a - 3 * b,
    lambda a, b: Fraction(1, 3) * a + b / 7 - Fraction(1, 5),
    lambda a, b: a * b / (1 + a * a + b * b),
    lambda a, b: a / (2 + b * b),
    lambda a, b: ty.where(a < b, ty.sin(a), ty.cos(b)),
    lambda a, b: ty.maximum(a, b) + ty.minimum(a, 2 * b),
    lambda a, b: ty.atan2(a, 3 + b * b),
    lambda a, b: (2 + ty.sin(a)) ** ty.cos(b),
    lambda a, b: ty.hypot(a, 1 + b * b),
)


def random_system(seed: int) -> System:
    """3 to 11 states; each derivative sums the same random term over some of the others."""
    draw = random.Random(seed)
    count = draw.choice((3, 4, 6, 9, 11))
    x = [ty.variable(f"x{i}") for i in range(count)]
    k = ty.parameter("k")
    term = _template(draw, depth=2)
    equations = []
    for i, xi in enumerate(x):
        others = [x[(i + step) % count] for step in range(1, min(count, 4))]
        pull = ty.sum([term(xi, other) for other in others])
        equations.append((xi, pull / (i + 2) - xi + k * ty.sin(ty.time)))
    if draw.random() < 0.5:  # something that is not like the rest
        equations[0] = (x[0], x[1] - x[0])
    return equations, np.array([draw.uniform(-1.5, 1.5) for _ in x])


def _template(draw: random.Random, depth: int) -> Template:
    """A random function of two expressions, to be instantiated many times."""
    if depth == 0:
        return draw.choice((lambda a, b: a, lambda a, b: b, lambda a, b: a - b))
    if draw.random() < 0.4:
        unary, inner = draw.choice(_UNARY), _template(draw, depth - 1)
        return lambda a, b: unary(inner(a, b))
    binary = draw.choice(_BINARY)
    left, right = _template(draw, depth - 1), _template(draw, depth - 1)
    return lambda a, b: binary(left(a, b), right(a, b))


def oscillators(count: int) -> System:
    """A chain of pendulums, each coupled to its neighbours by a spring that stiffens."""
    x = [ty.variable(f"x{i}") for i in range(count)]
    v = [ty.variable(f"v{i}") for i in range(count)]
    force = [-ty.sin(e) for e in x]
    for i in range(count - 1):
        stretch = x[i + 1] - x[i]
        pull = stretch + stretch**3 / 3
        force[i], force[i + 1] = force[i] + pull, force[i + 1] - pull
    initial = np.concatenate([np.cos(np.arange(count)), np.sin(3.0 * np.arange(count))])
    return list(zip(x + v, v + force, strict=True)), initial


def lattice(points: int) -> System:
    """Reaction and diffusion u' = u_xx + u (1 - u) / (1 + u**2) on a ring of points."""
    u = [ty.variable(f"u{i}") for i in range(points)]
    equations = []
    for i, e in enumerate(u):
        spread = u[i - 1] - 2 * e + u[(i + 1) % points]
        equations.append((e, 4 * spread + e * (1 - e) / (1 + e**2)))
    return equations, 1 + 0.5 * np.sin(2 * np.pi * np.arange(points) / points)


def bodies(count: int, name: str = "") -> System:
    """Gravitating bodies of different mass in space: positions, then velocities, body by body.

    name: what the names of variables begin with.  A product that was written the other way round
        before, and still lives, keeps its operands in that order: packs show it.
    """
    q = [[ty.variable(f"{name}{c}{i}") for c in "xyz"] for i in range(count)]
    v = [[ty.variable(f"{name}v{c}{i}") for c in "xyz"] for i in range(count)]
    a = [[ty.constant(0)] * 3 for _ in range(count)]
    for i in range(count):
        for j in range(i + 1, count):
            d = [q[j][c] - q[i][c] for c in range(3)]
            cube = (d[0] ** 2 + d[1] ** 2 + d[2] ** 2) ** Fraction(-3, 2)
            for c in range(3):
                a[i][c] = a[i][c] + d[c] * cube * Fraction(j + 1, 100)
                a[j][c] = a[j][c] - d[c] * cube * Fraction(i + 1, 100)
    pairs = [(q[i][c], v[i][c]) for i in range(count) for c in range(3)]
    pairs += [(v[i][c], a[i][c]) for i in range(count) for c in range(3)]
    angle = 2.4 * np.arange(count)
    radius = 1 + 0.3 * np.arange(count)
    place = np.stack([radius * np.cos(angle), radius * np.sin(angle), 0.1 * np.cos(3 * angle)], 1)
    speed = np.stack([-np.sin(angle), np.cos(angle), 0 * angle], 1) / np.sqrt(radius)[:, None]
    return pairs, np.concatenate([place.ravel(), 0.3 * speed.ravel()])
