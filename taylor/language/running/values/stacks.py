"""Lists whose length or places traced values decide: arrays of fixed capacity, and a length."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from taylor.expressions.arrays.assignment import ArrayUnderConstruction
from taylor.expressions.expression import Expression
from taylor.language.running.faults import fault_where
from taylor.language.running.journal import running
from taylor.language.running.places import place as here
from taylor.language.running.places import refuse
from taylor.language.source.refusals import Span, refusal
from taylor.nodes import arrays
from taylor.nodes.conversion import as_expression, stack
from taylor.nodes.logic import where
from taylor.nodes.node import constant_node


class Fixed:
    """What is in such a list; it never changes, but gives others.

    element:  how an element is put together (`values.Structure`); None where there was none yet.
    buffers:  for each leaf of an element an array with one axis more, the first.
    length:   how many elements there are.
    capacity: how many there may be.
    """

    __slots__ = ("buffers", "capacity", "element", "length")

    def __init__(self, element: Any, buffers: tuple[Any, ...], length: Any, capacity: int) -> None:
        self.element, self.buffers, self.capacity = element, buffers, capacity
        known = isinstance(length, Expression) and length.op == "constant"
        self.length = int(length) if known else length

    def with_capacity(self, capacity: int) -> Fixed:
        """With room for more elements."""
        more = capacity - self.capacity
        if more <= 0:
            return self
        empty = [constant_node(0, (more, *b.shape[1:])) for b in self.buffers]
        wide = [arrays.join([b, e], 0) for b, e in zip(self.buffers, empty, strict=True)]
        return Fixed(self.element, tuple(wide), self.length, capacity)

    def appended(self, item: Any) -> Fixed:
        """With an element more."""
        element, leaves = _taken(self.element, item)
        error = OverflowError(
            f"a list has more than {self.capacity} elements; give taylor.program a larger capacity="
        )
        fault_where(as_expression(self.length) >= self.capacity, error)
        buffers = self.buffers or tuple(
            constant_node(0, (self.capacity, *leaf.shape)) for leaf in leaves
        )
        new = tuple(_put(b, self.length, e) for b, e in zip(buffers, leaves, strict=True))
        return Fixed(element, new, self.length + 1, self.capacity)

    def popped(self) -> tuple[Any, Fixed]:
        """The last element, and what is left."""
        length = as_expression(self.length)
        fault_where(length <= 0, IndexError("pop from empty list"))
        last = where(length > 0, length - 1, as_expression(0))
        return self.at(last), Fixed(self.element, self.buffers, last, self.capacity)

    def emptied(self) -> Fixed:
        """Without elements."""
        return Fixed(self.element, self.buffers, 0, self.capacity)

    def item(self, key: Any) -> Any:
        """An element by its place, from the end where it is negative."""
        return self.at(self._place(key))

    def with_item(self, key: Any, item: Any) -> Fixed:
        """With another element in a place."""
        _, leaves = _taken(self.element, item)
        place = self._place(key)
        new = tuple(_put(b, place, e) for b, e in zip(self.buffers, leaves, strict=True))
        return Fixed(self.element, new, self.length, self.capacity)

    def at(self, place: Any) -> Any:
        """The element in a place that is there."""
        if self.element is None:
            raise IndexError("pop from empty list")
        leaves = [b[as_expression(place)] for b in self.buffers]
        return self.element.build(iter(leaves))

    def _place(self, key: Any) -> Any:
        if isinstance(key, slice):
            refuse(
                "a slice of a list whose length a traced value decides",
                "Its length would be traced. Instead: go through the elements with a loop.",
            )
        key, length = as_expression(key), as_expression(self.length)
        place = where(key < 0, key + length, key)
        fault_where((place < 0) | (place >= length), IndexError("list index out of range"))
        return place


def _taken(element: Any, item: Any) -> tuple[Any, list[Any]]:
    """How an element is put together, and its leaves; as the others are."""
    flat = running().take_apart(item)
    if element is not None and element != flat.structure:
        refuse(
            "elements of one list are put together in different ways",
            "A list whose length or places a traced value decides is an array. Instead: use "
            "numbers, arrays or tuples of the same shapes.",
        )
    return flat.structure, [as_expression(leaf) for leaf in flat.leaves]


def _put(buffer: Any, place: Any, value: Any) -> Expression:
    """An array with another element."""
    array = ArrayUnderConstruction(buffer)
    array[as_expression(place)] = value
    return array.now  # type: ignore[no-any-return]


def fixed_of(items: Sequence[Any], grown: Span | None = None, grows: bool = True) -> Fixed:
    """The elements of a list in arrays.

    grown: where it has got longer, for errors.
    grows: whether it may get longer; else its own length is enough.

    Raises ProgramError where nobody has said how many elements there may be.
    """
    capacity = running().capacity
    if grows and capacity is None:
        raise refusal(
            grown or here(),
            "this list gets longer or shorter as a traced value decides",
            "It becomes an array of fixed capacity. Instead: say how many elements there may be at "
            "most, as in ty.program(f, capacity=64).",
        )
    capacity = max(len(items), capacity or 0)
    element: Any = None
    rows: list[list[Any]] = []
    for item in items:
        element, leaves = _taken(element, item)
        rows.append(leaves)
    found = Fixed(element, tuple(map(stack, zip(*rows, strict=True))), len(items), len(items))
    return found.with_capacity(capacity) if rows else Fixed(None, (), 0, capacity)
