"""Functions in C, given by where they are: ctypes, cffi, Numba, or an address."""

from __future__ import annotations

import ctypes
import gc
from typing import Any

import numpy as np

from taylor.errors import ArgumentTypeError

_CTypesFunction: Any = ctypes._CFuncPtr  # type: ignore[attr-defined]  # ctypes has no public name


def c_function(name: str, value: Any, arity: int | None) -> tuple[int, int] | None:
    """(address, number of arguments) of a C function of doubles; None for anything else.

    Raises ArgumentTypeError for other argument types, or where the arguments cannot be counted.
    """
    if isinstance(value, _CTypesFunction):
        address, kinds = ctypes.cast(value, ctypes.c_void_p).value, _ctypes_kinds(value)
    elif _is_cffi(value):
        address, kinds = _cffi(name, value)
    elif isinstance(getattr(value, "address", None), int):
        address, kinds = value.address, _ctypes_kinds(getattr(value, "ctypes", None))
    elif isinstance(value, int) and not isinstance(value, bool):
        address, kinds = value, None
    else:
        return None
    if not address:
        raise ArgumentTypeError(f"register_function: {name!r} is a null pointer")
    if kinds is None and arity is None:
        raise ArgumentTypeError(
            f"register_function: {name!r} is an address, or a C function without declared types; "
            "pass arity="
        )
    count = arity if arity is not None else len(kinds or ()) - 1
    if kinds is not None and kinds != ["double"] * (count + 1):
        raise ArgumentTypeError(
            f"register_function: {name!r} has to take {count} double(s) and return one, but its "
            f"result and arguments are {', '.join(kinds)}"
        )
    return address, count


def behind_pointer(name: str, value: Any, arity: int | None) -> tuple[Any, int | None]:
    """The Python function that ctypes made a function pointer of, and its arity.

    ctypes prints an exception of such a function and goes on with no value; called by us, it is
    raised.  Anything else is returned as it is.
    """
    if not isinstance(value, _CTypesFunction):
        return value, arity
    for part in (value._objects or {}).values():
        if type(part).__name__ == "CThunkObject":
            pointer = c_function(name, value, arity)
            found = [x for x in gc.get_referents(part) if callable(x) and not isinstance(x, type)]
            if pointer is not None and len(found) == 1:
                return found[0], pointer[1]
    return value, arity


def _ctypes_kinds(value: Any) -> list[str] | None:
    """Types of the result and the arguments, where they were declared."""
    if getattr(value, "argtypes", None) is None:
        return None
    names = {ctypes.c_double: "double"}
    return [names.get(t, getattr(t, "__name__", str(t))) for t in (value.restype, *value.argtypes)]


def _is_cffi(value: Any) -> bool:
    return type(value).__module__ == "_cffi_backend" and "CData" in type(value).__name__


def _cffi(name: str, value: Any) -> tuple[int, list[str]]:
    import cffi

    ffi = cffi.FFI()
    kind = ffi.typeof(value)
    if kind.kind != "function":
        raise ArgumentTypeError(
            f"register_function: {name!r} is a C object of type {kind.cname!r}, not a function"
        )
    return int(ffi.cast("uintptr_t", value)), [t.cname for t in (kind.result, *kind.args)]


def as_ufunc(address: int, arity: int) -> Any:
    """The C function of numbers and arrays."""
    signature = ctypes.CFUNCTYPE(*[ctypes.c_double] * (arity + 1))
    return np.vectorize(signature(address), otypes=[float])
