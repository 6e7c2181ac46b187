"""Products of several small polynomials, which are lanes: `taylor.polynomial.lanes`.

Sums of products of coefficients that tables name, as `compose` uses them, too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from taylor_runtime.ir import I32, I64, Builder, Index, Module, Type, Value
from taylor_runtime.polynomials.tables import LANES

LANES_PRODUCT = "taylor.polynomial.lanes"
CHAINS = 4  # sums that are made side by side, since one alone would wait for itself

Load = Callable[[Value], Value]


def table_item(b: Builder, table: Value, index: Index) -> Value:
    """Item of a table of i32, as an index."""
    return b.cast("sext", b.load(I32, b.at(table, index, "i32")), "i64")


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
