"""One call of an integrator as a built-in function: what is done before and after the step loop.

It takes what the user has changed, looks whether it can be integrated, makes the first steps, and
shows state and time.  A call that has come to its end by that is told in one object of bytes, from
which Python makes what is asked for.  Python does all else: it goes on after the first steps, or
begins by itself where something is out of the ordinary (nothing has been changed then).

One function serves all integrators of float64, and is compiled once: what they differ in is the
block of `block.CALL`, the first item of `self`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from taylor_runtime.drivers.block import (
    CALL,
    DRIVER,
    FOR,
    GRID,
    OUTCOME_DOUBLES,
    OUTCOME_INTEGERS,
    STEP,
)
from taylor_runtime.events.block import EVENT_BLOCK
from taylor_runtime.events.roots import EVENT_MEMORY
from taylor_runtime.ir.builder import Builder, define_function
from taylor_runtime.ir.fields import Fields
from taylor_runtime.ir.module import Module
from taylor_runtime.ir.types import F64, I1, I64, PTR
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.points import python_objects as objects
from taylor_runtime.program.codes import REACHED, STEPS_DONE
from taylor_runtime.steps.control import Control

DRIVE = "taylor.drive"
FIRST_STEPS = 64  # after which Python looks at Ctrl-C, progress and stiffness,
MORE_STEPS = 256  # unless nothing is to be seen, and steps are short
ASKED = 2.0**-12  # of the way ahead; see `taylor.machines.machine.step_asked_for`
LEAST_STEP, SUSPECT = 2.0**-44, 0.2  # see `taylor.integrator.stiffness`
LATEST = 2  # `recording` of what is watched
ARGUMENTS = 5  # state, parameters, longest step, end or span, and which of these it is
_MEMORY_FIELDS = EVENT_MEMORY.itemsize // 8
_STATE, _ERROR = 0, 1  # the first of the vectors of states
_LARGEST = 1.7976931348623157e308
_FUNCTIONS = {
    "PyFloat_AsDouble": "double @PyFloat_AsDouble(ptr)",
    "PyLong_FromLongLong": "ptr @PyLong_FromLongLong(i64)",
    "PyBytes_FromStringAndSize": "ptr @PyBytes_FromStringAndSize(ptr, i64)",
    "PyBytes_AsString": "ptr @PyBytes_AsString(ptr)",
    "PyType_GenericAlloc": "ptr @PyType_GenericAlloc(ptr, i64)",
    "Py_DecRef": "void @Py_DecRef(ptr)",
    "PyEval_SaveThread": "ptr @PyEval_SaveThread()",
    "PyEval_RestoreThread": "void @PyEval_RestoreThread(ptr)",
}


def externals() -> dict[str, int]:
    """Addresses that the module is linked with; none where it cannot be used."""
    found = objects.array_symbols()
    return {**objects.python_symbols(*_FUNCTIONS, *objects.FUNCTIONS), **found} if found else {}


def driver_module() -> str:
    """IR text of PyObject *taylor.drive(PyObject *self, PyObject *const *args, Py_ssize_t count).

    args: the integrator's arrays of states and parameters, max_step, a number, and UNTIL, FOR or
        STEP, which says what that is (of STEP: an infinity, forwards or backwards); or an array of
        times, and GRID.

    Returns an object of the third item of `self` where the end was reached, whose first slots hold
    bytes and the fourth item; an integer, why the loop came back, where Python has to
    go on (`running` is DRIVER then); None where nothing has been done.
    """
    module = Module()
    objects.declare(module, _FUNCTIONS)
    parameters = [("ptr", "self"), ("ptr", "args"), ("i64", "count")]
    with define_function(module, DRIVE, "ptr", parameters, "nounwind") as (b, given):
        _Drive(b, *given).emit()
    return module.text()


class _Drive:
    """Writes the parts of a call."""

    def __init__(self, b: Builder, own: Value, args: Value, count: Value) -> None:
        self.b, self.own, self.args, self.count = b, own, args, count
        self.leave = b.fresh_label("leave")
        self.call = Fields(b, objects.data_of(b, objects.item(b, own, 0)), CALL)
        self.states, self.given = self.call.get("count"), self.call.get("given")

    def emit(self) -> None:
        b, call = self.b, self.call
        self._go_on_if(b.eq(self.count, ARGUMENTS) & b.eq(call.get("running"), 0))
        given = [b.load(PTR, b.at(self.args, k, "ptr")) for k in range(ARGUMENTS)]
        state, parameters = (
            self._numbers(given[0], self.states),
            self._numbers(given[1], self.given),
        )
        longest, kind = (b.call(F64, "PyFloat_AsDouble", given[k]) for k in (2, 4))
        single = b.eq(kind, STEP)
        number, times, many = self._asked(given[3], kind)
        end = self._end(number, kind, single)
        changed = self._changed(state, parameters)
        self._go_on_if(self._is_finite(state, changed))
        self._prepare(state, parameters, changed)
        self._ask(end, longest, single)
        self._ask_grid(times, many)
        code = self._run(single)
        self._show(state)
        done = b.eq(code, REACHED) | (single & b.eq(code, STEPS_DONE))
        done = done & self._saw_nothing()
        b.ret(b.if_(done, lambda: [self._told()], lambda: [self._begun(code)])[0])
        b.label(self.leave)
        b.ret(objects.call_otherwise(b, self.own, self.args, self.count))

    def _go_on_if(self, condition: Value) -> None:
        """Else leave it to Python, with nothing done."""
        after = self.b.fresh_label("fits")
        self.b.branch(condition, after, self.leave)
        self.b.label(after)

    # -- what is asked --------------------------------------------------------------------------

    def _asked(self, argument: Value, kind: Value) -> list[Value]:
        """A number, or the last of many times; where these are, and how many."""
        b = self.b

        def one() -> list[Value]:
            self._go_on_if(objects.is_float(b, argument))
            number = b.call(F64, "PyFloat_AsDouble", argument)
            return [number, _null(b), b.constant(0, I64)]

        def grid() -> list[Value]:
            self._go_on_if(objects.has_type(b, argument, objects.ARRAY))
            fits, dimensions = objects.is_ordinary(b, argument, b.constant(1, I64))
            self._go_on_if(fits)
            many, times = b.load(I64, dimensions), objects.data_of(b, argument)
            needed = many * (self.call.get("places") + 2)
            has_room = b.compare("le", needed, self.call.get("grid_room")) & (many > 0)
            self._go_on_if(has_room & b.ne(self._control().get("grid_filler"), 0))
            last = b.load(F64, b.at(times, many - 1))
            self._go_on_if(self._is_monotonic(times, many, last))
            return [last, times, many]

        return b.if_(b.eq(kind, GRID), grid, one)

    def _is_monotonic(self, times: Value, many: Value, last: Value) -> Value:
        """i1: whether finite times lie one behind the other, from the present one on."""
        b, now, first = self.b, self.call.get("time"), self.b.load(F64, times)
        forward = b.select(many > 1, last > first, b.compare("ge", last, now))
        begins = b.select(forward, b.compare("ge", first, now), b.compare("le", first, now))

        def one(i: Index) -> Value:
            here, there = b.load(F64, b.at(times, i)), b.load(F64, b.at(times, i + 1))
            ordered = b.select(forward, here < there, here > there)
            return ordered & _is_finite(b, here)

        return self._all(many - 1, begins & _is_finite(b, last), one)

    def _numbers(self, array: Value, count: Value) -> Value:
        """The place of the numbers of a vector."""
        self._go_on_if(objects.has_type(self.b, array, objects.ARRAY))
        fits, dimensions = objects.is_ordinary(self.b, array, self.b.constant(1, I64))
        self._go_on_if(fits)
        self._go_on_if(self.b.eq(self.b.load(I64, dimensions), count))
        return objects.data_of(self.b, array)

    def _end(self, number: Value, kind: Value, single: Value) -> tuple[Value, Value]:
        """The end as a pair; the sum of time and span is exact, or Python's business."""
        b, call = self.b, self.call
        now, low = call.get("time"), call.get("time_low")
        rough, error = _two_sum(now, number)
        error, lost = _two_sum(error, low)
        high, rest = _two_sum(rough, error)
        of_span = b.eq(kind, FOR)
        end = b.select(of_span, high, number + 0.0)
        exact = b.eq(lost, 0.0) | ~of_span
        fits = _is_finite(b, number) & _is_finite(b, end - now) & exact
        self._go_on_if(single | fits)
        return end, b.select(of_span, rest, b.constant(0.0, F64))

    def _changed(self, state: Value, parameters: Value) -> Value:
        """i1: whether the user has changed anything since machine and integrator agreed."""
        b, call = self.b, self.call
        same = b.ne(call.get("known"), 0) & b.eq(call.get("time"), call.get("seen_time"))
        same = same & b.eq(call.get("time_low"), call.get("seen_time_low"))
        for place, seen, count in (
            (state, "seen_state", self.states),
            (parameters, "seen_parameters", self.given),
        ):
            same = self._all(count, same, _Equal(b, place, call.address(seen)))
        return ~same

    def _is_finite(self, state: Value, changed: Value) -> Value:
        b = self.b

        def one(i: Index) -> Value:
            return _is_finite(b, b.load(F64, b.at(state, i)))

        return b.if_(changed, lambda: [self._all(self.states, _true(b), one)], lambda: [_true(b)])[
            0
        ]

    def _all(self, count: Value, start: Value, one: Callable[[Index], Value]) -> Value:
        """i1: whether `start` and all `one(i)` hold."""
        b = self.b

        def further(carried: list[Value]) -> list[Value]:
            return [carried[0] + 1, one(carried[0])]

        first = [b.constant(0, I64), start]
        return b.while_(first, lambda c: c[1] & (c[0] < count), further)[1]

    # -- before the loop ------------------------------------------------------------------------

    def _control(self) -> Control:
        return Control(self.b, self.call.address("control"))

    def _prepare(self, state: Value, parameters: Value, changed: Value) -> None:
        """Count anew, and let the machine have what was changed."""
        b, control = self.b, self._control()
        longest = _larger(b, control.get("longest"), control.get("largest_step"))
        control.set("longest", longest)
        control.set("smallest_step", float("inf"))
        control.set("largest_step", 0.0)
        for name in ("steps", "retracted", "window_end"):
            control.set(name, 0)

        def load() -> Sequence[Value]:
            self._load(control, state, parameters)
            return []

        b.if_(changed, load)

    def _load(self, control: Control, state: Value, parameters: Value) -> None:
        b, call = self.b, self.call
        vectors, padding = call.address("states"), call.address("padding")
        places = call.get("places")
        errors = b.at(vectors, places * _ERROR)

        def put(i: Index, _: list[Value]) -> list[Value]:
            which = b.load(I64, b.at(padding, i, "i64"))
            b.store(b.load(F64, b.at(state, which)), b.at(vectors, i))
            b.store(b.constant(0.0, F64), b.at(errors, i))
            return []

        b.fold(0, places, [], put)
        self._copy(parameters, call.address("parameters"), self.given)
        self._forget_events()  # looks at the times that were seen
        self._copy(parameters, call.address("seen_parameters"), self.given)
        self._copy(state, call.address("seen_state"), self.states)
        for name in ("time", "time_low"):
            control.set(name, call.get(name))
            call.set(f"seen_{name}", call.get(name))
        call.set("known", 1)
        for name in ("step", "estimate", "longest"):
            control.set(name, 0.0)
        control.set("scale", 1.0)
        control.set("limit", float("inf"))
        for name in ("pending", "overflowed", "rescaled"):
            control.set(name, 0)

    def _copy(self, source: Value, target: Value, count: Value, align: int = 8) -> None:
        b = self.b

        def one(i: Index, _: list[Value]) -> list[Value]:
            b.store(b.load(F64, b.at(source, i)), b.at(target, i), align)
            return []

        b.fold(0, count, [], one)

    def _forget_events(self) -> None:
        """Signs are unknown; what was reported at this time is not reported again."""
        b, call = self.b, self.call

        def forget() -> Sequence[Value]:
            keep = b.ne(call.get("known"), 0) & b.eq(call.get("time"), call.get("seen_time"))
            keep = keep & b.eq(call.get("time_low"), call.get("seen_time_low"))
            memory, flips = call.address("memory"), call.address("flips")

            def one(i: Index, _: list[Value]) -> list[Value]:
                fields = Fields(b, b.at(memory, i * _MEMORY_FIELDS, "i64"), EVENT_MEMORY)
                fields.set("side", 0.0)
                for name in ("open", "reported", "noise"):
                    fields.set(name, b.select(keep, fields.get(name), 0.0))
                fields.set("last", b.select(keep, fields.get("last"), float("nan")))
                b.store(b.constant(0.0, F64), b.at(flips, i))
                return []

            b.fold(0, call.get("functions"), [], one)
            sides = call.address("sides")

            def zero(i: Index, _: list[Value]) -> list[Value]:
                b.store(b.constant(0.0, F64), b.at(sides, i))
                return []

            b.fold(0, call.get("outputs"), [], zero)
            block = Fields(b, call.address("events"), EVENT_BLOCK)
            for name in ("resumed", "skip", "flags", "verdict", "flipped"):
                block.set(name, 0)
            for name in ("position", "reach", "stuck"):
                block.set(name, 0.0)
            return []

        b.if_(b.ne(call.get("detector"), 0), forget)

    def _ask(self, end: tuple[Value, Value], longest: Value, single: Value) -> None:
        """Tell the loop how far to go, and what to watch."""
        b, call, control = self.b, self.call, self._control()
        control.set("max_step", longest)
        watched = b.ne(call.get("detector"), 0)
        way = b.fabs(end[0] - call.get("time")) * ASKED
        way = b.select(single | watched, b.constant(0.0, F64), way)
        control.set("longest", _larger(b, control.get("longest"), way))
        control.set("end", end[0])
        control.set("end_low", end[1])
        control.set("detector", call.get("detector"))
        control.set("events", call.get("events"))
        control.set("recording", b.select(watched, b.constant(LATEST, I64), 0))
        for name in ("records", "grid_next", "grid_count"):
            control.set(name, 0)
        control.set("records_wanted", -1)
        control.set("steps_wanted", b.select(single, b.constant(1, I64), FIRST_STEPS))

        def begin() -> Sequence[Value]:
            Fields(b, call.address("events"), EVENT_BLOCK).set("count", 0)
            return []

        b.if_(watched, begin)

    def _ask_grid(self, times: Value, many: Value) -> None:
        """Let the loop fill in the states at times; there are perhaps none."""
        b, call, control = self.b, self.call, self._control()
        grid, vectors, places = call.address("grid"), call.address("states"), call.get("places")

        def begin() -> Sequence[Value]:
            control.set("grid_count", many)
            control.set("recording", LATEST)
            self._copy(times, grid, many)
            lows = b.at(grid, many)

            def zero(i: Index, _: list[Value]) -> list[Value]:
                b.store(b.constant(0.0, F64), b.at(lows, i))
                return []

            b.fold(0, many, [], zero)
            b.if_(b.eq(b.load(F64, times), control.get("time")), known)
            return []

        def known() -> Sequence[Value]:
            """No step need be taken to know the state there."""
            self._copy(vectors, b.at(grid, many * 2), places)
            control.set("grid_next", 1)
            return []

        b.if_(many > 0, begin)

    # -- the loop, and after it -----------------------------------------------------------------

    def _run(self, single: Value) -> Value:
        """The code of the runtime; without the GIL."""
        b, call, control = self.b, self.call, self._control()
        call.set("running", DRIVER)
        state = b.call(PTR, "PyEval_SaveThread")
        first = self._slice()
        call.set("first_retracted", control.get("retracted"))
        goes_on = b.eq(first, STEPS_DONE) & ~single & b.ne(call.get("short"), 0)

        def more() -> list[Value]:
            return [b.if_(self._is_suspect(), lambda: [first], further)[0]]

        def further() -> list[Value]:
            control.set("steps_wanted", FIRST_STEPS + MORE_STEPS)
            return [self._slice()]

        code = b.if_(goes_on, more, lambda: [first])[0]
        b.line(f"call void @PyEval_RestoreThread(ptr {state.text})")
        return code

    def _slice(self) -> Value:
        b, call = self.b, self.call
        names = ("control", "states", "parameters", "work", "records", "grid", "tolerances")
        listed = ", ".join([f"ptr {call.address(name).text}" for name in names])
        return b.emit_anew(I64, f"call i64 {call.address('loop').text}({listed})")

    def _is_suspect(self) -> Value:
        """i1: whether steps may be limited by stability, as `StiffnessWatch` asks first."""
        b, control = self.b, self._control()
        step = b.fabs(control.get("step"))
        decided = b.eq(step, control.get("estimate")) & (step < control.get("max_step"))
        long = ~(step < b.fabs(control.get("time")) * LEAST_STEP)
        last, before = control.get("last_size") * step, control.get("last_size_but_one")
        steep = b.compare("ge", last, (before * SUSPECT) * control.get("step_scale"))
        return b.ne(step, 0.0) & decided & long & steep & (last > 0.0)

    def _show(self, state: Value) -> None:
        """Let the user see state and time."""
        b, call, control = self.b, self.call, self._control()
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

    def _saw_nothing(self) -> Value:
        """i1: whether there are no zeros of events to be told, nor doubts."""
        b, call = self.b, self.call

        def clear(i: Index) -> Value:
            place = b.at(call.address("memory"), i * _MEMORY_FIELDS, "i64")
            return b.eq(Fields(b, place, EVENT_MEMORY).get("blurred"), 0.0)

        def look() -> list[Value]:
            none = b.eq(Fields(b, call.address("events"), EVENT_BLOCK).get("count"), 0)
            return [self._all(call.get("functions"), none, clear)]

        return b.if_(b.ne(call.get("detector"), 0), look, lambda: [_true(b)])[0]

    def _told(self) -> Value:
        """The object that tells; null without memory."""
        b, call = self.b, self.call
        head = len(OUTCOME_DOUBLES) + len(OUTCOME_INTEGERS)
        many = self._control().get("grid_count")
        count = (many + 1) * self.states + many + head
        told = b.call(PTR, "PyBytes_FromStringAndSize", _null(b), count * 8)
        call.set("running", 0)

        def fill() -> list[Value]:
            self._fill(told, head)
            made = b.call(
                PTR, "PyType_GenericAlloc", objects.item(b, self.own, 2), b.constant(0, I64)
            )
            return [b.if_(b.ne(made, _null(b)), lambda: keep(made), lambda: drop())[0]]

        def keep(made: Value) -> list[Value]:
            silence = objects.item(b, self.own, 3)
            b.line(f"call void @Py_IncRef(ptr {silence.text})")
            slots = b.at(made, objects.HEADER, "i8")
            b.store(told, slots)
            b.store(silence, b.at(slots, 1, "ptr"))
            return [made]

        def drop() -> list[Value]:
            b.line(f"call void @Py_DecRef(ptr {told.text})")
            return [_null(b)]

        return b.if_(b.ne(told, _null(b)), fill, lambda: [_null(b)])[0]

    def _fill(self, told: Value, head: int) -> None:
        """What is told: `head` fields, and the state."""
        b, call, control = self.b, self.call, self._control()
        room = b.call(PTR, "PyBytes_AsString", told)
        for k, name in enumerate((*OUTCOME_DOUBLES, *OUTCOME_INTEGERS)):
            b.store(control.get(name), b.at(room, k, "i64"), 1)
        numbers = b.at(room, head, "i64")
        self._copy(call.address("seen_state"), numbers, self.states, 1)
        many, grid = control.get("grid_count"), call.address("grid")
        times = b.at(numbers, self.states)
        self._copy(grid, times, many, 1)
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

    def _begun(self, code: Value) -> Value:
        return self.b.call(PTR, "PyLong_FromLongLong", code)


class _Equal:
    """i1: whether number i is the same at two places, bit for bit."""

    def __init__(self, b: Builder, first: Value, second: Value) -> None:
        self.b, self.places = b, (first, second)

    def __call__(self, i: Index) -> Value:
        one, other = (self.b.load(I64, self.b.at(p, i, "i64")) for p in self.places)
        return self.b.eq(one, other)


def _two_sum(a: Value, b: Value) -> tuple[Value, Value]:
    """a + b as a rounded sum and its error (Knuth 1969)."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


def _is_finite(b: Builder, x: Value) -> Value:
    return b.compare("le", b.fabs(x), _LARGEST)


def _larger(b: Builder, a: Value, c: Value) -> Value:
    return b.select(b.compare("lt", a, c), c, a)


def _null(b: Builder) -> Value:
    return Value(b, PTR, "null")


def _true(b: Builder) -> Value:
    return b.constant(True, I1)
