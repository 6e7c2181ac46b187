"""Checks of arguments that are numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from taylor.errors import (
    ArgumentError,
    ArgumentTypeError,
    UnsupportedFunctionError,
    user_location,
)


def checked_threads(threads: Any) -> int:
    """`threads` as an int; raises ArgumentError if it is no positive integer."""
    if type(threads) is int and threads > 0:
        return threads
    if not isinstance(threads, int | np.integer) or isinstance(threads, bool) or threads < 1:
        raise ArgumentError(f"threads must be a positive integer, got {threads!r}")
    return int(threads)


MOST_ORDER = 1000


def natural(value: Any, name: str) -> int:
    """An order that is a natural number, and not too large."""
    if type(value) is int and 0 <= value <= MOST_ORDER:
        return value
    if not isinstance(value, int | np.integer) or isinstance(value, bool):
        raise ArgumentTypeError(f"{name} must be an integer, got {value!r}")
    if not 0 <= value <= MOST_ORDER:
        raise ArgumentError(f"{name} must be between 0 and {MOST_ORDER}, got {value}")
    return int(value)


def checked_order(order: Any, name: str = "order") -> int:
    """A natural number, else ArgumentTypeError or ArgumentError."""
    if not isinstance(order, int | np.integer) or isinstance(order, bool):
        raise ArgumentTypeError(f"{name} must be an integer, got {order!r}")
    if order < 0:
        raise ArgumentError(f"{name} must not be negative, got {order}")
    return int(order)


def called(name: str, function: Callable[..., Any], *arguments: Any) -> float:
    """function(*arguments) as a float.

    Raises ArgumentTypeError where it returns anything but a real number.
    """
    value = function(*arguments)
    return value if type(value) is float else real_number(name, value)


def real_number(name: str, value: Any) -> float:
    """`value` as a float: a string, None, a complex number or an array of several is none."""
    plain = np.ndim(value) == 0 and not isinstance(value, str | bytes) and value is not None
    try:
        if not plain or np.iscomplexobj(value):
            raise TypeError
        return float(value)
    except TypeError:
        raise ArgumentTypeError(
            f"the registered function {name!r} has to return a real number, got {value!r}"
        ) from None


# By name: to ask for masked arrays loads NumPy's module of them, in 7 ms.
_REMEDIES = {
    "MaskedArray": "what is masked would count; write a.filled(...) or a.compressed()",
    "matrix": "its product with * is that of matrices; write numpy.asarray(a), and @",
}


def check_plain(name: str, value: np.ndarray) -> None:
    """Raise ArgumentTypeError for arrays that mean something else than their numbers."""
    for kind in type(value).__mro__:
        if kind.__name__ in _REMEDIES and kind.__module__.partition(".")[0] == "numpy":
            raise ArgumentTypeError(
                f"{name} is of type {kind.__name__}: {_REMEDIES[kind.__name__]}"
            )


def check_real(name: str, dtype: DTypeLike) -> None:
    """Raise UnsupportedFunctionError for kinds of results that are no real numbers."""
    if dtype is None:
        return
    if np.dtype(dtype).kind not in "fO":
        raise UnsupportedFunctionError(
            f"{name}: expressions are real numbers, not {np.dtype(dtype)} (at "
            f"{user_location()}); numpy.trunc cuts them off, comparisons make conditions"
        )
