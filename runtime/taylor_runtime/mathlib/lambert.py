"""Lambert's W, the inverse of w exp(w), on its two real branches, and its derivative, to an ulp.

Near the branch point -1/e the unknown is v = 1 + w, with q = 1 + e x from a product that keeps all
digits: 1 - (1 - v) exp(v) = q is a series that begins with v**2/2, and nothing cancels.  Elsewhere
w exp(w) = x is solved for w as w - x exp(-w) = 0, or, where that could overflow, as
w + log|w| - log|x| = 0.  Newton's method in double (Iacono & Boyd, Adv. Comput. Math. 43 (2017)
1403, also for where it begins) is followed by steps in double-double.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial
from math import factorial, log

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.pairs import PairValue, pair, two_product
from taylor_runtime.ir.values import Value
from taylor_runtime.mathlib.basics.bits import where_rare
from taylor_runtime.mathlib.basics.constants import pieces
from taylor_runtime.mathlib.basics.kernel import KernelFunction, emit_call
from taylor_runtime.mathlib.basics.polynomial import polynomial as double_polynomial
from taylor_runtime.mathlib.double import exponential, logarithm
from taylor_runtime.mathlib.double_double.exponential import EXP
from taylor_runtime.mathlib.double_double.logarithm import KERNELS as LOGARITHMS
from taylor_runtime.mathlib.double_double.steps import (
    as_pair,
    call,
    chosen,
    magnitude,
    polynomial,
    widened,
)

NAN, INFINITY = float("nan"), float("inf")
NEAR = 0.18  # of q: there |v| < 0.75
LARGE = 2.0  # x from which on the equation is that of logarithms
FAR_STEPS, NEAR_STEPS, PAIR_STEPS = 6, 4, 2
_LIFT = 200  # binary digits by which x is lifted, so that x/w does not underflow
E_PIECES = pieces("2.7182818284590452353602874713526624977572470936999595749669676277", 53, 53, 53)
# (1 - (1 - v) exp(v))/v**2 in v; what is left out is below 2**-109 of it
_SERIES = [Fraction(1, (k + 2) * factorial(k)) for k in range(27)]
_SERIES_DOUBLES = 9
_START = (1.0, -1 / 3, 11 / 72, -43 / 540, 769 / 17280)  # of v in sqrt(2 q)
_DOUBLE = {k.name: k for family in (exponential, logarithm) for k in family.KERNELS}
_LOG = next(kernel for kernel in LOGARITHMS if kernel.name == "log")

Both = list[Value]  # [W, dW/dx]


def _double(b: Builder, name: str, x: Value) -> Value:
    return emit_call(b, _DOUBLE[name], [x])[0]


def _above_branch_point(b: Builder, x: PairValue) -> PairValue:
    """1 + e x."""
    first, second, third = E_PIECES
    parts = [pair(*two_product(b, x.high, first)), pair(*two_product(b, x.high, second))]
    parts.append(pair(*two_product(b, x.low, first)))
    total = parts[0] + 1
    for part in parts[1:]:
        total = total + part
    return as_pair(total + widened(b, b.fma(x.low, second, x.high * third)))


def _near(b: Builder, q: PairValue, lower: Value, steps: int) -> Both:
    p = b.sqrt(q.high * 2)
    p = b.select(lower, -p, p)
    v = p * double_polynomial(b, p, _START)
    for _ in range(NEAR_STEPS):
        value = v * v * double_polynomial(b, v, [float(c) for c in _SERIES[:20]])
        v = _moved(b, v, value - q.high, v * _double(b, "exp", v))
    root = widened(b, v)
    for _ in range(steps):
        value = root * root * polynomial(b, root, _SERIES, _SERIES_DOUBLES)
        slope = root.high * _double(b, "exp", root.high)
        step = _moved(b, b.constant(0, v.type), (value - q).high, slope)
        root = as_pair(root + widened(b, step))
    return [root - 1, call(b, EXP, as_pair(1 - root)) / root]


def _moved(b: Builder, x: Value, excess: Value, slope: Value) -> Value:
    """x after a step of Newton's method; where all is right, it may be at a singular point."""
    return b.select(b.eq(excess, 0), x, x - excess / slope)


def _rough(b: Builder, x: Value, lower: Value) -> Value:
    """W to some units in the last place of double, away from the branch point."""
    log1p = partial(_double, b, "log1p")
    first = log1p(b.select(lower, b.constant(0, x.type), x))
    upper_start = first * (1 - log1p(first) / (first + 2))
    depth = _double(b, "log", b.select(lower, -x, b.constant(0.25, x.type)))
    deeper = _double(b, "log", -depth)
    w = b.select(lower, depth - deeper + deeper / depth, upper_start)
    lifted = b.select(lower, x * 2.0**_LIFT, x)
    shift = b.select(lower, b.constant(_LIFT * log(2), x.type), 0)
    for _ in range(FAR_STEPS):
        better = w / (w + 1) * (1 + _double(b, "log", lifted / w) - shift)
        w = b.select(b.eq(x, 0), x, better)
    return w


def _far(b: Builder, x: PairValue, lower: Value, steps: int) -> Both:
    w = widened(b, _rough(b, x.high, lower))
    large = lower | (x.high >= LARGE)
    root, decay, step = w, w, w.high
    for _ in range(steps):
        decay = call(b, EXP, chosen(b, large, widened(b, w.high * 0), -root))
        excess = (root - x * decay).high
        step = -excess / (root.high + 1)
        root = as_pair(root + widened(b, step))
    usual = [root, decay * (1 - widened(b, step)) / (root + 1)]

    def of_large() -> Sequence[Value]:
        size, other = call(b, _LOG, magnitude(b, x)), w
        for _ in range(steps):
            excess = (other + call(b, _LOG, magnitude(b, other)) - size).high
            other = as_pair(other - widened(b, excess / (1 / other.high + 1)))
        return [other, other / (other + 1) / x]

    return where_rare(b, large, usual, of_large)


def _lambert(b: Builder, steps: int, x: PairValue, k: PairValue) -> Both:
    lower = b.eq(k, -1)
    q = _above_branch_point(b, x)
    inside = (q.high >= 0) & (b.eq(k, 0) | (lower & (x.high < 0)))
    near = q.high < NEAR
    infinite = b.eq(x.high, INFINITY)
    # Lanes that are elsewhere get an argument that gives no trouble.
    outside = near | ~inside | infinite
    tame = chosen(b, outside, widened(b, b.select(lower, b.constant(-0.25, x.high.type), 0)), x)
    found = _far(b, tame, lower, steps)
    distance = chosen(b, near & inside, q, widened(b, b.constant(NEAR, q.high.type)))
    found = where_rare(b, near, found, lambda: _near(b, distance, lower, steps))
    end = b.eq(x.high, 0) & lower
    rest = b.select(end, b.constant(-INFINITY, x.high.type), NAN)
    found = [chosen(b, inside, as_pair(value), widened(b, rest)) for value in found]
    at_infinity = infinite & b.eq(k, 0)
    both = zip(found, [x.high, b.constant(0, x.high.type)], strict=True)
    found = [chosen(b, at_infinity, widened(b, limit), as_pair(v)) for v, limit in both]
    return [chosen(b, b.eq(x.high, 0) & b.eq(k, 0), x, as_pair(found[0])), found[1]]


def _in_double(b: Builder, x: Value, k: Value) -> Sequence[Value]:
    return [as_pair(v).high for v in _lambert(b, 1, widened(b, x), widened(b, k))]


def _in_pairs(b: Builder, x: PairValue, k: PairValue) -> Sequence[Value]:
    return _lambert(b, PAIR_STEPS, x, k)


def _kernels(emit: Callable[..., Sequence[Value]]) -> tuple[KernelFunction, ...]:
    whole = KernelFunction("lambertw.both", 2, emit, results=2)
    return (
        KernelFunction("lambertw", 2, lambda b, *a: emit_call(b, whole, a)[:1], inline=True),
        KernelFunction(
            "lambertw_derivative", 2, lambda b, *a: emit_call(b, whole, a)[1:], inline=True
        ),
    )


KERNELS = _kernels(_in_double)
PAIR_KERNELS = _kernels(_in_pairs)
