"""How solutions change with the times that they are wanted at: the right-hand side there."""

from __future__ import annotations

from typing import Any

import numpy as np

from taylor.expressions.leaves import ZERO, as_expression, stack
from taylor.expressions.substitute import substitute_all
from taylor.nodes.arrays import broadcast_to, join, reshape
from taylor.nodes.regions import inner_input
from taylor.solutions.expansion import raised
from taylor.solutions.expressed import expressed
from taylor.solutions.solved import Nodes, Solved, solved_node
from taylor.transforms.batching import batched
from taylor.transforms.forward import tangents


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
