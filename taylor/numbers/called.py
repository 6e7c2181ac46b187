"""What functions of users return: a real number, or an error that names the function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from taylor.errors import ArgumentTypeError


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
