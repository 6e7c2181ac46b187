"""Adjoints of solutions, for numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from taylor.adjoints.solved import solve
from taylor.numbers.planes import add
from taylor.numbers.precision import Precision
from taylor.solutions.problem import Problem, Wrt, as_pairs
from taylor.systems.impulses import Past
from taylor.systems.names import UNUSED


def may_be_swept(problem: Problem) -> bool:
    """Whether solutions can be gone back over from all of their columns."""
    return not problem.shown


def swept(
    problem: Problem,
    by: Wrt,
    numbers: Sequence[np.ndarray],
    ends: np.ndarray,
    adjoint: np.ndarray,
) -> np.ndarray:
    """What inputs have of an adjoint of the columns: (variables,), with the axes of numbers.

    numbers: by input, (size, ..); ends: the times, (times, ..); adjoint: (times, columns, ..).

    Raises UndefinedDerivativesError where the solution has no derivatives, TaylorError where it
    does not come to its end.
    """
    start = problem.start(numbers)
    problem.check(start, ends)
    ta: Any = problem.fresh()
    ta._state[:], ta._parameters._values[:] = start.state, start.parameters
    ta._time, ta._known, ta._past = start.time, None, Past()
    kind, count = problem.kind, problem.states
    places = problem.inputs.displaced(by)
    wanted = np.zeros(problem.inputs.parameters, bool)
    own = places[(places >= count) & (places < count + len(wanted))] - count
    wanted[own] = True
    full = np.zeros_like(problem.base)
    pairs = as_pairs(ends, kind)
    late = (pairs[:, 0] > start.time[0]) | (
        (pairs[:, 0] == start.time[0]) & (pairs[:, 1] >= start.time[1])
    )
    for side in (late, ~late):
        if not side.any():
            continue
        given = adjoint[side]
        if problem.grid:
            way = solve(ta, times=pairs[side], wanted=wanted.tolist())
            found = way.back(given)
        else:
            way = solve(ta, until=problem.pair(ends[0]), wanted=wanted.tolist())
            by_time = kind.for_users(given[0, -2]) if problem.ends else 0.0
            found = way.back(given[0, :count], by_time=by_time)
        initial = kind.rounded([found.initial_time])
        full = _added(kind, full, np.concatenate([found.state, found.parameters, initial]))
    result = full[np.where(places == UNUSED, 0, places)]
    result[places == UNUSED] = 0
    return result


def _added(kind: Precision, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return kind.from_planes(add(kind, kind.to_planes(x), kind.to_planes(y)))
