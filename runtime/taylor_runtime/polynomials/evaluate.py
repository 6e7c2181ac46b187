"""Values of polynomials at points: all monomials, each made from one of lower degree, then sums.

`taylor.polynomial.evaluate` has points in lanes; the monomials of LANES points are made once for
all polynomials.  `taylor.polynomial.value` is for few points: one at a time, monomials in lanes.
Sums have as many chains as there are lanes in both, so that values are the same, bit for bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from taylor_runtime.ir.builder import Builder, define_function
from taylor_runtime.ir.module import Module
from taylor_runtime.ir.types import I64, Type
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.polynomials.sums import table_item
from taylor_runtime.polynomials.tables import LANES

EVALUATE = "taylor.polynomial.evaluate"
VALUE = "taylor.polynomial.value"
CHAINS = LANES
TOGETHER = (2, 1)  # polynomials that are evaluated side by side, as long as there are so many


def evaluate_module(element: str) -> str:
    """IR text of `void taylor.polynomial.evaluate(...)`, with the arguments

    c:      [polynomial][coefficient], `count` of them of `size`.
    points: [block][variable][LANES], `blocks` of them in all; those from `first` on to before
            `last` are computed.
    out:    [block][polynomial][LANES].
    work:   [coefficient][LANES].
    parent, variable: tables as in `Tree`.
    """
    module = Module()
    names = ("c", "points", "out", "work", "parent", "variable")
    sizes = ("size", "count", "variables", "blocks", "first", "last")
    parameters = [("ptr noalias", name) for name in names] + [("i64", name) for name in sizes]
    with define_function(module, EVALUATE, "void", parameters, "nounwind") as (b, arguments):
        c, points, out, work, parent, variable = arguments[:6]
        size, count, variables, blocks, first, last = arguments[6:]
        c = b.planes(c, size * count, element)
        points = b.planes(points, blocks * variables * LANES, element)
        out = b.planes(out, blocks * count * LANES, element)
        work = b.planes(work, size * LANES, element)
        kernel = _Evaluate(b, work, (parent, variable), size, element)

        def block(k: Index, _: list[Value]) -> Sequence[Value]:
            kernel.monomials(b.at(points, variables * k * LANES, element))
            kernel.sums(c, b.at(out, count * k * LANES, element), count)
            return []

        b.fold(first, last, [], block)
        b.ret()
    return module.text()


class _Evaluate:
    def __init__(
        self, b: Builder, work: Value, tables: tuple[Value, Value], size: Value, element: str
    ) -> None:
        self.b = b
        self.work = work
        self.tables = tables
        self.size = size
        self.element = element
        self.type = Type(element, LANES)

    def lanes(self, base: Value, k: Index) -> Value:
        """Where item k of an array with LANES numbers in each is."""
        place = (self.b.constant(0, I64) + k) * LANES
        return self.b.at(base, place, self.element)

    def monomials(self, point: Value) -> None:
        b = self.b
        b.store(b.constant(1, self.type), self.work)

        def one(k: Index, _: list[Value]) -> Sequence[Value]:
            parent, variable = (table_item(b, table, k) for table in self.tables)
            factor = b.load(self.type, self.lanes(point, variable))
            value = b.load(self.type, self.lanes(self.work, parent)) * factor
            b.store(value, self.lanes(self.work, k))
            return []

        b.fold(1, self.size, [], one)

    def sums(self, c: Value, out: Value, count: Value) -> None:
        """The values of all polynomials."""
        b = self.b
        done: Value = b.constant(0, I64)
        for together in TOGETHER:

            def more(carried: list[Value], together: int = together) -> Value:
                return carried[0] + together <= count

            def some(carried: list[Value], together: int = together) -> list[Value]:
                self.some(c, out, carried[0], together)
                return [carried[0] + together]

            (done,) = b.while_([done], more, some)

    def some(self, c: Value, out: Value, first: Value, together: int) -> None:
        b, kind = self.b, self.element
        polynomials = [b.at(c, (first + i) * self.size, kind) for i in range(together)]
        whole = self.size - (CHAINS - 1)

        def add(k: Value, chains: int, sums: Sequence[Value]) -> list[Value]:
            monomials = [b.load(self.type, self.lanes(self.work, k + i)) for i in range(chains)]
            return [
                b.fma(monomials[i], b.load(Type(kind), b.at(p, k + i, kind)), sums[n * CHAINS + i])
                if i < chains
                else sums[n * CHAINS + i]
                for n, p in enumerate(polynomials)
                for i in range(CHAINS)
            ]

        zeros = [b.constant(0, self.type)] * (together * CHAINS)
        k, *sums = b.while_(
            [b.constant(0, I64), *zeros],
            lambda carried: carried[0] < whole,
            lambda carried: [carried[0] + CHAINS, *add(carried[0], CHAINS, carried[1:])],
        )
        _, *sums = b.while_(
            [k, *sums],
            lambda carried: carried[0] < self.size,
            lambda carried: [carried[0] + 1, *add(carried[0], 1, carried[1:])],
        )
        for n in range(together):
            chains = [b.normal(total) for total in sums[n * CHAINS : (n + 1) * CHAINS]]
            while len(chains) > 1:
                half = len(chains) // 2
                chains = [x + y for x, y in zip(chains[:half], chains[half:], strict=True)]
            b.store(chains[0], self.lanes(out, first + n))


def value_module(element: str) -> str:
    """IR text of `void taylor.polynomial.value(...)`, with the arguments

    c:      [polynomial][coefficient], `count` of them of `size`.
    points: [point][variable], `number` of them.
    out:    [point][polynomial].
    work:   [coefficient].
    parent, variable: tables as in `Tree`.
    """
    module = Module()
    names = ("c", "points", "out", "work", "parent", "variable")
    sizes = ("size", "count", "variables", "number")
    parameters = [("ptr noalias", name) for name in names] + [("i64", name) for name in sizes]
    with define_function(module, VALUE, "void", parameters, "nounwind") as (b, arguments):
        c, points, out, work, parent, variable = arguments[:6]
        size, count, variables, number = arguments[6:]
        c = b.planes(c, size * count, element)
        points = b.planes(points, number * variables, element)
        out = b.planes(out, number * count, element)
        work = b.planes(work, size, element)
        t = Type(element)

        def point(n: Index, _: list[Value]) -> Sequence[Value]:
            x = b.at(points, variables * n, element)
            b.store(b.constant(1, t), work)

            def monomial(k: Index, _: list[Value]) -> Sequence[Value]:
                factor = b.load(t, b.at(x, table_item(b, variable, k), element))
                before = b.load(t, b.at(work, table_item(b, parent, k), element))
                b.store(before * factor, b.at(work, k, element))
                return []

            def polynomial(k: Index, _: list[Value]) -> Sequence[Value]:
                found = _sum_in_lanes(b, work, b.at(c, size * k, element), size, element)
                b.store(found, b.at(out, count * n + k, element))
                return []

            b.fold(1, size, [], monomial)
            return b.fold(0, count, [], polynomial)

        b.fold(0, number, [], point)
        b.ret()
    return module.text()


def _sum_in_lanes(b: Builder, monomials: Value, c: Value, size: Value, element: str) -> Value:
    """The sum of monomials times coefficients, whose chains are lanes."""

    def add(t: Type, width: int, carried: list[Value]) -> list[Value]:
        k, total = carried
        x, y = (b.load(t, b.at(array, k, element)) for array in (monomials, c))
        return [k + width, b.fma(x, y, total)]

    whole, single = Type(element, LANES), Type(element)
    start = [b.constant(0, I64), b.constant(0, whole)]
    more = size - (LANES - 1)
    k, chains = b.while_(start, lambda now: now[0] < more, partial(add, whole, LANES))
    rest = [k, b.extract(chains, 0)]
    _, first = b.while_(rest, lambda now: now[0] < size, partial(add, single, 1))
    chains = b.normal(b.insert(chains, first, 0))
    while chains.lanes > 1:
        half = chains.lanes // 2
        low = b.shuffle(chains, None, range(half))
        chains = low + b.shuffle(chains, None, range(half, 2 * half))
    return b.extract(chains, 0)
