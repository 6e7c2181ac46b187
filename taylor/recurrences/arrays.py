"""Expressions of arrays -> rows with shapes: every node stays one row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from taylor.expressions.expression import Expression
from taylor.expressions.leaves import time
from taylor.nodes.data import ArrayData
from taylor.nodes.traverse import reachable
from taylor.numbers.precision import Precision, as_array
from taylor.recurrences.array_builder import ArrayBuilder
from taylor.recurrences.decompose import Decomposition
from taylor.recurrences.views import Strided
from taylor_runtime.program.arrays import (
    ArrayProgram,
    Contract,
    Join,
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
        rule = None if e in self.inputs else _RULES.get(e.op)
        if rule is not None:
            return rule(self, e)
        if e.op == "constant" and isinstance(e.payload, ArrayData):
            return self._data(e)
        return super()._row(e)

    def _data(self, e: Expression) -> int:
        """An array of numbers."""
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
        if view.row in self.builder._number:
            return view.row
        return self.builder.view(view)

    def taken(self, e: Expression) -> int:
        source = self.builder.whole(self._whole(e.args[0]))
        return self.builder.moved(Take(source, self._table(e.payload)), e.shape)

    def scattered(self, e: Expression) -> int:
        return self.builder.moved(Scatter(self._whole(e.args[0]), self._table(e.payload)), e.shape)

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

    def total(self, e: Expression) -> int:
        return self.builder.moved(Total(self._whole(e.args[0]), e.payload), e.shape)

    def running(self, e: Expression) -> int:
        return self.builder.moved(Running(self._whole(e.args[0]), e.payload), e.shape)

    def matmul(self, e: Expression) -> int:
        a, b = e.args
        batch = len(e.shape) - (a.ndim > 1) - (b.ndim > 1)
        letters = list(range(batch))
        row, inner, column = batch, batch + 1, batch + 2
        of_a = (*letters[batch - max(a.ndim - 2, 0) :], *([row] if a.ndim > 1 else []), inner)
        of_b = (*letters[batch - max(b.ndim - 2, 0) :], inner, *([column] if b.ndim > 1 else []))
        kept = (*letters, *([row] if a.ndim > 1 else []), *([column] if b.ndim > 1 else []))
        return self.contracted(e, of_a, of_b, kept)

    def contracted(
        self, e: Expression, of_a: tuple[int, ...], of_b: tuple[int, ...], kept: tuple[int, ...]
    ) -> int:
        a, b = (self._addressed(arg) for arg in e.args)
        return self.builder.moved(Contract(a, b, of_a, of_b, kept), e.shape)

    def _addressed(self, e: Expression) -> int:
        """The row of an operand that has to be in memory."""
        row = self.rows[e]
        if row in self.builder._number:
            row = self.builder.whole(row)
        return self.builder.broadcast(row, e.shape)


_Rule = Callable[[ArrayDecomposition, Expression], int]
_RULES: dict[str, _Rule] = {
    "index": lambda walk, e: walk.viewed(e, lambda view: view.indexed(e.payload)),
    "transpose": lambda walk, e: walk.viewed(e, lambda view: view.transposed(e.payload)),
    "broadcast": lambda walk, e: walk.viewed(e, lambda view: view.broadcast(e.shape)),
    "reshape": lambda walk, e: walk.viewed(e, lambda view: view.reshaped(e.shape)),
    "view": lambda walk, e: walk.viewed(e, lambda view: view.restrided(*e.payload, e.shape)),
    "take": ArrayDecomposition.taken,
    "scatter": ArrayDecomposition.scattered,
    "stack": ArrayDecomposition.stacked,
    "concatenate": ArrayDecomposition.joined,
    "sum": ArrayDecomposition.total,
    "cumsum": ArrayDecomposition.running,
    "matmul": ArrayDecomposition.matmul,
}

# Operations that act element by element and are smooth where they are defined.
_SMOOTH = frozenset(
    "linear mul div pow sqrt cbrt exp expm1 exp2 log log1p log2 log10 sin cos tan asin acos atan sinh "
    "cosh tanh asinh acosh atanh erf erfc sigmoid softplus hypot".split()
)
FEWEST = 400  # operations on scalars that are worth loops


def array_work(outputs: Sequence[Expression]) -> int:
    """Operations on scalars that expressions would be if they were spelled out."""
    work = 0
    for e in reachable(outputs):
        if not e.args:
            continue
        if e.op == "matmul":
            work += e.size * e.args[0].shape[-1]
        else:
            work += max(e.size, *(arg.size for arg in e.args)) if e.shape or _gathers(e) else 1
    return work


def has_rules(outputs: Sequence[Expression]) -> bool:
    """Whether rows with shapes can be made of all operations, in a differential equation."""
    return all(e.op in _RULES or e.op in _SMOOTH or not e.args for e in reachable(outputs))


def has_arrays(outputs: Sequence[Expression]) -> bool:
    """Whether expressions are so large that their arrays stay arrays."""
    return array_work(outputs) > FEWEST and any(e.shape for e in reachable(outputs))


def _gathers(e: Expression) -> bool:
    return any(arg.shape for arg in e.args)
