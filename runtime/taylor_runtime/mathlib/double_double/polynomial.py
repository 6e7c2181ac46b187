"""Polynomials in double-double, of which only the leading terms need that."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from taylor_runtime.ir import PAIR, Builder, PairValue, Value, make_type, pair
from taylor_runtime.mathlib import polynomial as doubles
from taylor_runtime.mathlib.pairs import fast_two_sum, multiply

UNROLLED = 9  # terms; longer ones are loops over a table


def polynomial(
    b: Builder, x: PairValue, coefficients: Sequence[Fraction], exact: int, falling: bool = False
) -> PairValue:
    """sum_k coefficients[k] x**k by Horner's rule, not normalised; the terms from `exact` on in
    double.

    falling: the partial sums are smaller than the coefficients they are added to.
    A partial sum adds errors of about u**2, u = 2**-53, of its coefficient and its product.
    """
    tail = doubles.polynomial(b, x.high, [float(c) for c in coefficients[exact:]])
    start = pair(tail, b.constant(0, tail.type))

    def step(total: Value, coefficient: Value) -> Value:
        assert isinstance(total, PairValue)
        if not falling:
            return b.fma(total, x, coefficient)
        product, low = multiply(b, (total.high, total.low), (x.high, x.low))
        high, rest = fast_two_sum(b, coefficient.parts[0], product)
        return pair(high, coefficient.parts[1] + low + rest)

    if exact <= UNROLLED:
        total: Value = start
        for c in reversed(coefficients[:exact]):
            total = step(total, b.constant(c, x.type))
    else:
        table = b.table(list(reversed(coefficients[:exact])), PAIR)

        def body(k: Value | int, carried: list[Value]) -> list[Value]:
            c = b.load(make_type(PAIR, 0), b.at(table, k, PAIR))
            return [step(carried[0], b.splat(c, x.lanes))]

        (total,) = b.fold(0, exact, [start], body)
    assert isinstance(total, PairValue)
    return total
