"""Numerical functions that users register, as addresses that machine code calls at order zero."""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any

from taylor.errors import UnsupportedFunctionError
from taylor.functions.coefficients import by_coefficients
from taylor.functions.record import USER_KERNEL
from taylor.functions.registry import get
from taylor_runtime.program import Kernel, Program


def externals(program: Program) -> dict[str, int]:
    """Address of every callback kernel of a program, by the kernel's name."""
    return {name: _address(name) for name in _user_kernels(program)}


def _user_kernels(program: Program) -> list[str]:
    """The callbacks that a program calls, itself or in kernels with a formula inside."""
    found: list[str] = []
    for row in program.rows:
        if isinstance(row.start, Kernel):
            found += [row.start.function, *getattr(row.start.function, "inner", ())]
    return [name for name in dict.fromkeys(found) if name.startswith(USER_KERNEL)]


@cache
def _callback(kernel: str) -> Any:
    """A C function that calls the registered Python function; it takes the GIL and lives for good.

    An exception in the function is printed by ctypes and gives 0, which would be silently wrong; so
    it is turned into NaN here.
    """
    name, coefficient = by_coefficients(kernel)
    record = get(name)
    function = coefficient or record.numpy

    def evaluate(*arguments: float) -> float:
        try:
            return float(function(*arguments))
        except Exception:
            return float("nan")

    signature = ctypes.CFUNCTYPE(*[ctypes.c_double] * (record.arity + 1))
    return signature(evaluate)


def _address(kernel: str) -> int:
    name, coefficient = by_coefficients(kernel)
    if coefficient is None and get(name).address:
        return get(name).address
    return ctypes.cast(_callback(kernel), ctypes.c_void_p).value or 0


def check_has_digits(program: Program) -> None:
    """Raise UnsupportedFunctionError for a function that knows float64 alone: its 16 digits would
    pass for 31.
    """
    for name in _user_kernels(program):
        raise UnsupportedFunctionError(
            f"the registered function {by_coefficients(name)[0]!r} computes in float64 and "
            "cannot be used in double-double; register it as an expression"
        )
