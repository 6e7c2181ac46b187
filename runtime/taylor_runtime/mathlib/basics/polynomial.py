"""Polynomials by Estrin's scheme, the shortest chain of dependent instructions, and in fewer of
them.
"""

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


def horner(b: Builder, x: Value, coefficients: Sequence[float]) -> Value:
    """The same one term after the other, for the few that are as soon done."""
    *others, last = coefficients
    value = b.constant(last, x.type)
    for c in reversed(others):
        value = b.fma(value, x, c)
    return value


def by_squares(b: Builder, x: Value, coefficients: Sequence[float]) -> Value:
    """The same in pairs, these one after the other: as few multiplications as Horner's scheme and
    one, in half of its time.
    """
    pairs = [horner(b, x, coefficients[k : k + 2]) for k in range(0, len(coefficients), 2)]
    value = pairs.pop()
    for pair in reversed(pairs):
        value = b.fma(value, x * x, pair)
    return value
