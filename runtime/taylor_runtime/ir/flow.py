"""Structured control flow: loops that carry values, and choices between two pieces of code.

Written against the instructions of `Builder`, of which these functions are methods.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from taylor_runtime.ir.pairs import flat_values, joined_values
from taylor_runtime.ir.types import I64
from taylor_runtime.ir.values import Index, Value

if TYPE_CHECKING:
    from taylor_runtime.ir.builder import Builder


def fold(
    b: Builder,
    start: Index,
    stop: Index,
    carried: Sequence[Value],
    body: Callable[[Index, list[Value]], Sequence[Value]],
    unroll: bool = False,
) -> list[Value]:
    """carried = body(i, carried) for i = start .. stop - 1; returns the last `carried`.

    With Python integers and unroll=True the loop is written out.
    """
    if unroll and isinstance(start, int) and isinstance(stop, int):
        values = list(carried)
        for i in range(start, stop):
            values = list(body(i, values))
        return values
    first = start if isinstance(start, Value) else b.constant(start, I64)
    end = stop if isinstance(stop, Value) else b.constant(stop, I64)

    def condition(values: list[Value]) -> Value:
        return b.compare("lt", values[0], end)

    def advance(values: list[Value]) -> list[Value]:
        after = list(body(values[0], values[1:]))
        return [values[0] + 1, *after]

    return b.while_([first, *carried], condition, advance)[1:]


def while_(
    b: Builder,
    carried: Sequence[Value],
    condition: Callable[[list[Value]], Value],
    body: Callable[[list[Value]], Sequence[Value]],
) -> list[Value]:
    """carried = body(carried) while condition(carried); returns the last `carried`."""
    head, inside, after = (b.fresh_label(s) for s in ("while", "do", "done"))
    before = b.block
    b.jump(head)
    b.label(head)
    places: list[int] = []
    parts: list[Value] = []
    for initial in flat_values(carried):
        places.append(len(b.lines))
        parts.append(b.emit(initial.type, "phi"))
    values = joined_values(parts, [value.type for value in carried])
    b.branch(condition(values), inside, after)
    b.label(inside)
    last = flat_values(body(values))
    for place, value, initial, final in zip(places, parts, flat_values(carried), last, strict=True):
        b.lines[place] = (
            f"  {value.text} = phi {value.type} [ {initial.text}, %{before} ], "
            f"[ {final.text}, %{b.block} ]"
        )
    b.jump(head)
    b.label(after)
    return values


def if_(
    b: Builder,
    condition: Value,
    then: Callable[[], Sequence[Value]],
    otherwise: Callable[[], Sequence[Value]] | None = None,
) -> list[Value]:
    """The values of `then()` where the i1 scalar `condition` holds, else those of
    `otherwise()`.
    """
    yes, no, after = (b.fresh_label(s) for s in ("then", "else", "endif"))
    b.branch(condition, yes, no)
    b.label(yes)
    first = list(then())
    first_block = b.block
    b.jump(after)
    b.label(no)
    second = list(otherwise()) if otherwise else []
    second_block = b.block
    b.jump(after)
    b.label(after)
    parts = [
        b.emit(
            x.type,
            f"phi {x.type} [ {x.text}, %{first_block} ], [ {y.text}, %{second_block} ]",
        )
        for x, y in zip(flat_values(first), flat_values(second), strict=True)
    ]
    return joined_values(parts, [value.type for value in first])
