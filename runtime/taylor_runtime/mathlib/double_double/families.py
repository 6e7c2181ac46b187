"""The elementary functions at order zero in double-double, accurate to a few 2**-106.

As in the folder above: Python functions that emit the IR of a function for a value of any lane
count, here a `PairValue`, whose operators are double-double arithmetic.
"""

from __future__ import annotations

from taylor_runtime.mathlib.basics import quotients
from taylor_runtime.mathlib.basics.kernel import KernelFunction
from taylor_runtime.mathlib.double_double import (
    airy,
    bessel,
    bessel_modified,
    beta,
    elliptic,
    erfcx,
    exponential,
    exponential_integral,
    gamma,
    hyperbolic,
    incomplete_gamma,
    inverse,
    inverse_error,
    logarithm,
    polygamma,
    special,
    trigonometric,
    zeta,
)
from taylor_runtime.mathlib.double_double import power as powers
from taylor_runtime.mathlib.double_double.half_powers import power

__all__ = ["DOUBLE_KERNELS", "KERNELS", "power"]

_LANE_BY_LANE = (
    airy, erfcx, inverse_error, bessel_modified, elliptic, beta, incomplete_gamma,
    exponential_integral, zeta,
)  # fmt: skip
DOUBLE_KERNELS: tuple[KernelFunction, ...] = (
    *gamma.OTHER_DOUBLE,
    *(kernel for family in _LANE_BY_LANE for kernel in family.DOUBLE_KERNELS),
)  # rounded from double-double

KERNELS: tuple[KernelFunction, ...] = (
    *quotients.PAIR_KERNELS,
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
    *gamma.OTHER_KERNELS,
    *(kernel for family in _LANE_BY_LANE for kernel in family.KERNELS),
)
