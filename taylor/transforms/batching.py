"""Expressions for many values of their inputs at once: one axis more, the first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import is_
from typing import Any

from taylor.errors import ShapeError
from taylor.expressions.expression import Expression
from taylor.nodes.arrays import broadcast_to, reshape
from taylor.nodes.operations.table import operation
from taylor.nodes.rebuild import rebuild
from taylor.nodes.traverse import reachable


def batched(
    outputs: Sequence[Expression], seeds: Mapping[Expression, Expression], size: int
) -> list[Expression]:
    """Return expressions with one axis more, the first, for many values of their inputs.

    seeds: for each input that is not the same for all an array of its values, which has one axis
        more than the input, the first.
    size: how many values there are.

    Whatever does not depend on the inputs is repeated.

    Raises ShapeError for seeds of other shapes.

    >>> from taylor.expressions.leaves import variable
    >>> x, k, many = variable("x"), variable("k"), variable("many", shape=(3,))
    >>> batched([k * x, k], {x: many}, 3)
    [k*many, broadcast(k, (3,))]
    """
    for leaf, seed in seeds.items():
        if seed.shape != (size, *leaf.shape):
            raise ShapeError(
                f"batched: {size} values of {leaf} have shape {(size, *leaf.shape)}, not that of "
                f"{seed}, {seed.shape}"
            )
    found = Many(size).inside(outputs, seeds, None)
    pairs = zip(found, outputs, strict=True)
    return [broadcast_to(e, (size, *one.shape)) for e, one in pairs]


class Many:
    """What rules for many at once ask for.

    size:    how many there are.
    matters: for whom results matter, a condition of each; None for all.
    """

    __slots__ = ("matters", "size")

    def __init__(self, size: int, matters: Expression | None = None) -> None:
        self.size, self.matters = size, matters

    def inside(
        self,
        outputs: Sequence[Expression],
        table: Mapping[Expression, Expression],
        matters: Expression | None,
    ) -> list[Expression]:
        """Outputs for other inputs, with one axis more where they depend on an input that has."""
        many = self if matters is self.matters else Many(self.size, matters)
        done: dict[Expression, Any] = dict(table)
        wide = {e for e, found in table.items() if found.ndim > e.ndim}
        for e in reachable(outputs, stop=done.__contains__):
            if e in done:
                continue
            operands = [done[arg] for arg in e.args]
            if wide.isdisjoint(e.args):
                done[e] = e if all(map(is_, operands, e.args)) else rebuild(e, operands)
                continue
            found = many._of(e, operands)
            done[e] = found
            if isinstance(found, list) or found.ndim > e.ndim:
                wide.add(e)
        return [done[output] for output in outputs]

    def _of(self, e: Expression, operands: Sequence[Any]) -> Any:
        """A node that differs between the many; a list of all results of one that has several."""
        batch = operation(e.op).batch
        if batch is not None:
            return batch(e, operands, self)
        pairs = zip(operands, e.args, strict=True)
        ranked = [
            reshape(x, (self.size, *[1] * (e.ndim - arg.ndim), *arg.shape))
            if x.ndim > arg.ndim
            else x
            for x, arg in pairs
        ]
        return rebuild(e, ranked)
