"""Symbolic derivatives: forward through the DAG for one input, backward for many.

Both walk the DAG once, without recursion, so the derivative of n nodes has O(n) nodes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import ONE, ZERO, as_expression
from taylor.expressions.scalars import scalars
from taylor.expressions.types import ExpressionLike
from taylor.nodes.conversion import from_elements
from taylor.nodes.logic import logical, where
from taylor.nodes.operations.table import operation
from taylor.nodes.products import multiply
from taylor.nodes.regions import has_regions
from taylor.nodes.sums import combine, exact_value, linear_combination, scale
from taylor.nodes.traverse import reachable
from taylor.numbers.exact import Exact


def diff(expression: ExpressionLike, variable: Expression, n: int = 1) -> Expression:
    """Return the n-th derivative of an expression with respect to one scalar input.

    variable: a scalar variable, parameter, `time`, or one element of an array variable.
    Other inputs are held fixed; comparisons, `floor` and `sign` count as constant, `where` is
    differentiated branch by branch.

    Raises ArgumentTypeError if `variable` is no such input, ArgumentError for a negative n,
    UnsupportedFunctionError for a function without a derivative.

    >>> from taylor.expressions.leaves import variables
    >>> x, k = variables("x k")
    >>> diff(k * x**3, x, 2)
    6*k*x
    """
    root = as_expression(expression)
    target = _check_input("diff", variable)
    if not isinstance(n, (int, np.integer)) or isinstance(n, bool) or n < 0:
        raise ArgumentError(f"diff: n={n!r} has to be an int of at least 0")
    if n == 0:
        return root
    elements = list(scalars(root).reshape(-1))
    for _ in range(n):
        elements = _forward(elements, target)
    return from_elements(_object_array(elements).reshape(root.shape))


def grad_expressions(
    expression: ExpressionLike, variables: Sequence[Expression]
) -> list[Expression]:
    """Return the partial derivatives of a scalar expression, one backward pass for all of them.

    variables: scalar inputs, or array inputs, whose derivative is an array of their shape.

    Raises ArgumentTypeError if one of them is no input, ArgumentError for an array expression.

    >>> from taylor.expressions.leaves import variables
    >>> x, y = variables("x y")
    >>> grad_expressions(x**2 * y, [x, y])
    [2*x*y, x**2]
    """
    root = as_expression(expression)
    if root.shape:
        raise ArgumentError(
            f"grad_expressions: the expression has shape {root.shape}; take one element of it"
        )
    for variable in variables:
        _check_input("grad_expressions", variable, scalar=False)
    scalar = scalars(root).item()
    if has_regions([scalar]):  # loops are differentiated forward
        leaves = [leaf for variable in variables for leaf in scalars(variable).reshape(-1)]
        adjoints = {leaf: _forward([scalar], leaf)[0] for leaf in leaves}
    else:
        adjoints = _backward(scalar)
    found = []
    for variable in variables:
        parts = [adjoints.get(leaf, ZERO) for leaf in scalars(variable).reshape(-1)]
        found.append(from_elements(_object_array(parts).reshape(variable.shape)))
    return found


def directional_derivatives(
    expressions: Sequence[Expression], directions: Mapping[Expression, Expression]
) -> list[Expression]:
    """The derivatives of scalar expressions along a direction, one forward pass for all of them.

    directions: for each scalar input that changes its component of the direction.

    >>> from taylor.expressions.leaves import variables
    >>> x, y = variables("x y")
    >>> directional_derivatives([x * y, y**2], {x: ONE})
    [y, 0]
    """
    roots = [scalars(e).item() for e in expressions]
    return _forward_along(roots, {_check_input("directional", e): d for e, d in directions.items()})


def _check_input(function: str, variable: Any, scalar: bool = True) -> Expression:
    if isinstance(variable, Expression):
        if variable.op in ("variable", "parameter", "time") and not (scalar and variable.shape):
            return variable
        if variable.op == "index" and not variable.shape and not variable.args[0].args:
            return variable
    hint = " (give one element, such as q[0])" if getattr(variable, "shape", ()) else ""
    raise ArgumentTypeError(
        f"{function}: cannot differentiate with respect to {variable!r}; use a variable, a "
        f"parameter, taylor.time or an element of an array variable{hint}"
    )


def _object_array(items: Sequence[Expression]) -> np.ndarray[Any, Any]:
    array = np.empty(len(items), dtype=object)
    for i, item in enumerate(items):
        array[i] = item
    return array


def _forward(roots: list[Expression], variable: Expression) -> list[Expression]:
    """Tangents of scalar roots by one variable."""
    return _forward_along(roots, {variable: ONE})


def _forward_along(
    roots: list[Expression], seeds: Mapping[Expression, Expression]
) -> list[Expression]:
    """Tangents of scalar roots; a missing tangent is zero."""
    tangents: dict[Expression, Any] = dict(seeds)
    for e in reachable(roots, stop=lambda node: node in seeds):
        if e in seeds or not any(arg in tangents for arg in e.args):
            continue
        record = operation(e.op)
        if record.widen is not None:
            tangents[e] = record.widen(e, [_one(tangents.get(arg)) for arg in e.args], _inside)
            continue
        if record.tangent is not None:
            tangent = record.tangent(e, tangents)
        else:
            terms: list[tuple[Exact, Expression]] = []
            slopes = record.slopes(e, [arg in tangents for arg in e.args])
            for arg, partial in zip(e.args, slopes, strict=True):
                if arg in tangents and partial is not None:
                    terms.append(_times(partial, tangents[arg]))
            tangent = _total(terms)
        if exact_value(tangent) != 0:
            tangents[e] = tangent
    return [tangents.get(root, ZERO) for root in roots]


def _one(tangent: Expression | None) -> list[Expression] | None:
    """The further components of an operand: one, or none."""
    return None if tangent is None else [tangent]


def _inside(
    roots: Sequence[Expression], seeds: Mapping[Expression, Sequence[Expression]]
) -> list[list[Expression] | None]:
    """Tangents of the outputs of a graph inside a node; None for those that are zero."""
    found = _forward_along(list(roots), {x: tangent for x, (tangent,) in seeds.items()})
    return [None if exact_value(tangent) == 0 else [tangent] for tangent in found]


def _backward(root: Expression) -> dict[Expression, Expression]:
    """Adjoints of all nodes under a scalar root: the derivative of the root by each of them.

    A node that only matters where some condition holds is *guarded*: its partial derivatives may be
    singular elsewhere, and zero times infinity must not spoil the sum.
    """
    contributions: dict[Expression, list[tuple[Exact, Expression]]] = {root: [(1, ONE)]}
    guards: dict[Expression, Expression] = {root: ONE}
    adjoints: dict[Expression, Expression] = {}

    def contribute(to: Expression, term: tuple[Exact, Expression], guard: Expression) -> None:
        contributions.setdefault(to, []).append(term)
        known = guards.get(to)
        guards[to] = guard if known is None else logical("or", known, guard)

    for e in reversed(reachable([root])):
        terms = contributions.pop(e, None)
        if terms is None:
            continue
        adjoint, guard = _total(terms), guards[e]
        adjoints[e] = adjoint
        record = operation(e.op)
        if not e.args or record.moves or exact_value(adjoint) == 0:
            continue
        if record.adjoints is not None:
            for arg, term, inner in record.adjoints(e, adjoint, guard):
                contribute(arg, (1, term), inner)
            continue
        for arg, partial in zip(e.args, record.slopes(e, [True] * len(e.args)), strict=True):
            if partial is None or arg.op == "constant":
                continue
            factor, term = _times(partial, adjoint)
            if guard is not ONE and isinstance(partial, Expression):
                term = where(guard, term, 0)
            contribute(arg, (factor, term), guard)
    return adjoints


def _total(terms: list[tuple[Exact, Expression]]) -> Expression:
    if len(terms) == 1:
        return scale(*terms[0])
    if len(terms) == 2:
        return combine(*terms[0], *terms[1])
    return linear_combination(terms)


def _times(partial: Exact | Expression, value: Expression) -> tuple[Exact, Expression]:
    if isinstance(partial, Expression):
        return 1, multiply(partial, value)
    return partial, value
