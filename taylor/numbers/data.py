"""Numbers of a whole array as the payload of a node: held by NumPy, compared by content.

An array of doubles stays one, so that a million of them cost no more than their memory.  What no
doubles hold (ratios, long integers) is an object array of exact numbers as `numbers.exact` has
them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, NoReturn

import numpy as np

from taylor.numbers import exact as constants
from taylor.numbers.exact import Number
from taylor_runtime.program.records import blake2b

Array = np.ndarray[Any, Any]

_LARGEST = 2**53  # integers up to here are doubles
_PLAIN = frozenset((float, int, bool, np.float64))


class ArrayData:
    """Numbers of an array, in row-major order, that never change; equal by content.

    array: read-only: float64 where all numbers are doubles, int64 for positions, else an object
        array of int, Fraction and floats that are not finite.

    >>> ArrayData(np.array([0.5, 2.0])) == ArrayData(np.array([0.5, 2.0]))
    True
    """

    __slots__ = ("_digest", "array")

    array: Array
    _digest: bytes

    def __init__(self, array: Array) -> None:
        own = array
        if not own.flags.c_contiguous or own.flags.writeable:
            own = np.array(array, order="C")  # a copy: the caller may change what is his
            own.flags.writeable = False
        object.__setattr__(self, "array", own)
        object.__setattr__(self, "_digest", _digest(own))

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"ArrayData: numbers never change, {name!r} cannot be set")

    def __hash__(self) -> int:
        return hash(self._digest)

    def __eq__(self, other: object) -> bool:
        return type(other) is ArrayData and self._digest == other._digest

    def __reduce__(self) -> tuple[Callable[..., ArrayData], tuple[Any, ...]]:
        return _loaded, (self.array,)

    def __copy__(self) -> ArrayData:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> ArrayData:
        return self

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array."""
        return self.array.shape

    def numbers(self, count: int | None = None) -> list[Number]:
        """The first numbers (all by default) in row-major order, exact."""
        found = [constants.exact(value) for value in self.array.reshape(-1)[:count].tolist()]
        return [number for number in found if number is not None]

    def __repr__(self) -> str:
        listed = ", ".join(map(str, self.array.reshape(-1)[:8].tolist()))
        dots = ", ..." if self.array.size > 8 else ""
        return f"ArrayData([{listed}{dots}], shape={self.shape})"


def _loaded(array: Array) -> ArrayData:
    array.flags.writeable = False
    return ArrayData(array)


def _digest(array: Array) -> bytes:
    written = blake2b(f"{array.dtype.str}{array.shape}".encode(), digest_size=16)
    if array.dtype == object:
        written.update(repr([constants.key(value) for value in array.reshape(-1)]).encode())
    else:
        written.update(array.data if array.size else b"")
    return written.digest()


# --- numbers of users ----------------------------------------------------------


def as_numbers(values: Array) -> Array | None:
    """Exact numbers of an array, float64 where doubles hold them; None where one is no number.

    The result may be the array itself.
    """
    kind = values.dtype.kind
    if kind == "f" and values.dtype.itemsize <= 8:
        return values.astype(np.float64, copy=False)
    if kind == "b" or (kind in "iu" and _is_short(values)):
        return values.astype(np.float64)
    if kind not in "iufO":
        return None
    return exact_numbers(
        values.reshape(-1).tolist() if kind in "iu" else values.reshape(-1), values.shape
    )


def _is_short(values: Array) -> bool:
    return values.size == 0 or bool(values.min() >= -_LARGEST and values.max() <= _LARGEST)


def exact_numbers(values: Sequence[Any] | Array, shape: tuple[int, ...]) -> Array | None:
    """The same of numbers of any kinds, listed in row-major order."""
    kinds = set(map(type, values))
    if kinds <= _PLAIN and (
        not kinds - {float, np.float64}
        or all(-_LARGEST <= value <= _LARGEST for value in values if type(value) is int)
    ):
        return np.array(list(values), dtype=np.float64).reshape(shape)
    found = [constants.exact(value) for value in values]
    if any(number is None for number in found):
        return None
    if all(map(_is_double, found)):
        return np.array([float(number) for number in found], dtype=np.float64).reshape(shape)  # type: ignore[arg-type]
    result = np.empty(len(found), dtype=object)
    result[:] = found
    return result.reshape(shape)


def exact_objects(numbers: Array) -> Array:
    """The numbers as an object array of int, Fraction and floats that are not finite."""
    result = np.empty(numbers.size, dtype=object)
    result[:] = [constants.exact(value) for value in numbers.reshape(-1).tolist()]
    return result.reshape(numbers.shape)


def _is_double(value: Any) -> bool:
    if type(value) is float:
        return True
    if type(value) is Fraction and value.denominator & (value.denominator - 1):
        return False
    rounded = constants.to_float(value)
    return math.isfinite(rounded) and rounded == value


def positions(places: Sequence[int] | Array) -> ArrayData:
    """Flat places in an array, of any shape, as data."""
    return ArrayData(np.array(places, dtype=np.int64, order="C"))
