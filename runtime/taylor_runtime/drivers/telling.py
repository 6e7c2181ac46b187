"""What a driver does after the step loop: state and time are shown, and what happened told."""

from __future__ import annotations

from taylor_runtime.drivers.block import OUTCOME_DOUBLES, OUTCOME_INTEGERS
from taylor_runtime.drivers.call import MEMORY_FIELDS, Call, null, true
from taylor_runtime.events.block import EVENT_BLOCK
from taylor_runtime.events.roots import EVENT_MEMORY
from taylor_runtime.ir.fields import Fields
from taylor_runtime.ir.types import F64, I64, PTR
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.points import python_objects as objects


class Telling(Call):
    """Makes what is returned."""

    def show(self, state: Value) -> None:
        """Let the user see state and time."""
        b, call, control = self.b, self.call, self.control()
        vectors, slots = call.address("states"), call.address("slots")
        seen = call.address("seen_state")

        def one(i: Index, _: list[Value]) -> list[Value]:
            value = b.load(F64, b.at(vectors, b.load(I64, b.at(slots, i, "i64"))))
            b.store(value, b.at(state, i))
            b.store(value, b.at(seen, i))
            return []

        b.fold(0, self.states, [], one)
        for name in ("time", "time_low"):
            call.set(name, control.get(name))
            call.set(f"seen_{name}", control.get(name))

    def saw_nothing(self) -> Value:
        """i1: whether there are no zeros of events to be told, nor doubts."""
        b, call = self.b, self.call

        def clear(i: Index) -> Value:
            place = b.at(call.address("memory"), i * MEMORY_FIELDS, "i64")
            return b.eq(Fields(b, place, EVENT_MEMORY).get("blurred"), 0.0)

        def look() -> list[Value]:
            none = b.eq(Fields(b, call.address("events"), EVENT_BLOCK).get("count"), 0)
            return [self.all(call.get("functions"), none, clear)]

        return b.if_(b.ne(call.get("detector"), 0), look, lambda: [true(b)])[0]

    def told(self) -> Value:
        """The object that tells; null without memory."""
        b, call = self.b, self.call
        head = len(OUTCOME_DOUBLES) + len(OUTCOME_INTEGERS)
        many = self.control().get("grid_count")
        count = (many + 1) * self.states + many + head
        told = b.call(PTR, "PyBytes_FromStringAndSize", null(b), count * 8)
        call.set("running", 0)

        def fill() -> list[Value]:
            self._fill(told, head)
            made = b.call(
                PTR, "PyType_GenericAlloc", objects.item(b, self.own, 2), b.constant(0, I64)
            )
            return [b.if_(b.ne(made, null(b)), lambda: keep(made), lambda: drop())[0]]

        def keep(made: Value) -> list[Value]:
            silence = objects.item(b, self.own, 3)
            b.line(f"call void @Py_IncRef(ptr {silence.text})")
            slots = b.at(made, objects.HEADER, "i8")
            b.store(told, slots)
            b.store(silence, b.at(slots, 1, "ptr"))
            return [made]

        def drop() -> list[Value]:
            b.line(f"call void @Py_DecRef(ptr {told.text})")
            return [null(b)]

        return b.if_(b.ne(told, null(b)), fill, lambda: [null(b)])[0]

    def _fill(self, told: Value, head: int) -> None:
        """What is told: `head` fields, and the state."""
        b, call, control = self.b, self.call, self.control()
        room = b.call(PTR, "PyBytes_AsString", told)
        for k, name in enumerate((*OUTCOME_DOUBLES, *OUTCOME_INTEGERS)):
            source = call if name == "limited" else control
            b.store(source.get(name), b.at(room, k, "i64"), 1)
        numbers = b.at(room, head, "i64")
        self.copy(call.address("seen_state"), numbers, self.states, 1)
        many, grid = control.get("grid_count"), call.address("grid")
        times = b.at(numbers, self.states)
        self.copy(grid, times, many, 1)
        slots, places = call.address("slots"), call.get("places")

        def row(j: Index, _: list[Value]) -> list[Value]:
            assert isinstance(j, Value)
            source = b.at(grid, many * 2 + j * places)
            target = b.at(times, many + j * self.states)

            def one(i: Index, _: list[Value]) -> list[Value]:
                slot = b.load(I64, b.at(slots, i, "i64"))
                b.store(b.load(F64, b.at(source, slot)), b.at(target, i), 1)
                return []

            b.fold(0, self.states, [], one)
            return []

        b.fold(0, many, [], row)

    def begun(self, code: Value) -> Value:
        """The integer that tells why the loop came back."""
        return self.b.call(PTR, "PyLong_FromLongLong", code)
