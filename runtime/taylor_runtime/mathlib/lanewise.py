"""Kernels that are long and seldom wanted: one scalar function, which a loop over lanes calls.

Scalar code takes the branch that its number needs, and is compiled once for all lane counts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.pairs import pair
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.mathlib.basics.kernel import KernelFunction, emit_call
from taylor_runtime.mathlib.double_double.cancelled import SMALL, TINY


def by_lane(kernel: KernelFunction) -> KernelFunction:
    """`kernel` for any lane count, from its scalar code."""
    scalar = replace(kernel, name=f"{kernel.name}.scalar")

    def emit(b: Builder, *arguments: Value) -> Sequence[Value]:
        lanes = arguments[0].lanes
        if not lanes:
            return emit_call(b, scalar, arguments)

        def one(lane: Index, carried: list[Value]) -> Sequence[Value]:
            values = emit_call(b, scalar, [b.extract(x, lane) for x in arguments])
            return [b.insert(c, v, lane) for c, v in zip(carried, values, strict=True)]

        return b.fold(0, lanes, [b.poison(arguments[0].type)] * kernel.results, one)

    return replace(kernel, emit=emit)


def rounded(wide: KernelFunction) -> KernelFunction:
    """The high parts of a double-double kernel, of arguments without a low part."""

    def emit(b: Builder, *arguments: Value) -> Sequence[Value]:
        zero = b.constant(0, arguments[0].type)
        return [v.parts[0] for v in emit_call(b, wide, [pair(x, zero) for x in arguments])]

    return replace(wide, emit=emit)


Wide = KernelFunction | Callable[[float], KernelFunction]  # of the part below which it cancels


def both(wide: Wide) -> tuple[KernelFunction, KernelFunction]:
    """(for double, for double-double), lane by lane."""
    if isinstance(wide, KernelFunction):
        return by_lane(rounded(wide)), by_lane(wide)
    short, full = wide(TINY), wide(SMALL)
    short = rounded(replace(short, name=f"{short.name}.double"))
    return by_lane(replace(short, name=full.name)), by_lane(full)


def parts(wide: Wide, *names: str) -> tuple[tuple[KernelFunction, ...], ...]:
    """Kernels for the several results of one: those for double, those for double-double."""

    def part(whole: KernelFunction, name: str, i: int) -> KernelFunction:
        return KernelFunction(
            name, whole.arity, lambda b, *a: emit_call(b, whole, a)[i : i + 1], inline=True
        )

    return tuple(
        tuple(part(whole, name, i) for i, name in enumerate(names)) for whole in both(wide)
    )
