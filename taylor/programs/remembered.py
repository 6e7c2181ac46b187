"""What was made of Python functions, for the same ones, and for those that are made anew at every
call.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from taylor.points.outside import Outside as Outside

KEPT = 128  # programs, of functions that callers need not keep
_kept: OrderedDict[Any, tuple[Outside, Any]] = OrderedDict()


def remembered(kind: Any, function: Any, make: Callable[[], Any]) -> Any:
    """What `make` has made for a function, or for one before with the same code and surroundings.

    kind: hashable; what it is made for.
    """
    code = getattr(function, "__code__", None)
    key = (kind, function if code is None else code)
    try:
        found = _kept.get(key)
    except TypeError:  # no hash
        return make()
    outside = Outside(function)
    # What the function of before reads may have changed since.
    if found is not None and found[0].is_unchanged() and found[0].is_like(outside):
        _kept.move_to_end(key)
        return found[1]
    made = make()
    _kept[key] = outside, made
    while len(_kept) > KEPT:
        _kept.popitem(last=False)
    return made


def names_of(function: Any) -> str:
    """What a function is called in messages."""
    return getattr(function, "__name__", None) or type(function).__name__
