"""What stands for expressions that change, as the expressions that they are at this moment."""

from __future__ import annotations

from typing import Any

import numpy as np

from taylor.nodes.conversion import Mutable
from taylor.nodes.logic import condition
from taylor.nodes.node import CONDITIONS, Node


def settled(value: Any) -> Any:
    """The value with every array under construction in it as the expression that it is now."""
    if isinstance(value, Mutable):
        return value.now
    if type(value) is tuple or type(value) is list:
        return type(value)(settled(item) for item in value)
    if type(value) is dict:
        return {key: settled(item) for key, item in value.items()}
    return value


def known_places(key: Any) -> Any:
    """A key with every array of expressions that are known whole numbers as one of NumPy's, and
    one of truth values as a condition.
    """
    if isinstance(key, tuple):
        return tuple(map(known_places, key))
    e = settled(key)
    if not isinstance(e, Node) or not e.shape:
        return e
    truth = e.op in CONDITIONS or getattr(key, "truth", False)  # an array of a program has that
    if not is_known(e):
        return condition(e) if truth else e
    numbers: Any = np.asarray(e.evaluate())  # type: ignore[attr-defined]
    if truth:
        return numbers.astype(np.bool_)
    return numbers.astype(np.int64) if np.array_equal(numbers, np.rint(numbers)) else e


def is_known(e: Node) -> bool:
    """Whether an expression is a number, or a condition of numbers alone."""
    return e.op == "constant" or (e.op in CONDITIONS and all(map(is_known, e.args)))
