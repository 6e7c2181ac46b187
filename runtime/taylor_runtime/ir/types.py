"""Types and literals of LLVM IR as text."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from taylor_runtime.program.numbers import nearest_float

FLOAT_BITS = {"double": 64, "float": 32}
PAIR = "double-double"  # an element that LLVM does not know: two doubles, see ir_pairs.py


@dataclass(frozen=True, slots=True)
class Type:
    """An LLVM first-class type: `element` is "double", "float", "i64", ..., "ptr".

    Lanes 0 is a scalar.  The element "double-double" stands for two values of type double.
    """

    element: str
    lanes: int = 0

    def __str__(self) -> str:
        return _type_text(self.element, self.lanes)

    @property
    def suffix(self) -> str:
        """How LLVM's overloaded intrinsics spell the type: f64, v8f64, i64, ..."""
        bits = FLOAT_BITS.get(self.element)
        scalar = f"f{bits}" if bits else self.element
        return f"v{self.lanes}{scalar}" if self.lanes else scalar

    @property
    def is_float(self) -> bool:
        return self.element in FLOAT_BITS

    @property
    def is_pair(self) -> bool:
        return self.element == PAIR

    @property
    def part(self) -> Type:
        """The type of one part of a double-double; the type itself of any other."""
        return make_type("double", self.lanes) if self.is_pair else self

    @property
    def parts(self) -> tuple[Type, ...]:
        """The types of LLVM's values that make up a value."""
        return (self.part, self.part) if self.is_pair else (self,)

    def of(self, element: str) -> Type:
        """The type with the same number of lanes and another element."""
        return make_type(element, self.lanes)


@cache
def _type_text(element: str, lanes: int) -> str:
    return f"<{lanes} x {element}>" if lanes else element


@cache
def make_type(element: str, lanes: int) -> Type:
    return Type(element, lanes)


F64 = make_type("double", 0)
I64 = make_type("i64", 0)
I32 = make_type("i32", 0)
I1 = make_type("i1", 0)
PTR = make_type("ptr", 0)


# The kinds of numbers by the names that users give them.
ELEMENTS = {"float32": "float", "float64": "double", "double-double": PAIR}


def size_of(element: str) -> int:
    """Bytes of a number in an array (each of the two arrays, for a double-double)."""
    return FLOAT_BITS.get(element, 64) // 8


def planes_of(element: str) -> int:
    """Arrays that hold the numbers of a kind: two for a double-double."""
    return 2 if element == PAIR else 1


def float_literal(number: int | float | Fraction, element: str = "double") -> str:
    """The literal of the float of type `element` nearest to `number`."""
    value = nearest_float(number, element)
    return f"0x{struct.unpack('<Q', struct.pack('<d', value))[0]:016X}"


@cache
def parse_type(text: str) -> Type:
    """The `Type` written as LLVM text."""
    if text.startswith("<"):
        lanes, element = text[1:-1].split(" x ")
        return make_type(element, int(lanes))
    return make_type(text, 0)
