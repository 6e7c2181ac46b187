"""Polynomials, evaluated by Estrin's scheme: the shortest chain of dependent instructions."""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.values import Value


def polynomial(b: Builder, x: Value, coefficients: Sequence[float]) -> Value:
    """sum_k coefficients[k] x**k (Estrin, Proc. Western Joint Computer Conf. (1960) 33)."""
    terms: list[Value] = []
    for k in range(0, len(coefficients) - 1, 2):
        high = b.constant(coefficients[k + 1], x.type)
        terms.append(b.fma(high, x, coefficients[k]))
    if len(coefficients) % 2:
        terms.append(b.constant(coefficients[-1], x.type))
    power = x
    while len(terms) > 1:
        power = power * power
        merged = [b.fma(terms[k + 1], power, terms[k]) for k in range(0, len(terms) - 1, 2)]
        terms = merged + terms[2 * len(merged) :]
    return terms[0]
