"""Numerical functions that users register, as addresses that machine code calls at order zero."""

from __future__ import annotations

from functools import cache, partial

from taylor.errors import UnsupportedFunctionError
from taylor.nodes.callbacks import USER_KERNEL, by_coefficients
from taylor.nodes.registry import get
from taylor.numbers.checks import called
from taylor_runtime.callables.python_calls import python_function
from taylor_runtime.program.program import Kernel, Program


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


def _address(kernel: str) -> int:
    name, coefficient = by_coefficients(kernel)
    if coefficient is None and get(name).address:
        return get(name).address
    return _python_function(kernel)


@cache
def _python_function(kernel: str) -> int:
    """Where machine code calls the registered Python function: what that raises is raised there."""
    name, coefficient = by_coefficients(kernel)
    record = get(name)
    return python_function(partial(called, name, coefficient or record.numpy), record.arity)


def check_has_digits(program: Program) -> None:
    """Raise UnsupportedFunctionError for a function that knows float64 alone: its 16 digits would
    pass for 31.
    """
    for name in _user_kernels(program):
        raise UnsupportedFunctionError(
            f"the registered function {by_coefficients(name)[0]!r} computes in float64 and "
            "cannot be used in double-double; register it as an expression"
        )
