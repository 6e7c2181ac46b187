"""In which order the elements of rows ascend: a merge sort, so that equal ones stay as they stand.

Knuth (1998), "The Art of Computer Programming", volume 3, section 5.2.4 (straight merging).
"""

from __future__ import annotations

from taylor_runtime.arrays.factors.grids import Matrix, Tile
from taylor_runtime.arrays.walks import as_value, each
from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.types import I64
from taylor_runtime.ir.values import Index, Value


def order_loops(source: Matrix, target: Matrix, work: Value, m: int, n: int, stride: int) -> None:
    """The places of the elements of each row in ascending order, NaN last.

    work: room for four rows: elements and their places, and those of which runs are merged.
    """
    b, element = source.b, source.element
    tile = Tile(b, element, work, stride, 0)

    def row(i: Index) -> None:
        def begin(j: Index) -> None:
            tile.put(0, j, source.get(i, j))
            place = b.cast("sitofp", as_value(b, j), "double")
            tile.put(1, j, b.from_double(place, element))

        def merge_runs(carried: list[Value]) -> list[Value]:
            width, own = carried

            def merge(run: list[Value]) -> list[Value]:
                return [_merge(tile, n, run[0], width, own)]

            zero = b.constant(0, I64)
            b.while_([zero], lambda run: b.compare("lt", run[0], n), merge)
            return [width + width, 2 - own]

        each(b, 0, n, begin)
        first = [b.constant(1, I64), b.constant(0, I64)]
        own = b.while_(first, lambda carried: b.compare("lt", carried[0], n), merge_runs)[1]
        each(b, 0, n, lambda j: target.put(i, j, tile.get(own + 1, j)))

    each(b, 0, m, row)


def _merge(tile: Tile, n: int, start: Value, width: Value, own: Value) -> Value:
    """Two neighbouring runs of the elements in row `own` as one in the other half of the room;
    where it ends.

    Which run the next element is of is chosen without a branch, which could not be foretold.
    start, width: where the first run begins, and how long each is.
    """
    b = tile.b
    size = b.constant(n, I64)
    middle = b.intrinsic("smin", start + width, size)
    end = b.intrinsic("smin", middle + width, size)

    def take(k: Index, places: list[Value]) -> list[Value]:
        left, right = places
        one, other = tile.get(own, left), tile.get(own, right)
        rest = b.compare("ge", left, middle)  # of the right run alone
        later = b.compare("lt", right, end) & (rest | _precedes(b, other, one))
        place = b.select(later, right, left)
        tile.put(2 - own, k, b.select(later, other, one))
        tile.put(3 - own, k, tile.get(own + 1, place))
        taken = b.cast("zext", later, "i64")
        return [left + 1 - taken, right + taken]

    b.fold(start, end, [start, middle], take)
    return end


def _precedes(b: Builder, x: Value, y: Value) -> Value:
    """Whether x comes before y, and is no equal of it."""
    return b.compare("lt", x, y) | (b.is_nan(y) & ~b.is_nan(x))
