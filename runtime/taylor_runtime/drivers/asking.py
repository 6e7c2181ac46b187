"""What a call of a driver is asked for, and whether that is ordinary."""

from __future__ import annotations

from taylor_runtime.drivers.block import FOR, GRID
from taylor_runtime.drivers.call import Call, Equal, is_finite, null, true, two_sum
from taylor_runtime.ir.types import F64, I64
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.points import python_objects as objects


class Asking(Call):
    """Reads the arguments; leaves what is out of the ordinary to Python."""

    def asked(self, argument: Value, kind: Value) -> list[Value]:
        """A number, or the last of many times; where these are, and how many."""
        b = self.b

        def one() -> list[Value]:
            self.go_on_if(objects.is_float(b, argument))
            number = b.call(F64, "PyFloat_AsDouble", argument)
            return [number, null(b), b.constant(0, I64)]

        def grid() -> list[Value]:
            self.go_on_if(objects.has_type(b, argument, objects.ARRAY))
            fits, dimensions = objects.is_ordinary(b, argument, b.constant(1, I64))
            self.go_on_if(fits)
            many, times = b.load(I64, dimensions), objects.data_of(b, argument)
            needed = many * (self.call.get("places") + 2)
            has_room = b.compare("le", needed, self.call.get("grid_room")) & (many > 0)
            self.go_on_if(has_room & b.ne(self.control().get("grid_filler"), 0))
            last = b.load(F64, b.at(times, many - 1))
            self.go_on_if(self._is_monotonic(times, many, last))
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
            return ordered & is_finite(b, here)

        return self.all(many - 1, begins & is_finite(b, last), one)

    def numbers(self, array: Value, count: Value) -> Value:
        """The place of the numbers of a vector."""
        self.go_on_if(objects.has_type(self.b, array, objects.ARRAY))
        fits, dimensions = objects.is_ordinary(self.b, array, self.b.constant(1, I64))
        self.go_on_if(fits)
        self.go_on_if(self.b.eq(self.b.load(I64, dimensions), count))
        return objects.data_of(self.b, array)

    def end(self, number: Value, kind: Value, single: Value) -> tuple[Value, Value]:
        """The end as a pair; the sum of time and span is exact, or Python's business."""
        b, call = self.b, self.call
        now, low = call.get("time"), call.get("time_low")
        rough, error = two_sum(now, number)
        error, lost = two_sum(error, low)
        high, rest = two_sum(rough, error)
        of_span = b.eq(kind, FOR)
        end = b.select(of_span, high, number + 0.0)
        exact = b.eq(lost, 0.0) | ~of_span
        fits = is_finite(b, number) & is_finite(b, end - now) & exact
        self.go_on_if(single | fits)
        return end, b.select(of_span, rest, b.constant(0.0, F64))

    def changed(self, state: Value, parameters: Value) -> Value:
        """i1: whether the user has changed anything since machine and integrator agreed."""
        b, call = self.b, self.call
        same = b.ne(call.get("known"), 0) & b.eq(call.get("time"), call.get("seen_time"))
        same = same & b.eq(call.get("time_low"), call.get("seen_time_low"))
        for place, seen, count in (
            (state, "seen_state", self.states),
            (parameters, "seen_parameters", self.given),
        ):
            same = self.all(count, same, Equal(b, place, call.address(seen)))
        return ~same

    def is_finite(self, state: Value, changed: Value) -> Value:
        """i1: whether a state that was changed is."""
        b = self.b

        def one(i: Index) -> Value:
            return is_finite(b, b.load(F64, b.at(state, i)))

        return b.if_(changed, lambda: [self.all(self.states, true(b), one)], lambda: [true(b)])[0]
