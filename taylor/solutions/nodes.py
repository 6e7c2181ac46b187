"""Nodes `solution`, of arrays and of single numbers: their record, and what its walks ask.

There are two forms: with arrays for operands and result, of which the rules are, and with their
elements, where a program is spelled out in scalars.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from taylor.definitions.ruled import coefficients_along
from taylor.errors import UnsupportedFunctionError
from taylor.expressions.leaves import ZERO, constant, stack
from taylor.expressions.scalars import scalars
from taylor.expressions.substitute import substitute_all
from taylor.nodes.arrays import broadcast_to, reshape
from taylor.nodes.conversion import object_vector
from taylor.nodes.logic import where
from taylor.nodes.operation import ATOM, Operation, Text, add_operations, listed
from taylor.nodes.operations.arrays.places import pick
from taylor.nodes.operations.arrays.reductions import arg_extreme
from taylor.nodes.operations.scalars.rounding import no_error
from taylor.nodes.regions import Graph, inner_input, part, parts, region_node
from taylor.numbers.precision import FLOAT64
from taylor.solutions.expansion import expanded_in
from taylor.solutions.rules import RULES, Missing, tangent_of
from taylor.solutions.solved import Nodes, Outside, Solved, solved_node


def _arrays(payload: Outside, numbers: Missing) -> list[Any]:
    """Arrays of single numbers, None where all of them are."""
    if not payload.flat:
        return list(numbers)
    found: list[Any] = []
    first = 0
    for shape in payload.given:
        size = int(np.prod(shape, dtype=int))
        own, first = numbers[first : first + size], first + size
        if all(x is None for x in own) and own:
            found.append(None)
        elif own:
            found.append(reshape(stack([ZERO if x is None else x for x in own]), shape))
        else:
            found.append(constant(0, shape))
    return found


def _elements(payload: Outside, array: Any) -> list[Any]:
    """The results that an array stands for: itself, or its elements."""
    return [array[place] for place in np.ndindex(*payload.shape)] if payload.flat else [array]


def _widened(e: Any, extras: Sequence[Any], expand: Any) -> list[list[Any]]:
    """All results with tangents, or Taylor coefficients beyond the value."""
    payload: Outside = e.payload
    if all(extra is None for extra in extras):
        return [[result] for result in parts(e)]
    width = next(len(extra) for extra in extras if extra is not None)
    operands = _arrays(payload, e.args)
    columns = [
        _arrays(payload, [None if extra is None else extra[k] for extra in extras])
        for k in range(width)
    ]
    whole = payload.of_arrays()
    degrees = getattr(expand, "degrees", [1] * width)
    if max(degrees) == 1:
        tangent = RULES[type(whole)].tangent
        found = [tangent(whole, operands, column) for column in columns]
    elif isinstance(whole, Solved) and all(column[-1] is None for column in columns):
        found = expanded_in(whole, operands, columns, expand.space)
    else:
        found = _by_degrees(whole, operands, columns, degrees, expand)
    rows = zip(*[_elements(payload, array) for array in found], strict=True)
    return [[part(e, k), *row] for k, row in enumerate(rows)]


def _by_degrees(
    payload: Outside,
    operands: Nodes,
    columns: Sequence[Missing],
    degrees: Sequence[int],
    expand: Any,
) -> list[Any]:
    """Coefficients beyond the value where times vary as well, or of other results than solutions.

    All is made of maps of what does not vary by itself: those of a solution follow from its
    derivative along the operands' own coefficients (`coefficients_along`).
    """
    own = [[inner_input(f"u{k}") for _ in range(x.size)] for k, x in enumerate(operands)]
    arrays = [_array(row, x) for row, x in zip(own, operands, strict=True)]
    flat = [x[place] for x in operands for place in np.ndindex(*x.shape)]
    extras: list[Any] = []
    for k, x in enumerate(operands):
        listed = [constant(0, x.shape) if c[k] is None else c[k] for c in columns]
        steady = all(c[k] is None for c in columns)
        rows = [[one[place] for one in listed] for place in np.ndindex(*x.shape)]
        extras += [None] * x.size if steady else rows
    given = [x for row in own for x in row]
    by_maps = RULES[type(payload)].by_maps
    if by_maps is None:
        assert isinstance(payload, Solved)
        directions = [[inner_input(f"d u{k}") for _ in row] for k, row in enumerate(own)]
        along = [
            _array(row, x) if any(c[k] is not None for c in columns) else None
            for k, (row, x) in enumerate(zip(directions, operands, strict=True))
        ]
        tangent = tangent_of(payload, arrays, along, by_maps=True)
        given += [x for row in directions for x in row]
        graph = Graph(given, list(scalars(tangent).reshape(-1)))
        key = ("solution", payload.problem.root)
        found = coefficients_along(graph, flat, extras, degrees, expand, key)
        return [reshape(stack(column), payload.shape) for column in found]
    outputs = list(scalars(by_maps(payload, arrays)).reshape(-1))
    seeds = {x: extra for x, extra in zip(given, extras, strict=True) if extra is not None}
    wide = expand(outputs, seeds)
    table = dict(zip(given, flat, strict=True))
    rows = [[ZERO] * len(degrees) if row is None else row for row in wide]
    columns_found = [substitute_all(list(column), table) for column in zip(*rows, strict=True)]
    return [reshape(stack(column), payload.shape) for column in columns_found]


def _array(numbers: Nodes, like: Any) -> Any:
    """Numbers in the shape of an operand."""
    return reshape(stack(list(numbers)), like.shape) if numbers else constant(0, like.shape)


def _pulled(e: Any, cotangents: Missing, active: Sequence[bool]) -> list[Any]:
    payload: Outside = e.payload
    operands = _arrays(payload, e.args)
    whole = payload.of_arrays()
    shares = RULES[type(whole)].shares
    if not payload.flat:
        return shares(whole, operands, cotangents[0], active)
    adjoint = reshape(stack([ZERO if c is None else c for c in cotangents]), payload.shape)
    flags: list[bool] = []
    first = 0
    for shape in payload.given:
        size = int(np.prod(shape, dtype=int))
        flags.append(any(active[first : first + size]))
        first += size
    found = shares(whole, operands, adjoint, flags)
    listed: list[Any] = []
    for share, shape in zip(found, payload.given, strict=True):
        places = list(np.ndindex(*shape))
        listed += [None if share is None else share[place] for place in places]
    return listed


def _of_many(e: Any, operands: Nodes, many: Any) -> list[Any]:
    """All results for many at once, which are one node again: many lanes of one ensemble."""
    payload: Outside = e.payload
    wide = [
        broadcast_to(x, (many.size, *own.shape)) for x, own in zip(operands, e.args, strict=True)
    ]
    if many.matters is not None and many.size:
        one = arg_extreme("argmax", many.matters, 0)  # whose results matter
        wide = [
            where(reshape(many.matters, (many.size, *[1] * (x.ndim - 1))), x, pick(x, one))
            for x in wide
        ]
    merged, first = [], 0
    for shape in payload.given:
        size = int(np.prod(shape, dtype=int)) if payload.flat else 1
        own, first = wide[first : first + size], first + size
        one = stack(own, axis=-1) if payload.flat else own[0]
        merged.append(reshape(one, (-1, *shape[len(payload.lead) :])))
    found = reshape(solved_node(payload.of_many(many.size), merged), (many.size, *payload.shape))
    if not payload.flat:
        return [found]
    return [found[(slice(None), *place)] for place in np.ndindex(*payload.shape)]


def _spelled(e: Any, operands: Sequence[Any], spelling: Any) -> Any:
    """The elements of the results, of a node of single numbers."""
    if e.payload.flat:
        return object_vector(parts(e))
    flat = [x for operand in operands for x in operand.reshape(-1)]
    return object_vector(parts(region_node("solution", flat, e.payload.of_numbers())))


def _value(algebra: Any, e: Any, values: Sequence[Any]) -> list[Any]:
    """All results for numbers."""
    payload: Outside = e.payload
    given = values
    if payload.flat:
        flat, given, first = np.array(values, float), [], 0
        for shape in payload.given:
            size = int(np.prod(shape, dtype=int))
            given.append(flat[first : first + size].reshape(shape))
            first += size
    planes = [np.asarray(value, float)[np.newaxis] for value in given]
    found = payload.planes(planes, FLOAT64)[0]
    return list(found.reshape(-1)) if payload.flat else [found]


def _text(e: Any, names: Any) -> Text:
    return ["solution(", *listed(e.args), ")"], ATOM


def _no_sympy(to: Any, e: Any) -> Any:
    raise UnsupportedFunctionError(
        "to_sympy: SymPy has no counterpart for the solution of a system"
    )


add_operations(
    (
        Operation(
            name="solution",
            build=lambda e, args: region_node(e.op, args, e.payload),
            text=_text,
            spelled=_spelled,
            value=_value,
            whole=_value,
            sympy=_no_sympy,
            widen=_widened,
            pullback=lambda e, results, active, walk: _pulled(e, results, active),
            batch=_of_many,
            error=no_error,
        ),
    )
)
