"""All elementary functions by name, and how users add their own."""

from __future__ import annotations

import threading
from collections.abc import Callable

from taylor.errors import ArgumentError, UnsupportedFunctionError
from taylor.nodes.defined import DefinedName
from taylor.nodes.record import Function

functions: dict[str, Function] = {}
_lock = threading.Lock()
_told: list[Callable[[Function], None]] = []  # who is told of records


def get(name: str) -> Function:
    """Return the record of a function.

    Raises `UnsupportedFunctionError`, naming near matches, if there is none.

    >>> get("sin").arity
    1
    """
    record = functions.get(name)
    if record is None and isinstance(name, DefinedName):
        return name.record
    if record is None:
        from difflib import get_close_matches

        near = get_close_matches(name, functions, n=3)
        meant = f"; did you mean {' or '.join(near)}?" if near else ""
        raise UnsupportedFunctionError(
            f"functions.get: there is no elementary function {name!r}{meant} "
            "(taylor.register_function adds one)"
        )
    return record


def register(*records: Function) -> None:
    """Add records; a name can be taken once.

    Raises `ArgumentError` if a name is taken.
    """
    with _lock:
        for record in records:
            if record.name in functions:
                raise ArgumentError(
                    f"register: a function {record.name!r} exists already; choose another name"
                )
            functions[record.name] = record
            for told in _told:
                told(record)


def for_each(told: Callable[[Function], None]) -> None:
    """Tell of every record, those that will be added included."""
    with _lock:
        _told.append(told)
        for record in functions.values():
            told(record)
