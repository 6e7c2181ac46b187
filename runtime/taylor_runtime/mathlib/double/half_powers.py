"""x**(k/2) for small integers k, faster than the general power: n-body forces need x**(-3/2)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.pairs import two_product
from taylor_runtime.ir.values import Value
from taylor_runtime.mathlib.basics.bits import lane_by_lane, where_rare
from taylor_runtime.mathlib.basics.kernel import KernelFunction, emit_call
from taylor_runtime.mathlib.basics.pairs import Pair, divide, multiply, square
from taylor_runtime.mathlib.double.power import POW
from taylor_runtime.program.kinds import nearest_float

LARGEST = 16  # of |k|


def power(b: Builder, x: Value, exponent: Value) -> Value:
    """x**exponent, by `half_power` where the exponent is a constant that allows it.

    Lanes with different constants are computed one constant at a time, so that a lane's result
    does not depend on its neighbours.
    """
    lanes = constant_lanes(exponent)
    result = emit_call(b, POW, [x, exponent])[0] if lanes is None else None
    for constant in dict.fromkeys(lanes or ()):
        k = 2 * constant
        if k and k == round(k) and abs(k) <= LARGEST:
            value = emit_call(b, half_power(round(k)), [x])[0]
        else:
            value = emit_call(b, POW, [x, b.constant(constant, x.type)])[0]
        if result is not None:
            here = b.constants([c == constant for c in lanes or ()], "i1")
            value = b.select(here, value, result)
        result = value
    assert result is not None
    return result


def constant_lanes(value: Value) -> list[float] | None:
    """The numbers in the lanes of a floating-point literal (one for a splat), else None."""
    if not value.type.is_float or not hasattr(value, "numbers"):
        return None
    return [nearest_float(number, value.type.element) for number in value.numbers]


@cache
def half_power(k: int) -> KernelFunction:
    """The kernel of x**(k/2); it leaves what may over- or underflow on the way to `pow`."""
    bound = 2.0 ** (900 // max((abs(k) + 1) // 2, 4))  # odd powers pass by x**((k + 1)/2)
    exponent = k / 2

    def emit(b: Builder, x: Value) -> Sequence[Value]:
        size = b.fabs(x)
        inside = (size > 1 / bound) & (size < bound)
        high, low = _odd_power(b, x, k) if k % 2 else _integer_power(b, x, k // 2)

        def general(one: Value) -> Value:
            return emit_call(b, POW, [one, b.constant(exponent, one.type)])[0]

        return where_rare(b, ~inside, [high + low], lambda: [lane_by_lane(b, x, general)])

    return KernelFunction(f"pow.{k}.halves", 1, emit)


def _integer_power(b: Builder, x: Value, n: int) -> Pair:
    base = (x, b.constant(0, x.type))
    if n < 0:
        base = divide(b, (b.constant(1, x.type), b.constant(0, x.type)), base)
    return _natural_power(b, base, abs(n))


def _odd_power(b: Builder, x: Value, k: int) -> Pair:
    """r**-k for k < 0, x**((k + 1)/2) r for k > 0, with r = x**(-1/2)."""
    r = 1 / b.sqrt(x)
    squared, error = two_product(b, r, r)
    remainder = b.fma(-x, error, b.fma(-x, squared, 1))  # 1 - x r**2
    root = r, r * 0.5 * remainder
    if k < 0:
        return _natural_power(b, root, -k)
    return multiply(b, _natural_power(b, (x, b.constant(0, x.type)), (k + 1) // 2), root)


def _natural_power(b: Builder, x: Pair, n: int) -> Pair:
    """x**n for n >= 1 by repeated squaring."""
    result: Pair | None = None
    while True:
        if n % 2:
            result = x if result is None else multiply(b, result, x)
        n //= 2
        if not n:
            assert result is not None
            return result
        x = square(b, x)
