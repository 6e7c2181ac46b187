"""The blocks of a function: instructions in their order, loops that carry values, and choices."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from taylor_runtime.ir.blocks import Blocks
from taylor_runtime.ir.instructions import Line, Phi
from taylor_runtime.ir.kinds import flat_values, joined_values
from taylor_runtime.ir.module import Module
from taylor_runtime.ir.types import I64, Type
from taylor_runtime.ir.values import Index, Instructions, Value


class Flow(Instructions):
    """Appends instructions and blocks to one function.

    What a block has computed, and the condition that alone led to it, are known in all blocks that
    it dominates.
    """

    def __init__(self, module: Module) -> None:
        self.module = module
        self.lines: list[Line] = []
        self.entry: list[str] = []  # allocas
        self.block = "entry"
        self._blocks = Blocks()
        self._count = 0
        self._known: dict[str, tuple[Value, int]] = {}  # by instruction: its value, and its block

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
        return value

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

    def jump(self, label: str) -> None:
        self._blocks.reach(label)
        self.line(f"br label %{label}")

    def branch(self, condition: Value, yes: str, no: str) -> None:
        self._blocks.reach(yes, (condition.text, True))
        self._blocks.reach(no, (condition.text, False))
        self.line(f"br i1 {condition.text}, label %{yes}, label %{no}")

    def decided(self, condition: Value) -> bool | None:
        """What an i1 scalar is here, if a branch on every way to here has decided it."""
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
        before = self.block
        self.jump(head)
        self.label(head)
        phis = [self.phi(initial, before) for initial in flat_values(carried)]
        values = joined_values([phi.value for phi in phis], [value.type for value in carried])
        self.branch(condition(values), inside, after)
        self.label(inside)
        last = flat_values(body(values))
        for phi, final in zip(phis, last, strict=True):
            phi.add(final, self.block)
        self.jump(head)
        self.label(after)
        return values

    def if_(
        self,
        condition: Value,
        then: Callable[[], Sequence[Value]],
        otherwise: Callable[[], Sequence[Value]] | None = None,
    ) -> list[Value]:
        """The values of `then()` where the i1 scalar `condition` holds, else those of
        `otherwise()`.
        """
        yes, no, after = (self.fresh_label(s) for s in ("then", "else", "endif"))
        self.branch(condition, yes, no if otherwise else after)
        self.label(yes)
        first = list(then())
        first_block = self.block
        self.jump(after)
        second: list[Value] = []
        if otherwise:
            self.label(no)
            second = list(otherwise())
            second_block = self.block
            self.jump(after)
        self.label(after)
        phis = [self.phi(value, first_block) for value in flat_values(first)]
        for phi, value in zip(phis, flat_values(second), strict=True):
            phi.add(value, second_block)
        return joined_values([phi.value for phi in phis], [value.type for value in first])
