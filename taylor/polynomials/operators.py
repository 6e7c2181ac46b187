"""Operators of polynomials, and their way into NumPy's and taylor's functions."""

from __future__ import annotations

from typing import Any, NoReturn, Self

import numpy as np

from taylor.errors import ArgumentTypeError
from taylor.numbers.types import Real
from taylor.polynomials import arithmetic, arrays
from taylor.polynomials.coefficients import Coefficients, Operand, P, converted
from taylor.polynomials.elementary import divide, divide_into, elementary, exponential, power
from taylor.polynomials.protocol import apply_function, apply_ufunc


def _no_order(self: Coefficients, other: object) -> NoReturn:
    raise ArgumentTypeError(
        "polynomials have no order; compare their values, p.constant_part < q.constant_part"
    )


def _in_pieces(name: str, like: P, *operands: Any) -> P:
    if any(arithmetic.operand(value, like) is NotImplemented for value in operands):
        return NotImplemented
    return elementary(like, name, *operands)


class Operators(Coefficients):
    """Coefficients with operators."""

    __slots__ = ()

    def __add__(self, other: Operand) -> Self:
        return arithmetic.add(self, other)

    __radd__ = __add__

    def __sub__(self, other: Operand) -> Self:
        return arithmetic.subtract(self, other)

    def __rsub__(self, other: Operand) -> Self:
        return arithmetic.subtract_from(self, other)

    def __mul__(self, other: Operand) -> Self:
        return arithmetic.multiply(self, other)

    __rmul__ = __mul__

    def __truediv__(self, other: Operand) -> Self:
        return divide(self, other)

    def __rtruediv__(self, other: Operand) -> Self:
        given = arithmetic.operand(other, self)
        return NotImplemented if given is NotImplemented else divide_into(self, other)

    def __pow__(self, exponent: Operand) -> Self:
        return power(self, exponent)

    def __rpow__(self, base: Real | np.ndarray) -> Self:
        return exponential(self, base)

    def __mod__(self, other: Operand) -> Self:
        return _in_pieces("remainder", self, self, other)

    def __rmod__(self, other: Operand) -> Self:
        return _in_pieces("remainder", self, other, self)

    def __floordiv__(self, other: Operand) -> Self:
        return _in_pieces("floor_divide", self, self, other)

    def __rfloordiv__(self, other: Operand) -> Self:
        return _in_pieces("floor_divide", self, other, self)

    def __matmul__(self, other: Operand) -> Self:
        return arrays.matmul(self, other)

    def __rmatmul__(self, other: Operand) -> Self:
        return arrays.matmul_from(self, other)

    def __neg__(self) -> Self:
        return arithmetic.negative(self)

    def __pos__(self) -> Self:
        return converted(self, self._space)

    def __abs__(self) -> Self:
        return elementary(self, "abs", self)

    def conjugate(self) -> Self:
        """Itself: coefficients are real."""
        return converted(self, self._space)

    def __eq__(self, other: object) -> Any:
        return arithmetic.equal(self, other)

    def __ne__(self, other: object) -> Any:
        same = arithmetic.equal(self, other)
        return same if same is NotImplemented else ~same

    __hash__ = None  # type: ignore[assignment]
    __lt__ = __le__ = __gt__ = __ge__ = _no_order

    def __taylor_function__(self, name: str, *operands: Any) -> Self:
        """What `taylor.sin` and the like ask for."""
        return elementary(self, name, *operands)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        return apply_ufunc(self, ufunc, method, inputs, options)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return apply_function(func, args, kwargs)
