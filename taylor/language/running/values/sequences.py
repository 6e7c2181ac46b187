"""What `for` goes through: known elements, or a length and a rule for the element in a place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NoReturn

import numpy as np

from taylor.control.trees import is_leaf
from taylor.expressions.arrays.assignment import ArrayUnderConstruction
from taylor.expressions.expression import Expression
from taylor.language.running.digits import need_whole
from taylor.language.running.places import refuse
from taylor.language.running.values.kinds import is_traced
from taylor.language.running.values.objects import List
from taylor.nodes.conversion import as_expression
from taylor.nodes.elementary import floor_divide, make_function_node
from taylor.nodes.logic import condition, where


class Steps:
    """A sequence that is gone through by places.

    length: an int, or a traced whole number.
    at:     gives the element in a place, an int or a traced whole number.
    arrays: arrays of which the elements are slices, by place.
    """

    __slots__ = ("at", "length")

    def __init__(self, length: Any, at: Callable[[Any], Any]) -> None:
        self.length, self.at = length, at

    @property
    def is_known(self) -> bool:
        """Whether the number of turns is known."""
        return isinstance(self.length, int)


class Range:
    """``range`` with a traced end."""

    def __init__(self, *ends: Any) -> None:
        start, stop, step = (0, ends[0], 1) if len(ends) == 1 else (*ends, 1)[:3]
        if isinstance(step, Expression) and step.op != "constant":
            refuse(
                "the step of a range is traced",
                "Whether it counts up or down is not known. Instead: count by one, and multiply.",
            )
        for end in (start, stop):
            need_whole(end, "an end of this range")
        self.start, self.stop, self.step = start, stop, int(step)
        if self.step == 0:
            raise ValueError("range() arg 3 must not be zero")

    @property
    def length(self) -> Any:
        """How many numbers there are."""
        span = as_expression(self.stop) - as_expression(self.start)
        if self.step != 1:
            span = -floor_divide(as_expression(-span), as_expression(self.step))
        return where(span > 0, span, 0)

    def at(self, place: Any) -> Any:
        """The number in a place."""
        return self.start + place * self.step


class Both:
    """``zip``, ``enumerate``, ``reversed`` of what is traced."""

    def __init__(self, steps: Steps) -> None:
        self.steps = steps


def steps_of(iterable: Any) -> Steps:
    """How to go through an iterable.

    Raises TypeError as Python does for what is none.
    """
    if isinstance(iterable, Both):
        return iterable.steps
    if isinstance(iterable, Generated):
        return _of_generated(iterable)
    if isinstance(iterable, Steps):
        return iterable
    if isinstance(iterable, Range):
        return Steps(iterable.length, iterable.at)
    if isinstance(iterable, range):
        first, step = iterable.start, iterable.step
        return Steps(len(iterable), lambda k: first + k * step if _is_node(k) else iterable[k])
    if isinstance(iterable, List) and iterable.fixed is not None:
        fixed = iterable.fixed
        return Steps(fixed.length, fixed.at)
    if isinstance(iterable, ArrayUnderConstruction):
        return _of_array(iterable.now)
    if isinstance(iterable, Expression):
        return _of_array(iterable)
    if isinstance(iterable, np.ndarray) and iterable.ndim and is_leaf(iterable):
        return Steps(len(iterable), lambda k: element(iterable, k))
    items = list(iterable)
    return Steps(len(items), lambda k: element(items, k))


def _of_generated(given: Generated) -> Steps:
    if given.test is always:
        inner = steps_of(given.iterable)
        return Steps(inner.length, lambda k: given.element(inner.at(k)))
    items = listed(given)
    return Steps(len(items), lambda k: element(items, k))


def _of_array(e: Expression) -> Steps:
    return Steps(len(e), lambda k: e[k])


def _is_node(k: Any) -> bool:
    return isinstance(k, Expression)


class Generated:
    """``(element for target in iterable if test)``: elements that are asked for once."""

    def __init__(self, iterable: Any, element: Callable[[Any], Any], test: Any = None) -> None:
        self.iterable, self.element = iterable, element
        self.test: Callable[[Any], Any] = test or always
        self._listed: list[Any] | None = None

    def __iter__(self) -> Iterator[Any]:
        return iter(listed(self))

    @property
    def is_known(self) -> bool:
        """Whether it is known which elements there are."""
        return self.elements() is not None

    def elements(self) -> list[Any] | None:
        """The elements; None where a traced value decides which there are."""
        if self._listed is None:
            found = []
            if not is_traced_sequence(self.iterable):
                self.iterable = list(self.iterable)
            elif not steps_of(self.iterable).is_known:
                return None
            self.iterable = listed(self.iterable)
            for one in self.iterable:
                kept = self.test(one)
                if isinstance(kept, Expression) and kept.op != "constant":
                    return None
                if kept:
                    found.append(self.element(one))
            self._listed = found
        return self._listed


def always(_: Any) -> bool:
    """True of all elements."""
    return True


class NoElement(Exception):
    """Known elements that are no array cannot be chosen from by a traced place."""


def element(items: Any, place: Any) -> Any:
    """An element of a known sequence; by a traced place of numbers alone.

    Raises NoElement for a traced place in what is no array.
    """
    if not isinstance(place, Expression):
        return items[place]
    if isinstance(items, np.ndarray):
        return as_expression(items)[place]
    first = items[0] if items else None
    if isinstance(first, tuple | list) and not isinstance(first, List):
        if any(type(i) is not type(first) or len(i) != len(first) for i in items):
            raise NoElement
        columns = zip(*items, strict=True)
        return type(first)(element(list(column), place) for column in columns)
    if items and all(isinstance(i, bool) for i in items):
        return condition(as_expression([int(i) for i in items])[place])
    if not items or not all(is_leaf(i) and not isinstance(i, bool | complex) for i in items):
        raise NoElement
    try:
        return as_expression(_bare(items))[place]
    except (TypeError, ValueError):
        raise NoElement from None


def _bare(items: Sequence[Any]) -> list[Any]:
    return [i.now if isinstance(i, ArrayUnderConstruction) else i for i in items]


# --- Python's own -------------------------------------------------------------------------------


def is_traced_sequence(iterable: Any) -> bool:
    """Whether an iterable has traced elements that Python should not go through one by one."""
    if isinstance(iterable, Range | Both | Generated):
        return True
    if isinstance(iterable, List) and iterable.fixed is not None:
        return True
    return is_traced(iterable)


def range_of(*ends: Any) -> Any:
    """``range``."""
    ends = tuple(e.now if isinstance(e, ArrayUnderConstruction) else e for e in ends)
    if any(isinstance(e, Expression) and e.op != "constant" for e in ends):
        return Range(*ends)
    return range(*[int(e) if isinstance(e, Expression) else e for e in ends])


def zip_of(*iterables: Any, strict: bool = False) -> Any:
    """``zip``."""
    if not any(map(is_traced_sequence, iterables)):
        return zip(*iterables, strict=strict)
    found = [steps_of(one) for one in iterables]
    length = _least([one.length for one in found])
    return Both(Steps(length, lambda k: tuple(one.at(k) for one in found)))


def _least(lengths: Sequence[Any]) -> Any:
    if all(isinstance(n, int) for n in lengths):
        return min(lengths)
    least = as_expression(lengths[0])
    for n in lengths[1:]:
        least = where(as_expression(n) < least, as_expression(n), least)
    return least


def enumerate_of(iterable: Any, start: Any = 0) -> Any:
    """``enumerate``."""
    if not is_traced_sequence(iterable) and not isinstance(start, Expression):
        return enumerate(iterable, start)
    found = steps_of(iterable)
    return Both(Steps(found.length, lambda k: (start + k, found.at(k))))


def reversed_of(iterable: Any) -> Any:
    """``reversed``."""
    if not is_traced_sequence(iterable):
        return reversed(iterable)
    found = steps_of(iterable)
    return Both(Steps(found.length, lambda k: found.at(found.length - 1 - k)))


def listed(iterable: Any) -> list[Any]:
    """The elements, one by one, of a sequence of known length."""
    if isinstance(iterable, Generated):
        found = iterable.elements()
        if found is None:
            refuse_unknown_length()
        return found
    if not is_traced_sequence(iterable):
        return list(iterable)
    steps = steps_of(iterable)
    if not steps.is_known:
        refuse_unknown_length()
    return [steps.at(k) for k in range(steps.length)]


def refuse_unknown_length() -> NoReturn:
    """Refuse a list of which a traced value decides how long it is."""
    refuse(
        "a traced value decides how many elements there are",
        "A list has as many elements as are known while the program is traced. Instead: go through "
        "a range with a `for` statement, choose with numpy.where or [a if c else 0 for ...] what "
        "changes nothing, or name the argument that gives the length in static_argnums.",
    )


def ceiling(e: Any) -> Any:
    """A whole number that is not less."""
    return -make_function_node("floor", as_expression(-e))
