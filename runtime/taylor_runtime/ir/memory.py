"""What a function has in memory: addresses, loads and stores, constant arrays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from taylor_runtime.ir.flow import Flow
from taylor_runtime.ir.instructions import Store
from taylor_runtime.ir.kinds import joined
from taylor_runtime.ir.types import COMPOUND, I64, PTR, Type, alignment_of, make_type
from taylor_runtime.ir.values import Compound, Index, Value, index_text

LINE = 64  # bytes that caches hold together


class MemoryBuilder(Flow):
    """Appends instructions that reach memory."""

    def poison(self, type_: Type) -> Value:
        """A value that nothing is known of yet."""
        return joined(type_, [Value(self, part, "poison") for part in type_.parts])

    def planes(self, pointer: Value, count: Index, element: str) -> Value:
        """The address of `count` elements: all second parts follow after all first ones."""
        kind = COMPOUND.get(element)
        if kind is None:
            return pointer
        places = [pointer]
        for _ in range(1, kind.parts):
            places.append(self.at(places[-1], count, kind.part))
        return joined(PTR, places)

    def pointers(self, places: Sequence[Value]) -> Value:
        """One address of numbers whose parts are at these places."""
        return joined(PTR, places)

    def alloca(self, element: str, count: int, align: int = 64) -> Value:
        kind = COMPOUND.get(element)
        if kind is not None:  # where its parts are is known wherever it is: others may keep it
            first = self.alloca(kind.part, kind.parts * count, align)
            places = [first]
            for part in range(1, kind.parts):
                places.append(Value(self, PTR, self.name()))
                place = f"getelementptr inbounds {kind.part}, ptr {first.text}, i64 {part * count}"
                self.entry.append(f"  {places[-1].text} = {place}")
            return joined(PTR, places)
        text = self.name()
        self.entry.append(f"  {text} = alloca [{count} x {element}], align {align}")
        return Value(self, PTR, text)

    def at(self, pointer: Value, index: Index, element: str = "double") -> Value:
        """The address of element `index` of an array of `element` at `pointer`."""
        if isinstance(index, int) and index == 0:
            return pointer
        if isinstance(pointer, Compound):
            number = make_type(element, 0).part.element
            return joined(PTR, [self.at(part, index, number) for part in pointer.parts])
        return self.emit(
            PTR,
            f"getelementptr inbounds {element}, ptr {pointer.text}, i64 {index_text(index)}",
        )

    def load(self, type_: Type, pointer: Value, align: int = 0) -> Value:
        """A value from memory, aligned to an element unless more is known."""
        align = align or alignment_of(type_.element)
        if type_.element in COMPOUND:
            return joined(type_, [self.load(type_.part, part, align) for part in pointer.parts])
        return self.emit_anew(type_, f"load {type_.text}, ptr {pointer.text}, align {align}")

    def store(
        self, value: Value, pointer: Value, align: int = 0, streaming: bool = False
    ) -> list[Store]:
        """The instructions, appended, that put a value in memory; `streaming` past the caches, for
        what nobody reads soon.
        """
        align = align or alignment_of(value.type.element)
        if isinstance(value, Compound):
            pairs = zip(value.parts, pointer.parts, strict=True)
            return [one for pair in pairs for one in self.store(*pair, align, streaming)]
        hint = f", !nontemporal {self.module.metadata('!{i32 1}')}" if streaming else ""
        store = Store(
            f"store {value.type.text} {value.text}, ptr {pointer.text}, align {align}{hint}"
        )
        self.lines.append(store)
        return [store]

    def prefetch(self, type_: Type, pointer: Value, distance: Index) -> None:
        """Ask for a value that will be loaded soon, so many elements beyond a pointer; there need
        not be any.
        """
        name, element = "llvm.prefetch.p0", type_.part.element
        self.module.declare(name, f"declare void @{name}(ptr, i32, i32, i32)")
        for part in pointer.parts:
            for first in range(0, max(type_.lanes, 1), LINE // alignment_of(element)):
                place = (
                    f"getelementptr {element}, ptr {part.text}, i64 {index_text(distance + first)}"
                )
                near = self.emit(PTR, place).text
                self.line(f"call void @{name}(ptr {near}, i32 0, i32 2, i32 1)")

    def load_shared(self, pointer: Value) -> Value:
        """An i64 that other threads may change meanwhile."""
        return self.emit_anew(I64, f"load atomic i64, ptr {pointer.text} monotonic, align 8")

    def fetch_add(self, pointer: Value, amount: int) -> Value:
        """Add to an i64 that threads share, and return what it was."""
        return self.emit_anew(I64, f"atomicrmw add ptr {pointer.text}, i64 {amount} monotonic")

    def table(self, values: Sequence[int | float | Fraction], element: str = "double") -> Value:
        """The address of a constant array."""
        if element in COMPOUND:
            number, parts = COMPOUND[element].part, parts_of(values, element)
            return self.pointers([self.table(part, number) for part in parts])
        return Value(self, PTR, self.module.table(values, element))

    def functions(self, names: Sequence[str]) -> Value:
        """The address of an array of the addresses of functions of the module."""
        return Value(self, PTR, self.module.functions(names))


def parts_of(
    numbers: Sequence[int | float | Fraction], element: str
) -> Iterator[tuple[float, ...]]:
    """All first parts of numbers of a compound kind, then all second ones, ..."""
    return zip(*map(COMPOUND[element].split, numbers), strict=True)
