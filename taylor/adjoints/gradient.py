"""Gradients of costs of a solution, by its adjoint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import Any

import numpy as np

from taylor.adjoints.costs import Cost, CostLike, as_places, running_cost
from taylor.adjoints.point import working_digits
from taylor.adjoints.propagator import Ended, Propagator
from taylor.adjoints.solved import MEMORY, Adjoints, Solved, solve
from taylor.errors import ArgumentError
from taylor.expressions.types import Key, Operand
from taylor.numbers import planes as arithmetic
from taylor.numbers.precision import Precision
from taylor.numbers.types import NumberOrArray, Time
from taylor.systems.names import UNUSED, Names
from taylor_runtime.program.records import dataclass


@dataclass(frozen=True, slots=True)
class Gradient:
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

    value: Any
    state: np.ndarray
    parameters: np.ndarray
    initial_time: Any
    final_time: Any
    times: np.ndarray | None
    impulses: dict[int, Any]
    outcome: Ended = field(repr=False)
    steps: int
    memory: int
    _names: tuple[Names, Names] = field(repr=False, compare=False)
    _asked: _Asked = field(repr=False, compare=False)

    def __getitem__(self, key: Key) -> NumberOrArray:
        """The derivative by the initial value of a variable, or by a parameter.

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
class _Asked:
    """What a gradient was asked for."""

    integrator: Propagator
    cost: CostLike | None
    running_cost: Operand | None
    until: Time | None
    times: Any
    memory: int


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
    given = _Asked(integrator, cost, running_cost, until, times, memory)
    with working_digits(integrator._kind):
        return _gradient(given, wrt)


def _gradient(asked: _Asked, wrt: Any) -> Gradient:
    ta = asked.integrator
    names = ta._names, Names(ta.system.parameters, "parameter", partial=True)
    if asked.cost is None and asked.running_cost is None:
        raise ArgumentError("give a cost, a running_cost, or both")
    by_state, wanted = as_places(wrt, *names)
    running = None
    if asked.running_cost is not None:
        running = running_cost(asked.running_cost, *names)
    shape = _shape(asked)
    cost = None if asked.cost is None else Cost(asked.cost, names, ta._kind, shape)
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
    count = len(asked.integrator.system)
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
        initial_time=found.initial_time,
        final_time=found.final_time,
        times=times,
        impulses=found.impulses,
        outcome=way.outcome,
        steps=way.steps,
        memory=way.memory,
        _names=names,
        _asked=asked,
    )
