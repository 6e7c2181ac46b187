"""All that translated functions call."""

from __future__ import annotations

import builtins
import operator
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from taylor.control.trees import is_leaf
from taylor.expressions.arrays.assignment import ArrayUnderConstruction
from taylor.expressions.arrays.chosen import Chosen
from taylor.expressions.arrays.settled import known_places
from taylor.expressions.expression import Expression
from taylor.language.running.digits import floor_division as floor_division
from taylor.language.running.digits import modulo as modulo
from taylor.language.running.digits import need_whole
from taylor.language.running.faults import assert_ as assert_
from taylor.language.running.faults import raise_ as raise_
from taylor.language.running.flow.choices import all_of as all_of
from taylor.language.running.flow.choices import any_of as any_of
from taylor.language.running.flow.choices import chain as chain
from taylor.language.running.flow.choices import choose as choose
from taylor.language.running.flow.choices import contains as contains
from taylor.language.running.flow.choices import if_ as if_
from taylor.language.running.flow.choices import negation as negation
from taylor.language.running.flow.loops import for_ as for_
from taylor.language.running.flow.loops import while_ as while_
from taylor.language.running.journal import changing, running
from taylor.language.running.operations.builtins import known_text
from taylor.language.running.operations.calls import call as call
from taylor.language.running.places import place, refuse
from taylor.language.running.values.bits import BITS
from taylor.language.running.values.bits import bit_and as bit_and
from taylor.language.running.values.bits import bit_not as bit_not
from taylor.language.running.values.bits import bit_or as bit_or
from taylor.language.running.values.bits import bit_xor as bit_xor
from taylor.language.running.values.bits import shift_left as shift_left
from taylor.language.running.values.bits import shift_right as shift_right
from taylor.language.running.values.kinds import is_traced, kind
from taylor.language.running.values.objects import Array, List
from taylor.language.running.values.objects import born as born
from taylor.language.running.values.objects import own as own
from taylor.language.running.values.sequences import (
    Both,
    Generated,
    NoElement,
    Steps,
    element,
    listed,
    steps_of,
)
from taylor.language.running.values.stacks import fixed_of
from taylor.language.source.refusals import refusal
from taylor.nodes.conversion import as_expression
from taylor.nodes.logic import condition, where
from taylor.numbers.exact import to_float

slice = builtins.slice


def shared(seen: Callable[[], Any]) -> None:
    """Note variables that functions inside change."""
    now = running()
    for cell in seen.__closure__ or ():  # type: ignore[attr-defined]
        if not any(cell is one for one in now.shared):
            now.shared.append(cell)


# --- elements ------------------------------------------------------------------------------------


def item(owner: Any, key: Any) -> Any:
    """``owner[key]``."""
    key = _settled(key)
    if isinstance(key, slice) and _has_traced_end(key):
        return _window(owner, key)
    if isinstance(owner, ArrayUnderConstruction):
        _need_places(key)
        found = owner[key]
        if isinstance(found, Chosen):
            what = "a[condition]: which elements hold is not known while the program is traced"
            found.fault = refusal(place(), what, _CHOOSE)
        return _number(owner, found)
    if not _is_traced_key(key):
        if isinstance(owner, list | tuple) and isinstance(key, Expression):
            key = int(key)
        return owner[key]
    _need_places(key)
    if isinstance(owner, Expression):
        return owner[key]
    if isinstance(owner, np.ndarray):
        return as_expression(owner)[key]
    if isinstance(owner, List) and owner.fixed is not None:
        return owner[key]
    if isinstance(owner, list | tuple) and not isinstance(key, tuple):
        try:
            return element(owner, key)
        except NoElement:
            pass
    if isinstance(owner, dict):
        refuse(
            "a traced value is the key of a dictionary",
            "Which key it is is not known while the program is traced. Instead: compare with `if`, "
            "or use an array with a whole number as index.",
        )
    refuse(
        f"a traced value chooses from a {type(owner).__name__} whose elements are no numbers of "
        "one shape",
        "Instead: choose with `if`, or put numbers of one shape into an array.",
    )
    return None


_CHOOSE = (
    "Instead: choose with numpy.where what changes nothing in place of what is left out, or use a "
    "`for` statement; such elements can only be changed and assigned where they were."
)


def _settled(key: Any) -> Any:
    if isinstance(key, tuple):
        return tuple(map(_settled, key))
    if isinstance(key, ArrayUnderConstruction):
        key = known_places(key)
    if isinstance(key, Expression) and key.op == "constant" and not key.shape:
        return int(key)
    return key


def _has_traced_end(key: Any) -> bool:
    return any(is_traced(end) for end in (key.start, key.stop, key.step))


def _window(owner: Any, key: Any) -> Both:
    """A slice with traced ends: of no known length, but it can be gone through."""
    if key.step not in (None, 1):
        refuse(
            "a traced value is an end of a slice with a step",
            "Instead: go through the elements with a loop over a range.",
        )
    whole = steps_of(owner)
    count = as_expression(whole.length)

    def end(given: Any, default: Any) -> Any:
        if given is None:
            return default
        e = as_expression(given)
        need_whole(e, "an end of this slice")
        e = where(e < 0, e + count, e)
        return where(e < 0, as_expression(0), where(e > count, count, e))

    start, stop = end(key.start, as_expression(0)), end(key.stop, count)
    length = where(stop > start, stop - start, as_expression(0))
    return Both(Steps(length, lambda k: whole.at(start + k)))


def _is_traced_key(key: Any) -> bool:
    if isinstance(key, tuple | list):
        return any(map(_is_traced_key, key))
    if isinstance(key, slice):
        if _has_traced_end(key):
            refuse(
                "a traced value is an end of a slice",
                "The length of a slice has to be known while the program is traced. Instead: go "
                "through the elements with a loop, or take a[i + numpy.arange(n)].",
            )
        return False
    return is_traced(key)


def _need_places(key: Any) -> None:
    for one in key if isinstance(key, tuple) else (key,):
        if isinstance(one, Expression):
            need_whole(one, "this place in an array or a list")


def _number(owner: ArrayUnderConstruction, found: Any) -> Any:
    """A known element as the number that NumPy would give."""
    if isinstance(found, Expression) and not found.shape and found.op == "constant":
        value = found.payload
        if isinstance(owner, Array) and owner.whole:
            return int(value)
        if isinstance(owner, Array) and owner.truth:
            return bool(value)
        return to_float(value)
    if isinstance(found, Expression) and isinstance(owner, Array) and owner.truth:
        return condition(found)
    return found


def store(owner: Any, key: Any, value: Any) -> None:
    """``owner[key] = value``."""
    key = _settled(key)
    if _is_traced_key(key):
        _need_places(key)
    if isinstance(owner, ArrayUnderConstruction):
        owner[key] = value
        return
    if isinstance(owner, Expression):
        refuse(
            "this changes an array that was not made by the program",
            "Instead: make a copy inside, a = a.copy(), and change that.",
        )
    changing(owner)
    if isinstance(owner, List):
        if owner.fixed is None and is_traced(key):
            _store_in_list(owner, key, value)
        else:
            owner[key] = value
        return
    if isinstance(owner, dict) and is_traced(key):
        item(owner, key)
    if isinstance(owner, np.ndarray) and (is_traced(value) or is_traced(key)):
        refuse(
            "a traced value is stored in an array of numbers",
            "Instead: make the array with numpy.zeros, numpy.array or .copy() inside of the "
            "program and store in that.",
        )
    owner[key] = value


def _store_in_list(owner: List, key: Any, value: Any) -> None:
    """Change the element in a traced place: of numbers of one shape in an array, else by choice."""
    kinds = {kind(x) for x in owner if not isinstance(x, tuple | list | dict) and is_leaf(x)}
    if len(kinds) == 1 and all(is_leaf(x) for x in owner):
        owner.fixed = fixed_of(list(owner), grows=False)
        owner[key] = value
        return
    count = len(owner)
    place = choose(key < 0, lambda: key + count, lambda: key)
    for k in range(count):
        old = owner[k]
        owner[k] = choose(place == k, lambda: value, partial(_kept, old))


def _kept(value: Any) -> Any:
    return value


def set_attribute(owner: Any, name: str, value: Any) -> None:
    """``owner.name = value``."""
    changing(owner)
    setattr(owner, name, value)


_OPERATORS: dict[str, tuple[Callable[[Any, Any], Any], Callable[[Any, Any], Any]]] = {
    "+": (operator.add, operator.iadd),
    "-": (operator.sub, operator.isub),
    "*": (operator.mul, operator.imul),
    "/": (operator.truediv, operator.itruediv),
    "//": (floor_division, operator.ifloordiv),
    "%": (modulo, operator.imod),
    "**": (operator.pow, operator.ipow),
    "@": (operator.matmul, operator.imatmul),
}


def in_place(old: Any, symbol: str, value: Any) -> Any:
    """``old op= value``: arrays and lists are changed, numbers are not."""
    bits = BITS.get(symbol)
    if bits is not None:
        return bits(old, value)
    compute, change = _OPERATORS[symbol]
    if isinstance(old, Expression):
        if old.shape:
            refuse(
                "this changes an array in place that was not made by the program",
                "Instead: write a = a + b, which makes a new one.",
            )
        return compute(old, value)
    if isinstance(old, ArrayUnderConstruction):
        old[...] = compute(old.now, value)
        return old
    if isinstance(old, np.ndarray):
        if is_traced(value):
            refuse(
                "a traced value is stored in an array of numbers",
                "Instead: write a = a + b, which makes a new one.",
            )
        changing(old)
    elif isinstance(old, list | dict | set):
        changing(old)
        if isinstance(old, List):
            value = listed(value) if symbol == "+" else value
    return change(old, value)


def part_in_place(old: Any, symbol: str, value: Any) -> Any:
    """``owner[key] op= value``, before it is stored: of elements that are a copy, new ones."""
    bits = BITS.get(symbol)
    if bits is None and isinstance(old, Expression | Chosen):
        return _OPERATORS[symbol][0](old, value)
    return in_place(old, symbol, value)


def is_sequence(subject: Any, count: int) -> bool:
    """Whether a subject of `match` is a tuple or a list of so many."""
    return isinstance(subject, tuple | list) and len(subject) == count


def shown(value: Any) -> Any:
    """A value in a text."""
    return known_text("f-string", value)


# --- comprehensions ------------------------------------------------------------------------------


def list_of(iterable: Any, element_of: Callable[[Any], Any], test: Any = None) -> Any:
    """``[element for target in iterable if test]``."""
    return born(_elements(iterable, element_of, test))


def _elements(iterable: Any, element_of: Callable[[Any], Any], test: Any) -> list[Any]:
    return listed(Generated(iterable, element_of, test))


def generated(iterable: Any, element_of: Callable[[Any], Any], test: Any = None) -> Any:
    """``(element for target in iterable if test)``."""
    return Generated(iterable, element_of, test)


def flat_generated(iterable: Any, inner: Callable[[Any], Any], test: Any = None) -> Any:
    """A generator with several `for`."""
    return flat_list_of(iterable, inner, test)


def set_of(iterable: Any, element_of: Callable[[Any], Any], test: Any = None) -> Any:
    """``{element for target in iterable}``."""
    return born(set(_elements(iterable, element_of, test)))


def dict_of(iterable: Any, pair_of: Callable[[Any], Any], test: Any = None) -> Any:
    """``{key: value for target in iterable}``."""
    return born(dict(_elements(iterable, pair_of, test)))


def flat_list_of(iterable: Any, inner: Callable[[Any], Any], test: Any = None) -> Any:
    """A comprehension with several `for`."""
    return born([e for part in _elements(iterable, inner, test) for e in part])


def flat_set_of(iterable: Any, inner: Callable[[Any], Any], test: Any = None) -> Any:
    """A set with several `for`."""
    return born({e for part in _elements(iterable, inner, test) for e in part})


def flat_dict_of(iterable: Any, inner: Callable[[Any], Any], test: Any = None) -> Any:
    """A dictionary with several `for`."""
    return born(dict([e for part in _elements(iterable, inner, test) for e in part]))


def unpacked(function: Callable[..., Any], shape: Any) -> Callable[[Any], Any]:
    """A function of one element, of a function of its parts."""

    def called(value: Any) -> Any:
        parts: list[Any] = []
        _unpack(value, shape, parts)
        return function(*parts)

    return called


def _unpack(value: Any, shape: Any, parts: list[Any]) -> None:
    if shape is None:
        parts.append(value)
        return
    found = list(value)
    if len(found) != len(shape):
        raise ValueError(f"not {len(shape)} values to unpack, but {len(found)}")
    for part, inner in zip(found, shape, strict=True):
        _unpack(part, inner, parts)
