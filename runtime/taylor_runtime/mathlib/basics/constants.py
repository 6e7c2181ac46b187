"""Mathematical constants in pieces: sums of doubles, rounded from decimal digits when imported."""

from __future__ import annotations

import math
from fractions import Fraction


def pieces(digits: str, *bits: int) -> tuple[float, ...]:
    """The number `digits` as a sum of doubles; piece i has at most bits[i] significant bits.

    >>> pieces("0.1", 53, 53)
    (0.1, -5.551115123125783e-18)
    >>> pieces("0.1", 4, 53)
    (0.1015625, -0.0015625)
    """
    rest, result = Fraction(digits), []
    for count in bits:
        unit = Fraction(2) ** (math.frexp(float(rest))[1] - count)
        result.append(float(round(rest / unit) * unit))
        rest -= Fraction(result[-1])
    return tuple(result)


def pair(digits: str, high_bits: int = 53) -> tuple[float, float]:
    """The number `digits` as a sum of two doubles, the first of at most `high_bits` bits."""
    high, low = pieces(digits, high_bits, 53)
    return high, low


# High parts called short have 40 bits, so that their product with an exponent is exact.
LN2 = pair("0.69314718055994530941723212145817656807550013436025525412068000949")
LN2_SHORT = pair("0.69314718055994530941723212145817656807550013436025525412068000949", 40)
LOG2_E = pair("1.4426950408889634073599246810018921374266459541529859341354494069")
LOG10_E = pair("0.43429448190325182765112891891660508229439700580366656611445378317")
LOG10_2_SHORT = pair("0.30102999566398119521373889472449302676818988146210854131042746113", 40)
TWO_OVER_SQRT_PI = pair("1.1283791670955125738961589031215451716881012586579977136881714434")
QUARTER_PI = pair("0.78539816339744830961566084581987572104929234984377645524373614808", 50)


HALF_PI_PIECES = pieces(
    "1.5707963267948966192313216916397514420985846996875529104874722962", 53, 53, 53
)

# The first 1216 bits of 2/pi after the binary point, as hexadecimal digits.
TWO_OVER_PI = int(
    "a2f9836e4e441529fc2757d1f534ddc0db6295993c439041fe5163abdebbc561b7246e3a424d"
    "d2e006492eea09d1921cfe1deb1cb129a73ee88235f52ebb4484e99c7026b45f7e413991d639"
    "835339f49c845f8bbdf9283b1ff897ffde05980fef2f118b5a0a6d1f6d367ecf27cb09b74f46"
    "3f669e5fea2d7527bac7ebe5f17b3d0739f78a5292ea6bfb5fb11f8d5d0856033046fc7b6bab",
    16,
)

ONE_THIRD = pair("0.33333333333333333333333333333333333333333333333333333333333333333")
