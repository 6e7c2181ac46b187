"""Whole numbers in machine code: what their bounds decide is no instruction."""

from __future__ import annotations

import operator
from itertools import product

from taylor_runtime.ir.builder import define_function
from taylor_runtime.ir.integers.whole import Whole, compared
from taylor_runtime.ir.module import Module
from taylor_runtime.ir.types import F64, I64
from taylor_runtime.passes.spans import Span

RELATIONS = {"lt": operator.lt, "le": operator.le, "gt": operator.gt, "ge": operator.ge}
BOUNDS = (-7, -1, 0, 3, 9)
OTHERS = (-8.5, -7.0, -0.5, 0.0, 3.0, 3.5, 9.0, 9.5, 2.0**53, 1e300)


def test_literals_of_any_size_are_compared_with_bounds() -> None:
    module = Module()
    with define_function(module, "compare", "i64", [("i64", "n")], "") as (b, (n,)):
        for low, high in product(BOUNDS, repeat=2):
            if low > high:
                continue
            whole = Whole(b, Span(low, high), n)
            for (name, holds), other in product(RELATIONS.items(), OTHERS):
                found = compared(b, name, whole, b.constant(other, F64))
                says = {holds(x, other) for x in range(low, high + 1)}
                if found is not None and found.text in ("true", "false"):
                    assert says == {found.text == "true"}, (low, high, name, other)
                elif other < low or other > high:
                    raise AssertionError(f"{(low, high)} decide {name} {other}")
        b.ret(b.constant(0, I64))
