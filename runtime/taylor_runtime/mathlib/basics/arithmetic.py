"""Sums, products, and their rounding errors, which are exact (see `passes.compensate`)."""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.values import Value
from taylor_runtime.mathlib.basics.kernel import KernelFunction


def sum_error(b: Builder, x: Value, y: Value) -> Sequence[Value]:
    """x + y minus its rounded value (Knuth's two-sum)."""
    total = x + y
    kept = total - x
    return [(x - (total - kept)) + (y - kept)]


def product_error(b: Builder, x: Value, y: Value) -> Sequence[Value]:
    """x y minus its rounded value."""
    return [b.fma(x, y, -(x * y))]


KERNELS = (
    KernelFunction("identity", 1, lambda b, x: [x], inline=True, generic=True),
    KernelFunction("add", 2, lambda b, x, y: [x + y], inline=True, generic=True),
    KernelFunction("mul", 2, lambda b, x, y: [x * y], inline=True, generic=True),
    KernelFunction("fma", 3, lambda b, x, y, z: [b.fma(x, y, z)], inline=True, generic=True),
    KernelFunction("sum_error", 2, sum_error, inline=True, generic=True),
    KernelFunction("product_error", 2, product_error, inline=True, generic=True),
)
