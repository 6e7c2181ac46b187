"""What every force is asked for, and what it is told."""

from __future__ import annotations

from typing import Protocol

from taylor.expressions.expression import Expression
from taylor_runtime.program.records import dataclass


@dataclass(frozen=True)
class OrbitState:
    """A spacecraft as the forces on it see it, in expressions.

    time:     scalar, seconds of TDB since J2000.
    position: shape (3,), km, from the central body, in the axes of the GCRS.
    velocity: shape (3,), km/s.
    mass:     scalar, kg; None where no force asks for it.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> r, v = ty.variable("r", shape=(3,)), ty.variable("v", shape=(3,))
    >>> sky.OrbitState(ty.time, r, v).mass is None
    True
    """

    time: Expression
    position: Expression
    velocity: Expression
    mass: Expression | None = None


class Force(Protocol):
    """Anything with a method `acceleration(state)`.

    It returns the acceleration in km/s^2, an expression of shape (3,) in the axes of the state.

    >>> import taylor as ty
    >>> class Attraction:
    ...     def acceleration(self, state):
    ...         r = state.position
    ...         return -398600.4418 / ty.sum(r * r) ** 1.5 * r
    >>> r, v = ty.variable("r", shape=(3,)), ty.variable("v", shape=(3,))
    >>> Attraction().acceleration(ty.astrodynamics.OrbitState(ty.time, r, v)).shape
    (3,)
    """

    def acceleration(self, state: OrbitState) -> Expression:
        """The acceleration, km/s^2, shape (3,)."""
        ...
