"""Equations of arrays that stay arrays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias, overload

import numpy as np

from taylor.expressions.expression import Expression
from taylor.expressions.leaves import try_expression
from taylor.expressions.scalars import scalars
from taylor.nodes.arrays import broadcast_to
from taylor.recurrences.arrays import array_work, has_rules

Block: TypeAlias = tuple[Expression, Expression]  # a variable and its derivative, of one shape

# Operations whose branches `surfaces.switches` makes into modes, and those that these decide.
_OF_SIGNS = ("abs", "sign", "minimum", "maximum", "relu", "leaky_relu", "max", "min")
_OF_TRUTH = ("lt", "le", "gt", "ge", "and", "or", "not", "where")
SWITCHED = frozenset(_OF_SIGNS + _OF_TRUTH)
FEWEST = 500  # operations on scalars of equations that are worth loops


class SpelledOut(Sequence[Expression]):
    """The elements of the derivatives of blocks, made when somebody asks for them."""

    def __init__(self, blocks: tuple[Block, ...]) -> None:
        self.blocks = blocks
        self._made: tuple[Expression, ...] | None = None

    def _elements(self) -> tuple[Expression, ...]:
        if self._made is None:
            memo: dict[Any, Any] = {}
            self._made = tuple(e for _, value in self.blocks for e in scalars(value, memo).ravel())
        return self._made

    def __len__(self) -> int:
        return sum(state.size for state, _ in self.blocks)

    @overload
    def __getitem__(self, place: int) -> Expression: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Expression, ...]: ...
    def __getitem__(self, place: int | slice) -> Expression | tuple[Expression, ...]:
        return self._elements()[place]

    def __iter__(self) -> Iterator[Expression]:
        return iter(self._elements())


def as_blocks(items: Sequence[tuple[Any, Any]]) -> tuple[Block, ...] | None:
    """The equations as arrays; None where they are better spelled out in scalars.

    That is where they are small, or have an operation that only scalars have rules for.
    """
    if not any(isinstance(e, Expression) and e.shape and e.size for e, _ in items):
        return None
    blocks: list[Block] = []
    for state, given in items:
        if not isinstance(state, Expression) or state.op != "variable":
            return None
        value = try_expression(given)
        if value is None or isinstance(value, np.ndarray):
            return None
        if value.shape != state.shape:
            try:
                value = broadcast_to(value, state.shape)
            except ValueError:
                return None
        blocks.append((state, value))
    values = [value for _, value in blocks]
    return tuple(blocks) if array_work(values) > FEWEST and has_rules(values, SWITCHED) else None
