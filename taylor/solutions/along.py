"""Solutions together with their derivative along a direction, as solutions of larger systems."""

from __future__ import annotations

from typing import Any

import numpy as np

from taylor.adjoints.tangents import Tangent
from taylor.errors import TaylorError
from taylor.solutions.inputs import Input, Inputs
from taylor.solutions.problem import Problem, Wrt
from taylor.systems.names import UNUSED


def along_of(problem: Problem, by: Wrt) -> Problem | None:
    """The problem whose columns are the states, and behind them their derivatives along changes of
    some inputs, which are further inputs; None where there is none.
    """
    if by not in problem.along:
        problem.along[by] = _made(problem, by)
    return problem.along[by]


def _made(problem: Problem, by: Wrt) -> Problem | None:
    ta: Any = problem.template
    simple = not (problem.ends or problem.shown or ta.switches)
    if not simple or any(event.callback is not None for event in ta.events):
        return None
    try:
        tangent = Tangent(ta)
        none = np.zeros_like(problem.base)
        first, last = problem.states, problem.states + problem.inputs.parameters
        made: Any = tangent.integrator(none[:first], none[first:last])
    except TaylorError:  # something on the way has no second derivatives
        return None
    count, known = 2 * first, {e: k for k, e in enumerate(made.system.parameters)}
    own = np.full(last + 1, UNUSED)
    moved = np.full(last + 1, UNUSED)
    own[:first], moved[:first] = np.arange(first), np.arange(first, count)
    for leaf, change in tangent.along.parameters.items():
        places = np.asarray(tangent.places(leaf))
        for table, e in ((own, leaf), (moved, change)):
            _enter(table, e, places, first, known, count)
    own[last] = count + len(known)
    listed = [Input(one.name, one.shape, _through(own, one.places)) for one in _all(problem)]
    directions = [problem.inputs.listed[k] for k in by]
    listed += [Input(f"d {one.name}", one.shape, _through(moved, one.places)) for one in directions]
    leaves = (*made.system.states, *made.system.parameters, problem.inputs.leaves[-1])
    inputs = Inputs(tuple(listed), leaves, count, len(known), problem.inputs.has_time)
    return Problem(made, inputs, problem.grid, problem.limit)


def _all(problem: Problem) -> tuple[Input, ...]:
    return problem.inputs.listed


def _through(table: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Places in the larger system."""
    return np.where(places == UNUSED, UNUSED, table[np.maximum(places, 0)])


def _enter(
    table: np.ndarray, e: Any, places: np.ndarray, first: int, known: dict[Any, int], count: int
) -> None:
    """Where a parameter, or the elements of one, are in the larger system."""
    for index, place in np.ndenumerate(places):
        element = e[index] if e.shape else e
        if place != UNUSED and element in known:
            table[first + place] = count + known[element]
