"""Copies of users' functions that store complex values in arrays of their own making.

``np.zeros(n, dtype=complex)`` takes numbers alone.  A function is copied, with its helpers and the
methods of its object, and what its code finds by the name of NumPy, in globals and captured
variables, makes arrays that take the values a right-hand side is traced with.  (Of real values
`taylor.program` takes care.)
"""

from __future__ import annotations

import builtins
import types
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from taylor.bridges.scipy.complex_values import Complex, as_complex_array

MADE = ("zeros", "ones", "empty", "full", "zeros_like", "ones_like", "empty_like", "full_like")
TAKEN = ("array", "asarray")
OTHERS = ("numpy", "scipy", "taylor", "numba", "sympy", "matplotlib")  # whose functions stay


def with_complex_arrays(function: Any) -> Any:
    """A function, method, partial function or object to be called that does the same."""
    return _Copier().copied(function)


class _Copier:
    """Copies functions, each once."""

    def __init__(self) -> None:
        self._copies: dict[int, Any] = {}
        changed: dict[str, Any] = {name: partial(_made, getattr(np, name)) for name in MADE}
        changed |= {name: partial(_taken, getattr(np, name)) for name in TAKEN}
        self._direct = {id(getattr(np, name)): own for name, own in changed.items()}
        self._numpy = _Changed(np, changed)

    def copied(self, given: Any) -> Any:
        """The same of anything; what is no function of the user's stays."""
        if isinstance(given, types.MethodType):
            return types.MethodType(self.copied(given.__func__), self._object(given.__self__))
        if isinstance(given, partial):
            return partial(self.copied(given.func), *given.args, **given.keywords)
        if not isinstance(given, types.FunctionType):
            return self._object(given) if callable(given) else given
        if _is_others(given):
            return given
        if id(given) not in self._copies:
            self._copy(given)
        return self._copies[id(given)]

    def _copy(self, given: types.FunctionType) -> None:
        space: dict[str, Any] = {"__builtins__": builtins, "__name__": given.__module__}
        captured = given.__closure__ or ()
        cells = tuple(types.CellType() for _ in captured)
        code, defaults = given.__code__, given.__defaults__
        made = types.FunctionType(code, space, given.__name__, defaults, cells or None)
        made.__kwdefaults__, made.__qualname__ = given.__kwdefaults__, given.__qualname__
        self._copies[id(given)] = made
        for cell, own in zip(captured, cells, strict=True):
            try:
                own.cell_contents = self._stand_in(cell.cell_contents)
            except ValueError:  # not assigned yet
                continue
        for name in _names(code) & given.__globals__.keys():
            space[name] = self._stand_in(given.__globals__[name])

    def _object(self, given: Any) -> Any:
        """An object with the same attributes, and with copies of its methods."""
        kind: Any = type(given)
        plain = kind.__new__ is object.__new__ and hasattr(given, "__dict__")
        if not plain or _is_others(kind):
            return given  # it may not be made in this way
        methods = {
            name: self.copied(method)
            for base in reversed(kind.__mro__)
            for name, method in vars(base).items()
            if isinstance(method, types.FunctionType)
        }
        made: Any = object.__new__(type(kind.__name__, (kind,), methods))
        made.__dict__.update(vars(given))
        return made

    def _stand_in(self, value: Any) -> Any:
        if value is np:
            return self._numpy
        if id(value) in self._direct:
            return self._direct[id(value)]
        return self.copied(value) if isinstance(value, types.FunctionType) else value


class _Changed:
    """A module in which some functions are others."""

    def __init__(self, module: types.ModuleType, changed: Mapping[str, Any]) -> None:
        self._module, self._changed = module, changed

    def __getattr__(self, name: str) -> Any:
        changed = self._changed.get(name)
        return getattr(self._module, name) if changed is None else changed


def _is_others(value: Any) -> bool:
    return (value.__module__ or "").partition(".")[0] in OTHERS


def _names(code: types.CodeType) -> set[str]:
    """What code, and the functions in it, look up by name."""
    inner = [
        _names(constant) for constant in code.co_consts if isinstance(constant, types.CodeType)
    ]
    return set(code.co_names).union(*inner)


def _made(make: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """An array of numbers, as one that takes complex values."""
    found = make(*args, **options)
    if type(found) is not np.ndarray or found.dtype.kind not in "fc":
        return found
    return as_complex_array(found)


def _taken(make: Callable[..., Any], value: Any, *args: Any, **options: Any) -> Any:
    """`np.array` and the like, which cannot make numbers of what is not known yet."""
    given = np.array(value, dtype=object)
    if not any(isinstance(item, Complex) for item in given.flat):
        return make(value, *args, **options)
    return as_complex_array(given)
