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
from taylor.expressions.leaves import ONE, constant
from taylor.expressions.substitute import substitute_all
from taylor.nodes.arrays import reshape
from taylor.nodes.regions import inner_input
from taylor.solutions.along import along_of
from taylor.solutions.expansion import expanded_by_maps, raised
from taylor.solutions.expressed import rates
from taylor.solutions.problem import Wrt
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


def tangent_of(payload: Solved, operands: Nodes, tangents: Missing, by_maps: bool = False) -> Any:
    """The derivative of the result along tangents of the operands.

    by_maps: of nodes that do not have the tangents for operands.
    """
    by = _inputs_among(payload, [t is not None for t in tangents])
    terms = []
    many = None if by_maps else _many_along(payload, by)
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


def _back_by_maps(payload: Swept, operands: Nodes) -> Any:
    """The same result made of a map, of which series can be made."""
    *inputs, y = operands
    wide = _derivatives(payload.base, inputs, payload.options)
    return np.einsum("btc,btcki->bi" if payload.lead else "tc,tcki->i", y, wide)


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
        along = tangent_of(payload.base, own, tangents[:-1])[..., 0]
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
    along = tangent_of(payload.base, own[:-1], directions)[..., 0]
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


class Rules(NamedTuple):
    """Of arrays: derivatives forward and backward, and the same result made of maps, if there is
    another way to it.
    """

    tangent: Callable[[Any, Nodes, Missing], Any]
    shares: Callable[[Any, Nodes, Any, Sequence[bool]], list[Any]]
    by_maps: Callable[[Any, Nodes], Any] | None


RULES: dict[type, Rules] = {
    Solved: Rules(tangent_of, _shares, None),
    Swept: Rules(_tangent_back, _shares_back, _back_by_maps),
    Curved: Rules(_tangent_of_curve, _shares_of_curve, _by_maps),
}
