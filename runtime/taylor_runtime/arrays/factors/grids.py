"""Where the matrices of a batch are, and the loops over them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from taylor_runtime.arrays.walks import each
from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.types import I64, Type, make_type
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.records import dataclass
from taylor_runtime.program.widths import REGISTER

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """Matrices of one operand.

    batch: from one matrix to the next along each axis of the batch, in elements.
    rows, columns: from one row, or column, to the next.
    """

    batch: Shape
    rows: int
    columns: int


@dataclass(frozen=True, slots=True)
class Matrix:
    """One matrix, or several side by side in lanes.

    step: from lane to lane.
    """

    b: Builder
    element: str
    place: Value
    grid: Grid
    lanes: int = 0
    step: int = 0

    def at(self, i: Index, j: Index) -> Value:
        """The address of an element."""
        place = self.b.at(self.place, i * self.grid.rows, self.element)
        return self.b.at(place, j * self.grid.columns, self.element)

    def get(self, i: Index, j: Index) -> Value:
        b, one = self.b, make_type(self.element, 0)
        place = self.at(i, j)
        if not self.lanes:
            return b.load(one, place)
        if self.step == 1:
            return b.load(make_type(self.element, self.lanes), place)
        if self.step == 0:
            return b.splat(b.load(one, place), self.lanes)
        value = b.poison(make_type(self.element, self.lanes))
        for lane in range(self.lanes):
            value = b.insert(value, b.load(one, b.at(place, lane * self.step, self.element)), lane)
        return value

    def put(self, i: Index, j: Index, value: Value) -> None:
        b, place, value = self.b, self.at(i, j), self.b.normal(value)
        if not self.lanes or self.step == 1:
            b.store(value, place)
            return
        for lane in range(self.lanes):
            b.store(b.extract(value, lane), b.at(place, lane * self.step, self.element))


def each_matrix(
    b: Builder,
    element: str,
    batch: Shape,
    places: Sequence[Value],
    grids: Sequence[Grid],
    in_lanes: bool,
    body: Callable[[list[Matrix]], None],
) -> None:
    """`body` for the matrices of a batch that all operands share, one by one or in lanes.

    The last lanes are some that were there before, where their number is not a multiple.
    """
    axes = _merged(batch, [grid.batch for grid in grids])
    lanes = 0
    if in_lanes and axes and axes[-1][0] > 1:
        lanes = min(REGISTER, 1 << (axes[-1][0].bit_length() - 1))

    def walk(depth: int, moved: Sequence[Value]) -> None:
        if depth == len(axes):
            steps = axes[-1][1] if lanes else (0,) * len(grids)
            found = zip(moved, grids, steps, strict=True)
            body([Matrix(b, element, place, grid, lanes, step) for place, grid, step in found])
            return
        size, strides = axes[depth]
        own = lanes if depth == len(axes) - 1 else 0

        def one(i: Index) -> None:
            first: Index = i * max(own, 1)
            if own and size % own and isinstance(first, Value):
                first = b.intrinsic("smin", first, b.constant(size - own, I64))
            pairs = zip(moved, strides, strict=True)
            walk(depth + 1, [b.at(p, first * s if s else 0, element) for p, s in pairs])

        each(b, 0, -(-size // max(own, 1)), one)

    walk(0, places)


def _merged(batch: Shape, strides: Sequence[Shape]) -> list[tuple[int, Shape]]:
    """The axes of a batch, neighbours that are one in all operands as one."""
    axes: list[tuple[int, Shape]] = []
    for number, size in enumerate(batch):
        own = tuple(given[number] for given in strides)
        if size == 1:
            continue
        if axes and all(o == s * size for o, s in zip(axes[-1][1], own, strict=True)):
            axes[-1] = (axes[-1][0] * size, own)
        else:
            axes.append((size, own))
    return axes


def padded(size: int) -> int:
    """Elements that a row takes whose last vector is whole."""
    return -(-size // REGISTER) * REGISTER


@dataclass(frozen=True, slots=True)
class Tile:
    """Rows of elements in memory of their own, each a number of whole vectors.

    lanes: of a vector; 0 for rows of one element.
    """

    b: Builder
    element: str
    place: Value
    stride: int
    lanes: int = REGISTER

    @property
    def vectors(self) -> int:
        """Of a row."""
        return self.stride // max(self.lanes, 1)

    @property
    def type(self) -> Type:
        return make_type(self.element, self.lanes)

    def at(self, i: Index, j: Index = 0) -> Value:
        return self.b.at(self.b.at(self.place, i * self.stride, self.element), j, self.element)

    def get(self, i: Index, j: Index) -> Value:
        """One element."""
        return self.b.load(make_type(self.element, 0), self.at(i, j))

    def put(self, i: Index, j: Index, value: Value) -> None:
        self.b.store(self.b.normal(value), self.at(i, j))

    def vector(self, i: Index, c: Index) -> Value:
        """Vector c of a row."""
        return self.b.load(self.type, self.at(i, c * max(self.lanes, 1)))

    def put_vector(self, i: Index, c: Index, value: Value) -> None:
        self.b.store(self.b.normal(value), self.at(i, c * max(self.lanes, 1)))

    def spread(self, value: Value) -> Value:
        """One number in all lanes."""
        return self.b.splat(value, self.lanes) if self.lanes else value

    def clear(self, rows: int) -> None:
        """Zeros everywhere."""
        zero = self.b.constant(0, self.type)

        def one(i: Index) -> None:
            self.b.store(zero, self.b.at(self.place, i * max(self.lanes, 1), self.element))

        each(self.b, 0, rows * self.vectors, one)


def copy_rows(source: Matrix, tile: Tile, rows: int, columns: int) -> None:
    """The elements of a matrix in the rows of a tile, with zeros behind them."""
    b = source.b
    zero = b.constant(0, make_type(tile.element, 0))

    def row(i: Index) -> None:
        whole = columns // tile.lanes if source.grid.columns == 1 and tile.lanes else 0

        def vector(c: Index) -> None:
            tile.put_vector(i, c, b.load(tile.type, source.at(i, c * tile.lanes)))

        each(b, 0, whole, vector)
        each(b, whole * tile.lanes, columns, lambda j: tile.put(i, j, source.get(i, j)))
        for j in range(columns, tile.stride):
            tile.put(i, j, zero)

    each(b, 0, rows, row)


def copy_back(
    tile: Tile, target: Matrix, rows: int, columns: int, first: int = 0, onto: int = 0
) -> None:
    """The rows of a tile from row `first` on as elements of a matrix, from row `onto` on."""
    b = target.b

    def row(i: Index) -> None:
        whole = columns // tile.lanes if target.grid.columns == 1 and tile.lanes else 0

        def vector(c: Index) -> None:
            b.store(tile.vector(i + first, c), target.at(i + onto, c * tile.lanes))

        each(b, 0, whole, vector)
        each(
            b,
            whole * tile.lanes,
            columns,
            lambda j: target.put(i + onto, j, tile.get(i + first, j)),
        )

    each(b, 0, rows, row)
