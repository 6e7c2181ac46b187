"""Products of two large polynomials: `taylor.polynomial.product`.

The variables are split in two groups.  For each outer monomial A of the left factor, the products
of the inner polynomials that belong to A and to outer monomials B of the right factor are made with
B in lanes; adding them up at A B takes a table.  So there is a vector operation for several pairs
of coefficients, and an addition through a table for a seventh of them (6 variables, order 10).
Factors with few coefficients are multiplied one coefficient after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from taylor_runtime.arithmetic.sums import CHAINS, chained_sums
from taylor_runtime.ir.builder import Builder, define_function
from taylor_runtime.ir.fields import Fields
from taylor_runtime.ir.module import Module
from taylor_runtime.ir.types import I64, Type
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.polynomials.sums import table_item
from taylor_runtime.polynomials.tables import GROUPS, LANES, SPLIT, SPLIT_TABLES

PRODUCT = "taylor.polynomial.product"


def product_module(element: str) -> str:
    """IR text of `void taylor.polynomial.product(split, a, b, c, work, count)`.

    split: a block `SPLIT`.  a, b, c: `count` polynomials of its `size`.  work: `work_size` numbers.
    """
    module = Module()
    parameters = [("ptr noalias readonly", "split"), ("ptr readonly", "a"), ("ptr readonly", "b")]
    parameters += [("ptr noalias", "c"), ("ptr noalias", "work"), ("i64", "count")]
    with define_function(module, PRODUCT, "void", parameters, "nounwind") as (b, arguments):
        block, *operands, work, count = arguments
        kernel = _Product(b, Fields(b, block, SPLIT), work, element)
        x, y, z = (b.planes(operand, kernel.size * count, element) for operand in operands)

        def one(k: Index, _: list[Value]) -> Sequence[Value]:
            kernel.multiply(*(b.at(operand, kernel.size * k, element) for operand in (x, y, z)))
            return []

        b.fold(0, count, [], one)
        b.ret()
    return module.text()


class _Product:
    def __init__(self, builder: Builder, split: Fields, work: Value, element: str) -> None:
        self.builder = builder
        self.element = element
        self.size, self.order = split.get("size"), split.get("order")
        self.inner, self.outer = split.get("inner"), split.get("outer")
        self.packed, self.some, self.slender = (split.get(n) for n in ("packed", "some", "slender"))
        self.tables = {name: split.address(name) for name in SPLIT_TABLES}
        self.row = (self.outer + (LANES - 1)) // LANES * LANES
        numbers = self.packed * 3 + self.row * GROUPS[0]
        self.work = builder.planes(work, numbers + self.size * 2, element)
        self.lists = builder.at(self.work, numbers, element).parts[0]
        self.a, self.b, self.c, self.rows = (
            builder.at(self.work, self.packed * k, element) for k in range(4)
        )

    def item(self, table: str, index: Index) -> Value:
        return table_item(self.builder, self.tables[table], index)

    def multiply(self, a: Value, b: Value, c: Value) -> None:
        """c = a b, in the way that suits how many coefficients are not zero."""
        builder = self.builder
        lists = [builder.at(self.lists, self.size * k, "i32") for k in (0, 1)]
        found = [self.present(x, place) for x, place in zip((a, b), lists, strict=True)]

        def slender(k: int) -> Callable[[], list[Value]]:
            left, right = (a, b)[k], (a, b)[1 - k]
            return lambda: self.few_by_many(left, lists[k], found[k], right, c)

        def otherwise() -> list[Value]:
            return builder.if_(
                found[1] <= self.slender, slender(1), lambda: self.in_groups(a, b, c)
            )

        def one_at_least() -> list[Value]:
            return builder.if_(found[0] <= self.slender, slender(0), otherwise)

        few = (found[0] <= self.some) & (found[1] <= self.some)
        builder.if_(few, lambda: self.one_by_one(a, b, c, lists, found), one_at_least)

    def present(self, a: Value, place: Value) -> Value:
        """List the coefficients that are not zero, until there are more than `some`: how many."""
        b, kind = self.builder, self.element

        def note(k: Value, found: Value) -> Value:
            b.store(b.cast("trunc", k, "i32"), b.at(place, found, "i32"))
            value = b.load(Type(kind), b.at(a, k, kind))
            return found + b.cast("zext", b.ne(value, 0), "i64")

        def several(carried: list[Value]) -> list[Value]:
            k, found = carried
            values = b.load(Type(kind, LANES), b.at(a, k, kind))

            def each() -> list[Value]:
                return b.fold(0, LANES, [found], lambda i, now: [note(k + i, now[0])], unroll=True)

            return [k + LANES, *b.if_(b.any_lane(b.ne(values, 0)), each, lambda: [found])]

        whole = self.size - (LANES - 1)
        k, found = b.while_(
            [b.constant(0, I64)] * 2,
            lambda carried: (carried[0] < whole) & (carried[1] <= self.some),
            several,
        )
        _, found = b.while_(
            [k, found],
            lambda carried: (carried[0] < self.size) & (carried[1] <= self.some),
            lambda carried: [carried[0] + 1, note(*carried)],
        )
        return found

    def fill_zero(self, first: Value, count: Value) -> None:
        """Set numbers to zero, whole registers and then the rest."""
        b, kind = self.builder, self.element

        def clear(t: Type, width: int, begin: Value) -> Value:
            def one(carried: list[Value]) -> list[Value]:
                b.store(b.constant(0, t), b.at(first, carried[0], kind))
                return [carried[0] + width]

            return b.while_([begin], lambda now: now[0] + width <= count, one)[0]

        clear(Type(kind), 1, clear(Type(kind, LANES), LANES, b.constant(0, I64)))

    def one_by_one(
        self, a: Value, b: Value, c: Value, lists: Sequence[Value], counts: Sequence[Value]
    ) -> list[Value]:
        """Products of the coefficients that are listed, by degree."""
        builder, t = self.builder, Type(self.element)
        self.fill_zero(c, self.size)

        def left(n: Index, _: list[Value]) -> Sequence[Value]:
            i = table_item(builder, lists[0], n)
            x = builder.load(t, builder.at(a, i, self.element))
            rest = self.order - self.item("degrees", i)
            inner = self.item("inner_parts", i) * self.inner
            outer = self.item("outer_parts", i) * self.outer

            def near(carried: list[Value]) -> Value:
                inside = carried[0] < counts[1]
                known = builder.select(inside, carried[0], 0)
                degree = self.item("degrees", table_item(builder, lists[1], known))
                return inside & (degree <= rest)

            def right(carried: list[Value]) -> list[Value]:
                j = table_item(builder, lists[1], carried[0])
                row = self.item("inner_sums", inner + self.item("inner_parts", j))
                column = self.item("sums", outer + self.item("outer_parts", j))

                def add() -> list[Value]:
                    y = builder.load(t, builder.at(b, j, self.element))
                    index = self.item("plain", self.item("rows", row) + column)
                    place = builder.at(c, index, self.element)
                    total = builder.fma(x, y, builder.load(t, place))
                    builder.store(builder.normal(total), place)
                    return []

                builder.if_((row >= 0) & (column >= 0), add)
                return [carried[0] + 1]

            builder.while_([builder.constant(0, I64)], near, right)
            return []

        return builder.fold(0, counts[0], [], left)

    def few_by_many(self, a: Value, listed: Value, count: Value, b: Value, c: Value) -> list[Value]:
        """Products of the listed coefficients of a with all of b."""
        builder, t = self.builder, Type(self.element)
        self.fill_zero(self.work, self.packed * 3)
        self.copy(b, self.b)

        def left(n: Index, _: list[Value]) -> Sequence[Value]:
            i = table_item(builder, listed, n)
            x = builder.load(t, builder.at(a, i, self.element))
            rest = self.order - self.item("degrees", i)
            inner = self.item("inner_parts", i) * self.inner
            sums = builder.at(self.tables["sums"], self.item("outer_parts", i) * self.outer, "i32")

            def row(k: Index, _: list[Value]) -> Sequence[Value]:
                made = self.item("inner_sums", inner + k)
                lanes = self.item("outer_prefix", rest - self.item("inner_degrees", k))
                source = builder.at(self.b, self.item("rows", k), self.element)

                def add() -> list[Value]:
                    target = builder.at(self.c, self.item("rows", made), self.element)

                    def one(lane: Index, _: list[Value]) -> Sequence[Value]:
                        place = builder.at(target, table_item(builder, sums, lane), self.element)
                        y = builder.load(t, builder.at(source, lane, self.element))
                        total = builder.fma(x, y, builder.load(t, place))
                        builder.store(builder.normal(total), place)
                        return []

                    return builder.fold(0, lanes, [], one)

                builder.if_(made >= 0, add)
                return []

            return builder.fold(0, self.item("inner_prefix", rest), [], row)

        builder.fold(0, count, [], left)
        self.copy(c, self.c, back=True)
        return []

    def in_groups(self, a: Value, b: Value, c: Value) -> list[Value]:
        """Products of all coefficients, the polynomial of lower degree being the left factor."""
        builder = self.builder
        self.fill_zero(self.work, self.packed * 3)
        degrees = self.degree(a), self.degree(b)
        swapped = degrees[1] < degrees[0]
        low, high = (
            builder.pointers(
                [builder.select(swapped, q, p) for p, q in zip(x.parts, y.parts, strict=True)]
            )
            for x, y in ((a, b), (b, a))
        )
        self.copy(low, self.a)
        self.copy(high, self.b)
        a_high = builder.select(swapped, degrees[1], degrees[0])
        b_high = builder.select(swapped, degrees[0], degrees[1])
        begin: Value = builder.constant(0, I64)
        for kind, size in enumerate(GROUPS):
            last = self.item("group_ends", kind)
            builder.fold(begin, last, [], partial(self.group, size, a_high, b_high))
            begin = last
        self.copy(c, self.c, back=True)
        return []

    def degree(self, a: Value) -> Value:
        """The highest degree of a coefficient that is not zero."""
        b, kind = self.builder, self.element

        def zero(carried: list[Value]) -> Value:
            inside = carried[0] > 0
            value = b.load(Type(kind), b.at(a, b.select(inside, carried[0], 0), kind))
            return inside & b.eq(value, 0)

        start = [self.size - 1]
        (last,) = b.while_(start, zero, lambda carried: [carried[0] - 1])
        return self.item("degrees", last)

    def copy(self, plain: Value, packed: Value, back: bool = False) -> None:
        """To the packed order or from it."""
        b, kind = self.builder, self.element

        def one(k: Index, _: list[Value]) -> Sequence[Value]:
            place, other = b.at(plain, k, kind), b.at(packed, self.item("positions", k), kind)
            if back:
                place, other = other, place
            b.store(b.load(Type(kind), place), other)
            return []

        b.fold(0, self.size, [], one)

    def group(
        self, size: int, a_high: Value, b_high: Value, k: Index, _: list[Value]
    ) -> Sequence[Value]:
        """All products with a group of outer monomials of a, which are of one degree."""
        b = self.builder
        first = self.item("groups", k)
        degree = self.item("outer_degrees", first)
        rest = self.order - degree

        def inner(n: Index, _: list[Value]) -> Sequence[Value]:
            remaining = rest - self.item("inner_degrees", n)
            known = b.select(remaining < b_high, remaining, b_high)
            self.inner_monomial(size, n, first, self.item("outer_prefix", known))
            return []

        def all_of_them() -> list[Value]:
            return b.fold(0, self.item("inner_prefix", rest), [], inner)

        b.if_(degree <= a_high, all_of_them)
        return []

    def inner_monomial(self, size: int, inner: Index, first: Value, count: Value) -> None:
        """All products with this inner monomial and `count` outer monomials of b."""
        b, kind = self.builder, self.element
        start, end = self.item("starts", inner), self.item("starts", inner + 1)
        lane: Value = b.constant(0, I64)
        for t, registers in _widths(size, kind):
            width = t.lanes * registers
            rest = LANES // 2 if width == LANES else max(width - LANES, 0)  # for the next ones

            def more(carried: list[Value], rest: int = rest) -> Value:
                return carried[0] < count - rest

            def some(
                carried: list[Value], t: Type = t, registers: int = registers, width: int = width
            ) -> list[Value]:
                self.products_in_lanes(t, size, registers, carried[0], first, (start, end))
                return [carried[0] + width]

            (lane,) = b.while_([lane], more, some)
        row = b.at(self.c, self.item("rows", inner), kind)
        tables = [b.at(self.tables["sums"], (first + i) * self.outer, "i32") for i in range(size)]

        def add(lane: Index, _: list[Value]) -> Sequence[Value]:
            for i, table in enumerate(tables):
                place = b.at(row, table_item(b, table, lane), kind)
                value = b.load(Type(kind), b.at(self.rows, self.row * i + lane, kind))
                b.store(b.load(Type(kind), place) + value, place)
            return []

        b.fold(0, count, [], add)

    def products_in_lanes(
        self,
        t: Type,
        size: int,
        registers: int,
        lane: Value,
        first: Value,
        pairs: tuple[Value, Value],
    ) -> None:
        b, kind = self.builder, self.element

        def pair(p: Value, sums: list[Value]) -> list[Value]:
            x = b.at(self.a, self.item("pairs", p * 2) + first, kind)
            y = b.at(self.b, self.item("pairs", p * 2 + 1) + lane, kind)
            left = [b.load(Type(kind), b.at(x, i, kind)) for i in range(size)]
            right = [b.load(t, b.at(y, i * t.lanes, kind)) for i in range(registers)]
            factors = [(f, r) for f in left for r in right]
            return [b.fma(r, f, s) for (f, r), s in zip(factors, sums, strict=True)]

        zeros = [b.constant(0, t)] * (size * registers)
        chains = max(1, CHAINS // len(zeros))
        for k, total in enumerate(chained_sums(b, pairs, zeros, chains, pair)):
            i, register = divmod(k, registers)
            b.store(total, b.at(self.rows, self.row * i + lane + register * t.lanes, kind))


def _widths(size: int, kind: str) -> list[tuple[Type, int]]:
    """Lanes and registers of the right factor that a group of this size is multiplied with.

    As many as there are sums for, then one, then half of one, which takes half the time.
    """
    whole, half = Type(kind, LANES), Type(kind, LANES // 2)
    several = [(whole, GROUPS[0] // size)] if size < GROUPS[0] else []
    return [*several, (whole, 1), (half, 1)]
