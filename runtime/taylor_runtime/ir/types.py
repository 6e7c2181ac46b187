"""Types and literals of LLVM IR as text."""

from __future__ import annotations

import struct
from dataclasses import field
from fractions import Fraction
from functools import cache

from taylor_runtime.program.kinds import BYTES, ELEMENTS, Kind, nearest_float
from taylor_runtime.program.records import dataclass

_packed = struct.Struct(">d").pack
FLOAT_BITS = {"double": 64, "float": 32}
# Elements that LLVM does not know: numbers of several of its own.
COMPOUND: dict[str, Kind] = {e: kind for e, kind in ELEMENTS.items() if kind.is_compound}


@dataclass(frozen=True, slots=True)
class Type:
    """An LLVM first-class type: `element` is "double", "float", "i64", ..., "ptr".

    Lanes 0 is a scalar.  The element of a compound kind of number ("double-double") stands for
    several values of LLVM's.
    """

    element: str
    lanes: int = 0
    text: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        text = f"<{self.lanes} x {self.element}>" if self.lanes else self.element
        object.__setattr__(self, "text", text)

    def __str__(self) -> str:
        return self.text

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
    def is_compound(self) -> bool:
        return self.element in COMPOUND

    @property
    def part(self) -> Type:
        """The type of one part of a number; of what is no compound, the type itself."""
        kind = COMPOUND.get(self.element)
        return make_type(kind.part, self.lanes) if kind is not None else self

    @property
    def parts(self) -> tuple[Type, ...]:
        """The types of LLVM's values that make up a value."""
        kind = COMPOUND.get(self.element)
        return (self.part,) * kind.parts if kind is not None else (self,)

    def of(self, element: str) -> Type:
        """The type with the same number of lanes and another element."""
        return make_type(element, self.lanes)


@cache
def make_type(element: str, lanes: int) -> Type:
    return Type(element, lanes)


F64 = make_type("double", 0)
I64 = make_type("i64", 0)
I128 = make_type("i128", 0)
I32 = make_type("i32", 0)
I1 = make_type("i1", 0)
PTR = make_type("ptr", 0)


def alignment_of(element: str) -> int:
    """Bytes of an element in memory, of one part of a compound one."""
    return BYTES.get(COMPOUND[element].part if element in COMPOUND else element, 8)


def float_literal(number: int | float | Fraction, element: str = "double") -> str:
    """The literal of the float of type `element` nearest to `number`."""
    return f"0x{_packed(nearest_float(number, element)).hex().upper()}"


@cache
def parse_type(text: str) -> Type:
    """The `Type` written as LLVM text."""
    if text.startswith("<"):
        lanes, element = text[1:-1].split(" x ")
        return make_type(element, int(lanes))
    return make_type(text, 0)
