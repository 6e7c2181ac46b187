"""Gradients of costs of a solution, by its adjoint: what users see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from taylor.adjoints.propagator import MEMORY, CostLike, Ended, Propagator, checked_propagator
from taylor.expressions.types import Key, Named, Operand, UserFunction
from taylor.numbers.types import NumberOrArray, Numbers, Time
from taylor.systems.names import UNUSED, Names
from taylor_runtime.program.records import dataclass

if TYPE_CHECKING:  # what does the work is loaded when there is some
    from taylor.adjoints.through import Found, Wanted

Direction: TypeAlias = "Named[Numbers]"  # by state and parameter


class ByName:
    """Derivatives by states and parameters, found by these or their names."""

    __slots__ = ()

    state: np.ndarray
    parameters: np.ndarray
    _names: tuple[Names, Names]

    def __getitem__(self, key: Key) -> NumberOrArray:
        """The derivative by the initial value of a variable, or by a parameter, in its shape.

        Raises ArgumentError for what is neither.
        """
        states, parameters = self._names
        if key in states:
            return self.state[states[key]].copy()[()]
        places = parameters[key]
        found = self.parameters[places].copy()
        if places.shape:
            found[places == UNUSED] = np.nan
        return found[()]


@dataclass(frozen=True, slots=True)
class Products(ByName):
    """Products of second derivatives with a direction: initial state (n,), parameters (m,)."""

    state: np.ndarray
    parameters: np.ndarray
    _names: tuple[Names, Names] = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Gradient(ByName):
    """A cost of a solution, and its derivatives by all that the solution depends on.

    `gradient[x]` is the derivative by the initial value of a variable (or its name), `gradient[k]`
    that by a parameter, each in its shape. Arrays are plain ones, in double-double with a trailing
    axis (high, low).

    value:        of the cost.
    state:        derivatives by the initial state, (n,).
    parameters:   by the parameters in the order of the integrator's, (m,); NaN where they are not
                  wanted (`wrt`).
    initial_time: by the initial time, the initial state being the same there.
    final_time:   by `until`, or by the last of `times`; 0 where an event ended the solution first.
    times:        by each of `times`, (k,); None without them. (That by the last one counts what is
                  observed there, as `final_time` does, which also counts a running cost.)
    impulses:     by the time of each impulse that was on the way, by its number in order of time.
    outcome:      of the propagation; `outcome.status` says whether an event ended it.
    steps:        that were made.
    memory:       bytes that these took to be gone back over.

    >>> import numpy as np, taylor as ty
    >>> x, k = ty.variable("x"), ty.parameter("k")
    >>> decay = ty.Integrator([(x, -k * x)], [2.0], parameters={k: 1.0})
    >>> found = ty.gradient_through(decay, x**2, until=1.0)  # of 4 exp(-2 k)
    >>> exact = 4 * np.exp(-2)
    >>> np.allclose([found.value, found[k], found[x]], [exact, -2 * exact, exact], rtol=1e-14)
    True
    """

    value: NumberOrArray
    state: np.ndarray
    parameters: np.ndarray
    times: np.ndarray | None
    impulses: dict[int, NumberOrArray]
    outcome: Ended = field(repr=False)
    steps: int
    memory: int
    _names: tuple[Names, Names] = field(repr=False, compare=False)
    _wanted: Wanted = field(repr=False, compare=False)
    _found: Found = field(repr=False, compare=False)

    @property
    def initial_time(self) -> NumberOrArray:
        """The derivative by the initial time, the initial state being the same there."""
        return self._found.adjoints.initial_time

    @property
    def final_time(self) -> NumberOrArray:
        """That by the final time; 0 where an event ended the solution first."""
        return self._found.adjoints.final_time

    def hessian_product(self, direction: Direction) -> Products:
        """The product of the Hessian of the cost with a direction, by all states and parameters.

        direction: numbers or arrays by state (its initial value) and parameter, or their names.

        One more gradient, of the solution together with its derivative along the direction: two to
        three times as much work as this one. Resets and impulses are passed through.

        Raises UnsupportedFunctionError through switches of the right-hand side.

        >>> import numpy as np, taylor as ty
        >>> x = ty.variable("x")
        >>> k = ty.parameter("k")
        >>> ta = ty.Integrator([(x, -k * x)], [2.0], parameters={k: 0.5})
        >>> found = ty.gradient_through(ta, x**2, until=1.0)  # x0^2 exp(-2 k)
        >>> product = found.hessian_product({k: 1.0})
        >>> bool(abs(product[k] / (16 * np.exp(-1.0)) - 1) < 1e-14)
        True
        """
        from taylor.adjoints.through import hessian_product

        return Products(*hessian_product(self._wanted, direction), self._names)

    def gauss_newton_product(self, direction: Direction, residuals: UserFunction) -> Products:
        """J^T J direction, J being the Jacobian of residuals by all states and parameters: of half
        the sum of their squares the Hessian, but for what vanishes with them.

        residuals: a function of the array of the state (n,), or with `times` of all states (k, n),
            that returns a number or an array.

        >>> import numpy as np, taylor as ty
        >>> x = ty.variable("x")
        >>> k = ty.parameter("k")
        >>> ta = ty.Integrator([(x, -k * x)], [2.0], parameters={k: 0.5})
        >>> found = ty.gradient_through(ta, lambda y: (y**2).sum() / 2, times=[1.0, 2.0])
        >>> product = found.gauss_newton_product({k: 1.0}, lambda y: y[:, 0])
        >>> bool(abs(product[k] / (4 * np.exp(-1) + 16 * np.exp(-2)) - 1) < 1e-14)
        True
        """
        from taylor.adjoints.through import gauss_newton_product

        found = gauss_newton_product(self._wanted, direction, residuals)
        return Products(*found, self._names)


def gradient_through(
    integrator: Propagator,
    cost: CostLike | None = None,
    *,
    until: Time | None = None,
    times: Sequence[Time] | np.ndarray | None = None,
    running_cost: Operand | None = None,
    wrt: Sequence[Key] | Key | None = None,
    memory: int = MEMORY,
) -> Gradient:
    """Return a cost of the solution from the integrator's present state, and its gradient.

    The integrator stays as it is. The gradient is by the initial state, all parameters (also those
    of events and impulses), and the times; it takes as long as about four propagations,
    however many there are.

    cost:    of the state at the time `until`, or where a terminal event ends the solution: an
             expression of states, parameters and `ty.time`; or a function of the array of the
             state (n,). With `times` a function of all states there (k, n), or an expression of
             which the sum over the times is meant; repeated times count as often.
    until:   where the solution ends. times: instead of it, where it is observed, in any order.
    running_cost: an expression whose integral along the solution is added to the cost.
    wrt:     states and parameters (or their names) by which derivatives are wanted; by default all.
             Others than arrays of weights cost next to nothing.
    memory:  bytes for where the steps of the solution began, at least some ten thousand.
             Beyond these, parts of the solution are made again, to the same bits.

    It is the exact gradient of what the steps computed, in steps that are shortened where
    derivatives need it; through resets, switches and impulses it takes their adjoint jumps. At the
    time of a jump states are those behind it, and so are their derivatives by times.

    Raises ArgumentError for a cost of what the system does not know, taylor.
    UndefinedDerivativesError where the solution has no derivatives (a grazing event, a callback
    that changes the state, motion that rests on a switching surface), TaylorError where it does
    not get to its end.

    >>> import numpy as np, taylor as ty
    >>> x, v = ty.variables("x v")
    >>> k = ty.parameter("k")
    >>> ta = ty.Integrator([(x, v), (v, -k * x)], [1.0, 0.0], parameters={k: 4.0})
    >>> found = ty.gradient_through(ta, x**2 + v**2, until=1.0)
    >>> bool(abs(found[x] - 2 * (np.cos(2.0) ** 2 + 4 * np.sin(2.0) ** 2)) < 1e-14)
    True
    """
    from taylor.adjoints.through import Wanted, gradient

    integrator = checked_propagator("gradient_through", integrator)
    wanted = Wanted.of(integrator, cost, running_cost, until, times, memory)
    return told(wanted, gradient(wanted, wrt))


def told(wanted: Wanted, found: Found) -> Gradient:
    """What users see of it."""
    return Gradient(
        value=found.value,
        state=found.state,
        parameters=found.parameters,
        times=found.times,
        impulses=found.adjoints.impulses,
        outcome=found.outcome,
        steps=found.steps,
        memory=found.memory,
        _names=wanted.names,
        _wanted=wanted,
        _found=found,
    )
