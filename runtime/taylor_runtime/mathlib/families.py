"""The elementary functions at order zero as machine code, scalar and vector from one description.

Each family module holds kernels: Python functions that emit the IR of an elementary function for a
value of any lane count.  They need neither a C library nor a vector library, are accurate to 1 ulp
over the whole range (benchmarks/mathlib_accuracy.py measures it), and give the same bits in every
lane, at every width and on every target, since they consist of correctly rounded operations in a
fixed order.
"""

from __future__ import annotations

from collections.abc import Callable

from taylor_runtime.ir.values import Value
from taylor_runtime.mathlib import gamma, kepler, lambert, rounded
from taylor_runtime.mathlib.basics.kernel import KernelFunction
from taylor_runtime.mathlib.double import half_powers
from taylor_runtime.mathlib.double.families import KERNELS
from taylor_runtime.mathlib.double_double.families import KERNELS as PAIR_KERNELS
from taylor_runtime.mathlib.double_double.half_powers import power as pair_power
from taylor_runtime.program.kinds import DOUBLE, DOUBLE_DOUBLE

kernels: dict[str, KernelFunction] = {
    kernel.name: kernel
    for kernel in (
        *KERNELS,
        *lambert.KERNELS,
        *kepler.KERNELS,
        *rounded.KERNELS,
        *gamma.KERNELS,
    )
}

pair_kernels: dict[str, KernelFunction] = {
    kernel.name: kernel for kernel in (*PAIR_KERNELS, *lambert.PAIR_KERNELS, *kepler.PAIR_KERNELS)
}

# By the element in which a kind's functions are computed.
BY_ELEMENT = {DOUBLE.element: kernels, DOUBLE_DOUBLE.element: pair_kernels}
POWERS: dict[str, Callable[..., Value]] = {
    DOUBLE.element: half_powers.power,
    DOUBLE_DOUBLE.element: pair_power,
}
