"""Lanes of vectors: scalars in all of them, lanes in other places, single ones."""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.ir.kinds import joined
from taylor_runtime.ir.memory import MemoryBuilder
from taylor_runtime.ir.types import I1, Type, make_type
from taylor_runtime.ir.values import Compound, Index, Value, index_text


class VectorBuilder(MemoryBuilder):
    """Appends instructions that move lanes."""

    def splat(self, x: Value, lanes: int) -> Value:
        """The scalar x in every lane; x itself if it has these lanes already."""
        if lanes == x.lanes:
            return x
        t = make_type(x.type.element, lanes)
        if isinstance(x, Compound):
            return joined(t, [self.splat(part, lanes) for part in x.parts])
        first = self.emit(t, f"insertelement {t.text} poison, {x.type.text} {x.text}, i64 0")
        return self.shuffle(first, None, [0] * lanes)

    def shuffle(self, a: Value, b: Value | None, lanes: Sequence[int]) -> Value:
        """Lanes of a (0 ..) and b (a.lanes ..), chosen by constant indices; -1 is don't-care."""
        t = make_type(a.type.element, len(lanes))
        if isinstance(a, Compound):
            others = (None,) * len(a.parts) if b is None else b.parts
            pairs = zip(a.parts, others, strict=True)
            return joined(t, [self.shuffle(x, y, lanes) for x, y in pairs])
        second = "poison" if b is None else b.text
        items = ", ".join("i32 poison" if i < 0 else f"i32 {i}" for i in lanes)
        given, mask = a.type.text, f"<{len(lanes)} x i32> <{items}>"
        return self.emit(t, f"shufflevector {given} {a.text}, {given} {second}, {mask}")

    def extract(self, x: Value, lane: Index) -> Value:
        t = make_type(x.type.element, 0)
        if isinstance(x, Compound):
            return joined(t, [self.extract(part, lane) for part in x.parts])
        return self.emit(t, f"extractelement {x.type.text} {x.text}, i64 {index_text(lane)}")

    def insert(self, x: Value, item: Value, lane: Index) -> Value:
        if isinstance(x, Compound):
            pairs = zip(x.parts, item.parts, strict=True)
            return joined(x.type, [self.insert(part, one, lane) for part, one in pairs])
        given = f"{x.type.text} {x.text}, {item.type.text} {item.text}"
        return self.emit(x.type, f"insertelement {given}, i64 {index_text(lane)}")

    def any_lane(self, condition: Value) -> Value:
        """i1: whether any lane of an i1 vector (or the scalar itself) is true."""
        if not condition.lanes:
            return condition
        name = f"llvm.vector.reduce.or.v{condition.lanes}i1"
        self.module.declare(name, f"declare i1 @{name}({condition.type.text})")
        return self.emit(I1, f"call i1 @{name}({condition.type.text} {condition.text})")

    def gather(self, type_: Type, pointer: Value, index: Value) -> Value:
        """One element a lane, from `pointer` at the i64 lanes of `index`.

        Lane by lane: LLVM's versions spell theirs differently, and it is no faster than loads.
        """
        value = self.poison(type_)
        scalar = make_type(type_.element, 0)
        for lane in range(type_.lanes):
            address = self.at(pointer, self.extract(index, lane), type_.element)
            value = self.insert(value, self.load(scalar, address), lane)
        return value
