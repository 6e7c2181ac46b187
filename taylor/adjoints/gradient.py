"""Gradients of costs of a solution, by its adjoint."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import field
from typing import Any, TypeAlias

import numpy as np

from taylor.adjoints.costs import Cost, CostLike, as_places, cost_of, running_cost
from taylor.adjoints.point import working_digits
from taylor.adjoints.propagator import Ended, Propagator
from taylor.adjoints.second import along_cost, as_direction, residuals_of, stops, twice
from taylor.adjoints.solved import MEMORY, Adjoints, Solved, solve
from taylor.adjoints.tangents import Tangent
from taylor.errors import ArgumentError
from taylor.expressions.expression import Expression
from taylor.expressions.substitute import substitute_all
from taylor.expressions.types import Key, Named, Operand, UserFunction
from taylor.numbers import planes as arithmetic
from taylor.numbers.precision import Precision
from taylor.numbers.times import Pair
from taylor.numbers.types import NumberOrArray, Numbers, Time
from taylor.systems.names import UNUSED, Names
from taylor_runtime.program.records import dataclass

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
    """

    value: float | np.ndarray
    state: np.ndarray
    parameters: np.ndarray
    times: np.ndarray | None
    impulses: dict[int, float | np.ndarray]
    outcome: Ended = field(repr=False)
    steps: int
    memory: int
    _names: tuple[Names, Names] = field(repr=False, compare=False)
    _asked: _Asked = field(repr=False, compare=False)
    _found: Adjoints = field(repr=False, compare=False)

    @property
    def initial_time(self) -> float | np.ndarray:
        """The derivative by the initial time, the initial state being the same there."""
        return self._found.initial_time

    @property
    def final_time(self) -> float | np.ndarray:
        """That by the final time; 0 where an event ended the solution first."""
        return self._found.final_time

    def hessian_product(self, direction: Direction) -> Products:
        """The product of the Hessian of the cost with a direction, by all states and parameters.

        direction: numbers or arrays by state (its initial value) and parameter, or their names.

        One more gradient, of the solution together with its derivative along the direction: two to
        three times as much work as this one. Resets and impulses are passed through.

        Raises UnsupportedFunctionError through switches of the right-hand side.

        >>> import taylor as ty
        >>> x = ty.variable("x")
        >>> k = ty.parameter("k")
        >>> ta = ty.Integrator([(x, -k * x)], [2.0], parameters={k: 0.5})
        >>> found = ty.gradient_through(ta, x**2, until=1.0)  # x0^2 exp(-2 k)
        >>> product = found.hessian_product({k: 1.0})
        >>> bool(abs(product[k] / (16 * np.exp(-1.0)) - 1) < 1e-14)
        True
        """
        with working_digits(self._asked.given._kind):
            return _hessian_product(self._asked, self._names, direction)

    def gauss_newton_product(self, direction: Direction, residuals: UserFunction) -> Products:
        """J^T J direction, J being the Jacobian of residuals by all states and parameters: of half
        the sum of their squares the Hessian, but for what vanishes with them.

        residuals: a function of the array of the state (n,), or with `times` of all states (k, n),
            that returns a number or an array.

        >>> import taylor as ty
        >>> x = ty.variable("x")
        >>> k = ty.parameter("k")
        >>> ta = ty.Integrator([(x, -k * x)], [2.0], parameters={k: 0.5})
        >>> found = ty.gradient_through(ta, lambda y: (y**2).sum() / 2, times=[1.0, 2.0])
        >>> product = found.gauss_newton_product({k: 1.0}, lambda y: y[:, 0])
        >>> bool(abs(product[k] / (4 * np.exp(-1) + 16 * np.exp(-2)) - 1) < 1e-14)
        True
        """
        with working_digits(self._asked.given._kind):
            return _gauss_newton_product(self._asked, self._names, direction, residuals)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a gradient was asked for, of what the integrator had."""

    given: Propagator
    state: np.ndarray
    time: Pair
    parameters: np.ndarray
    cost: CostLike | None
    running_cost: Operand | None
    until: Time | None
    times: Any
    memory: int

    @property
    def integrator(self) -> Propagator:
        """An integrator that has it."""
        made: Any = copy.copy(self.given)
        made.state[:], made.time = self.state, self.time
        made.parameters._values[:] = self.parameters
        return made  # type: ignore[no-any-return]


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
    of events and impulses), and the times; its cost is two to four propagations, however many
    there are.

    cost:    of the state at the time `until`, or where a terminal event ends the solution: an
             expression of states, parameters and `ty.time`; or a function of the array of the
             state (n,). With `times` a function of all states there (k, n), or an expression of
             which the sum over the times is meant; repeated times count as often.
    until:   where the solution ends. times: instead of it, where it is observed, in any order.
    running_cost: an expression whose integral along the solution is added to the cost.
    wrt:     states and parameters (or their names) by which derivatives are wanted; by default all.
             Others than arrays of weights cost next to nothing.
    memory:  bytes for where the steps of the solution began. Beyond these, parts of the solution
             are made again, to the same bits.

    It is the exact gradient of what the steps computed, in steps that are shortened where
    derivatives need it; through resets, switches and impulses it takes their adjoint jumps. At the
    time of a jump states are those behind it, and so are their derivatives by times.

    Raises ArgumentError for a cost of what the system does not know, taylor.
    UndefinedDerivativesError where the solution has no derivatives (a grazing event, a callback
    that changes the state, motion that rests on a switching surface), TaylorError where it does
    not get to its end.

    >>> import taylor as ty
    >>> x, v = ty.variables("x v")
    >>> k = ty.parameter("k")
    >>> ta = ty.Integrator([(x, v), (v, -k * x)], [1.0, 0.0], parameters={k: 4.0})
    >>> found = ty.gradient_through(ta, x**2 + v**2, until=1.0)
    >>> bool(abs(found[x] - 2 * (np.cos(2.0) ** 2 + 4 * np.sin(2.0) ** 2)) < 1e-14)
    True
    """
    point = integrator.state.copy(), integrator.time_pair, integrator.parameters.array()
    asked = _Asked(integrator, *point, cost, running_cost, until, times, memory)
    with working_digits(integrator._kind):
        return _gradient(asked, wrt)


def _gradient(asked: _Asked, wrt: Any) -> Gradient:
    ta = asked.given
    names = ta._names, Names(ta.system.parameters, "parameter", partial=True)
    if asked.cost is None and asked.running_cost is None:
        raise ArgumentError("give a cost, a running_cost, or both")
    by_state, wanted = as_places(wrt, *names)
    running = None
    if asked.running_cost is not None:
        running = running_cost(asked.running_cost, *names)
    shape = _shape(asked)
    cost = None
    if asked.cost is not None:
        kept = ta._machine.stepper.kept.setdefault("costs", {})
        cost = cost_of(asked.cost, names, ta._kind, shape, kept)
    way = solve(
        ta,
        until=asked.until,
        times=asked.times,
        running=running,
        wanted=wanted,
        memory=_bytes(asked.memory),
    )
    seeds = _Seeds.of(way, cost)
    found = way.back(seeds.cotangents, by_time=seeds.by_end)
    return _told(way, seeds, found, wanted, by_state, names, asked)


def _bytes(memory: Any) -> int:
    if not isinstance(memory, int | np.integer) or isinstance(memory, bool) or memory <= 0:
        raise ArgumentError(f"memory must be a positive number of bytes, got {memory!r}")
    return int(memory)


def _shape(asked: _Asked) -> tuple[int, ...]:
    count = len(asked.given.system)
    return (count,) if asked.times is None else (len(asked.times), count)


@dataclass(frozen=True, slots=True)
class _Seeds:
    """A cost's value, and what goes back from it.

    cotangents: of the state at the end, or of those at the times; parameters: what the cost itself
    gives; by_end: by the time of the end, by_times: by those of the observations.
    """

    value: Any
    cotangents: np.ndarray
    parameters: np.ndarray
    by_end: Any
    by_times: np.ndarray | None

    @classmethod
    def of(cls, way: Solved, cost: Cost | None) -> _Seeds:
        """What a cost gives on a way."""
        states = way.state if way.states is None else way.states
        parameters, kind = way.parameters, way.kind
        nothing = np.zeros_like(parameters)
        count = 0 if way.states is None else len(states)
        times = None if way.states is None else np.zeros((count, *kind.axes), kind.dtype)
        if cost is None:
            return cls(0.0, np.zeros_like(states), nothing, 0.0, times)
        if way.states is None or cost.whole is not None:
            if way.states is not None and cost.depends_on_time:
                raise ArgumentError("a function of the states at several times cannot use ty.time")
            found = cost.at(states, parameters, way.end_time)
            by_end = kind.for_users(found.time)
            return cls(found.value, found.states, found.parameters, by_end, times)
        assert times is not None
        each = [
            cost.at(state, parameters, time)
            for state, time in zip(way.states, way.moments, strict=True)
        ]
        total: Any = 0.0
        for k, shares in enumerate(each):
            total = total + shares.value
            nothing = _added(kind, nothing, shares.parameters)
            times[k] = shares.time
        cotangents = np.array([shares.states for shares in each])
        return cls(total, cotangents, nothing, way.by_end_of(times), times)


def _added(kind: Precision, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return kind.from_planes(arithmetic.add(kind, kind.to_planes(x), kind.to_planes(y)))


def _told(
    way: Solved,
    seeds: _Seeds,
    found: Adjoints,
    wanted: Sequence[bool],
    by_state: bool,
    names: tuple[Names, Names],
    asked: _Asked,
) -> Gradient:
    kind = way.kind
    parameters = _added(kind, found.parameters, seeds.parameters)
    parameters[~np.array(wanted, bool)] = np.nan
    state = found.state if by_state else np.full_like(found.state, np.nan)
    times = seeds.by_times
    if times is not None:
        times = _added(kind, times, way.by_times(seeds.cotangents))
    return Gradient(
        value=seeds.value + found.integral,
        state=state,
        parameters=parameters,
        times=times,
        impulses=found.impulses,
        outcome=way.outcome,
        steps=way.steps,
        memory=way.memory,
        _names=names,
        _asked=asked,
        _found=found,
    )


# -- second derivatives ---------------------------------------------------------------------------


def _hessian_product(asked: _Asked, names: tuple[Names, Names], direction: Any) -> Products:
    ta = asked.integrator
    tangent = Tangent(ta)
    state, parameters = as_direction(direction, names, ta._kind)
    other = tangent.integrator(state, parameters)
    fixed = tangent.fixed(other, parameters)
    along, running = None, None
    if asked.cost is not None:
        cost = cost_of(asked.cost, names, ta._kind, _shape(asked), {})
        along = along_cost(cost, tangent, _stop(asked), fixed)
    if asked.running_cost is not None:
        (running,) = tangent.along.tangents([running_cost(asked.running_cost, *names)])
        (running,) = substitute_all([running], fixed)
    found = gradient_through(
        other,
        along,
        until=asked.until,
        times=asked.times,
        running_cost=running,
        memory=asked.memory,
    )
    return _of_tangent(found, tangent, names)


def _stop(asked: _Asked) -> Expression | None:
    """The function of the event that ends the solution, if one does."""
    ta = asked.integrator
    if not any(event.terminal for event in ta.events):
        return None
    way = solve(ta, until=asked.until, times=asked.times)
    return stops(ta, way.stopped)


def _of_tangent(found: Gradient, tangent: Tangent, names: tuple[Names, Names]) -> Products:
    ta = tangent.ta
    parameters = np.zeros_like(ta.parameters.array())
    for leaf in tangent.along.parameters:
        if leaf in found._names[1]:
            places = tangent.places(leaf)
            known = places != UNUSED
            parameters[places[known]] = np.asarray(found[leaf])[known]
    return Products(found.state[: len(ta.system)], parameters, names)


def _gauss_newton_product(
    asked: _Asked, names: tuple[Names, Names], direction: Any, residuals: UserFunction
) -> Products:
    ta = asked.integrator
    tangent, count = Tangent(ta), len(ta.system)
    state, parameters = as_direction(direction, names, ta._kind)
    whole = residuals_of(residuals, _shape(asked))
    other = tangent.integrator(state, parameters)
    both = solve(
        other, until=asked.until, times=asked.times, wanted=[False] * len(other.parameters)
    )
    way = solve(ta, until=asked.until, times=asked.times, memory=asked.memory)
    if way.stopped is not None:
        raise ArgumentError("Gauss-Newton products end at given times, not at terminal events")
    reached = both.state if both.states is None else both.states
    axis = reached.ndim - 1 - len(ta._kind.axes)
    moved = np.take(reached, np.arange(count, 2 * count), axis=axis)
    states = way.state if way.states is None else way.states
    found = way.back(twice(*whole, ta._kind)(states, moved))
    return Products(found.state, found.parameters, names)
