"""Sums of terms: in which chains they are added, and how one term is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import add as add_values

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.values import Value
from taylor_runtime.program.kinds import ELEMENTS
from taylor_runtime.program.order import chain_count, chain_of, neighbours_added
from taylor_runtime.program.program import Constant

CHAINS = 4  # sums of a loop that are made side by side, since one alone would wait for itself

Step = Callable[[Value, list[Value]], list[Value]]


def in_chains(count: int, add: Callable[[Value | None, int], Value]) -> Value | None:
    """The sum of terms 0 .. count - 1, `add` putting one of them onto a chain; None without any."""
    chains: list[Value | None] = [None] * chain_count(count)
    for position in range(count):
        where = chain_of(position, count)
        chains[where] = add(chains[where], position)
    total = [chain for chain in chains if chain is not None]
    return neighbours_added(total, add_values) if total else None


def add_scaled(
    b: Builder, total: Value | None, number: Constant, factor: Callable[[], Value], operand: Value
) -> Value:
    """total + number * operand, `factor` giving the number as a value."""
    # A fused step by +-1 is a plain sum where it is rounded once; else lanes must agree with lanes
    # of other constants.
    plain = ELEMENTS[operand.type.element].rounds_once
    if number == 1 and (total is None or plain):
        return operand if total is None else total + operand
    if number == -1 and plain:
        return -operand if total is None else total - operand
    return operand * factor() if total is None else b.fma(operand, factor(), total)


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
