"""Sums of terms: in which chains they are added, and how one term is."""

from __future__ import annotations

from collections.abc import Callable

from taylor_runtime.ir import PAIR, Builder, Value
from taylor_runtime.program import Constant


def chain_count(terms: int) -> int:
    """Chains of a sum: one for few terms, up to four for many, so that latency stays short."""
    return 1 if terms < 6 else 2 if terms < 16 else 4


def in_chains(count: int, add: Callable[[Value | None, int], Value]) -> Value | None:
    """The sum of terms 0 .. count - 1, `add` putting one of them onto a chain; None without any."""
    chains: list[Value | None] = [None] * chain_count(count)
    for position in range(count):
        where = position % len(chains)
        chains[where] = add(chains[where], position)
    total = [chain for chain in chains if chain is not None]
    while len(total) > 1:
        total = [
            total[i] + total[i + 1] if i + 1 < len(total) else total[i]
            for i in range(0, len(total), 2)
        ]
    return total[0] if total else None


def add_scaled(
    b: Builder, total: Value | None, number: Constant, factor: Callable[[], Value], operand: Value
) -> Value:
    """total + number * operand, `factor` giving the number as a value."""
    # A fused step by +-1 is a plain sum, but for double-doubles, whose lanes must agree with
    # lanes of other constants.
    plain = operand.type.element != PAIR
    if number == 1 and (total is None or plain):
        return operand if total is None else total + operand
    if number == -1 and plain:
        return -operand if total is None else total - operand
    return operand * factor() if total is None else b.fma(operand, factor(), total)
