"""Orthogonal factors in loops: Q and R by Householder's reflections, eigenvectors by Jacobi's
rotations.

Golub & Van Loan (2013), sections 5.2 (Householder QR) and 8.5 (cyclic Jacobi).
"""

from __future__ import annotations

from taylor_runtime.arrays.factors.grids import Matrix, Tile, copy_back, copy_rows
from taylor_runtime.arrays.factors.triangles import each_from, swap_rows
from taylor_runtime.arrays.walks import as_value, each
from taylor_runtime.ir.types import I64, make_type
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.kinds import ELEMENTS

MOST_SWEEPS = 60  # ten are enough for nearly all matrices


def qr_loops(
    source: Matrix, target: Matrix, work: Value, sizes: tuple[int, int], strides: tuple[int, int]
) -> None:
    """Q of shape (m, n), then R of shape (n, n).

    sizes:   m and n.
    strides: of rows of n elements, and of m.
    work:    room for m rows, n rows of the other stride, m rows, and one of n.
    """
    b, element, (m, n) = source.b, source.element, sizes
    a = Tile(b, element, work, strides[0])
    mirrors = Tile(b, element, a.at(m), strides[1])
    q = Tile(b, element, mirrors.at(n), strides[0])
    scales, one = q.at(m), make_type(element, 0)
    copy_rows(source, a, m, n)

    def column(k: Index) -> None:
        def squares(i: Index, carried: list[Value]) -> list[Value]:
            value = a.get(i, k)
            mirrors.put(k, i, value)
            return [b.normal(b.fma(value, value, carried[0]))]

        square = b.fold(k + 1, m, [b.constant(0, one)], squares)[0]
        corner = a.get(k, k)
        nothing = b.eq(square, 0)  # below the corner: no reflection, as in LAPACK
        whole = b.normal(b.fma(corner, corner, square))
        length = b.sqrt(whole)
        beta = b.select(nothing, corner, -b.copysign(length, corner))
        mirrors.put(k, k, corner - beta)
        scale = b.normal(1 / b.normal(whole + b.fabs(corner) * length))
        b.store(b.select(nothing, square, scale), b.at(scales, k, element))
        _mirror(a, mirrors, scales, k, m)
        a.put(k, k, beta)

    each(b, 0, n, column)
    q.clear(m)
    each(b, 0, n, lambda i: q.put(i, i, b.constant(1, one)))
    each(b, 0, n, lambda back: _mirror(q, mirrors, scales, n - 1 - as_value(b, back), m, True))
    copy_back(q, target, m, n)
    nothing = b.constant(0, one)

    def row(i: Index) -> None:
        each_from(b, 0, i, lambda j: target.put(i + m, j, nothing))
        each_from(b, i, n, lambda j: target.put(i + m, j, a.get(i, j)))

    each(b, 0, n, row)


def _mirror(
    a: Tile, mirrors: Tile, scales: Value, k: Index, m: int, everywhere: bool = False
) -> None:
    """a - scale v (v^T a) for reflection k, whose v has zeros before element k; of the columns from
    the k-th on, or of all.
    """
    b = a.b
    scale = b.load(make_type(a.element, 0), b.at(scales, k, a.element))

    def vector(c: Index) -> None:
        def add(i: Index, carried: list[Value]) -> list[Value]:
            return [b.fma(a.spread(mirrors.get(k, i)), a.vector(i, c), carried[0])]

        total = b.fold(k, m, [b.constant(0, a.type)], add)[0]
        share = b.normal(b.normal(total) * a.spread(scale))

        def take(i: Index) -> None:
            number = -a.spread(mirrors.get(k, i))
            a.put_vector(i, c, b.fma(number, share, a.vector(i, c)))

        each_from(b, k, m, take)

    each_from(b, 0 if everywhere else as_value(b, k) // a.lanes, a.vectors, vector)


def eigh_loops(source: Matrix, target: Matrix, work: Value, n: int, stride: int) -> None:
    """Eigenvalues in rising order, then eigenvectors as columns.

    work: room for two tiles of n rows.
    """
    b, element, one = source.b, source.element, make_type(source.element, 0)
    a = Tile(b, element, work, stride)
    v = Tile(b, element, a.at(n), stride)  # whose rows are eigenvectors
    a.clear(n)
    v.clear(n)

    def element_of(i: Index, j: Index) -> None:
        value = source.get(i, j)
        a.put(i, j, value)
        a.put(j, i, value)

    each(b, 0, n, lambda i: each_from(b, 0, i + 1, lambda j: element_of(i, j)))
    each(b, 0, n, lambda i: v.put(i, i, b.constant(1, one)))
    least = _least(a, n)

    def sweep(carried: list[Value]) -> list[Value]:
        def row(p: Index, turned: list[Value]) -> list[Value]:
            return b.fold(
                p + 1, n, turned, lambda q, values: [_turn(a, v, n, p, q, least, values[0])]
            )

        turned = b.fold(0, n, [b.constant(0, I64)], row)[0]
        return [carried[0] + 1, turned]

    def goes_on(carried: list[Value]) -> Value:
        return b.ne(carried[1], 0) & (carried[0] < MOST_SWEEPS)

    b.while_([b.constant(0, I64), b.constant(1, I64)], goes_on, sweep)
    _sort(a, v, n)
    each(b, 0, n, lambda i: target.put(0, i, a.get(i, i)))
    each(b, 0, n, lambda i: each(b, 0, n, lambda j: target.put(j + 1, i, v.get(i, j))))


def _least(a: Tile, n: int) -> Value:
    """Elements that are nothing beside the matrix: a rounding error of its largest."""
    b, one = a.b, make_type(a.element, 0)

    def larger(i: Index, carried: list[Value]) -> list[Value]:
        def element(j: Index, values: list[Value]) -> list[Value]:
            value = b.fabs(a.get(i, j))
            return [b.select(b.compare("gt", value, values[0]), value, values[0])]

        return b.fold(0, n, carried, element)

    largest = b.fold(0, n, [b.constant(0, one)], larger)[0]
    return b.normal(largest * (ELEMENTS[a.element].epsilon / 16))


def _turn(a: Tile, v: Tile, n: int, p: Index, q: Index, least: Value, turned: Value) -> Value:
    """A rotation that makes element (p, q) zero, unless it is nothing; how many were made."""
    b = a.b
    off = a.get(p, q)

    def rotate() -> list[Value]:
        first, last = a.get(p, p), a.get(q, q)
        ratio = b.normal((last - first) / (off + off))
        root = b.sqrt(b.normal(ratio * ratio + 1))
        tangent = b.normal(b.copysign(1 / b.normal(b.fabs(ratio) + root), ratio))
        cosine = b.normal(1 / b.sqrt(b.normal(tangent * tangent + 1)))
        sine = b.normal(tangent * cosine)
        for tile in (a, v):
            _rotate_rows(tile, p, q, cosine, sine)
        a.put(p, p, first - tangent * off)
        a.put(q, q, last + tangent * off)
        zero = b.constant(0, off.type)
        a.put(p, q, zero)
        a.put(q, p, zero)

        def mirror(i: Index) -> None:
            a.put(i, p, a.get(p, i))
            a.put(i, q, a.get(q, i))

        each(b, 0, n, mirror)
        return [as_value(b, turned) + 1]

    return b.if_(b.compare("gt", b.fabs(off), least), rotate, lambda: [turned])[0]


def _rotate_rows(tile: Tile, p: Index, q: Index, cosine: Value, sine: Value) -> None:
    b = tile.b
    c, s = tile.spread(cosine), tile.spread(sine)

    def vector(k: Index) -> None:
        x, y = tile.vector(p, k), tile.vector(q, k)
        tile.put_vector(p, k, b.fma(-s, y, b.normal(c * x)))
        tile.put_vector(q, k, b.fma(s, x, b.normal(c * y)))

    each(b, 0, tile.vectors, vector)


def _sort(a: Tile, v: Tile, n: int) -> None:
    """Eigenvalues on the diagonal of `a`, and the rows of `v`, in rising order."""
    b = a.b

    def place(k: Index) -> None:
        def smaller(i: Index, carried: list[Value]) -> list[Value]:
            value = a.get(i, i)
            less = b.compare("lt", value, carried[0])
            where = b.select(less, as_value(b, i), carried[1])
            return [b.select(less, value, carried[0]), where]

        own = a.get(k, k)
        least, where = b.fold(k + 1, n, [own, as_value(b, k)], smaller)
        a.put(where, where, own)
        a.put(k, k, least)
        swap_rows(v, k, where)

    each(b, 0, n, place)
