"""sin, cos and tan in double-double: Taylor polynomials after reduction to [-pi/4, pi/4].

Taylor's terms beyond 2**-110 of the result are left out; measured errors stay below 3 units of
2**-106 (tan: 6).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.pairs import PairValue, fast_two_sum, normal, pair
from taylor_runtime.ir.values import Value
from taylor_runtime.mathlib.basics.bits import flip_sign
from taylor_runtime.mathlib.basics.kernel import KernelFunction, emit_call
from taylor_runtime.mathlib.basics.pairs import multiply
from taylor_runtime.mathlib.double_double.reduction import reduce
from taylor_runtime.mathlib.double_double.steps import as_pair, chosen, constant, polynomial

# (sin(r) - r)/r**3 and (cos(r) - 1 + r**2/2)/r**4 in r**2
_SIN = [Fraction((-1) ** k, math.factorial(2 * k + 1)) for k in range(1, 14)]
_COS = [Fraction((-1) ** k, math.factorial(2 * k)) for k in range(2, 15)]
_DOUBLES = 6  # terms of either whose rounding in double does not show


def _sincos_of_reduced(b: Builder, r: PairValue) -> Sequence[Value]:
    z = r * r
    square = z.high, z.low
    series = polynomial(b, z, _SIN, _DOUBLES)
    high, low = multiply(b, (r.high, r.low), multiply(b, square, (series.high, series.low)))
    high, rest = fast_two_sum(b, r.high, high)
    sine = normal(b, high, rest + (r.low + low))

    series = polynomial(b, z, _COS, _DOUBLES)
    high, low = multiply(b, square, multiply(b, square, (series.high, series.low)))
    total, first = fast_two_sum(b, b.constant(1, high.type), z.high * -0.5)
    total, second = fast_two_sum(b, total, high)
    return [sine, normal(b, total, (first + second) + b.fma(z.low, -0.5, low))]


_REDUCED = KernelFunction("sincos.reduced", 1, _sincos_of_reduced, results=2)


def sincos_of_reduced(b: Builder, r: PairValue) -> tuple[PairValue, PairValue]:
    """(sin r, cos r) for |r| <= pi/4 + 2**-20."""
    sine, cosine = emit_call(b, _REDUCED, [r])
    return as_pair(sine), as_pair(cosine)


def _flipped(b: Builder, x: PairValue, bit: Value) -> PairValue:
    """-x where bit 1 of the i64 `bit` is set."""
    return pair(flip_sign(b, x.high, bit), flip_sign(b, x.low, bit))


def _quarter_turned(b: Builder, x: PairValue) -> tuple[Value, Value, PairValue, PairValue]:
    """(k, k is odd, sin r, cos r) for x = k pi/2 + r."""
    k, r = reduce(b, x)
    return k, b.ne(k & 1, 0), *sincos_of_reduced(b, r)


def sincos(b: Builder, x: PairValue) -> Sequence[Value]:
    """[sin x, cos x]."""
    k, odd, sine, cosine = _quarter_turned(b, x)
    first, second = chosen(b, odd, cosine, sine), chosen(b, odd, sine, cosine)
    first, second = _flipped(b, first, k), _flipped(b, second, k + 1)
    return [chosen(b, b.eq(x.high, 0), x, first), second]


def tan(b: Builder, x: PairValue) -> Sequence[Value]:
    _, odd, sine, cosine = _quarter_turned(b, x)
    value = b.select(odd, cosine, sine) / b.select(odd, -sine, cosine)
    return [b.select(b.eq(x.high, 0), x, value)]


def sin_over_x(b: Builder, x: PairValue) -> Sequence[Value]:
    """sin(x) / x, which rounds to 1 below 2**-54."""
    quotient = as_pair(emit_call(b, SINCOS, [x])[0]) / x
    return [chosen(b, b.fabs(x.high) < 2.0**-54, constant(b, 1, x), quotient)]


SINCOS = KernelFunction("sincos", 1, sincos, results=2)

KERNELS = (
    SINCOS,
    KernelFunction("sin", 1, lambda b, x: emit_call(b, SINCOS, [x])[:1], inline=True),
    KernelFunction("cos", 1, lambda b, x: emit_call(b, SINCOS, [x])[1:], inline=True),
    KernelFunction("tan", 1, tan),
    KernelFunction("sin_over_x", 1, sin_over_x),
)
