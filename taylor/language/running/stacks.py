"""Lists whose length a traced value decides: arrays of fixed capacity with a number that counts."""

from __future__ import annotations

from typing import Any

from taylor.expressions.arrays.assignment import ArrayUnderConstruction
from taylor.expressions.expression import Expression
from taylor.language.running.faults import fault_where
from taylor.language.running.journal import running
from taylor.language.running.places import refuse
from taylor.nodes.conversion import as_expression
from taylor.nodes.logic import where
from taylor.nodes.node import constant_node


class Fixed:
    """What is in such a list; it never changes, but gives others.

    element: how an element is put together (`values.Structure`); None where there was none yet.
    buffers: for each leaf of an element an array with one axis more, the first.
    length:  how many elements there are.
    """

    __slots__ = ("buffers", "element", "length")

    def __init__(self, element: Any, buffers: tuple[Any, ...], length: Any) -> None:
        self.element, self.buffers, self.length = element, buffers, length

    @property
    def capacity(self) -> int:
        """How many elements there may be."""
        return running().capacity

    def _leaves(self, item: Any) -> tuple[Any, list[Any]]:
        flat = running().take_apart(item)
        if self.element is not None and self.element != flat.structure:
            refuse(
                "elements of one list are put together in different ways",
                "A list whose length a traced value decides is an array of fixed capacity. "
                "Instead: add numbers, arrays or tuples of the same shapes.",
            )
        return flat.structure, [as_expression(leaf) for leaf in flat.leaves]

    def appended(self, item: Any) -> Fixed:
        """With an element more."""
        element, leaves = self._leaves(item)
        full = as_expression(self.length) >= self.capacity
        fault_where(
            full,
            OverflowError(
                f"a list of a program has more than {self.capacity} elements; give a capacity, as "
                f"in taylor.program(f, capacity={4 * self.capacity})"
            ),
        )
        buffers = self.buffers or tuple(
            constant_node(0, (self.capacity, *leaf.shape)) for leaf in leaves
        )
        new = tuple(_put(b, self.length, e) for b, e in zip(buffers, leaves, strict=True))
        return Fixed(element, new, as_expression(self.length) + 1)

    def popped(self) -> tuple[Any, Fixed]:
        """The last element, and what is left."""
        fault_where(as_expression(self.length) <= 0, IndexError("pop from empty list"))
        last = where(as_expression(self.length) > 0, as_expression(self.length) - 1, 0)
        return self._at(last), Fixed(self.element, self.buffers, last)

    def emptied(self) -> Fixed:
        """Without elements."""
        return Fixed(self.element, self.buffers, 0)

    def item(self, key: Any) -> Any:
        """An element by its place, from the end where it is negative."""
        return self._at(self._place(key))

    def with_item(self, key: Any, item: Any) -> Fixed:
        """With another element in a place."""
        _, leaves = self._leaves(item)
        place = self._place(key)
        new = tuple(_put(b, place, e) for b, e in zip(self.buffers, leaves, strict=True))
        return Fixed(self.element, new, self.length)

    def at(self, place: Any) -> Any:
        """The element in a place that is there."""
        return self._at(place)

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

    def _at(self, place: Any) -> Any:
        if self.element is None:
            raise IndexError("pop from empty list")
        leaves = [b[as_expression(place)] for b in self.buffers]
        return self.element.build(iter(leaves))


def _put(buffer: Any, place: Any, value: Any) -> Expression:
    """An array with another element."""
    array = ArrayUnderConstruction(buffer)
    array[as_expression(place)] = value
    return array.now  # type: ignore[no-any-return]
