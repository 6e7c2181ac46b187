"""The text of factors and solutions of whole batches, and the room that they take."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from taylor_runtime.arrays.factors.grids import Grid, Matrix, Shape, each_matrix, padded
from taylor_runtime.arrays.factors.orders import order_loops
from taylor_runtime.arrays.factors.rotations import eigh_loops, qr_loops
from taylor_runtime.arrays.factors.small import cholesky_few, lu_few, solve_few
from taylor_runtime.arrays.factors.triangles import cholesky_loops, lu_loops, solve_loops
from taylor_runtime.ir.builder import Builder, define_function
from taylor_runtime.ir.types import COMPOUND
from taylor_runtime.ir.values import Value
from taylor_runtime.program.arrays import FEW

LANES_OF_COLUMNS = 4  # vectors of columns that are made at a time

Writer = Callable[[list[Matrix], Value], None]


def work_of_factor(kind: str, rows: int, columns: int) -> int:
    """Numbers that a factor needs room for while it is made."""
    n = columns
    if n <= FEW and kind in ("lu", "cholesky"):
        return 0
    if kind == "qr":
        return (2 * rows + 1) * padded(n) + n * padded(rows)
    return {"lu": 2 * n + 1, "cholesky": n, "eigh": 2 * n, "order": 4}[kind] * padded(n)


def work_of_solutions(n: int, columns: int, batch: Shape) -> int:
    """Numbers that solutions need room for while they are made."""
    return 0 if _are_few(n, columns, batch) else n * _columns(columns)[0]


def _are_few(n: int, columns: int, batch: Shape) -> bool:
    count = 1
    for size in batch:
        count *= size
    return n <= FEW and (count > 1 or columns < 2 * LANES_OF_COLUMNS)


def _columns(columns: int) -> tuple[int, int]:
    """(elements that a row of so many takes, lanes of its vectors)."""
    if columns == 1:
        return 1, 0
    if columns < 8:
        lanes = 1 << (columns - 1).bit_length()
        return lanes, lanes
    vectors = padded(columns) // 8
    if vectors > LANES_OF_COLUMNS:
        vectors = -(-vectors // LANES_OF_COLUMNS) * LANES_OF_COLUMNS
    return 8 * vectors, 8


def emit_factor(
    b: Builder,
    element: str,
    kind: str,
    sizes: tuple[int, int],
    batch: Shape,
    places: Sequence[Value],
    grids: Sequence[Grid],
    work: Value,
) -> None:
    """Factors of the matrices of a batch.

    sizes: rows and columns of a matrix; places, grids: of the source and of what is made.
    """
    m, n = sizes
    few = n <= FEW and kind in ("lu", "cholesky")

    def write(given: list[Matrix], room: Value) -> None:
        source, target = given
        if kind == "lu":
            if few:
                lu_few(source, target, n)
            else:
                lu_loops(source, target, room, n, padded(n))
        elif kind == "cholesky":
            if few:
                cholesky_few(source, target, n)
            else:
                cholesky_loops(source, target, room, n, padded(n))
        elif kind == "qr":
            qr_loops(source, target, room, sizes, (padded(n), padded(m)))
        elif kind == "order":
            order_loops(source, target, room, m, n, padded(n))
        else:
            eigh_loops(source, target, room, n, padded(n))

    _emit(b, element, f"{kind}.{m}.{n}", batch, [*places, work], grids, few, write)


def emit_solutions(
    b: Builder,
    element: str,
    kind: str,
    sizes: tuple[int, int],
    batch: Shape,
    places: Sequence[Value],
    grids: Sequence[Grid],
    work: Value,
) -> None:
    """Solutions of the systems of a batch.

    sizes: rows and columns of the sides; places, grids: of the factor, the sides and the solutions.
    """
    n, columns = sizes
    few = _are_few(n, columns, batch)
    stride, lanes = _columns(columns)

    def write(given: list[Matrix], room: Value) -> None:
        factor, side, target = given
        if few:
            solve_few(factor, side, target, n, columns, kind)
        else:
            solve_loops(factor, side, target, room, n, columns, kind, stride, lanes)

    _emit(b, element, f"solve.{kind}.{n}.{columns}", batch, [*places, work], grids, few, write)


def _emit(
    b: Builder,
    element: str,
    title: str,
    batch: Shape,
    places: Sequence[Value],
    grids: Sequence[Grid],
    few: bool,
    write: Writer,
) -> None:
    """A call of the function that does so for all matrices; equal ones of a module share it."""
    if 0 in batch:
        return
    numbers = [batch, *((*grid.batch, grid.rows, grid.columns) for grid in grids)]
    listed = ".".join("_".join(map(str, field)) for field in numbers).replace("-", "m")
    short = COMPOUND[element].short if element in COMPOUND else element
    name = f"{title}.{short}.{listed}"
    parts = [part for place in places for part in place.parts]
    if not b.module.has_function(name):
        count = len(parts) // len(places)
        parameters = [("ptr", f"p{i}") for i in range(len(parts))]
        with define_function(b.module, name, "void", parameters, "nounwind", "internal") as (
            f,
            got,
        ):
            *own, room = [f.pointers(got[i : i + count]) for i in range(0, len(got), count)]
            each_matrix(f, element, batch, own, grids, few, lambda given: write(given, room))
            f.ret()
    b.line(f"call void @{name}({', '.join(f'ptr {part.text}' for part in parts)})")
