"""Dense output as a built-in function of time: the step is found, and its polynomials evaluated.

One function serves all solutions of float64 whose states fill as many lanes; what they differ in
is the block of `DENSE`, the first item of `self`.  Sums and products are rounded one by one, as
NumPy does it: the bits are those of Horner's rule there.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from taylor_runtime.drivers.call import Leaving
from taylor_runtime.ir.builder import Builder, define_function
from taylor_runtime.ir.entries import make_replaceable
from taylor_runtime.ir.fields import Fields
from taylor_runtime.ir.module import Module
from taylor_runtime.ir.types import F64, I1, I64, PTR, make_type
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.points import python_objects as objects

EVALUATE = "taylor.dense"
TOGETHER = 4  # times
DENSE_DOUBLES = ("first", "last")  # times between which it is known, first <= last
DENSE_INTEGERS = (
    "backward",  # whether steps go that way
    "steps",
    "orders",  # coefficients of a polynomial
    "count",  # states
    "chunks",  # of lanes, which the states fill
    "starts",  # addresses: of pairs of times,
    "scales",  # of time's units,
    "divisors",  # of what values are divided by,
    "coefficients",  # of lanes by order by step
)
DENSE = np.dtype([(n, np.float64) for n in DENSE_DOUBLES] + [(n, np.int64) for n in DENSE_INTEGERS])
_FUNCTIONS = {
    "PyFloat_AsDouble": "double @PyFloat_AsDouble(ptr)",
    "PyEval_SaveThread": "ptr @PyEval_SaveThread()",
    "PyEval_RestoreThread": "void @PyEval_RestoreThread(ptr)",
    "Py_DecRef": "void @Py_DecRef(ptr)",
}


def externals() -> dict[str, int]:
    """Addresses that the module is linked with; none where it cannot be used."""
    return objects.symbols(*_FUNCTIONS)


def dense_module(lanes: int, replaceable: bool = False) -> str:
    """IR text of PyObject *taylor.dense(PyObject *self, PyObject *const *args, Py_ssize_t count).

    args: a float, which gives an array of the states there, or a contiguous vector of times, which
        gives one more axis; and perhaps a contiguous array of that shape to put them in, which
        shares no memory with the times.

    replaceable: other code can take the place of this (`ir.entries`).

    Returns None for anything else, and for times beyond the steps, with nothing done.
    """
    module = Module(quick=replaceable)
    objects.declare(module, _FUNCTIONS)
    parameters = [("ptr", "self"), ("ptr", "args"), ("i64", "count")]
    with define_function(module, EVALUATE, "ptr", parameters, "nounwind") as (b, given):
        _Evaluate(b, given, lanes).emit()
    if replaceable:
        make_replaceable(module, EVALUATE, "ptr", parameters)
    return module.text()


class _Evaluate(Leaving):
    """Writes the parts of a call."""

    def __init__(self, b: Builder, given: Sequence[Value], lanes: int) -> None:
        self.b, self.given, self.lanes = b, given, lanes
        self.leave = b.fresh_label("leave")
        self.facts = Fields(b, objects.data_of(b, objects.item(b, given[0], 0)), DENSE)
        self.count = self.facts.get("count")
        self.backward = b.ne(self.facts.get("backward"), 0)
        self.rest = b.alloca("double", lanes)  # of lanes that are no states

    def emit(self) -> None:
        b = self.b
        _, args, count = self.given
        into = b.eq(count, 2)
        self.go_on_if(b.eq(count, 1) | into)
        argument = b.load(PTR, args)
        single, several = b.fresh_label("single"), b.fresh_label("several")
        b.branch(objects.is_float(b, argument), single, several)
        b.label(single)
        self._single(argument, into)
        b.label(several)
        self._several(argument, into)
        b.label(self.leave)
        b.ret(objects.call_otherwise(b, *self.given))

    def _single(self, argument: Value, into: Value) -> None:
        b = self.b
        time = b.call(F64, "PyFloat_AsDouble", argument)
        self.go_on_if(self._is_known(time))
        made = self._room(into, [self.count])

        def fill() -> Sequence[Value]:
            self._together([time], [objects.data_of(b, made)], [self._find(time)])
            return []

        b.if_(b.ne(made, Value(b, PTR, "null")), fill)
        b.ret(made)

    def _several(self, argument: Value, into: Value) -> None:
        b = self.b
        self.go_on_if(objects.has_type(b, argument, objects.ARRAY))
        fits, dimensions = objects.is_ordinary(b, argument, b.constant(1, I64))
        self.go_on_if(fits)
        times, number = objects.data_of(b, argument), b.load(I64, dimensions)
        known = b.if_(into, lambda: [self._are_known(times, number)], lambda: [~into])[0]
        self.go_on_if(known)
        made = self._room(into, [number, self.count])

        def fill() -> list[Value]:
            state = b.call(PTR, "PyEval_SaveThread")
            known = self._all(times, number, objects.data_of(b, made))
            b.line(f"call void @PyEval_RestoreThread(ptr {state.text})")
            return [b.if_(known, lambda: [made], lambda: [drop()])[0]]

        def drop() -> Value:
            b.line(f"call void @Py_DecRef(ptr {made.text})")
            return objects.call_otherwise(b, *self.given)

        null = Value(b, PTR, "null")
        b.ret(b.if_(b.ne(made, null), fill, lambda: [null])[0])

    def _room(self, into: Value, shape: Sequence[Value]) -> Value:
        """An array of a shape: that which is given, or a new one, null without memory."""
        b = self.b
        axes = b.constant(len(shape), I64)

        def given() -> list[Value]:
            array = b.load(PTR, b.at(self.given[1], 1, "ptr"))
            self.go_on_if(objects.has_type(b, array, objects.ARRAY))
            fits, dimensions = objects.is_ordinary(b, array, axes)
            self.go_on_if(fits)
            for k, size in enumerate(shape):
                self.go_on_if(b.eq(b.load(I64, b.at(dimensions, k, "i64")), size))
            b.line(f"call void @Py_IncRef(ptr {array.text})")
            return [array]

        def new() -> list[Value]:
            place = b.alloca("i64", len(shape))
            for k, size in enumerate(shape):
                b.store(size, b.at(place, k, "i64"))
            return [objects.new_array(b, axes, place)]

        return b.if_(into, given, new)[0]

    def _are_known(self, times: Value, number: Value) -> Value:
        """i1: whether all times are."""
        b = self.b

        def one(carried: list[Value]) -> list[Value]:
            i, known = carried
            return [i + 1, known & self._is_known(b.load(F64, b.at(times, i)))]

        start = [b.constant(0, I64), b.constant(True, I1)]
        return b.while_(start, lambda c: c[1] & (c[0] < number), one)[1]

    def _all(self, times: Value, number: Value, results: Value) -> Value:
        """i1: whether all times are known; the results of those before the first that is not.

        Several at a time, whose chains of sums need not wait for one another.
        """
        b = self.b
        start = [b.constant(0, I64), b.constant(True, I1), b.constant(0, I64)]
        for together in (TOGETHER, 1):

            def some(carried: list[Value], together: int = together) -> list[Value]:
                i, _, step = carried
                listed = [b.load(F64, b.at(times, i + k)) for k in range(together)]
                known = b.constant(True, I1)
                for time in listed:
                    known = known & self._is_known(time)

                def evaluate() -> list[Value]:
                    steps, last = [], step
                    for time in listed:
                        last = self._find_near(time, last)
                        steps.append(last)
                    places = [b.at(results, (i + k) * self.count) for k in range(together)]
                    self._together(listed, places, steps)
                    return [last]

                return [i + together, known, b.if_(known, evaluate, lambda: [step])[0]]

            def are_left(c: list[Value], together: int = together) -> Value:
                return c[1] & (c[0] + (together - 1) < number)

            start = b.while_(start, are_left, some)
        return start[1]

    # -- one time -------------------------------------------------------------------------------

    def _is_known(self, time: Value) -> Value:
        b, facts = self.b, self.facts
        after = b.compare("le", facts.get("first"), time)
        return after & b.compare("le", time, facts.get("last"))

    def _begun(self, time: Value, step: Value) -> Value:
        """i1: whether a step begins at a time, or before it."""
        b = self.b
        start = b.load(F64, b.at(self.facts.address("starts"), step * 2))
        ahead, back = b.compare("le", start, time), b.compare("ge", start, time)
        return b.select(self.backward, back, ahead)

    def _is_in(self, time: Value, step: Value) -> Value:
        """i1: whether the step is the last that has begun."""
        b = self.b
        last = b.eq(step + 1, self.facts.get("steps"))

        def next_has_not() -> list[Value]:
            return [~self._begun(time, step + 1)]

        later = b.if_(last, lambda: [b.constant(True, I1)], next_has_not)[0]
        return later & self._begun(time, step)

    def _find(self, time: Value) -> Value:
        """The last step that has begun, by halves; the first one where none has."""
        b = self.b

        def narrower(carried: list[Value]) -> list[Value]:
            low, high = carried
            middle = (low + high) >> 1
            begun = self._begun(time, middle)
            return [b.select(begun, middle, low), b.select(begun, high, middle)]

        ends = [b.constant(0, I64), self.facts.get("steps")]
        return b.while_(ends, lambda c: c[1] - c[0] > 1, narrower)[0]

    def _find_near(self, time: Value, step: Value) -> Value:
        """The same, most often a step that is known."""
        found = self.b.if_(self._is_in(time, step), lambda: [step], lambda: [self._find(time)])
        return found[0]

    def _together(
        self, times: Sequence[Value], results: Sequence[Value], steps: Sequence[Value]
    ) -> None:
        """The states of steps' polynomials at as many times, by Horner's rule."""
        b, facts, lanes = self.b, self.facts, self.lanes
        t = make_type("double", lanes)
        orders, chunks = facts.get("orders"), facts.get("chunks")
        width = chunks * lanes
        coefficients, divisors = facts.address("coefficients"), facts.address("divisors")
        firsts = [b.at(coefficients, step * orders * width) for step in steps]
        taus = [self._scaled(*both) for both in zip(times, steps, strict=True)]
        divided = [b.splat(b.load(F64, b.at(divisors, step)), lanes) for step in steps]

        def chunk(c: Index, _: list[Value]) -> list[Value]:
            assert isinstance(c, Value)
            place = c * lanes

            def lower(carried: list[Value]) -> list[Value]:
                n, *values = carried
                row = (n - 1) * width + place
                loaded = [b.load(t, b.at(first, row), 8) for first in firsts]
                listed = zip(values, taus, loaded, strict=True)
                return [n - 1, *[value * tau + number for value, tau, number in listed]]

            begin = [orders, *[b.constant(0, t) for _ in steps]]
            values = b.while_(begin, lambda v: v[0] > 0, lower)[1:]
            for value, divisor, result in zip(values, divided, results, strict=True):
                self._put(value / divisor, b.at(result, place), self.count - place)
            return []

        b.fold(0, chunks, [], chunk)

    def _scaled(self, time: Value, step: Value) -> Value:
        """A time in units of its step, in all lanes."""
        b, starts = self.b, self.facts.address("starts")
        start, low = b.load(F64, b.at(starts, step * 2)), b.load(F64, b.at(starts, step * 2 + 1))
        scale = b.load(F64, b.at(self.facts.address("scales"), step))
        return b.splat(((time - start) - low) / scale, self.lanes)

    def _put(self, value: Value, place: Value, left: Value) -> None:
        """Store as many lanes as are left."""
        b = self.b

        def whole() -> Sequence[Value]:
            b.store(value, place, 8)
            return []

        def some() -> Sequence[Value]:
            b.store(value, self.rest, 64)

            def one(i: Index, _: list[Value]) -> list[Value]:
                b.store(b.load(F64, b.at(self.rest, i)), b.at(place, i))
                return []

            b.fold(0, left, [], one)
            return []

        b.if_(left > self.lanes - 1, whole, some)
