"""Double-doubles reduced by multiples of pi/2 to [-pi/4, pi/4], relatively accurate everywhere.

Up to 2**30 and farther than 2**-20 from a multiple, three pieces of pi/2 are subtracted (Cody &
Waite, *Software Manual for the Elementary Functions*, 1980), which leaves 2**-129.  Elsewhere both
parts are multiplied by those 320 bits of 2/pi that matter, picked by their exponents (Payne &
Hanek, SIGNUM Newsl. 18 (1983) 19), which leaves 2**-263: a double-double that agrees with a
multiple of pi/2 to all its bits still keeps all bits of the difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.pairs import PAIR, PairValue, fast_two_sum, pair, two_product, two_sum
from taylor_runtime.ir.types import F64, I64, make_type
from taylor_runtime.ir.values import Value
from taylor_runtime.mathlib.basics.bits import as_bits, nearest_multiple, where_rare
from taylor_runtime.mathlib.basics.kernel import CALL_ATTRIBUTES, RARE, call_defined, define
from taylor_runtime.mathlib.double_double import constants

LARGE = 2.0**30
NEAR = 2.0**-20
_NAME = "ty.reduce_large.dd"
_WORDS = 5  # of 64 bits: a fraction modulo 4 in units of 2**-318
_ZEROS = 6  # words in front of the table, so that a tiny part meets none of 2/pi


def reduce(b: Builder, x: PairValue) -> tuple[Value, PairValue]:
    """(k, r) with x = k pi/2 + r, |r| <= pi/4 + 2**-20; of k (i64) only the last two bits count."""
    first, second, third = constants.HALF_PI_PIECES
    n, k = nearest_multiple(b, x.high, 1 / first)
    # Exact: both terms are multiples of 2**-53 and their difference is below 1.
    start = b.fma(n, -first, x.high)
    product, rest = two_product(b, n, -second)
    high, low = two_sum(b, start, product)
    high, error = two_sum(b, high, x.low)
    low, error = two_sum(b, low, error)
    low = low + (error + b.fma(n, -third, rest))
    high, low = fast_two_sum(b, high, low)
    size = b.fabs(x.high)
    large = (size > LARGE) & (size < float("inf"))
    near = b.ne(n, 0) & (b.fabs(high) < NEAR)
    rare = large | near

    def again() -> Sequence[Value]:
        # Lanes that do not need it get an argument that the function accepts.
        one = b.constant(1, x.high.type)
        return _reduce_lanes(b, pair(b.select(rare, x.high, one), b.select(rare, x.low, 0)))

    high, low, k = where_rare(b, rare, [high, low, k], again)
    return k, pair(high, low)


def _reduce_lanes(b: Builder, x: PairValue) -> list[Value]:
    """[high, low, k] for finite |x| >= pi/4, one lane at a time."""
    results = [F64, F64, I64]
    if not b.module.has_function(_NAME):
        attributes = f"{CALL_ATTRIBUTES} {RARE}"
        define(b, _NAME, [make_type(PAIR, 0)], results, _reduce_large, attributes)
    if not x.lanes:
        return call_defined(b, _NAME, results, [x])

    def one(lane: Value | int, carried: list[Value]) -> list[Value]:
        reduced = call_defined(b, _NAME, results, [b.extract(x, lane)])
        return [b.insert(c, r, lane) for c, r in zip(carried, reduced, strict=True)]

    start = [b.poison(x.type.of(t.element)) for t in results]
    return b.fold(0, x.lanes, start, one)


def _reduce_large(b: Builder, x: PairValue) -> Sequence[Value]:
    """[high, low, k] for one finite |x| >= pi/4, after Payne & Hanek (1983)."""
    factors = [_signed_product(b, part) for part in x.parts]
    words: list[Value] = []  # of x 2/pi modulo 4, the last ones first
    carry = b.constant(0, make_type("i128", 0))
    for i in reversed(range(_WORDS)):
        total = carry
        for mantissa, window in factors:
            total = total + mantissa * b.cast("zext", window[i], "i128")
        words.append(b.cast("trunc", total, "i64"))
        carry = total >> 64
    k = b.logical_shift_right(words[-1] + (1 << 61), 62)
    words[-1] = words[-1] - (k << 62)  # now signed: from -1/2 to 1/2
    sign = words[-1] >> 63
    # The complement stands for the negative: one unit of the last place does not count.
    high = low = b.constant(0, F64)
    for i, word in enumerate(words):
        for shift in (0, 32):
            digit = b.logical_shift_right(word ^ sign, shift) & (2**32 - 1)
            value = b.cast("uitofp", digit, "double") * 2.0 ** (64 * i + shift - 318)
            high, rest = fast_two_sum(b, value, high)
            low = rest + low
    size = pair(*fast_two_sum(b, high, low)) * constants.HALF_PI
    negative = sign < 0
    return [b.select(negative, -part, part) for part in size.parts] + [k]


def _signed_product(b: Builder, x: Value) -> tuple[Value, list[Value]]:
    """The factors of x 2/pi modulo 4 in units of 2**-318: x's signed mantissa as i128 and words
    of 2/pi, first ones first.
    """
    bits = as_bits(b, x)
    exponent = (b.logical_shift_right(bits, 52) & 0x7FF) - 1075  # |x| = mantissa * 2**exponent
    mantissa = (bits & ((1 << 52) - 1)) | (1 << 52)
    sign = bits >> 63
    table = [0] * _ZEROS
    count = constants.TWO_OVER_PI_BITS // 64
    table += [(constants.TWO_OVER_PI >> 64 * (count - 1 - i)) & (2**64 - 1) for i in range(count)]
    pointer = b.table(table, "i64")
    # Bits of 2/pi before number `exponent - 2` would add multiples of 4.
    position = exponent - 2 + 64 * _ZEROS
    position = b.select(position < 0, b.constant(0, I64), position)
    index, shift = b.logical_shift_right(position, 6), position & 63
    words = [b.load(I64, b.at(pointer, index + i, "i64")) for i in range(_WORDS + 1)]
    window = [b.intrinsic("fshl", first, second, shift) for first, second in pairwise(words)]
    return b.cast("sext", (mantissa ^ sign) - sign, "i128"), window
