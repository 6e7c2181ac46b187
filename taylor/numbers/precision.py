"""Kinds of numbers as arrays hold them, and numbers on their way in and out.

A double-double is the unevaluated sum of two float64, high + low, and carries about 31 decimal
digits.  Arrays of them have a trailing axis of length 2, and so have those of all kinds that are
made of several floats.
"""

from __future__ import annotations

from dataclasses import fields
from fractions import Fraction
from functools import partial, reduce
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.numbers import pairs
from taylor.numbers.array_arithmetic import ArrayArithmetic
from taylor.numbers.checks import check_plain
from taylor.numbers.exact import exact, parse
from taylor.numbers.types import MpmathOrArray, Numbers
from taylor_runtime.program.kinds import DOUBLE, DOUBLE_DOUBLE, KINDS, Kind
from taylor_runtime.program.records import dataclass

# Of kinds whose numbers are several floats; that of others is NumPy's.
ARITHMETIC: dict[str, ArrayArithmetic] = {DOUBLE_DOUBLE.name: pairs.ARITHMETIC}
ACCEPTED = "a float, an int, a Fraction, a Decimal, a decimal string or an mpmath number"


@dataclass(frozen=True, slots=True, eq=False)
class Precision:
    """A kind of number in front: what its record in `taylor_runtime` says, and arrays.

    name:       what users call it, and `taylor_runtime` too.
    dtype:      of the arrays that hold it.
    parts:      numbers of that dtype that make one up.
    has_axis:   whether arrays have a trailing axis for them.
    epsilon:    the distance from 1 to the next number, and the default tolerance.
    is_finer:   whether it has more digits than float64: its numbers come and go as mpmath's, times
                as pairs.
    arithmetic: of arrays, where that of NumPy will not do.
    """

    record: Kind
    name: str
    dtype: type[np.floating[Any]]
    parts: int
    has_axis: bool
    epsilon: float
    is_finer: bool
    arithmetic: ArrayArithmetic | None

    @classmethod
    def of(cls, kind: Kind) -> Precision:
        """The front side of a record."""
        return cls(
            kind,
            kind.name,
            np.dtype(kind.dtype).type,
            kind.parts,
            kind.is_compound,
            kind.epsilon,
            kind.is_finer,
            ARITHMETIC.get(kind.name),
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return as_precision, (self.name,)  # there is one of each

    def __setstate__(self, state: list[Any]) -> None:
        """From a pickle of before there were records, whose state begins with the name."""
        known = as_precision(state[0])
        for each in fields(self):
            object.__setattr__(self, each.name, getattr(known, each.name))

    # -- arrays ---------------------------------------------------------------------------------

    def to_planes(self, values: np.ndarray) -> np.ndarray:
        """Shape (parts, *shape) of numbers of the kind: one array for each part."""
        return np.moveaxis(values, -1, 0) if self.has_axis else values[np.newaxis]

    def from_planes(self, planes: np.ndarray) -> np.ndarray:
        """The inverse of `to_planes`, a copy."""
        return np.array(self.joined(planes))

    def joined(self, planes: np.ndarray) -> np.ndarray:
        """The inverse of `to_planes`, a view."""
        return np.moveaxis(planes, 0, -1) if self.has_axis else planes[0]

    @property
    def axes(self) -> tuple[int, ...]:
        """Trailing axes of arrays."""
        return (self.parts,) if self.has_axis else ()

    def shape(self, *sizes: object) -> str:
        """The shape of an array in words."""
        listed = ", ".join(map(str, sizes)) + ("," if len(sizes) == 1 else "")
        if not self.has_axis:
            return f"({listed})"
        return f"({listed}), or ({', '.join(map(str, (*sizes, self.parts)))}) of pairs"

    def ndim_of(self, values: Any, most: int) -> int:
        """Dimensions without the trailing axis, which is there where they are more than `most`."""
        ndim = np.ndim(values)
        return ndim - 1 if self.has_axis and ndim > most else ndim

    # -- numbers --------------------------------------------------------------------------------

    def rounded(self, values: Any) -> np.ndarray:
        """Numbers of any sort, each taken at its exact value, rounded once: (*shape, ..)."""
        items = np.array(values, dtype=object)
        parts = [self._split(item) for item in items.ravel()]
        return np.array(parts, dtype=self.dtype).reshape(*items.shape, *self.axes)

    def _split(self, item: Any) -> tuple[float, ...]:
        """The parts of a number; a float that is zero has its sign."""
        parts = tuple(self.record.split(exact_number(item)))
        return (float(item), *parts[1:]) if isinstance(item, float) and item == 0 else parts

    def exactly(self, values: np.ndarray) -> Any:
        """Numbers of the kind as mpmath's, exactly: one, or an object array of them."""
        from mpmath import mp

        plus = partial(mp.fadd, exact=True)
        flat = values.reshape(-1, self.parts).tolist()
        numbers = np.empty(len(flat), dtype=object)
        numbers[:] = [reduce(plus, row) if len(row) > 1 else plus(*row, 0) for row in flat]
        return numbers.reshape(values.shape[:-1] if self.has_axis else values.shape)[()]

    def for_users(self, values: np.ndarray) -> Any:
        """A number (or an array of them) as users get it: floats, where these have the digits."""
        if self.is_finer:
            return self.exactly(values)
        return values if values.shape else float(values)


FLOAT64 = Precision.of(DOUBLE)
PAIRS = Precision.of(DOUBLE_DOUBLE)
_KINDS = {name: Precision.of(kind) for name, kind in KINDS.items()}
_KINDS |= {kind.name: kind for kind in (FLOAT64, PAIRS)}


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


def next_finer(kind: Precision) -> Precision | None:
    """The coarsest kind with more digits."""
    finer = [other for other in _KINDS.values() if other.epsilon < kind.epsilon]
    return max(finer, key=lambda other: other.epsilon, default=None)


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


def from_mpmath(values: Numbers) -> np.ndarray:
    """Numbers of any kind as double-doubles.

    values: a number, or an array or nested sequence of them: mpmath numbers, decimal strings
            ("0.1", "1/3"), Fractions, Decimals, ints and floats; each is taken at its exact value.

    Returns float64 of shape (*shape, 2): high and low parts, rounded to about 31 digits.

    Raises ArgumentTypeError for what is no number, ArgumentError for strings that spell none.

    >>> import taylor as ty
    >>> ty.from_mpmath("0.1")
    array([ 1.00000000e-01, -5.55111512e-18])
    """
    return PAIRS.rounded(values)


def to_mpmath(pairs: ArrayLike) -> MpmathOrArray:
    """Double-doubles as exact mpmath numbers: the inverse of `from_mpmath`.

    pairs: float64 of shape (*shape, 2).

    Returns an mpf, or an object array of them of that shape; arithmetic on them is done in the
    precision of mpmath's context (`mpmath.mp.dps`), which is 15 digits unless you raise it.

    Raises ArgumentError if the last axis has not the length 2.

    >>> import taylor as ty
    >>> import mpmath
    >>> with mpmath.workdps(31):
    ...     print(ty.to_mpmath(ty.from_mpmath("1/3")))
    0.3333333333333333333333333333333
    """
    try:
        array = np.asarray(pairs, dtype=np.float64)
    except (TypeError, ValueError):
        raise ArgumentTypeError(f"to_mpmath: {pairs!r:.60} is no array of floats") from None
    if array.ndim == 0 or array.shape[-1] != 2:
        raise ArgumentError(
            f"to_mpmath: the last axis must hold (high, low) and have length 2, got shape "
            f"{array.shape}"
        )
    return PAIRS.exactly(array)


def as_array(values: Any, precision: Precision, name: str, ndim: int | None = None) -> np.ndarray:
    """`values` as an array of the kind: a copy, with the trailing axis of its parts.

    ndim: dimensions without the trailing axis, where they are known: what has one more is an
          array of the kind already.  Without it, arrays of floats are taken as such if they
          have the axis, and everything else number by number.

    Raises ArgumentTypeError for what is no array of numbers, ArgumentError for a wrong shape.
    """
    if isinstance(values, np.ndarray) and type(values) is not np.ndarray:
        check_plain(name, values)
    try:
        array = np.array(values)
    except ValueError:
        raise ArgumentTypeError(f"{name} must be an array of numbers, got {values!r}") from None
    numeric = array.dtype.kind in "fiub"
    if array.dtype.kind == "c":
        raise ArgumentTypeError(f"{name} must be an array of real numbers, got {array.dtype}")
    if precision.arithmetic is None:
        return array.astype(precision.dtype) if numeric else _rounded(values, precision, name)
    whole = array.ndim == ndim + 1 if ndim is not None else numeric and array.ndim > 0
    if not whole:
        return precision.rounded(array if array.dtype == object or numeric else _objects(values))
    if not numeric:
        raise ArgumentTypeError(
            f"{name}: pairs (high, low) must be {precision.record.dtype}, got {array.dtype}"
        )
    known = array.shape[-1] == precision.parts
    if not known or (ndim is None and not precision.arithmetic.is_meant(array)):
        raise ArgumentError(
            f"{name} in {precision.name} must have a trailing axis of length {precision.parts}, "
            f"high and low parts; got shape {array.shape} of other numbers, of which "
            "ty.from_mpmath(...) makes pairs"
        )
    return precision.arithmetic.normalised(array.astype(precision.dtype))


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


def leading(values: np.ndarray, precision: Precision) -> np.ndarray:
    """The numbers rounded to float64 or less: their first parts."""
    return values[..., 0] if precision.has_axis else values
