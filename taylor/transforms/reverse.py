"""Derivatives backward: adjoints of all inputs in one walk over the graph.

A node that only matters where some condition holds is *guarded*: its partial derivatives may be
singular elsewhere, and zero times infinity must not spoil the sum.  Guards of all that has not been
chosen from an array would cost as much again, in products of matrices above all: small choices are
made before anything is computed instead (`chosen.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from taylor.errors import ShapeError, UnsupportedFunctionError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import ONE, constant
from taylor.expressions.scalars import Spelling
from taylor.nodes.logic import number
from taylor.nodes.operations.arrays.cotangents import (
    Placed,
    either,
    guard_of,
    guarded,
    put_together,
    total,
    unbroadcast,
)
from taylor.nodes.operations.regions.guarded import with_guard
from taylor.nodes.operations.scalars.varying import varying
from taylor.nodes.operations.table import operation
from taylor.nodes.sums import exact_value, scale
from taylor.nodes.traverse import reachable
from taylor.numbers.exact import Exact
from taylor.transforms.chosen import chosen_first
from taylor.transforms.forward import inside
from taylor.transforms.terms import expanded, product

Share = tuple[Exact, Any]  # a coefficient and a node, elements that are placed, or (part, node)


def adjoints(
    outputs: Sequence[Expression], cotangents: Sequence[Expression], inputs: Sequence[Expression]
) -> list[Expression]:
    """Return for every input the derivative of sum of cotangent * output: an array of its shape.

    cotangents: expressions of the outputs' shapes.
    inputs: variables, parameters, time, or elements of arrays that are spelled out.

    One walk for all inputs; n operations have derivatives of O(n) operations, and arrays stay
    arrays.  Where a function has no derivative: equal elements share that of their maximum or
    minimum, the norm of an array that is zero counts as constant, `abs` of zero as its operand.

    Raises ShapeError for a cotangent of another shape, UnsupportedFunctionError for a function
    without a derivative.

    >>> from taylor.expressions.leaves import ONE, variable
    >>> x = variable("x", shape=(3,))
    >>> adjoints([(x**3).sum()], [ONE], [x])
    [3*x**2]
    """
    for output, cotangent in zip(outputs, cotangents, strict=True):
        if cotangent.shape != output.shape:
            raise ShapeError(
                f"adjoints: the cotangent of an output of shape {output.shape} has shape "
                f"{cotangent.shape}"
            )
    found = _back(outputs, cotangents, inputs)
    return [
        constant(0, x.shape) if adjoint is None else number(adjoint)
        for x, adjoint in zip(inputs, found, strict=True)
    ]


def _back(
    outputs: Sequence[Expression], cotangents: Sequence[Expression], inputs: Sequence[Expression]
) -> list[Expression | None]:
    """The adjoints; None for those that are zero."""
    wanted = set(inputs)
    roots: Sequence[Expression] = expanded(outputs, wanted.__contains__)
    nodes = reachable(roots, stop=wanted.__contains__)
    roots, order = chosen_first(roots, nodes, wanted.__contains__)
    walk = _Walk()
    for root, cotangent in zip(roots, cotangents, strict=True):
        if exact_value(cotangent) != 0:
            walk.contribute(root, (1, cotangent), ONE)
    active = varying(roots, wanted)
    found: dict[Expression, Expression] = {}
    for e in reversed(order):
        if e not in active:
            continue
        record = operation(e.op)
        if record.pullback is not None:
            walk.through(e, record.pullback, active)
            continue
        adjoint, guard = walk.adjoint(e)
        if adjoint is None:
            continue
        if e in wanted:
            found[e] = adjoint
            continue
        if record.check_backward is not None:
            record.check_backward(e, active.__contains__)
        for arg, share, inner in walk.shares(e, adjoint, guard, active):
            if arg in active:
                walk.contribute(arg, share, inner)
    return [found.get(x) for x in inputs]


class _Walk:
    """What the nodes further up have contributed to those below."""

    def __init__(self) -> None:
        self.contributions: dict[Expression, list[Share]] = {}
        self.guards: dict[Expression, Expression] = {}

    def contribute(self, to: Expression, share: Share, guard: Expression) -> None:
        """Add a share to a node's adjoint, and a condition under which that counts."""
        self.contributions.setdefault(to, []).append(share)
        known = self.guards.get(to)
        self.guards[to] = guard if known is None else either(known, guard)

    def adjoint(self, e: Expression) -> tuple[Any, Expression]:
        """The sum of all shares, None where it is zero, and the condition."""
        shares = self.contributions.pop(e, None)
        if shares is None:
            return None, ONE
        guard = self.guards[e]
        placed = [(factor, term) for factor, term in shares if isinstance(term, Placed)]
        terms = [(factor, term) for factor, term in shares if not isinstance(term, Placed)]
        if placed:
            terms.append((1, put_together(placed, e.shape)))
        adjoint = total(terms, e.shape)
        return None if exact_value(adjoint) == 0 else adjoint, guard

    def through(self, e: Expression, pullback: Any, active: set[Expression]) -> None:
        """From the results of a node with graphs inside to its operands."""
        shares = self.contributions.pop(e, None)
        if shares is None:
            return
        guard = self.guards[e]
        results: list[Any] = [None] * len(e.payload.shapes)
        guards = list(results)
        for _, found in shares:
            results[found.number], guards[found.number] = found.value, found.guard
        flags = [arg in active for arg in e.args]
        inner = None if guard is ONE else with_guard(e, guards)
        if inner is None:
            given, own = pullback(e, results, flags, Inside), [None] * len(e.args)
        else:
            own, more = inner.guards, inner.more
            flags[more.start : more.start] = [False] * len(more)
            given = pullback(inner.node, results, flags, Inside)
            del given[more.start : more.stop]
        for arg, share, by_element in zip(e.args, given, own, strict=True):
            if share is not None:
                counts = guard if by_element is None else by_element
                self.contribute(arg, (1, guarded(counts, share)), counts)

    def shares(
        self, e: Expression, adjoint: Any, guard: Expression, active: set[Expression]
    ) -> Iterable[tuple[Expression, Share, Expression]]:
        """Operands, their shares of a node's adjoint, and when these count."""
        record = operation(e.op)
        if record.adjoints is not None:
            for arg, term, inner in record.adjoints(e, adjoint, guard):
                yield arg, (1, term), inner
            return
        slopes = record.slopes(e, [arg in active for arg in e.args])
        for arg, partial in zip(e.args, slopes, strict=True):
            if partial is None or arg not in active:
                continue
            factor, term = product(partial, adjoint)
            if isinstance(partial, Expression):
                term = guarded(guard, term)
            yield arg, _summed(factor, term, arg), guard_of(guard, e.shape, arg.shape)


def _summed(factor: Exact, term: Expression, arg: Expression) -> Share:
    """A share of an operand, whose coefficient is found again in what is summed."""
    if term.shape == arg.shape:
        return factor, term
    return 1, scale(factor, unbroadcast(term, arg.shape))


class Inside:
    """What records of operations with graphs inside ask for (`Operation.pullback`)."""

    pulled = staticmethod(_back)
    replaced = staticmethod(Spelling.replaced)
    inside = staticmethod(inside)

    @staticmethod
    def refuse(words: str) -> NoReturn:
        """Say what is too much."""
        raise UnsupportedFunctionError(f"adjoints: {words}")
