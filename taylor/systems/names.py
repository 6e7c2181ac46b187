"""Where variables and parameters, scalars and arrays, have their numbers in a vector."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from taylor.errors import ArgumentError
from taylor.expressions.expression import Expression
from taylor.expressions.scalars import scalars
from taylor.expressions.types import Key as Key
from taylor.systems.elements import Elements

UNUSED = -1  # the place of an element of an array that does not occur


def names_of(expressions: Iterable[Expression]) -> list[str]:
    """The text of scalar leaves and of elements of array leaves, of which there may be many."""
    arrays: dict[Expression, str] = {}
    found: list[str] = []
    for e in expressions:
        if not e.args or not all(type(place) is int for place in e.payload):
            found.append(str(e))
            continue
        leaf = e.args[0]
        if leaf not in arrays:
            arrays[leaf] = str(leaf)
        found.append(f"{arrays[leaf]}[{', '.join(map(str, e.payload))}]")
    return found


class Names:
    """Places of `expressions`, scalar leaves and elements of array leaves, in their order.

    partial: of an array some elements may be missing.

    >>> import taylor as ty
    >>> a = ty.variable("a", shape=(2,))
    >>> names = Names([a[0], a[1], ty.variable("x")], "state")
    >>> names["x"], names[a], names["a"]
    (array(2), array([0, 1]), array([0, 1]))
    """

    def __init__(self, expressions: Sequence[Expression], what: str, partial: bool = False) -> None:
        self.what = what
        self.partial = partial
        self._expressions = expressions
        self._places: dict[str, int] | None = None
        if isinstance(expressions, Elements):
            leaves = dict.fromkeys(leaf for leaf in expressions.first if leaf.shape)
        else:
            leaves = dict.fromkeys(e.args[0] for e in expressions if e.op == "index")
        self.arrays = {str(leaf): leaf for leaf in leaves}

    @property
    def places(self) -> dict[str, int]:
        """By name, of scalar leaves and of elements of array leaves."""
        if self._places is None:
            self._places = {name: place for place, name in enumerate(names_of(self._expressions))}
        return self._places

    def __len__(self) -> int:
        return len(self._expressions)

    def __getitem__(self, key: Key) -> np.ndarray:
        """Places, in the shape of the key; `UNUSED` where only others of its array occur.

        Raises ArgumentError for a key that does not occur, or only in part where that is wrong.
        """
        name = str(key)
        if isinstance(self._expressions, Elements):
            known = self._expressions.leaf(name)
            if known is not None:
                return known
        if name in self.places:
            return np.array(self.places[name])
        whole = self.arrays.get(name, key)
        if isinstance(whole, Expression) and whole.shape:
            elements = scalars(whole)
            listed = [self.places.get(name, UNUSED) for name in names_of(elements.ravel())]
            leaves = {e.args[0] if e.op == "index" else None for e in elements.ravel()}
            own = None not in leaves and all(str(leaf) in self.arrays for leaf in leaves)
            among = any if self.partial else all
            if own and among(place != UNUSED for place in listed):
                return np.array(listed, dtype=np.intp).reshape(elements.shape)
        there = ", ".join(self.listed) or "none"
        raise ArgumentError(f"the system has no {self.what} {name!r}; it has: {there}")

    def __contains__(self, key: Key) -> bool:
        """Whether the key has places."""
        try:
            self[key]
        except ArgumentError:
            return False
        return True

    @property
    def listed(self) -> list[str]:
        """The names that may be asked for, arrays as a whole."""
        return [*self.arrays, *(n for n in self.places if "[" not in n)]

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the one array of which these are all elements, else (n,)."""
        if isinstance(self._expressions, Elements):
            (leaf, *others) = self._expressions.first
            return (len(self),) if others or not leaf.shape else leaf.shape
        if len(self.arrays) == 1:
            (leaf,) = self.arrays.values()
            if [*self.places] == names_of(scalars(leaf).ravel()):
                return leaf.shape
        return (len(self.places),)

    def spread(self, key: Key, value: Any, axes: int = 0) -> list[tuple[int, Any]]:
        """(place, number) of every element of a value of the key's shape that occurs.

        axes: of a number, behind those of the key; further axes of the value come first.
        """
        places = self[key]
        if not places.shape:
            return [(int(places), value)]
        array = np.asarray(value)
        own = array.ndim - places.ndim
        own -= axes if own and array.dtype.kind == "f" else 0  # else plain numbers
        if own < 0 or array.shape[own : own + places.ndim] != places.shape:
            raise ArgumentError(
                f"the value of {self.what} {key} must have shape {places.shape}, got {array.shape}"
            )
        ahead = (slice(None),) * own
        found = [(int(p), array[(*ahead, *index)]) for index, p in np.ndenumerate(places)]
        return [(place, number) for place, number in found if place != UNUSED]

    def vector(self, values: Mapping[Any, Any], axes: int = 0) -> list[Any]:
        """The numbers of all places, from values by variable or name.

        Raises ArgumentError where one is missing or given twice.
        """
        found: dict[int, Any] = {}
        for key, value in values.items():
            for place, number in self.spread(key, value, axes):
                if place in found:
                    raise ArgumentError(f"the value of {self.what} {key} is given twice")
                found[place] = number
        if len(found) < len(self):
            name = next(name for name, place in self.places.items() if place not in found)
            raise ArgumentError(f"no value for {self.what} {name!r}")
        return [found[place] for place in range(len(self))]
