"""What functions of points take and give, in the words of a type checker."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, Protocol, TypeAlias, overload

import numpy as np

from taylor.expressions.types import ValueLike
from taylor.numbers.types import NumberOrArray, Numbers

# What a function with one output returns, and one with several. NumPy's own ufuncs are not typed
# any narrower: a number or an array or an expression, by the arguments.
One: TypeAlias = Any
Several: TypeAlias = tuple[Any, ...]

Curve: TypeAlias = "Callable[[Any], Any] | ValueLike"  # of a parameter, or its coefficients
SeveralArrays: TypeAlias = "tuple[np.ndarray, ...]"  # one for each output


class NthDerivative(Protocol):
    """What `derivative` returns: numbers or arrays, by the points, or several in a tuple."""

    @overload
    def __call__(
        self,
        point: ValueLike,
        /,
        *,
        precision: str = ...,
        threads: int = ...,
        error: Literal[False] = ...,
    ) -> NumberOrArray: ...
    @overload
    def __call__(
        self, point: Numbers, /, *, precision: str = ..., threads: int = ..., error: Literal[True]
    ) -> tuple[Any, Any]: ...
