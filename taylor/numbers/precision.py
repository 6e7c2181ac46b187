"""The kinds of numbers that machine code computes with, and numbers on their way in and out.

A double-double is the unevaluated sum of two float64, high + low, and carries about 31 decimal
digits.  Arrays of them have a trailing axis of length 2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.numbers.exact import exact, parse

LARGEST_LOW = 2.0**-40  # of the high part; what has larger ones was not meant as pairs
ACCEPTED = "a float, an int, a Fraction, a Decimal, a decimal string or an mpmath number"


@dataclass(frozen=True, slots=True)
class Precision:
    """A kind of number.

    name:    what users call it, and `taylor_runtime` too.
    dtype:   of the arrays that hold it.
    parts:   numbers of that dtype that make one up; where there are two, a trailing axis has them.
    epsilon: the distance from 1 to the next number, and the default tolerance.
    """

    name: str
    dtype: type[np.floating[Any]]
    parts: int
    epsilon: float

    def to_planes(self, values: np.ndarray) -> np.ndarray:
        """Shape (parts, *shape) of numbers of the kind: one array for each part."""
        return np.moveaxis(values, -1, 0) if self.parts > 1 else values[np.newaxis]

    def from_planes(self, planes: np.ndarray) -> np.ndarray:
        """The inverse of `to_planes`, a copy."""
        return np.array(np.moveaxis(planes, 0, -1) if self.parts > 1 else planes[0])

    @property
    def axes(self) -> tuple[int, ...]:
        """Trailing axes of arrays."""
        return (self.parts,) if self.parts > 1 else ()


FLOAT64 = Precision("float64", np.float64, 1, 2.0**-52)
_KINDS = {
    kind.name: kind
    for kind in (
        Precision("float32", np.float32, 1, 2.0**-23),
        FLOAT64,
        Precision("double-double", np.float64, 2, 2.0**-105),
    )
}


def as_precision(name: Any) -> Precision:
    """The kind called `name`.

    Raises ArgumentError (a ValueError) for any other name.

    >>> as_precision("double-double").parts
    2
    """
    if isinstance(name, Precision):
        return name
    kind = _KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        known = ", ".join(map(repr, _KINDS))
        raise ArgumentError(f"precision must be one of {known}; got {name!r}")
    return kind


def exact_number(value: Any, name: str = "value") -> Fraction | float:
    """A scalar at its exact value; infinities and NaN stay floats.

    Raises ArgumentTypeError for what is no real number, ArgumentError for a string that spells
    none.
    """
    if isinstance(value, str):
        return Fraction(parse(value))
    number = None if isinstance(value, bool) else exact(value)
    if number is None:
        raise ArgumentTypeError(f"{name} must be {ACCEPTED}; got {value!r}")
    return number if isinstance(number, float) else Fraction(number)


def split(number: Fraction | float) -> tuple[float, float]:
    """The double-double nearest to an exact number: high rounded to nearest, low to the rest."""
    try:
        high = float(number)
    except OverflowError:
        high = math.inf if number > 0 else -math.inf
    if isinstance(number, float) or not math.isfinite(high):
        return high, 0.0
    return high, float(number - Fraction(high))


def from_mpmath(values: Any) -> np.ndarray:
    """Numbers of any kind as double-doubles.

    values: a number, or an array or nested sequence of them: mpmath numbers, decimal strings
            ("0.1", "1/3"), Fractions, Decimals, ints and floats; each is taken at its exact value.

    Returns float64 of shape (*shape, 2): high and low parts, rounded to about 31 digits.

    Raises ArgumentTypeError for what is no number, ArgumentError for strings that spell none.

    >>> from_mpmath("0.1")
    array([ 1.00000000e-01, -5.55111512e-18])
    """
    items = np.array(values, dtype=object)
    pairs = [split(exact_number(item)) for item in items.ravel()]
    return np.array(pairs, dtype=np.float64).reshape(*items.shape, 2)


def to_mpmath(pairs: Any) -> Any:
    """Double-doubles as exact mpmath numbers: the inverse of `from_mpmath`.

    pairs: float64 of shape (*shape, 2).

    Returns an mpf, or an object array of them of that shape; arithmetic on them is done in the
    precision of mpmath's context (`mpmath.mp.dps`), which is 15 digits unless you raise it.

    Raises ArgumentError if the last axis has not the length 2.

    >>> import mpmath
    >>> with mpmath.workdps(31):
    ...     print(to_mpmath(from_mpmath("1/3")))
    0.3333333333333333333333333333333
    """
    import mpmath

    array = np.asarray(pairs, dtype=np.float64)
    if array.ndim == 0 or array.shape[-1] != 2:
        raise ArgumentError(
            f"to_mpmath: the last axis must hold (high, low) and have length 2, got shape "
            f"{array.shape}"
        )
    flat = array.reshape(-1, 2).tolist()
    numbers = np.empty(len(flat), dtype=object)
    numbers[:] = [mpmath.mp.fadd(high, low, exact=True) for high, low in flat]
    return numbers.reshape(array.shape[:-1])[()]


def as_array(values: Any, precision: Precision, name: str, ndim: int | None = None) -> np.ndarray:
    """`values` as an array of the kind: a copy, with the trailing axis of a double-double.

    ndim: dimensions without the trailing axis, where they are known: what has one more is an
          array of double-doubles already.  Without it, arrays of floats are taken as such if they
          have the axis, and everything else number by number.

    Raises ArgumentTypeError for what is no array of numbers, ArgumentError for a wrong shape.
    """
    try:
        array = np.array(values)
    except ValueError:
        raise ArgumentTypeError(f"{name} must be an array of numbers, got {values!r}") from None
    numeric = array.dtype.kind in "fiub"
    if array.dtype.kind == "c":
        raise ArgumentTypeError(f"{name} must be an array of real numbers, got {array.dtype}")
    if precision.parts == 1:
        return array.astype(precision.dtype) if numeric else _rounded(values, precision, name)
    paired = array.ndim == ndim + 1 if ndim is not None else numeric and array.ndim > 0
    if not paired:
        return from_mpmath(array if array.dtype == object or numeric else _objects(values))
    if not numeric:
        raise ArgumentTypeError(f"{name}: pairs (high, low) must be float64, got {array.dtype}")
    pairs = array.shape[-1] == 2
    if pairs and ndim is None:
        with np.errstate(invalid="ignore"):
            pairs = not (np.abs(array[..., 1]) > LARGEST_LOW * np.abs(array[..., 0])).any()
    if not pairs:
        raise ArgumentError(
            f"{name} in double-double must have a trailing axis of length 2, high and low parts; "
            f"got shape {array.shape} of other numbers, of which ty.from_mpmath(...) makes pairs"
        )
    return normalised(array.astype(np.float64))


def _rounded(values: Any, precision: Precision, name: str) -> np.ndarray:
    """Strings, Fractions and the like as an array of one number each."""
    try:
        items = np.array(values, dtype=object)
        numbers = [float(exact_number(item, name)) for item in items.ravel()]
    except OverflowError:
        raise ArgumentError(f"{name}: {values!r:.60} is beyond the range of floats") from None
    except ValueError as error:
        raise ArgumentTypeError(f"{name} must be an array of numbers: {error}") from None
    except TypeError:
        raise ArgumentTypeError(f"{name} must be an array of numbers, got {values!r}") from None
    return np.array(numbers, dtype=precision.dtype).reshape(items.shape)


def _objects(values: Any) -> np.ndarray:
    """An array that keeps its items: NumPy would turn strings and numbers into strings."""
    return np.array(values, dtype=object)


def normalised(pairs: np.ndarray) -> np.ndarray:
    """The same sums with the high part rounded to nearest, as arithmetic assumes."""
    high, low = pairs[..., 0], pairs[..., 1]
    with np.errstate(invalid="ignore", over="ignore"):
        total = high + low
        part = total - high
        rest = (high - (total - part)) + (low - part)
    finite = np.isfinite(total)
    return np.stack([total, np.where(finite, rest, 0.0)], axis=-1)


def leading(values: np.ndarray, precision: Precision) -> np.ndarray:
    """The numbers rounded to float64 or less: high parts of double-doubles."""
    return values[..., 0] if precision.parts > 1 else values
