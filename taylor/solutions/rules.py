"""What transforms ask of solutions: derivatives, series, batches.

A node `solution` has the coefficients of polynomials in displacements of some inputs.  They are all
that derivatives are made of: the derivative of a coefficient by an input is another one times a
number, of a node whose order is one higher.  By the times that the solution is wanted at, it is the
right-hand side there (`rates`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from taylor.control.expansion import Orders
from taylor.definitions.ruled import coefficients_along
from taylor.errors import UnsupportedFunctionError
from taylor.expressions.leaves import ONE, ZERO, constant, stack
from taylor.expressions.scalars import scalars
from taylor.expressions.substitute import substitute_all
from taylor.nodes.arrays import broadcast_to, reshape
from taylor.nodes.conversion import object_vector
from taylor.nodes.logic import where
from taylor.nodes.operation import ATOM, Operation, Text, add_operations, listed
from taylor.nodes.operations.places import pick
from taylor.nodes.operations.reductions import arg_extreme
from taylor.nodes.operations.rounding import no_error
from taylor.nodes.regions import Graph, inner_input, part, parts, region_node
from taylor.numbers.precision import FLOAT64
from taylor.solutions.along import along_of
from taylor.solutions.expansion import expanded_by_maps, expanded_in, raised
from taylor.solutions.problem import Wrt
from taylor.solutions.rates import rates
from taylor.solutions.solved import Curved, Nodes, Outside, Solved, Swept, solved_node
from taylor.solutions.swept import may_be_swept
from taylor.transforms.forward import tangents
from taylor.transforms.reverse import adjoints

Missing = Sequence[Any]  # nodes, None for those that are zero
MANY = 16  # variables, from which on solutions are gone back over, or taken along one direction


# --- derivatives of arrays -----------------------------------------------------------------------


def _flat(x: Any, payload: Outside) -> Any:
    """The elements of an input along one axis, behind that of a batch."""
    return reshape(x, (*payload.lead, -1))


def _derivatives(payload: Solved, operands: Nodes, by: Wrt) -> Any:
    """Those of the result by the elements of some inputs: one axis more, the last."""
    wrt = tuple(sorted({*payload.wrt, *by}))
    places, weights = raised(payload, wrt, by)
    found = solved_node(payload.with_order(payload.order + 1, wrt), operands)
    taken = found[..., places]
    return taken if (weights == 1).all() else taken * weights


def _inputs_among(payload: Solved, flags: Sequence[bool]) -> Wrt:
    """The inputs with elements, of those that are flagged."""
    sizes = payload.problem.sizes(range(len(flags) - 1))
    return tuple(k for k, size in enumerate(sizes) if flags[k] and size)


def _tangent(payload: Solved, operands: Nodes, tangents: Missing) -> Any:
    """The derivative of the result along tangents of the operands."""
    by = _inputs_among(payload, [t is not None for t in tangents])
    terms = []
    many = _many_along(payload, by)
    if many is not None:
        chosen = tuple(k for k in by if k in many)
        terms.append(_along(payload, operands, tangents, chosen))
        by = tuple(k for k in by if k not in many)
    if by:
        given = [_flat(tangents[k], payload) for k in by]
        along = given[0] if len(given) == 1 else np.concatenate(given, axis=-1)
        wide = _derivatives(payload, operands, by)
        terms.append(np.einsum("btcki,bi->btck" if payload.lead else "tcki,i->tck", wide, along))
    if tangents[-1] is not None:
        terms.append(rates(payload, operands) * tangents[-1][..., None, None])
    return sum(terms[1:], terms[0]) if terms else constant(0, payload.shape)


def _many_along(payload: Solved, by: Wrt) -> Wrt | None:
    """Inputs by which derivatives along one direction take less work than all of them do."""
    problem = payload.problem
    time = problem.states + problem.inputs.parameters
    chosen = tuple(k for k in by if time not in problem.inputs.listed[k].places)
    if payload.order or sum(problem.sizes(chosen)) < MANY:
        return None
    return chosen if along_of(problem, chosen) is not None else None


def _along(payload: Solved, operands: Nodes, tangents: Missing, by: Wrt) -> Any:
    """The derivative along tangents of many inputs, as the solution of a larger system."""
    problem = along_of(payload.problem, by)
    assert problem is not None
    given = [*operands[:-1], *(tangents[k] for k in by), operands[-1]]
    found = solved_node(Solved(problem, payload.times, (0, ()), payload.batch), given)
    return found[..., payload.problem.states :, :]


def _shares(payload: Solved, operands: Nodes, adjoint: Any, active: Sequence[bool]) -> list[Any]:
    """What operands have of the adjoint of the result."""
    by = _inputs_among(payload, active)
    found: list[Any] = [None] * len(active)
    if by:
        many = not payload.order and sum(payload.problem.sizes(by)) >= MANY
        if many and may_be_swept(payload.problem):
            back = Swept(payload.problem, payload.times, by, payload.batch)
            whole = solved_node(back, [*operands, adjoint[..., 0]])
        else:
            wide = _derivatives(payload, operands, by)
            whole = np.einsum("btck,btcki->bi" if payload.lead else "tck,tcki->i", adjoint, wide)
        first = 0
        for k, size in zip(by, payload.problem.sizes(by), strict=True):
            found[k] = reshape(whole[..., first : first + size], operands[k].shape)
            first += size
    if active[-1]:
        found[-1] = np.sum(rates(payload, operands) * adjoint, axis=(-2, -1))
    return found


# --- of what is gone back over -------------------------------------------------------------------
#
# With J the derivative of a solution x by the inputs `by`, the result is J^T y for an adjoint y.


def _tangent_back(payload: Swept, operands: Nodes, tangents: Missing) -> Any:
    """Along dy it is J^T dy; along du it has the derivative of y . (J du) by the inputs, since the
    order of two derivatives does not matter.
    """
    *inputs, y = operands
    terms = []
    if tangents[-1] is not None:
        terms.append(solved_node(payload, [*inputs, tangents[-1]]))
    if any(t is not None for t in tangents[:-1]):
        own = [inner_input(f"u{k}", x.shape) for k, x in enumerate(inputs)]
        along = _tangent(payload.base, own, tangents[:-1])[..., 0]
        wanted = [own[k] for k in payload.options]
        slopes = adjoints([np.sum(along * y)], [ONE], wanted)
        flat = [_flat(slope, payload) for slope in slopes]
        whole: Any = flat[0] if len(flat) == 1 else np.concatenate(flat, axis=-1)
        terms.append(substitute_all([whole], dict(zip(own, inputs, strict=True)))[0])
    return sum(terms[1:], terms[0]) if terms else constant(0, payload.shape)


def _shares_back(
    payload: Swept, operands: Nodes, adjoint: Any, active: Sequence[bool]
) -> list[Any]:
    """What operands have of an adjoint w: the derivatives of y . (J w)."""
    own = [inner_input(f"u{k}", x.shape) for k, x in enumerate(operands)]
    directions: list[Any] = [None] * (len(operands) - 1)
    first = 0
    for k, size in zip(payload.options, payload.problem.sizes(payload.options), strict=True):
        directions[k] = reshape(adjoint[..., first : first + size], operands[k].shape)
        first += size
    along = _tangent(payload.base, own[:-1], directions)[..., 0]
    wanted = [x for x, does in zip(own, active, strict=True) if does]
    found = iter(adjoints([np.sum(along * own[-1])], [ONE], wanted))
    listed = [next(found) if does else None for does in active]
    kept = [e for e in listed if e is not None]
    done = iter(substitute_all(kept, dict(zip(own, operands, strict=True))))
    return [None if e is None else next(done) for e in listed]


# --- of series along curves ----------------------------------------------------------------------


def _by_maps(payload: Curved, own: Nodes) -> Any:
    """The same result made of a map in all variables, which has derivatives."""
    order, by = payload.options
    count, axis = len(payload.problem.inputs.listed), len(payload.lead)
    base, operands = payload.base, own[: count + 1]
    columns: list[list[Any]] = [[None] * (count + 1) for _ in range(order)]
    for k, series in zip(by, own[count + 1 :], strict=True):
        for m in range(order):
            columns[m][k] = series[(*[slice(None)] * axis, m)]
    found = expanded_by_maps(base, operands, columns, Orders(order), by)
    return np.concatenate([solved_node(base, operands), *found], axis=-1)


def _tangent_of_curve(payload: Curved, operands: Nodes, given: Missing) -> Any:
    own = [inner_input(f"u{k}", x.shape) for k, x in enumerate(operands)]
    seeds = {x: t for x, t in zip(own, given, strict=True) if t is not None}
    found = tangents([_by_maps(payload, own)], seeds)
    return substitute_all(found, dict(zip(own, operands, strict=True)))[0]


def _shares_of_curve(
    payload: Curved, operands: Nodes, adjoint: Any, active: Sequence[bool]
) -> list[Any]:
    own = [inner_input(f"u{k}", x.shape) for k, x in enumerate(operands)]
    wanted = [x for x, does in zip(own, active, strict=True) if does]
    slopes = adjoints([_by_maps(payload, own)], [adjoint], wanted)
    found = iter(substitute_all(slopes, dict(zip(own, operands, strict=True))))
    return [next(found) if does else None for does in active]


class _Rules(NamedTuple):
    """Derivatives forward and backward, of arrays."""

    tangent: Callable[[Any, Nodes, Missing], Any]
    shares: Callable[[Any, Nodes, Any, Sequence[bool]], list[Any]]


_RULES: dict[type, _Rules] = {
    Solved: _Rules(_tangent, _shares),
    Swept: _Rules(_tangent_back, _shares_back),
    Curved: _Rules(_tangent_of_curve, _shares_of_curve),
}


# --- nodes of arrays, and of their elements ------------------------------------------------------


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
        tangent = _RULES[type(whole)].tangent
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
    """Coefficients where times vary as well: from the derivative along the operands' own."""
    own = [[inner_input(f"u{k}") for _ in range(x.size)] for k, x in enumerate(operands)]
    directions = [[inner_input(f"d u{k}") for _ in row] for k, row in enumerate(own)]
    varies = [any(column[k] is not None for column in columns) for k in range(len(own))]
    arrays = [_array(row, x) for row, x in zip(own, operands, strict=True)]
    moved = zip(directions, operands, varies, strict=True)
    along = [_array(row, x) if does else None for row, x, does in moved]
    given = [e for row in (*own, *directions) for e in row]
    tangent = _RULES[type(payload)].tangent(payload, arrays, along)
    graph = Graph(given, list(scalars(tangent).reshape(-1)))
    extras: list[Any] = []
    for k, x in enumerate(operands):
        listed = [c[k] if varies[k] and c[k] is not None else constant(0, x.shape) for c in columns]
        rows = [[one[place] for one in listed] for place in np.ndindex(*x.shape)]
        extras += rows if varies[k] else [None] * x.size
    flat = [x[place] for x in operands for place in np.ndindex(*x.shape)]
    key = ("solution", payload.problem)
    found = coefficients_along(graph, flat, extras, degrees, expand, key)
    return [reshape(stack(column), payload.shape) for column in found]


def _array(numbers: Nodes, like: Any) -> Any:
    """Numbers in the shape of an operand."""
    return reshape(stack(list(numbers)), like.shape) if numbers else constant(0, like.shape)


def _pulled(e: Any, cotangents: Missing, active: Sequence[bool]) -> list[Any]:
    payload: Outside = e.payload
    operands = _arrays(payload, e.args)
    whole = payload.of_arrays()
    shares = _RULES[type(whole)].shares
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
