"""Factors of larger matrices in loops: lanes lie along rows.

Elimination is by rows from the top (right-looking): what a pivot's row takes from all rows below it
is a vector of that row, kept in a register, times a number for each of these.  Golub & Van Loan
(2013), sections 3.4 and 4.2.
"""

from __future__ import annotations

from collections.abc import Callable

from taylor_runtime.arrays.factors.grids import Matrix, Tile, copy_back, copy_rows
from taylor_runtime.arrays.walks import as_value, each
from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.types import I64, make_type
from taylor_runtime.ir.values import Index, Value


def lu_loops(source: Matrix, target: Matrix, work: Value, n: int, stride: int) -> None:
    """The LU factors, see `program.arrays.Factor`.

    work: room for two tiles of n rows, and a row of their stride.
    """
    b, element = source.b, source.element
    a = Tile(b, element, work, stride)
    below = Tile(b, element, a.at(n), stride)  # column k of L is row k
    order, one = below.at(n), make_type(element, 0)
    copy_rows(source, a, n, n)
    first = b.constant(0, one)

    def number(i: Index, carried: list[Value]) -> list[Value]:
        b.store(carried[0], b.at(order, i, element))
        return [b.normal(carried[0] + 1)]

    b.fold(0, n, [first], number)

    def pivot(k: Index, carried: list[Value]) -> list[Value]:
        place = _largest(a, k, n)
        swap_rows(a, k, place)
        _swap(b, element, b.at(order, k, element), b.at(order, place, element))
        each_from(b, 0, k, lambda j: _swap(b, element, below.at(j, k), below.at(j, place)))
        top = a.get(k, k)
        singular = b.eq(top, 0)

        def factor(i: Index) -> None:
            value = a.get(i, k)
            below.put(k, i, b.select(singular, value, b.normal(value / top)))

        each_from(b, k + 1, n, factor)
        _take_away(a, below, k, n)
        same = b.eq(as_value(b, place), as_value(b, k))
        return [b.select(same, carried[0], -carried[0])]

    (sign,) = b.fold(0, n, [b.constant(1, one)], pivot)
    copy_back(a, target, n, n)

    def lower(j: Index) -> None:
        each_from(b, j + 1, n, lambda i: target.put(i, j, below.get(j, i)))

    each(b, 0, n, lower)

    def last(i: Index) -> None:
        target.put(n, i, b.load(one, b.at(order, i, element)))
        target.put(n + 1, i, b.constant(0, one))

    each(b, 0, n, last)
    target.put(n + 1, 0, sign)


def each_from(b: Builder, start: Index, stop: Index, body: Callable[[Index], None]) -> None:
    """A loop, whatever the ends are."""

    def turn(i: Index, _: list[Value]) -> list[Value]:
        body(i)
        return []

    b.fold(start, stop, [], turn)


def _largest(a: Tile, k: Index, n: int) -> Value:
    """The row of the largest element of column k from row k on."""
    b = a.b

    def one(i: Index, carried: list[Value]) -> list[Value]:
        value = b.fabs(a.get(i, k))
        larger = b.compare("gt", value, carried[0])
        place = b.select(larger, as_value(b, i), carried[1])
        return [b.select(larger, value, carried[0]), place]

    start = [b.fabs(a.get(k, k)), as_value(b, k)]
    return b.fold(k + 1, n, start, one)[1]


def swap_rows(a: Tile, i: Index, j: Index) -> None:
    def one(c: Index) -> None:
        first, second = a.vector(i, c), a.vector(j, c)
        a.put_vector(i, c, second)
        a.put_vector(j, c, first)

    each(a.b, 0, a.vectors, one)


def _swap(b: Builder, element: str, first: Value, second: Value) -> None:
    one = make_type(element, 0)
    x, y = b.load(one, first), b.load(one, second)
    b.store(y, first)
    b.store(x, second)


def _take_away(a: Tile, factors: Tile, k: Index, n: int, triangle: bool = False) -> None:
    """Row k of `a` times factors[k, i] from all rows i below it; what is left of column k + 1 may
    be anything.  triangle: from what is right of the diagonal alone.
    """
    b = a.b

    def vector(c: Index) -> None:
        row = a.vector(k, c)

        def one(i: Index) -> None:
            factor = a.spread(factors.get(k, i))
            a.put_vector(i, c, b.fma(-factor, row, a.vector(i, c)))

        end: Index = n
        if triangle:
            reach = as_value(b, c) * a.lanes + a.lanes
            end = b.intrinsic("smin", reach, b.constant(n, I64))
        each_from(b, k + 1, end, one)

    each_from(b, as_value(b, k) // a.lanes, a.vectors, vector)


def cholesky_loops(source: Matrix, target: Matrix, work: Value, n: int, stride: int) -> None:
    """The lower triangle L with L L^T = A, made as the upper one L^T; NaN where A is not positive
    definite.

    work: room for a tile of n rows.
    """
    b, element = source.b, source.element
    a = Tile(b, element, work, stride)
    a.clear(n)
    each(b, 0, n, lambda i: each_from(b, 0, i + 1, lambda j: a.put(j, i, source.get(i, j))))

    def pivot(k: Index) -> None:
        root = b.sqrt(a.get(k, k))
        scale = a.spread(b.normal(1 / root))

        def vector(c: Index) -> None:
            a.put_vector(k, c, a.vector(k, c) * scale)

        each_from(b, as_value(b, k) // a.lanes, a.vectors, vector)
        a.put(k, k, root)
        _take_away(a, a, k, n, triangle=True)

    each(b, 0, n, pivot)
    zero = b.constant(0, make_type(element, 0))

    def row(i: Index) -> None:
        each_from(b, 0, i + 1, lambda j: target.put(i, j, a.get(j, i)))
        each_from(b, i + 1, n, lambda j: target.put(i, j, zero))

    each(b, 0, n, row)


# -- solutions ----------------------------------------------------------------------------------


def solve_loops(
    factor: Matrix,
    side: Matrix,
    target: Matrix,
    work: Value,
    n: int,
    columns: int,
    kind: str,
    stride: int,
    lanes: int,
) -> None:
    """Solutions with a factor; NaN where a number on the diagonal is zero.

    work: room for a tile of n rows.
    """
    b, element = side.b, side.element
    x = Tile(b, element, work, stride, lanes)
    if kind == "lu":
        _in_order(factor, side, x, n, columns)
    else:
        copy_rows(side, x, n, columns)
    group = min(4, x.vectors)  # vectors whose sums do not wait for one another
    if kind in ("lu", "lower"):
        _each_group(b, x, group, lambda c: _forward(factor, x, n, c, group, kind == "lower"))
    if kind in ("lu", "upper"):
        _each_group(b, x, group, lambda c: _backward(factor, x, n, c, group))
    copy_back(x, target, n, columns)


def _in_order(factor: Matrix, side: Matrix, x: Tile, n: int, columns: int) -> None:
    """The rows of the sides as the pivots have them."""
    b = side.b

    def row(i: Index) -> None:
        place = b.cast("fptosi", b.to_double(factor.get(n, i)), "i64")
        whole = columns // x.lanes if side.grid.columns == 1 and x.lanes else 0

        def vector(c: Index) -> None:
            x.put_vector(i, c, b.load(x.type, side.at(place, c * x.lanes)))

        each(b, 0, whole, vector)
        each(b, whole * x.lanes, columns, lambda j: x.put(i, j, side.get(place, j)))
        for j in range(columns, x.stride):
            x.put(i, j, b.constant(0, make_type(x.element, 0)))

    each(b, 0, n, row)


def _each_group(b: Builder, x: Tile, group: int, body: Callable[[Index], None]) -> None:
    """`body` for the first of every few vectors; some of the last may be there twice."""
    assert x.vectors % group == 0
    each(b, 0, x.vectors // group, lambda i: body(i * group))


def _taken(
    factor: Matrix, x: Tile, i: Index, ends: tuple[Index, Index], c: Index, group: int
) -> list[Value]:
    """The vectors of row i less factor[i, k] times those of rows k between the ends."""
    b = x.b

    def one(k: Index, carried: list[Value]) -> list[Value]:
        number = -x.spread(factor.get(i, k))
        return [b.normal(b.fma(number, x.vector(k, c + g), carried[g])) for g in range(group)]

    return b.fold(*ends, [x.vector(i, c + g) for g in range(group)], one)


def _forward(factor: Matrix, x: Tile, n: int, c: Index, group: int, divided: bool) -> None:
    def row(i: Index) -> None:
        values = _taken(factor, x, i, (0, i), c, group)
        _store(factor, x, i, c, values, divided)

    each(x.b, 0, n, row)


def _backward(factor: Matrix, x: Tile, n: int, c: Index, group: int) -> None:
    def row(back: Index) -> None:
        i = n - 1 - as_value(x.b, back)
        values = _taken(factor, x, i, (i + 1, n), c, group)
        _store(factor, x, i, c, values, True)

    each(x.b, 0, n, row)


def _store(factor: Matrix, x: Tile, i: Index, c: Index, values: list[Value], divided: bool) -> None:
    b = x.b
    if divided:
        number = factor.get(i, i)
        nan = b.constant(float("nan"), number.type)
        divisor = x.spread(b.select(b.eq(number, 0), nan, number))
        values = [value / divisor for value in values]
    for g, value in enumerate(values):
        x.put_vector(i, c + g, value)
