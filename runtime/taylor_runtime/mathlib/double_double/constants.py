"""Constants to more digits than a double-double has, rounded or cut where they are used."""

from __future__ import annotations

from fractions import Fraction

from taylor_runtime.mathlib.basics import constants
from taylor_runtime.mathlib.basics.constants import pieces

_HALF_PI = "1.5707963267948966192313216916397514420985846996875529104874722961539082031431045"
HALF_PI = Fraction(_HALF_PI)
HALF_PI_PIECES = pieces(_HALF_PI, 53, 53, 53)
TWO_OVER_SQRT_PI = Fraction("1.1283791670955125738961589031215451716881012586579977136881714434213")

# The first 1408 bits of 2/pi after the binary point.
TWO_OVER_PI_BITS = 1408
TWO_OVER_PI = constants.TWO_OVER_PI << 192 | 0xF0CFBC209AF4361DA9E391615EE61B086599855F14A06840
