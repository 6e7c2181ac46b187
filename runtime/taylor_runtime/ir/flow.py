"""The blocks of a function: instructions in their order, loops that carry values, and choices."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from taylor_runtime.ir.instructions import Line, Phi
from taylor_runtime.ir.kinds import flat_values, joined_values
from taylor_runtime.ir.module import Module
from taylor_runtime.ir.types import I64, Type
from taylor_runtime.ir.values import Index, Instructions, Value


_ENTRY = 1  # of a set of blocks, with a bit for each: the one that a function begins with


class Flow(Instructions):
    """Appends instructions and blocks to one function.

    What was computed in a block, and the condition that led to it alone, are known in all blocks
    that it dominates.
    """

    def __init__(self, module: Module) -> None:
        self.module = module
        self.lines: list[Line] = []
        self.entry: list[str] = []  # allocas
        self.block = "entry"
        self._here = _ENTRY
        self._count = 0
        self._dominators = _ENTRY
        self._reached: dict[str, int] = {}  # labels to come: what dominates them so far
        self._placed: dict[str, int] = {}
        self._given: dict[str, tuple[str, bool]] = {}  # conditions that lead to labels, alone
        self._known: dict[str, tuple[Value, int]] = {}  # by instruction: its value, and its block
        self._decided: dict[tuple[str, bool], int] = {}  # conditions: blocks that depend on them

    def name(self) -> str:
        self._count += 1
        return f"%v{self._count}"

    def emit(self, type_: Type, instruction: str) -> Value:
        """The value of an instruction that depends on its operands alone, appended unless it has
        been computed on every way to here.
        """
        known = self._known.get(instruction)
        if known is not None and known[1] & self._dominators:
            return known[0]
        self._count += 1
        text = f"%v{self._count}"
        self.lines.append(f"  {text} = {instruction}")
        value = Value(self, type_, text)
        self._known[instruction] = value, self._here
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
        """A block begins; jumps to it from further down come from blocks that it dominates."""
        self.lines.append(f"{name}:")
        self.block = name
        self._here = 1 << (len(self._placed) + 1)
        self._placed[name] = above = self._reached.get(name, _ENTRY)
        self._dominators = above | self._here
        if name in self._given:
            decided = self._given[name]
            self._decided[decided] = self._decided.get(decided, 0) | self._here

    def fresh_label(self, stem: str) -> str:
        self._count += 1
        return f"{stem}{self._count}"

    def jump(self, label: str) -> None:
        self._reach(label)
        self.line(f"br label %{label}")

    def branch(self, condition: Value, yes: str, no: str) -> None:
        for label, holds in ((yes, True), (no, False)):
            if self._reach(label):
                self._given[label] = condition.text, holds
        self.line(f"br i1 {condition.text}, label %{yes}, label %{no}")

    def _reach(self, label: str) -> bool:
        """Note that control goes from here to a block; whether it is the first to do so."""
        first = label not in self._reached and label not in self._placed
        if label in self._placed:
            assert not self._placed[label] & ~self._dominators and label not in self._given, label
        else:
            self._reached[label] = self._reached.get(label, self._dominators) & self._dominators
        if not first:
            self._given.pop(label, None)
        return first

    def decided(self, condition: Value) -> bool | None:
        """What an i1 scalar is here, if a branch on the way has decided it."""
        for holds in (True, False):
            if self._decided.get((condition.text, holds), 0) & self._dominators:
                return holds
        return None

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
