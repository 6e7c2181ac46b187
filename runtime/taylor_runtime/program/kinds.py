"""The kinds of numbers that machine code computes with: one record for each, data alone."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import Any

from taylor_runtime.program.records import dataclass

# Of LLVM's types that numbers are made of: bytes, and NumPy's names.
BYTES = {"float": 4, "double": 8}
DTYPES = {"float": "float32", "double": "float64"}

Exact = int | float | Fraction


def nearest_float(number: int | float | Fraction, element: str = "double") -> float:
    """`number` correctly rounded to `element`, overflow going to infinity."""
    try:
        value = float(number)
        if element == "double":
            return value
        single: float = struct.unpack("<f", struct.pack("<f", value))[0]
        return single
    except OverflowError:
        return float("inf") if number > 0 else float("-inf")


def is_power_of_two(number: Exact) -> bool:
    """Of either sign."""
    return number != 0 and math.isfinite(number) and abs(math.frexp(float(number))[0]) == 0.5


def parts_of(number: int | float | Fraction) -> tuple[float, float]:
    """`number` as a double-double: high, the nearest double, and low, the nearest to the rest."""
    high = nearest_float(number)
    if not math.isfinite(high) or isinstance(number, float):
        return high, 0.0
    return high, nearest_float(Fraction(number) - Fraction(high))


def words_of(number: Exact) -> tuple[float, ...]:
    """`number` as a quad-double: four doubles, each the nearest to what is left."""
    high, low = parts_of(number)
    if not math.isfinite(high) or isinstance(number, float):
        return high, 0.0, 0.0, 0.0
    return high, low, *parts_of(Fraction(number) - Fraction(high) - Fraction(low))


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """A kind of number.

    name:     what users call it.
    element:  what types of values call it (`ir.types.Type`).
    short:    what names of functions of machine code call it.
    part:     the type of LLVM's that it is made of.
    parts:    how many of them make one up: an array holds all first parts before all second ones.
    split:    the parts of the number of the kind that is nearest to an exact one.
    epsilon:  the distance from 1 to the next number, and the default tolerance.
    rounding: the largest relative error of an operation.
    rounds_once: sums and fused multiply-adds are exact and then rounded, so that a step by 1 is a
              plain sum and factors may change places, bit for bit.
    kernels:  the element in which its elementary functions are computed.
    operations: what a multiply-add costs.
    chains:   sums that run side by side in one loop, so that they stay in registers.
    products: of coefficients, that polynomials are still written out with: half a second of
              compilation.
    least:    the smallest step, as a part of the time ahead: below, coefficients that are scaled to
              a step vanish by underflow.
    slow:     of the longest step, and of the way ahead: less in a whole window is a standstill, for
              rounding errors of so many steps would add up to all that a number holds.
    """

    name: str
    element: str
    short: str
    part: str
    parts: int
    split: Callable[[Exact], tuple[float, ...]]
    epsilon: float
    rounding: float
    rounds_once: bool
    kernels: str
    operations: int
    chains: int
    products: int
    least: float
    slow: float

    def __reduce__(self) -> tuple[Any, ...]:
        return kind_called, (self.name,)  # there is one of each

    @property
    def size(self) -> int:
        """Bytes of a part."""
        return BYTES[self.part]

    @property
    def bytes(self) -> int:
        """Bytes of a number."""
        return self.parts * BYTES[self.part]

    @property
    def dtype(self) -> str:
        """What NumPy calls a part."""
        return DTYPES[self.part]

    @property
    def is_compound(self) -> bool:
        """Whether a number is several of LLVM's."""
        return self.parts > 1

    @property
    def is_coarser(self) -> bool:
        """Whether it has fewer digits than a double: what is computed in double must be rounded."""
        return self.rounding > DOUBLE.rounding

    @property
    def is_finer(self) -> bool:
        """Whether it has more digits than a double: both parts of the time, say, tell in it."""
        return self.rounding < DOUBLE.rounding


def _nearest(number: Exact, element: str) -> tuple[float, ...]:
    return (nearest_float(number, element),)


FLOAT = Kind(
    name="float32",
    element="float",
    short="f32",
    part="float",
    parts=1,
    split=partial(_nearest, element="float"),
    epsilon=2.0**-23,
    rounding=2.0**-24,
    rounds_once=True,
    kernels="double",
    operations=1,
    chains=12,
    products=6000,
    least=2.0**-100,
    slow=2.0**-16,
)
DOUBLE = Kind(
    name="float64",
    element="double",
    short="f64",
    part="double",
    parts=1,
    split=partial(_nearest, element="double"),
    epsilon=2.0**-52,
    rounding=2.0**-53,
    rounds_once=True,
    kernels="double",
    operations=1,
    chains=12,
    products=6000,
    least=2.0**-500,
    slow=2.0**-30,
)
# High and low part: the unevaluated sum of two doubles, about 31 digits.
DOUBLE_DOUBLE = Kind(
    name="double-double",
    element="double-double",
    short="dd",
    part="double",
    parts=2,
    split=parts_of,
    epsilon=2.0**-105,
    rounding=2.0**-104,
    rounds_once=False,
    kernels="double-double",
    operations=12,
    chains=4,
    products=300,
    least=2.0**-500,
    slow=2.0**-30,
)
# Four doubles, about 63 digits: what double-double loses next to zeros of functions is computed in.
QUAD_DOUBLE = Kind(
    name="quad-double",
    element="quad-double",
    short="qd",
    part="double",
    parts=4,
    split=words_of,
    epsilon=2.0**-208,
    rounding=2.0**-207,
    rounds_once=False,
    kernels="quad-double",
    operations=100,
    chains=1,
    products=1,
    least=2.0**-500,
    slow=2.0**-30,
)

# What users may ask for; and all that values may be.
KINDS = {kind.name: kind for kind in (FLOAT, DOUBLE, DOUBLE_DOUBLE)}
ELEMENTS = {kind.element: kind for kind in (*KINDS.values(), QUAD_DOUBLE)}


def kind_called(name: str) -> Kind:
    return KINDS[name]


def element_of(name: str) -> str:
    """What types of values call the kind of that name."""
    return KINDS[name].element
