"""Derivatives of solutions by finite differences in many digits, and random systems for them.

Nothing of the library is used for a right answer: right-hand sides are written once for any
namespace of functions, in mpmath's the extrapolated midpoint rule (Gragg 1965; Bulirsch & Stoer
1966) solves them in fixed steps, and polynomials through solutions beside one another have its
derivatives.  Errors of steps that are fixed are smooth, too, and are not amplified.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import mpmath
import numpy as np

import taylor as ty

Slopes = Callable[[Any, Sequence[Any], Sequence[Any], Any], Sequence[Any]]
"""(namespace of functions, states, parameters, time) -> derivatives."""

NAMES = ("sin", "cos", "tanh", "atan", "exp", "log", "sqrt", "asinh", "erf")
OWN = SimpleNamespace(
    **{name: getattr(ty, name) for name in NAMES},
    where=ty.where,
    number=lambda p, q: ty.constant(p) / q,
)
MP = SimpleNamespace(
    **{name: getattr(mpmath, name) for name in NAMES},
    where=lambda condition, a, b: a if condition else b,
    number=lambda p, q: mpmath.mpf(p) / q,
)


# -- solutions -------------------------------------------------------------------------------------


def solution(
    slopes: Slopes, state: Sequence[Any], p: Sequence[Any], span: Any, steps: int, columns: int
) -> list[Any]:
    """The state at the end of a span, of numbers of mpmath in its working precision."""
    begin, end = span
    size = (end - begin) / steps
    x = [mpmath.mpf(one) for one in state]
    for k in range(steps):
        x = _extrapolated(lambda y, t: slopes(MP, y, p, t), x, begin + k * size, size, columns)
    return x


def _extrapolated(f: Any, x: list[Any], t: Any, size: Any, columns: int) -> list[Any]:
    """One step: midpoint rules with 2, 4, 6, .. parts, extrapolated to infinitely many."""
    first = f(x, t)
    table: list[list[Any]] = []
    for row in range(columns):
        count = 2 * (row + 1)
        h = size / count
        before, now = x, [a + h * b for a, b in zip(x, first, strict=True)]
        for k in range(1, count):
            slope = f(now, t + k * h)
            after = [a + 2 * h * b for a, b in zip(before, slope, strict=True)]
            before, now = now, after
        slope = f(now, t + size)
        halved = [(a + b + h * c) / 2 for a, b, c in zip(now, before, slope, strict=True)]
        entries = [halved]
        for k in range(row):
            ratio = mpmath.mpf(count) / (2 * (row - k))
            weight = 1 / (ratio * ratio - 1)
            entries.append(
                [a + (a - b) * weight for a, b in zip(entries[k], table[row - 1][k], strict=True)]
            )
        table.append(entries)
    return table[-1][-1]


def along(
    at: Callable[[Any], Sequence[Any]], order: int, distance: Any, more: int = 4
) -> list[list[Any]]:
    """Coefficients 0 .. order of at(s), a list of numbers, at s = 0.

    They are those of the polynomial through points on both sides.
    """
    half = (order + 1) // 2 + more
    places = range(-half, half + 1)
    values = [at(k * distance) for k in places]
    powers = mpmath.matrix([[mpmath.mpf(k) ** j for j in range(2 * half + 1)] for k in places])
    inverse = powers**-1
    return [
        [
            sum(inverse[j, i] * values[i][c] for i in range(len(values))) / distance**j
            for c in range(len(values[0]))
        ]
        for j in range(order + 1)
    ]


# -- what is varied --------------------------------------------------------------------------------


@dataclass
class Case:
    """A system in both namespaces, and what its solution is to be derived by."""

    slopes: Slopes
    states: Sequence[ty.Expression]
    parameters: Sequence[ty.Expression]
    state: list[float]
    values: list[float]
    span: tuple[float, float]
    wrt: list[ty.Expression]
    order: int
    equations: Any = None  # if not one for each state
    options: dict[str, Any] = field(default_factory=dict)

    def system(self) -> Any:
        """As `ty.Integrator` takes it."""
        if self.equations is not None:
            return self.equations
        given = self.slopes(OWN, self.states, self.parameters, ty.time)
        return list(zip(self.states, given, strict=True))

    def integrator(self, **options: Any) -> ty.Integrator:
        """With derivatives, at the beginning; options of `ty.variational` and `ty.Integrator`."""
        ours = ("limits", "directions", "control", "tolerances", "order", "wrt")
        asked = {"order": self.order, "wrt": self.wrt}
        asked |= {k: v for k, v in options.items() if k in ours}
        others = {k: v for k, v in options.items() if k not in ours}
        return ty.Integrator(
            ty.variational(self.system(), **asked),
            self.state,
            time=self.span[0],
            parameters=dict(zip(self.parameters, self.values, strict=True)),
            **others,
        )

    def displaced(self, by: Sequence[Any], steps: int, columns: int) -> list[Any]:
        """The end of the solution whose start, parameters and initial time are displaced."""
        x, p = ([mpmath.mpf(one) for one in given] for given in (self.state, self.values))
        begin, end = (mpmath.mpf(t) for t in self.span)
        for what, amount in zip(self.wrt, by, strict=True):
            if what is ty.time:
                begin += amount
            elif any(what is one for one in self.states):
                x[[what is one for one in self.states].index(True)] += amount
            else:
                p[[what is one for one in self.parameters].index(True)] += amount
        return solution(self.slopes, x, p, (begin, end), steps, columns)

    def derivatives_along(
        self, direction: Sequence[float], digits: int = 36, steps: int = 4, columns: int = 12
    ) -> np.ndarray:
        """Coefficients of displacements s times a direction: (order + 1, n), of mpmath."""
        with mpmath.workdps(digits):
            distance = mpmath.mpf(10) ** (-digits // 12)
            given = [mpmath.mpf(one) for one in direction]

            def at(s: Any) -> Sequence[Any]:
                return self.displaced([s * one for one in given], steps, columns)

            return np.array(along(at, self.order, distance), dtype=object)


def along_map(flow_map: ty.Polynomial, direction: Sequence[float]) -> np.ndarray:
    """The same of a map, in exact arithmetic: coefficients by order, then by state."""
    from fractions import Fraction

    powers = flow_map.monomials
    given = [Fraction(one) for one in direction]
    numbers = flow_map.coefficients
    rows = numbers.reshape(len(numbers), len(powers), -1)  # pairs of double-doubles are added
    found = np.full((int(np.sum(powers, axis=1).max()) + 1, len(rows)), Fraction(0), dtype=object)
    for position, exponents in enumerate(powers):
        factor = Fraction(1)
        for number, power in zip(given, exponents, strict=True):
            factor *= number ** int(power)
        for state in range(len(rows)):
            value = sum(Fraction(float(part)) for part in rows[state, position])
            found[sum(map(int, exponents)), state] += factor * value
    return found


def worst(found: np.ndarray, right: np.ndarray) -> float:
    """The largest error of an order, relative to its largest number (or 1e-3, if that is more)."""
    with mpmath.workdps(60):
        largest = mpmath.mpf(0)
        for mine, theirs in zip(found, right, strict=True):
            scale = max([abs(one) for one in theirs] + [mpmath.mpf("1e-3")])
            for a, b in zip(mine, theirs, strict=True):
                error = abs(mpmath.mpf(a.numerator) / a.denominator - b)
                largest = max(largest, error / scale)
        return float(largest)


# -- random systems --------------------------------------------------------------------------------

_UNARY: tuple[Callable[[Any, Any], Any], ...] = (
    lambda m, e: m.sin(e),
    lambda m, e: m.cos(e),
    lambda m, e: m.tanh(e),
    lambda m, e: m.atan(e),
    lambda m, e: m.asinh(e),
    lambda m, e: m.erf(e),
    lambda m, e: m.exp(-e * e),
    lambda m, e: m.sqrt(1 + e * e),
    lambda m, e: m.log(2 + e * e),
    lambda m, e: (3 + e * e) ** m.number(-3, 2),
    lambda m, e: (2 + m.sin(e)) ** m.number(2, 5),
    lambda m, e: e**3 / (1 + e**4),
    lambda m, e: m.number(1, 3) / (e * e + 4),
)
_BINARY: tuple[Callable[[Any, Any, Any], Any], ...] = (
    lambda m, a, b: a + b,
    lambda m, a, b: m.number(1, 3) * a - b / 7 + m.number(1, 5),
    lambda m, a, b: a * b / (1 + a * a + b * b),
    lambda m, a, b: a / (2 + b * b),
    lambda m, a, b: a * m.cos(b),
    lambda m, a, b: (2 + m.sin(a)) ** m.cos(b),
)


def random_case(seed: int) -> Case:
    """1 to 4 states, some of them in an array; parameters, constants and time in any of them."""
    draw = random.Random(seed)
    n, m = draw.choice((1, 2, 2, 3, 3, 4)), draw.choice((0, 1, 1, 2, 3))
    terms = [[_tree(draw, n, m, 2) for _ in range(draw.choice((1, 1, 2)))] for _ in range(n)]
    chosen = draw.randrange(m) if m and draw.random() < 0.5 else None

    def slopes(space: Any, x: Sequence[Any], p: Sequence[Any], t: Any) -> list[Any]:
        leaves = [*x, *p, t]
        found = []
        for i, own in enumerate(terms):
            total = -x[i] / (i + 2)
            for term in own:
                total = total + term(space, leaves)
            found.append(total)
        if chosen is not None:  # a choice by a parameter is no switch
            other = space.where(p[chosen] > 0, space.sin(x[0]), x[0] * x[0])
            found[0] = found[0] + p[chosen] * other
        return found

    as_array = n > 1 and draw.random() < 0.3
    q = ty.variable("q", n) if as_array else None
    states = [q[i] for i in range(n)] if as_array else [ty.variable(f"x{i}") for i in range(n)]
    parameters = [ty.parameter(f"p{i}") for i in range(m)]
    used = slopes(OWN, states, parameters, ty.time)
    text = " ".join(map(str, used))
    dropped = [i for i, p in enumerate(parameters) if str(p) not in text]
    equations = [(q, np.array(used))] if as_array else None
    varied = [*states, *(p for i, p in enumerate(parameters) if i not in dropped), ty.time]
    draw.shuffle(varied)
    wrt = varied[: draw.choice((1, 2, 2, 3, 3, 4, 5, 7))]
    order = draw.choice({1: (4, 6), 2: (4, 5), 3: (3, 4), 4: (2, 4)}.get(len(wrt), (2, 3)))
    given = [draw.uniform(-1.2, 1.2) for _ in range(n)]
    given += [draw.choice((-1, 1)) * draw.uniform(0.3, 1.2) for _ in range(m)]  # no choice is near
    begin = draw.choice((0.0, 0.3, -1.0))
    end = begin + draw.choice((0.8, -0.7))
    kept = [i for i in range(m) if i not in dropped]
    values = [given[n + i] for i in kept]

    def only_used(space: Any, x: Sequence[Any], p: Sequence[Any], t: Any) -> Sequence[Any]:
        whole = [p[kept.index(i)] if i in kept else 0 * t for i in range(m)]
        return slopes(space, x, whole, t)

    return Case(
        only_used,
        states,
        [parameters[i] for i in kept],
        given[:n],
        values,
        (begin, end),
        wrt,
        order,
        equations,
    )


def _tree(draw: random.Random, n: int, m: int, depth: int) -> Callable[[Any, Sequence[Any]], Any]:
    """A random formula of leaves: states, parameters, time."""
    if depth == 0:
        place = draw.randrange(n + m + 1)
        return lambda space, leaves: leaves[place]
    if draw.random() < 0.5:
        unary, inner = draw.choice(_UNARY), _tree(draw, n, m, depth - 1)
        return lambda space, leaves: unary(space, inner(space, leaves))
    binary = draw.choice(_BINARY)
    left, right = (_tree(draw, n, m, depth - 1) for _ in range(2))
    return lambda space, leaves: binary(space, left(space, leaves), right(space, leaves))
