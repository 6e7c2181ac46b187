"""Numbers that depend on the order alone: n, 1/n, 1/m and the powers of two that scale time."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.types import Type
from taylor_runtime.ir.values import Index, Value, index_text
from taylor_runtime.program.kinds import ELEMENTS
from taylor_runtime.program.order import rest_of_one_over


class Factors:
    """The factors `times` of steps: literals for a known order, else from constant tables."""

    def __init__(self, b: Builder, element: str, order: int, time_scale: Value | None) -> None:
        self.b = b
        self.element = element
        self.kind = ELEMENTS[element]
        self.orders = range(order + 1)
        self.time_scale = time_scale
        self._known: dict[str, tuple[Value, Value | None]] = {}  # "h/n" and its rest, by n
        self._tables: dict[str, Value] = {}

    def enter(self, n: Index) -> None:
        """Compute what depends on the order alone before the loops over chunks that need it."""
        self._known.clear()
        if isinstance(n, Value) and self.time_scale is not None:
            t = self._scale().type
            factor, rest = self.times("h/n", n, t), self.rest(n, t)
            assert factor is not None
            self._known[n.text] = (factor, rest)

    def times(self, times: str, n: Index, t: Type) -> Value | None:
        """The factor that a step names, in every lane; None for 1."""
        if times == "n":
            return self.number(n, t)
        if times == "1/n":
            return self.reciprocal(n, t)
        if times == "h/n":
            if index_text(n) in self._known:
                return self.b.splat(self._known[index_text(n)][0], t.lanes)
            scale = self._scale()
            return self.b.splat(scale * self.reciprocal(n, scale.type), t.lanes)
        if times == "h":
            return self.b.splat(self._scale(), t.lanes)
        if times == "h/m":
            scale = self._scale()
            return self.b.splat(scale * self._one_over_rest(n, scale.type), t.lanes)
        return None

    def _one_over_rest(self, n: Index, t: Type) -> Value:
        """1/(order + 1 - n)."""
        last = self.orders.stop
        if isinstance(n, int):
            return self.b.constant(Fraction(1, last - n), t)
        return self._from_table("1/m", lambda k: Fraction(1, last - k), n, t)

    def _scale(self) -> Value:
        assert self.time_scale is not None
        return self.b.from_double(self.time_scale, self.element)

    def number(self, n: Index, t: Type) -> Value:
        """n itself, in every lane."""
        if isinstance(n, int):
            return self.b.constant(n, t)
        return self._from_table("n", lambda k: k, n, t)

    def reciprocal(self, n: Index, t: Type) -> Value:
        """1/n, rounded, in every lane."""
        if isinstance(n, int):
            return self.b.constant(Fraction(1, n), t)
        return self._from_table("1/n", _one_over, n, t)

    def rest(self, n: Index, t: Type) -> Value | None:
        """What rounding left of the factor "h/n", where it matters, see `rest_of_one_over`; None
        where it does not.
        """
        if self.kind.is_finer:
            return None
        if not isinstance(n, int):
            entered = self._known.get(n.text, (None, None))[1]
            if entered is not None:
                return self.b.splat(entered, t.lanes)
            rest = self._from_table("rest", self._rest_of_one_over, n, t)
            return rest * self.b.splat(self._scale(), t.lanes)
        known = self._rest_of_one_over(n)
        if known == 0:
            return None
        return self.b.constant(known, t) * self.b.splat(self._scale(), t.lanes)

    def _rest_of_one_over(self, n: int) -> Fraction:
        return rest_of_one_over(n, self.kind)

    def scaled(
        self, number: Value, factor: Value, rest: Value | None, n: Index, unit: bool
    ) -> tuple[Value, Value | None]:
        """The factor times a number, rounded, and what is left of that.

        unit: the number is 1 or -1, so that nothing is rounded.
        """
        whole = number * factor
        if rest is None:
            return whole, None
        if unit:
            return whole, number * rest
        left = self.b.fma(number, factor, -whole) + number * rest
        if not isinstance(n, int):
            left = self.b.select(self.b.ne(rest, 0), left, self.b.constant(0, left.type))
        return whole, left

    def _from_table(
        self, name: str, number: Callable[[int], int | Fraction], n: Value, t: Type
    ) -> Value:
        """number(n), from a table that is made once under its name."""
        table = self._tables.get(name)
        if table is None:
            table = self.b.table([number(k) for k in self.orders], self.element)
            self._tables[name] = table
        pointer = self.b.at(table, n, self.element)
        return self.b.splat(self.b.load(Type(self.element), pointer), t.lanes)

    def time_coefficient(self, n: Index, t: Type) -> Value:
        """Coefficient n >= 1 of time itself: the scale for n = 1, then zero."""
        scale = self._scale()
        zero = self.b.constant(0, scale.type)
        if isinstance(n, int):
            return self.b.splat(scale if n == 1 else zero, t.lanes)
        return self.b.splat(self.b.select(self.b.eq(n, 1), scale, zero), t.lanes)


def _one_over(n: int) -> Fraction:
    return Fraction(1, n) if n else Fraction(0)
