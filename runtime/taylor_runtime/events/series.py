"""Functions of the detector's module that evaluate: event functions, their errors, the state."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from taylor_runtime.arithmetic.chunk import Chunk
from taylor_runtime.events.block import DetectorOptions
from taylor_runtime.ir.builder import Builder, define_function
from taylor_runtime.ir.module import Module
from taylor_runtime.ir.types import F64, I64, Type
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.kinds import ELEMENTS
from taylor_runtime.program.program import Input, Program
from taylor_runtime.series.emitter import InputReader, SeriesEmitter
from taylor_runtime.series.horner import evaluate
from taylor_runtime.series.memory import Rendering
from taylor_runtime.steps.states import StateRows, time_as

_SOURCE = (("ptr", "source"), ("i64", "plane"), ("ptr", "parameters"))
_TIME = (("double", "t"), ("double", "t_low"))
_QUIET = "nounwind noinline"
UNROLLED = 40  # order of polynomials that are written out
CHUNK = 8  # places that are evaluated side by side


class SeriesFunctions:
    """Writes `expand`, `heads`, `noise` and `state_at` into the module.

    Double-doubles: the low parts of `source` are `plane` numbers behind the high ones.
    """

    def __init__(
        self, module: Module, program: Program, noise: Program, options: DetectorOptions
    ) -> None:
        self.module = module
        self.program = program
        self.noise = noise
        self.options = options
        self.element = options.element
        self.states = options.states
        self.outputs = StateRows.of(program, self.element)

    def emit(self) -> None:
        self._emit_expand()
        if not all(self.options.linear):
            self._emit_heads()
        self._emit_noise()
        self._emit_state_at()

    def reader(
        self,
        b: Builder,
        source: Value,
        parameters: Value,
        times: Sequence[Value],
        element: str,
    ) -> InputReader:
        """Reads the order-zero inputs of a program, as numbers of a kind, from memory."""
        kept, states = self.element, self.states
        values = b.planes(parameters, self.options.parameters, kept)

        def read(given: Input, chunk: Chunk) -> Value:
            if given.source == "time":
                time = time_as(b, times[0], times[1], given.index[0], element)
                return b.splat(time, chunk.lanes)
            base, wanted = values, given.index
            if given.source == "jet":
                base, wanted = source, tuple(states.slot(index) for index in given.index)
            value = states.load_slots(b, base, wanted, chunk)
            return value if element == kept else b.to_double(value)

        return read

    def _emitter(
        self,
        b: Builder,
        program: Program,
        rendering: Rendering,
        memory: tuple[Value, Value, Value, Value | None],
        times: Sequence[Value],
    ) -> SeriesEmitter:
        """An emitter that reads the states' coefficients from memory; times are t, t_low, scale."""
        source, plane, parameters, work = memory
        source = b.planes(source, plane, self.element)

        def coefficient(given: Input, n: Index, chunk: Chunk) -> Value:
            base = b.at(source, n * self.states.size, self.element)
            slots = [self.states.slot(index) for index in given.index]
            return self.states.load_slots(b, base, slots, chunk)

        read = self.reader(b, source, parameters, times, rendering.element)
        scale = times[2] if len(times) > 2 else None
        return SeriesEmitter(b, program, rendering, work, read, scale, coefficient)

    @contextmanager
    def _started(
        self, name: str, *more: tuple[str, str]
    ) -> Iterator[tuple[Builder, SeriesEmitter, Value]]:
        """A function of the event functions whose order zero is computed, and its argument out."""
        parameters = [*_SOURCE, ("ptr", "work"), ("ptr", "out"), *_TIME, *more]
        rendering = Rendering(self.element, unrolled=self.options.unrolled)
        with define_function(self.module, name, "void", parameters, _QUIET, "internal") as (
            b,
            given,
        ):
            source, plane, values, work, out, *times = given
            series = self._emitter(b, self.program, rendering, (source, plane, values, work), times)
            series.constant_rows()
            series.order_zero()
            yield b, series, out

    def _emit_expand(self) -> None:
        """define void @expand(source, plane, parameters, work, out, t, t_low, scale): g's series.

        out[n][place], as `source` is [n][place of the state].
        """
        with self._started("expand", ("double", "scale")) as (b, series, out):
            series.orders()
            out = b.planes(out, (self.program.order + 1) * self.outputs.size, self.element)

            def keep(n: Index, _: list[Value]) -> Sequence[Value]:
                self._store_outputs(series, n, b.at(out, n * self.outputs.size, self.element))
                return []

            keep(0, [])
            b.fold(1, self.program.order + 1, [], keep, unroll=self.options.unrolled)
            b.ret()

    def _store_outputs(self, series: SeriesEmitter, n: Index, base: Value) -> None:
        def one(position: int, row: int, chunk: Chunk) -> None:
            value = series.memory.coefficient(row, n, chunk)
            self.outputs.store(series.b, value, base, position, chunk)

        self.outputs.each(series, one)

    def _emit_heads(self) -> None:
        """define void @heads(source, plane, parameters, work, out, t, t_low): g at a state."""
        with self._started("heads") as (b, series, out):
            self._store_outputs(series, 0, b.planes(out, self.outputs.size, self.element))
            b.ret()

    def _emit_noise(self) -> None:
        """define void @noise(source, plane, parameters, out, t, t_low): rounding errors of g.

        In units of rounding, in double, one for each event.
        """
        parameters = [*_SOURCE, ("ptr", "out"), *_TIME]
        rendering = Rendering("double", unrolled=True)
        with define_function(self.module, "noise", "void", parameters, _QUIET, "internal") as (
            b,
            given,
        ):
            source, plane, values, out, *times = given
            series = self._emitter(b, self.noise, rendering, (source, plane, values, None), times)
            series.constant_rows()
            series.order_zero()
            for event, (row, _) in enumerate(self.noise.outputs):
                b.store(series.memory.head(row, Chunk(0, 0)), b.at(out, event))
            b.ret()

    def _emit_state_at(self) -> None:
        """define void @state_at(source, tau, tau_low, state ..): every place, by Horner's rule.

        The state's address is one pointer for each part of a number.
        """
        parameters = [("ptr", "source"), ("double", "tau"), ("double", "tau_low")]
        parameters += [("ptr", f"state{k}") for k in range(ELEMENTS[self.element].parts)]
        with define_function(self.module, "state_at", "void", parameters, _QUIET, "internal") as (
            b,
            given,
        ):
            source, tau, tau_low, *state = given
            element, size, order = self.element, self.states.size, self.program.order
            source = b.planes(source, (order + 1) * size, element)
            target = b.pointers(state)
            x = b.from_doubles(tau, tau_low, element)

            def one(start: Index, t: Type) -> None:
                def coefficient(n: Index) -> Value:
                    return b.load(t, b.at(b.at(source, start, element), n * size, element))

                at = b.splat(x, t.lanes)
                value = evaluate(b, coefficient, 0, order, at, unroll=order <= UNROLLED)
                b.store(b.normal(value), b.at(target, start, element))

            whole, rest = divmod(size, CHUNK)

            def chunk(i: Index, _: list[Value]) -> Sequence[Value]:
                one(i * CHUNK, Type(element, CHUNK))
                return []

            b.fold(0, whole, [], chunk)
            for place in range(whole * CHUNK, whole * CHUNK + rest // 4 * 4, 4):
                one(place, Type(element, 4))
            for place in range(size - rest % 4, size):
                one(place, Type(element))
            b.ret()


def call(b: Builder, name: str, *arguments: Value | int | float) -> None:
    """Call a void function of the module."""
    given = []
    for x in arguments:
        value = x if isinstance(x, Value) else b.constant(x, I64 if isinstance(x, int) else F64)
        given.append(f"{value.type} {value.text}")
    b.line(f"call void @{name}({', '.join(given)})")
