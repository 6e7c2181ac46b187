"""Long scans in segments, of which derivatives backward keep less: scans of scans."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from taylor.errors import ArgumentError
from taylor.expressions.expression import Expression
from taylor.nodes.arrays import index_entries, join, reshape
from taylor.nodes.regions import Graph, Region, array_count, inner_input, parts, region_node

MOST_LEVELS = 6
NUMBER = 8  # bytes of a number


def check_memory(function: str, memory: Any) -> None:
    """Raise ArgumentError for what is no number of bytes."""
    if memory is None:
        return
    known = isinstance(memory, int | float) and not isinstance(memory, bool)
    if not known or not memory > 0:
        raise ArgumentError(f"{function}: memory={memory!r} has to be a number of bytes above zero")


def results_within(scan: Any, memory: float | None) -> list[Expression]:
    """All results of a scan; backward it keeps what its turns begin with in so many bytes, or in as
    few as there can be.

    Of T turns in segments of about the square root of T, the beginnings of the segments are kept,
    and those of the turns of one segment at a time, which are computed again: one more time forth.
    Where that is too much, segments are gone through in segments.
    """
    region: Region = scan.payload
    count = region.length or 0
    if memory is None or count < 4:
        return list(parts(scan))
    first = len(scan.args) - region.carries - array_count(scan)
    each = NUMBER * sum(e.size for e in scan.args[first : first + region.carries])
    fewest = min(range(1, MOST_LEVELS + 1), key=lambda n: n * count ** (1 / n))
    levels = next((n for n in range(1, fewest) if each * n * count ** (1 / n) <= memory), fewest)
    return _in_segments(scan, levels)


def _in_segments(scan: Any, levels: int) -> list[Any]:
    region: Region = scan.payload
    count = region.length or 0
    if levels < 2 or count < 4:
        return list(parts(scan))
    size = math.ceil(count ** ((levels - 1) / levels))
    segments, rest = divmod(count, size)
    last = region.constants + region.carries
    constants, carries = scan.args[: region.constants], scan.args[region.constants : last]
    arrays = scan.args[last:]
    ranges = [(0, segments * size, True), (segments * size, rest, False)]
    pieces: dict[int, list[Any]] = {}
    for start, turns, many in reversed(ranges) if region.reverse else ranges:
        if not turns:
            continue
        own = [_rows(a, start, turns) for a in arrays]
        if many:
            blocks = [reshape(a, (segments, size, *a.shape[1:])) for a in own]
            found = _outer([*constants, *carries, *blocks], region, segments, size, levels - 1)
            collected = [reshape(y, (turns, *y.shape[2:])) for y in found[region.carries :]]
        else:
            made = Region(region.graphs, *_counts(region), turns, region.reverse)
            found = list(parts(region_node("scan", [*constants, *carries, *own], made)))
            collected = found[region.carries :]
        carries, pieces[start] = tuple(found[: region.carries]), collected
    columns = zip(*[pieces[start] for start in sorted(pieces)], strict=True)
    return [*carries, *[join(column, 0) for column in columns]]


def _counts(region: Region) -> tuple[int, int]:
    return region.constants, region.carries


def _rows(array: Any, start: int, count: int) -> Any:
    rest = tuple((0, n, 1) for n in array.shape[1:])
    return index_entries(array, ((start, count, 1), *rest))


def _outer(
    operands: Sequence[Any], region: Region, segments: int, size: int, levels: int
) -> list[Any]:
    """All results of a scan over segments, each a scan itself."""
    last = region.constants + region.carries
    inputs = [inner_input(f"k{k}", e.shape) for k, e in enumerate(operands[:last])]
    inputs += [inner_input(f"block {k}", e.shape[1:]) for k, e in enumerate(operands[last:])]
    made = Region(region.graphs, *_counts(region), size, region.reverse)
    outputs = _in_segments(region_node("scan", inputs, made), levels)
    outer = Region([Graph(inputs, outputs)], *_counts(region), segments, region.reverse)
    return list(parts(region_node("scan", operands, outer)))
