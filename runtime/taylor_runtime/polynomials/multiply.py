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
from taylor_runtime.polynomials.tables import GROUP, LANES, SPLIT

PRODUCT = "taylor.polynomial.product"
LANES_PRODUCT = "taylor.polynomial.lanes"
CHAINS = 4  # sums that are made side by side, since one alone would wait for itself

Load = Callable[[Value], Value]


def table_item(b: Builder, table: Value, index: Index) -> Value:
    """Item of a table of i32, as an index."""
    return b.cast("sext", b.load(I32, b.at(table, index, "i32")), "i64")


def product_module(element: str) -> str:
    """IR text of `void taylor.polynomial.product(split, a, b, c, work, a_high, b_high)`.

    split: a block `SPLIT`.  a, b, c: polynomials of its `size`.  work: three packed polynomials,
    and GROUP rows as long as there are outer monomials, rounded up to LANES; all zero.  a_high,
    b_high: the highest degrees of coefficients of a and b that are not zero.
    """
    module = Module()
    parameters = [("ptr noalias", name) for name in ("split", "a", "b", "c", "work")]
    parameters += [("i64", "a_high"), ("i64", "b_high")]
    with module.function(PRODUCT, "void", parameters, "nounwind") as (b, arguments):
        block, *operands, work, a_high, b_high = arguments
        kernel = _Product(b, Fields(b, block, SPLIT), work, element)
        kernel.copy(operands[0], kernel.a)
        kernel.copy(operands[1], kernel.b)
        kernel.multiply(a_high, b_high)
        kernel.copy(operands[2], kernel.c, back=True)
        b.ret()
    return module.text()


class _Product:
    def __init__(self, builder: Builder, split: Fields, work: Value, element: str) -> None:
        self.builder = builder
        self.element = element
        self.size, self.order = split.get("size"), split.get("order")
        self.outer, packed = split.get("outer"), split.get("packed")
        self.tables = {name: split.address(name) for name in split.names[4:]}
        self.row = (self.outer + (LANES - 1)) // LANES * LANES
        work = builder.planes(work, packed * 3 + self.row * GROUP, element)
        self.a, self.b, self.c, self.rows = (
            builder.at(work, packed * k, element) for k in range(4)
        )

    def item(self, table: str, index: Index) -> Value:
        return table_item(self.builder, self.tables[table], index)

    def copy(self, plain: Value, packed: Value, back: bool = False) -> None:
        """To the packed order or from it."""
        b, kind = self.builder, self.element
        plain = b.planes(plain, self.size, kind)

        def one(k: Index, _: list[Value]) -> Sequence[Value]:
            place, other = b.at(plain, k, kind), b.at(packed, self.item("positions", k), kind)
            if back:
                place, other = other, place
            b.store(b.load(Type(kind), place), other)
            return []

        b.fold(0, self.size, [], one)

    def multiply(self, a_high: Value, b_high: Value) -> None:
        b = self.builder

        def more(carried: list[Value]) -> Value:
            return b.compare("le", self.item("outer_degrees", carried[0]), a_high)

        def group(carried: list[Value]) -> list[Value]:
            first = carried[0]
            rest = self.order - self.item("outer_degrees", first)
            b.fold(
                0,
                self.item("inner_prefix", rest),
                [],
                lambda inner, _: self.inner_monomial(inner, first, rest, b_high),
            )
            return [first + GROUP]

        b.while_([b.constant(0, I64)], more, group)

    def lanes(self, rest: Value, b_high: Value) -> Value:
        """How many outer monomials of b there are up to a degree."""
        b = self.builder
        return self.item("outer_prefix", b.select(rest < b_high, rest, b_high))

    def inner_monomial(
        self, inner: Index, first: Value, rest: Value, b_high: Value
    ) -> Sequence[Value]:
        """All products with this inner monomial and one of a group of outer monomials of a."""
        b = self.builder
        left = rest - self.item("inner_degrees", inner)
        count = self.lanes(left, b_high)
        start, end = self.item("starts", inner), self.item("starts", inner + 1)

        def some(carried: list[Value]) -> list[Value]:
            self.products_in_lanes(carried[0], first, start, end)
            return [carried[0] + LANES]

        b.while_([b.constant(0, I64)], lambda carried: carried[0] < count, some)
        row = b.at(self.c, self.item("rows", inner), self.element)
        for k in range(GROUP):
            outer = first + k
            own = left + (self.order - rest) - self.item("outer_degrees", outer)
            b.if_(own >= 0, partial(self.add, row, k, outer, own, b_high))
        return []

    def products_in_lanes(self, lane: Value, first: Value, start: Value, end: Value) -> None:
        b, kind = self.builder, self.element
        t = Type(kind, LANES)

        def pair(p: Index, sums: list[Value]) -> Sequence[Value]:
            x = b.at(self.a, self.item("pairs", p * 2) + first, kind)
            y = b.load(t, b.at(self.b, self.item("pairs", p * 2 + 1) + lane, kind))
            factors = [b.load(Type(kind), b.at(x, k, kind)) for k in range(GROUP)]
            return [b.fma(y, f, s) for f, s in zip(factors, sums, strict=True)]

        sums = b.fold(start, end, [b.constant(0, t)] * GROUP, pair)
        for k, total in enumerate(sums):
            b.store(b.normal(total), b.at(self.rows, self.row * k + lane, kind))

    def add(self, row: Value, k: int, outer: Value, rest: Value, b_high: Value) -> Sequence[Value]:
        """Add what was multiplied to the coefficients it belongs to."""
        b, kind = self.builder, self.element
        table = b.at(self.tables["sums"], outer * self.outer, "i32")
        source = b.at(self.rows, self.row * k, kind)

        def one(lane: Index, _: list[Value]) -> Sequence[Value]:
            place = b.at(row, table_item(b, table, lane), kind)
            total = b.load(Type(kind), place) + b.load(Type(kind), b.at(source, lane, kind))
            b.store(total, place)
            return []

        b.fold(0, self.lanes(rest, b_high), [], one)
        return []


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
