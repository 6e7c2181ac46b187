"""The elementary functions at order zero that most programs are made of, in double."""

from __future__ import annotations

from taylor_runtime.mathlib.basics import arithmetic, quotients, simple
from taylor_runtime.mathlib.basics.kernel import KernelFunction
from taylor_runtime.mathlib.double import (
    exponential,
    hyperbolic,
    inverse,
    logarithm,
    power,
    special,
    trigonometric,
)

KERNELS: tuple[KernelFunction, ...] = (
    *arithmetic.KERNELS,
    *simple.KERNELS,
    *quotients.KERNELS,
    *exponential.KERNELS,
    *logarithm.KERNELS,
    *power.KERNELS,
    *trigonometric.KERNELS,
    *inverse.KERNELS,
    *hyperbolic.KERNELS,
    *special.KERNELS,
)
