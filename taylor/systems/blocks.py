"""Equations of arrays that stay arrays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias, overload

import numpy as np

from taylor.control.unrolled import unrolled
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import try_expression
from taylor.expressions.scalars import scalars
from taylor.nodes.arrays import broadcast_to
from taylor.nodes.regions import REGIONS, has_regions, turns
from taylor.nodes.traverse import reachable
from taylor.recurrences.arrays import are_worth_loops, array_work
from taylor.recurrences.regions.smooth import has_rules

Block: TypeAlias = tuple[Expression, Expression]  # a variable and its derivative, of one shape

# Operations whose branches `surfaces.switches` makes into modes, and those that these decide.
_OF_SIGNS = ("abs", "sign", "copysign", "minimum", "maximum", "relu", "leaky_relu", "max", "min")
_OF_TRUTH = ("lt", "le", "gt", "ge", "and", "or", "not", "where")
SWITCHED = frozenset(_OF_SIGNS + _OF_TRUTH)
FEWEST = 500  # operations on scalars of equations that are worth loops
NARROW = 6000  # the same of equations with loops, where operations have few elements: FEW
FEW = 20
WRITTEN_OUT = 1000  # the same of equations of scalars with loops, whose turns are written out


class SpelledOut(Sequence[Expression]):
    """The elements of derivatives of blocks; those of a block are made when one is asked for."""

    def __init__(self, blocks: tuple[Block, ...]) -> None:
        self.blocks = blocks
        self._made: dict[int, tuple[Expression, ...]] = {}
        self._memo: dict[Any, Any] = {}

    def _of_block(self, i: int) -> tuple[Expression, ...]:
        if i not in self._made:
            found = scalars(self.blocks[i][1], self._memo).ravel()
            self._made[i] = tuple(unrolled("the system", list(found)))
        return self._made[i]

    def __len__(self) -> int:
        return sum(state.size for state, _ in self.blocks)

    @overload
    def __getitem__(self, place: int) -> Expression: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Expression, ...]: ...
    def __getitem__(self, place: int | slice) -> Expression | tuple[Expression, ...]:
        if isinstance(place, slice):
            return tuple(self)[place]
        rest = range(len(self))[place]
        for i, (state, _) in enumerate(self.blocks):
            if rest < state.size:
                return self._of_block(i)[rest]
            rest -= state.size
        raise IndexError(place)

    def __iter__(self) -> Iterator[Expression]:
        for i in range(len(self.blocks)):
            yield from self._of_block(i)


def as_blocks(items: Sequence[tuple[Any, Any]]) -> tuple[Block, ...] | None:
    """The equations as arrays; None where they are better spelled out in scalars.

    That is where they are small, or have an operation that only scalars have rules for.
    """
    states = [state for state, _ in items if isinstance(state, Expression)]
    shapes = any(state.shape and state.size for state in states)
    if not shapes and not has_regions([e for _, e in items if isinstance(e, Expression)]):
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
    fewest = FEWEST if shapes else WRITTEN_OUT
    large = are_worth_loops(values, fewest, unrolled=True)
    if large and shapes and has_regions(values):
        large = not _is_narrow(values)
    return tuple(blocks) if large and has_rules(values, switched=SWITCHED) else None


def _is_narrow(values: Sequence[Expression]) -> bool:
    """Whether small equations have so few elements an operation, in all turns of their loops, that
    they are faster as scalars, of which the packer finds the like anywhere.
    """
    work = array_work(values, unrolled=True)
    return work <= NARROW and work < FEW * _operations(values)


def _operations(outputs: Sequence[Expression]) -> int:
    """Operations on arrays, with all turns of loops whose number is known."""
    total = 0
    for e in reachable(outputs):
        if e.op in REGIONS:
            each = sum(_operations(graph.outputs) for graph in e.payload.graphs)
            total += each * (turns(e) or 1)
        else:
            total += bool(e.args)
    return total
