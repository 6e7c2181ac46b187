"""Composition of truncated polynomials by Horner's rule on the tree of monomials.

f(g) = f_0 + sum over variables j of g_j f_j(g), where f_j collects the monomials whose first
variable is j, without that variable, and so on for f_j.  Since the g_j have no constant part, what
is multiplied d times is wanted to d degrees less: of the products that a composition takes, nearly
all are of low order.  LANES polynomials f are composed at a time.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from taylor_runtime.ir.builder import Builder, define_function
from taylor_runtime.ir.fields import Fields
from taylor_runtime.ir.module import Module
from taylor_runtime.ir.types import I64, Type
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.polynomials.sums import sum_of_products, table_item
from taylor_runtime.polynomials.tables import LANES

COMPOSE = "taylor.polynomial.compose"

# What the kernel is told: addresses and numbers.
TASK = np.dtype(
    [
        (name, np.int64)
        for name in (
            "f",  # [monomial of f][LANES]
            "f_size",
            "g",  # [variable of f][coefficient]
            "variables",
            "size",  # coefficients of the result
            "levels",  # [depth][coefficient][LANES], zero; the result is the first
            "depths",
            "nodes",  # monomials of f in the order of their products: NODE numbers of each
            "count",
            "prefix",  # coefficients of the result up to each degree
            "order",  # of the result
            "starts",  # tables as in `Pairs`
            "left",
            "right",
        )
    ]
)
NODE = 4  # position in f, last variable, degree, whether it is the parent of none


def compose_module(element: str) -> str:
    """IR text of `void taylor.polynomial.compose(task)`."""
    module = Module()
    with define_function(module, COMPOSE, "void", [("ptr noalias", "task")], "nounwind") as (
        b,
        (task,),
    ):
        kernel = _Compose(b, Fields(b, task, TASK), element)
        b.fold(0, kernel.count, [], lambda k, _: kernel.node(k))
        b.ret()
    return module.text()


class _Compose:
    def __init__(self, builder: Builder, task: Fields, element: str) -> None:
        b = self.builder = builder
        self.kind, self.type = element, Type(element, LANES)
        self.size, self.order, self.count = (task.get(n) for n in ("size", "order", "count"))
        tables = ("nodes", "prefix", "starts", "left", "right")
        self.nodes, self.prefix, self.starts, self.left, self.right = map(task.address, tables)
        self.f = b.planes(task.address("f"), task.get("f_size") * LANES, element)
        self.g = b.planes(task.address("g"), task.get("variables") * self.size, element)
        places = task.get("depths") * self.size * LANES
        self.levels = b.planes(task.address("levels"), places, element)

    def level(self, depth: Value) -> Value:
        """Where the sum of products at a depth is."""
        return self.builder.at(self.levels, depth * self.size * LANES, self.kind)

    def add(self, value: Value, place: Value) -> None:
        b = self.builder
        b.store(b.load(self.type, place) + value, place)

    def node(self, k: Index) -> Sequence[Value]:
        b = self.builder
        position, variable, depth, leaf = (
            table_item(b, self.nodes, (b.constant(0, I64) + k) * NODE + i) for i in range(NODE)
        )
        own = b.load(self.type, b.at(self.f, position * LANES, self.kind))

        def multiply() -> list[Value]:
            factor = b.at(self.g, variable * self.size, self.kind)
            above, here = self.level(depth - 1), self.level(depth)
            count = table_item(b, self.prefix, self.order - depth + 1)
            whole = lambda: self.product(factor, here, above, count, own)  # noqa: E731
            b.if_(b.eq(leaf, 0), whole, lambda: self.multiple(factor, own, above, count))
            return []

        def root() -> list[Value]:
            self.add(own, self.levels)
            return []

        b.if_(depth > 0, multiply, root)
        return []

    def multiple(self, factor: Value, own: Value, above: Value, count: Value) -> list[Value]:
        """above += own factor"""
        b = self.builder

        def one(n: Index, _: list[Value]) -> Sequence[Value]:
            scalar = b.load(Type(self.kind), b.at(factor, n, self.kind))
            place = b.at(above, (b.constant(0, I64) + n) * LANES, self.kind)
            b.store(b.normal(b.fma(own, scalar, b.load(self.type, place))), place)
            return []

        return b.fold(0, count, [], one)

    def product(
        self, factor: Value, here: Value, above: Value, count: Value, own: Value
    ) -> list[Value]:
        """above += factor (own + here); here is zero again after it."""
        b, t, kind = self.builder, self.type, self.kind
        self.add(own, here)

        def left(p: Value) -> Value:
            return b.load(Type(kind), b.at(factor, table_item(b, self.left, p), kind))

        def right(p: Value) -> Value:
            return b.load(t, b.at(here, table_item(b, self.right, p) * LANES, kind))

        def one(n: Index, _: list[Value]) -> Sequence[Value]:
            start, end = table_item(b, self.starts, n), table_item(b, self.starts, n + 1)
            value = sum_of_products(b, start, end, t, left, right)
            self.add(value, b.at(above, (b.constant(0, I64) + n) * LANES, kind))
            return []

        def clear(n: Index, _: list[Value]) -> Sequence[Value]:
            b.store(b.constant(0, t), b.at(here, (b.constant(0, I64) + n) * LANES, kind))
            return []

        b.fold(0, count, [], one)
        return b.fold(0, count, [], clear)
