"""What Python functions read from outside, so that traces are used again only while it is the same.

Captured variables, globals and defaults are compared before each call: by identity where they are
the same objects, by their contents where these may change (arrays, lists, dictionaries,
attributes).  A function that is made anew, as a lambda in a loop, is the one of before if its code
and all that are.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator
from functools import partial
from operator import getitem
from typing import Any

import numpy as np

from taylor.expressions.expression import Expression

MOST = 2000  # things that are looked at; beyond these, objects are told by identity alone

_PLAIN = (int, float, complex, str, bytes, bool, type(None))
_FIXED = (type, types.ModuleType, types.BuiltinFunctionType, np.ufunc, Expression)
Getter = Callable[[], Any]
# A dictionary, a key, the function there, its code.
Looked = tuple[dict[Any, Any], Any, types.FunctionType, types.CodeType]


class Outside:
    """What a function reads from outside, as it was when this was made."""

    def __init__(self, function: Any) -> None:
        self._seen: list[tuple[Getter, Any, Any]] = []  # how to get it, what it was, its contents
        known: set[int] = set()
        inside = getattr(function, "__wrapped__", function)  # of what `jit`, `grad`, ... have made
        home = {getattr(inside, "__module__", None), "__main__"}
        waiting: list[tuple[Getter, Any]] = list(reversed(list(_read_by(function))))
        while waiting:
            get, value = waiting.pop()
            if isinstance(value, types.ModuleType):
                continue  # its functions are taken for what they are
            contents, inner = _contents(value, home)
            self._seen.append((get, value, contents))
            if id(value) not in known and len(self._seen) + len(inner) < MOST:
                known.add(id(value))
                waiting.extend(reversed(inner))
        # Functions of a module are what there is most of: they are looked up without detours.
        self._functions: list[Looked] = []
        self._others: list[tuple[Getter, Any, Any]] = []
        for get, value, contents in self._seen:
            place = _place(get)
            if place is not None and isinstance(value, types.FunctionType):
                self._functions.append((*place, value, contents))
            else:
                self._others.append((get, value, contents))

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing that could change."""
        return not self._seen

    @property
    def functions(self) -> list[Looked] | None:
        """All of it, where it is functions of modules."""
        return None if self._others else self._functions

    def is_unchanged(self) -> bool:
        """Whether everything still is what it was."""
        for space, name, function, code in self._functions:
            if space.get(name) is not function:
                return False
            if function.__code__ is not code:
                return False
        for get, value, contents in self._others:
            try:
                now = get()
            except (AttributeError, LookupError, ValueError):
                return False  # gone
            if now is not value and not _equal(now, value):
                return False
            fixed = contents is None or (now is value and isinstance(now, tuple))
            if not fixed and _contents(now, None)[0] != contents:
                return False
        return True

    def is_like(self, other: Outside) -> bool:
        """Whether another function read the same when it was looked at."""
        if len(self._seen) != len(other._seen):
            return False
        return all(
            (a is b or _equal(a, b) or (own is not None and type(a) is type(b))) and own == theirs
            for (_, a, own), (_, b, theirs) in zip(self._seen, other._seen, strict=True)
        )


def _equal(a: Any, b: Any) -> bool:
    """Whether plain values are the same; -0.0 is not 0.0, and NaN is NaN."""
    return type(a) is type(b) and isinstance(a, _PLAIN) and repr(a) == repr(b)


def _contents(value: Any, home: set[Any] | None) -> tuple[Any, list[tuple[Getter, Any]]]:
    """What tells whether a value has changed within, and what is to be looked at inside.

    home: modules whose functions and objects are looked into; all without it.
    """
    if isinstance(value, (*_PLAIN, *_FIXED)):
        return None, []
    if isinstance(value, np.ndarray):
        if value.dtype == object:
            return (value.shape, tuple(map(id, value.flat))), []
        return (value.shape, value.dtype, value.tobytes()), []
    if isinstance(value, types.FunctionType):
        inside = home is not None and value.__module__ in home
        return value.__code__, list(_read_by(value)) if inside else []
    if isinstance(value, types.MethodType):
        return "method", [_attribute(value, "__func__"), _attribute(value, "__self__")]
    if isinstance(value, list | tuple):
        return len(value), [_item(value, k) for k in range(len(value))]
    if isinstance(value, dict):
        keys = tuple(value)
        return keys, [_item(value, key) for key in keys]
    if isinstance(getattr(value, "__wrapped__", None), types.FunctionType):
        return "wrapped", [_attribute(value, "__wrapped__")]
    own = getattr(value, "__dict__", None)
    if isinstance(own, dict) and (home is None or type(value).__module__ in home):
        names = tuple(own)
        return names, [_item(own, name) for name in names]
    return None, []


def _read_by(function: Any) -> Iterator[tuple[Getter, Any]]:
    """Captured variables, globals and defaults of a function, and how to get them again."""
    if not isinstance(function, types.FunctionType):
        if callable(function) and not isinstance(function, _FIXED):
            yield partial(_same, function), function
        return
    for cell in function.__closure__ or ():
        try:
            yield _attribute(cell, "cell_contents")
        except ValueError:  # not assigned yet
            continue
    space = function.__globals__
    for name in sorted(_names_in(function.__code__)):
        if name in space:
            yield _item(space, name)
    for value in (function.__defaults__ or (), function.__kwdefaults__ or {}):
        if value:
            yield partial(_same, value), value


def _attribute(holder: Any, name: str) -> tuple[Getter, Any]:
    return partial(getattr, holder, name), getattr(holder, name)


def _item(holder: Any, key: Any) -> tuple[Getter, Any]:
    return partial(getitem, holder, key), holder[key]


def _place(get: Getter) -> tuple[dict[Any, Any], Any] | None:
    """The dictionary and the key of what is an item of one."""
    if not isinstance(get, partial) or get.func is not getitem or type(get.args[0]) is not dict:
        return None
    space, key = get.args
    return space, key


def _same(value: Any) -> Any:
    return value


def _names_in(code: types.CodeType) -> set[str]:
    """Names that code, and the functions in it, may look up in a module."""
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= _names_in(constant)
    return names
