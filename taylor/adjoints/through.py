"""Gradients of costs of a solution, and products of second derivatives: the work."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from taylor.adjoints.back import Adjoints
from taylor.adjoints.costs import Seeds, added, as_places, cost_of, running_cost
from taylor.adjoints.point import working_digits
from taylor.adjoints.propagator import CostLike, Ended, Propagator
from taylor.adjoints.second import along_cost, as_direction, residuals_of, stops, twice
from taylor.adjoints.side_by_side import SideBySide, SolvedRow, pays
from taylor.adjoints.solved import Solved, solve
from taylor.adjoints.tangents import Tangent, with_integral
from taylor.errors import ArgumentError
from taylor.expressions.expression import Expression
from taylor.expressions.substitute import substitute_all
from taylor.expressions.types import Operand, UserFunction
from taylor.numbers.times import Pair, time_pair
from taylor.numbers.types import Time
from taylor.systems.names import UNUSED, Names
from taylor_runtime.program.records import dataclass

BYTES, BEGUN = 8, 4  # of a number; numbers besides the state that are kept of a step
MOST_TIMES = 4  # as many steps as another solution took may be on a tape


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a gradient was asked for, of what the integrator had."""

    given: Propagator
    names: tuple[Names, Names]
    state: np.ndarray
    time: Pair
    parameters: np.ndarray
    cost: CostLike | None
    running_cost: Operand | None
    until: Time | None
    times: Any
    memory: int

    @classmethod
    def of(
        cls,
        integrator: Propagator,
        cost: CostLike | None,
        running_cost: Operand | None,
        until: Time | None,
        times: Any,
        memory: int,
    ) -> Wanted:
        """What is wanted of an integrator as it is now."""
        kept, parameters = integrator._machine.stepper.kept, integrator.system.parameters
        known = kept.get("parameters")
        if known is None or known[0] is not parameters:
            named = Names(parameters, "parameter", partial=True)
            known = kept["parameters"] = parameters, named
        names = integrator._names, known[1]
        point = integrator.state.copy(), integrator.time_pair, integrator.parameters.array()
        return cls(integrator, names, *point, cost, running_cost, until, times, memory)

    @property
    def integrator(self) -> Propagator:
        """An integrator that has it."""
        made: Any = copy.copy(self.given)
        made.state[:], made.time = self.state, self.time
        made.parameters._values[:] = self.parameters
        return made  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class Found:
    """What a gradient is made of; see `gradient.Gradient`."""

    value: Any
    state: np.ndarray
    parameters: np.ndarray
    times: np.ndarray | None
    adjoints: Adjoints
    outcome: Ended
    steps: int
    memory: int


def gradient(asked: Wanted, wrt: Any) -> Found:
    """A cost and its derivatives by all that the solution depends on."""
    with working_digits(asked.given._kind):
        return _gradient(asked, wrt)


def _gradient(asked: Wanted, wrt: Any) -> Found:
    ta = asked.given
    names = asked.names
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
    seeds = Seeds.of(way, cost)
    found = way.back(seeds.cotangents, by_time=seeds.by_end)
    return _told(way, seeds, found, wanted, by_state)


def go_side_by_side(asked: Wanted, seconds: float) -> bool:
    """Whether to ask for `gradients` of what would take so many seconds one by one."""
    simple = asked.cost is not None and asked.running_cost is None and asked.until is not None
    return simple and pays(asked.given, seconds)


def gradients(asked: Wanted, wrt: Any, states: np.ndarray, steps: int) -> list[Found | None]:
    """Gradients of solutions from many states (r, n), side by side; None for those that have to go
    alone.

    steps: that one of the solutions took; for others there is room for some times as many.
    """
    ta, names = asked.given, asked.names
    by_state, wanted = as_places(wrt, *names)
    kept = ta._machine.stepper.kept.setdefault("costs", {})
    assert asked.cost is not None and asked.until is not None
    cost = cost_of(asked.cost, names, ta._kind, _shape(asked), kept)
    most = _bytes(asked.memory) // (len(states) * BYTES * (states.shape[1] + BEGUN))
    room = min(MOST_TIMES * (steps + 1), max(most, 1))
    many = SideBySide(ta, states, time_pair(asked.until), wanted, room)
    seeds = Seeds.of_each(many.solved, cost)
    result: list[Found | None] = [None] * len(states)
    for row, way, own, found in zip(many.rows, many.solved, seeds, many.back(seeds), strict=True):
        if found is not None:
            result[row] = _told(way, own, found, wanted, by_state)
    return result


def _bytes(memory: Any) -> int:
    if not isinstance(memory, int | np.integer) or isinstance(memory, bool) or memory <= 0:
        raise ArgumentError(f"memory must be a positive number of bytes, got {memory!r}")
    return int(memory)


def _shape(asked: Wanted) -> tuple[int, ...]:
    count = len(asked.given.system)
    return (count,) if asked.times is None else (len(asked.times), count)


def _told(
    way: Solved | SolvedRow,
    seeds: Seeds,
    found: Adjoints,
    wanted: Sequence[bool] | None,
    by_state: bool,
) -> Found:
    kind = way.kind
    parameters = added(kind, found.parameters, seeds.parameters)
    if wanted is not None:
        parameters[~np.array(wanted, bool)] = np.nan
    state = found.state if by_state else np.full_like(found.state, np.nan)
    times = seeds.by_times
    if times is not None and isinstance(way, Solved):
        times = added(kind, times, way.by_times(seeds.cotangents))
    return Found(
        value=seeds.value + found.integral,
        state=state,
        parameters=parameters,
        times=times,
        adjoints=found,
        outcome=way.outcome,
        steps=way.steps,
        memory=way.memory,
    )


# -- second derivatives ---------------------------------------------------------------------------


Both = tuple[np.ndarray, np.ndarray]  # by states and by parameters


def hessian_product(asked: Wanted, direction: Any) -> Both:
    """The product of the Hessian with a direction, by states and by parameters."""
    with working_digits(asked.given._kind):
        return _hessian_product(asked, asked.names, direction)


def gauss_newton_product(asked: Wanted, direction: Any, residuals: UserFunction) -> Both:
    """J^T J direction, by states and by parameters."""
    with working_digits(asked.given._kind):
        return _gauss_newton_product(asked, asked.names, direction, residuals)


def _hessian_product(asked: Wanted, names: tuple[Names, Names], direction: Any) -> Both:
    ta = asked.integrator
    if asked.running_cost is not None and ta.events:
        return _through_events(asked, ta, direction)
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
    wanted = Wanted.of(other, along, running, asked.until, asked.times, asked.memory)
    found = _gradient(wanted, None)
    return found.state[: len(ta.system)], _of_tangent(found.parameters, tangent, wanted.names[1])


def _through_events(asked: Wanted, ta: Propagator, direction: Any) -> Both:
    """The same with a running cost whose integral the times of events divide: as a state, of which
    all is known that happens to states there.
    """
    other, total = with_integral(ta, running_cost(asked.running_cost, *asked.names))
    until = asked.until
    if until is None:
        until = asked.times[int(np.argmax(np.abs(np.asarray(asked.times, float) - ta.time)))]
    integral = Wanted.of(other, total, None, until, None, asked.memory)
    state, parameters = as_direction(direction, asked.names, ta._kind)
    own = {x: state[k] for k, x in enumerate(ta.system.states)}
    own |= {p: parameters[k] for k, p in enumerate(ta.system.parameters)}
    of_state, of_parameters = _hessian_product(integral, integral.names, own)
    found, count = np.zeros_like(parameters), len(ta.system)
    for k, p in enumerate(ta.system.parameters):
        found[k] = of_parameters[int(integral.names[1][p])]
    if asked.cost is None:
        return of_state[:count], found
    rest = _hessian_product(replace(asked, running_cost=None), asked.names, direction)
    return added(ta._kind, rest[0], of_state[:count]), added(ta._kind, rest[1], found)


def _stop(asked: Wanted) -> Expression | None:
    """The function of the event that ends the solution, if one does."""
    ta = asked.integrator
    if not any(event.terminal for event in ta.events):
        return None
    way = solve(ta, until=asked.until, times=asked.times)
    return stops(ta, way.stopped)


def _of_tangent(found: np.ndarray, tangent: Tangent, names: Names) -> np.ndarray:
    """Of derivatives by the parameters of a system with derivatives those by its own."""
    parameters = np.zeros_like(tangent.ta.parameters.array())
    for leaf in tangent.along.parameters:
        if leaf in names:
            places, others = tangent.places(leaf), names[leaf]
            known = (places != UNUSED) & (others != UNUSED)
            parameters[places[known]] = found[others[known]]
    return parameters


def _gauss_newton_product(
    asked: Wanted, names: tuple[Names, Names], direction: Any, residuals: UserFunction
) -> Both:
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
    return found.state, found.parameters
