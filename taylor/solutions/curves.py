"""Solutions that start from points of a curve: series in its parameter, for numbers."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import numpy as np

from taylor.solutions.problem import Problem, Wrt
from taylor.systems.names import UNUSED


def curved(
    problem: Problem,
    order: int,
    by: Wrt,
    numbers: Sequence[np.ndarray],
    ends: np.ndarray,
    series: Sequence[np.ndarray],
) -> np.ndarray:
    """The columns as series in one variable: (times, columns, order + 1), with the axes of numbers.

    numbers: of the inputs, (size, ..); ends: the times; series: of the inputs `by`, coefficients
    from order one on, (order, size, ..).

    Raises what `Problem.solved` raises.
    """
    start = problem.start(numbers)
    problem.check(start, ends)
    first, kind = problem.states, problem.kind
    places = problem.inputs.displaced(by)
    coefficients = np.concatenate(list(series), axis=1).swapaxes(0, 1)  # (size, order, ..)
    known = places != UNUSED
    own = np.unique(places[known & (places >= first)]) - first
    parameters = [*dict.fromkeys([*own.tolist(), *problem.moving])]
    shape = (order + 1, *kind.axes)
    states = np.zeros((first, *shape), kind.dtype)
    others = np.zeros((len(parameters), *shape), kind.dtype)
    for place, row in zip(places, coefficients, strict=True):
        if place == UNUSED:
            continue
        if place < first:
            states[place, 1:] = row
        else:
            others[parameters.index(int(place) - first), 1:] = row
    key = order, tuple(parameters)
    if key not in problem.curves:
        problem.curves[key] = problem.template._curved(order, parameters)
    ta = copy.copy(problem.curves[key])
    ta._bend(states, others)
    return problem.columns_of(ta, start, ends)
