"""Rows with shapes: what `SeriesBuilder` makes of scalars, with a shape each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from taylor.numbers.exact import is_movable
from taylor.recurrences.builder import SeriesBuilder, Terms
from taylor.recurrences.patterns import only_term
from taylor.recurrences.prune import in_order
from taylor.recurrences.views import Strided
from taylor_runtime.program.arrays import (
    ArrayProgram,
    ArrayRow,
    Call,
    Contract,
    Factor,
    Moved,
    Shape,
    Solve,
    View,
    all_used,
    contiguous,
    is_counted,
    moved_rows,
    renumbered_array,
    series_rows,
)
from taylor_runtime.program.kernels import Region
from taylor_runtime.program.program import Coefficient, Input, Number, Row, Step, Term


class ArrayBuilder(SeriesBuilder):
    """Collects rows with shapes; steps broadcast what they combine, so that every rule holds."""

    def _append(self, row: Row, steady: bool, used: Sequence[int] = ()) -> int:
        if not isinstance(row, ArrayRow):
            shape = self._broadcast(all_used(row))
            row = ArrayRow(
                row.start, row.step, row.offset, None, max(math.prod(shape), 1),
                row.constant, row.name, shape,
            )  # fmt: skip
        return super()._append(row, steady, used)

    def _broadcast(self, rows: Sequence[int]) -> Shape:
        return np.broadcast_shapes(*(self.shape(row) for row in rows))

    def define(
        self,
        row: int,
        terms: Terms,
        times: str = "1",
        divisor: int | None = None,
        offset: Number = 0,
    ) -> int:
        """Give a declared row its step, and with it perhaps a larger shape."""
        super().define(row, terms, times, divisor, offset)
        made = self.rows[row]
        assert isinstance(made, ArrayRow)
        shape = np.broadcast_shapes(made.shape, self._broadcast(all_used(made)))
        self.rows[row] = replace(made, shape=shape, width=max(math.prod(shape), 1))
        return row

    def shape(self, row: int) -> Shape:
        """The shape of a row."""
        made = self.rows[row]
        assert isinstance(made, ArrayRow)
        return made.shape

    def convolution(
        self,
        constant: Number,
        a: int | None,
        b: int | None,
        first: int = 0,
        last: int = 0,
        head: int | None = None,
    ) -> Terms:
        """As ever, but a steady factor of a factor is multiplied once, not with every product."""
        if a is not None and b is not None and head is None:
            for factor, other, swapped in ((a, b, False), (b, a, True)):
                only = only_term(self.rows[factor])
                if only is None or only[2] is None or self.is_steady(other):
                    continue
                times, inner, own = only
                if self.is_steady(inner) or not is_movable(times):
                    continue
                pair = (other, inner) if swapped else (inner, other)
                return super().convolution(constant * times, *pair, first, last, own)
        return super().convolution(constant, a, b, first, last, head)

    # -- rows that steps do not make --------------------------------------------------------------

    def array_input(self, source: str, first: int, shape: Shape) -> int:
        """The row of an array of input slots."""
        constant = source in ("parameter", "data") or not self.has_orders
        start, width = Input(source, (first,)), max(math.prod(shape), 1)
        row = ArrayRow(start=start, width=width, constant=constant, shape=shape)
        return self._shared_row(row, constant)

    def moved(self, moved: Moved, shape: Shape) -> int:
        """The row of elements of others."""
        used = moved_rows(moved)
        if isinstance(moved, Solve):
            return self._solution(moved, shape)
        constant, width = self._is_constant(used), max(math.prod(shape), 1)
        if not constant and not isinstance(moved, Region):
            used = tuple(self.varying(row) for row in used)
            moved = _with_rows(moved, used)
        row = ArrayRow(width=width, constant=constant, shape=shape, moved=moved)
        steady = is_counted(moved) or all(self._steady[row] for row in series_rows(moved))
        return self._shared_row(row, steady)

    def _solution(self, solve: Solve, shape: Shape) -> int:
        """The row of solutions, whose factors are read at order zero alone."""
        constant, width = self._is_constant(moved_rows(solve)), max(math.prod(shape), 1)
        if not constant:
            solve = replace(solve, side=self.varying(solve.side))
        row = ArrayRow(width=width, constant=constant, shape=shape, moved=solve)
        return self._shared_row(row, self._steady[solve.side])

    def at_order_zero(self, moved: Factor | Call, shape: Shape) -> int:
        """The row of factors or of a call, which have no orders beyond zero."""
        constant, width = self.rows[moved.source].constant, max(math.prod(shape), 1)
        row = ArrayRow(width=width, constant=constant, shape=shape, moved=moved)
        return self._shared_row(row, steady=True)

    def later(self, shape: Shape) -> int:
        """A row of sums of old orders, zero at order zero; `place` says of which."""
        row = ArrayRow(width=max(math.prod(shape), 1), shape=shape)
        return self._append(row, steady=False)

    def place(self, row: int, contract: Contract) -> None:
        """Give such a row its sums."""
        made = self.rows[row]
        assert isinstance(made, ArrayRow)
        self.rows[row] = replace(made, moved=contract)

    def shaped(self, row: int, shape: Shape) -> None:
        """Give a declared row its shape ahead of its step."""
        made = self.rows[row]
        assert isinstance(made, ArrayRow)
        self.rows[row] = replace(made, shape=shape, width=max(math.prod(shape), 1))

    def varying(self, row: int) -> int:
        """A number stays one: beyond order zero it is known to be zero."""
        return row if self.rows[row].constant else super().varying(row)

    def copied(self, row: int, shape: Shape, varying: bool = False) -> int:
        """A new row of its own with the elements of another, broadcast to a shape; varying: with
        zeros beyond order zero where there is nothing.
        """
        constant = self.rows[row].constant and not varying
        step, width = Step((Term(1, Coefficient(row)),)), max(math.prod(shape), 1)
        made = ArrayRow(step=step, width=width, constant=constant, shape=shape)
        return self._append(made, self._steady[row])

    def strided(self, row: int) -> Strided:
        """Where the elements of a row are; of a number, those of a copy in memory."""
        row = self.whole(row) if row in self._number else row
        made = self.rows[row]
        assert isinstance(made, ArrayRow)
        if isinstance(made.moved, View):
            return Strided(made.moved.source, made.moved.offset, made.moved.strides, made.shape)
        return Strided(row, 0, contiguous(made.shape), made.shape)

    def view(self, view: Strided) -> int:
        """The row of a view; the row itself where it is all of it."""
        if view.offset == 0 and view.shape == self.shape(view.row) and view.is_whole:
            return view.row
        return self.moved(View(view.row, view.offset, view.strides), view.shape)

    def whole(self, row: int) -> int:
        """The row where it is no view, else a copy."""
        made = self.rows[row]
        assert isinstance(made, ArrayRow)
        if isinstance(made.moved, View) or row in self._number:
            key = (ArrayBuilder.whole, row)
            if key not in self.results:
                self.results[key] = self.copied(row, made.shape)
            return self.results[key]  # type: ignore[return-value]
        return row

    def own(self, row: int, shape: Shape) -> int:
        """The row where it has a shape and memory of its own, else a copy."""
        made = self.rows[row]
        assert isinstance(made, ArrayRow)
        if made.shape != shape or isinstance(made.moved, View) or made.constant:
            return self.copied(self.varying(row), shape)
        return row

    def outputs(self, wanted: Sequence[tuple[int, Shape]], own: int | None = None) -> list[int]:
        """The rows of a program's outputs: of the first `own` copies, of others rows that are
        computed anyway, where they can be; None: all are copies.
        """
        found: list[int] = []
        for place, (row, shape) in enumerate(wanted):
            alone = own is None or place < own
            made = (
                self.copied(row, shape)
                if alone
                else self.output(row, shape, found, bool(self.order))
            )
            found.append(made)
        return found

    def output(self, row: int, shape: Shape, taken: Sequence[int], varying: bool) -> int:
        """A row with these elements in its memory, which is computed here and no output yet, where
        there is one; else a copy.
        """
        made, root = self.rows[row], row
        assert isinstance(made, ArrayRow)
        view = made.moved
        if isinstance(view, View) and not view.offset and view.strides == contiguous(shape):
            root = view.source
        found = self.rows[root]
        assert isinstance(found, ArrayRow)
        given = isinstance(found.moved, View) or isinstance(found.start, Input)
        fits = made.shape == shape and found.size == made.size and bool(found.shape) == bool(shape)
        steady = varying and self.is_steady(root)
        if given or not fits or steady or root in taken or root in self._number:
            return self.copied(row, shape, varying)
        return root

    def broadcast(self, row: int, shape: Shape) -> int:
        """The row repeated to a shape."""
        if self.shape(row) == shape:
            return row
        return self.view(self.strided(row).broadcast(shape))

    # -- the program ------------------------------------------------------------------------------

    def array_program(
        self, outputs: Sequence[int], inputs: Sequence[tuple[str, int]]
    ) -> ArrayProgram:
        """The program of the rows that `outputs` need."""
        wanted = [
            index
            for index, row in enumerate(self.rows)
            if isinstance(row.start, Input) and row.start.source == "state"
        ]
        seen, pending = {*outputs, *wanted}, [*outputs, *wanted]
        while pending:
            for used in all_used(self.rows[pending.pop()]):
                if used not in seen:
                    seen.add(used)
                    pending.append(used)
        kept = in_order(self.rows, seen)
        places = {row: place for place, row in enumerate(kept)}
        rows = []
        for index in kept:
            row = self.rows[index]
            assert isinstance(row, ArrayRow)
            rows.append(renumbered_array(row, places))
        results: list[tuple[int, int]] = []
        for output in outputs:
            made = rows[places[output]]
            is_state = isinstance(made.start, Input) and made.start.source == "state"
            lanes = range(made.size) if is_state else (0,)
            results += [(places[output], lane) for lane in lanes]
        return ArrayProgram(tuple(rows), tuple(results), self.order, tuple(inputs))


def _with_rows(moved: Moved, rows: tuple[int, ...]) -> Moved:
    made = ArrayRow(moved=moved)
    places = dict(zip(moved_rows(moved), rows, strict=True))
    changed = renumbered_array(made, places).moved
    assert changed is not None
    return changed
