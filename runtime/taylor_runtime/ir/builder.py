"""LLVM IR as text: typed values, arithmetic, memory, and structured control flow.

Text, because building and printing LLVM's own objects takes several times longer.  A `Value` is a
typed SSA name or literal; Python's operators on values append instructions.  Indices may be plain
Python integers, whose arithmetic then happens in Python: a loop over these *is* the unrolled
rendering of a loop over values, so that one description gives both (`Builder.fold`).

Nothing is contracted or reassociated behind the reader's back: only `Builder.fma` fuses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction

from taylor_runtime.ir.integers import whole as integers
from taylor_runtime.ir.kinds import NUMBERS, joined
from taylor_runtime.ir.memory import parts_of
from taylor_runtime.ir.module import Module
from taylor_runtime.ir.types import (
    COMPOUND,
    F64,
    FLOAT_BITS,
    I1,
    I64,
    Type,
    float_literal,
    make_type,
    parse_type,
)
from taylor_runtime.ir.values import Compound, CompoundNumber, Operandlike, Value
from taylor_runtime.ir.vectors import VectorBuilder

COMPARE_FLOAT = {"lt": "olt", "le": "ole", "gt": "ogt", "ge": "oge", "eq": "oeq", "ne": "une"}
MIRRORED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "eq": "eq", "ne": "ne"}
COMPARE_INT = {"lt": "slt", "le": "sle", "gt": "sgt", "ge": "sge", "eq": "eq", "ne": "ne"}
NO_SIGN = (1 << 63) - 1  # all bits of a double but one


class Builder(VectorBuilder):
    """Appends instructions to one function: arithmetic, and what it builds on."""

    def __init__(self, module: Module) -> None:
        super().__init__(module)
        self.writes_out = False  # kernels where they are called, in place of calls of functions
        self.seldom = False  # whether what is written comes to pass seldom, and should be short
        self._twins: dict[str, list[str]] = {}  # of comparisons
        self._intrinsics: dict[tuple[str, str], str] = {}  # declared already: their full names

    # -- instructions -------------------------------------------------------------------------

    def constant(self, number: int | float | Fraction, type_: Type) -> Value:
        """`number`, rounded to the type's element, in all its lanes."""
        element = type_.element
        kind = COMPOUND.get(element)
        if kind is not None:
            return joined(type_, [self.constant(part, type_.part) for part in kind.split(number)])
        if element in FLOAT_BITS:
            literal = float_literal(number, element)
        elif element == "i1":
            literal = "true" if number else "false"
        else:
            literal = str(int(number))
        if type_.lanes:
            literal = f"splat ({element} {literal})"
        value = Value(self, type_, literal)
        value.numbers = (number,)
        return value

    def constants(
        self, numbers: Sequence[int | float | Fraction], element: str = "double"
    ) -> Value:
        """A vector literal with one number a lane."""
        if element in COMPOUND:
            type_, parts = make_type(element, len(numbers)), parts_of(numbers, element)
            return joined(type_, [self.constants(part, type_.part.element) for part in parts])
        if element in FLOAT_BITS:
            items = ", ".join(f"{element} {float_literal(v, element)}" for v in numbers)
        else:
            items = ", ".join(f"{element} {int(v)}" for v in numbers)
        value = Value(self, make_type(element, len(numbers)), f"<{items}>")
        value.numbers = tuple(numbers)
        return value

    def like(self, value: Value, other: Operandlike) -> Value:
        """`other` as a value of the type of `value`; scalars are splatted, doubles widened."""
        if not isinstance(other, Value):
            return self.constant(other, value.type)
        if isinstance(value, CompoundNumber) and not isinstance(other, CompoundNumber):
            other = value.of_doubles(other)
        if other.type.lanes == 0 and value.type.lanes:
            return self.splat(other, value.type.lanes)
        return other

    def fma(self, a: Value, x: Operandlike, c: Operandlike) -> Value:
        """a * x + c with one rounding; of compound numbers, not normalised."""
        if self.counts and a.type == F64:
            whole = integers.multiply_add(self, a, x, c)
            if whole is not None:
                return whole
        x, c = self.like(a, x), self.like(a, c)
        if isinstance(a, CompoundNumber):
            return a.multiply_add(x, c)
        return self.intrinsic("fma", a, x, c)

    def intrinsic(self, name: str, *args: Value, suffix: str | None = None) -> Value:
        """Call the overloaded intrinsic `llvm.<name>` whose arguments and result share a type."""
        t = args[0].type
        text = t.text
        full = self._intrinsics.get((name, text))
        if full is None or suffix:
            full = f"llvm.{name}.{suffix or t.suffix}"
            self.module.declare(full, f"declare {text} @{full}({', '.join([text] * len(args))})")
            if not suffix:
                self._intrinsics[name, text] = full
        listed = ", ".join([f"{text} {a.text}" for a in args])
        return self.emit(t, f"call {text} @{full}({listed})")

    def overflowing(self, x: Value, y: Value) -> tuple[Value, Value]:
        """The product of two i64 scalars, and i1: whether it is none of 64 bits."""
        name, pair = "llvm.smul.with.overflow.i64", make_type("{ i64, i1 }", 0)
        self.module.declare(name, f"declare {pair.text} @{name}(i64, i64)")
        both = self.emit(pair, f"call {pair.text} @{name}(i64 {x.text}, i64 {y.text})")
        return self.extract_value(both, 0, I64), self.extract_value(both, 1, I1)

    def normal(self, x: Value) -> Value:
        """x as the operators give it, after `fma`; itself if it has no parts."""
        return x.normal() if isinstance(x, CompoundNumber) else x

    def to_double(self, x: Value) -> Value:
        """A number of any kind, rounded to double."""
        if isinstance(x, CompoundNumber):
            return x.to_double()
        return self.cast("fpext", x, "double") if x.type.element == "float" else x

    def to_doubles(self, x: Value) -> tuple[Value, Value]:
        """A number of any kind as a double-double: high and low part."""
        if isinstance(x, CompoundNumber):
            return x.to_doubles()
        return self.to_double(x), self.constant(0, x.type.of("double"))

    def from_double(self, x: Value, element: str) -> Value:
        """A double as a number of another kind."""
        if element in NUMBERS:
            return NUMBERS[element].of_doubles(x)
        return self.cast("fptrunc", x, element) if element == "float" else x

    def from_doubles(self, high: Value, low: Value, element: str) -> Value:
        """high + low, of a double-double, as a number of another kind: low goes where high alone
        is rounded already.
        """
        if element in NUMBERS:
            return NUMBERS[element].of_doubles(high, low)
        return self.from_double(high, element)

    def sqrt(self, x: Value) -> Value:
        if isinstance(x, CompoundNumber):
            return x.sqrt()
        return self.intrinsic("sqrt", x)

    def fabs(self, x: Value) -> Value:
        if isinstance(x, CompoundNumber):
            return x.fabs()
        if isinstance(x, integers.Whole):
            return integers.size_of(x)
        if self.module.quick and x.type == F64:
            return self.cast("bitcast", self.cast("bitcast", x, "i64") & NO_SIGN, "double")
        return self.intrinsic("fabs", x)

    def floor(self, x: Value) -> Value:
        if isinstance(x, CompoundNumber):
            return x.floor()
        if isinstance(x, integers.Whole) and not x.is_signed:
            return x
        whole = x.floor() if isinstance(x, integers.Ratio) else None
        return self.intrinsic("floor", x) if whole is None else whole

    def round_even(self, x: Value) -> Value:
        """The nearest integer, ties to even, as a float."""
        if isinstance(x, integers.Whole) and not x.is_signed:
            return x
        return self.intrinsic("roundeven", x)

    def copysign(self, x: Value, sign: Operandlike) -> Value:
        sign = self.like(x, sign)
        if isinstance(x, CompoundNumber):
            return x.copysign(sign)
        return self.intrinsic("copysign", x, sign)

    def compare(self, relation: str, x: Value, y: Operandlike) -> Value:
        """x relation y as i1 lanes; relation in lt le gt ge eq ne; NaN makes all but ne false."""
        if self.counts and x.type == F64:
            whole = integers.compared(self, relation, x, y)
            if whole is not None:
                return whole
        y = self.like(x, y)
        if isinstance(x, CompoundNumber):
            return x.compare(relation, y)
        if x.type.is_float:
            return self._compared(relation, x, y)
        return self.emit(
            x.type.of("i1"), f"icmp {COMPARE_INT[relation]} {x.type.text} {x.text}, {y.text}"
        )

    def _compared(self, relation: str, x: Value, y: Value) -> Value:
        type_ = x.type.text
        made = self.emit(
            x.type.of("i1"), f"fcmp {COMPARE_FLOAT[relation]} {type_} {x.text}, {y.text}"
        )
        if not x.type.lanes and made.text not in self._twins:
            # The same, written the other way round.
            swapped = COMPARE_FLOAT[MIRRORED[relation]]
            self._twins[made.text] = [f"fcmp {swapped} {type_} {y.text}, {x.text}"]
        return made

    def _chooser(self, condition: Value) -> Value:
        """A comparison for one choice: of a comparison that several choices share, LLVM makes a bit
        in an integer's register or a branch, which take longer than another comparison.
        """
        twins = self._twins.get(condition.text)
        if twins is None:
            return condition
        if len(twins) == 1:  # this is the first choice
            twins.append("")
            return condition
        return self.emit(I1, twins[0])

    def eq(self, x: Value, y: Operandlike) -> Value:
        return self.compare("eq", x, y)

    def ne(self, x: Value, y: Operandlike) -> Value:
        return self.compare("ne", x, y)

    def truth(self, condition: Value, like: Value) -> Value:
        """1 where i1 lanes hold, else 0, as numbers of the type of another value."""
        if self.counts and like.type == F64:
            return integers.truth(self, condition)
        return self.select(condition, self.constant(1, like.type), 0)

    def is_nan(self, x: Value) -> Value:
        if isinstance(x, integers.Whole):
            return self.constant(0, I1)
        x = x.parts[0]
        return self.emit(x.type.of("i1"), f"fcmp uno {x.type.text} {x.text}, {x.text}")

    def select(self, condition: Value, x: Value, y: Operandlike) -> Value:
        y = self.like(x, y)
        if isinstance(x, Compound):
            pairs = zip(x.parts, y.parts, strict=True)
            return joined(x.type, [self.select(condition, *both) for both in pairs])
        decided = self.decided(condition)
        if decided is not None:
            return x if decided else y
        if self.counts and x.type == F64:
            whole = integers.chosen(self, condition, x, y)
            if whole is not None:
                return whole
        t = x.type
        if t.is_float and not t.lanes:
            condition = self._chooser(condition)
        return self.emit(
            t,
            f"select {condition.type.text} {condition.text}, {t.text} {x.text}, {t.text} {y.text}",
        )

    def cast(self, operation: str, x: Value, element: str) -> Value:
        """`operation` is LLVM's: bitcast, fptosi, sitofp, uitofp, zext, sext, trunc, fpext,
        fptrunc.
        """
        if operation == "fptosi" and isinstance(x, integers.Whole) and element == "i64":
            return x.integer
        t = x.type.of(element)
        return self.emit(t, f"{operation} {x.type.text} {x.text} to {t.text}")

    def logical_shift_right(self, x: Value, count: Operandlike) -> Value:
        return self.emit(x.type, f"lshr {x.type.text} {x.text}, {self.like(x, count).text}")

    def call(self, result: Type | str, function: str, *args: Value, convention: str = "") -> Value:
        """Call @function; `result` may be the text of a struct type."""
        listed = ", ".join(f"{a.type.text} {a.text}" for a in args)
        type_ = result if isinstance(result, Type) else make_type(result, 0)
        return self.emit_anew(type_, f"call {convention} {type_.text} @{function}({listed})")

    def apart(
        self, name: str, count: int, emit: Callable[..., Sequence[Value]], *args: Value
    ) -> list[Value]:
        """`count` doubles from a function of the module, which `emit(b, *args)` writes once."""
        vector = make_type("double", count)
        if not self.module.has_function(name):
            given = [("double", f"x{i}") for i in range(len(args))]
            how = given, "nounwind willreturn memory(none) noinline", "internal fastcc"
            with define_function(self.module, name, vector.text, *how) as (inside, values):
                total = inside.poison(vector)
                for i, value in enumerate(emit(inside, *values)):
                    total = inside.insert(total, value, i)
                inside.ret(total)
        found = self.call(vector, name, *args, convention="fastcc")
        return [self.extract(found, i) for i in range(count)]

    def in_function(
        self, name: str, result: Type, emit: Callable[..., Value], *args: Value
    ) -> Value:
        """What `emit(b, *args)` writes; in a function of the module, once, where code is quick: a
        call is sooner compiled.
        """
        if not self.module.quick:
            return emit(self, *args)
        if not self.module.has_function(name):
            given = [(value.type.text, f"x{k}") for k, value in enumerate(args)]
            how = given, "nounwind noinline", "internal"
            with define_function(self.module, name, result.text, *how) as (inside, values):
                inside.ret(emit(inside, *values))
        return self.call(result, name, *args)

    def extract_value(self, aggregate: Value, index: int, type_: Type) -> Value:
        """Member `index` of a returned struct."""
        return self.emit(type_, f"extractvalue {aggregate.type} {aggregate.text}, {index}")


def _has_vectors(line: object) -> bool:
    """Whether registers may have to be saved that are wider than the stack is aligned to.

    LLVM learns of it too late to align the stack by itself: what it saves crosses cache lines, and
    a step of wide rows takes a tenth longer, or a third, as the caller's stack happens to lie.
    """
    return " x double> " in str(line) or " x float> " in str(line)


@contextmanager
def define_function(
    module: Module,
    name: str,
    result: str,
    parameters: Sequence[tuple[str, str]],
    attributes: str = "",
    linkage: str = "",
) -> Iterator[tuple[Builder, list[Value]]]:
    """Define a function; parameters are (type with attributes, name) and arrive as values.

    A parameter's value type is the first word(s) of its type text: "ptr noalias" is a ptr.
    """
    builder = Builder(module)
    values = []
    for text, parameter in parameters:
        head = text[: text.index(">") + 1] if text.startswith("<") else text.split()[0]
        values.append(Value(builder, parse_type(head), f"%{parameter}"))
    module.define(name, ())  # keeps the place: callees come before callers only by name
    yield builder, values
    if not linkage and any(_has_vectors(line) for line in builder.lines):
        attributes += " alignstack(64)"
    signature = ", ".join(f"{text} %{parameter}" for text, parameter in parameters)
    words = ("define", linkage, result, f"@{name}({signature})", attributes, "{")
    head = " ".join([word for word in words if word])
    module.define(name, [head, "entry:", *builder.entry, *builder.lines, "}"])
