"""Columns and the like as vectors, so that one loop computes them with the vectors beside them.

What is summed with `keepdims`, and what becomes of it, has a shape such as (64, 1): rows that are
made element by element of operands of one element or as many, side by side, become rows of the
shape (64,).  Who reads them in their old shape reads a view; the places in memory are the same.
"""

from __future__ import annotations

from dataclasses import replace

from taylor_runtime.program.arrays import (
    ArrayProgram,
    ArrayRow,
    Shape,
    View,
    all_used,
    contiguous,
    renumbered_array,
)
from taylor_runtime.program.program import Input, Step
from taylor_runtime.program.signature import rows_used


def flattened(program: ArrayProgram) -> ArrayProgram:
    """The program with columns as vectors; one of further orders is as it was.

    >>> from fractions import Fraction
    >>> from taylor_runtime.program.program import Coefficient, Term
    >>> column = ArrayRow(start=Input("parameter", (0,)), width=3, constant=True, shape=(3, 1))
    >>> half = Step((Term(Fraction(1, 2), Coefficient(0)),))
    >>> made = ArrayRow(step=half, width=3, constant=True, shape=(3, 1))
    >>> flat = flattened(ArrayProgram((column, made), ((1, 0),), 0, (("parameter", 3),)))
    >>> [row.shape for row in flat.rows]
    [(3, 1), (3,), (3,)]
    """
    if program.order or not any(_is_column(program.row(k)) for k in range(len(program.rows))):
        return program
    return _Flattened(program).program()


def _is_column(row: ArrayRow) -> bool:
    """Whether a row is made element by element, and its only long axis is not the last."""
    if row.moved is not None or row.step == Step(()) or isinstance(row.start, Input):
        return False
    return row.size > 1 and row.shape[-1] == 1 and max(row.shape) == row.size


class _Flattened:
    """The rows of a program made anew.

    rows:   all that there are by now.
    places: by old row, that of the same shape; flat: of columns, the vector.
    """

    def __init__(self, old: ArrayProgram) -> None:
        self.old = old
        self.rows: list[ArrayRow] = []
        self.places: dict[int, int] = {}
        self.flat: dict[int, int] = {}

    def program(self) -> ArrayProgram:
        """The new program."""
        for index in range(len(self.old.rows)):
            row = self.old.row(index)
            if _is_column(row) and all(self._is_dense(used, row.size) for used in rows_used(row)):
                operands = {used: self._vector(used, row.size) for used in rows_used(row)}
                made = replace(renumbered_array(row, operands), shape=(row.size,))
                self.flat[index] = self._append(made)
                continue
            self.places[index] = self._renewed(row)
        outputs = tuple((self._root(row), lane) for row, lane in self.old.outputs)
        return replace(self.old, rows=tuple(self.rows), outputs=outputs)

    def _renewed(self, row: ArrayRow) -> int:
        """A row that stays as it is; of a view that is all of a vector, the vector."""
        if isinstance(view := row.moved, View):
            root = self._root(view.source)
            if view == View(view.source, 0, (1,)) and self.rows[root].shape == row.shape:
                return root
            return self._append(renumbered_array(row, {view.source: root}))
        return self._append(renumbered_array(row, {k: self._place(k) for k in all_used(row)}))

    def _append(self, row: ArrayRow) -> int:
        self.rows.append(row)
        return len(self.rows) - 1

    def _root(self, index: int) -> int:
        """The row in whose memory an old row is."""
        return self.flat[index] if index in self.flat else self.places[index]

    def _place(self, index: int) -> int:
        """The row of the old shape."""
        if index not in self.places:
            shape = self.old.shape(index)
            self.places[index] = self._view(index, View(self.flat[index], 0, contiguous(shape)))
        return self.places[index]

    def _view(self, index: int, view: View, shape: Shape | None = None) -> int:
        """A view with the elements of an old row, in its shape or another one."""
        row = self.old.row(index)
        made = ArrayRow(width=row.width, constant=row.constant, shape=row.shape, moved=view)
        return self._append(made if shape is None else replace(made, shape=shape))

    def _is_dense(self, index: int, size: int) -> bool:
        """Whether a row has one element, or so many of them side by side."""
        row = self.old.row(index)
        if row.size not in (1, size):
            return False
        if not isinstance(row.moved, View) or row.size == 1:
            return True
        return self._stride(row) == 1

    def _stride(self, row: ArrayRow) -> int:
        assert isinstance(row.moved, View)
        pairs = zip(row.moved.strides, row.shape, strict=True)
        return next((stride for stride, size in pairs if size != 1), 0)

    def _vector(self, index: int, size: int) -> int:
        """An operand as a vector, or as a number."""
        row = self.old.row(index)
        if index in self.flat:
            return self.flat[index]
        if row.shape in ((), (size,)) and not isinstance(row.moved, View):
            return self.places[index]
        root, offset = self.places.get(index, 0), 0
        if isinstance(row.moved, View):
            root, offset = self._root(row.moved.source), row.moved.offset
        if row.size == 1:
            return self._view(index, View(root, offset, ()), ())
        if not offset and self.rows[root].shape == (size,):
            return root
        return self._view(index, View(root, offset, (1,)), (size,))
