"""Expressions of arrays -> rows with shapes: every node stays one row."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from taylor.expressions.expression import Expression
from taylor.expressions.leaves import time
from taylor.nodes.operations.arrays.contractions import LETTERS
from taylor.nodes.operations.table import operation
from taylor.nodes.regions import REGIONS, Graph, has_regions, turns
from taylor.nodes.traverse import reachable
from taylor.numbers.data import ArrayData
from taylor.numbers.precision import Precision, as_array
from taylor.recurrences.array_builder import ArrayBuilder
from taylor.recurrences.decompose import Decomposition, decompose
from taylor.recurrences.regions.calls import with_calls_once
from taylor.recurrences.regions.kept import Kept
from taylor.recurrences.regions.rows import array_part_row, is_of_numbers, needs_arrays
from taylor.recurrences.views import Strided
from taylor_runtime.program.arrays import (
    ArrayProgram,
    Contract,
    Join,
    Pick,
    Put,
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
    own: int | None = None,
) -> Lowered:
    """The program of the Taylor coefficients of outputs up to `order`.

    outputs: expressions, scalars or arrays; the first `own` (by default all) get copies.
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
    rows = builder.outputs([(work.rows[e], e.shape) for e in outputs], own) + work.states
    slots: dict[str, int] = {}
    for leaf, source in inputs.items():
        last = source.index[0] + max(leaf.size, 1)
        slots[source.source] = max(slots.get(source.source, 0), last)
    slots |= {"data": work.kept.size, "table": work.kept.length}
    program = builder.array_program(rows, tuple(slots.items()))
    table = np.concatenate([np.zeros(0, np.int64), *work.kept.tables])
    return Lowered(program, tuple(work.kept.numbers), table)


class ArrayDecomposition(Decomposition):
    """The walk that makes rows with shapes."""

    builder: ArrayBuilder

    def __init__(
        self,
        builder: ArrayBuilder,
        inputs: dict[Expression, Input],
        outer: ArrayDecomposition | None = None,
    ) -> None:
        super().__init__(builder, inputs)
        self.kept: Kept = Kept() if outer is None else outer.kept  # shared with programs inside

    def within(
        self,
        graph: Graph,
        varies: Sequence[bool],
        wanted: Sequence[bool],
        order: int | None = None,
    ) -> tuple[ArrayProgram, list[bool]]:
        """The program of a graph inside of a node, and which of its outputs vary by themselves.

        varies: of its inputs, of which input k is slot k of source "outer", or "parameter".
        wanted: of its outputs, of which all orders are kept; order: of these, by default as here.
        """
        if order is None:
            order = self.builder.order if any(varies) or any(wanted) else 0
        inputs = {
            x: Input("outer" if does else "parameter", (k,))
            for k, (x, does) in enumerate(zip(graph.inputs, varies, strict=True))
        }
        work = ArrayDecomposition(ArrayBuilder(order, self.builder.in_time), inputs, self)
        graph = with_calls_once(graph)
        work.lower(graph.outputs)
        builder, rows = work.builder, list[int]()
        for output, does in zip(graph.outputs, wanted, strict=True):
            rows.append(builder.output(work.rows[output], output.shape, rows, does))
        found = [not builder.is_steady(work.rows[output]) for output in graph.outputs]
        return builder.array_program(rows, (("parameter", len(graph.inputs)),)), found

    def part(self, e: Expression) -> int:
        """The row of a result of a loop or a branch."""
        return array_part_row(self, e, decompose)

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

    def _absorb(self, e: Expression, operands: Sequence[Expression]) -> None:
        """Only what is as large: a smaller product would be made over and over again."""
        super()._absorb(e, [operand for operand in operands if operand.shape == e.shape])

    def _rule(self, op: str) -> Any:
        rule = operation(op).array_rows
        return super()._rule(op) if rule is None else rule

    def numbers_of(self, e: Expression) -> int:
        """A constant: a number, or an array of them."""
        if not isinstance(e.payload, ArrayData):
            return self.builder.number(e.payload)
        return self.builder.array_input("data", self.kept.number_place(e.payload), e.shape)

    # -- places that are known when machine code runs ---------------------------------------------

    def picked(self, e: Expression) -> int:
        """Elements of the first operand at places along its first axis."""
        builder, (array, places) = self.builder, e.args
        rest = array.shape[1:]
        source = builder.broadcast(self._whole(array), (*places.shape, *array.shape))
        chosen = self._whole(places)
        if places.shape and rest:
            view, kept = builder.strided(chosen), tuple((0, n, 1) for n in places.shape)
            chosen = builder.view(view.indexed((*kept, *[None] * len(rest))))
        return builder.moved(Pick(source, chosen, places.ndim), e.shape)

    def put(self, e: Expression) -> int:
        """The first operand with values at one place of its first axis."""
        builder, (array, place, _) = self.builder, e.args
        values = self.values_of(e.args[2])
        source = self.values_of(array)
        return builder.moved(Put(source, self.values_of(place), values), e.shape)

    def values_of(self, e: Expression) -> int:
        """The row of an array whose elements lie side by side."""
        row = self._whole(e)
        return row if not e.shape or self.builder.strided(row).is_whole else self.builder.whole(row)

    def numbers_row(self, numbers: np.ndarray) -> int:
        """The row of an array of numbers that a rule brings with it."""
        place = self.kept.number_place(ArrayData(numbers))
        return self.builder.array_input("data", place, numbers.shape)

    def operand(self, e: Expression) -> int:
        """The row of an operand in its own shape."""
        return self._whole(e)

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
        return self.kept.table_place(positions.array)

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

    def product_along(self, source: int) -> int:
        """Products of a row's elements along its last axis."""
        return self._product_along(source, (len(self.builder.shape(source)) - 1,))

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
        """Products of 2, 4, 8, ... neighbours, each by that of as many before."""
        builder, row, axis = self.builder, self._whole(e.args[0]), e.payload
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
MEAN = 4  # elements of an operation, on average, that are worth loops


def array_work(outputs: Sequence[Expression], unrolled: bool = False) -> int:
    """Operations on scalars that expressions would be if they were spelled out; unrolled: with all
    turns of loops.
    """
    return sum(work_of(e, unrolled) for e in reachable(outputs) if e.args)


def work_of(e: Expression, unrolled: bool = False) -> int:
    """Operations on scalars that one operation would be."""
    known = operation(e.op).work
    if known is not None:
        return known(e)
    if e.op in REGIONS:
        each = sum(array_work(graph.outputs, unrolled) for graph in e.payload.graphs)
        once = not unrolled and (e.op != "scan" or is_of_numbers(e))
        count = turns(e)
        return each if once or count is None else each * count
    sizes = [arg.size for arg in e.args]
    if len(sizes) == 2 and operation(e.op).whole is not None:  # a contraction: all pairs that meet
        return math.isqrt(max(e.size, 1) * max(sizes[0], 1) * max(sizes[1], 1))
    return max(e.size, *sizes)


def has_arrays(outputs: Sequence[Expression], rows: int = 1) -> bool:
    """Whether expressions, of so many rows an operation, are so large that arrays stay arrays."""
    if _has_shapes(outputs) and are_worth_loops(outputs, FEWEST // rows):
        return True
    return has_regions(outputs) and any(map(needs_arrays, reachable(outputs)))


def are_worth_loops(outputs: Sequence[Expression], fewest: int, unrolled: bool = False) -> bool:
    """Whether expressions are more than so many operations on scalars (any, below zero), and these
    on arrays: what is done to elements one by one, as in a double loop, is packed, as scalars are.
    """
    if array_work(outputs, unrolled) <= fewest:
        return False
    if fewest < 0 or has_regions(outputs):
        return True
    nodes = [e for e in reachable(outputs) if e.args]
    sizes = (e.size if operation(e.op).moves else work_of(e) for e in nodes)
    return sum(sizes) >= MEAN * len(nodes)


def _has_shapes(outputs: Sequence[Expression]) -> bool:
    """Whether there is an array, in graphs inside of nodes too."""
    nodes = reachable(outputs)
    if any(e.shape for e in nodes):
        return True
    if not has_regions(outputs):
        return False
    return not all(is_of_numbers(e) for e in nodes if e.op in REGIONS)
