"""Kernels for double that compute in double-double and round once: polygamma, Bessel functions
and others.

Next to their zeros and poles, and in recurrences of many steps, double arithmetic would lose bits.
"""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.pairs import pair
from taylor_runtime.ir.values import Value
from taylor_runtime.mathlib.basics.kernel import KernelFunction, emit_call
from taylor_runtime.mathlib.double_double import bessel, gamma, polygamma
from taylor_runtime.mathlib.double_double.families import DOUBLE_KERNELS


def _rounded(wide: KernelFunction) -> KernelFunction:
    """The high part of a double-double kernel, of arguments without a low part."""

    def emit(b: Builder, *arguments: Value) -> Sequence[Value]:
        zero = b.constant(0, arguments[0].type)
        return [emit_call(b, wide, [pair(x, zero) for x in arguments])[0].parts[0]]

    return KernelFunction(wide.name.removesuffix(".double"), wide.arity, emit)


ANYWHERE = tuple(
    map(_rounded, (*gamma.SHORT_KERNELS, polygamma.SHORT_KERNELS[0]))
)  # of mathlib.gamma
KERNELS = (
    *map(_rounded, (*polygamma.SHORT_KERNELS[1:], *bessel.SHORT_KERNELS)),
    *DOUBLE_KERNELS,
)
