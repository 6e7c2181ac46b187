"""C functions of addresses that enter Python, for programs that call handlers."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

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


def bytes_at(pointer: Any, size: int) -> Any:
    """So many bytes of memory that C has given, as a buffer."""
    return _ffi().buffer(pointer, size)


def text_in_memory(text: str) -> Any:
    """A C string; it lives as long as the object.

    >>> b"".join(text_in_memory("seven")[0:5])
    b'seven'
    """
    return _ffi().new("char[]", text.encode())
