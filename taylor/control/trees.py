"""Trees of values: tuples, lists, dictionaries, dataclasses and None, with numbers as leaves.

What goes from turn to turn of a loop, and what branches return, may be any of them, as in JAX
(there: pytrees).
"""

from __future__ import annotations

import dataclasses
from collections import OrderedDict
from collections.abc import Hashable, Iterator, Sequence
from typing import Any

import numpy as np

from taylor.errors import ArgumentTypeError
from taylor.expressions.expression import Expression
from taylor.nodes.conversion import Mutable
from taylor.nodes.logic import is_condition
from taylor.numbers.exact import exact

CONDITION, NUMBER = "condition", "number"
DICTIONARIES = (dict, OrderedDict)


class Tree:
    """The structure of a value without its leaves.

    kind:     the type of a container; None for a leaf.
    names:    keys of a dictionary, sorted, or the fields of a dataclass.
    children: of a container.
    order:    None where the keys of all dictionaries inside come sorted, else what tells their
              orders apart.  Structures are equal whatever it is, but a function that goes through
              a dictionary may compute something else.
    """

    __slots__ = ("children", "kind", "names", "order")

    def __init__(
        self,
        kind: type | None,
        names: Sequence[Any] = (),
        children: Sequence[Tree] = (),
        written: Sequence[Any] | None = None,
    ) -> None:
        self.kind, self.names, self.children = kind, tuple(names), tuple(children)
        own = None if written is None or tuple(written) == self.names else tuple(written)
        inside = tuple(child.order for child in self.children)
        same = own is None and not any(inside)
        self.order: tuple[tuple[Any, ...] | None, Hashable] | None = None if same else (own, inside)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Tree):
            return NotImplemented
        mine, theirs = (self.kind, self.names), (other.kind, other.names)
        return mine == theirs and self.children == other.children

    def __hash__(self) -> int:
        return hash((self.kind, self.names, self.children))

    @property
    def written(self) -> tuple[Any, ...]:
        """The keys of a dictionary, as they came."""
        return self.names if self.order is None or self.order[0] is None else self.order[0]

    def build(self, leaves: Sequence[Any]) -> Any:
        """The value that has these leaves."""
        return self._build(iter(leaves))

    def _build(self, leaves: Iterator[Any]) -> Any:
        if self.kind is None:
            return next(leaves)
        parts = [child._build(leaves) for child in self.children]
        if self.kind is type(None):
            return None
        if self.kind in (tuple, list):
            return self.kind(parts)
        if self.kind in DICTIONARIES:
            found = dict(zip(self.names, parts, strict=True))
            return self.kind((name, found[name]) for name in self.written)
        if issubclass(self.kind, tuple):
            return self.kind(*parts)
        made = object.__new__(self.kind)  # as it was: nothing is checked or converted again
        for name, part in zip(self.names, parts, strict=True):
            object.__setattr__(made, name, part)
        return made

    def paths(self, name: str) -> list[str]:
        """How one would write each leaf of a value of this name."""
        if self.kind is None:
            return [name]
        if self.kind in (tuple, list):
            own = [f"{name}[{i}]" for i in range(len(self.children))]
        elif self.kind in DICTIONARIES:
            own = [f"{name}[{key!r}]" for key in self.names]
        else:
            own = [f"{name}.{attribute}" for attribute in self.names]
        pairs = zip(own, self.children, strict=True)
        return [path for one, child in pairs for path in child.paths(one)]

    def text(self, leaves: Sequence[str]) -> str:
        """The structure as one would write it, each leaf by a word."""
        return self._text(iter(leaves))

    def _text(self, leaves: Iterator[str]) -> str:
        if self.kind is None:
            return next(leaves)
        parts = [child._text(leaves) for child in self.children]
        if self.kind is type(None):
            return "None"
        if self.kind is list:
            return f"[{', '.join(parts)}]"
        if self.kind is tuple:
            return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"
        named = list(zip(self.names, parts, strict=True))
        if self.kind in DICTIONARIES:
            return "{" + ", ".join(f"{name!r}: {part}" for name, part in named) + "}"
        return f"{self.kind.__name__}({', '.join(f'{name}={part}' for name, part in named)})"


LEAF, NONE = Tree(None), Tree(type(None))


def flatten(what: str, value: Any, opaque: bool = False) -> tuple[list[Any], Tree]:
    """The leaves of a value, in the order of its structure, and the structure.

    what: the function and the value in it, for errors.
    opaque: take whatever else there is for leaves as well.

    Raises ArgumentTypeError for what is neither a number nor a container of numbers.

    >>> leaves, tree = flatten("f", {"b": (1, 2.0), "a": None})
    >>> leaves, tree.build([3, 4])
    ([1, 2.0], {'b': (3, 4), 'a': None})
    """
    leaves: list[Any] = []
    return leaves, _flatten(what, value, leaves, opaque)


def _flatten(what: str, value: Any, leaves: list[Any], opaque: bool) -> Tree:
    if value is None:
        return NONE
    kind = type(value)
    if kind not in (tuple, list, *DICTIONARIES) and is_leaf(value):
        leaves.append(value.now if isinstance(value, Mutable) else value)
        return LEAF
    if kind in (tuple, list):
        named = [(f"{what}[{i}]", item) for i, item in enumerate(value)]
        return Tree(kind, (), _children(named, leaves, opaque))
    if kind in DICTIONARIES:
        keys = _sorted_keys(what, value)
        named = [(f"{what}[{key!r}]", value[key]) for key in keys]
        return Tree(kind, keys, _children(named, leaves, opaque), written=tuple(value))
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        names: tuple[str, ...] = value._fields
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = tuple(field.name for field in dataclasses.fields(value))
    elif opaque:
        leaves.append(value)
        return LEAF
    else:
        raise ArgumentTypeError(
            f"{what} is {value!r} of type {kind.__name__}; use numbers, arrays, expressions, and "
            "tuples, lists, dictionaries, dataclasses or None with these inside"
        )
    named = [(f"{what}.{name}", getattr(value, name)) for name in names]
    return Tree(kind, names, _children(named, leaves, opaque))


def _children(
    named: Sequence[tuple[str, Any]], leaves: list[Any], opaque: bool
) -> tuple[Tree, ...]:
    return tuple(_flatten(name, item, leaves, opaque) for name, item in named)


def _sorted_keys(what: str, value: dict[Any, Any]) -> list[Any]:
    try:
        return sorted(value)
    except TypeError:
        raise ArgumentTypeError(
            f"{what}: the keys {list(value)!r} of the dictionary cannot be sorted; use keys of one "
            "type, such as strings"
        ) from None


def is_leaf(value: Any) -> bool:
    """Whether a value is a number, an array of numbers, or an expression."""
    if isinstance(value, Expression | bool | int | float):
        return True
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "biufcO"
    return (
        isinstance(value, complex | np.number | np.bool_)
        or hasattr(value, "_mpf_")
        or hasattr(value, "_mpc_")
        or exact(value) is not None
        or hasattr(value, "__taylor_function__")
    )


def kind_of(value: Any) -> tuple[str, tuple[int, ...]]:
    """Whether a leaf is a condition or a number, and its shape."""
    if isinstance(value, Expression):
        return CONDITION if is_condition(value) else NUMBER, value.shape
    if isinstance(value, np.ndarray):
        if value.dtype == object and value.size:
            conditions = all(kind_of(item)[0] == CONDITION for item in value.flat)
        else:
            conditions = value.dtype == bool
        return CONDITION if conditions else NUMBER, value.shape
    return CONDITION if isinstance(value, bool | np.bool_) else NUMBER, ()


def described(leaves: Sequence[Any], tree: Tree) -> str:
    """A value as errors show it: its structure with the kinds of its leaves."""
    words = []
    for leaf in leaves:
        kind, shape = kind_of(leaf)
        words.append(f"{kind}{list(shape)}" if shape else kind)
    return tree.text(words)
