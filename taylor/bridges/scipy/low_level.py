"""Compiled functions as `scipy.LowLevelCallable`s, which SciPy's loops in C call by themselves."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike
from scipy import LowLevelCallable

from taylor.errors import ArgumentError, ArgumentTypeError, UnsupportedFunctionError
from taylor.points.formula import Function, compile
from taylor_runtime.callables.foreign.c_functions import C_SIGNATURES, CFunction, c_function

DOUBLES = ctypes.POINTER(ctypes.c_double)
Compiled: TypeAlias = "Function[Any] | Callable[..., Any]"


def low_level_callable(
    function: Compiled,
    *,
    signature: str | None = None,
    data: ArrayLike | None = None,
    shapes: Sequence[int | Sequence[int]] | None = None,
) -> LowLevelCallable:
    """Return machine code that `scipy.integrate.quad`, `nquad` and SciPy's filters of images call
    without entering Python.

    function:  a compiled function with one output, a number; or a Python function, which is traced.
        The elements of its arguments, in order, are the numbers that the C function gets.
    signature: "double (double)" for functions of one number, "double (int, double *)" for those of
        several, which is what `nquad` wants, and `quad` with `args`; with `data` these with
        ", void *" at their ends; "int (double *, npy_intp, double *, void *)" for
        `scipy.ndimage.generic_filter`.  By default one of the first four.
    data:      values of the last arguments, so that the others alone are given; a copy is kept.
    shapes:    of the arguments of a Python function, where they are arrays.

    Raises ArgumentError for a function with another output, or where data and signature do not fit;
    UnsupportedFunctionError where machine code would enter Python (`taylor.register_function`).

    >>> import numpy as np, taylor as ty
    >>> from scipy.integrate import quad
    >>> f = ty.scipy.low_level_callable(lambda x, k: ty.exp(-k * x**2), data=[4.0])
    >>> value, error = quad(f, -np.inf, np.inf)
    >>> f.signature, bool(abs(value - np.sqrt(np.pi) / 2) < 1e-12)
    ('double (double, void *)', True)
    """
    compiled = function if isinstance(function, Function) else compile(function, shapes=shapes)
    if compiled.precision != "float64":
        raise ArgumentError(f"low_level_callable: {compiled.name} is of {compiled.precision}")
    if not compiled._single or compiled.outputs[0].shape:
        raise ArgumentError(
            f"low_level_callable: {compiled.name} has to return one number, and returns {compiled}"
        )
    behind = np.array([] if data is None else data, dtype=float).ravel()
    inputs = [e.shape for e in compiled.inputs]
    given = sum(map(math.prod, inputs)) - len(behind)
    chosen = _signature(compiled, signature, given, data is not None)
    arrays = compiled._arrays
    code = compiled._code if arrays is None else arrays.code
    made = c_function(code, inputs, chosen, len(behind))
    if made is None:
        raise UnsupportedFunctionError(
            f"low_level_callable: {compiled.name} calls Python functions, which may raise, and C "
            "could not tell; use quad with the function itself"
        )
    pointer, address = _pointer(made), ctypes.c_void_p(behind.ctypes.data)
    pointer.owner = made, compiled, behind  # they live as long as what SciPy holds
    return LowLevelCallable(pointer, address if chosen.endswith("void *)") else None, chosen)


def _signature(compiled: Function[Any], signature: str | None, given: int, with_data: bool) -> str:
    """What to compile, checked."""
    if given < 1:
        raise ArgumentError(
            f"low_level_callable: data has values for all arguments of {compiled.name}; one at "
            "least is to be given"
        )
    if signature is None:
        parameters = "double" if given == 1 else "int, double *"
        return f"double ({parameters}{', void *' if with_data else ''})"
    if signature not in C_SIGNATURES:
        raise ArgumentError(
            f"low_level_callable: signature={signature!r} is none of {', '.join(C_SIGNATURES)}"
        )
    if with_data and not signature.endswith("void *)"):
        raise ArgumentError(f"low_level_callable: with data, {signature!r} has to end in void *")
    if signature.startswith("double (double") and given != 1:
        raise ArgumentTypeError(
            f"low_level_callable: {signature!r} gives one number, and {compiled.name} takes {given}"
        )
    return signature


_KINDS: dict[str, Any] = {
    "double": ctypes.c_double,
    "int": ctypes.c_int,
    "double *": DOUBLES,
    "npy_intp": ctypes.c_ssize_t,
    "void *": ctypes.c_void_p,
}


def _pointer(made: CFunction) -> Any:
    """The function as ctypes has it."""
    result, _, rest = made.signature.partition(" (")
    parameters = [_KINDS[word] for word in rest.rstrip(")").split(", ")]
    return ctypes.CFUNCTYPE(_KINDS[result], *parameters)(made.address)
