"""Values of variables taken apart: numbers and arrays as leaves, and how they are put together."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from itertools import chain, repeat
from typing import Any

import numpy as np

from taylor.control.trees import CONDITION, is_leaf, kind_of
from taylor.expressions.arguments import has_expressions
from taylor.expressions.arrays.assignment import ArrayUnderConstruction
from taylor.expressions.expression import Expression
from taylor.language.running.cells import UNSET
from taylor.language.running.journal import running
from taylor.language.running.values.objects import Array, Items, List
from taylor.language.running.values.stacks import Fixed
from taylor.nodes.conversion import Mutable

LEAF, KNOWN = "leaf", "known"


class Structure:
    """How leaves are put together.

    kind:     LEAF; KNOWN for what is neither a number nor a container; else the container's type.
    names:    keys, fields; of what is known itself; of a leaf whether its array is of whole
              numbers and of truth values.
    children: of a container.
    """

    __slots__ = ("children", "kind", "names")

    def __init__(
        self, kind: Any, names: Sequence[Any] = (), children: Sequence[Structure] = ()
    ) -> None:
        self.kind, self.names, self.children = kind, tuple(names), tuple(children)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Structure) or self.kind is not other.kind:
            return False
        if self.kind is LEAF:
            return True
        if self.kind is List:
            return self.children == other.children
        return same_names(self.names, other.names) and self.children == other.children

    __hash__ = None  # type: ignore[assignment]

    @property
    def is_unset(self) -> bool:
        """Whether it is that of a variable without a value."""
        return self.kind is KNOWN and self.names[0] is UNSET

    def is_like(self, other: Structure) -> bool:
        """Whether the same leaves are in the same places."""
        if self.kind is KNOWN or other.kind is KNOWN:
            return self == other
        return (
            self.kind is other.kind
            and len(self.children) == len(other.children)
            and all(a.is_like(b) for a, b in zip(self.children, other.children, strict=True))
        )

    def count(self) -> int:
        """How many leaves there are."""
        return 1 if self.kind is LEAF else sum(child.count() for child in self.children)

    def build(self, leaves: Iterator[Any], frozen: str = "", kept: Sequence[Any] = ()) -> Any:
        """The value with these leaves: new objects, which the program may change.

        kept: as `Flat.places`, the objects that stay what they are.
        """
        return self._built(leaves, frozen, chain(kept, repeat(None)))

    def _built(self, leaves: Iterator[Any], frozen: str, kept: Iterator[Any]) -> Any:
        own = next(kept)
        if self.kind is LEAF:
            leaf = next(leaves)
            return _leaf(leaf, self.names, frozen) if own is None else own
        if self.kind is KNOWN:
            return self.names[0]
        parts = [child._built(leaves, frozen, kept) for child in self.children]
        if own is not None:
            return own
        if self.kind is List:
            return _adopted(List(parts), frozen)
        if self.kind is Fixed:
            made = List()
            element, capacity = self.names
            made.fixed = Fixed(element, tuple(map(_bare, parts[1:])), _bare(parts[0]), capacity)
            return _adopted(made, frozen)
        if self.kind in (tuple, list):
            return self.kind(parts)
        if self.kind is dict:
            return running().adopt(dict(zip(self.names, parts, strict=True)))
        if issubclass(self.kind, tuple):
            return self.kind(*parts)
        made_object = object.__new__(self.kind)
        for name, part in zip(self.names, parts, strict=True):
            object.__setattr__(made_object, name, part)
        return running().adopt(made_object)


def _bare(value: Any) -> Any:
    return value.now if isinstance(value, Mutable) else value


def _adopted(made: List, frozen: str) -> List:
    made.frozen = frozen
    return running().adopt(made)  # type: ignore[no-any-return]


def _leaf(leaf: Any, names: Sequence[Any], frozen: str) -> Any:
    if isinstance(leaf, Expression) and leaf.shape:
        made = Array(leaf, *names)
        made.frozen = frozen
        return running().adopt(made)
    return leaf


class Flat:
    """A value taken apart.

    objects: those that can be changed, in it.
    places:  for each node of the structure the object there, or None.
    """

    __slots__ = ("leaves", "objects", "places", "structure")

    def __init__(self, value: Any) -> None:
        self.leaves: list[Any] = []
        self.objects: list[Any] = []
        self.places: list[Any] = []
        self.structure = self._taken(value)

    def _note(self, value: Any) -> None:
        self.objects.append(value)
        self.places[-1] = value

    def _taken(self, value: Any) -> Structure:
        kind = type(value)
        self.places.append(None)
        if kind is List:
            self._note(value)
            value = value.content()
            kind = type(value)
        if kind is Items:
            found = self._items(value, List)
            found.names = (value.grown,)
            return found
        if kind in (tuple, list):
            return self._items(value, kind)
        if kind is dict:
            self._note(value)
            return Structure(dict, tuple(value), [self._taken(v) for v in value.values()])
        if kind is Fixed:
            return self._fixed(value)
        if value is None or kind is str:
            return Structure(KNOWN, (value,))
        if isinstance(value, Mutable):
            self._note(value)
            self.leaves.append(value.now)
            kinds = (value.whole, value.truth) if isinstance(value, Array) else ()
            return Structure(LEAF, kinds)
        if is_leaf(value):
            self.leaves.append(value)
            return Structure(LEAF)
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            return Structure(kind, value._fields, [self._taken(item) for item in value])
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            names = tuple(field.name for field in dataclasses.fields(value))
            return self._object(value, names)
        if running().is_own(value) and hasattr(value, "__dict__"):
            return self._object(value, tuple(value.__dict__))
        return Structure(KNOWN, (value,))

    def _object(self, value: Any, names: Sequence[str]) -> Structure:
        self._note(value)
        children = [self._taken(getattr(value, name, UNSET)) for name in names]
        return Structure(type(value), names, children)

    def _items(self, value: Any, kind: type) -> Structure:
        return Structure(kind, (), [self._taken(item) for item in value])

    def _fixed(self, value: Fixed) -> Structure:
        self.leaves += [value.length, *value.buffers]
        self.places += [None] * (1 + len(value.buffers))
        leaves = [Structure(LEAF) for _ in range(1 + len(value.buffers))]
        return Structure(Fixed, (value.element, value.capacity), leaves)

    @property
    def traced(self) -> bool:
        """Whether a traced value is in it."""
        return any(is_traced(leaf) for leaf in self.leaves)


def same_names(a: Sequence[Any], b: Sequence[Any]) -> bool:
    """Whether keys, or what is known, are the same."""
    return len(a) == len(b) and all(
        x is y or (type(x) is type(y) and _equal(x, y)) for x, y in zip(a, b, strict=True)
    )


def _equal(x: Any, y: Any) -> bool:
    try:
        return bool(x == y)
    except Exception:  # whatever it is, it is not known to be the same
        return False


def is_traced(leaf: Any) -> bool:
    """Whether a leaf is an expression that is no number."""
    if isinstance(leaf, ArrayUnderConstruction):
        leaf = leaf.now
    if isinstance(leaf, Expression):
        return leaf.op != "constant"
    return isinstance(leaf, np.ndarray) and has_expressions(leaf)


def kind(leaf: Any) -> tuple[str, tuple[int, ...]]:
    """Whether a leaf is a condition or a number, and its shape."""
    return kind_of(leaf)


def same(a: Any, b: Any) -> bool:
    """Whether two leaves are one and the same value."""
    if a is b:
        return True
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return False
    if isinstance(a, Expression) or isinstance(b, Expression):
        return False
    return type(a) is type(b) and bool(a == b or (a != a and b != b)) and str(a) == str(b)


def describe(leaves: Sequence[Any], structure: Structure) -> str:
    """A value in the words of messages."""
    return _words(iter(leaves), structure)


def _words(leaves: Iterator[Any], structure: Structure) -> str:
    if structure.kind is LEAF:
        word, shape = kind(next(leaves))
        word = "a truth value" if word == CONDITION else "a number"
        return f"an array of shape {shape}" if shape else word
    if structure.kind is KNOWN:
        value = structure.names[0]
        return "not set" if value is UNSET else repr(value)
    if structure.kind is Fixed:
        for _ in structure.children:
            next(leaves)
        return "a list whose length a traced value decides"
    parts = [_words(leaves, child) for child in structure.children]
    if structure.kind in (list, List):
        return f"a list of {len(parts)}: [{', '.join(parts)}]"
    if structure.kind is tuple:
        return f"a tuple ({', '.join(parts)})"
    return f"a {structure.kind.__name__} ({', '.join(parts)})"
