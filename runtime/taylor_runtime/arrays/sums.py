"""The order in which elements are added."""

from __future__ import annotations

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.values import Value


def across(b: Builder, value: Value) -> Value:
    """The sum of all lanes: the upper half is added to the lower one until one lane is left."""
    lanes = value.lanes
    while lanes > 1:
        half = (lanes + 1) // 2
        low = b.shuffle(value, None, list(range(half)))
        upper = [half + i if half + i < lanes else -1 for i in range(half)]
        high = b.shuffle(value, None, upper)
        total = low + high
        if lanes % 2:  # the middle lane has no partner
            keep = b.constants([int(i < lanes - half) for i in range(half)], "i1")
            total = b.select(keep, total, low)
        value, lanes = b.normal(total), half
    return b.extract(value, 0)
