"""What was made of Python functions, for the same ones, and for those that are made anew at every
call.
"""

from __future__ import annotations

import weakref
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple

from taylor.points.outside import Outside as Outside

KEPT = 128  # programs, of functions that callers need not keep
_kept: OrderedDict[Any, _Kept] = OrderedDict()


class _Kept(NamedTuple):
    """What was made, for which function, and what that read."""

    function: Callable[[], Any]  # None once it is gone
    outside: Outside
    made: Any


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
    # What the function of before reads may have changed since.
    unchanged = found is not None and found.outside.is_unchanged()
    if found is not None and unchanged and found.function() is function:
        _kept.move_to_end(key)
        return found.made
    outside = Outside(function)
    if found is not None and unchanged and found.outside.is_like(outside):
        _kept[key] = found._replace(function=_weakly(function))
        _kept.move_to_end(key)
        return found.made
    made = make()
    _kept[key] = _Kept(_weakly(function), outside, made)
    while len(_kept) > KEPT:
        _kept.popitem(last=False)
    return made


def _weakly(function: Any) -> Callable[[], Any]:
    try:
        return weakref.ref(function)
    except TypeError:
        return lambda: None


def names_of(function: Any) -> str:
    """What a function is called in messages."""
    return getattr(function, "__name__", None) or type(function).__name__
