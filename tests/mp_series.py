"""Truncated power series of mpmath numbers, to be elements of NumPy's arrays of objects.

Independent of the engine's recurrences: sums and products are those of schoolbooks, and whatever
else is composed with the Taylor polynomial that mpmath has of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import mpmath
import numpy as np

DIGITS = 40


@cache
def _taylor(name: str, at: Any, order: int) -> list[Any]:
    """Coefficients of a function about a point."""
    with mpmath.workdps(DIGITS + 10):
        if name.startswith("power "):
            exponent = mpmath.mpf(name.removeprefix("power "))
            powers = [mpmath.binomial(exponent, k) for k in range(order + 1)]
            return [c * at ** (exponent - k) for k, c in enumerate(powers)]
        function = {
            "arctan": mpmath.atan,
            "arcsinh": mpmath.asinh,
            "log": mpmath.log,
            "sin": mpmath.sin,
            "cos": mpmath.cos,
            "exp": mpmath.exp,
            "tanh": mpmath.tanh,
        }[name]
        return [+c for c in mpmath.taylor(function, at, order)]


class Series:
    """Coefficients 0 .. order."""

    __slots__ = ("coefficients",)
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, coefficients: Sequence[Any]) -> None:
        self.coefficients = [mpmath.mpf(c) for c in coefficients]

    @property
    def order(self) -> int:
        return len(self.coefficients) - 1

    @property
    def value(self) -> Any:
        return self.coefficients[0]

    def _of(self, other: Any) -> Series:
        if isinstance(other, Series):
            return other
        number = other.item() if isinstance(other, np.generic) else other
        return Series([mpmath.mpf(number), *[0] * self.order])

    def __add__(self, other: Any) -> Series:
        if isinstance(other, np.ndarray):
            return NotImplemented
        pairs = zip(self.coefficients, self._of(other).coefficients, strict=True)
        return Series([a + b for a, b in pairs])

    __radd__ = __add__

    def __neg__(self) -> Series:
        return Series([-c for c in self.coefficients])

    def __pos__(self) -> Series:
        return self

    def __sub__(self, other: Any) -> Series:
        if isinstance(other, np.ndarray):
            return NotImplemented
        return self + (-self._of(other))

    def __rsub__(self, other: Any) -> Series:
        return self._of(other) - self

    def __mul__(self, other: Any) -> Series:
        if isinstance(other, np.ndarray):
            return NotImplemented
        a, b = self.coefficients, self._of(other).coefficients
        return Series([mpmath.fsum(a[j] * b[n - j] for j in range(n + 1)) for n in range(len(a))])

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Series:
        if isinstance(other, np.ndarray):
            return NotImplemented
        return self * self._of(other) ** -1

    def __rtruediv__(self, other: Any) -> Series:
        return self._of(other) / self

    def __pow__(self, exponent: Any) -> Series:
        if isinstance(exponent, np.ndarray):
            return NotImplemented
        if isinstance(exponent, Series):
            return (exponent * self.log()).exp()
        if exponent == int(exponent) and exponent >= 0:
            result = self._of(1)
            for _ in range(int(exponent)):
                result = result * self
            return result
        return self._composed(f"power {exponent}")

    def __abs__(self) -> Series:
        return self if self.value > 0 else -self

    def _composed(self, name: str) -> Series:
        """A function of it, by Horner's rule."""
        outer = _taylor(name, self.value, self.order)
        rest, result = self - self.value, self._of(0)
        for c in reversed(outer):
            result = result * rest + c
        return result

    def exp(self) -> Series:
        return self._composed("exp")

    def log(self) -> Series:
        return self._composed("log")

    def sin(self) -> Series:
        return self._composed("sin")

    def cos(self) -> Series:
        return self._composed("cos")

    def tanh(self) -> Series:
        return self._composed("tanh")

    def arctan(self) -> Series:
        return self._composed("arctan")

    def arcsinh(self) -> Series:
        return self._composed("arcsinh")

    def sqrt(self) -> Series:
        return self._composed("power 0.5")

    def hypot(self, other: Any) -> Series:
        return (self * self + self._of(other) * self._of(other)).sqrt()

    def arctan2(self, other: Any) -> Series:
        """Of a positive second argument."""
        return (self / other).arctan()

    def conjugate(self) -> Series:
        return self

    def _compare(self, other: Any, how: Callable[[Any, Any], bool]) -> Any:
        if isinstance(other, np.ndarray):
            return NotImplemented
        return bool(how(self.value, self._of(other).value))

    def __lt__(self, other: Any) -> Any:
        return self._compare(other, lambda a, b: a < b)

    def __le__(self, other: Any) -> Any:
        return self._compare(other, lambda a, b: a <= b)

    def __gt__(self, other: Any) -> Any:
        return self._compare(other, lambda a, b: a > b)

    def __ge__(self, other: Any) -> Any:
        return self._compare(other, lambda a, b: a >= b)

    def __eq__(self, other: object) -> Any:
        return self._compare(other, lambda a, b: a == b)

    def __ne__(self, other: object) -> Any:
        return self._compare(other, lambda a, b: a != b)


def series_array(coefficients: np.ndarray) -> np.ndarray:
    """Arrays of numbers, one for each order, as an array of series."""
    orders = coefficients.shape[0]
    flat = coefficients.reshape(orders, -1)
    found = np.empty(flat.shape[1], dtype=object)
    for k in range(flat.shape[1]):
        found[k] = Series(flat[:, k].tolist())
    return found.reshape(coefficients.shape[1:])


def all_series(value: Any, order: int) -> Any:
    """A value whose numbers are series, which NumPy's functions can be applied to."""
    none = Series([0] * (order + 1))
    if not isinstance(value, np.ndarray):
        return none + value
    found = np.empty(value.shape, dtype=object)
    for place in np.ndindex(*value.shape):
        found[place] = none + value[place]
    return found


def coefficient_arrays(value: Any, order: int) -> np.ndarray:
    """The other way round, in doubles: shape (order + 1, *shape)."""
    array = np.asarray(value, dtype=object)
    found = np.empty((order + 1, *array.shape))
    for place in np.ndindex(*array.shape):
        item = array[place]
        listed = item.coefficients if isinstance(item, Series) else [item, *[0] * order]
        found[(slice(None), *place)] = [float(c) for c in listed]
    return found
