"""Coefficients of solutions among those of higher order, and series of solutions made of them."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb
from typing import Any

import numpy as np

from taylor.expressions.leaves import as_expression, constant, stack
from taylor.nodes.arrays import reshape
from taylor.solutions.problem import Wrt
from taylor.solutions.solved import (
    Curved,
    Nodes,
    Solved,
    powers_among,
    solved_node,
    variables_among,
)
from taylor_runtime.program.monomials import Monomials, monomials

FEW = 4  # times as many coefficients of a map as of a series, that are no more work


def raised(payload: Solved, wrt: Wrt, by: Wrt) -> tuple[np.ndarray, np.ndarray]:
    """Of a payload's monomials those times one variable of some inputs, among the monomials of the
    next order in all of `wrt`: places (terms, variables), and the powers of that variable then.
    """
    own = powers_among(payload, wrt)
    columns = variables_among(payload, by, wrt)
    powers = np.repeat(own[:, np.newaxis], len(columns), axis=1)
    here = np.arange(len(columns))
    powers[:, here, columns] += 1
    target = monomials(own.shape[1], payload.order + 1)
    places = target.find(powers.reshape(-1, own.shape[1])).reshape(powers.shape[:2])
    return places, powers[:, here, columns]


# --- series --------------------------------------------------------------------------------------


def expanded_in(
    payload: Solved, operands: Nodes, columns: Sequence[Sequence[Any]], space: Any
) -> list[Any]:
    """The coefficients beyond the value, of those of the inputs.

    columns: for each coefficient beyond the value what operands have of it, None for zeros.
    space:   an algebra of coefficients, `control.expansion.Orders` or `Degrees`.
    """
    by = tuple(
        k
        for k, size in enumerate(payload.problem.sizes(range(len(operands) - 1)))
        if size and any(column[k] is not None for column in columns)
    )
    if not by:
        return [constant(0, payload.shape)] * len(columns)
    if _is_curve(payload, by, space):
        axis = len(payload.lead)
        series = [
            stack([_coefficient(operands[k], column[k]) for column in columns], axis) for k in by
        ]
        curve = Curved(payload.problem, payload.times, (space.order, by), payload.batch)
        found = solved_node(curve, [*operands, *series])
        return [found[..., m : m + 1] for m in range(1, space.size)]
    return expanded_by_maps(payload, operands, columns, space, by)


def _is_curve(payload: Solved, by: Wrt, space: Any) -> bool:
    """Whether series in one variable take less work than a map in all that varies."""
    problem = payload.problem
    time = problem.states + problem.inputs.parameters
    count = sum(problem.sizes(by))
    single = np.shape(space.exponents)[-1] == 1 and not payload.order
    if not single or any(time in problem.inputs.listed[k].places for k in by):
        return False
    return comb(count + space.order, space.order) > FEW * (space.order + 1)


def _coefficient(operand: Any, given: Any) -> Any:
    return constant(0, operand.shape) if given is None else given


def expanded_by_maps(
    payload: Solved,
    operands: Nodes,
    columns: Sequence[Sequence[Any]],
    space: Any,
    by: Wrt,
) -> list[Any]:
    """The same from the map of the order of the algebra, in all variables of some inputs.

    Of the polynomial sum T_b h^b in the displacements h, a sum over degrees q, the highest one is
    contracted with h first: R_{q-1, b} = T_{q-1, b} + sum_i h_i (b_i + 1) / q R_{q, b + e_i}.
    """
    wrt = tuple(sorted({*payload.wrt, *by}))
    degree = space.order
    found = solved_node(payload.with_order(payload.order + degree, wrt), operands)
    # The displacements: (components, [batch,] variables), of order zero none.
    all_columns = ([None] * len(operands), *columns)
    h = stack([_one(payload, operands, by, column) for column in all_columns])
    own, here = powers_among(payload, wrt), variables_among(payload, by, wrt)
    among, every = monomials(len(here), degree), monomials(own.shape[1], payload.order + degree)
    products = _products(space)
    spread = np.einsum("mjl,jbi->bmli" if payload.lead else "mjl,ji->mli", products, h)
    first = np.zeros(space.size)
    first[0] = 1.0
    total: Any = None
    for q in range(degree, -1, -1):
        terms = among.exponents[among.of_degree(q)].astype(np.int64)
        part = _taken(found, own, terms, here, every)
        wide = part[..., None] * first
        total = wide if total is None else wide + _contracted(total, spread, among, q, payload)
    return [total[..., 0, m] for m in range(1, space.size)]


def _one(payload: Solved, operands: Nodes, by: Wrt, column: Sequence[Any]) -> Any:
    """One component of all variables: ([batch,] variables)."""
    parts = []
    for k in by:
        whole = _coefficient(operands[k], column[k])
        parts.append(reshape(whole, (*payload.lead, -1)))
    return np.concatenate(parts, axis=-1) if len(parts) > 1 else parts[0]


def _products(space: Any) -> np.ndarray:
    """1 at (m, j, l) where component j times component l is component m."""
    exponents = list(map(tuple, space.exponents))
    places = {row: k for k, row in enumerate(exponents)}
    found = np.zeros((space.size,) * 3)
    for j, a in enumerate(exponents):
        for k, b in enumerate(exponents):
            m = places.get(tuple(x + y for x, y in zip(a, b, strict=True)))
            if m is not None:
                found[m, j, k] = 1.0
    return found


def _taken(
    found: Any, own: np.ndarray, terms: np.ndarray, columns: Sequence[int], every: Monomials
) -> Any:
    """Coefficients of own monomials times others, as those of expansions about displaced points:
    (.., terms of own, terms).
    """
    powers = np.repeat(own[:, np.newaxis], len(terms), axis=1)
    powers[:, :, list(columns)] += terms
    places = every.find(powers.reshape(-1, own.shape[1])).reshape(powers.shape[:2])
    weights = np.ones(places.shape)
    for k in range(own.shape[1]):
        weights *= _binomials(powers[:, :, k], own[:, k][:, np.newaxis])
    taken = found[..., places]
    return taken if (weights == 1).all() else taken * weights


def _binomials(n: np.ndarray, k: np.ndarray) -> np.ndarray:
    return np.vectorize(comb, otypes=[float])(n, k)


def _contracted(total: Any, spread: Any, among: Monomials, q: int, payload: Solved) -> Any:
    """One degree less: sum_i h_i (b_i + 1) / (q + 1) R_{q + 1, b + e_i}."""
    low = among.exponents[among.of_degree(q)].astype(np.int64)
    count = low.shape[1]
    powers = np.repeat(low[:, np.newaxis], count, axis=1)
    here = np.arange(count)
    powers[:, here, here] += 1
    start = among.starts[q + 1]
    places = among.find(powers.reshape(-1, count)).reshape(powers.shape[:2]) - start
    weights = powers[:, here, here] / (q + 1)
    taken = total[..., places, :] * as_expression(weights[..., np.newaxis])
    if payload.lead:
        return np.einsum("btckzil,bmli->btckzm", taken, spread)
    return np.einsum("tckzil,mli->tckzm", taken, spread)
