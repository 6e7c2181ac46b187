"""What the public functions take as numbers, in the words of a type checker."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from os import PathLike
from typing import Any, Protocol, TypeAlias

import numpy as np


class MpmathNumber(Protocol):
    """A number of mpmath, which comes without types."""

    @property
    def _mpf_(self) -> tuple[int, int, int, int]: ...


class Array(Protocol):
    """An array of another package: expressions have no dtype."""

    @property
    def dtype(self) -> Any: ...
    def __array__(self) -> np.ndarray: ...


Real: TypeAlias = (
    "int | float | Fraction | Decimal | np.integer | np.floating | np.bool_ | MpmathNumber"
)
Number: TypeAlias = "Real | str"  # strings are decimal: "0.1"
Time: TypeAlias = "Number | tuple[Number, Number]"  # what `times.time_pair` takes: two are a sum
# NumPy's `ArrayLike` has no Fractions, and expressions are among it.
Numbers: TypeAlias = "np.ndarray | Array | Number | Sequence[Numbers]"
# `np.float64` for one number, else `np.ndarray`: by shapes, of which NumPy's types tell nothing.
NumberOrArray: TypeAlias = Any
SympyExpression: TypeAlias = Any  # SymPy comes without types
MpmathOrArray: TypeAlias = Any  # and so does mpmath
Path: TypeAlias = "str | PathLike[str]"
