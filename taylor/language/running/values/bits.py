"""Operators on bits: of whole numbers that are known Python's, of conditions logic, of traced whole
numbers remainders of powers of two.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from taylor.expressions.expression import Expression
from taylor.language.running import library
from taylor.language.running.digits import floor_division, modulo
from taylor.language.running.journal import running
from taylor.language.running.places import refuse
from taylor.language.running.values.kinds import is_traced
from taylor.nodes.conversion import as_expression
from taylor.nodes.logic import both, condition, different, either, where


def shift_left(a: Any, b: Any) -> Any:
    """``a << b``."""
    return a * 2 ** as_expression(b) if is_traced(a) or is_traced(b) else _plainly(a, b, "lshift")


def shift_right(a: Any, b: Any) -> Any:
    """``a >> b``: divided by a power of two, and rounded down."""
    if is_traced(a) or is_traced(b):
        return floor_division(a, 2 ** as_expression(b))
    return _plainly(a, b, "rshift")


def bit_and(a: Any, b: Any) -> Any:
    """``a & b``: of conditions, or of whole numbers."""
    if not (is_traced(a) or is_traced(b)):
        return _plainly(a, b, "and_")
    if _are_conditions(a, b):
        return both(as_expression(a), as_expression(b))
    return _common(_number(a), _number(b))


def bit_or(a: Any, b: Any) -> Any:
    """``a | b``: bits that both have are counted twice in the sum."""
    if not (is_traced(a) or is_traced(b)):
        return _plainly(a, b, "or_")
    if _are_conditions(a, b):
        return either(as_expression(a), as_expression(b))
    a, b = _number(a), _number(b)
    return a + b - _common(a, b)


def bit_xor(a: Any, b: Any) -> Any:
    """``a ^ b``: the sum without the bits that both have."""
    if not (is_traced(a) or is_traced(b)):
        return _plainly(a, b, "xor")
    if _are_conditions(a, b):
        return different(as_expression(a), as_expression(b))
    a, b = _number(a), _number(b)
    return a + b - 2 * _common(a, b)


def bit_not(a: Any) -> Any:
    """``~a``: of a whole number -1 - a."""
    if not is_traced(a):
        return ~int(a) if isinstance(a, Expression) else ~a
    if _are_conditions(a, a):
        return ~a
    return -1 - as_expression(a)


def _plainly(a: Any, b: Any, name: str) -> Any:
    compute: Any = getattr(operator, name)
    whole = [int(x) if isinstance(x, Expression) else x for x in (a, b)]
    return compute(*whole)


def _are_conditions(a: Any, b: Any) -> bool:
    made = [as_expression(int(x) if isinstance(x, bool | np.bool_) else x) for x in (a, b)]
    known = [isinstance(x, bool | np.bool_) for x in (a, b)]
    return all(k or condition(e) is e for k, e in zip(known, made, strict=True))


def _number(x: Any) -> Any:
    """A whole number; a condition counts as 1 or 0."""
    if isinstance(x, bool | np.bool_ | int | np.integer):
        return int(x)
    e = as_expression(x)
    return where(e, as_expression(1), as_expression(0)) if condition(e) is e else e


def _common(a: Any, b: Any) -> Any:
    """The bits that two whole numbers both have; of a negative one those of two's complement."""
    if isinstance(a, int):
        a, b = b, a
    if not isinstance(b, int):
        if a.shape or b.shape:
            refuse(
                "an operator of bits of two arrays of whole numbers that are traced",
                "Instead: go through the elements with a loop.",
            )
        return running().operators.call(library.common_bits, a, b)
    if b < 0:
        return a - _common(a, ~b)
    found, first = a * 0 if a.shape else as_expression(0), 0
    while b >> first:  # a run of bits of the mask after the other
        first += _trailing(b >> first, 0)
        last = first + _trailing(b >> first, 1)
        found = found + (modulo(a, 1 << last) - _below(a, first))
        first = last
    return found


def _below(a: Any, place: int) -> Any:
    return modulo(a, 1 << place) if place else as_expression(0)


def _trailing(x: int, bit: int) -> int:
    """How many of the last bits are this one."""
    count = 0
    while (x >> count) & 1 == bit:
        count += 1
    return count


BITS: dict[str, Callable[[Any, Any], Any]] = {
    "<<": shift_left,
    ">>": shift_right,
    "&": bit_and,
    "|": bit_or,
    "^": bit_xor,
}
