"""Programs whose rows have shapes: an array is one row, and its lanes are its elements.

A row's elements are in row-major order.  Steps and kernels act element by element; operands of
another shape are broadcast by NumPy's rules.  What moves elements, or adds them up, is data: a view
is an offset and a stride an axis, a table is a slot of memory, and so are constants, whose numbers
are no part of the text.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from taylor_runtime.program.kernels import Region, all_programs
from taylor_runtime.program.lines import head_lines, row_line
from taylor_runtime.program.program import Input, Program, Row, Step
from taylor_runtime.program.records import dataclass
from taylor_runtime.program.signature import rows_used, with_slots

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class View:
    """Element i is element offset + sum over axes of strides[k] i_k of the source."""

    source: int
    offset: int
    strides: Shape


@dataclass(frozen=True, slots=True)
class Take:
    """Element i is element table[i] of the source; table: a slot, the first of as many."""

    source: int
    table: int


@dataclass(frozen=True, slots=True)
class Scatter:
    """Zeros, to whose elements table[i] the elements i of the source are added in their order."""

    source: int
    table: int


@dataclass(frozen=True, slots=True)
class Join:
    """The parts one after the other along an axis."""

    parts: tuple[int, ...]
    axis: int


@dataclass(frozen=True, slots=True)
class Total:
    """What becomes of the source along some axes, which are left out.

    kind: "sum", "max" or "min" (NaN if any element is), "argmax" or "argmin": the first place of
        these, a whole number that counts the elements of the axes in row-major order.  All but
        sums are of order zero alone.
    """

    source: int
    axes: tuple[int, ...]
    kind: str = "sum"


@dataclass(frozen=True, slots=True)
class Pairs:
    """Sums over pairs of which each was computed once: element (.., p) is the sum of source's
    elements (p, .., j) for j >= p and of mirrored's elements (i, .., p) for i < p.
    """

    source: int
    mirrored: int


@dataclass(frozen=True, slots=True)
class Pick:
    """The elements of the source that numbers choose along an axis, at every order.

    A number is a place rounded down, a negative one counts from the end; one beyond an end means
    the element there, and NaN the last.
    """

    source: int
    places: int
    axis: int


@dataclass(frozen=True, slots=True)
class Put:
    """The source with values at one place of its first axis, which a number chooses as in `Pick`.

    Where nobody reads the source any more, it is changed where it is.
    """

    source: int
    places: int
    values: int


@dataclass(frozen=True, slots=True)
class Running:
    """Sums of the source's elements up to each one along an axis."""

    source: int
    axis: int


@dataclass(frozen=True, slots=True)
class Contract:
    """sum of a times b over the letters that the result has not ("ab,bc->ac"); at order n also over
    the orders, a_j with b_{n-j} for j = first .. n - last.

    first, last: 0 or 1; what is then read of old orders alone, b or a, may be a later row.
    """

    a: int
    b: int
    subscripts: str
    first: int = 0
    last: int = 0


@dataclass(frozen=True, slots=True)
class Factor:
    """Factors of the matrices in the last two axes of the source, at order zero alone.

    kind: "lu", with partial pivoting, of shape (n + 2, n): L, whose diagonal of ones is not there,
            and U as one matrix, the rows of the source in their new order, as numbers, and the sign
            of that order with zeros behind it; with the axes of the batch in front, or behind for
            n <= FEW;
        "cholesky": the lower triangle L, zeros above; the source's lower half is read;
        "qr": of an (m, n) matrix, m >= n, shape (m + n, n): Q, then R;
        "eigh": of a symmetric matrix, whose lower half is read, shape (n + 1, n): eigenvalues in
            rising order, then eigenvectors as columns;
        "order": the places of each row's elements as they ascend, equal ones as they stand.
    """

    source: int
    kind: str


@dataclass(frozen=True, slots=True)
class Solve:
    """x with M x = side, at each order, for the same matrices M at all orders.

    factor: at order zero; for kind "lu" a factor of M, for "lower" and "upper" M itself, of which
        only this triangle is read.
    """

    factor: int
    side: int
    kind: str = "lu"


@dataclass(frozen=True, slots=True)
class Call:
    """What a function outside makes of the elements of the source, at order zero alone.

    The function is told which one is meant by the first element, see `symbol_of`.
    """

    source: int


Moved = (
    View
    | Take
    | Scatter
    | Join
    | Total
    | Pairs
    | Pick
    | Put
    | Running
    | Contract
    | Factor
    | Solve
    | Call
    | Region
)

FEW = 4  # rows of matrices that are factored in registers, many side by side


@dataclass(frozen=True, slots=True)
class ArrayRow(Row):
    """One array's coefficients; `moved` excludes a start and a step."""

    shape: Shape = ()
    moved: Moved | None = None

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)


@dataclass(frozen=True, slots=True)
class ArrayProgram(Program):
    """Rows with shapes; each output is a row, and no two are the same (row, 0).

    Inputs are as many slots as the rows have elements, in order.  Sources, beside those of
    programs: "data", numbers that are known when code is made, but no part of it; "table",
    positions; "outer", inputs of programs inside of others that vary.
    """

    def row(self, index: int) -> ArrayRow:
        row = self.rows[index]
        assert isinstance(row, ArrayRow)
        return row

    def shape(self, index: int) -> Shape:
        """The shape of a row."""
        return self.row(index).shape

    def is_number(self, index: int) -> bool:
        """Whether a row is an exact number at order zero and zero beyond."""
        row = self.row(index)
        return row.start is None and row.moved is None and row.step == Step(())

    def text(self) -> str:
        """All that machine code depends on, the same in all processes."""
        lines = head_lines(self)
        for row in map(self.row, range(len(self.rows))):
            lines.append(array_line(row))
            inside = graphs_of(row.moved) if isinstance(row.moved, Region) else ()
            lines += [f"  {line}" for graph in inside for line in graph.text().split("\n")]
        return "\n".join(lines)


def array_line(row: ArrayRow) -> str:
    """A row as a line of text, without its name; `shapes.lines` reads it."""
    line = f"{row_line(row)} shape {_dense(row.shape)}"
    if row.moved is None:
        return line
    kind = type(row.moved)
    names = [f.name for f in fields(kind) if f.name != "graphs"]  # which follow it
    given = [f"{name}={_dense(getattr(row.moved, name))}" for name in names]
    return f"{line} {kind.__name__.lower()}({','.join(given)})"


def _dense(value: object) -> str:
    return repr(value).replace(" ", "")


def graphs_of(region: Region) -> tuple[ArrayProgram, ...]:
    """The programs inside."""
    return tuple(graph for graph in region.graphs if isinstance(graph, ArrayProgram))


def is_counted(moved: Moved | None) -> bool:
    """Whether elements are compared alone, so that what comes of it has no series."""
    return isinstance(moved, Total) and moved.kind != "sum"


def varying(program: ArrayProgram) -> list[bool]:
    """Of each row, whether it has coefficients beyond order zero."""
    found: list[bool] = []
    for index in range(len(program.rows)):
        row = program.row(index)
        moved = row.moved
        steady = isinstance(moved, Region) and not moved.graphs[-1].order
        steady = steady or isinstance(moved, Factor | Call) or is_counted(moved)
        if row.constant or program.is_number(index) or steady:
            found.append(False)
        elif is_lagged(row.moved):
            found.append(True)
        elif isinstance(row.moved, Solve):
            found.append(found[row.moved.side])
        elif row.moved is not None:
            found.append(any(found[source] for source in series_rows(row.moved)))
        else:
            found.append(isinstance(row.start, Input) or row.step is not None)
    return found


def is_lagged(moved: Moved | None) -> bool:
    """Whether a move reads old orders of a row that may come later."""
    return isinstance(moved, Contract) and bool(moved.first or moved.last)


def contiguous(shape: Sequence[int]) -> Shape:
    """Strides of an array in row-major order."""
    strides, size = [], 1
    for length in reversed(shape):
        strides.append(size)
        size *= length
    return tuple(reversed(strides))


def moved_rows(moved: Moved | None) -> tuple[int, ...]:
    """The rows that a move reads."""
    if moved is None:
        return ()
    if isinstance(moved, Region):
        return moved.operands
    if isinstance(moved, Join):
        return moved.parts
    return tuple([getattr(moved, name) for name in _OPERANDS.get(type(moved), _ONE)])


_ONE = ("source",)
_OPERANDS: dict[type, tuple[str, ...]] = {  # of moves that read other rows than one source
    Contract: ("a", "b"),
    Pairs: ("source", "mirrored"),
    Pick: ("source", "places"),
    Put: ("source", "places", "values"),
    Solve: ("factor", "side"),
}


def series_rows(moved: Moved) -> tuple[int, ...]:
    """Those of which a move reads all orders; places that are chosen count at order zero alone."""
    if isinstance(moved, Pick):
        return (moved.source,)
    return (moved.source, moved.values) if isinstance(moved, Put) else moved_rows(moved)


def in_words(moved: Moved) -> tuple[str, str]:
    """What a move is called, and what it makes of which rows."""
    rows = ", ".join(f"r{row}" for row in moved_rows(moved))
    if isinstance(moved, Total):
        over = ", ".join(map(str, moved.axes))
        return moved.kind, f"{moved.kind} of {rows} over axis {over}"
    if isinstance(moved, Pairs):
        return "sum over pairs", f"sums over pairs of {rows}"
    if isinstance(moved, Running):
        return "running sum", f"sums of {rows} along axis {moved.axis}"
    if isinstance(moved, Contract):
        return "contraction", f"{rows}: {moved.subscripts}"
    if isinstance(moved, Factor):
        return moved.kind, f"{moved.kind} factors of {rows}"
    if isinstance(moved, Solve):
        return "solution", f"solutions by the {moved.kind} factors and sides {rows}"
    if isinstance(moved, Call):
        return "call", f"a function outside of {rows}"
    if isinstance(moved, Join):
        return "join", f"{rows} along axis {moved.axis}"
    if isinstance(moved, Pick):
        return "pick", f"elements of r{moved.source} at places r{moved.places}"
    if isinstance(moved, Put):
        return "put", f"r{moved.source} with r{moved.values} at place r{moved.places}"
    if isinstance(moved, Region):
        what = "choice" if moved.kind == "switch" else f"{moved.kind} loop"
        return what, f"{what} of {rows}"
    names = {View: ("view", "elements of"), Take: ("take", "places of")}
    name, verb = names.get(type(moved), ("scatter", "added in places:"))
    return name, f"{verb} {rows}"


def all_used(row: Row) -> list[int]:
    """All rows that a row reads."""
    moved = moved_rows(row.moved) if isinstance(row, ArrayRow) else ()
    return [*rows_used(row), *moved]


def renumbered_array(row: ArrayRow, place: Mapping[int, int]) -> ArrayRow:
    """The row where row r of those it uses is now at place[r]."""
    plain = with_slots(row, [place[used] for used in rows_used(row)])
    moved = row.moved
    if isinstance(moved, Region):
        moved = replace(moved, operands=tuple(place[operand] for operand in moved.operands))
    elif isinstance(moved, Join):
        moved = replace(moved, parts=tuple(place[part] for part in moved.parts))
    elif moved is not None:
        given: dict[str, Any] = {
            name: place[getattr(moved, name)] for name in _OPERANDS.get(type(moved), _ONE)
        }
        moved = replace(moved, **given)
    return replace(row, start=plain.start, step=plain.step, moved=moved)


def symbol_of(element: str) -> str:
    """The name by which machine code calls functions outside, for a kind of number.

    It gets the addresses of the operand and of the result, once for each part of a number, and
    finds in the first element of the operand which function is meant: that number is data, so that
    no text depends on it.
    """
    return f"call outside:{element}"


def calls_outside(program: Program) -> bool:
    """Whether there is a `Call` among the rows of a program, or of those inside of its rows."""
    return any(
        isinstance(getattr(row, "moved", None), Call)
        for part in all_programs(program)
        for row in part.rows
    )
