"""Values at the end of a step of rows of long polynomials: by a function that all of them call."""

from __future__ import annotations

from taylor_runtime.arithmetic.chunk import Chunk
from taylor_runtime.flows.alike import AlikeMemory
from taylor_runtime.ir.builder import define_function
from taylor_runtime.ir.types import I64, Type
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.kinds import ELEMENTS
from taylor_runtime.program.widths import CHUNK
from taylor_runtime.series.horner import evaluate

END = "taylor.end"


class CalledSums:
    """Sums of c_n tau^n over as many orders as a program has, of a chunk at a time."""

    def __init__(self, memory: AlikeMemory, tau: Value) -> None:
        self.memory = memory
        self.b = memory.b
        self.element = memory.element
        self.order = memory.program.order
        self._tau = self.b.alloca(self.element, 1)
        self.b.store(tau, self._tau)
        self._result = self.b.alloca(self.element, CHUNK)
        self._defined: set[int] = set()  # by lanes

    def is_taken(self, row: int) -> bool:
        """Whether a row is long, and all its orders are in memory."""
        memory = self.memory
        steady, stride = memory.flow.steady[row], memory.layout.stride[row]
        return memory.is_looped(row) and stride > 0 and not steady

    def value(self, row: int, chunk: Chunk, first: int) -> Value:
        """The sum from a first order on."""
        b, element, lanes = self.b, self.element, chunk.lanes
        if lanes not in self._defined:
            self._defined.add(lanes)
            self._define(lanes)
        result = self._result
        place = self.memory.address(row, first, chunk.offset)
        stride = b.constant(self.memory.layout.stride[row], I64)
        given = [*place.parts, *self._tau.parts, *result.parts, stride]
        listed = ", ".join(f"{value.type} {value.text}" for value in given)
        b.line(f"call void @{END}.{lanes}({listed})")
        return b.load(Type(element, lanes), result)

    def _define(self, lanes: int) -> None:
        parts, t = ELEMENTS[self.element].parts, Type(self.element, lanes)
        parameters = [
            ("ptr noalias" if name == "result" else "ptr readonly", f"{name}{part}")
            for name in ("row", "tau", "result")
            for part in range(parts)
        ]
        parameters.append(("i64", "stride"))
        function = define_function(
            self.b.module, f"{END}.{lanes}", "void", parameters, "nounwind noinline", "internal"
        )
        with function as (b, arguments):
            row, tau, result = (
                b.pointers(arguments[k * parts : (k + 1) * parts]) for k in range(3)
            )
            stride = arguments[-1]

            def coefficient(n: Index) -> Value:
                return b.load(t, b.at(row, stride * n, self.element))

            at = b.splat(b.load(Type(self.element), tau), lanes)
            value = evaluate(b, coefficient, 0, self.order - 1, at, unroll=False)
            b.store(value, result)
            b.ret()
