"""Complete elliptic integrals of the first and the second kind, in double-double.

K(m) = pi/2 / M(1, sqrt(1 - m)), M the arithmetic-geometric mean, and E(m) = K(m) (1 - m/2 - c_1**2
- 2 c_2**2 - 4 c_3**2 ..), c_{n+1} = c_n**2/(4 a_{n+1}) (Abramowitz & Stegun 1964, 17.6).
Negative m are taken to m/(m - 1) (17.4.17 and 17.4.18).  Measured errors stay below 16 units of
2**-106; of E near m = 1, where E is far below K, below 4 K/E of them.
"""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.pairs import PairValue
from taylor_runtime.ir.values import Value
from taylor_runtime.mathlib import lanewise
from taylor_runtime.mathlib.basics.kernel import KernelFunction
from taylor_runtime.mathlib.double_double.constants import HALF_PI
from taylor_runtime.mathlib.double_double.steps import (
    INFINITY,
    NAN,
    as_pair,
    chosen,
    constant,
    finite_low,
    widened,
)

_STEPS = 14  # from a quotient of 2**-540; 8 are enough from 2**-53


def _complete(b: Builder, m: PairValue) -> Sequence[Value]:
    """[K(m), E(m)] for m <= 1."""
    negative, end, infinite = m.high < 0, b.eq(m.high, 1) & b.eq(m.low, 0), b.eq(m.high, -INFINITY)
    inside = (m.high < 1) | (b.eq(m.high, 1) & (m.low < 0))
    usable = chosen(b, inside & ~infinite, m, constant(b, 0, m))
    less = 1 - usable
    root = as_pair(b.sqrt(less))
    one = constant(b, 1, m)
    start = chosen(b, negative, 1 / root, root)
    parameter = chosen(b, negative, -usable / less, usable)

    def step(_: Value | int, carried: list[Value]) -> Sequence[Value]:
        mean, geometric, square, weight, total = map(as_pair, carried)
        total = total + square * weight
        following = (mean + geometric) * 0.5
        quarter = square / (following * 4)
        product = as_pair(b.sqrt(mean * geometric))
        return [following, product, quarter * (square / (following * 4)), weight * 2, total]

    carried = [one, start, parameter, constant(b, 0.5, m), constant(b, 0, m)]
    mean, _, _, _, total = map(as_pair, b.fold(0, _STEPS, carried, step))
    first = constant(b, HALF_PI, m) / mean
    second = first * (1 - total)
    first, second = (
        chosen(b, negative, first / root, first),
        chosen(b, negative, second * root, second),
    )
    limits = ((INFINITY, 0.0), (1.0, INFINITY))
    found = []
    for value, (at_one, at_infinity) in zip((first, second), limits, strict=True):
        rest = b.select(infinite, b.constant(at_infinity, m.high.type), NAN)
        rest = b.select(end, b.constant(at_one, m.high.type), rest)
        found.append(finite_low(b, chosen(b, inside & ~infinite, value, widened(b, rest))))
    return found


DOUBLE_KERNELS, KERNELS = lanewise.parts(
    KernelFunction("elliptic.complete", 1, _complete, results=2), "ellipk", "ellipe"
)
