"""Calls: functions of the user's are translated on the way, Python's and NumPy's have rules."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Hashable, Sequence
from types import BuiltinMethodType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from taylor.errors import PACKAGE, UnsupportedFunctionError
from taylor.expressions.arrays.assignment import ArrayUnderConstruction
from taylor.expressions.arrays.changes import CHANGES
from taylor.expressions.arrays.chosen import Chosen
from taylor.expressions.expression import Expression
from taylor.language.recursion.calls import called
from taylor.language.running import library
from taylor.language.running.journal import changing, running
from taylor.language.running.operations.builtins import BUILTINS
from taylor.language.running.operations.numerics import NUMERICS, UNREPEATABLE
from taylor.language.running.places import refuse
from taylor.language.running.values.kinds import Flat
from taylor.language.running.values.objects import Array, List, born, plain
from taylor.language.running.values.sequences import Both, Generated, Range, listed
from taylor.language.source.translation import is_translated, translated

RULES: dict[Any, Callable[..., Any]] = BUILTINS | NUMERICS
_LIBRARIES = frozenset(("numpy", "scipy", "taylor_runtime", "sympy", "mpmath", "jax", "torch"))
_OTHERS = (frozenset(sys.stdlib_module_names) | _LIBRARIES) - {"__main__"}


def call(function: Any, /, *args: Any, **named: Any) -> Any:
    """``function(*args, **named)``."""
    rule = _rule(function)
    if rule is not None:
        return rule(*args, **named)
    if isinstance(function, FunctionType):
        return _function(function, args, named)
    if isinstance(function, MethodType):
        if isinstance(function.__func__, FunctionType) and is_user(function.__func__):
            return call(function.__func__, function.__self__, *args, **named)
        return _outside(function, args, named)
    if isinstance(function, functools.partial):
        return call(function.func, *function.args, *args, **{**function.keywords, **named})
    own = getattr(function, "__program__", None)
    if own is not None:
        return call(own, *args, **named)
    cached = getattr(function, "__wrapped__", None)
    if isinstance(function, functools._lru_cache_wrapper) and cached is not None:
        return call(cached, *args, **named)
    if isinstance(function, type):
        return _object(function, args, named)
    if isinstance(function, BuiltinMethodType | type([].append)):
        return _method(function, args, named)
    method = type(function).__dict__.get("__call__")
    if isinstance(method, FunctionType) and is_user(method):
        return call(method, function, *args, **named)
    return _outside(function, args, named)


def _rule(function: Any) -> Callable[..., Any] | None:
    try:
        return RULES.get(function) if isinstance(function, Hashable) else None
    except TypeError:
        return None


def is_user(function: FunctionType) -> bool:
    """Whether a function is the user's: of no library that is known to need no translation."""
    if function.__code__.co_filename.startswith(PACKAGE):
        return function.__module__ == library.__name__
    module = getattr(function, "__module__", None) or ""
    return module.split(".")[0] not in _OTHERS


def as_program(function: Any) -> Any:
    """A function of the user's, translated; anything else as it is."""
    if isinstance(function, FunctionType) and not is_translated(function) and is_user(function):
        try:
            return translated(function, running().operators)
        except UnsupportedFunctionError:
            return function
    if isinstance(function, MethodType) and isinstance(function.__func__, FunctionType):
        inner = as_program(function.__func__)
        return function if inner is function.__func__ else MethodType(inner, function.__self__)
    return function


def _function(function: FunctionType, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    if not is_translated(function):
        if not is_user(function):
            return _outside(function, args, named)
        inner = as_program(function)
        if inner is function:
            return _outside(function, args, named)
        function = inner
    return called(function, function.__name__, args, named, function)


# --- what is not translated ----------------------------------------------------------------------


def _changed_by(function: Any, count: int) -> set[int | str]:
    """Places and names of arguments that a function of NumPy's changes: these are no copies."""
    found: set[int | str] = {"out"}
    if isinstance(function, np.ufunc):
        found |= set(range(function.nin, count))
    elif isinstance(getattr(function, "__self__", None), np.ufunc):
        found |= {0} if function.__name__ == "at" else set()
    elif isinstance(function, Hashable) and function in CHANGES:
        found |= {0, CHANGES[function][0]}
    return found


def _outside(function: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """Call what is no function of the user's: functions that it takes are translated."""
    _refuse_unrepeatable(function)
    if any(isinstance(x, Both | Range) for x in (*args, *named.values())):
        refuse(
            f"{getattr(function, '__name__', 'a function')}() of elements of which a traced value "
            "decides how many there are",
            "Instead: go through a range with a `for` statement, or choose with numpy.where what "
            "changes nothing, in an array of known length.",
        )
    args = tuple(listed(x) if isinstance(x, Generated) else x for x in args)
    kept = _changed_by(function, len(args))
    given = [x if k in kept else plain(as_program(x)) for k, x in enumerate(args)]
    options = {key: x if key in kept else plain(as_program(x)) for key, x in named.items()}
    module = getattr(function, "__module__", None) or ""
    if not module.startswith(("numpy", "taylor")) or "out" in named:
        for x in (*args, *named.values()):
            if isinstance(x, Array) and not x.frozen and running().is_own(x):
                changing(x)
    found = function(*given, **options)
    if isinstance(found, np.ndarray) and (found.base is not None or _among(found, given)):
        return found  # it shares its memory with something that is not the program's
    return born(found)


def _among(found: Any, given: Sequence[Any]) -> bool:
    return any(found is x for x in given)


def _refuse_unrepeatable(function: Any) -> None:
    owner = getattr(function, "__self__", None)
    module = getattr(function, "__module__", None)
    if module is None and owner is not None:
        module = getattr(type(owner), "__module__", None)
    name = getattr(function, "__name__", type(function).__name__)
    if isinstance(owner, ModuleType):
        module = owner.__name__
    if (module or "").split(".")[0] in UNREPEATABLE or (module or "").startswith("numpy.random"):
        refuse(
            f"{name}() gives another value at each call, and would be called once, while the "
            "program is traced",
            "Instead: take the value as an argument.",
        )


def _method(function: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """A method of a built-in object: what changes it is noted."""
    owner = function.__self__
    if isinstance(owner, dict | set | list) and not isinstance(owner, List):
        if function.__name__ in _CHANGING:
            changing(owner)
        if any(Flat(x).traced for x in args[:1]) and isinstance(owner, dict):
            refuse(
                "a traced value is the key of a dictionary",
                "Which key it is is not known while the program is traced. Instead: compare with "
                "`if`, or use an array with a whole number as index.",
            )
        return function(*args, **named)
    return _outside(function, args, named)


_CHANGING = frozenset(
    (
        *("append", "extend", "insert", "pop", "remove", "clear", "sort", "reverse"),
        *("update", "setdefault", "popitem", "add", "discard"),
    )
)


def _object(kind: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """An object of a class: of the user's with its own `__init__` translated."""
    module = getattr(kind, "__module__", "").split(".")[0]
    start = getattr(kind, "__init__", None)
    if module in _OTHERS or module in ("builtins", "taylor"):
        return _outside(kind, args, named)
    if issubclass(kind, BaseException):
        return kind(*args, **named)
    generated = hasattr(kind, "__dataclass_fields__") and "__init__" in kind.__dict__
    if isinstance(start, FunctionType) and not generated and kind.__new__ is object.__new__:
        made = running().adopt(kind.__new__(kind))
        call(start, made, *args, **named)
        return made
    return running().adopt(kind(*args, **named))


def settled(value: Any) -> Any:
    """A value as programs return it: without objects of the program."""
    if isinstance(value, Chosen):
        raise value.fault
    if isinstance(value, ArrayUnderConstruction):
        return value.now
    if isinstance(value, List):
        if value.fixed is not None:
            refuse(
                "the program returns a list whose length a traced value decides",
                "Instead: return an array of known length, and the number of elements that count.",
            )
        return [settled(item) for item in value]
    if type(value) in (tuple, list):
        return type(value)(settled(item) for item in value)
    if type(value) is dict:
        return {key: settled(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | Expression | int | float | bool | None):
        return value
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*[settled(item) for item in value])
    flat = Flat(value)
    if flat.structure.names and flat.structure.children:
        made = object.__new__(type(value))
        for name in flat.structure.names:
            object.__setattr__(made, name, settled(getattr(value, name)))
        return made
    return value
