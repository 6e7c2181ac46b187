"""Products of truncated polynomials: sums of products of coefficients that tables name.

`taylor.polynomial.product` multiplies two large polynomials.  The variables are split in two
groups.  For each outer monomial A of the left factor, the products of the inner polynomials that
belong to A and to outer monomials B of the right factor are made with B in lanes; adding them up
at A B takes a table.  So there is a vector operation for several pairs of coefficients, and an
addition through a table for a seventh of them (6 variables, order 10).

`taylor.polynomial.lanes` multiplies several small polynomials, which are lanes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from taylor_runtime.control import Fields
from taylor_runtime.ir import I32, I64, Builder, Index, Module, Type, Value
from taylor_runtime.polynomials.tables import GROUPS, LANES, SPLIT, SPLIT_TABLES

PRODUCT = "taylor.polynomial.product"
LANES_PRODUCT = "taylor.polynomial.lanes"
CHAINS = 4  # sums that are made side by side, since one alone would wait for itself

Load = Callable[[Value], Value]


def table_item(b: Builder, table: Value, index: Index) -> Value:
    """Item of a table of i32, as an index."""
    return b.cast("sext", b.load(I32, b.at(table, index, "i32")), "i64")


def product_module(element: str) -> str:
    """IR text of `void taylor.polynomial.product(split, a, b, c, work, count)`.

    split: a block `SPLIT`.  a, b, c: `count` polynomials of its `size`.  work: `work_size` numbers.
    """
    module = Module()
    parameters = [("ptr noalias readonly", "split"), ("ptr readonly", "a"), ("ptr readonly", "b")]
    parameters += [("ptr noalias", "c"), ("ptr noalias", "work"), ("i64", "count")]
    with module.function(PRODUCT, "void", parameters, "nounwind") as (b, arguments):
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
        self.packed, self.few, self.some = (split.get(n) for n in ("packed", "few", "some"))
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
        """c = a b"""
        builder, t = self.builder, Type(self.element, LANES)

        def clear(carried: list[Value]) -> list[Value]:
            builder.store(builder.constant(0, t), builder.at(self.work, carried[0], self.element))
            return [carried[0] + LANES]

        end = self.packed * 3
        builder.while_([builder.constant(0, I64)], lambda carried: carried[0] < end, clear)
        lists = [builder.at(self.lists, self.size * k, "i32") for k in (0, 1)]

        short = [self.present(x, place, self.some) for x, place in zip((a, b), lists, strict=True)]

        def count() -> list[Value]:
            both = zip((a, b), lists, strict=True)
            counts = [self.present(x, place, self.size) for x, place in both]
            return [builder.select(counts[0] * counts[1] <= self.few, n, 0) for n in counts]

        none = [builder.constant(0, I64)] * 2
        counts = builder.if_((short[0] <= self.some) | (short[1] <= self.some), count, lambda: none)
        builder.if_(
            counts[0] * counts[1] > 0,
            lambda: self.one_by_one(a, b, lists, counts),
            lambda: self.in_groups(a, b),
        )
        self.copy(c, self.c, back=True)

    def present(self, a: Value, place: Value, most: Value) -> Value:
        """Positions of the coefficients that are not zero, until there are more than `most`."""
        b = self.builder

        def more(carried: list[Value]) -> Value:
            return (carried[0] < self.size) & (carried[1] <= most)

        def one(carried: list[Value]) -> list[Value]:
            k, found = carried
            b.store(b.cast("trunc", k, "i32"), b.at(place, found, "i32"))
            value = b.load(Type(self.element), b.at(a, k, self.element))
            return [k + 1, found + b.cast("zext", b.ne(value, 0), "i64")]

        return b.while_([b.constant(0, I64)] * 2, more, one)[1]

    def one_by_one(
        self, a: Value, b: Value, lists: Sequence[Value], counts: Sequence[Value]
    ) -> list[Value]:
        """Products of the coefficients that are listed, by degree."""
        builder, t = self.builder, Type(self.element)

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
                y = builder.load(t, builder.at(b, j, self.element))
                row = self.item("inner_sums", inner + self.item("inner_parts", j))
                column = self.item("sums", outer + self.item("outer_parts", j))
                known = (row >= 0) & (column >= 0)
                index = self.item("rows", builder.select(known, row, 0)) + column
                index = builder.select(known, index, self.packed - 1)  # where nothing is read
                place = builder.at(self.c, index, self.element)
                total = builder.fma(x, y, builder.load(t, place))
                builder.store(builder.normal(total), place)
                return [carried[0] + 1]

            builder.while_([builder.constant(0, I64)], near, right)
            return []

        return builder.fold(0, counts[0], [], left)

    def in_groups(self, a: Value, b: Value) -> list[Value]:
        """Products of all coefficients, the polynomial of lower degree being the left factor."""
        builder = self.builder
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
        for registers in dict.fromkeys((max(1, GROUPS[0] // size), 1)):
            width = LANES * registers
            enough = count - (width - LANES)

            def some(
                carried: list[Value], registers: int = registers, width: int = width
            ) -> list[Value]:
                self.products_in_lanes(size, registers, carried[0], first, (start, end))
                return [carried[0] + width]

            def more(carried: list[Value], enough: Value = enough) -> Value:
                return carried[0] < enough

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
        self, size: int, registers: int, lane: Value, first: Value, pairs: tuple[Value, Value]
    ) -> None:
        b, kind = self.builder, self.element
        t = Type(kind, LANES)

        def pair(p: Index, sums: list[Value]) -> Sequence[Value]:
            x = b.at(self.a, self.item("pairs", p * 2) + first, kind)
            y = b.at(self.b, self.item("pairs", p * 2 + 1) + lane, kind)
            left = [b.load(Type(kind), b.at(x, i, kind)) for i in range(size)]
            right = [b.load(t, b.at(y, i * LANES, kind)) for i in range(registers)]
            factors = [(f, r) for f in left for r in right]
            return [b.fma(r, f, s) for (f, r), s in zip(factors, sums, strict=True)]

        sums = b.fold(*pairs, [b.constant(0, t)] * (size * registers), pair)
        for k, total in enumerate(sums):
            i, register = divmod(k, registers)
            place = self.row * i + lane + register * LANES
            b.store(b.normal(total), b.at(self.rows, place, kind))


def sum_of_products(
    b: Builder, start: Value, end: Value, t: Type, left: Load, right: Load
) -> Value:
    """left(k) right(k) for k = start .. end - 1, in CHAINS sums that are added at the end."""
    whole = end - (CHAINS - 1)

    def some(carried: list[Value]) -> list[Value]:
        k, *sums = carried
        products = [b.fma(right(k + i), left(k + i), total) for i, total in enumerate(sums)]
        return [k + CHAINS, *products]

    zero = b.constant(0, t)
    k, *sums = b.while_([start, *[zero] * CHAINS], lambda carried: carried[0] < whole, some)

    def one(carried: list[Value]) -> list[Value]:
        return [carried[0] + 1, b.fma(right(carried[0]), left(carried[0]), carried[1])]

    _, sums[0] = b.while_([k, sums[0]], lambda carried: carried[0] < end, one)
    normal = [b.normal(total) for total in sums]
    while len(normal) > 1:
        normal = [x + y for x, y in zip(normal[::2], normal[1::2], strict=True)]
    return normal[0]


def lanes_module(element: str) -> str:
    """IR text of `void taylor.polynomial.lanes(a, b, c, starts, left, right, size, blocks)`.

    a, b, c: [block][coefficient][LANES]; tables as in `Pairs`.
    """
    module = Module()
    names = ("a", "b", "c", "starts", "left", "right")
    parameters = [("ptr noalias", name) for name in names]
    parameters += [("i64", "size"), ("i64", "blocks")]
    with module.function(LANES_PRODUCT, "void", parameters, "nounwind") as (b, arguments):
        *operands, starts, left, right, size, blocks = arguments
        t = Type(element, LANES)
        total = size * blocks * LANES
        x, y, z = (b.planes(operand, total, element) for operand in operands)

        def block(k: Index, _: list[Value]) -> Sequence[Value]:
            begin = size * k * LANES

            def loader(table: Value, factor: Value) -> Load:
                base = b.at(factor, begin, element)
                return lambda p: b.load(t, b.at(base, table_item(b, table, p) * LANES, element))

            first, second, made = loader(left, x), loader(right, y), b.at(z, begin, element)

            def coefficient(n: Index, _: list[Value]) -> Sequence[Value]:
                start, end = table_item(b, starts, n), table_item(b, starts, n + 1)
                value = sum_of_products(b, start, end, t, first, second)
                b.store(value, b.at(made, (b.constant(0, I64) + n) * LANES, element))
                return []

            return b.fold(0, size, [], coefficient)

        b.fold(0, blocks, [], block)
        b.ret()
    return module.text()
