"""Arguments of users' functions taken apart: numbers that may change, and all that may not."""

from __future__ import annotations

import types
from collections.abc import Callable, Hashable, Sequence
from functools import partial
from typing import Any

import numpy as np

from taylor.control.trees import Tree, flatten
from taylor.expressions.expression import Expression
from taylor.programs.remembered import remembered
from taylor_runtime.program.records import dataclass

_PLAIN = (int, float, complex, str, bytes, bool, type(None), np.generic)
_FIXED = (type, types.ModuleType, types.BuiltinFunctionType, np.ufunc, Expression)
DEEPEST = 10  # objects inside objects that are looked at
SCIPY_WRAPPER = ("scipy.integrate._ivp.ivp", "solve_ivp.<locals>.fun")


class Unknown(Exception):
    """Of something that may change, it is not known how to tell whether it has."""


@dataclass(frozen=True, slots=True)
class Extra:
    """The further arguments of a call: floats and arrays of them become parameters of what is
    compiled, so that other values need no compiling; all else is fixed, whole numbers too, which
    may be sizes and exponents.

    numbers: the values of parameters, (m,).
    key:     equal for arguments that one trace serves; None where that cannot be told.
    watched: the functions among them.
    """

    numbers: np.ndarray
    key: Hashable
    watched: tuple[Any, ...]
    tree: Tree
    leaves: tuple[Any, ...]
    shapes: tuple[tuple[int, ...] | None, ...]  # of the parameters; None for what is fixed

    def built(self, p: Any, convert: Callable[[Any], Any] = lambda value: value) -> tuple[Any, ...]:
        """The arguments with elements of `p`, (m,), in the place of numbers."""
        found, place = [], 0
        for leaf, shape in zip(self.leaves, self.shapes, strict=True):
            if shape is None:
                found.append(leaf)
                continue
            size = int(np.prod(shape, dtype=int))
            part = p[place : place + size]
            found.append(convert(part.reshape(shape) if shape else part[0]))
            place += size
        return tuple(self.tree.build(found))


def extra(args: Sequence[Any], fixed: bool = False) -> Extra:
    """Take arguments apart; floats that are not finite are fixed, or all are."""
    if not args:
        return NOTHING
    leaves, tree = flatten("args", tuple(args), opaque=True)
    numbers: list[np.ndarray] = []
    shapes: list[tuple[int, ...] | None] = []
    watched: list[Any] = []
    constant: list[Hashable] = []
    known = True
    for leaf in leaves:
        if not fixed and _is_number(leaf):
            array = np.asarray(leaf, dtype=float)
            numbers.append(array.ravel())
            shapes.append(array.shape)
            continue
        shapes.append(None)
        try:
            constant.append(_frozen(leaf, watched))
        except Unknown:
            known = False
    flat = np.concatenate(numbers) if numbers else np.empty(0)
    key = (tree, tuple(shapes), tuple(constant)) if known else None
    return Extra(flat, key, tuple(watched), tree, tuple(leaves), tuple(shapes))


def _is_number(leaf: Any) -> bool:
    """Whether an argument may be a parameter, or an array of them."""
    if isinstance(leaf, float | np.floating):
        return bool(np.isfinite(leaf))
    if not isinstance(leaf, np.ndarray) or leaf.dtype != np.float64:
        return False
    return bool(leaf.size and np.isfinite(leaf).all())


NOTHING = Extra(np.empty(0), (), (), flatten("args", ())[1], (), ())


def _frozen(value: Any, watched: list[Any], depth: int = 0) -> Hashable:
    """Something that is equal for values that are the same; functions are noted.

    Raises Unknown where there is no such thing.
    """
    if isinstance(value, _PLAIN):
        return type(value), repr(value)  # -0.0 is not 0.0, and NaN is NaN
    if isinstance(value, types.FunctionType):
        watched.append(value)
        return value.__code__
    if isinstance(value, _FIXED):
        return value
    if isinstance(value, np.ndarray) and value.dtype != object:
        return value.shape, value.dtype.str, value.tobytes()
    if depth < DEEPEST:
        if isinstance(value, types.MethodType):
            parts = _frozen(value.__func__, watched, depth + 1), value.__self__
            return "method", parts[0], _frozen(parts[1], watched, depth + 1)
        if isinstance(value, partial):
            listed = (value.func, value.args, value.keywords)
            return "partial", _frozen(listed, watched, depth + 1)
        if isinstance(value, list | tuple | set | frozenset):
            return type(value), tuple(_frozen(item, watched, depth + 1) for item in value)
        if isinstance(value, dict):
            return tuple((key, _frozen(v, watched, depth + 1)) for key, v in value.items())
        own = getattr(value, "__dict__", None)
        if isinstance(own, dict) and not hasattr(type(value), "__slots__"):
            if callable(value) and isinstance(type(value).__call__, types.FunctionType):
                watched.append(type(value).__call__)
            return type(value), _frozen(own, watched, depth + 1)
    raise Unknown


class Place:
    """Where what was made of some functions is kept; its identity is a key of further ones."""

    def __init__(self) -> None:
        self.made: list[Any] = []  # one thing, once it is made


def kept(kind: Hashable, functions: Sequence[Any], make: Callable[[], Any]) -> Any:
    """What `make` has made before for the like of some functions.

    Raises Unknown if one of them is no function, and has no contents that could be compared.
    """
    watched: list[Any] = []
    frozen = tuple(_frozen(function, watched) for function in functions)
    place: Place = remembered(("scipy", kind, frozen), _no_function, Place)
    for function in watched:
        place = remembered((place,), function, Place)
    if not place.made:
        place.made = [make()]
    return place.made[0]


def _no_function() -> None:
    """What is remembered by its kind alone."""


def plain_function(fun: Any, args: Sequence[Any]) -> tuple[Any, tuple[Any, ...]]:
    """The user's function, and its further arguments, where somebody has wrapped them: SciPy for
    `args`, Numba for its machine code.
    """
    if isinstance(fun, types.FunctionType):
        names = fun.__module__, fun.__qualname__
        inner = fun.__defaults__
        if names == SCIPY_WRAPPER and inner and fun.__code__.co_freevars == ("args",):
            fun, args = inner[0], (*fun.__closure__[0].cell_contents, *args)  # type: ignore[index]
    return getattr(fun, "py_func", fun), tuple(args)
