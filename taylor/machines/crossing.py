"""Where displaced solutions cross a surface: the time as a polynomial, and the state there.

Of g(x(t* + s), t* + s, p) = 0 with x a series in time of polynomials in the displacements, s is
found in the algebra of truncated polynomials by Newton's rule with the slope of g at t*, each turn
of which is right to one order more (Berz, Modern Map Methods in Particle Beam Physics, 1999).
Derivatives of g and of the solution are those before the surface.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from taylor.errors import ArgumentError, TaylorError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import time as time_node
from taylor.numbers import planes as numbers
from taylor.numbers.precision import PAIRS, Precision
from taylor.numbers.times import Pair
from taylor.points.polynomial_values import evaluate_polynomials
from taylor.polynomials.polynomial import Polynomial
from taylor.polynomials.space import Space, make_space
from taylor_runtime.program.records import dataclass

GRAZING = 1e-7  # of g's further terms over a step: a slope smaller than that is none
LOOKED = 4  # orders of these terms


class UndefinedDerivativesError(TaylorError, ValueError):
    """Derivatives of a solution were asked for behind something that has none.

    >>> import taylor as ty
    >>> x, v = ty.variables("x v")
    >>> touch = ty.Event(x, terminal=True)  # x = (t - 1)**2 touches zero
    >>> ta = ty.Integrator([(x, v), (v, 2)], [1.0, -2.0], events=[touch])
    >>> end = ta.as_function(inputs=[x], outputs=[v], until=2.0)
    >>> try:
    ...     ty.jacobian(end)(1.0)
    ... except ty.UndefinedDerivativesError:
    ...     print("displaced solutions may miss the surface")
    displaced solutions may miss the surface
    """


@dataclass(frozen=True, slots=True)
class Motion:
    """A solution with its derivatives about a time.

    series: (parts, orders, n, M), coefficients in time; space: of their polynomials.
    span:   how far a step goes from there, which says what is steep.
    fixed:  values of everything but states and time, by scalar expression.
    """

    states: Sequence[Expression]
    series: np.ndarray
    space: Space
    kind: Precision
    time: Pair
    span: float
    fixed: Mapping[Expression, Any]

    def at(self, moved: Polynomial) -> Polynomial:
        """The states when `moved` has passed, a polynomial without constant term."""
        return summed(self.series, moved)

    def values(self, states: Polynomial, moved: Polynomial) -> dict[Expression, Any]:
        """All that expressions may depend on."""
        found: dict[Expression, Any] = dict(zip(self.states, states, strict=True))
        return {**self.fixed, **found, time_node: moved + self._number(self.time)}

    def _number(self, time: Pair) -> Any:
        return PAIRS.exactly(np.array(time)) if self.kind.is_finer else time[0] + time[1]


@dataclass(frozen=True, slots=True)
class Crossing:
    """A surface that is crossed.

    moved:  how much later than t*, as a polynomial without constant term.
    states: where, (n,).
    """

    motion: Motion
    moved: Polynomial
    states: Polynomial

    @property
    def time(self) -> Polynomial:
        """When."""
        return self.moved + self.motion._number(self.motion.time)

    def values(self) -> dict[Expression, Any]:
        """All that expressions may depend on, there."""
        return self.motion.values(self.states, self.moved)


def crossing(motion: Motion, g: Expression) -> Crossing:
    """Where g is zero, which it is at the motion's time without displacements.

    Raises UndefinedDerivativesError where displaced solutions need not cross: where g touches zero
    only, or has no Taylor series.
    """
    where = f"{g} = 0 at t = {motion.time[0]!r}"
    try:
        slope = slope_of(motion, g)
        if slope is None:
            raise UndefinedDerivativesError(
                f"the surface {where} is not crossed but touched, so that displaced solutions may "
                "miss it"
            )
        moved = zero(motion.space, motion.kind)
        for _ in range(motion.space.order):
            states = motion.at(moved)
            (value,) = evaluate_polynomials([g], motion.values(states, moved))
            if not isinstance(value, Polynomial):
                break
            moved = moved - (value - value.constant_part) / slope
        return Crossing(motion, moved, motion.at(moved))
    except UndefinedDerivativesError:
        raise
    except (ArgumentError, NotImplementedError) as error:
        raise UndefinedDerivativesError(f"derivatives at {where}: {error}") from error


def slope_of(motion: Motion, g: Expression) -> Any:
    """dg/dt of the solution without displacements; None where it is none."""
    orders = min(motion.series.shape[1] - 1, LOOKED)
    line = make_space(("s",), orders)
    planes = np.moveaxis(motion.series[:, : orders + 1, :, 0], 1, -1)
    states = Polynomial._made(planes, line, motion.kind)
    moved = Polynomial.variables("s", order=orders, precision=motion.kind.name)[0]
    fixed = {
        e: motion.kind.for_users(value.constant_part) if isinstance(value, Polynomial) else value
        for e, value in motion.fixed.items()
    }
    plain = Motion(motion.states, motion.series, line, motion.kind, motion.time, motion.span, fixed)
    (value,) = evaluate_polynomials([g], plain.values(states, moved))
    if not isinstance(value, Polynomial):
        return None
    sizes = np.abs(value._planes[0]) * abs(motion.span) ** np.arange(value.size)
    if not sizes[1] > GRAZING * sizes[2:].max(initial=0.0):
        return None
    return value.coefficient(1)


def zero(space: Space, kind: Precision) -> Polynomial:
    """The polynomial 0."""
    return Polynomial._made(np.zeros((kind.parts, space.size), kind.dtype), space, kind)


def summed(series: np.ndarray, moved: Polynomial, first: int = 0) -> Polynomial:
    """sum_k c_k moved^k from k = first on, by Horner's rule; moved has no constant term."""
    last = min(series.shape[1] - 1, max(moved.order, first))

    def coefficient(k: int) -> Polynomial:
        return Polynomial._made(series[:, k], moved._space, moved._kind)

    total = coefficient(last)
    for k in range(last - 1, first - 1, -1):
        total = total * moved + coefficient(k)
    for _ in range(first):
        total = total * moved
    return total


def shifted(kind: Precision, series: np.ndarray, by: np.ndarray, order: int) -> np.ndarray:
    """Coefficients 0 .. order about another point.

    series: (parts, orders, ...), of powers of a variable; by: (parts,), where the point is.
    """
    rest = [series[:, n] for n in range(series.shape[1])]
    at = by.reshape(-1, *[1] * (series.ndim - 2))
    found = []
    for _ in range(min(order + 1, len(rest))):
        # Horner's rule: its intermediate values are the coefficients of what is left.
        for n in range(len(rest) - 2, -1, -1):
            rest[n] = numbers.add(kind, rest[n], numbers.multiply(kind, rest[n + 1], at))
        found.append(rest.pop(0))
    return np.stack(found, axis=1)
