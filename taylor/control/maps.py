"""Loops whose turns do not see one another, as operations on whole arrays.

A turn that puts a value at its own place of an array, made of what no turn changes,

    for i in range(1, n - 1):
        new[i] = u[i] + c * (u[i - 1] - 2 * u[i] + u[i + 1])

is one element of new[1 : n - 1] = u[1 : n - 1] + c * (...): the same arithmetic, in vectors, and
derivatives without a loop.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from taylor.expressions.expression import Expression
from taylor.expressions.substitute import substitute_all
from taylor.nodes.arrays import broadcast_to, constant_array, index, join
from taylor.nodes.regions import REGIONS, parts, turns
from taylor.nodes.sums import exact_value, subtract
from taylor.nodes.traverse import reachable
from taylor.transforms.batching import Many

FEWEST = 4  # turns that are worth it
ROOM = 10**7  # elements of values that may be made at once


def loop_results(loop: Any) -> Sequence[Any]:
    """All results of a loop: as whole arrays where its turns do not see one another."""
    found = _Map.of(loop)
    return parts(loop) if found is None else found.results()


class _Put:
    """What every turn puts in an array: at which distance from its number, and what."""

    __slots__ = ("distance", "place", "value")

    def __init__(self, place: Expression, distance: int, value: Expression) -> None:
        self.place, self.distance, self.value = place, distance, value


class _Map:
    """A loop over whole numbers that are known, each of whose carries is kept or put into.

    puts: by number of the carry.
    table: what the inputs of the body are outside, without the index and what changes.
    """

    def __init__(self, loop: Any) -> None:
        region = loop.payload
        self.body, self.carries = region.body, region.carries
        first: Any = exact_value(loop.args[0])
        count: Any = turns(loop)
        self.first, self.count = int(first), int(count)
        inputs, known = self.body.inputs, region.constants
        self.index = inputs[known]
        self.inner = inputs[known + 1 :]
        self.init = loop.args[2 + known :]
        self.puts: dict[int, _Put] = {}
        self.table = dict(zip(inputs[:known], loop.args[2 : 2 + known], strict=True))

    @classmethod
    def of(cls, loop: Any) -> _Map | None:
        """The loop as a map; None where it is none."""
        if loop.op != "fori_loop" or len(loop.payload.graphs) != 1:
            return None
        count = turns(loop)
        if count is None or count < FEWEST or type(exact_value(loop.args[0])) is not int:
            return None
        found = cls(loop)
        return found if found._is_one() else None

    def _is_one(self) -> bool:
        for number, (own, new) in enumerate(zip(self.inner, self.body.outputs, strict=True)):
            if new is own:
                self.table[own] = self.init[number]
                continue
            if new.op != "put" or new.args[0] is not own or new.args[1].shape:
                return False
            _, place, value = new.args
            distance = self._distance(place)
            if distance is None or not self._is_within(distance, own.shape[0]):
                return False
            if self.count * value.size > ROOM or any(value is one for one in self.inner):
                return False
            self.puts[number] = _Put(place, distance, value)
        nodes = reachable([put.value for put in self.puts.values()])
        return bool(self.puts) and all(map(self._may_stand, nodes))

    def _may_stand(self, e: Any) -> bool:
        """Whether a node of a value reads nothing that other turns change."""
        if e.op in REGIONS:
            return False
        for number, put in self.puts.items():
            reads = any(arg is self.inner[number] for arg in e.args)
            # The element that is to be replaced may be read.
            if reads and (e.op != "pick" or e.args[1] is not put.place):
                return False
        return True

    def _distance(self, place: Expression) -> int | None:
        """How far a place is from the number of the turn."""
        found = None if place.shape else exact_value(subtract(place, self.index))
        return found if type(found) is int else None

    def _is_within(self, distance: int, size: int) -> bool:
        first = self.first + distance
        return first >= 0 and first + self.count <= size

    # -- outside ----------------------------------------------------------------------------------

    def results(self) -> list[Any]:
        """The carries after the last turn."""
        values = [put.value for put in self.puts.values()]
        numbers = constant_array(np.arange(self.first, self.first + self.count))
        table: dict[Any, Any] = {**self.table, self.index: numbers}
        table |= dict(self._slices(values))
        made = iter(Many(self.count).inside(values, table, None))
        found = list(self.init)
        for number, put in self.puts.items():
            array, value = self.init[number], next(made)
            value = broadcast_to(_first_axis(value, put.value), (self.count, *put.value.shape))
            begin = self.first + put.distance
            found[number] = join([array[:begin], value, array[begin + self.count :]], 0)
        return found

    def _slices(self, values: Sequence[Expression]) -> Iterator[tuple[Expression, Expression]]:
        """Elements that are read at a distance from the index, as slices of the arrays."""
        for e in reachable(values):
            if e.op != "pick":
                continue
            distance = self._distance(e.args[1])
            if distance is None:
                continue
            array = self._outside(e.args[0])
            if array is not None and self._is_within(distance, array.shape[0]):
                begin = self.first + distance
                yield e, index(array, slice(begin, begin + self.count))

    def _outside(self, array: Expression) -> Expression | None:
        """An array that is the same in all turns; one that turns put into is that of before."""
        before: Mapping[Any, Any] = dict(zip(self.inner, self.init, strict=True))
        if array in before:
            found: Expression = before[array]
            return found
        changing = {self.index, *(self.inner[number] for number in self.puts)}
        if not changing.isdisjoint(reachable([array])):
            return None
        outside: Expression = substitute_all([array], self.table)[0]
        return outside


def _first_axis(value: Any, one: Any) -> Any:
    """A value that is the same in all turns with an axis for them."""
    return value if value.ndim > one.ndim else value.reshape(1, *one.shape)
