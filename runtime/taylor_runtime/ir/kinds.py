"""The values of every kind of number, from the values of LLVM's that make them up."""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.ir.pairs import PAIR, PairValue
from taylor_runtime.ir.quads import QUAD, QuadValue
from taylor_runtime.ir.types import Type
from taylor_runtime.ir.values import Compound, CompoundNumber, Value

# By element; the arithmetic of all others is LLVM's own.
NUMBERS: dict[str, type[CompoundNumber]] = {PAIR: PairValue, QUAD: QuadValue}


def joined(type_: Type, parts: Sequence[Value]) -> Value:
    """The value of a type that these parts make up."""
    if len(parts) == 1:
        return parts[0]
    return NUMBERS.get(type_.element, Compound)(parts[0].builder, type_, tuple(parts))


def flat_values(values: Sequence[Value]) -> list[Value]:
    """LLVM's values that make up some values."""
    return [part for value in values for part in value.parts]


def joined_values(parts: Sequence[Value], types: Sequence[Type]) -> list[Value]:
    """The inverse, for values of these types."""
    rest = iter(parts)
    return [joined(t, [next(rest) for _ in t.parts]) for t in types]
