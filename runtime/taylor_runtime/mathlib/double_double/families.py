"""The elementary functions at order zero in double-double, accurate to a few 2**-106.

As in the folder above: Python functions that emit the IR of a function for a value of any lane
count, here a `PairValue`, whose operators are double-double arithmetic.
"""

from __future__ import annotations

from taylor_runtime.mathlib.double_double import (
    bessel,
    exponential,
    gamma,
    hyperbolic,
    inverse,
    logarithm,
    polygamma,
    special,
    trigonometric,
)
from taylor_runtime.mathlib.double_double import power as powers
from taylor_runtime.mathlib.double_double.half_powers import power
from taylor_runtime.program.kernels import KernelFunction

__all__ = ["KERNELS", "power"]

KERNELS: tuple[KernelFunction, ...] = (
    *exponential.KERNELS,
    *logarithm.KERNELS,
    *powers.KERNELS,
    *hyperbolic.KERNELS,
    *trigonometric.KERNELS,
    *inverse.KERNELS,
    *special.KERNELS,
    *gamma.KERNELS,
    *polygamma.KERNELS,
    *bessel.KERNELS,
)
