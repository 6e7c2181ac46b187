"""What a driver does before the step loop: it tells it what was changed, and how far to go."""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.drivers.call import MEMORY_FIELDS, Call, larger, smaller
from taylor_runtime.events.block import EVENT_BLOCK
from taylor_runtime.events.roots import EVENT_MEMORY
from taylor_runtime.ir.fields import Fields
from taylor_runtime.ir.types import F64, I64
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.steps.control import Control

ASKED = 2.0**-12  # of the way ahead; see `taylor.machines.machine.step_asked_for`
LATEST = 2  # `recording` of what is watched
ANY_STEPS = 1 << 53  # a limit that is none
FIRST_STEPS = 64  # after which Python looks at Ctrl-C, progress and stiffness
_ERROR = 1  # the second of the vectors of states


class Preparing(Call):
    """Sets what the loop and the detector of events read."""

    def prepare(self, state: Value, parameters: Value, changed: Value) -> None:
        """Count anew, and let the machine have what was changed."""
        b, control = self.b, self.control()
        longest = larger(b, control.get("longest"), control.get("largest_step"))
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
        self.copy(parameters, call.address("parameters"), self.given)
        self._forget_events()  # looks at the times that were seen
        self.copy(parameters, call.address("seen_parameters"), self.given)
        self.copy(state, call.address("seen_state"), self.states)
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

    def _forget_events(self) -> None:
        """Signs are unknown; what was reported at this time is not reported again."""
        b, call = self.b, self.call

        def forget() -> Sequence[Value]:
            keep = b.ne(call.get("known"), 0) & b.eq(call.get("time"), call.get("seen_time"))
            keep = keep & b.eq(call.get("time_low"), call.get("seen_time_low"))
            memory, flips = call.address("memory"), call.address("flips")

            def one(i: Index, _: list[Value]) -> list[Value]:
                fields = Fields(b, b.at(memory, i * MEMORY_FIELDS, "i64"), EVENT_MEMORY)
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

    def ask(self, end: tuple[Value, Value], longest: Value, limit: Value) -> None:
        """Tell the loop how far to go, at most so many steps, and what to watch."""
        b, call, control = self.b, self.call, self.control()
        control.set("max_step", longest)
        watched = b.ne(call.get("detector"), 0)
        way = b.fabs(end[0] - call.get("time")) * ASKED
        way = b.select(watched | (limit < ANY_STEPS), b.constant(0.0, F64), way)
        control.set("longest", larger(b, control.get("longest"), way))
        control.set("end", end[0])
        control.set("end_low", end[1])
        control.set("detector", call.get("detector"))
        control.set("events", call.get("events"))
        control.set("recording", b.select(watched, b.constant(LATEST, I64), 0))
        for name in ("records", "grid_next", "grid_count"):
            control.set(name, 0)
        control.set("records_wanted", -1)
        control.set("steps_wanted", smaller(b, limit, FIRST_STEPS))

        def begin() -> Sequence[Value]:
            Fields(b, call.address("events"), EVENT_BLOCK).set("count", 0)
            return []

        b.if_(watched, begin)

    def ask_grid(self, times: Value, many: Value) -> None:
        """Let the loop fill in the states at times; there are perhaps none."""
        b, call, control = self.b, self.call, self.control()
        grid, vectors, places = call.address("grid"), call.address("states"), call.get("places")

        def begin() -> Sequence[Value]:
            control.set("grid_count", many)
            control.set("recording", LATEST)
            self.copy(times, grid, many)
            lows = b.at(grid, many)

            def zero(i: Index, _: list[Value]) -> list[Value]:
                b.store(b.constant(0.0, F64), b.at(lows, i))
                return []

            b.fold(0, many, [], zero)
            b.if_(b.eq(b.load(F64, times), control.get("time")), known)
            return []

        def known() -> Sequence[Value]:
            """No step need be taken to know the state there."""
            self.copy(vectors, b.at(grid, many * 2), places)
            control.set("grid_next", 1)
            return []

        b.if_(many > 0, begin)
