"""Order-zero values of rows: kernels of mathlib and others, pairs of them, and callbacks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Protocol

from taylor_runtime.arithmetic.chunk import Chunk
from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.types import Type
from taylor_runtime.ir.values import Value
from taylor_runtime.mathlib import calls
from taylor_runtime.mathlib.basics.kernel import KernelFunction, emit_call
from taylor_runtime.mathlib.tables import entry_kernel, place_kernel
from taylor_runtime.program.kernels import (
    PAIRS,
    CallbackKernel,
    EntryKernel,
    PartKernel,
    PlaceKernel,
)
from taylor_runtime.program.kinds import ELEMENTS
from taylor_runtime.program.program import Constant, Kernel, OwnKernel, Program

WRITTEN_OUT = 4  # kernels of a loop that are no function of their own
SHORT = frozenset(("lt", "le", "gt", "ge", "eq", "ne", "and", "or", "not", "where", "div"))


class Started(Protocol):
    """A row, of numbers or of an array."""

    @property
    def start(self) -> object: ...


@contextmanager
def written_out(b: Builder, rows: Iterable[Started], element: str) -> Iterator[None]:
    """The kernels of a loop are written out meanwhile where they are few: a call costs a tenth of a
    sine, and what depends on no turn is computed before them.
    """
    kernels = [row.start.function for row in rows if isinstance(row.start, Kernel)]
    called = [name for name in kernels if isinstance(name, str) and name not in SHORT]
    before, few = b.writes_out, len(called) <= WRITTEN_OUT and not b.seldom
    b.writes_out = few and not ELEMENTS[element].is_finer
    try:
        yield
    finally:
        b.writes_out = before


@contextmanager
def seldom(b: Builder, holds: bool = True) -> Iterator[None]:
    """What is written meanwhile comes to pass seldom, where that holds: it should be short."""
    before = b.seldom
    b.seldom = before or holds
    try:
        yield
    finally:
        b.seldom = before


class KernelMemory(Protocol):
    """Where arguments of kernels come from."""

    b: Builder

    @property
    def program(self) -> Program: ...

    def head(self, row: int, chunk: Chunk) -> Value: ...
    def constant(self, constant: Constant, chunk: Chunk, element: str | None = None) -> Value: ...


# What computes a program's own kernel, by its type.  Newton's method, which needs formulas, adds
# itself to it (points/newton.py).
own_functions: dict[type[OwnKernel], Callable[[Any], KernelFunction]] = {
    PlaceKernel: place_kernel,
    EntryKernel: entry_kernel,
}

# What computes all results of a loop or a branch, which add themselves to it (points/loops.py).
systems: dict[type[OwnKernel], Callable[[Any], KernelFunction]] = {}


class KernelCalls:
    """Calls kernels for a memory, and remembers the other half of a pair."""

    def __init__(self, memory: KernelMemory) -> None:
        self.memory = memory
        self._partners = partners(memory.program)
        self._paired: dict[tuple[Kernel, int], Value] = {}
        self._several: dict[tuple[str, ...], list[Value]] = {}

    def forget(self) -> None:
        """Values from before are not valid any more."""
        self._paired.clear()
        self._several.clear()

    def value(self, kernel: Kernel, chunk: Chunk) -> Value:
        """A chunk of the kernel's value."""
        if isinstance(chunk.offset, int) and (kernel, chunk.offset) in self._paired:
            return self._paired[kernel, chunk.offset]
        b, function = self.memory.b, kernel.function
        arguments = [self.memory.head(argument, chunk) for argument in kernel.arguments]
        if isinstance(function, OwnKernel):
            arguments += [self.memory.constant(c, chunk) for c in kernel.constants]
            return self._own(function, arguments)
        kind = ELEMENTS[arguments[0].type.element]
        if kernel.constants and kind.kernels != kind.element and calls.is_wide(function):
            # Computed in double and rounded once: so are exponents and the like.
            arguments = [b.to_double(argument) for argument in arguments]
            arguments += [self.memory.constant(c, chunk, kind.kernels) for c in kernel.constants]
            return b.from_double(calls.call(b, function, arguments), kind.element)
        arguments += [self.memory.constant(c, chunk) for c in kernel.constants]
        names = self._partners.get(kernel)
        if names is None or not isinstance(chunk.offset, int):
            return calls.call(b, function, arguments)
        both = calls.call_pair(b, names, arguments)
        for name, value in zip(names, both, strict=True):
            self._paired[replace(kernel, function=name), chunk.offset] = value
        return self._paired[kernel, chunk.offset]

    def _own(self, kernel: OwnKernel, arguments: list[Value]) -> Value:
        if isinstance(kernel, CallbackKernel):
            return self._callback(kernel.name, arguments)
        if isinstance(kernel, PartKernel):
            return self._results(kernel.system, arguments)[kernel.number]
        return emit_call(self.memory.b, own_functions[type(kernel)](kernel), arguments)[0]

    def _results(self, system: OwnKernel, arguments: list[Value]) -> list[Value]:
        """All results of a kernel that has several, written out once for equal arguments."""
        texts = [part.text for argument in arguments for part in argument.parts]
        key = (system.name, *texts)
        if key not in self._several:
            kernel = systems[type(system)](system)
            self._several[key] = emit_call(self.memory.b, kernel, arguments)
        return self._several[key]

    def _callback(self, name: str, arguments: list[Value]) -> Value:
        """A function of doubles from outside, lane by lane."""
        b, t = self.memory.b, arguments[0].type
        if t.element != "double":
            arguments = [b.to_double(argument) for argument in arguments]
            return b.from_double(self._callback(name, arguments), t.element)
        scalar = Type("double")
        symbol = f'"{name}"'
        listed = ", ".join(["double"] * len(arguments))
        b.module.declare(symbol, f"declare double @{symbol}({listed})")
        if not t.lanes:
            return b.call(scalar, symbol, *arguments)
        result = Value(b, t, "poison")
        for lane in range(t.lanes):
            items = [b.extract(argument, lane) for argument in arguments]
            result = b.insert(result, b.call(scalar, symbol, *items), lane)
        return result


def partners(program: Program) -> dict[Kernel, tuple[str, str]]:
    """Kernels that mathlib computes together with their partner (sin and cos), where both occur."""
    found = {row.start for row in program.rows if isinstance(row.start, Kernel)}
    pairs = {}
    for names in PAIRS:
        for kernel in found:
            if kernel.function in names:
                both = tuple(replace(kernel, function=name) for name in names)
                if all(other in found for other in both):
                    pairs[kernel] = names
    return pairs
