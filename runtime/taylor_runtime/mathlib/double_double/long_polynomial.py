"""Polynomials of many terms in double-double as a loop over a table."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.pairs import PAIR, PairValue
from taylor_runtime.ir.types import make_type
from taylor_runtime.ir.values import Value
from taylor_runtime.mathlib.basics.polynomial import polynomial as double_polynomial
from taylor_runtime.mathlib.double_double.steps import as_pair, widened


def long_polynomial(
    b: Builder, x: PairValue, coefficients: Sequence[Fraction], doubles: int
) -> PairValue:
    """sum_k coefficients[k] x**k, the last `doubles` terms in double arithmetic; both counts even.

    Horner's rule for even and odd powers apart, which halves the chain of dependent instructions.
    The error is about 2 u**2, u = 2**-53, of the sum of absolute values, the leading terms counting
    most.
    """
    square = x * x
    leading = len(coefficients) - doubles
    tails = [
        double_polynomial(b, square.high, [float(c) for c in coefficients[leading + odd :: 2]])
        for odd in (0, 1)
    ]
    tables = [b.table(list(reversed(coefficients[odd:leading:2])), PAIR) for odd in (0, 1)]
    scalar = make_type(PAIR, 0)

    def step(k: Value | int, carried: list[Value]) -> list[Value]:
        terms = [b.splat(b.load(scalar, b.at(table, k, PAIR)), x.lanes) for table in tables]
        return [b.fma(total, square, term) for total, term in zip(carried, terms, strict=True)]

    even, odd = b.fold(0, leading // 2, [widened(b, tail) for tail in tails], step)
    return as_pair(b.normal(b.fma(odd, x, even)))
