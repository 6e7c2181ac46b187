"""Values of a known structure taken apart, and put together, with as little work as possible."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from taylor.control.trees import DICTIONARIES, Tree
from taylor.expressions.expression import Expression

REAL, WHOLE = "real", "whole"  # leaves that are numbers, by their type
LARGE = "large"  # whole numbers of which one is not below EXACT
EXACT = 1 << 53


class Static:
    """A value that stays what it is: no number."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


def told(value: Any) -> Any:
    """What tells a static value from others that are equal to it.

    >>> told(0.0) == told(-0.0), told((1,)) == told((1.0,)), told("a") == told("a")
    (False, False, True)
    """
    if isinstance(value, tuple):
        return type(value), tuple(map(told, value))
    return type(value), repr(value) if isinstance(value, float) else value


Sort = str | Static
Leaves = list[Any]
Read = Callable[[Any, Leaves], bool]  # whether the value has the structure; appends its leaves
Build = Callable[[Sequence[Any]], Any]


def reader(tree: Tree, sorts: Sequence[Sort]) -> Read:
    """What gives the leaves of values of a structure, in order, and is false for all others.

    sorts: what each leaf is; static ones are compared, and not given.

    >>> from taylor.control.trees import flatten
    >>> _, tree = flatten("f", [1.0, {"a": 2.0}])
    >>> read, found = reader(tree, [REAL, REAL]), []
    >>> read([3.0, {"a": 4.0}], found), found
    (True, [3.0, 4.0])
    >>> read([3.0, 4.0], found)
    False
    """
    return _reader(tree, iter(sorts))


def _reader(tree: Tree, sorts: Iterator[Sort]) -> Read:
    if tree.kind is None:
        sort = next(sorts)
        return partial(_static, sort) if isinstance(sort, Static) else _LEAVES[sort]
    children = [_reader(child, sorts) for child in tree.children]
    kind: Any = tree.kind
    count = len(children)
    if kind in (tuple, list) and all(child is _real for child in children):

        def read_real(value: Any, leaves: Leaves) -> bool:
            if type(value) is not kind or len(value) != count or int in map(type, value):
                return False
            leaves += value
            return True

        return read_real
    if kind in (tuple, list):

        def read(value: Any, leaves: Leaves) -> bool:
            if type(value) is not kind or len(value) != count:
                return False
            return all(child(item, leaves) for child, item in zip(children, value, strict=True))

        return read
    named, keys = list(zip(tree.names, children, strict=True)), list(tree.written)
    if kind in DICTIONARIES:

        def read_items(value: Any, leaves: Leaves) -> bool:
            if type(value) is not kind or [*value] != keys:
                return False
            return all(child(value[name], leaves) for name, child in named)

        return read_items

    def read_named(value: Any, leaves: Leaves) -> bool:
        if type(value) is not kind:
            return False
        try:
            return all(child(getattr(value, name), leaves) for name, child in named)
        except AttributeError:
            return False

    return read_named


def _real(value: Any, leaves: Leaves) -> bool:
    leaves.append(value)
    return type(value) is not int


def _whole(value: Any, leaves: Leaves) -> bool:
    if not is_whole(value) or has_large(value):
        return False
    leaves.append(value.astype(np.float64) if isinstance(value, np.ndarray) else float(value))
    return True


_LEAVES: dict[str, Read] = {REAL: _real, WHOLE: _whole}


def _static(known: Static, value: Any, leaves: Leaves) -> bool:
    if isinstance(value, Static):
        value = value.value
    return bool(told(value) == told(known.value))


def is_whole(leaf: Any) -> bool:
    """Whether a leaf is made of whole numbers, by its type."""
    if isinstance(leaf, np.ndarray | np.generic):
        return leaf.dtype.kind in "iu"
    if isinstance(leaf, Expression):
        return getattr(leaf.payload, "whole", False)
    return isinstance(leaf, int) and not isinstance(leaf, bool)


def has_large(value: Any) -> bool:
    """Whether there are whole numbers that a double may not hold."""
    if isinstance(value, np.ndarray | np.generic):
        return bool(value.size) and bool(value.max() >= EXACT or value.min() <= -EXACT)
    return isinstance(value, int) and abs(value) >= EXACT


def builder(tree: Tree) -> Build:
    """What puts leaves together.

    >>> from taylor.control.trees import flatten
    >>> _, tree = flatten("f", [1.0, {"a": 2.0}])
    >>> builder(tree)([3.0, 4.0])
    [3.0, {'a': 4.0}]
    """
    return _builder(tree, 0)[0]


def _builder(tree: Tree, first: int) -> tuple[Build, int]:
    """The same from a place among the leaves on, and the place after it."""
    if tree.kind is None:
        return (lambda leaves: leaves[first]), first + 1
    begin, flat = first, all(child.kind is None for child in tree.children)
    children = []
    for child in tree.children:
        build, first = _builder(child, first)
        children.append(build)
    end, kind = first, tree.kind
    if flat and kind in (tuple, list):
        return (lambda leaves: kind(leaves[begin:end])), end
    if kind in (tuple, list):
        return (lambda leaves: kind([build(leaves) for build in children])), end
    if kind is dict:
        made = dict(zip(tree.names, children, strict=True))
        named = [(name, made[name]) for name in tree.written]
        return (lambda leaves: {name: build(leaves) for name, build in named}), end
    return (lambda leaves: tree.build(leaves[begin:end])), end
