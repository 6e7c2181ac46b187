"""The elements of leaves, scalars or arrays, of which there may be many."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import overload

import numpy as np

from taylor.expressions.expression import Expression
from taylor.expressions.scalars import scalars


class Elements(Sequence[Expression]):
    """The elements of leaves, one leaf after the other, made when somebody asks for them.

    first: the place of the first element of each leaf.

    >>> from taylor.expressions.leaves import variable
    >>> found = Elements([variable("a", shape=(2,)), variable("x")])
    >>> len(found), found.leaf("a"), list(found)
    (3, array([0, 1]), [a[0], a[1], x])
    """

    def __init__(self, leaves: Iterable[Expression]) -> None:
        self.first: dict[Expression, int] = {}
        count = 0
        for leaf in dict.fromkeys(leaves):
            self.first[leaf] = count
            count += leaf.size
        self._names = {str(leaf): leaf for leaf in self.first}
        self._count = count
        self._made: tuple[Expression, ...] | None = None

    def leaf(self, name: str) -> np.ndarray | None:
        """The places of a leaf's elements, in its shape; None where there is no such leaf."""
        leaf = self._names.get(name)
        if leaf is None:
            return None
        first = self.first[leaf]
        return np.arange(first, first + leaf.size).reshape(leaf.shape)

    def _elements(self) -> tuple[Expression, ...]:
        if self._made is None:
            self._made = tuple(e for leaf in self.first for e in scalars(leaf).ravel())
        return self._made

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, place: int) -> Expression: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Expression, ...]: ...
    def __getitem__(self, place: int | slice) -> Expression | tuple[Expression, ...]:
        return self._elements()[place]

    def __iter__(self) -> Iterator[Expression]:
        return iter(self._elements())
