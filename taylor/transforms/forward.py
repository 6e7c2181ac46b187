"""Derivatives forward: tangents of outputs, from those of inputs, in one walk over the graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from taylor.errors import ShapeError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import constant
from taylor.nodes.arrays import broadcast_to
from taylor.nodes.logic import number
from taylor.nodes.operations.arrays.cotangents import total
from taylor.nodes.operations.table import operation
from taylor.nodes.sums import exact_value
from taylor.nodes.traverse import reachable
from taylor.transforms.terms import Term, expanded, product


def tangents(
    outputs: Sequence[Expression], seeds: Mapping[Expression, Expression]
) -> list[Expression]:
    """Return the derivative of every output along a direction: an expression of its shape.

    seeds: for each input that changes, its component of the direction, of the input's shape.
    Inputs are variables, parameters, time, or elements of arrays that are spelled out.  Others are
    held fixed; comparisons, `floor` and places of extremes count as constant.

    Arrays stay arrays: n operations have derivatives of O(n) operations.

    Raises ShapeError for a seed of another shape, UnsupportedFunctionError for a function without a
    derivative.

    >>> from taylor.expressions.leaves import variable
    >>> x, dx = variable("x", shape=(3,)), variable("dx", shape=(3,))
    >>> tangents([(x * x).sum()], {x: dx})
    [2*sum(x*dx)]
    """
    for x, seed in seeds.items():
        if seed.shape != x.shape:
            raise ShapeError(f"tangents: the seed of {x} has shape {seed.shape}, not {x.shape}")
    found = _along(outputs, seeds)
    return [
        constant(0, output.shape) if tangent is None else number(tangent)
        for output, tangent in zip(outputs, found, strict=True)
    ]


def _along(
    outputs: Sequence[Expression], seeds: Mapping[Expression, Expression]
) -> list[Expression | None]:
    """The tangents; None for those that are zero."""
    roots = expanded(outputs, seeds.__contains__)
    found: dict[Expression, Any] = {x: t for x, t in seeds.items() if exact_value(t) != 0}
    for e in reachable(roots, stop=seeds.__contains__):
        if e in seeds or not any(arg in found for arg in e.args):
            continue
        record = operation(e.op)
        if record.widen is not None:  # all results, each with its tangent
            found[e] = record.widen(e, [_one(found.get(arg)) for arg in e.args], inside)
            continue
        if record.tangent is not None:
            tangent = record.tangent(e, found)
        else:
            terms: list[Term] = []
            slopes = record.slopes(e, [arg in found for arg in e.args])
            for arg, partial in zip(e.args, slopes, strict=True):
                if arg in found and partial is not None:
                    terms.append(product(partial, found[arg]))
            tangent = total(terms, e.shape)
        if exact_value(tangent) != 0:
            found[e] = tangent if tangent.shape == e.shape else broadcast_to(tangent, e.shape)
    return [found.get(root) for root in roots]


def _one(tangent: Expression | None) -> list[Expression] | None:
    """The further components of an operand: one, or none."""
    return None if tangent is None else [tangent]


def inside(
    roots: Sequence[Expression], seeds: Mapping[Expression, Sequence[Expression]]
) -> list[list[Expression] | None]:
    """Tangents of the outputs of a graph inside a node, along one direction or several; None for
    outputs that change along none.
    """
    width = max((len(components) for components in seeds.values()), default=0)
    columns = [
        _along(roots, {x: components[k] for x, components in seeds.items()}) for k in range(width)
    ]
    found: list[list[Expression] | None] = []
    for root, row in zip(roots, zip(*columns, strict=True), strict=True):
        zero = constant(0, root.shape)
        steady = all(tangent is None for tangent in row)
        found.append(None if steady else [zero if t is None else t for t in row])
    return found
