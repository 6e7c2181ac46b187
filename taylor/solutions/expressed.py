"""Expressions where a solution has arrived, and how it changes with the times that it is wanted at:
by the right-hand side there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from taylor.errors import ArgumentError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import ZERO, as_expression, stack
from taylor.expressions.leaves import time as time_node
from taylor.expressions.substitute import substitute_all
from taylor.nodes.arrays import broadcast_to, join, reshape
from taylor.nodes.regions import inner_input
from taylor.nodes.traverse import inputs
from taylor.solutions.expansion import raised
from taylor.solutions.problem import Problem
from taylor.solutions.solved import Nodes, Solved, solved_node
from taylor.systems.names import UNUSED
from taylor.transforms.batching import batched
from taylor.transforms.forward import tangents


def expressed(
    wanted: Sequence[Expression],
    problem: Problem,
    columns: Expression,
    operands: Sequence[Expression],
    time: Expression,
) -> list[Expression]:
    """Expressions with what their states, parameters and time are in the end.

    columns: those of the problem at one time; operands: the inputs in their shapes.
    """
    there = _There(problem, columns, operands)
    table: dict[Expression, Expression] = {}
    for leaf in inputs(wanted):
        if leaf is time_node:
            table[leaf] = time
        elif leaf in problem.template._names:
            table[leaf] = there.states(np.asarray(problem.template._names[leaf]))
        else:
            places = np.asarray(problem.template._parameters._names[leaf])
            table[leaf] = there.parameters(places)
    return substitute_all(wanted, table)


class _There:
    """Values of leaves by their places."""

    def __init__(
        self, problem: Problem, columns: Expression, operands: Sequence[Expression]
    ) -> None:
        self.problem, self.columns, self.operands = problem, columns, operands

    def states(self, places: np.ndarray) -> Any:
        """A state, or an array of them."""
        if not places.shape:
            return self.columns[int(places)]
        flat = places.reshape(-1)
        if (np.diff(flat) == 1).all():
            found: Any = self.columns[int(flat[0]) : int(flat[-1]) + 1]
        else:
            found = self.columns[flat]
        return reshape(found, places.shape)

    def parameters(self, places: np.ndarray) -> Any:
        """A parameter, or an array of them, as it is in the end."""
        shift = np.where(places == UNUSED, UNUSED, places + self.problem.states)
        moved = [place for place in self.problem.moving if place in places]
        for one, operand in zip(self.problem.inputs.listed, self.operands, strict=True):
            if not moved and np.array_equal(one.places, shift.reshape(-1)):
                return reshape(operand, places.shape)
        found = [self._parameter(int(place)) for place in places.reshape(-1)]
        return reshape(stack(found), places.shape) if places.shape else found[0]

    def _parameter(self, place: int) -> Any:
        problem = self.problem
        if place == UNUSED:
            return ZERO
        if place in problem.moving and problem.grid:
            raise ArgumentError(
                f"solution: the parameter {problem.template.system.parameters[place]} is set on "
                "the way, so that at several times nothing may depend on it; ask for one time"
            )
        if place in problem.shown:
            return self.columns[problem.states + problem.shown.index(place)]
        for one, operand in zip(problem.inputs.listed, self.operands, strict=True):
            at = np.flatnonzero(one.places == problem.states + place)
            if len(at):
                return operand[np.unravel_index(int(at[0]), one.shape)] if one.shape else operand
        number = problem.base[problem.states + place]
        return as_expression(problem.kind.for_users(number))


# --- derivatives by the times --------------------------------------------------------------------


def rates(payload: Solved, operands: Nodes) -> Any:
    """The derivative of a node's result by the times, in its shape.

    Of the values these are the derivatives of the states.  Of a coefficient of higher order it is
    that of the values, differentiated: the one in its place of what belongs to one order less.
    """
    if payload.lead:
        one = Solved(payload.problem, payload.times, (payload.order, payload.wrt))
        own = [inner_input(f"u{k}", shape) for k, shape in enumerate(one.given)]
        table = dict(zip(own, operands, strict=True))
        return batched([rates(one, own)], table, payload.lead[0])[0]
    if not payload.order:
        return _of_values(payload, operands)
    own = [inner_input(f"u{k}", shape) for k, shape in enumerate(payload.given)]
    lower = payload.with_order(payload.order - 1, payload.wrt)
    below = rates(lower, own)
    sizes = payload.problem.sizes(payload.wrt)
    directions = {own[k]: inner_input(f"d{k}", own[k].shape) for k in payload.wrt}
    along = tangents([below], directions)
    units, first, count = {}, 0, sum(sizes)
    for k, size in zip(payload.wrt, sizes, strict=True):
        rows = np.zeros((count, size))
        rows[first : first + size] = np.eye(size)
        units[directions[own[k]]] = as_expression(rows.reshape(count, *own[k].shape))
        first += size
    (slopes,) = batched(along, units, count)  # (variables, times, columns, terms)
    found = _in_places(payload, lower, below, slopes)
    return substitute_all([found], dict(zip(own, operands, strict=True)))[0]


def _in_places(payload: Solved, lower: Solved, below: Any, slopes: Any) -> Any:
    """Coefficients of the highest order: each by one variable of one of the order before."""
    places, weights = raised(lower, payload.wrt, payload.wrt)
    known = payload.problem.among(payload.order, payload.wrt)
    assert known is not None
    chosen: dict[int, tuple[int, int, int]] = {}
    for (term, k), place in np.ndenumerate(places):
        chosen.setdefault(int(place), (int(k), int(term), int(weights[term, k])))
    fresh = range(known.starts[payload.order], known.size)
    rows, terms, powers = (np.array(one) for one in zip(*[chosen[p] for p in fresh], strict=True))
    taken = np.moveaxis(slopes, 0, -2)[..., rows, terms] / powers
    return join([below, taken], below.ndim - 1)


def _of_values(payload: Solved, operands: Nodes) -> Any:
    """(times, columns, 1): the derivatives of the states; nothing else changes."""
    problem = payload.problem
    found = solved_node(payload, operands)[..., 0]
    state = inner_input("x", (problem.columns,))
    time = inner_input("t")
    system = problem.template.system
    blocks = [reshape(value, -1) for _, value in system.blocks]
    own = join(blocks, 0) if blocks else stack(list(system.derivatives))
    (derivatives,) = expressed([own], problem, state, operands[:-1], time)
    (slopes,) = batched([derivatives], {state: found, time: operands[-1]}, payload.times)
    still = broadcast_to(ZERO, (payload.times, len(problem.shown)))
    if problem.ends:  # behind a terminal event nothing depends on the end
        reached = found[:, -1:]
        none = broadcast_to(ZERO, reached.shape)
        slopes = join([slopes * reached, still, reached, none], 1)
    elif problem.shown:
        slopes = join([slopes, still], 1)
    return slopes[..., None]
