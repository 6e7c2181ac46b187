"""What NumPy's functions have in common: the kind of results (`dtype`), where they go (`out`).

No rule sees them, so that none can pass over them in silence.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from taylor.errors import ArgumentTypeError, user_location
from taylor.expressions.arrays.assignment import ArrayUnderConstruction
from taylor.expressions.object_arrays import plain
from taylor.numbers.checks import check_real

LAST = 1 << 20  # beyond all arguments
_LIKE = frozenset((np.zeros_like, np.ones_like, np.empty_like, np.full_like))
_OF_C = {np.concatenate: (("arrays", "axis", "out"), 2), np.dot: (("a", "b", "out"), 2)}
Given = tuple[tuple[Any, ...], dict[str, Any]]


def without_shared(
    name: str, func: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]
) -> tuple[Given, Any]:
    """Arguments of a function without `dtype`, which is checked, and `out`; and the latter.

    What follows these among positional arguments is given by name; what says nothing is left out.
    """
    found, options = tuple(args), dict(kwargs)
    if len(found) > 1:
        names, first = _positional(func)
        options |= zip(names[first:], found[first:], strict=False)
        found = found[:first]
    options = {key: value for key, value in options.items() if value is not np._NoValue}
    out = options.pop("out", None)
    if func not in _LIKE:  # whose rules look at it
        check_real(name, options.pop("dtype", None))
    if "keepdims" in options:
        options["keepdims"] = bool(options["keepdims"])
    return (found, options), out


@cache
def _positional(func: Callable[..., Any]) -> tuple[tuple[str, ...], int]:
    """The names of positional parameters, and the first that no function has in common."""
    try:
        parameters = inspect.signature(func).parameters.values()
    except (TypeError, ValueError):  # those of C have none before NumPy 2.4
        return _OF_C.get(func, ((), LAST))
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    names = tuple(p.name for p in parameters if p.kind in kinds)
    shared = [names.index(option) for option in ("dtype", "out") if option in names]
    return names, min(shared, default=LAST)


def stored(name: str, result: Any, out: Any) -> Any:
    """The result, which is also in `out` if there is one, as NumPy's functions have it."""
    if type(out) is tuple and len(out) == 1:
        (out,) = out
    if out is None:
        return result
    if isinstance(out, ArrayUnderConstruction):
        out[...] = result
        return out
    if isinstance(out, np.ndarray) and out.dtype == object:
        out.view(np.ndarray)[...] = plain(result)
        return out
    raise ArgumentTypeError(
        f"{name}: the result holds expressions and cannot be stored in place; "
        "create the array with dtype=object, taylor.zeros(shape) or numpy.zeros_like(x), or write "
        f"a = a + x for a += x (at {user_location()})"
    )
