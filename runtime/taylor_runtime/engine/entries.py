"""C functions of addresses that enter Python, for programs that call handlers."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

try:  # as in `engine.call`
    from _cffi_backend import FFI
except ImportError:  # pragma: no cover - PyPy has no such module
    from cffi import FFI


class Entry(NamedTuple):
    """A C function that calls Python."""

    closure: Any  # the C function lives as long
    address: int


@lru_cache(maxsize=1)
def _ffi() -> Any:
    return FFI()


def python_entry(function: Callable[[Any], Any]) -> Entry:
    """A C function `char *(void **)` that takes the GIL and calls a Python function, which must not
    raise, with the pointers; that returns `null` or a text.
    """
    made = _ffi().callback("char *(*)(void **)", function)
    return Entry(made, int(_ffi().cast("uintptr_t", made)))


def null() -> Any:
    """The address of nothing."""
    return _ffi().NULL


def reader(shape: tuple[int, ...], dtype: str) -> Callable[[Any], Any]:
    """What copies an array, or a number as a float, from memory that C has given."""
    if not shape:
        kind, cast = _ffi().typeof(_SCALARS[dtype]), _ffi().cast
        return lambda pointer: cast(kind, pointer)[0]
    return lambda pointer: _array(pointer, shape, dtype).copy()


def writer(shape: tuple[int, ...], dtype: str) -> Callable[[Any, Any], None]:
    """What stores an array or a number there."""
    if not shape:
        kind, cast = _ffi().typeof(_SCALARS[dtype]), _ffi().cast

        def number(pointer: Any, value: Any) -> None:
            cast(kind, pointer)[0] = value

        return number

    def array(pointer: Any, value: Any) -> None:
        _array(pointer, shape, dtype)[...] = value

    return array


_SCALARS = {"float64": "double *", "float32": "float *"}


def _array(pointer: Any, shape: tuple[int, ...], dtype: str) -> np.ndarray:
    size = math.prod(shape) * np.dtype(dtype).itemsize
    return np.frombuffer(_ffi().buffer(pointer, size), dtype).reshape(shape)


def text_in_memory(text: str) -> Any:
    """A C string; it lives as long as the object.

    >>> b"".join(text_in_memory("seven")[0:5])
    b'seven'
    """
    return _ffi().new("char[]", text.encode())
