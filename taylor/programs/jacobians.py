"""Jacobians and Hessians of Python functions, with the signatures and the meaning of JAX's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from taylor.expressions.arguments import argument, traced
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import as_expression
from taylor.nodes.arrays import index_entries, reshape, transpose
from taylor.programs.arguments import checked_argnums
from taylor.programs.differentiated import Differentiated
from taylor.programs.program import Program
from taylor.transforms.batching import batched
from taylor.transforms.forward import tangents
from taylor.transforms.reverse import adjoints

# Of outputs and arguments: the derivatives of each by each, of shape output + argument.
Rows = list[list[Expression]]


def jacfwd(
    fun: Callable[..., Any],
    argnums: int | Sequence[int] = 0,
    has_aux: bool = False,
    *,
    precision: str = "float64",
) -> Program[..., Any]:
    """Return a function that gives the Jacobian of `fun`, by derivatives along each coordinate.

    fun:     an ordinary function of numbers, NumPy arrays, and tuples, lists, dictionaries or
             dataclasses of these, that returns the like.
    argnums: which argument to differentiate by, or several; derivatives are then tuples.
    has_aux: `fun` returns a pair (value, aux); the result is a pair (Jacobian, aux).
    precision: "float64", "float32" or "double-double".

    Every number or array in the value of `fun` becomes its derivative by the argument, in the
    structure of the argument, each of the shape of the output followed by that of the input.  The
    cost is that of `fun` times the number of inputs; all of them are one loop in machine code.

    >>> import numpy as np, taylor as ty
    >>> ty.jacfwd(lambda x: x**2)(np.array([1.0, 2.0])).tolist()
    [[2.0, 0.0], [0.0, 4.0]]
    """
    return _jacobian("jacfwd", _by_columns, fun, argnums, has_aux, precision)


def jacrev(
    fun: Callable[..., Any],
    argnums: int | Sequence[int] = 0,
    has_aux: bool = False,
    *,
    precision: str = "float64",
) -> Program[..., Any]:
    """Return a function that gives the Jacobian of `fun`, backwards from each output.

    As `taylor.jacfwd`; the cost is that of a few values of `fun` times the number of outputs.

    >>> import numpy as np, taylor as ty
    >>> ty.jacrev(lambda x: np.sum(x**2))(np.array([1.0, 2.0])).tolist()
    [2.0, 4.0]
    """
    return _jacobian("jacrev", _by_rows, fun, argnums, has_aux, precision)


def jacobian(
    fun: Callable[..., Any],
    argnums: int | Sequence[int] = 0,
    has_aux: bool = False,
    *,
    precision: str = "float64",
) -> Program[..., Any]:
    """Return a function that gives the Jacobian of `fun`, in the cheaper one of the two ways.

    As `taylor.jacfwd` and `taylor.jacrev`: forward unless there are many more inputs than outputs.

    >>> import numpy as np, taylor as ty
    >>> def polar(p):
    ...     return {"x": p["r"] * np.cos(p["phi"]), "y": p["r"] * np.sin(p["phi"])}
    >>> slopes = ty.jacobian(polar)({"r": 2.0, "phi": 0.0})
    >>> float(slopes["x"]["r"]), float(slopes["y"]["phi"])
    (1.0, 2.0)
    """
    return _jacobian("jacobian", _cheaper, fun, argnums, has_aux, precision)


def hessian(
    fun: Callable[..., Any],
    argnums: int | Sequence[int] = 0,
    has_aux: bool = False,
    *,
    precision: str = "float64",
) -> Program[..., Any]:
    """Return a function that gives the Hessian of `fun`: all second derivatives.

    Arguments are those of `taylor.jacfwd`.  Of a number by an array of shape s the result has the
    shape s + s; of containers it is nested twice.  Gradients are differentiated forward.

    >>> import numpy as np, taylor as ty
    >>> ty.hessian(lambda x: x[0] ** 2 * x[1])(np.array([1.0, 3.0])).tolist()
    [[6.0, 2.0], [2.0, 0.0]]
    """
    inner = _jacobian("hessian", _by_rows, fun, argnums, has_aux, precision)
    outer = _jacobian("hessian", _by_columns, inner, argnums, has_aux, precision)
    outer.__wrapped__ = fun
    return outer


Way = Callable[[Differentiated], Rows]


def _jacobian(
    name: str, way: Way, fun: Any, argnums: Any, has_aux: bool, precision: str
) -> Program[..., Any]:
    checked_argnums(name, argnums)
    build = partial(_rows_of, name, way, fun, argnums, has_aux)
    return Program(name, fun, build, (), precision)


def _rows_of(
    name: str, way: Way, fun: Any, argnums: Any, has_aux: bool, /, *args: Any, **kwargs: Any
) -> Any:
    found = Differentiated(name, fun, args, kwargs, argnums, has_aux)
    with traced(found.own):
        rows = way(found)
    extra = [] if found.aux is None else found.aux.nodes
    *rows, extra = found.at_given(*rows, extra)
    result = found.value.tree.build([found.of_arguments(row) for row in rows])
    return result if found.aux is None else (result, found.aux.tree.build(extra))


def _cheaper(found: Differentiated) -> Rows:
    inputs, outputs = (sum(e.size for e in listed) for listed in (found.own, found.outputs))
    return _by_columns(found) if inputs <= 2 * outputs else _by_rows(found)


def _by_columns(found: Differentiated) -> Rows:
    """Derivatives along each coordinate of the arguments, one batch of directions for all."""
    own, outputs = found.own, found.outputs
    directions = [argument("direction", x.shape) for x in own]
    along = tangents(outputs, dict(zip(own, directions, strict=True)))
    parts = _at_basis(along, directions)  # (inputs, *output) each
    return [
        [_output_first(block, output.shape, x.shape) for block, x in zip(blocks, own, strict=True)]
        for blocks, output in zip(parts, outputs, strict=True)
    ]


def _output_first(block: Expression, output: tuple[int, ...], given: tuple[int, ...]) -> Expression:
    """A block of shape (inputs, *output) as one of shape (*output, *input)."""
    turned = transpose(block, [*range(1, block.ndim), 0])
    return reshape(turned, (*output, *given))


def _by_rows(found: Differentiated) -> Rows:
    """Derivatives of each coordinate of the outputs, one batch of weights for all."""
    own, outputs = found.own, found.outputs
    weights = [argument("weight", e.shape) for e in outputs]
    slopes = adjoints(outputs, weights, own)
    parts = _at_basis(slopes, weights)  # (outputs, *input) each
    return [
        [
            reshape(blocks[k], (*output.shape, *x.shape))
            for blocks, x in zip(parts, own, strict=True)
        ]
        for k, output in enumerate(outputs)
    ]


def _at_basis(linear: Sequence[Expression], inputs: Sequence[Expression]) -> Rows:
    """What is linear in its inputs, at each unit vector: for each expression, and each input, a
    batch of as many as the input has elements.
    """
    sizes = [x.size for x in inputs]
    total = sum(sizes)
    seeds: dict[Expression, Expression] = {}
    first = 0
    for x, size in zip(inputs, sizes, strict=True):
        columns = np.zeros((total, size))
        columns[first : first + size] = np.eye(size)
        seeds[x] = as_expression(columns.reshape(total, *x.shape))
        first += size
    found = batched(linear, seeds, total)
    ends = np.cumsum([0, *sizes]).tolist()
    return [[_rows(e, start, stop - start) for start, stop in pairwise(ends)] for e in found]


def _rows(e: Expression, first: int, count: int) -> Expression:
    rest = [(0, size, 1) for size in e.shape[1:]]
    found: Expression = index_entries(e, ((first, count, 1), *rest))
    return found
