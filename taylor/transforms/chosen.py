"""Elements that are chosen before they are computed, for derivatives backward.

What is computed of elements that nobody chooses has adjoints of zero, and these times a singular
slope are NaN: in the gradient of (a / b)[k], an element of b that is zero would spoil its own.
Of a[k] / b[k] the others have no part in it, and there is less to compute.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from taylor.expressions.expression import Expression
from taylor.nodes.arrays import broadcast_to
from taylor.nodes.operations.table import operation
from taylor.nodes.rebuild import rebuild
from taylor.nodes.traverse import reachable

FEW = 4  # choices from one array that are computed each by itself
PART = 4  # times that an array is larger than all that is chosen from it
DEEPEST = 50  # operations that choices are carried through

Stop = Callable[[Expression], bool]


def chosen_first(
    roots: Sequence[Expression], order: Sequence[Expression], stop: Stop
) -> tuple[Sequence[Expression], Sequence[Expression]]:
    """The roots with small parts of arrays computed from parts of operands, and their nodes.

    order: the nodes of the roots, operands first; stop: for inputs, which stay.
    """
    parts: dict[Expression, list[Expression]] = {}
    for e in order:
        if operation(e.op).chooses and not stop(e) and _is_by_element(e.args[0], stop):
            parts.setdefault(e.args[0], []).append(e)
    early = {
        e
        for array, found in parts.items()
        if len(found) <= FEW and PART * sum(e.size for e in found) <= array.size
        for e in found
    }
    if not early:
        return roots, order
    done: dict[Expression, Expression] = {}
    for e in order:
        args = [done[arg] for arg in e.args] if not stop(e) else []
        same = stop(e) or all(new is old for new, old in zip(args, e.args, strict=True))
        made = e if same else rebuild(e, args)
        if e in early and operation(made.op).chooses:
            made = _carried(made, made.args[0], stop, {}, DEEPEST)
        done[e] = made
    found = [done[root] for root in roots]
    return found, reachable(found, stop=stop)


def _is_by_element(e: Expression, stop: Stop) -> bool:
    record = operation(e.op)
    return bool(e.args and e.shape and record.elements is None and record.pullback is None) and (
        not stop(e)
    )


def _carried(
    choice: Expression,
    array: Expression,
    stop: Stop,
    known: dict[Expression, Expression],
    depth: int,
) -> Expression:
    """What a choice has of an array, computed from what it has of the array's operands."""
    found = known.get(array)
    if found is None:
        if depth and _is_by_element(array, stop):
            operands = [
                _carried(choice, broadcast_to(arg, array.shape), stop, known, depth - 1)
                if arg.shape
                else arg
                for arg in array.args
            ]
            found = rebuild(array, operands)
        else:
            found = rebuild(choice, [array, *choice.args[1:]])
        known[array] = found
    return found
