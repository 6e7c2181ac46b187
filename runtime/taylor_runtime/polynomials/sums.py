"""Sums of products of coefficients that tables name, in chains."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from taylor_runtime.ir import I32, Builder, Index, Type, Value

CHAINS = 4  # sums that are made side by side, since one alone would wait for itself

Load = Callable[[Value], Value]
Step = Callable[[Value, list[Value]], list[Value]]


def table_item(b: Builder, table: Value, index: Index) -> Value:
    """Item of a table of i32, as an index."""
    return b.cast("sext", b.load(I32, b.at(table, index, "i32")), "i64")


def chained_sums(
    b: Builder, ends: tuple[Value, Value], zeros: Sequence[Value], chains: int, step: Step
) -> list[Value]:
    """sums = step(k, sums) for k from ends[0] on to before ends[1], beginning with `zeros`.

    Every item goes to the next of several chains of sums, which are added at the end.
    """
    start, end = ends
    count = len(zeros)

    def some(carried: list[Value]) -> list[Value]:
        k, sums = carried[0], carried[1:]
        parts = [step(k + i, sums[i * count : (i + 1) * count]) for i in range(chains)]
        return [k + chains, *(total for part in parts for total in part)]

    def one(carried: list[Value]) -> list[Value]:
        return [carried[0] + 1, *step(carried[0], carried[1:])]

    whole = end - (chains - 1)
    k, *sums = b.while_([start, *list(zeros) * chains], lambda carried: carried[0] < whole, some)
    if chains > 1:
        first = b.while_([k, *sums[:count]], lambda carried: carried[0] < end, one)[1:]
        sums = [*first, *sums[count:]]
    normal = [b.normal(total) for total in sums]
    while len(normal) > count:
        half = len(normal) // 2
        normal = [x + y for x, y in zip(normal[:half], normal[half:], strict=True)]
    return normal


def sum_of_products(
    b: Builder, start: Value, end: Value, t: Type, left: Load, right: Load
) -> Value:
    """left(k) right(k) for k = start .. end - 1."""

    def step(k: Value, sums: list[Value]) -> list[Value]:
        return [b.fma(right(k), left(k), sums[0])]

    return chained_sums(b, (start, end), [b.constant(0, t)], CHAINS, step)[0]
