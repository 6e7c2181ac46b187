"""x**(k/2) for small integers k in double-double: n-body forces need x**(-3/2).

The power x**k (x**(k/2) for even k) is a sum of three doubles, so that rounding, the root and the
reciprocal, each one step of Newton's method from a double, are all that err: below 6 * 2**-106.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.pairs import PairValue, fast_two_sum, pair, two_product
from taylor_runtime.ir.values import Value
from taylor_runtime.mathlib.basics.bits import integer, where_rare
from taylor_runtime.mathlib.basics.kernel import KernelFunction, emit_call
from taylor_runtime.mathlib.double.exponential import at_most
from taylor_runtime.mathlib.double.half_powers import LARGEST, constant_lanes
from taylor_runtime.mathlib.double_double import triples
from taylor_runtime.mathlib.double_double.logarithm import split
from taylor_runtime.mathlib.double_double.power import POW
from taylor_runtime.mathlib.double_double.steps import (
    INFINITY,
    as_pair,
    chosen,
    finite_low,
    magnitude,
    scaled_pair,
    widened,
)


def power(b: Builder, x: Value, exponent: Value) -> Value:
    """x**exponent, by `half_power` where the exponent is a constant that allows it.

    As with doubles, lanes with different constants are computed one constant at a time.
    """
    assert isinstance(x, PairValue)
    assert isinstance(exponent, PairValue)
    parts = [constant_lanes(part) for part in exponent.parts]
    lanes = None if None in parts else _joined(*(part or [] for part in parts))
    result = emit_call(b, POW, [x, exponent])[0] if lanes is None else None
    for high, low in dict.fromkeys(lanes or ()):
        k = 2 * high
        if k and k == round(k) and abs(k) <= LARGEST and not low:
            value = emit_call(b, half_power(round(k)), [x])[0]
        else:
            constant = pair(b.constant(high, x.high.type), b.constant(low, x.high.type))
            value = emit_call(b, POW, [x, constant])[0]
        if result is not None:
            here = b.constants([pieces == (high, low) for pieces in lanes or ()], "i1")
            value = b.select(here, value, result)
        result = value
    assert result is not None
    return result


def _joined(high: list[float], low: list[float]) -> list[tuple[float, float]]:
    """The constants of the lanes; a list of one number is a splat."""
    lanes = max(len(high), len(low))
    return list(zip(*(part * (lanes // len(part)) for part in (high, low)), strict=True))


@cache
def half_power(k: int) -> KernelFunction:
    """The kernel of x**(k/2).

    What may over- or underflow on the way is scaled: x = 4**h m gives 2**(h k) m**(k/2).
    """
    bound = 2.0 ** (900 // max(abs(k), 4))

    def emit(b: Builder, x: PairValue) -> Sequence[Value]:
        size = b.fabs(x.high)
        outside = ~((size > 1 / bound) & (size < bound))
        zero = b.constant(0, size.type)
        argument, h = where_rare(b, outside, [x, zero], lambda: _even_split(b, x))
        value = _moderate_power(b, as_pair(argument), k)
        return where_rare(b, outside, [value], lambda: [_scaled_back(b, x, value, h, k)])

    return KernelFunction(f"pow.{k}.halves", 1, emit)


def _even_split(b: Builder, x: PairValue) -> tuple[Value, Value]:
    """(m, h) with x = 4**h m, |m| from 0.7 to 2.9; h as a double; NaN stays."""
    n, m = split(b, magnitude(b, x))
    h = b.floor(n * 0.5)
    factor = b.copysign(b.select(b.eq(h * 2, n), b.constant(1, n.type), 2), x.high)
    return chosen(b, b.is_nan(x), x, pair(m.high * factor, m.low * factor)), h


def _scaled_back(b: Builder, x: PairValue, value: PairValue, h: Value, k: int) -> PairValue:
    """value * 2**(h k), and the limits of x**(k/2) at zero and infinity."""
    size = b.fabs(x.high)
    exponent = at_most(b, b.select(h * k < -2000, b.constant(-2000, h.type), h * k), 2000)
    value = scaled_pair(b, value, integer(b, exponent))
    vanishing = b.eq(size, 0 if k > 0 else INFINITY)
    end = b.select(vanishing, b.constant(0, h.type), INFINITY)
    if k % 4 == 2:  # an odd power
        end = b.copysign(end, x.high)
    return chosen(b, b.eq(size, 0) | b.eq(size, INFINITY), widened(b, end), value)


def _moderate_power(b: Builder, x: PairValue, k: int) -> PairValue:
    """x**(k/2) where x**k neither overflows nor loses bits; NaN for x < 0 and odd k."""
    if k % 2:
        whole = _natural_power(b, x, abs(k))
        return _root(b, whole) if k > 0 else _reciprocal_root(b, whole)
    whole = _natural_power(b, x, abs(k) // 2)
    return triples.rounded(b, whole) if k > 0 else _reciprocal(b, whole)


def _natural_power(b: Builder, x: PairValue, n: int) -> triples.Triple:
    """x**n for n >= 1 by repeated squaring."""
    factor, result = triples.from_pair(b, x), None
    while True:
        if n % 2:
            result = factor if result is None else triples.multiply(b, result, factor)
        n //= 2
        if not n:
            assert result is not None
            return result
        factor = triples.multiply(b, factor, factor)


def _reciprocal(b: Builder, x: triples.Triple) -> PairValue:
    """1/x = y (1 + h + h**2 + ..) with h = 1 - x y."""
    y = 1 / x[0]
    h = b.fma(-x[1], y, b.fma(-x[0], y, 1))
    return finite_low(b, pair(*fast_two_sum(b, y, y * b.fma(h, h, h))))


def _root(b: Builder, x: triples.Triple) -> PairValue:
    """sqrt(x) = y + d - d**2/(2 y) + .. with d = (x - y**2)/(2 y)."""
    y = b.sqrt(x[0])
    half = 0.5 / y
    d = (b.fma(-y, y, x[0]) + x[1]) * half
    return finite_low(b, pair(*fast_two_sum(b, y, b.fma(-d * d, half, d))))


def _reciprocal_root(b: Builder, x: triples.Triple) -> PairValue:
    """1/sqrt(x) = y (1 + h/2 + 3/8 h**2 + ..) with h = 1 - x y**2."""
    y = 1 / b.sqrt(x[0])
    square, error = two_product(b, y, y)
    h = b.fma(-x[1], square, b.fma(-x[0], error, b.fma(-x[0], square, 1)))
    return finite_low(b, pair(*fast_two_sum(b, y, y * (h * b.fma(h, 0.375, 0.5)))))
