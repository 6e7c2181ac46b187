"""Bounds of rounding errors, in units of rounding, as nodes.

First-order bounds, N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed. (2002),
section 3.3: every operation adds the size of its result, and passes the errors of its operands on
by its derivatives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from taylor.nodes.elementary import make_function_node
from taylor.nodes.node import ZERO
from taylor.nodes.products import multiply
from taylor.nodes.sums import add


def size(e: Any) -> Any:
    """|e|, the error of what is rounded once."""
    return make_function_node("abs", e)


def no_error(e: Any, errors: Mapping[Any, Any]) -> Any:
    """That of what is exact."""
    return ZERO


def one_rounding(e: Any, errors: Mapping[Any, Any]) -> Any:
    """That of an input."""
    return size(e)


def passed_on(e: Any, slopes: Sequence[Any], errors: Mapping[Any, Any]) -> Any:
    """The rounding of the result, and errors of the operands times slopes."""
    total = size(e)
    for slope, arg in zip(slopes, e.args, strict=True):
        if errors[arg] is not ZERO:
            total = add(total, multiply(size(slope), errors[arg]))
    return total
