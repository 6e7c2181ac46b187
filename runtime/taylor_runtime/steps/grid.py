"""The states at the times of a grid that a step covers, from the step's record.

One function for all systems with the same kind of number: it is compiled when a grid is first asked
for, and the step loop finds its address in the control block.
"""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.ir.builder import Builder, define_function
from taylor_runtime.ir.module import Module
from taylor_runtime.ir.pairs import PairValue, pair
from taylor_runtime.ir.types import F64, I64, Type
from taylor_runtime.ir.values import Index, Value, index_text
from taylor_runtime.program.kinds import ELEMENTS
from taylor_runtime.steps.control import RECORD_HEADER, Control

FILL = "taylor.fill_grid"
LANES = (8, 4, 2, 0)  # places that are evaluated at a time, as long as there are so many


def record_body(b: Builder, record: Value, count: Index, element: str, batch: int = 1) -> Value:
    """Where the `count` coefficients of a record, or of a batch of them, begin."""
    return b.planes(b.at(record, RECORD_HEADER * batch), count, element)


def call_filler(
    control: Control, record: Value, grid: Value, state: Value, sizes: tuple[Index, Index]
) -> None:
    """Call the function at `control.grid_filler`; sizes: (order, places of the state vector)."""
    b = control.b
    filler = b.cast("inttoptr", control.get("grid_filler"), "ptr")
    given = [control.pointer, record, grid, *state.parts]
    listed = [f"{x.type} {x.text}" for x in given] + [f"i64 {index_text(n)}" for n in sizes]
    b.line(f"call void {filler.text}({', '.join(listed)})")


def grid_module(element: str) -> str:
    """IR text of `void taylor.fill_grid(control, record, grid, state .., i64 order, i64 size)`.

    grid: times, their low parts, then room for the states at them.  The state's address is one
    pointer for each part of a number.
    """
    module = Module()
    states = [f"state{k}" for k in range(ELEMENTS[element].parts)]
    parameters = [("ptr", name) for name in ("control", "record", "grid", *states)]
    parameters += [("i64", name) for name in ("order", "size")]
    with define_function(module, FILL, "void", parameters, "nounwind") as (b, arguments):
        control, record, grid, *state, order, size = arguments
        filler = _Filler(Control(b, control), record, b.pointers(state), (order, size), element)
        filler.fill(grid)
        b.ret()
    return module.text()


class _Filler:
    def __init__(
        self,
        control: Control,
        record: Value,
        state: Value,
        sizes: tuple[Value, Value],
        element: str,
    ) -> None:
        self.b = control.b
        self.control = control
        self.record = record
        self.state = state
        self.order, self.size = sizes
        self.element = element

    def fill(self, grid: Value) -> None:
        """The states at the times from `grid_next` on, as far as the step goes."""
        b, control = self.b, self.control
        count = control.get("grid_count")
        now, now_low = control.get("time"), control.get("time_low")
        step, scale = control.get("step"), control.get("step_scale")
        start, start_low = b.load(F64, self.record), b.load(F64, b.at(self.record, 1))
        direction = b.copysign(b.constant(1, F64), step)
        element, size = self.element, self.size
        lows = b.at(grid, count)
        outputs = b.planes(b.at(lows, count), count * size, element)
        now_pair, start_pair = pair(now, now_low), pair(start, start_low)

        def grid_time(index: Value) -> PairValue:
            return pair(b.load(F64, b.at(grid, index)), b.load(F64, b.at(lows, index)))

        def wanted(carried: list[Value]) -> Value:
            (index,) = carried
            inside = index < count
            safe = b.select(inside, index, b.constant(0, index.type))
            left = b.to_double(grid_time(safe) - now_pair)
            return inside & (left * direction <= 0)

        def fill(carried: list[Value]) -> list[Value]:
            (index,) = carried
            time = grid_time(index)
            at_end = b.eq(b.to_double(time - now_pair), 0)
            elapsed = time - start_pair
            tau = b.from_doubles(elapsed.high, elapsed.low, element) / b.from_double(scale, element)
            self._evaluate(tau, b.at(outputs, index * size, element), at_end)
            return [index + 1]

        (after,) = b.while_([control.get("grid_next")], wanted, fill)
        control.set("grid_next", after)

    def _evaluate(self, tau: Value, target: Value, at_end: Value) -> None:
        """Every place of the state vector at tau by Horner's rule.

        At the step's end the state itself.
        """
        b, size = self.b, self.size
        place: Value = b.constant(0, I64)
        for lanes in LANES:
            known = b.splat(tau, lanes) if lanes else tau
            width = max(lanes, 1)

            def more(carried: list[Value], width: int = width) -> Value:
                return carried[0] + width <= size

            def some(
                carried: list[Value], lanes: int = lanes, known: Value = known, width: int = width
            ) -> list[Value]:
                self._evaluate_some(carried[0], Type(self.element, lanes), known, target, at_end)
                return [carried[0] + width]

            (place,) = b.while_([place], more, some)

    def _evaluate_some(
        self, place: Value, numbers: Type, tau: Value, target: Value, at_end: Value
    ) -> None:
        """Places that lie side by side, in lanes."""
        b, size, kind = self.b, self.size, self.element
        column = b.at(record_body(b, self.record, (self.order + 1) * size, kind), place, kind)

        def horner(i: Index, carried: list[Value]) -> Sequence[Value]:
            coefficient = b.load(numbers, b.at(column, (self.order - 1 - i) * size, kind))
            return [b.fma(carried[0], tau, coefficient)]

        top = b.load(numbers, b.at(column, self.order * size, kind))
        (value,) = b.fold(0, self.order, [top], horner)
        end = b.load(numbers, b.at(self.state, place, kind))
        b.store(b.select(at_end, end, b.normal(value)), b.at(target, place, kind))
