"""Numerical functions that users register, as addresses that machine code calls at order zero."""

from __future__ import annotations

from functools import cache, partial

from taylor.errors import UnsupportedFunctionError
from taylor.nodes.callbacks import by_coefficients
from taylor.nodes.registry import get
from taylor.numbers.checks import called
from taylor_runtime.callables.python_calls import address_of, array_calls, python_function
from taylor_runtime.program.arrays import calls_outside
from taylor_runtime.program.kernels import CallbackKernel, callbacks, tables_outside
from taylor_runtime.program.program import Program


def externals(program: Program, precision: str = "float64") -> dict[str, int]:
    """Addresses of what a program calls, by name: of callback kernels, and for functions of
    arrays; and of the large tables that it reads.
    """
    found = {kernel.name: _address(kernel) for kernel in callbacks(program)}
    found |= {name: address_of(table) for name, table in tables_outside(program).items()}
    return {**found, **array_calls(precision)} if calls_outside(program) else found


def _address(kernel: CallbackKernel) -> int:
    if kernel.derivative is None and get(kernel.function).address:
        return get(kernel.function).address
    return _python_function(kernel)


@cache
def _python_function(kernel: CallbackKernel) -> int:
    """Where machine code calls the registered Python function: what that raises is raised there."""
    record = get(kernel.function)
    function = by_coefficients(kernel) or record.numpy
    return python_function(partial(called, kernel.function, function), record.arity)


def check_has_digits(program: Program) -> None:
    """Raise UnsupportedFunctionError for a function that knows float64 alone: its 16 digits would
    pass for 31.
    """
    for kernel in callbacks(program):
        raise UnsupportedFunctionError(
            f"the registered function {kernel.function!r} computes in float64 and "
            "cannot be used in double-double; register it as an expression"
        )
