"""What a kernel is, and how a call of one is written into a function.

A kernel is a Python function that emits the IR of an elementary function for a value of any lane
count, so that scalar and vector code is the same arithmetic and agrees bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from taylor_runtime.ir.builder import Builder, define_function
from taylor_runtime.ir.kinds import flat_values, joined_values
from taylor_runtime.ir.types import Type, make_type
from taylor_runtime.ir.values import Value
from taylor_runtime.program.kinds import ELEMENTS, QUAD_DOUBLE
from taylor_runtime.program.records import dataclass

CALL_ATTRIBUTES = "nounwind willreturn memory(none)"
RARE = "noinline optnone cold"  # what hardly ever runs is made in as little time as can be
_QUAD = make_type(QUAD_DOUBLE.element, 0)  # what it is needed for is rare
ROOM = 16  # doubles: of one result in memory

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class KernelFunction:
    """One elementary function at order zero.

    name, arity: as in ``taylor_runtime.program.Kernel``; `arity` counts rows and constants.
    emit: ``(b, *arguments) -> results``, all of the type of the arguments.
    results: how many values it gives; two for pairs such as sine and cosine.
    inline: written out at the call; otherwise an internal function, once per module and lane count.
    generic: `emit` works in every floating-point type; otherwise it is made for double (or, in
        the folder `double_double`, for that), and narrower types are widened for the call.
    counts: whether whole numbers among its arguments are made use of; all others see doubles.
    rare: what hardly ever runs, whose code is made in little time.
    """

    name: str
    arity: int
    emit: Callable[..., Sequence[Any]]
    results: int = 1
    inline: bool = False
    generic: bool = False
    counts: bool = False
    rare: bool = False


def emit_call(b: Builder, kernel: KernelFunction, arguments: Sequence[Value]) -> list[Value]:
    """The results of `kernel`, of the type of its arguments (floating-point, any lane count)."""
    if len(arguments) != kernel.arity:
        raise ValueError(
            f"mathlib.call: {kernel.name!r} takes {kernel.arity} arguments, got {len(arguments)}"
        )
    t = arguments[0].type
    if ELEMENTS[t.element].kernels == t.element or kernel.generic:
        return _emit_call(b, kernel, arguments)
    wide = [b.to_double(argument) for argument in arguments]
    return [b.from_double(result, t.element) for result in _emit_call(b, kernel, wide)]


def _emit_call(b: Builder, kernel: KernelFunction, arguments: Sequence[Value]) -> list[Value]:
    if b.counts and not kernel.counts:
        return in_doubles(b, partial(_emit_call, b, kernel), arguments)
    if kernel.inline or b.writes_out:
        return list(kernel.emit(b, *arguments))
    t = arguments[0].type
    lanes = f"x{t.lanes}" if t.lanes else ""
    name = f"ty.{kernel.name}.{ELEMENTS[t.element].short}{lanes}"
    if not b.module.has_function(name):
        rare = kernel.rare or t is _QUAD
        attributes = f"{CALL_ATTRIBUTES} {RARE}" if rare else CALL_ATTRIBUTES
        define(b, name, [t] * kernel.arity, [t] * kernel.results, kernel.emit, attributes)
    return call_defined(b, name, [t] * kernel.results, arguments)


def in_doubles(
    b: Builder, emit: Callable[[list[Value]], Result], arguments: Sequence[Value]
) -> Result:
    """What `emit` gives where whole numbers are doubles like all others."""
    before, b.counts = b.counts, False
    try:
        return emit(flat_values(arguments) if before else list(arguments))
    finally:
        b.counts = before


def define(
    b: Builder,
    name: str,
    parameters: Sequence[Type],
    results: Sequence[Type],
    emit: Callable[..., Sequence[Value]],
    attributes: str = CALL_ATTRIBUTES,
) -> None:
    """Define the internal function @name, without side effects, returning what `emit` gives."""
    text, by_memory = _result_text(results), _by_memory(b, results)
    flat = [part for parameter in parameters for part in parameter.parts]
    listed = [(str(part), f"x{i}") for i, part in enumerate(flat)]
    if by_memory:
        text, attributes = "void", attributes.replace("memory(none)", "memory(argmem: readwrite)")
        listed.append(("ptr", "results"))
    linkage = "internal fastcc"
    with define_function(b.module, name, text, listed, attributes, linkage) as (inside, values):
        given = values[: len(flat)]
        returned = flat_values(emit(inside, *joined_values(given, parameters)))
        if by_memory:
            for i, value in enumerate(returned):
                inside.store(value, inside.at(values[-1], i * ROOM))
            inside.line("ret void")
            return
        if len(returned) == 1:
            inside.ret(returned[0])
            return
        aggregate = "poison"
        for i, value in enumerate(returned):
            item = f"{value.type} {value.text}, {i}"
            aggregate = inside.emit(value.type, f"insertvalue {text} {aggregate}, {item}").text
        inside.line(f"ret {text} {aggregate}")


def call_defined(
    b: Builder, name: str, results: Sequence[Type], arguments: Sequence[Value]
) -> list[Value]:
    """Call what `define` has defined."""
    text = _result_text(results)
    flat = [part for result in results for part in result.parts]
    given = flat_values(arguments)
    if len(flat) == 1:
        return [b.call(flat[0], name, *given, convention="fastcc")]
    if _by_memory(b, results):
        place = b.alloca("double", ROOM * len(flat))
        listed = ", ".join(f"{value.type} {value.text}" for value in (*given, place))
        b.line(f"call fastcc void @{name}({listed})")
        found = [b.load(t, b.at(place, i * ROOM)) for i, t in enumerate(flat)]
        return joined_values(found, results)
    aggregate = b.call(text, name, *given, convention="fastcc")
    return joined_values([b.extract_value(aggregate, i, t) for i, t in enumerate(flat)], results)


def _by_memory(b: Builder, results: Sequence[Type]) -> bool:
    """Whether results are stored where the caller says.

    On x86-64 two numbers are returned in vector registers, more in those of the x87, and LLVM's
    quick selection of instructions (`FastISel`, up to LLVM 22) reads these by an instruction that
    knows but half of the vector registers.
    """
    return b.module.quick and sum(len(result.parts) for result in results) > 2


def _result_text(results: Sequence[Type]) -> str:
    flat = [str(part) for result in results for part in result.parts]
    return flat[0] if len(flat) == 1 else "{ " + ", ".join(flat) + " }"
