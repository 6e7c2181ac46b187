"""Many solutions at once, for numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from taylor.machines.arrivals import Arrivals, SolutionError, Starts, many_at_once
from taylor.machines.crossing import UndefinedDerivativesError
from taylor.numbers.precision import leading
from taylor.solutions.problem import Problem, Wrt, as_pairs
from taylor.solutions.straight import straight

FEWEST = 8  # solutions that take longer one by one than together


def solved_many(
    problem: Problem, order: int, wrt: Wrt, numbers: Sequence[np.ndarray], ends: np.ndarray
) -> np.ndarray:
    """Coefficients of many solutions: (many, times, columns, terms), with the axes of numbers.

    numbers: by input, (many, size, ..); ends: the times, (many, times, ..).

    They are those of one ensemble, but where parameters are set on the way, or terminal events are
    displaced, which each solution has to be asked for.

    Raises what `Problem.solved` raises, of the first that goes wrong.
    """
    count = len(ends)
    shape = (count, ends.shape[1], problem.columns, problem.terms(order, wrt), *problem.kind.axes)
    if not count:
        return np.empty(shape, problem.kind.dtype)
    plain = not problem.moving and not (problem.ends and order)
    if plain and count >= FEWEST and many_at_once:
        found = _at_once(problem, order, wrt, numbers, ends)
        if found is not None:
            return found
    each = []
    quick = None if order else straight(problem)
    for row in range(count):
        own = [array[row] for array in numbers]
        state = None if quick is None else quick(np.concatenate([*own, ends[row]]))
        if state is None:
            each.append(problem.solved(order, wrt, own, ends[row]))
        else:
            each.append(state[np.newaxis, :, np.newaxis])
    return np.stack(each)


def _at_once(
    problem: Problem, order: int, wrt: Wrt, numbers: Sequence[np.ndarray], ends: np.ndarray
) -> np.ndarray | None:
    """The same by an ensemble; None where times are in no order that all of them have."""
    kind, ta = problem.kind, problem.varied(order, wrt).propagator
    whole = _starts(problem, numbers, len(ends))
    problem.check(whole, ends)
    pairs = as_pairs(ends, kind)
    if not problem.grid:
        found = many_at_once[0](ta, whole, pairs[:, 0], problem.limit)
        _raise_first(found, derived=bool(order))
        columns = found.states
        if problem.ends:
            columns = np.concatenate([columns, _ends(problem, found)], axis=1)
        return _wanted(problem, order, wrt, columns[:, np.newaxis])
    sides = _sides(pairs, whole.time)
    if sides is None:
        return None
    parts = []
    for places in sides[:2]:
        if len(places):
            found = many_at_once[0](ta, whole, pairs[:, places], problem.limit)
            _raise_first(found, derived=bool(order))
            parts.append(found.states)
    columns = np.concatenate(parts, axis=1)[:, sides[2]]
    return _wanted(problem, order, wrt, columns)


def _starts(problem: Problem, numbers: Sequence[np.ndarray], count: int) -> Starts:
    """Where solutions start."""
    whole = np.empty((count, *problem.base.shape), problem.kind.dtype)
    whole[:] = problem.base
    for (used, places), given in zip(problem.targets, numbers, strict=True):
        whole[:, places] = given if used is None else given[:, used]
    first, last = problem.states, problem.states + problem.inputs.parameters
    if problem.inputs.has_time:
        times = as_pairs(whole[:, last], problem.kind)
    else:
        times = np.broadcast_to(np.array(problem.time), (count, 2))
    return Starts(whole[:, :first], whole[:, first:last], times)


def _wanted(problem: Problem, order: int, wrt: Wrt, columns: np.ndarray) -> np.ndarray:
    flat = columns.reshape(-1, *columns.shape[2:])
    found = problem.wanted_of(flat, order, wrt)
    return found.reshape(*columns.shape[:2], *found.shape[1:])


def _ends(problem: Problem, found: Arrivals) -> np.ndarray:
    """The columns of the time, and of whether it is the one that was asked for: (many, 2, 1)."""
    kind = problem.kind
    columns = np.zeros((len(found.times), 2, 1, *kind.axes), kind.dtype)
    columns[:, 0, 0] = found.times
    first = leading(columns[:, 1, 0], kind)
    first[:] = found.reached
    return columns


def _sides(
    pairs: np.ndarray, begins: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """Times before the start, backwards, and behind it, as places in a grid (many, times, 2), each
    once, and where each time is among these; None where that is not the same for all.
    """
    order = np.lexsort((pairs[0, :, 1], pairs[0, :, 0]))
    sorted_ = pairs[:, order]
    steps = np.diff(sorted_.sum(axis=-1), axis=1)
    same, more = (steps == 0).all(axis=0), (steps > 0).all(axis=0)
    if not (same | more).all():
        return None
    late = sorted_[:, :, 0] >= begins[:, :1]
    if not (late == late[0]).all():
        return None
    kept = np.concatenate([[True], more])
    unique = order[kept]
    where = np.empty(len(order), int)
    where[order] = np.cumsum(kept) - 1
    early = unique[~late[0][kept]][::-1]
    count = len(early)
    moved = np.where(where < count, count - 1 - where, where)
    return early, unique[late[0][kept]], moved


def _raise_first(found: Arrivals, derived: bool) -> None:
    """Raise what the first solution that went wrong says."""
    for row, words in sorted(found.failed.items()):
        if derived and "no derivatives" in words:
            raise UndefinedDerivativesError(f"solution {row} of the batch: {words}")
        raise SolutionError(f"solution {row} of the batch: the end was not reached: {words}")
