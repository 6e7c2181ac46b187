"""Calls of kernels by their names.

The families of `double` are there from the start; all others are loaded with the first program
that has a function of theirs, or numbers of another kind: fifty files, which most programs do
without.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.values import Value
from taylor_runtime.mathlib.basics.kernel import KernelFunction, emit_call, in_doubles
from taylor_runtime.mathlib.double import half_powers
from taylor_runtime.mathlib.double.families import KERNELS
from taylor_runtime.program.kernels import PAIRS
from taylor_runtime.program.kinds import DOUBLE, ELEMENTS

_common: dict[str, KernelFunction] = {kernel.name: kernel for kernel in KERNELS}


def call(b: Builder, name: str, arguments: Sequence[Value]) -> Value:
    """Emit the kernel `name`; the result has the type of its arguments (float or double).

    Raises `KeyError` if there is no such kernel, `ValueError` if the number of arguments is wrong.
    """
    element = arguments[0].type.element
    kernel = _find(name, element)
    if name == "pow" and len(arguments) == kernel.arity:
        power = _power(ELEMENTS[element].kernels)
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


def is_wide(name: str) -> bool:
    """Whether a kernel is made for doubles."""
    found = _common.get(name) or _find_anywhere(name, DOUBLE.element)
    return found is not None and not found.generic


def _find(name: str, element: str) -> KernelFunction:
    """The kernel of a name: one for the kind of number, or one that suits every type."""
    computed_in = ELEMENTS[element].kernels
    kernel = _common.get(name)
    if kernel is None or computed_in != DOUBLE.element:
        kernel = _find_anywhere(name, computed_in)
    if kernel is None:
        kind = "kernel" if computed_in == DOUBLE.element else f"{computed_in} kernel"
        raise KeyError(
            f"mathlib.call: there is no {kind} {name!r}; add it to a family in "
            "taylor_runtime/mathlib"
        )
    return kernel


def _find_anywhere(name: str, computed_in: str) -> KernelFunction | None:
    from taylor_runtime.mathlib.families import BY_ELEMENT, kernels

    kernel = BY_ELEMENT[computed_in].get(name)
    if kernel is None and name in kernels and kernels[name].generic:
        kernel = kernels[name]
    return kernel


def _power(computed_in: str) -> Callable[..., Value]:
    if computed_in == DOUBLE.element:
        return half_powers.power
    from taylor_runtime.mathlib.families import POWERS

    return POWERS[computed_in]
