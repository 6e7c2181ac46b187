"""Expressions of arrays -> rows with shapes: every node stays one row."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np

from taylor.expressions.expression import Expression
from taylor.expressions.leaves import time
from taylor.nodes.operations.contractions import LETTERS
from taylor.nodes.operations.table import operation
from taylor.nodes.record import Function
from taylor.nodes.registry import functions
from taylor.nodes.traverse import reachable
from taylor.numbers.data import ArrayData
from taylor.numbers.precision import Precision, as_array
from taylor.recurrences.array_builder import ArrayBuilder
from taylor.recurrences.decompose import Decomposition
from taylor.recurrences.views import Strided
from taylor_runtime.program.arrays import (
    ArrayProgram,
    Contract,
    Join,
    Pick,
    Running,
    Scatter,
    Take,
    Total,
)
from taylor_runtime.program.program import Coefficient, Input, Term
from taylor_runtime.program.records import dataclass


@dataclass(frozen=True, slots=True)
class Lowered:
    """A program of arrays, and the numbers that it reads from memory.

    numbers: arrays of exact ones, of source "data"; table: positions, of source "table".
    """

    program: ArrayProgram
    numbers: tuple[np.ndarray, ...]
    table: np.ndarray

    def outside(self) -> dict[str, list[Any]]:
        """What the program reads from memory, by source."""
        numbers = [number for array in self.numbers for number in array.reshape(-1).tolist()]
        return {"data": numbers, "table": self.table.tolist()}

    def planes(self, kind: Precision) -> np.ndarray:
        """The numbers in a kind: shape (parts, at least one)."""
        count = sum(array.size for array in self.numbers)
        planes = np.zeros((kind.parts, max(count, 1)), kind.dtype)
        first = 0
        for array in self.numbers:
            flat, last = array.reshape(-1), first + array.size
            if array.dtype == np.float64:
                planes[0, first:last] = flat
            else:
                planes[:, first:last] = kind.to_planes(as_array(flat, kind, "constants"))
            first = last
        return planes


def lower_arrays(
    outputs: Sequence[Expression],
    inputs: Mapping[Expression, Input],
    order: int,
    derivatives: Sequence[tuple[Expression, Expression]] = (),
) -> Lowered:
    """The program of the Taylor coefficients of outputs up to `order`.

    outputs: expressions, scalars or arrays.
    inputs: the first slot of each leaf, which has as many as it has elements.
    derivatives: (state, right-hand side) of a differential equation, of one shape.
    """
    work = ArrayDecomposition(ArrayBuilder(order, bool(derivatives)), dict(inputs))
    builder = work.builder
    if derivatives:
        for state, _ in derivatives:
            work.states.append(work.leaf(state))
        work.inputs.setdefault(time, Input("time", (0,)))
    work.lower([value for _, value in derivatives] + list(outputs))
    for row, (_, value) in zip(work.states, derivatives, strict=True):
        if not (value.op == "constant" and value.payload == 0):
            term = Term(1, Coefficient(builder.own(work.rows[value], value.shape), lag=1))
            builder.define(row, (term,), times="h/n")
    rows = [builder.copied(work.rows[output], output.shape) for output in outputs]
    rows += work.states
    slots: dict[str, int] = {}
    for leaf, source in inputs.items():
        last = source.index[0] + max(leaf.size, 1)
        slots[source.source] = max(slots.get(source.source, 0), last)
    slots |= {"data": work.size, "table": sum(map(len, work.tables))}
    program = builder.array_program(rows, tuple(slots.items()))
    table = np.concatenate([np.zeros(0, np.int64), *work.tables])
    return Lowered(program, tuple(work.numbers), table)


class ArrayDecomposition(Decomposition):
    """The walk that makes rows with shapes."""

    builder: ArrayBuilder

    def __init__(self, builder: ArrayBuilder, inputs: dict[Expression, Input]) -> None:
        super().__init__(builder, inputs)
        self.numbers: list[Any] = []  # arrays of exact numbers, one after the other
        self.size = 0  # of all of them
        self.tables: list[np.ndarray] = []

    def leaf(self, e: Expression) -> int:
        """The row of an input."""
        if e not in self.rows:
            source = self.inputs[e]
            row = self.builder.array_input(source.source, source.index[0], e.shape)
            self.builder.name(row, e.payload if isinstance(e.payload, str) else str(e))
            self.rows[e] = row
        return self.rows[e]

    def _leaf(self, e: Expression) -> int:
        return self.leaf(e)

    def _absorb(self, e: Expression, operand: Expression) -> None:
        """Only what is as large: a smaller product would be made over and over again."""
        if e.shape == operand.shape:
            super()._absorb(e, operand)

    def _row(self, e: Expression) -> int:
        rule = None if e in self.inputs else operation(e.op).array_rows
        return super()._row(e) if rule is None else rule(self, e)

    def numbers_of(self, e: Expression) -> int:
        """A constant: a number, or an array of them."""
        if not isinstance(e.payload, ArrayData):
            return self.builder.number(e.payload)
        row = self.builder.array_input("data", self.size, e.shape)
        self.numbers.append(e.payload.array)
        self.size += e.size
        return row

    # -- moves ------------------------------------------------------------------------------------

    def _whole(self, e: Expression) -> int:
        """The row of an operand in its own shape."""
        return self.builder.broadcast(self.rows[e], e.shape)

    def viewed(self, e: Expression, make: Callable[[Strided], Strided | None]) -> int:
        """A view of the operand; of a copy where it is none of the operand's row."""
        row = self._whole(e.args[0])
        view = make(self.builder.strided(row))
        if view is None:
            view = make(self.builder.strided(self.builder.whole(row)))
        assert view is not None
        return self.builder.view(view)

    def taken(self, e: Expression) -> int:
        source = self.builder.whole(self._whole(e.args[0]))
        return self.builder.moved(Take(source, self._table(e.payload)), e.shape)

    def scattered(self, e: Expression) -> int:
        return self.builder.moved(
            Scatter(self._whole(e.args[0]), self._table(e.payload[0])), e.shape
        )

    def _table(self, positions: Any) -> int:
        first = sum(map(len, self.tables))
        self.tables.append(positions.array.reshape(-1))
        return first

    def stacked(self, e: Expression) -> int:
        parts = []
        for arg in e.args:
            view = self.builder.strided(self._whole(arg))
            parts.append(self.builder.view(view.indexed((None, *((0, n, 1) for n in arg.shape)))))
        return self.builder.moved(Join(tuple(parts), 0), e.shape)

    def joined(self, e: Expression) -> int:
        return self.builder.moved(Join(tuple(map(self._whole, e.args)), e.payload), e.shape)

    # -- sums -------------------------------------------------------------------------------------

    def total(self, e: Expression, axes: tuple[int, ...], kind: str) -> int:
        """A sum over axes, or the place of an extreme."""
        return self.builder.moved(Total(self._whole(e.args[0]), axes, kind), e.shape)

    def extreme(self, e: Expression, axes: tuple[int, ...], kind: str) -> int:
        """The largest or smallest element: that which it is at order zero."""
        source = self._whole(e.args[0])
        if self.builder.is_steady(source):
            return self.builder.moved(Total(source, axes, kind), e.shape)
        source = self._last(source, axes)
        last = len(self.builder.shape(source)) - 1
        places = self.builder.moved(Total(source, (last,), f"arg{kind}"), e.shape)
        return self.builder.moved(Pick(source, places, last), e.shape)

    def product_over(self, e: Expression, axes: tuple[int, ...]) -> int:
        return self._product_along(self._whole(e.args[0]), axes)

    def _last(self, row: int, axes: tuple[int, ...]) -> int:
        """The row with some axes made one, the last."""
        builder, view = self.builder, self.builder.strided(row)
        kept = [axis for axis in range(len(view.shape)) if axis not in axes]
        shape = (*(view.shape[axis] for axis in kept), math.prod(view.shape[a] for a in axes))
        turned = view.transposed((*kept, *axes))
        made = turned.reshaped(shape)
        if made is None:
            copy = builder.whole(builder.view(turned))
            made = builder.strided(copy).reshaped(shape)
        assert made is not None
        return builder.view(made)

    def _product_along(self, source: int, axes: tuple[int, ...]) -> int:
        """Products of pairs, then of pairs of these, until one is left."""
        builder = self.builder
        row = self._last(source, axes)
        while True:
            *shape, size = builder.shape(row)
            if size == 0:
                return builder.broadcast(builder.number(1), tuple(shape))
            view, everything = builder.strided(row), tuple((0, n, 1) for n in shape)
            if size == 1:
                return builder.view(view.indexed((*everything, 0)))
            half = size // 2
            low = builder.view(view.indexed((*everything, (0, half, 1))))
            high = builder.view(view.indexed((*everything, (half, half, 1))))
            product = builder.product(low, high)
            if size % 2:
                rest = builder.view(view.indexed((*everything, (size - 1, 1, 1))))
                joined = (*shape, half + 1)
                product = builder.moved(Join((product, rest), len(shape)), joined)
            row = builder.whole(product)

    def running_sum(self, e: Expression) -> int:
        return self.builder.moved(Running(self._whole(e.args[0]), e.payload), e.shape)

    def running_product(self, e: Expression) -> int:
        return self._running_product(self._whole(e.args[0]), e.payload)

    def _running_product(self, row: int, axis: int) -> int:
        """Products of 2, 4, 8, ... neighbours, each by that of as many before."""
        builder = self.builder
        shape = builder.shape(row)
        before = [(0, n, 1) for n in shape]
        size, distance = shape[axis], 1
        while distance < size:
            view = builder.strided(builder.whole(row))
            start, low, high = list(before), list(before), list(before)
            start[axis] = (0, distance, 1)
            low[axis], high[axis] = (0, size - distance, 1), (distance, size - distance, 1)
            product = builder.product(*(builder.view(view.indexed(part)) for part in (low, high)))
            row = builder.moved(Join((builder.view(view.indexed(start)), product), axis), shape)
            distance *= 2
        return row

    def matmul(self, e: Expression) -> int:
        a, b = e.args
        batch = LETTERS[: len(e.shape) - (a.ndim > 1) - (b.ndim > 1)]
        row, inner, column = list(LETTERS[len(batch) : len(batch) + 3])
        first = batch[len(batch) - max(a.ndim - 2, 0) :] + row * (a.ndim > 1) + inner
        second = batch[len(batch) - max(b.ndim - 2, 0) :] + inner + column * (b.ndim > 1)
        kept = batch + row * (a.ndim > 1) + column * (b.ndim > 1)
        return self.contracted(e, f"{first},{second}->{kept}")

    def contracted(self, e: Expression, subscripts: str) -> int:
        """A sum of products; axes of one element go with every size."""
        sizes = dict(zip(subscripts.split("->")[1], e.shape, strict=True))
        operands = subscripts.split("->")[0].split(",")
        rows = []
        for arg, letters in zip(e.args, operands, strict=True):
            wide = tuple(max(n, sizes.get(x, n)) for n, x in zip(arg.shape, letters, strict=True))
            rows.append(self.builder.broadcast(self._whole(arg), wide))
        return self.builder.moved(Contract(rows[0], rows[1], subscripts), e.shape)


FEWEST = 400  # operations on scalars that are worth loops


def array_work(outputs: Sequence[Expression]) -> int:
    """Operations on scalars that expressions would be if they were spelled out."""
    return sum(work_of(e) for e in reachable(outputs) if e.args)


def work_of(e: Expression) -> int:
    """Operations on scalars that one operation would be."""
    sizes = [arg.size for arg in e.args]
    if len(sizes) == 2 and operation(e.op).whole is not None:  # a contraction: all pairs that meet
        return math.isqrt(max(e.size, 1) * max(sizes[0], 1) * max(sizes[1], 1))
    return max(e.size, *sizes)


def has_rules(outputs: Sequence[Expression], switched: Collection[str] = ()) -> bool:
    """Whether rows with shapes can be made of all operations, and have one series wherever they are
    defined, as differential equations want it.

    switched: operations whose branches are made into modes, so that these may have several.
    """
    return all(not e.args or e.op in switched or is_smooth(e) for e in reachable(outputs))


def is_smooth(e: Expression) -> bool:
    """Whether an operation has one series wherever it is defined."""
    record = functions.get(e.op)
    if record is not None:
        return record.recurrence is not None and not _has_branches(record)
    known = operation(e.op)
    if known.array_rows is None and known.rows is None:
        return False
    return known.smooth(e, [2] * len(e.args), [True] * len(e.args))


def _has_branches(record: Function) -> bool:
    return record.jumps or record.edge is not None or record.branches is not None


def has_arrays(outputs: Sequence[Expression]) -> bool:
    """Whether expressions are so large that their arrays stay arrays."""
    nodes = reachable(outputs)
    if not any(e.shape for e in nodes) or array_work(outputs) <= FEWEST:
        return False
    return all(operation(e.op).spelled is None for e in nodes)
