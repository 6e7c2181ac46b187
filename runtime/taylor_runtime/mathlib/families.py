"""The elementary functions at order zero as machine code, scalar and vector from one description.

Each family module holds kernels: Python functions that emit the IR of an elementary function for a
value of any lane count.  They need neither a C library nor a vector library, are accurate to 1 ulp
over the whole range (benchmarks/mathlib_accuracy.py measures it), and give the same bits in every
lane, at every width and on every target, since they consist of correctly rounded operations in a
fixed order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.values import Value
from taylor_runtime.mathlib import gamma, kepler, lambert, rounded
from taylor_runtime.mathlib.basics import arithmetic, simple
from taylor_runtime.mathlib.basics.kernel import KernelFunction, emit_call, in_doubles
from taylor_runtime.mathlib.double import (
    exponential,
    half_powers,
    hyperbolic,
    inverse,
    logarithm,
    power,
    special,
    trigonometric,
)
from taylor_runtime.mathlib.double_double.families import KERNELS as PAIR_KERNELS
from taylor_runtime.mathlib.double_double.half_powers import power as pair_power
from taylor_runtime.program.kernels import PAIRS
from taylor_runtime.program.kinds import DOUBLE, DOUBLE_DOUBLE, ELEMENTS

__all__ = ["KernelFunction", "call", "call_pair", "kernels", "pair_kernels"]

_FAMILIES = (
    arithmetic,
    simple,
    exponential,
    logarithm,
    power,
    trigonometric,
    inverse,
    hyperbolic,
    special,
    lambert,
    kepler,
    rounded,
    gamma,
)

kernels: dict[str, KernelFunction] = {
    kernel.name: kernel for family in _FAMILIES for kernel in family.KERNELS
}

pair_kernels: dict[str, KernelFunction] = {
    kernel.name: kernel for kernel in (*PAIR_KERNELS, *lambert.PAIR_KERNELS, *kepler.PAIR_KERNELS)
}

_BY_ELEMENT = {DOUBLE.element: kernels, DOUBLE_DOUBLE.element: pair_kernels}
_POWERS: dict[str, Callable[..., Value]] = {
    DOUBLE.element: half_powers.power,
    DOUBLE_DOUBLE.element: pair_power,
}


def call(b: Builder, name: str, arguments: Sequence[Value]) -> Value:
    """Emit the kernel `name`; the result has the type of its arguments (float or double).

    Raises `KeyError` if there is no such kernel, `ValueError` if the number of arguments is wrong.
    """
    element = arguments[0].type.element
    kernel = _find(name, element)
    if name == "pow" and len(arguments) == kernel.arity:
        power = _POWERS[ELEMENTS[element].kernels]
        return in_doubles(b, lambda given: power(b, *given), arguments)
    return emit_call(b, kernel, arguments)[0]


def call_pair(
    b: Builder, names: tuple[str, str], arguments: Sequence[Value]
) -> tuple[Value, Value]:
    """Emit both kernels of a pair listed in `PAIRS`; the bits are those of `call`.

    Raises `KeyError` if `names` is not listed.
    """
    first, second = emit_call(b, _find(PAIRS[names], arguments[0].type.element), arguments)
    return first, second


def _find(name: str, element: str) -> KernelFunction:
    """The kernel of a name: one for the kind of number, or one that suits every type."""
    computed_in = ELEMENTS[element].kernels
    kernel = _BY_ELEMENT[computed_in].get(name)
    if kernel is None and name in kernels and kernels[name].generic:
        kernel = kernels[name]
    if kernel is None:
        kind = "kernel" if computed_in == DOUBLE.element else f"{computed_in} kernel"
        raise KeyError(
            f"mathlib.call: there is no {kind} {name!r}; add it to a family in "
            "taylor_runtime/mathlib"
        )
    return kernel
