"""Values of rows at the end of a step, by functions that rows share."""

from __future__ import annotations

from abc import ABC, abstractmethod

from taylor_runtime.arithmetic.chunk import Chunk
from taylor_runtime.ir.builder import define_function
from taylor_runtime.ir.module import Module
from taylor_runtime.ir.types import I64, Type
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.kinds import ELEMENTS
from taylor_runtime.program.widths import CHUNK
from taylor_runtime.series.horner import evaluate
from taylor_runtime.series.memory import RowMemory


class CalledSums(ABC):
    """Sums of c_n tau^n over as many orders as a program has, of a chunk at a time."""

    def __init__(self, memory: RowMemory, tau: Value) -> None:
        self.memory = memory
        self.b = memory.b
        self.element = memory.element
        self.order = memory.program.order
        self._tau = self.b.alloca(self.element, 1)
        self.b.store(tau, self._tau)
        self._result = self.b.alloca(self.element, CHUNK)

    @abstractmethod
    def is_taken(self, row: int) -> bool:
        """Whether the function is called for a row, all of whose orders are in memory."""

    @abstractmethod
    def provide(self, lanes: int) -> None:
        """The function of so many lanes is there."""

    def value(self, row: int, chunk: Chunk, first: int) -> Value:
        """The sum from a first order on."""
        b, element, lanes = self.b, self.element, chunk.lanes
        self.provide(lanes)
        result = self._result
        place = self.memory.address(row, first, chunk.offset)
        stride = b.constant(self.memory.layout.stride[row], I64)
        given = [*place.parts, *self._tau.parts, *result.parts, stride]
        listed = ", ".join(f"{value.type} {value.text}" for value in given)
        b.line(f"call void @{sums_name(lanes)}({listed})")
        return b.load(Type(element, lanes), result)


def sums_name(lanes: int) -> str:
    """What `define_sums` defines."""
    return f"taylor.end.{lanes}"


def declare_sums(module: Module, element: str, lanes: int) -> None:
    """The function is defined in another module."""
    types = ", ".join(["ptr"] * 3 * ELEMENTS[element].parts + ["i64"])
    name = sums_name(lanes)
    module.declare(name, f"declare void @{name}({types}) nounwind")


def define_sums(
    module: Module, element: str, lanes: int, order: int, linkage: str = "internal"
) -> None:
    """`void <name>(row .., tau .., result .., i64 stride)`: it evaluates `order` coefficients, the
    first of them at `row`.
    """
    parts, t = ELEMENTS[element].parts, Type(element, lanes)
    parameters = [
        ("ptr noalias" if name == "result" else "ptr readonly", f"{name}{part}")
        for name in ("row", "tau", "result")
        for part in range(parts)
    ]
    parameters.append(("i64", "stride"))
    name = sums_name(lanes)
    function = define_function(module, name, "void", parameters, "nounwind noinline", linkage)
    with function as (b, arguments):
        row, tau, result = (b.pointers(arguments[k * parts : (k + 1) * parts]) for k in range(3))
        stride = arguments[-1]

        def coefficient(n: Index) -> Value:
            return b.load(t, b.at(row, stride * n, element))

        at = b.splat(b.load(Type(element), tau), lanes)
        value = evaluate(b, coefficient, 0, order - 1, at, unroll=False)
        b.store(value, result)
        b.ret()
