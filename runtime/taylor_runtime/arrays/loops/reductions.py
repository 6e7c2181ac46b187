"""What many elements become: sums and extremes, in an order that is part of the arithmetic.

Elements along the axis that is in lanes go to the lane of their place; each lane takes its own in
order, and lanes are put together in the end, the upper half onto the lower one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.types import Type
from taylor_runtime.ir.values import Value
from taylor_runtime.program.records import dataclass

Numbers = Callable[[], Value]  # places of elements


class Reduction(Protocol):
    """A way to put elements together; `values` are carried along."""

    @property
    def values(self) -> int: ...

    def begin(self, b: Builder, t: Type) -> list[Value]:
        """What no elements are."""

    def add(
        self, b: Builder, old: list[Value], value: Value, places: Numbers, fresh: Value | None
    ) -> list[Value]:
        """What there was, and more elements: those lanes that are `fresh`, all where it is None."""

    def end(self, b: Builder, values: list[Value], lanes: bool, element: str) -> Value:
        """The result; of all lanes, if they lie along what was put together."""


@dataclass(frozen=True, slots=True)
class _Sum:
    """Their sum."""

    values: int = 1

    def begin(self, b: Builder, t: Type) -> list[Value]:
        return [b.constant(0, t)]

    def add(
        self, b: Builder, old: list[Value], value: Value, places: Numbers, fresh: Value | None
    ) -> list[Value]:
        if fresh is not None:
            value = b.select(fresh, value, b.constant(0, value.type))
        return [old[0] + value]

    def end(self, b: Builder, values: list[Value], lanes: bool, element: str) -> Value:
        (total,) = values
        return _across(b, [total], _added)[0] if lanes else total


def _added(b: Builder, low: list[Value], high: list[Value]) -> list[Value]:
    return [b.normal(low[0] + high[0])]


@dataclass(frozen=True, slots=True)
class _Extreme:
    """relation: "gt" for the largest. NaN is better than all numbers."""

    relation: str
    values: int = 1

    def begin(self, b: Builder, t: Type) -> list[Value]:
        return [_worst(b, self.relation, t)]

    def add(
        self, b: Builder, old: list[Value], value: Value, places: Numbers, fresh: Value | None
    ) -> list[Value]:
        return self._better(b, old, [value])  # lanes that are not fresh change nothing

    def _better(self, b: Builder, old: list[Value], new: list[Value]) -> list[Value]:
        (best,), (value,) = old, new
        takes = b.compare(self.relation, value, best) | b.is_nan(value)
        return [b.select(takes, value, best)]

    def end(self, b: Builder, values: list[Value], lanes: bool, element: str) -> Value:
        return (_across(b, values, self._better) if lanes else values)[0]


@dataclass(frozen=True, slots=True)
class _PlaceOfExtreme:
    """The same with the place of the first of the best, of which elements one is taken at least."""

    relation: str
    values: int = 2

    def begin(self, b: Builder, t: Type) -> list[Value]:
        return [_worst(b, self.relation, t), b.constant(-1, t.of("double"))]

    def add(
        self, b: Builder, old: list[Value], value: Value, places: Numbers, fresh: Value | None
    ) -> list[Value]:
        return self._better(b, old, [value, places()], fresh)

    def _better(
        self, b: Builder, old: list[Value], new: list[Value], fresh: Value | None = None
    ) -> list[Value]:
        (best, first), (value, place) = old, new
        takes = b.compare(self.relation, value, best) | (b.is_nan(value) & ~b.is_nan(best))
        takes = takes | (first < 0)
        equal = b.eq(value, best) | (b.is_nan(value) & b.is_nan(best))
        takes = takes | (equal & (place < first))
        takes = takes & (place >= 0)
        if fresh is not None:
            takes = takes & fresh
        return [b.select(takes, value, best), b.select(takes, place, first)]

    def end(self, b: Builder, values: list[Value], lanes: bool, element: str) -> Value:
        found = _across(b, values, self._better) if lanes else values
        return b.from_double(found[1], element)


def _worst(b: Builder, relation: str, t: Type) -> Value:
    return b.constant(float("-inf") if relation == "gt" else float("inf"), t)


def _across(
    b: Builder,
    values: list[Value],
    join: Callable[[Builder, list[Value], list[Value]], list[Value]],
) -> list[Value]:
    """All lanes put together; a middle one without a partner waits."""
    lanes = values[0].lanes
    while lanes > 1:
        half = (lanes + 1) // 2
        low = [b.shuffle(value, None, list(range(half))) for value in values]
        upper = [half + i if half + i < lanes else -1 for i in range(half)]
        high = [b.shuffle(value, None, upper) for value in values]
        joined = join(b, low, high)
        if lanes % 2:
            keep = b.constants([int(i < lanes - half) for i in range(half)], "i1")
            pairs = zip(joined, low, strict=True)
            joined = [b.select(keep, new, old) for new, old in pairs]
        values, lanes = joined, half
    return [b.extract(value, 0) for value in values]


REDUCTIONS: dict[str, Reduction] = {
    "sum": _Sum(),
    "max": _Extreme("gt"),
    "min": _Extreme("lt"),
    "argmax": _PlaceOfExtreme("gt"),
    "argmin": _PlaceOfExtreme("lt"),
}
