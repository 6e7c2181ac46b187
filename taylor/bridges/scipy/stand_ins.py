"""Users' functions with what expressions cannot go through exchanged: the `math` module, arrays of
zeros to be filled, `min` and `max`.

A function is copied, and what its code finds by name, in globals and captured variables, is other
functions that do the same with numbers and with expressions.  Helper functions of the user's, and
the other methods of a method's object, are copied as well.
"""

from __future__ import annotations

import builtins
import math
import types
from collections.abc import Callable, Mapping
from functools import partial, reduce
from typing import Any

import numpy as np

from taylor.bridges.scipy.complex_values import Complex, as_complex, complex_array
from taylor.expressions.arguments import has_expressions
from taylor.expressions.arrays.assignment import zeros

Filled = Callable[[np.ndarray], Any]  # an array of numbers as one that takes expressions
OTHERS = ("numpy", "scipy", "taylor", "numba", "sympy", "matplotlib")  # whose functions stay

_NUMBERS = (None, float, complex, np.float64, np.complex128, "float", "complex", "float64")
_MATH = {
    name: getattr(np, name if hasattr(np, name) else other)
    for name, other in [
        *[(name, name) for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "exp", "expm1")],
        *[(name, name) for name in ("log1p", "log2", "log10", "sqrt", "hypot", "floor", "ceil")],
        *[("fabs", "absolute"), ("asin", "arcsin"), ("acos", "arccos"), ("atan", "arctan")],
        *[("atan2", "arctan2"), ("asinh", "arcsinh"), ("acosh", "arccosh"), ("atanh", "arctanh")],
        *[("cbrt", "cbrt"), ("radians", "radians"), ("degrees", "degrees"), ("pow", "power")],
        *[("copysign", "copysign"), ("exp2", "exp2")],
    ]
}


def with_stand_ins(function: Any, filled: Filled) -> Any:
    """A function that does the same, and can be traced where the first one's means cannot.

    filled: makes of an array of numbers one that takes what the function is traced with.
    """
    return _Copier(filled).function(function)


def filled_complexes(array: np.ndarray) -> Any:
    """An array that takes complex numbers of expressions."""
    return complex_array([as_complex(item) for item in array.ravel()], array.shape)


def filled_node(array: np.ndarray) -> Any:
    """An array that takes arrays of expressions."""
    made = zeros(array.shape)
    if array.any():
        made[...] = array
    return made


class _Copier:
    """Copies functions, each once."""

    def __init__(self, filled: Filled) -> None:
        self._copies: dict[int, Any] = {}
        self._arrays = {
            name: partial(_made, getattr(np, name), filled)
            for name in ("zeros", "ones", "empty", "full")
        }
        self._arrays |= {name: partial(_taken, getattr(np, name)) for name in ("array", "asarray")}
        self._direct: dict[int, Any] = {id(getattr(np, n)): f for n, f in self._arrays.items()}
        mathematical = {**_MATH, "log": _log}
        self._direct |= {id(getattr(math, n)): f for n, f in mathematical.items() if _has(n)}
        self._modules: dict[Any, Any] = {
            np: _Module(np, self._arrays),
            math: _Module(math, mathematical),
        }

    def function(self, given: Any) -> Any:
        """A function, a method, or a partial one."""
        if isinstance(given, types.MethodType):
            return types.MethodType(self.function(given.__func__), self._object(given.__self__))
        if isinstance(given, partial):
            return partial(self.function(given.func), *given.args, **given.keywords)
        if not isinstance(given, types.FunctionType):
            return self._object(given) if callable(given) else given
        if id(given) not in self._copies:
            self._copy(given)
        return self._copies[id(given)]

    def _copy(self, given: types.FunctionType) -> None:
        space: dict[str, Any] = {"__builtins__": builtins, "__name__": given.__module__}
        cells = tuple(types.CellType() for _ in given.__closure__ or ())
        made = types.FunctionType(
            given.__code__, space, given.__name__, given.__defaults__, cells or None
        )
        made.__kwdefaults__ = given.__kwdefaults__
        made.__qualname__ = given.__qualname__
        self._copies[id(given)] = made
        for cell, own in zip(given.__closure__ or (), cells, strict=True):
            try:
                own.cell_contents = self._stand_in(cell.cell_contents)
            except ValueError:  # not assigned yet
                continue
        for name in _names(given.__code__):
            if name in given.__globals__:
                space[name] = self._stand_in(given.__globals__[name])
            elif name in _BUILTINS:
                space[name] = _BUILTINS[name]

    def _object(self, given: Any) -> Any:
        """An object with the same attributes, and with copies of its methods."""
        kind: Any = type(given)
        if (
            kind.__new__ is not object.__new__
            or not hasattr(given, "__dict__")
            or kind.__module__.partition(".")[0] in OTHERS
        ):
            return given  # it may not be made in this way
        methods = {
            name: self.function(method)
            for base in reversed(kind.__mro__)
            for name, method in vars(base).items()
            if isinstance(method, types.FunctionType)
        }
        made: Any = object.__new__(type(kind.__name__, (kind,), methods))
        made.__dict__.update(vars(given))
        return made

    def _stand_in(self, value: Any) -> Any:
        if isinstance(value, types.ModuleType):
            return self._modules.get(value, value)
        if id(value) in self._direct:
            return self._direct[id(value)]
        if isinstance(value, types.FunctionType):
            package = (value.__module__ or "").partition(".")[0]
            return value if package in OTHERS else self.function(value)
        return value


class _Module:
    """A module in which some functions are others."""

    def __init__(self, module: types.ModuleType, changed: Mapping[str, Any]) -> None:
        self._module, self._changed = module, changed

    def __getattr__(self, name: str) -> Any:
        changed = self._changed.get(name)
        return getattr(self._module, name) if changed is None else changed


def _names(code: types.CodeType) -> set[str]:
    """What code, and the functions in it, look up by name."""
    inner = [
        _names(constant) for constant in code.co_consts if isinstance(constant, types.CodeType)
    ]
    return set(code.co_names).union(*inner)


def _has(name: str) -> bool:
    return hasattr(math, name)


def _made(make: Callable[..., np.ndarray], filled: Filled, *args: Any, **options: Any) -> Any:
    """An array of numbers, as one that takes expressions."""
    found = make(*args, **options)
    return filled(found) if found.dtype.kind in "fc" else found


def _taken(make: Callable[..., Any], value: Any, *args: Any, **options: Any) -> Any:
    """`np.array` and the like, which need not make floats of what is none."""
    dtype = args[0] if args else options.get("dtype")
    plain = any(dtype is kind or dtype == kind for kind in _NUMBERS)
    if plain and _is_unknown(value):
        options.pop("dtype", None)
        return make(value, *args[1:], **options)
    return make(value, *args, **options)


def _is_unknown(value: Any) -> bool:
    """Whether a value is an expression, or contains one."""
    if isinstance(value, list | tuple):
        return any(map(_is_unknown, value))
    if isinstance(value, np.ndarray) and value.dtype == object:
        return any(map(_is_unknown, value.flat))
    return isinstance(value, Complex) or has_expressions(value)


def _log(x: Any, base: Any = None) -> Any:
    return np.log(x) if base is None else np.log(x) / np.log(base)


def _extreme(
    plain: Callable[..., Any], pair: Callable[..., Any], *args: Any, **options: Any
) -> Any:
    listed = args if len(args) > 1 else tuple(args[0])
    if options or not any(map(_is_unknown, listed)):
        return plain(*args, **options)
    return reduce(pair, listed)


_BUILTINS: dict[str, Callable[..., Any]] = {
    "max": partial(_extreme, max, np.maximum),
    "min": partial(_extreme, min, np.minimum),
}
