"""The blocks of a function: instructions in their order, loops that carry values, and choices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from taylor_runtime.ir.blocks import Blocks
from taylor_runtime.ir.instructions import Line, Phi
from taylor_runtime.ir.integers.whole import Whole, whole_of
from taylor_runtime.ir.kinds import flat_values, joined, joined_values
from taylor_runtime.ir.module import Module
from taylor_runtime.ir.types import I1, I64, Type
from taylor_runtime.ir.values import Index, Instructions, Value
from taylor_runtime.passes.spans import Span

# How often a branch is taken, and not taken, as LLVM wants to be told: whether it is likely.
WEIGHTS = {
    True: '!{!"branch_weights", i32 4000, i32 1}',
    False: '!{!"branch_weights", i32 1, i32 4000}',
}


class Flow(Instructions):
    """Appends instructions and blocks to one function.

    What a block has computed, and the condition that alone led to it, are known in all blocks that
    it dominates.

    counts: whether whole numbers are integers, see `ir.integers.whole`.
    leave: where control goes when a number is none that integers and doubles both count; None
        where it cannot go anywhere.
    """

    counts = False
    leave: str | None = None
    known: object = None  # of these whole numbers

    def __init__(self, module: Module) -> None:
        self.module = module
        self.lines: list[Line] = []
        self.entry: list[str] = []  # allocas
        self.block = "entry"
        self._blocks = Blocks()
        self.left = False  # whether control may go to `leave`
        self._count = 0
        self._known: dict[str, tuple[Value, int]] = {}  # by instruction: its value, and its block
        self._once: dict[str, tuple[Sequence[Value], int]] = {}  # the same of several instructions
        self._logic: dict[str, tuple[str, ...]] = {}  # by truth value: the operation, of which ones

    def name(self) -> str:
        self._count += 1
        return f"%v{self._count}"

    def emit(self, type_: Type, instruction: str) -> Value:
        """The value of an instruction that depends on its operands alone, appended unless it has
        been computed on every way to here.
        """
        known = self._known.get(instruction)
        if known is not None and known[1] & self._blocks.dominators:
            return known[0]
        self._count += 1
        text = f"%v{self._count}"
        self.lines.append(f"  {text} = {instruction}")
        value = Value(self, type_, text)
        self._known[instruction] = value, self._blocks.here
        if self.counts and type_ is I1:
            operation, _, *parts = instruction.split()
            self._logic[text] = operation, *[part.rstrip(",") for part in parts]
        return value

    def once(self, key: str, make: Callable[[], Sequence[Value]]) -> Sequence[Value]:
        """The values that `make()` writes, unless they have been computed on every way to here."""
        values, block = self._once.get(key, ((), 0))
        if not block & self._blocks.dominators:
            values = make()
            self._once[key] = values, self._blocks.here
        return values

    def emit_anew(self, type_: Type, instruction: str) -> Value:
        """The value of an instruction that may give another one next time: a load, or a call."""
        self._count += 1
        text = f"%v{self._count}"
        self.lines.append(f"  {text} = {instruction}")
        return Value(self, type_, text)

    def phi(self, value: Value, block: str) -> Phi:
        """What is `value` where control comes from `block`; other blocks are added to it."""
        phi = Phi(Value(self, value.type, self.name()), (value, block))
        self.lines.append(phi)
        return phi

    def line(self, instruction: str) -> None:
        """Append an instruction without a result."""
        self.lines.append(f"  {instruction}")

    def label(self, name: str) -> None:
        self.lines.append(f"{name}:")
        self.block = name
        self._blocks.place(name)

    def fresh_label(self, stem: str) -> str:
        self._count += 1
        return f"{stem}{self._count}"

    def meeting(self, stem: str) -> str:
        """The label of a block to which control may come from anywhere further on: there is known
        what is known here.
        """
        label = self.fresh_label(stem)
        self._blocks.reach(label)
        return label

    def jump(self, label: str) -> None:
        self._blocks.reach(label)
        self.line(f"br label %{label}")

    def branch(self, condition: Value, yes: str, no: str, likely: bool | None = None) -> None:
        """Control goes to one of two blocks; likely: whether the condition nearly always holds, or
        nearly never.
        """
        self._blocks.reach(yes, self._reasons(condition.text, True))
        self._blocks.reach(no, self._reasons(condition.text, False))
        hint = "" if likely is None else f", !prof {self.module.metadata(WEIGHTS[likely])}"
        self.line(f"br i1 {condition.text}, label %{yes}, label %{no}{hint}")

    @property
    def signed_zeros(self) -> bool:
        """Whether numbers of several parts keep -0.0."""
        return self.module.signed_zeros

    @property
    def may_leave(self) -> bool:
        """Whether a number that is none of those may be met at all."""
        return self.leave is not None

    def leave_unless(self, condition: Value) -> None:
        """Go on where an i1 scalar holds, else to `leave`."""
        if self.decided(condition):
            return
        assert self.leave is not None
        on = self.fresh_label("counted")
        self.left = True
        self.branch(condition, on, self.leave, likely=True)
        self.label(on)

    def _reasons(self, condition: str, holds: bool) -> list[tuple[str, bool]]:
        """What is known where a condition holds, or does not: of its parts as well."""
        operation, *parts = self._logic.get(condition, ("",))
        found = [(condition, holds)]
        if operation == "xor" and parts[1] == "true":
            return found + self._reasons(parts[0], not holds)
        if operation == ("and" if holds else "or"):
            for part in parts:
                found += self._reasons(part, holds)
        return found

    def decided(self, condition: Value) -> bool | None:
        """What an i1 scalar is here, if a branch on every way to here has decided it."""
        if condition.text in ("true", "false"):
            return condition.text == "true"
        return self._blocks.decided(condition.text)

    def ret(self, value: Value | None = None) -> None:
        self.line("ret void" if value is None else f"ret {value.type} {value.text}")

    def fold(
        self,
        start: Index,
        stop: Index,
        carried: Sequence[Value],
        body: Callable[[Index, list[Value]], Sequence[Value]],
        unroll: bool = False,
    ) -> list[Value]:
        """carried = body(i, carried) for i = start .. stop - 1; returns the last `carried`.

        With Python integers and unroll=True the loop is written out.
        """
        if unroll and isinstance(start, int) and isinstance(stop, int):
            values = list(carried)
            for i in range(start, stop):
                values = list(body(i, values))
            return values
        first = start if isinstance(start, Value) else self.constant(start, I64)
        end = stop if isinstance(stop, Value) else self.constant(stop, I64)

        def condition(values: list[Value]) -> Value:
            return self.compare("lt", values[0], end)

        def advance(values: list[Value]) -> list[Value]:
            after = list(body(values[0], values[1:]))
            return [values[0] + 1, *after]

        return self.while_([first, *carried], condition, advance)[1:]

    def while_(
        self,
        carried: Sequence[Value],
        condition: Callable[[list[Value]], Value],
        body: Callable[[list[Value]], Sequence[Value]],
    ) -> list[Value]:
        """carried = body(carried) while condition(carried); returns the last `carried`."""
        head, inside, after = (self.fresh_label(s) for s in ("while", "do", "done"))
        first, before = flat_values(carried), self.block
        self.jump(head)
        self.label(head)
        phis = [self.phi(initial, before) for initial in first]
        values = joined_values([phi.value for phi in phis], [value.type for value in carried])
        self.branch(condition(values), inside, after)
        self.label(inside)
        last = flat_values(body(values))
        for phi, final in zip(phis, last, strict=True):
            phi.add(final, self.block)
        self.jump(head)
        self.label(after)
        return values

    def while_until(
        self,
        carried: Sequence[Value],
        condition: Callable[[list[Value]], Value],
        body: Callable[[list[Value]], tuple[Value, Callable[[], Sequence[Value]]]],
    ) -> list[Value]:
        """The same for a body that may end the loop: it gives an i1 scalar that says so, and what
        computes `carried`, knowing which.
        """
        head, inside, after = (self.fresh_label(s) for s in ("while", "do", "done"))
        stopped, on = (self.fresh_label(s) for s in ("stop", "on"))
        first, before = flat_values(carried), self.block
        self.jump(head)
        self.label(head)
        phis = [self.phi(initial, before) for initial in first]
        types = [value.type for value in carried]
        values = joined_values([phi.value for phi in phis], types)
        test = condition(values)
        tested = self.block
        self.branch(test, inside, after)
        self.label(inside)
        stop, rest = body(values)
        self.branch(stop, stopped, on)
        self.label(stopped)
        last = flat_values(rest())
        end = self.block
        self.jump(after)
        self.label(on)
        for phi, final in zip(phis, flat_values(rest()), strict=True):
            phi.add(final, self.block)
        self.jump(head)
        self.label(after)
        ends = [self.phi(phi.value, tested) for phi in phis]
        for phi, final in zip(ends, last, strict=True):
            phi.add(final, end)
        return joined_values([phi.value for phi in ends], types)

    def if_(
        self,
        condition: Value,
        then: Callable[[], Sequence[Value]],
        otherwise: Callable[[], Sequence[Value]] | None = None,
        likely: bool | None = None,
    ) -> list[Value]:
        """The values of `then()` where the i1 scalar `condition` holds, else those of
        `otherwise()`; likely: as of `branch`.
        """
        decided = self.decided(condition) if self.counts else None
        if decided is not None:
            return list(then()) if decided else list(otherwise()) if otherwise else []
        yes, no, after = (self.fresh_label(s) for s in ("then", "else", "endif"))
        self.branch(condition, yes, no if otherwise else after, likely)
        self.label(yes)
        first = self._ends(then())
        first_block = self.block
        self.jump(after)
        second: list[_End] = []
        if otherwise:
            self.label(no)
            second = self._ends(otherwise())
            second_block = self.block
            self.jump(after)
        self.label(after)
        if not second:
            return [
                joined(one.type, [self.phi(x, first_block).value for x in one.parts])
                for one in first
            ]
        return [
            self._met(one, first_block, other, second_block)
            for one, other in zip(first, second, strict=True)
        ]

    def _ends(self, values: Sequence[Value]) -> list[_End]:
        """What a block hands on, computed before it is left."""
        found = []
        for value in values:
            whole = whole_of(self, value) if self.counts else None
            integer = None if whole is None else whole.integer
            found.append(
                _End(value.type, value.parts, integer, None if whole is None else whole.span)
            )
        return found

    def _met(self, one: _End, first: str, other: _End, second: str) -> Value:
        """A value that is what one of two blocks handed on."""
        if one.integer is not None and other.integer is not None and one.span and other.span:
            phi = self.phi(one.integer, first)
            phi.add(other.integer, second)
            return Whole(self, one.span.joined(other.span), phi.value)
        phis = [self.phi(part, first) for part in one.parts]
        for phi, part in zip(phis, other.parts, strict=True):
            phi.add(part, second)
        return joined(one.type, [phi.value for phi in phis])


class _End(NamedTuple):
    """A value at the end of a block: its parts, and the same as an integer, if it is whole."""

    type: Type
    parts: Sequence[Value]
    integer: Value | None
    span: Span | None
