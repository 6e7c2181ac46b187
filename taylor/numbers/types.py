"""What the public functions take as numbers, in the words of a type checker."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from os import PathLike
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import ArrayLike


class MpmathNumber(Protocol):
    """A number of mpmath, which comes without types."""

    @property
    def _mpf_(self) -> tuple[int, int, int, int]: ...


Real: TypeAlias = (
    "int | float | Fraction | Decimal | np.integer | np.floating | np.bool_ | MpmathNumber"
)
Number: TypeAlias = "Real | str"  # strings are decimal: "0.1"
Time: TypeAlias = "Number | tuple[Number, Number]"  # what `times.time_pair` takes: two are a sum
Numbers: TypeAlias = "ArrayLike | Number | Sequence[Numbers]"  # also Fractions and the like
Path: TypeAlias = "str | PathLike[str]"
