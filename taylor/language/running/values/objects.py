"""Arrays and lists that programs make: objects with an identity, which note their changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import CellType
from typing import Any

import numpy as np

from taylor.expressions.arrays.assignment import ArrayUnderConstruction
from taylor.expressions.arrays.placing import with_rows
from taylor.expressions.arrays.settled import is_known, known_places
from taylor.expressions.expression import Expression
from taylor.language.running.cells import references, value_in
from taylor.language.running.faults import raise_error
from taylor.language.running.journal import Changeable, changing, running
from taylor.language.running.places import place, refuse
from taylor.language.source.refusals import Span
from taylor.nodes.conversion import as_expression
from taylor.nodes.node import CONDITIONS


class Array(Changeable, ArrayUnderConstruction):
    """An array of a program.

    whole: whether NumPy's would be of integers, which cut off what is stored in them.
    truth: whether NumPy's would be of truth values.
    """

    __hash__ = object.__hash__

    def __init__(self, now: Any, whole: bool = False, truth: bool = False) -> None:
        super().__init__(now)
        self.whole, self.truth, self.frozen = whole, truth, ""

    @property
    def now(self) -> Any:
        """The expression that it stands for at this moment."""
        if self._rows:  # to put rows together is no change
            ArrayUnderConstruction._become(self, with_rows(self._now, self._rows))
        return self._now

    def _become(self, e: Any) -> None:
        changing(self)
        super()._become(e)

    def __setitem__(self, key: Any, value: Any) -> None:
        changing(self)
        super().__setitem__(key, self.fitting(value))

    def fitting(self, value: Any) -> Any:
        """A value as the array stores it."""
        if not self.whole or isinstance(value, int | np.integer):
            return value
        return np.trunc(value)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        # Conditions, not the numbers 0 and 1.
        seen = [known_places(x) if isinstance(x, Array) and x.truth else x for x in inputs]
        if options or method != "__call__" or any(isinstance(x, Array) for x in seen):
            return super().__array_ufunc__(ufunc, method, *seen, **options)
        return ufunc(*seen)

    def copy(self, order: str = "C") -> Array:
        """Another array with the same elements."""
        return running().adopt(Array(self.now, self.whole, self.truth))  # type: ignore[no-any-return]

    def content(self) -> Any:
        """The expression that it is."""
        return self.now

    def restore(self, content: Any) -> None:
        """Become an expression, without a note."""
        ArrayUnderConstruction._become(self, content)


def _held_twice() -> int:
    """`references` of what a variable is and one dictionary has, as the program has its own."""
    cell = CellType(object())
    own = {0: cell.cell_contents}
    return references(cell) if own else 0


_TWICE = _held_twice()


def is_alone(cell: CellType) -> bool:
    """Whether a variable is an array of the program's that nothing else is, nor has inside.

    Where Python counts more than it need the answer is no.
    """
    value = value_in(cell)
    if type(value) is not Array or value.frozen or not running().is_own(value):
        return False
    kept = running().kept(value)
    del value
    return references(cell) <= _TWICE + kept


class Items(list[Any]):
    """What is in a list, and where it has got longer."""

    def __init__(self, of: List) -> None:
        super().__init__(list.__iter__(of))
        self.grown = of.grown


class List(list[Any], Changeable):
    """A list of a program.

    fixed: None, or how it is kept where its length or places in it are traced: `stacks.Fixed`.
    grown: where it has got longer in a branch or a turn.
    """

    __hash__ = object.__hash__  # type: ignore[assignment]

    def __init__(self, items: Iterable[Any] = ()) -> None:
        super().__init__(items)
        self.fixed: Any = None
        self.grown: Span | None = None
        self.frozen = ""

    def content(self) -> Any:
        """The items."""
        return Items(self) if self.fixed is None else self.fixed

    def restore(self, content: Any) -> None:
        """Take other items, without a note."""
        self.fixed = None if isinstance(content, list) else content
        super().__setitem__(slice(None), content if isinstance(content, list) else [])

    def append(self, item: Any) -> None:
        """Add an item."""
        changing(self)
        if running().is_region and self.grown is None:
            self.grown = place()
        if self.fixed is not None:
            self.fixed = self.fixed.appended(item)
        else:
            super().append(item)

    def pop(self, index: Any = -1) -> Any:
        """Take an item away."""
        changing(self)
        if self.fixed is None:
            if not self:
                raise_error(IndexError("pop from empty list"))
            return super().pop(index)
        if index != -1:
            self._plain("pop(index)")
        item, self.fixed = self.fixed.popped()
        return item

    def clear(self) -> None:
        """Take all items away."""
        changing(self)
        if self.fixed is None:
            super().clear()
        else:
            self.fixed = self.fixed.emptied()

    def extend(self, items: Iterable[Any]) -> None:
        """Add several items."""
        for item in items:
            self.append(item)

    def insert(self, index: Any, item: Any) -> None:
        """Add an item before another."""
        changing(self)
        self._plain("insert")
        super().insert(index, item)

    def remove(self, item: Any) -> None:
        """Take the first such item away."""
        changing(self)
        self._plain("remove")
        super().remove(item)

    def reverse(self) -> None:
        """Turn the order around."""
        changing(self)
        self._plain("reverse")
        super().reverse()

    def __setitem__(self, key: Any, value: Any) -> None:
        changing(self)
        if self.fixed is not None:
            self.fixed = self.fixed.with_item(key, value)
        else:
            super().__setitem__(key, value)

    def __getitem__(self, key: Any) -> Any:
        return super().__getitem__(key) if self.fixed is None else self.fixed.item(key)

    def __iadd__(self, items: Iterable[Any]) -> List:  # type: ignore[override, misc]
        self.extend(items)
        return self

    def __iter__(self) -> Iterator[Any]:
        self._plain("going through it")
        return super().__iter__()

    def copy(self) -> List:
        """Another list with the same items."""
        made = List()
        made.restore(self.content())
        return running().adopt(made)  # type: ignore[no-any-return]

    def _plain(self, what: str) -> None:
        if self.fixed is not None:
            refuse(
                f"{what} of a list whose length a traced value decides",
                "Such lists have append, pop, len, [i], and `for` as a statement. Instead: use an "
                "array of known length and a number that counts.",
            )


def born(value: Any) -> Any:
    """A new value of the program: arrays and lists as objects that note changes."""
    kind = type(value)
    if kind is Expression:
        return running().adopt(Array(value)) if value.shape else value
    if kind is ArrayUnderConstruction:
        return running().adopt(Array(value.now))
    if kind is list:
        return running().adopt(List(value))
    if isinstance(value, np.ndarray) and value.dtype == object and value.ndim:
        return running().adopt(Array(as_expression(value)))
    if kind is set and any(isinstance(item, Expression) for item in value):
        refuse(
            "a set of traced values",
            "Which of them are equal is not known while the program is traced. Instead: use a "
            "tuple or a list, and compare.",
        )
    if kind in (dict, set) or kind is np.ndarray:
        running().adopt(value)
    return value


def own(value: Any) -> Any:
    """A new value whose elements will be changed: of known numbers, too, as an array."""
    known = isinstance(value, np.ndarray) and value.ndim and value.dtype.kind in "fiub"
    if known and running().is_own(value):
        kind = value.dtype.kind
        return running().adopt(Array(as_expression(value), kind in "iu", kind == "b"))
    return born(value)


def plain(value: Any) -> Any:
    """A value for functions that are not translated: lists as Python's, known arrays as NumPy's."""
    if isinstance(value, Array):
        now = value.now
        if now.op != "constant":
            return value
        kind = bool if value.truth else np.int64 if value.whole else np.float64
        return np.asarray(now.evaluate(), kind)[()]
    if isinstance(value, Expression) and value.op in CONDITIONS and is_known(value):
        return np.asarray(value.evaluate(), np.bool_)[()]
    if isinstance(value, List):
        return [plain(item) for item in value]
    if type(value) is tuple:
        return tuple(plain(item) for item in value)
    if type(value) is dict:
        return {key: plain(item) for key, item in value.items()}
    return value
