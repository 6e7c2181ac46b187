"""The elementary functions at order zero in double-double, accurate to a few 2**-106.

As in the folder above: Python functions that emit the IR of a function for a value of any lane
count, here a `PairValue`, whose operators are double-double arithmetic.
"""

from __future__ import annotations

from taylor_runtime.ir import Builder, Value
from taylor_runtime.mathlib.kernel import KernelFunction

__all__ = ["KERNELS", "power"]

KERNELS: tuple[KernelFunction, ...] = ()


def power(b: Builder, x: Value, exponent: Value) -> Value:
    """x**exponent, by products and a square root where the exponent is a constant k/2."""
    raise NotImplementedError
