"""Panels: copies of the factors of a contraction, so that those of one product are neighbours."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from taylor_runtime.arrays.tiles import Factor, Run, Shape
from taylor_runtime.arrays.walks import as_value, each, load_lanes, walk
from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.types import make_type
from taylor_runtime.ir.values import Index, Value

SQUARE = 8  # most rows and columns that are transposed in registers


def fill_panel(
    b: Builder,
    element: str,
    shape: Shape,
    factor: Factor,
    panel: Value,
    run: Run,
    shortest: int,
    vector_at: Callable[[Index], Value],
) -> Factor:
    """Copy the factors of a run for all vectors of a tile to `panel`; where they are then.

    shortest:  no run has fewer products.
    vector_at: where a vector begins in the operand.
    """
    if factor.walk.stride == 1 and shortest >= SQUARE:

        def one(j: Index) -> None:
            source = b.at(vector_at(j), run.start, element)
            target = b.at(panel, j * shape.unit, element)
            _turned(b, element, shape.unit, factor.along, (source, target), shape.width, run.count)

        each(b, 0, shape.vectors, one)
    else:
        _copied(b, element, shape, factor, panel, run)
    back = b.at(panel, run.start * -shape.width, element)  # walks begin with `run.start`
    places = [(back, j * shape.unit) for j in range(shape.vectors)]
    return Factor(places, 0, 1, walk((2,), (shape.width,)))


def _copied(b: Builder, element: str, shape: Shape, factor: Factor, panel: Value, run: Run) -> None:
    """Product after product, whatever the way through the operand is."""
    t = make_type(element, shape.lanes)

    def one(i: Index, carried: list[Value]) -> list[Value]:
        (offset, more), *_ = factor.walk.places(b, carried, 1)
        target = b.at(panel, i * shape.width, element)
        for j, (pointer, known) in enumerate(factor.vectors):
            source = b.at(b.at(pointer, offset, element), more + known, element)
            b.store(load_lanes(b, t, source, factor.along), b.at(target, j * shape.unit, element))
        return factor.walk.next(b, carried, 1)

    b.fold(0, run.count, factor.walk.start(b, run.start), one)


def _turned(
    b: Builder,
    element: str,
    unit: int,
    along: int,
    ends: tuple[Value, Value],
    width: int,
    count: Index,
) -> None:
    """One vector of an operand in which the factors of each lane are neighbours: squares of them
    are transposed, the last overlapping the one before it.
    """
    side = min(SQUARE, unit)
    t = make_type(element, side if side > 1 else 0)
    source, target = ends

    def square(first: Value) -> None:
        near = b.at(source, first, element)
        far = b.at(target, first * width, element)
        for part in range(0, unit, side):
            rows = [b.load(t, b.at(near, (part + i) * along, element)) for i in range(side)]
            for k, column in enumerate(transposed(b, rows)):
                b.store(column, b.at(far, part + k * width, element))

    def turn(carried: list[Value]) -> list[Value]:
        end = as_value(b, count) - side
        square(b.select(carried[0] < end, carried[0], end))
        return [carried[0] + side]

    b.while_([as_value(b, 0)], lambda carried: carried[0] < as_value(b, count), turn)


def transposed(b: Builder, rows: Sequence[Value]) -> list[Value]:
    """1, 2, 4, .. values of as many lanes: lane i of each value, in value i."""
    values = list(rows)
    count = len(values)
    step = 1
    while step < count:
        low = [lane - step + count if lane & step else lane for lane in range(count)]
        high = [lane + count if lane & step else lane + step for lane in range(count)]
        for i in range(count):
            if not i & step:
                x, y = values[i], values[i + step]
                values[i], values[i + step] = b.shuffle(x, y, low), b.shuffle(x, y, high)
        step *= 2
    return values
