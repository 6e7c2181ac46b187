"""Typed SSA values whose operators append instructions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from fractions import Fraction

from taylor_runtime.ir.types import I64, Type


class Instructions(ABC):
    """Appends instructions to a function: those that the operators of values are made of."""

    __slots__ = ()

    @property
    @abstractmethod
    def may_leave(self) -> bool: ...

    @property
    @abstractmethod
    def signed_zeros(self) -> bool: ...

    @abstractmethod
    def leave_unless(self, condition: Value) -> None: ...

    @abstractmethod
    def emit(self, type_: Type, instruction: str) -> Value: ...

    @abstractmethod
    def once(self, key: str, make: Callable[[], Sequence[Value]]) -> Sequence[Value]: ...

    @abstractmethod
    def if_(
        self,
        condition: Value,
        then: Callable[[], Sequence[Value]],
        otherwise: Callable[[], Sequence[Value]] | None = None,
        likely: bool | None = None,
    ) -> list[Value]: ...

    @abstractmethod
    def constant(self, number: int | float | Fraction, type_: Type) -> Value: ...

    @abstractmethod
    def like(self, value: Value, other: Operandlike) -> Value: ...

    @abstractmethod
    def fma(self, a: Value, x: Operandlike, c: Operandlike) -> Value: ...

    @abstractmethod
    def compare(self, relation: str, x: Value, y: Operandlike) -> Value: ...

    @abstractmethod
    def decided(self, condition: Value) -> bool | None: ...

    @abstractmethod
    def select(self, condition: Value, x: Value, y: Operandlike) -> Value: ...

    @abstractmethod
    def overflowing(self, x: Value, y: Value) -> tuple[Value, Value]: ...

    @abstractmethod
    def apart(
        self, name: str, count: int, emit: Callable[..., Sequence[Value]], *args: Value
    ) -> list[Value]: ...

    @abstractmethod
    def sqrt(self, x: Value) -> Value: ...

    @abstractmethod
    def fabs(self, x: Value) -> Value: ...

    @abstractmethod
    def floor(self, x: Value) -> Value: ...

    @abstractmethod
    def copysign(self, x: Value, sign: Operandlike) -> Value: ...


class Value:
    """A typed SSA name (or literal) that appends instructions to its builder when operated on.

    numbers: of literals alone: what they were made of, not rounded, one a lane or one for all.
    """

    __slots__ = ("builder", "numbers", "text", "type")

    numbers: tuple[int | float | Fraction, ...]

    def __init__(self, builder: Instructions, type_: Type, text: str) -> None:
        self.builder = builder
        self.type = type_
        self.text = text

    def __repr__(self) -> str:
        return f"{self.type} {self.text}"

    @property
    def lanes(self) -> int:
        return self.type.lanes

    @property
    def parts(self) -> tuple[Value, ...]:
        """The values of LLVM's that make it up: itself, unless it is a `Compound`."""
        return (self,)

    def _binary(self, other: Operandlike, float_op: str, int_op: str, swap: bool = False) -> Value:
        b = self.builder
        second = b.like(self, other)
        op = float_op if self.type.is_float else int_op
        first = self
        if swap:
            first, second = second, first
        return b.emit(self.type, f"{op} {self.type.text} {first.text}, {second.text}")

    def __add__(self, other: Operandlike) -> Value:
        if other.__class__ is int and other == 0 and self.type is I64:
            return self
        return self._binary(other, "fadd", "add")

    def __radd__(self, other: Operandlike) -> Value:
        return self._binary(other, "fadd", "add", swap=True)

    def __sub__(self, other: Operandlike) -> Value:
        return self._binary(other, "fsub", "sub")

    def __rsub__(self, other: Operandlike) -> Value:
        return self._binary(other, "fsub", "sub", swap=True)

    def __mul__(self, other: Operandlike) -> Value:
        if other.__class__ is int and other == 1 and self.type is I64:
            return self
        return self._binary(other, "fmul", "mul")

    def __rmul__(self, other: Operandlike) -> Value:
        return self._binary(other, "fmul", "mul", swap=True)

    def __truediv__(self, other: Operandlike) -> Value:
        return self._binary(other, "fdiv", "?")

    def __rtruediv__(self, other: Operandlike) -> Value:
        return self._binary(other, "fdiv", "?", swap=True)

    def __floordiv__(self, other: Operandlike) -> Value:
        """Signed integer division (truncating).

        For the non-negative indices used here it is floor.
        """
        return self._binary(other, "?", "sdiv")

    def __neg__(self) -> Value:
        b = self.builder
        if self.type.is_float:
            return b.emit(self.type, f"fneg {self.type} {self.text}")
        return b.like(self, 0) - self

    def __and__(self, other: Operandlike) -> Value:
        decided = self.builder.decided(self)
        if decided is not None:
            return self.builder.like(self, other) if decided else self
        known = self.builder.decided(other) if isinstance(other, Value) else None
        if known is not None:
            return self if known else self.builder.constant(0, self.type)
        return self._binary(other, "?", "and")

    def __or__(self, other: Operandlike) -> Value:
        decided = self.builder.decided(self)
        if decided is not None:
            return self if decided else self.builder.like(self, other)
        known = self.builder.decided(other) if isinstance(other, Value) else None
        if known is not None:
            return self.builder.constant(1, self.type) if known else self
        return self._binary(other, "?", "or")

    def __xor__(self, other: Operandlike) -> Value:
        return self._binary(other, "?", "xor")

    def __invert__(self) -> Value:
        return self ^ -1

    def __lshift__(self, other: Operandlike) -> Value:
        return self._binary(other, "?", "shl")

    def __rshift__(self, other: Operandlike) -> Value:
        """Arithmetic shift right; `Builder.logical_shift_right` is the other one."""
        return self._binary(other, "?", "ashr")

    def __lt__(self, other: Operandlike) -> Value:
        return self.builder.compare("lt", self, other)

    def __le__(self, other: Operandlike) -> Value:
        return self.builder.compare("le", self, other)

    def __gt__(self, other: Operandlike) -> Value:
        return self.builder.compare("gt", self, other)

    def __ge__(self, other: Operandlike) -> Value:
        return self.builder.compare("ge", self, other)


class Compound(Value):
    """A number that is several values of LLVM's; or the address of such numbers, one a part.

    Loads, stores, selections, shuffles and loops act on every part (`Builder` sees to that).
    """

    __slots__ = ("parts",)

    parts: tuple[Value, ...]

    def __init__(self, builder: Instructions, type_: Type, parts: tuple[Value, ...]) -> None:
        super().__init__(builder, type_, "<parts>")  # no text of LLVM's: nothing may print it
        self.parts = parts


class CompoundNumber(Compound):
    """A number of a compound kind: its operators, and what `Builder` asks of it.

    Not an ABC, whose `isinstance` would be slower, in every operation.
    """

    __slots__ = ()

    @classmethod
    def of_doubles(cls, high: Value, low: Value | None = None) -> CompoundNumber:
        """high + low, two doubles that do not overlap, as a number of the kind."""
        raise NotImplementedError

    def to_double(self) -> Value:
        raise NotImplementedError

    def to_doubles(self) -> tuple[Value, Value]:
        """The number as a double-double."""
        raise NotImplementedError

    def multiply_add(self, x: Value, total: Value) -> Value:
        """self * x + total, for the inner loops: `normal` has yet to be called."""
        raise NotImplementedError

    def normal(self) -> Value:
        """The number as the operators give it, after `multiply_add`."""
        raise NotImplementedError

    def sqrt(self) -> Value:
        raise NotImplementedError

    def fabs(self) -> Value:
        raise NotImplementedError

    def floor(self) -> Value:
        raise NotImplementedError

    def copysign(self, sign: Value) -> Value:
        raise NotImplementedError

    def compare(self, relation: str, other: Value) -> Value:
        """i1 lanes: self relation other, see `Builder.compare`."""
        raise NotImplementedError


Operandlike = Value | int | float | Fraction
Index = Value | int


def index_text(index: Index) -> str:
    """An i64 operand: a literal or a value's name."""
    return index.text if isinstance(index, Value) else str(index)
