"""What the public functions take as numbers, in the words of a type checker."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from os import PathLike
from typing import Protocol, TypeAlias

import numpy as np


class MpmathNumber(Protocol):
    """A number of mpmath, which comes without types."""

    @property
    def _mpf_(self) -> tuple[int, int, int, int]: ...


Real: TypeAlias = "int | float | Fraction | Decimal | np.number | np.bool_ | MpmathNumber"
Number: TypeAlias = "Real | str"  # strings are decimal: "0.1"
Time: TypeAlias = "Number | tuple[Number, Number]"  # what `times.time_pair` takes: two are a sum
# Arrays and nested lists of numbers; NumPy's `ArrayLike` has no Fractions and takes expressions.
Numbers: TypeAlias = "np.ndarray | Number | Sequence[Numbers]"
Path: TypeAlias = "str | PathLike[str]"
