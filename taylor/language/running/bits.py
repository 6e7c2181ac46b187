"""Operators on bits: of whole numbers that are known Python's, of conditions logic, and some of
traced whole numbers.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from taylor.expressions.expression import Expression
from taylor.language.running.places import refuse
from taylor.language.running.values import is_traced
from taylor.nodes.conversion import as_expression
from taylor.nodes.elementary import floor_divide, remainder
from taylor.nodes.logic import both, condition, different, either


def shift_left(a: Any, b: Any) -> Any:
    """``a << b``."""
    return a * 2 ** as_expression(b) if is_traced(a) or is_traced(b) else _plainly(a, b, "lshift")


def shift_right(a: Any, b: Any) -> Any:
    """``a >> b``: divided by a power of two, and rounded down."""
    if is_traced(a) or is_traced(b):
        return floor_divide(as_expression(a), 2 ** as_expression(b))
    return _plainly(a, b, "rshift")


def bit_and(a: Any, b: Any) -> Any:
    """``a & b``: of conditions, or of a whole number and one less than a power of two."""
    if not (is_traced(a) or is_traced(b)):
        return _plainly(a, b, "and_")
    if isinstance(a, int) and not isinstance(a, bool):
        a, b = b, a
    if isinstance(b, int) and not isinstance(b, bool) and b & (b + 1) == 0 and b >= 0:
        return remainder(as_expression(a), as_expression(b + 1))
    _check_bits(a, b, "&")
    return both(as_expression(a), as_expression(b))


def bit_or(a: Any, b: Any) -> Any:
    """``a | b`` of conditions."""
    if not (is_traced(a) or is_traced(b)):
        return _plainly(a, b, "or_")
    _check_bits(a, b, "|")
    return either(as_expression(a), as_expression(b))


def bit_xor(a: Any, b: Any) -> Any:
    """``a ^ b`` of conditions."""
    if not (is_traced(a) or is_traced(b)):
        return _plainly(a, b, "xor")
    _check_bits(a, b, "^")
    return different(as_expression(a), as_expression(b))


def _plainly(a: Any, b: Any, name: str) -> Any:
    compute: Any = getattr(operator, name)
    whole = [int(x) if isinstance(x, Expression) else x for x in (a, b)]
    return compute(*whole)


def _check_bits(a: Any, b: Any, symbol: str) -> None:
    for x in (a, b):
        e = as_expression(int(x) if isinstance(x, bool | np.bool_) else x)
        if condition(e) is not e:
            refuse(
                f"{symbol} of whole numbers that are traced",
                "Numbers are doubles, whose bits are no whole number's. Instead: use % and // (a % "
                "2 is the last bit), and `and`, `or`, `not` for conditions.",
            )


BITS: dict[str, Callable[[Any, Any], Any]] = {
    "<<": shift_left,
    ">>": shift_right,
    "&": bit_and,
    "|": bit_or,
    "^": bit_xor,
}
