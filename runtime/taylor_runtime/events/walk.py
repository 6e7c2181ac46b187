"""The search of a step for roots, piece by piece: `walk`, which most steps never enter."""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.events.combine import Combination
from taylor_runtime.events.cut import Cut
from taylor_runtime.events.frame import Frame, Part, Watch
from taylor_runtime.events.pieces import Pieces
from taylor_runtime.events.roots import SCAN
from taylor_runtime.events.search import Search
from taylor_runtime.events.settle import Settlement
from taylor_runtime.ir.builder import define_function
from taylor_runtime.ir.module import Module
from taylor_runtime.ir.types import I64
from taylor_runtime.ir.values import Value
from taylor_runtime.program.codes import EVENT_ASKED, EVENTS_FULL

ARGUMENTS = ("control", "block", "state", "error", "record", "parameters")


def emit_walk(module: Module, watch: Watch) -> None:
    """Write `i64 walk(control, block, state, error, record, parameters)` into the module."""
    module.declare(SCAN, f"declare i64 @{SCAN}(ptr, i64, double, double, ptr, ptr, ptr, ptr)")
    parameters = [("ptr", name) for name in ARGUMENTS]
    attributes = "nounwind noinline"
    with define_function(module, "walk", "i64", parameters, attributes, "internal") as (
        b,
        arguments,
    ):
        _Walk(Frame(watch, b, arguments)).emit()


class _Walk(Part):
    def __init__(self, frame: Frame) -> None:
        super().__init__(frame)
        self.pieces = Pieces(frame)
        self.search = Search(frame, self.pieces)
        self.combination = Combination(frame, self.search) if frame.watch.combined else None
        self.settlement = Settlement(frame, Cut(frame, self.search, self.combination))

    def emit(self) -> None:
        b, block = self.b, self.block

        def goes_on(carried: list[Value]) -> Value:
            position, status = carried
            return b.eq(status, 0) & (b.fabs(position) < b.fabs(self.end))

        first = [block.get("position"), b.constant(0, I64)]
        _, status = b.while_(first, goes_on, lambda carried: self._piece(carried[0]))
        waits = b.eq(status, EVENT_ASKED) | b.eq(status, EVENTS_FULL)
        block.set("resumed", b.cast("zext", waits, "i64"))

        def leave() -> list[Value]:
            for name in ("position", "reach", "stuck"):
                block.set(name, 0.0)
            for name in ("skip", "flags", "verdict"):
                block.set(name, 0)
            self._show_sides()
            return []

        b.if_(~waits, leave)
        b.ret(status)

    def _piece(self, position: Value) -> Sequence[Value]:
        """Search the piece of the step that begins at `position`."""
        b, block = self.b, self.block
        self.pieces.expand_at(position)
        rest = self.end - position
        length = self.pieces.length(position, rest)
        self.copy("memory", "trial")
        roots = self.search.roots(position, length)
        if self.combination is not None:
            roots = self.combination.combine(position, roots)
        full = block.get("count") + roots > block.get("capacity")

        def settle() -> list[Value]:
            status = self.settlement.settle(position, roots)

            def advance() -> list[Value]:
                self.copy("trial", "memory")
                after = position + length
                after = b.select(b.eq(length, rest), self.end, after)
                block.set("position", after)
                block.set("reach", length)
                if self.watch.is_rough:
                    self.pieces.grow_stuck()
                block.set("skip", 0)
                return [after]

            (after,) = b.if_(b.eq(status, 0), advance, lambda: [position])
            return [after, status]

        return b.if_(full, lambda: [position, b.constant(EVENTS_FULL, I64)], settle)

    def _show_sides(self) -> None:
        """The signs that are certain, where the fast way looks for them; 0 for the others."""
        b = self.b

        def one(event: Value, _: list[Value]) -> list[Value]:
            memory = self.memory("memory", event)
            certain = b.eq(memory.get("open"), 0)
            b.store(b.select(certain, memory.get("side"), 0.0), self.area("sides", event))
            return []

        self.each_event([], one)
