"""Indices that are expressions: a[i] and a[i] = value for an i that is not known yet.

An index is rounded down; a negative one counts from the end; one beyond an end means the element
there (`nodes.operations.arrays.places`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from taylor.errors import TracingError, user_location
from taylor.nodes import arrays, logic
from taylor.nodes.conversion import Mutable, as_expression
from taylor.nodes.elementary import make_function_node
from taylor.nodes.node import CONDITIONS, Node, constant_node
from taylor.nodes.operations.arrays.places import pick, put
from taylor.nodes.products import multiply
from taylor.nodes.sums import add

Keys = tuple[Any, ...]


def is_traced(keys: Keys) -> bool:
    """Whether a place among the keys of an index is an expression that is no number."""
    return any(_is_place(k) for k in keys)


def _is_place(key: Any) -> bool:
    if isinstance(key, Mutable):
        key = key.now
    if isinstance(key, list):
        return any(map(_is_place, key))
    if isinstance(key, np.ndarray):
        return key.dtype == object and any(map(_is_place, key.flat))
    return isinstance(key, Node) and key.op not in CONDITIONS and not _is_known(key)


def _is_known(key: Node) -> bool:
    return key.op == "constant" and not key.shape and type(key.payload) is int


class _Index:
    """An index in two parts: what is known, and places along axes of what that gives.

    known: the keys with slices for places; axes: of `block`, which places are along; places.
    """

    def __init__(self, e: Any, keys: Keys) -> None:
        self.e = e
        consumed = sum(k is not None and k is not Ellipsis for k in keys)
        wide: list[Any] = []
        for k in keys:
            wide += [slice(None)] * (e.ndim - consumed) if k is Ellipsis else [k]
        self.known = tuple(slice(None) if self._is_advanced(k) else k for k in wide)
        self.block = arrays.index(e, self.known)
        self.axes: list[int] = []
        self.places: list[Any] = []
        axis = 0
        for k, plain in zip(wide, self.known, strict=True):
            if self._is_advanced(k):
                self.axes.append(axis)
                self.places.append(as_expression(k))
            axis += plain is None or isinstance(plain, slice)
        shapes = [place.shape for place in self.places]
        self.shape = np.broadcast_shapes(*shapes)
        neighbours = self.axes == list(range(self.axes[0], self.axes[0] + len(self.axes)))
        if self.shape and not neighbours:
            raise TracingError(
                f"a[...] at {user_location()}: arrays of places have to be next to one another in "
                "an index; write a.transpose(...)[i, j]"
            )

    def _is_advanced(self, key: Any) -> bool:
        return _is_place(key) or isinstance(key, list | np.ndarray)

    @property
    def rest(self) -> list[int]:
        """The other axes of the block."""
        return [axis for axis in range(self.block.ndim) if axis not in self.axes]

    def in_front(self) -> Any:
        """The block with the axes of places in front, as one."""
        turned = arrays.transpose(self.block, [*self.axes, *self.rest])
        sizes = [self.block.shape[axis] for axis in self.axes]
        return arrays.reshape(turned, (math.prod(sizes), *turned.shape[len(sizes) :]))

    def place(self) -> Any:
        """The places along that axis."""
        sizes = [self.block.shape[axis] for axis in self.axes]
        total = self.places[0]
        if len(sizes) > 1:
            total = constant_node(0)
            for place, size in zip(self.places, sizes, strict=True):
                total = add(multiply(total, constant_node(size)), _inside(place, size))
        return arrays.broadcast_to(total, self.shape)


def _inside(place: Any, size: int) -> Any:
    """The place as a whole number from 0 on and below size."""
    lifted = add(place, constant_node(size))
    x = logic.where(logic.compare("lt", place, constant_node(0)), lifted, place)
    last = constant_node(size - 1)
    x = logic.where(logic.compare("lt", x, last), x, last)
    x = logic.where(logic.compare("gt", x, constant_node(0)), x, constant_node(0))
    return make_function_node("floor", x)


def at_traced(e: Any, keys: Keys) -> Any:
    """e[keys] where places are expressions; several single ones, or arrays that broadcast."""
    index = _Index(e, keys)
    found = pick(index.in_front(), index.place())
    new = len(index.shape)
    if not new or index.axes[0] == 0:
        return found
    before = range(new, new + index.axes[0])
    return arrays.transpose(found, [*before, *range(new), *range(before.stop, found.ndim)])


def assigned_at_traced(
    e: Any,
    keys: Keys,
    value: Any,
    assign: Callable[[Any, Any, Any], Any],
    fitted: Callable[[Any, tuple[int, ...], Any], Any],
) -> Any:
    """The array `e` after e[keys] = value where places are expressions.

    assign: the same for keys that are known; fitted: a value broadcast to elements of an array.
    """
    index = _Index(e, keys)
    front = index.in_front()
    new, count = len(index.shape), len(index.rest)
    shape = (*index.shape, *front.shape[1:])
    if new and index.axes[0]:
        start = index.axes[0]
        order = [*range(new, new + start), *range(new), *range(new + start, new + count)]
        value = fitted(value, tuple(shape[axis] for axis in order), e)
        value = arrays.transpose(value, np.argsort(order).tolist())
    changed = put(front, index.place(), fitted(value, shape, e))
    sizes = [index.block.shape[axis] for axis in (*index.axes, *index.rest)]
    turned = np.argsort([*index.axes, *index.rest]).tolist()
    block = arrays.transpose(arrays.reshape(changed, sizes), turned)
    return assign(e, index.known, block)
