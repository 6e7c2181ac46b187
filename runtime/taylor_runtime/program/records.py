"""`dataclass` as `dataclasses` has it, without the time that it takes to import a hundred of them.

`dataclasses.dataclass` compiles the text of six methods for every class, half a millisecond each,
and most of the classes that are imported are not used.  Here `__init__` alone has a text, which is
compiled when the first instance is made; the other methods read the fields.  Whatever is asked of
dataclasses - `fields`, `replace`, `match`, pickles, signatures - is answered as it is there.

`blake2b`, the hash function of all keys, is that of `hashlib`.
"""

from __future__ import annotations

import dataclasses
import functools
import sys
from collections.abc import Callable
from operator import attrgetter
from reprlib import recursive_repr
from types import MemberDescriptorType
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar


def _dataclass(
    given: type | None = None,
    /,
    *,
    init: bool = True,
    repr: bool = True,
    eq: bool = True,
    frozen: bool = False,
    kw_only: bool = False,
    slots: bool = False,
) -> type | Callable[[type], type]:
    """A decorator of classes, with the meaning of `dataclasses.dataclass`."""

    def decorate(given: type) -> type:
        bare = dataclasses.dataclass(init=False, repr=False, eq=False, kw_only=kw_only, slots=slots)
        cls: Any = bare(given)
        own = vars(cls)
        if init and "__init__" not in own:
            cls.__init__ = _Unmade(cls, frozen)
        if repr and "__repr__" not in own:
            cls.__repr__ = _repr
        if eq:
            _compare(cls, frozen)
        if frozen:
            cls.__setattr__, cls.__delattr__ = _no_assignment, _no_deletion
        if frozen and slots and "__setstate__" not in own:
            cls.__getstate__, cls.__setstate__ = _state, _set_state
        return cls  # type: ignore[no-any-return]

    return decorate if given is None else decorate(given)


if TYPE_CHECKING:  # to a type checker it is what it behaves as
    from dataclasses import dataclass as dataclass
    from hashlib import blake2b as blake2b
else:
    dataclass = _dataclass
    try:  # `hashlib` loads OpenSSL's library, 3 ms, for functions that nobody calls
        from _blake2 import blake2b as blake2b
    except ImportError:  # another Python than CPython
        from hashlib import blake2b as blake2b


R = TypeVar("R")
T = TypeVar("T")


def by_identity(make: Callable[..., T]) -> Callable[..., T]:
    """As `functools.lru_cache`, for functions whose first argument is a record of which there are
    few, told apart by identity: equal ones take a microsecond to find out.

    >>> by_identity(lambda record, k: (record, k))(Ellipsis, 3)
    (Ellipsis, 3)
    """
    known: dict[tuple[Any, ...], tuple[object, T]] = {}

    @functools.wraps(make)
    def found(record: object, *others: Any) -> T:
        key = (id(record), *others)
        held = known.get(key)
        if held is None:
            if len(known) >= MOST_KNOWN:
                known.clear()
            held = known[key] = record, make(record, *others)  # the record keeps its identity
        return held[1]

    return found


MOST_KNOWN = 1024


def replace(record: R, **changes: Any) -> R:
    """As `dataclasses.replace`, for records all of whose fields are arguments: in a sixth of the
    time.

    >>> from taylor_runtime.program.program import Coefficient
    >>> replace(Coefficient(3), lag=1)
    Coefficient(row=3, lag=1)
    """
    cls = record.__class__
    known = _fields.get(cls)
    if known is None:
        fields = dataclasses.fields(record)  # type: ignore[arg-type]
        assert all(field.init and not field.kw_only for field in fields) and len(fields) > 1
        read: Callable[[object], tuple[Any, ...]] = attrgetter(*[field.name for field in fields])
        known = _fields[cls] = read, {field.name: k for k, field in enumerate(fields)}
    values, places = list(known[0](record)), known[1]
    for name, value in changes.items():
        values[places[name]] = value
    return cls(*values)


_fields: dict[type, tuple[Callable[[object], tuple[Any, ...]], dict[str, int]]] = {}


class _Unmade:
    """An `__init__` that is made, and put in its own place, when it is first asked for."""

    __slots__ = ("_cls", "_frozen")

    def __init__(self, cls: type, frozen: bool) -> None:
        self._cls = cls
        self._frozen = frozen

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        made = _made_init(self._cls, self._frozen)
        self._cls.__init__ = made  # type: ignore[misc]
        return made.__get__(instance, owner)


class _Factory:
    """Stands in signatures for values that are made anew for each instance."""

    def __repr__(self) -> str:
        return "<factory>"


_FACTORY = _Factory()


def _made_init(cls: Any, frozen: bool) -> Any:
    """The function `__init__(self, ..)`; names that begin with `__` are no arguments."""
    known: dict[str, Any] = {"__set": object.__setattr__, "__factory": _FACTORY}
    positional, by_name, body = ["self"], ["*"], []
    fields = [field for field in dataclasses.fields(cls) if field.init]
    for number, field in enumerate(fields):
        name = argument = value = field.name
        if field.default is not dataclasses.MISSING:
            known[f"__default{number}"] = field.default
            argument = f"{name}=__default{number}"
        elif field.default_factory is not dataclasses.MISSING:
            known[f"__make{number}"] = field.default_factory
            argument = f"{name}=__factory"
            value = f"__make{number}() if {name} is __factory else {name}"
        (by_name if field.kw_only else positional).append(argument)
        slot = getattr(cls, name, None)
        if isinstance(slot, MemberDescriptorType):  # by itself it is faster than by its name
            known[f"__set{number}"] = slot.__set__
            body.append(f"__set{number}(self, {value})")
        else:
            body.append(f"__set(self, {name!r}, {value})" if frozen else f"self.{name} = {value}")
    if hasattr(cls, "__post_init__"):
        body.append("self.__post_init__()")
    lines = [
        f"def make({', '.join(known)}):",
        f"  def __init__({', '.join(positional + by_name[by_name == ['*'] :])}):",
        *(f"    {line}" for line in body or ["pass"]),
        "  return __init__",
    ]
    made: dict[str, Any] = {}
    # Compiled first: `exec` of a text has Python forget a KeyboardInterrupt that ends the process.
    code = compile("\n".join(lines), "<string>", "exec")
    exec(code, vars(sys.modules[cls.__module__]), made)
    init = made["make"](**known)
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    init.__annotations__ = {**{field.name: field.type for field in fields}, "return": None}
    return init


def _compare(cls: Any, frozen: bool) -> None:
    """Give a class `__eq__`, and `__hash__` if it is frozen, unless it has its own."""
    names = [field.name for field in dataclasses.fields(cls) if field.compare]
    key: Callable[[object], tuple[Any, ...]]
    if len(names) > 1:
        key = attrgetter(*names)
    else:

        def key(record: object) -> tuple[Any, ...]:
            return tuple([getattr(record, name) for name in names])

    def equal(self: object, other: object) -> bool:
        return key(self) == key(other) if other.__class__ is self.__class__ else NotImplemented

    def hashed(self: object) -> int:
        return hash(key(self))

    own = vars(cls)
    if own.get("__hash__") is None:
        cls.__hash__ = hashed if frozen else None
    if "__eq__" not in own:
        cls.__eq__ = equal


@recursive_repr()
def _repr(self: object) -> str:
    shown = (field.name for field in dataclasses.fields(self) if field.repr)  # type: ignore[arg-type]
    fields = ", ".join(f"{name}={getattr(self, name)!r}" for name in shown)
    return f"{type(self).__qualname__}({fields})"


def _no_assignment(self: object, name: str, value: object) -> NoReturn:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _no_deletion(self: object, name: str) -> NoReturn:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: object) -> list[Any]:
    return [getattr(self, field.name) for field in dataclasses.fields(self)]  # type: ignore[arg-type]


def _set_state(self: object, state: list[Any]) -> None:
    for field, value in zip(dataclasses.fields(self), state, strict=True):  # type: ignore[arg-type]
        object.__setattr__(self, field.name, value)
