"""What Python functions read from outside, so that traces are used again only while it is the same.

Captured variables, globals and defaults are compared before each call: by identity where they are
the same objects, by their contents where these may change (arrays, lists, dictionaries,
attributes).  A function that is made anew, as a lambda in a loop, is the one of before if its code
and all that are.
"""

from __future__ import annotations

import sys
import types
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, lru_cache, partial
from operator import attrgetter, getitem
from typing import Any

import numpy as np

from taylor.expressions.expression import Expression

MOST = 2000  # things that are looked at; beyond these, objects are told by identity alone

_PLAIN = (int, float, complex, str, bytes, bool, type(None))
_FIXED = (type, types.ModuleType, np.ufunc, Expression)
_SEQUENCES = (list, tuple, deque)
_MAPPINGS = (dict, types.MappingProxyType)
_BOUND = (types.MethodType, types.BuiltinMethodType)
Getter = Callable[[], Any]
Item = tuple[Getter, Any]  # how to get a thing, and what it is
Look = Callable[[Any], Any]  # tells whether a thing has changed within
Space = Mapping[str, Any]
# A dictionary, a key, the function there, its code.
Looked = tuple[dict[Any, Any], Any, types.FunctionType, types.CodeType]


class Outside:
    """What a function, and objects that it is given, read from outside when this was made."""

    def __init__(self, function: Any, *objects: Any) -> None:
        self._seen: list[tuple[Getter, Any, Look | None, Any]] = []
        inside = getattr(function, "__wrapped__", function)  # of what `jit`, `grad`, ... have made
        walk = _Walk(str(getattr(inside, "__module__", "")))
        waiting = list(walk.read_by(function))
        waiting += [(partial(_same, x), x) for x in objects]
        known: set[int] = set()
        while waiting:
            waiting.reverse()
            while waiting:
                get, value = waiting.pop()
                look = walk.look(value)
                if walk.is_kept(value):
                    self._seen.append((get, value, look, look and look(value)))
                if id(value) not in known and len(self._seen) < MOST:
                    known.add(id(value))
                    inner = walk.inside(value)
                    if len(self._seen) + len(inner) < MOST:
                        waiting.extend(reversed(inner))
            waiting = walk.named()
        # Functions of a module are what there is most of: they are looked up without detours.
        self._functions: list[Looked] = []
        self._others: list[tuple[Getter, Any, Look | None, Any]] = []
        for get, value, look, contents in self._seen:
            place = _place(get)
            if place is not None and isinstance(value, types.FunctionType):
                self._functions.append((*place, value, contents))
            else:  # tuples stay as long as they are
                self._others.append((get, value, None if type(value) is tuple else look, contents))

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
        for get, value, look, contents in self._others:
            try:
                now = get()
            except (AttributeError, LookupError, ValueError):
                return False  # gone
            if now is not value and not _equal(now, value):
                return False
            if look is not None and look(value) != contents:
                return False
        return True

    def is_like(self, other: Outside) -> bool:
        """Whether another function read the same when it was looked at."""
        if len(self._seen) != len(other._seen):
            return False
        return all(
            (a is b or _equal(a, b) or (own is not None and type(a) is type(b))) and own == theirs
            for (_, a, _, own), (_, b, _, theirs) in zip(self._seen, other._seen, strict=True)
        )


def _equal(a: Any, b: Any) -> bool:
    """Whether plain values are the same; -0.0 is not 0.0, and NaN is NaN."""
    return type(a) is type(b) and isinstance(a, _PLAIN) and repr(a) == repr(b)


class _Walk:
    """What is to be looked at, from functions and objects of the user's own to what is in them.

    Of modules and classes of one's own, and of objects of installed packages, only what is named in
    code that was met is looked at: they have more that nobody reads.

    home: the module of the function.
    """

    def __init__(self, home: str) -> None:
        self._home = home
        self._names: set[str] = set()  # in code that was met
        self._spaces: dict[int, tuple[Space, set[str]]] = {}  # and what of them was looked at

    def _is_own(self, module: Any) -> bool:
        return module == self._home or (isinstance(module, str) and _is_own(module, self._home))

    def _is_users(self, value: Any) -> bool:
        """Whether an object is of a class of the user's own; those of this package stay the same,
        or what they are called with says what they are.
        """
        module = type(value).__module__
        return self._is_own(module) and not _is_ours(module)

    def is_kept(self, value: Any) -> bool:
        """Whether another value in the same place is a change: modules stay."""
        return not isinstance(value, types.ModuleType) or self._is_own(value.__name__)

    def read_by(self, function: Any) -> Iterator[Item]:
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
        space, names = function.__globals__, _names_in(function.__code__)
        self._names |= names
        for name in sorted(names):
            if name in space:
                yield _item(space, name)
        for name in ("__defaults__", "__kwdefaults__"):
            if getattr(function, name):
                yield _attribute(function, name)

    def look(self, value: Any) -> Look | None:
        """What tells whether a value has changed within; None where nothing could, or all that
        could is looked at by itself.
        """
        if isinstance(value, (*_PLAIN, *_FIXED)):
            return None
        for kinds, look in _LOOKS:
            if isinstance(value, kinds):
                return look
        if isinstance(getattr(value, "__wrapped__", None), types.FunctionType):
            return _constant
        if type(value).__module__ == "array":
            return bytes
        if self._is_users(value):
            return _attributes
        is_array = hasattr(type(value), "__array__") and not _is_ours(type(value).__module__)
        return _copied if is_array else None

    def inside(self, value: Any) -> list[Item]:
        """What is in a value."""
        if isinstance(value, types.ModuleType):
            return self._space(vars(value)) if self._is_own(value.__name__) else []
        if isinstance(value, type):
            for kind in value.__mro__:
                if self._is_own(kind.__module__):
                    self._space(vars(kind))
            return []
        if isinstance(value, (*_PLAIN, *_FIXED)):
            return []
        if isinstance(value, types.FunctionType):
            return list(self.read_by(value)) if self._is_own(value.__module__) else []
        for kinds, names in _PARTS:
            if isinstance(value, kinds):
                found = [_attribute(value, name) for name in names if hasattr(value, name)]
                return [] if isinstance(found[-1][1], types.ModuleType) else found
        if isinstance(value, _SEQUENCES):
            return [_item(value, k) for k in range(len(value))]
        if isinstance(value, _MAPPINGS):
            return [_item(value, key) for key in tuple(value)]
        if isinstance(getattr(value, "__wrapped__", None), types.FunctionType):
            return [_attribute(value, "__wrapped__")]
        if self._is_users(value):
            own = [_attribute(value, name) for name in _attributes(value)]
            return [*own, (partial(type, value), type(value))]
        space = None if _is_ours(type(value).__module__) else getattr(value, "__dict__", None)
        return self._space(space) if isinstance(space, dict) else []

    def _space(self, space: Space) -> list[Item]:
        self._spaces.setdefault(id(space), (space, set()))
        return []

    def named(self) -> list[Item]:
        """What code names of spaces that it has not been looked for in yet."""
        found = []
        for space, done in self._spaces.values():
            for name in tuple(space):
                if name not in done and (name in self._names or _is_implicit(name, space[name])):
                    done.add(name)
                    found.append(_item(space, name))
        return found


def _is_implicit(name: str, value: Any) -> bool:
    """Whether a method of a class is called without being named: __call__, __getitem__, ..."""
    return name.startswith("__") and isinstance(value, types.FunctionType) and name != "__repr__"


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] in ("taylor", "taylor_runtime")


@lru_cache(maxsize=1024)
def _is_own(module: str, home: str) -> bool:
    """Whether a module is neither of an installed package nor of Python or NumPy, or of the same
    package as `home`.
    """
    top = module.partition(".")[0]
    if top in ("taylor", "taylor_runtime", "numpy") or top in sys.stdlib_module_names:
        return False
    file = getattr(sys.modules.get(module), "__file__", None) or ""
    installed = "site-packages" in file or "dist-packages" in file
    return not installed or top == home.partition(".")[0]


def _bytes_of(value: np.ndarray) -> Any:
    if value.dtype == object:
        return value.shape, tuple(map(id, value.flat))
    return value.shape, value.dtype, np.ndarray.tobytes(value)  # of masked arrays, too


def _copied(value: Any) -> Any:
    """The numbers of what NumPy takes for an array: tables of pandas, arrays of JAX."""
    try:
        found = np.asarray(value)
    except Exception:  # of packages that nobody knows
        return None
    return found.shape, tuple(map(repr, found.flat)) if found.dtype == object else found.tobytes()


def _attributes(value: Any) -> tuple[str, ...]:
    """Names of the attributes of an object of a class of one's own."""
    slots = (getattr(kind, "__slots__", ()) for kind in type(value).__mro__)
    names = [name for own in slots for name in ((own,) if isinstance(own, str) else own)]
    inside = getattr(value, "__dict__", None)
    own = tuple(inside) if isinstance(inside, dict) else ()
    return (*own, *(name for name in names if name[:2] != "__" and hasattr(value, name)))


def _constant(value: Any) -> Any:
    return "looked at by its parts"


_LOOKS: tuple[tuple[Any, Look], ...] = (
    (np.ndarray, _bytes_of),
    (types.FunctionType, attrgetter("__code__")),
    ((*_BOUND, partial, property, cached_property), _constant),
    (_SEQUENCES, len),
    (_MAPPINGS, tuple),
    ((set, frozenset), frozenset),
    ((bytearray, memoryview), bytes),
)
_PARTS: tuple[tuple[Any, tuple[str, ...]], ...] = (
    (_BOUND, ("__func__", "__self__")),
    (partial, ("func", "args", "keywords")),
    (property, ("fget",)),
    (cached_property, ("func",)),
)


def _attribute(holder: Any, name: str) -> Item:
    return partial(getattr, holder, name), getattr(holder, name)


def _item(holder: Any, key: Any) -> Item:
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
    """Names that code, and the functions in it, may look up in a module or an object."""
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= _names_in(constant)
        elif isinstance(constant, str) and constant.isidentifier():  # as of getattr
            names.add(constant)
    return names
