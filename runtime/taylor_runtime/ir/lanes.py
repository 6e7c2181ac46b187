"""Values side by side in the lanes of one, and apart again."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.types import make_type
from taylor_runtime.ir.values import Value


def transposed(b: Builder, rows: Sequence[Value]) -> list[Value]:
    """As many values as rows, which have as many lanes, a power of two: the k-th has lane k of all.

    Blocks of two, of four, .. change places, which takes two shuffles for two rows.
    """
    values, size, step = list(rows), len(rows), 1
    lanes = range(size)
    while step < size:
        for i in lanes:
            if not i & step:
                pair = values[i], values[i + step]
                low = [lane if not lane & step else size + lane - step for lane in lanes]
                high = [lane + step if not lane & step else size + lane for lane in lanes]
                values[i], values[i + step] = b.shuffle(*pair, low), b.shuffle(*pair, high)
        step *= 2
    return values


def join(b: Builder, values: Sequence[Value]) -> Value:
    """Values of one type in the lanes of one, 2, 4, .. as many as that needs; the last repeats."""
    parts = list(values)
    parts += parts[-1:] * ((1 << (len(parts) - 1).bit_length()) - len(parts))
    if not parts[0].lanes:
        value = b.poison(make_type(parts[0].type.element, len(parts)))
        for lane, item in enumerate(parts):
            value = b.insert(value, item, lane)
        return value
    while len(parts) > 1:
        lanes = range(2 * parts[0].lanes)
        parts = [b.shuffle(x, y, lanes) for x, y in zip(parts[::2], parts[1::2], strict=True)]
    return parts[0]


def split(b: Builder, value: Value, lanes: int, count: int) -> list[Value]:
    """The inverse of `join`: the first `count` values of so many lanes (0: scalars)."""
    if not lanes:
        return [b.extract(value, i) for i in range(count)]
    return [b.shuffle(value, None, range(i * lanes, (i + 1) * lanes)) for i in range(count)]


def repeat(b: Builder, value: Value, count: int) -> Value:
    """So many copies side by side, a power of two."""
    return join(b, [value] * count) if value.lanes else b.splat(value, count)


def where_any(b: Builder, condition: Value, then: Callable[[], Value], otherwise: Value) -> Value:
    """`then()` in the lanes where the condition holds, which is skipped where it holds in none."""

    def selected() -> list[Value]:
        return [b.select(condition, then(), otherwise)]

    return b.if_(b.any_lane(condition), selected, lambda: [otherwise])[0]
