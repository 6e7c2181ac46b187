"""x**(k/2) for small integers k in double-double: n-body forces need x**(-3/2).

The power x**k (x**(k/2) for even k) is a sum of three doubles, so that rounding, the root and the
reciprocal, each one step of Newton's method from a double, are all that err: below 4 * 2**-106.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from taylor_runtime.ir import Builder, PairValue, Value, pair
from taylor_runtime.ir_pairs import fast_two_sum, two_product
from taylor_runtime.mathlib.bits import where_rare
from taylor_runtime.mathlib.double_double import triples
from taylor_runtime.mathlib.double_double.power import POW
from taylor_runtime.mathlib.double_double.steps import chosen
from taylor_runtime.mathlib.half_powers import LARGEST, constant_lanes
from taylor_runtime.mathlib.kernel import KernelFunction, emit_call


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
    """The kernel of x**(k/2); it leaves what may over- or underflow on the way to `pow`."""
    bound = 2.0 ** (900 // max(abs(k), 4))
    even = k % 2 == 0

    def emit(b: Builder, x: PairValue) -> Sequence[Value]:
        size = b.fabs(x.high)
        inside = (size > 1 / bound) & (size < bound)
        whole = _natural_power(b, x, abs(k) // 2 if even else abs(k))
        if even:
            value = triples.rounded(b, whole) if k > 0 else _reciprocal(b, whole)
        else:
            value = _root(b, whole) if k > 0 else _reciprocal_root(b, whole)
        value = chosen(b, b.is_nan(value), _nan(value), value)

        def rare() -> Sequence[Value]:
            return emit_call(b, POW, [x, b.constant(k / 2, x.type)])

        return where_rare(b, ~inside, [value], rare)

    return KernelFunction(f"pow.{k}.halves", 1, emit)


def _nan(x: PairValue) -> PairValue:
    """A high part that is not a number has no low part."""
    return pair(x.high, x.builder.constant(0, x.low.type))


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
    return pair(*fast_two_sum(b, y, y * b.fma(h, h, h)))


def _root(b: Builder, x: triples.Triple) -> PairValue:
    """sqrt(x) = y + d - d**2/(2 y) + .. with d = (x - y**2)/(2 y)."""
    y = b.sqrt(x[0])
    half = 0.5 / y
    d = (b.fma(-y, y, x[0]) + x[1]) * half
    return pair(*fast_two_sum(b, y, b.fma(-d * d, half, d)))


def _reciprocal_root(b: Builder, x: triples.Triple) -> PairValue:
    """1/sqrt(x) = y (1 + h/2 + 3/8 h**2 + ..) with h = 1 - x y**2."""
    y = 1 / b.sqrt(x[0])
    square, error = two_product(b, y, y)
    h = b.fma(-x[1], square, b.fma(-x[0], error, b.fma(-x[0], square, 1)))
    return pair(*fast_two_sum(b, y, y * (h * b.fma(h, 0.375, 0.5))))
