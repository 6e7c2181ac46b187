"""Symbolic derivatives: forward through the DAG for one input, backward for many.

Both walk the DAG once, without recursion, so the derivative of n nodes has O(n) nodes.  Arrays
that are large stay arrays, small ones are spelled out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import ONE, as_expression
from taylor.expressions.scalars import scalars
from taylor.expressions.types import ExpressionLike
from taylor.nodes.conversion import from_elements, object_vector
from taylor.nodes.regions import has_regions
from taylor.recurrences.arrays import has_arrays
from taylor.transforms.forward import tangents
from taylor.transforms.reverse import adjoints

FEW = 3  # inputs by which loops are differentiated forward


def diff(expression: ExpressionLike, variable: Expression, n: int = 1) -> Expression:
    """Return the n-th derivative of an expression with respect to one scalar input.

    variable: a scalar variable, parameter, `time`, or one element of an array variable.
    Other inputs are held fixed; comparisons, `floor` and `sign` count as constant, `where` is
    differentiated branch by branch.

    Raises ArgumentTypeError if `variable` is no such input, ArgumentError for a negative n,
    UnsupportedFunctionError for a function without a derivative.

    >>> import taylor as ty
    >>> x, k = ty.variables("x k")
    >>> ty.diff(k * x**3, x, 2)
    6*k*x
    """
    root = as_expression(expression)
    target = _check_input("diff", variable)
    if not isinstance(n, (int, np.integer)) or isinstance(n, bool) or n < 0:
        raise ArgumentError(f"diff: n={n!r} has to be an int of at least 0")
    if n == 0:
        return root
    if has_arrays([root]):
        whole, unit = _as_seed(target)
        for _ in range(n):
            (root,) = tangents([root], {whole: unit})
        return root
    elements = list(scalars(root).reshape(-1))
    for _ in range(n):
        elements = tangents(elements, {target: ONE})
    return from_elements(object_vector(elements).reshape(root.shape))


def grad_expressions(
    expression: ExpressionLike, variables: Sequence[Expression]
) -> list[Expression]:
    """Return the partial derivatives of a scalar expression, one backward pass for all of them.

    variables: scalar inputs, or array inputs, whose derivative is an array of their shape.

    Raises ArgumentTypeError if one of them is no input, ArgumentError for an array expression.

    >>> import taylor as ty
    >>> x, y = ty.variables("x y")
    >>> ty.grad_expressions(x**2 * y, [x, y])
    [2*x*y, x**2]
    """
    root = as_expression(expression)
    if root.shape:
        raise ArgumentError(
            f"grad_expressions: the expression has shape {root.shape}; take one element of it"
        )
    for variable in variables:
        _check_input("grad_expressions", variable, scalar=False)
    if has_arrays([root]):
        return _of_arrays(root, variables)
    scalar = scalars(root).item()
    leaves = [leaf for variable in variables for leaf in scalars(variable).reshape(-1)]
    if len(leaves) <= FEW and has_regions([scalar]):  # without keeping what turns began with
        parts = [tangents([scalar], {leaf: ONE})[0] for leaf in leaves]
    else:
        parts = adjoints([scalar], [ONE], leaves)
    found, place = [], 0
    for variable in variables:
        own = object_vector(parts[place : place + variable.size])
        found.append(from_elements(own.reshape(variable.shape)))
        place += variable.size
    return found


def _of_arrays(root: Expression, variables: Sequence[Expression]) -> list[Expression]:
    """Partial derivatives by inputs, or by elements of them."""
    wholes = list(dict.fromkeys(v.args[0] if v.args else v for v in variables))
    found = dict(zip(wholes, adjoints([root], [ONE], wholes), strict=True))
    return [found[v.args[0]][v.payload] if v.args else found[v] for v in variables]


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
    return tangents(roots, {_check_input("directional", e): d for e, d in directions.items()})


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


def _as_seed(target: Expression) -> tuple[Expression, Expression]:
    """An input and the direction along it that a scalar input, or an element, is."""
    if target.op != "index":
        return target, ONE
    (whole,) = target.args
    unit = np.zeros(whole.shape)
    unit[target.payload] = 1.0
    return whole, as_expression(unit)
