"""sin, cos and tan: reduced by multiples of pi/2 to [-pi/4, pi/4], in full for every argument; tan
by multiples of pi/8, of whose tangents there is a table.

Up to 2**30, three pieces of pi/2 (Cody & Waite, *Software Manual for the Elementary Functions*,
1980) and fused multiply-adds leave an error near 2**-130, while no double there is closer than
2**-62 to a multiple of pi/2.  Beyond, the bits of 2/pi that matter are picked by the exponent
(Payne & Hanek, SIGNUM Newsl. 18 (1983) 19).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.pairs import fast_two_sum
from taylor_runtime.ir.types import F64, I64
from taylor_runtime.ir.values import Value
from taylor_runtime.mathlib.basics import constants
from taylor_runtime.mathlib.basics.bits import MAGIC, as_bits, as_double, flip_sign, where_rare
from taylor_runtime.mathlib.basics.kernel import (
    CALL_ATTRIBUTES,
    RARE,
    KernelFunction,
    call_defined,
    define,
)
from taylor_runtime.mathlib.basics.lookup import entry
from taylor_runtime.mathlib.basics.pairs import Pair, divide, multiply
from taylor_runtime.mathlib.basics.polynomial import by_squares, polynomial
from taylor_runtime.mathlib.double import coefficients

LARGE = 2.0**30
NEAR = 0.75  # below pi/4
_PI_2, _PI_2_MIDDLE, _ = constants.HALF_PI_PIECES
_LARGE_NAME = "ty.reduce_large"


def reduce(b: Builder, x: Value, parts: int = 1) -> tuple[Value, Pair]:
    """(k, (r, c)) with x = k u + r + c, |r| <= u/2, u = pi/2 / parts; of k (i64) only the bits of
    4 parts - 1 count. Parts are a power of two.

    A single number that is near zero is not kept waiting for what would leave it as it is: loops
    whose turns need one another's sines take a quarter less.
    """

    def far() -> Sequence[Value]:
        return _reduce(b, x, parts)

    def near() -> Sequence[Value]:
        return [x, b.constant(0, x.type), b.constant(0, I64)]

    r, c, k = far() if x.lanes else b.if_(b.fabs(x) < NEAR / parts, near, far)
    return k, (r, c)


def _reduce(b: Builder, x: Value, parts: int) -> Sequence[Value]:
    """[r, c, k]."""
    large = b.fabs(x) > LARGE

    def rare() -> Sequence[Value]:
        finite = large & (b.fabs(x) < float("inf"))
        of_half_pi = _reduce_lanes(b, b.select(finite, x, LARGE))
        reduced = of_half_pi if parts == 1 else _reduce_further(b, of_half_pi, parts)
        return [b.select(finite, new, old) for new, old in zip(reduced, usual, strict=True)]

    usual = _reduce_usual(b, x, parts)
    return where_rare(b, large, usual, rare)


def _reduce_usual(b: Builder, x: Value, parts: int) -> list[Value]:
    """[r, c, k] for |x| up to 2**30."""
    unit, middle, low = (piece / parts for piece in constants.HALF_PI_PIECES)
    shifted = b.fma(x, 2 / 3.141592653589793 * parts, MAGIC)
    n, k = shifted - MAGIC, as_bits(b, shifted)  # in whose last bits is n
    # Exact: both terms are multiples of 2**-53 / parts and their difference is below 1 / parts.
    first = b.fma(n, -unit, x)
    product = n * middle
    error = b.fma(n, middle, -product)
    # Exact though the first term may be smaller: it is a multiple of the other one's last place,
    # and so the rounded sum minus it is a double.
    r, rest = fast_two_sum(b, first, -product)
    c = b.fma(n, -low, rest - error)
    return [r, c, k]


def _reduce_further(b: Builder, of_half_pi: Sequence[Value], parts: int) -> list[Value]:
    r, c, k = of_half_pi
    r, low, more = _reduce_usual(b, r, parts)
    return [r, c + low, k * parts + more]


def _reduce_lanes(b: Builder, x: Value) -> list[Value]:
    """[r, c, k] for finite |x| >= 2**30, one lane at a time."""
    results = [F64, F64, I64]
    if not b.module.has_function(_LARGE_NAME):
        attributes = f"{CALL_ATTRIBUTES} {RARE}"
        define(b, _LARGE_NAME, [F64], results, _reduce_large, attributes)
    if not x.lanes:
        return call_defined(b, _LARGE_NAME, results, [x])

    def one(lane: Value | int, carried: list[Value]) -> list[Value]:
        item = b.extract(x, lane)
        reduced = call_defined(b, _LARGE_NAME, results, [item])
        return [b.insert(c, r, lane) for c, r in zip(carried, reduced, strict=True)]

    start = [Value(b, x.type.of(t.element), "poison") for t in results]
    return b.fold(0, x.lanes, start, one)


def _reduce_large(b: Builder, x: Value) -> Sequence[Value]:
    """[r, c, k] for one finite |x| >= 2**30, after Payne & Hanek (1983)."""
    bits = as_bits(b, x)
    exponent = (b.logical_shift_right(bits, 52) & 0x7FF) - 1075  # |x| = integer * 2**exponent
    mantissa = (bits & ((1 << 52) - 1)) | (1 << 52)
    # 192 bits of 2/pi, from the first that does not add a multiple of 4.
    top, middle, low = _window(b, exponent - 2)
    # |x| 2/pi mod 4 in units of 2**-126, as two words: wider numbers take LLVM long to take apart.
    wide = b.cast("zext", mantissa, "i128")
    lower, inner = (b.cast("zext", word, "i128") * wide for word in (low, middle))
    inner = inner + b.logical_shift_right(lower, 64)
    small = b.cast("trunc", inner, "i64")
    large = b.cast("trunc", b.logical_shift_right(inner, 64), "i64") + top * mantissa
    k = b.logical_shift_right(large + (1 << 61), 62)
    # Signed: from -1/2 to 1/2 in units of 2**-128.
    large, small = b.intrinsic("fshl", large, small, b.constant(2, I64)), small << 2
    high = b.cast("sitofp", large >> 22, "double") * 2.0**-42
    mask = (1 << 43) - 1
    parts = []
    for word, unit in ((b.intrinsic("fshl", large, small, b.constant(21, I64)), 43), (small, 0)):
        parts.append(b.cast("sitofp", word & mask, "double") * 2.0 ** (unit - 128))
    high, rest = fast_two_sum(b, high, parts[0])
    high, rest = fast_two_sum(b, high, rest + parts[1])
    r, c = multiply(b, (high, rest), (_PI_2, _PI_2_MIDDLE))
    r, c = fast_two_sum(b, r, c)
    negative = bits < 0
    return [b.select(negative, -r, r), b.select(negative, -c, c), b.select(negative, -k, k)]


def _window(b: Builder, start: Value) -> list[Value]:
    """192 bits of 2/pi, in words of 64, from bit `start` (-64 .. 969) after the binary point."""
    table = [0, *((constants.TWO_OVER_PI >> (64 * (18 - i))) & (2**64 - 1) for i in range(19))]
    pointer = b.table(table, "i64")
    position = start + 64
    index, shift = b.logical_shift_right(position, 6), position & 63
    words = [b.load(I64, b.at(pointer, index + i, "i64")) for i in range(4)]
    return [b.intrinsic("fshl", x, y, shift) for x, y in pairwise(words)]


def sine_of_reduced(b: Builder, r: Pair) -> Pair:
    """sin(r + c) as r plus a smaller number."""
    z = r[0] * r[0]
    rest = b.fma(z * -0.5, r[1], r[1])
    return r[0], b.fma(z * r[0], polynomial(b, z, coefficients.SIN), rest)


def cosine_of_reduced(b: Builder, r: Pair) -> Pair:
    """cos(r + c) as a number near 1 - r**2/2 plus a small one."""
    z = r[0] * r[0]
    error = b.fma(r[0], r[0], -z)
    high, rest = fast_two_sum(b, b.constant(1, z.type), z * -0.5)
    rest = b.fma(-r[0], r[1], b.fma(error, -0.5, rest))
    return high, b.fma(z * z, polynomial(b, z, coefficients.COS), rest)


def sincos(b: Builder, x: Value) -> Sequence[Value]:
    """[sin x, cos x]."""
    k, r = reduce(b, x)
    sine, cosine = (high + low for high, low in (sine_of_reduced(b, r), cosine_of_reduced(b, r)))
    odd = b.ne(k & 1, 0)
    first = flip_sign(b, b.select(odd, cosine, sine), k)
    second = flip_sign(b, b.select(odd, sine, cosine), k + 1)
    return [b.select(b.eq(x, 0), x, first), second]


def tan(b: Builder, x: Value) -> Sequence[Value]:
    """(a + b t) / (b - a t) with a/b = tan(j pi/8) and t = tan(r + c) = r / q(r**2) + .. .

    Both are multiplied by q, whose first term, 1, is kept apart; what a/b lacks of the tangent is
    in the angle, where it is less to add.
    """
    k, (r, c) = reduce(b, b.fabs(x), 4)
    sine, cosine, lacking = (entry(b, column, k) for column in coefficients.EIGHTHS)
    c = c + lacking
    z = r * r
    rest = z * by_squares(b, z, coefficients.TAN)  # q - 1
    # The sums are exact: the first terms are zero or more than twice as large as the others.
    rise, run = b.fma(cosine, r, sine), b.fma(-sine, r, cosine)
    rise_rest = b.fma(sine, rest, b.fma(cosine, c, b.fma(cosine, r, sine - rise)))
    run_rest = b.fma(cosine, rest, b.fma(-sine, c, b.fma(-sine, r, cosine - run)))
    high, low = divide(b, (rise, rise_rest), fast_two_sum(b, run, run_rest))
    return [as_double(b, as_bits(b, high + low) ^ (as_bits(b, x) & -(2**63)))]


def sin_over_x(b: Builder, x: Value) -> Sequence[Value]:
    """sin(x) / x, which rounds to 1 below 2**-27."""
    k, r = reduce(b, x)
    sine = fast_two_sum(b, *sine_of_reduced(b, r))
    cosine = fast_two_sum(b, *cosine_of_reduced(b, r))
    odd = b.ne(k & 1, 0)
    numerator = (b.select(odd, cosine[0], sine[0]), b.select(odd, cosine[1], sine[1]))
    high, low = divide(b, numerator, (x, b.constant(0, x.type)))
    tiny = b.fabs(x) < 2.0**-27
    return [b.select(tiny, b.constant(1, x.type), flip_sign(b, high + low, k))]


KERNELS = (
    KernelFunction("sincos", 1, sincos, results=2),
    KernelFunction("sin", 1, lambda b, x: sincos(b, x)[:1]),
    KernelFunction("cos", 1, lambda b, x: sincos(b, x)[1:]),
    KernelFunction("tan", 1, tan),
    KernelFunction("sin_over_x", 1, sin_over_x),
)
