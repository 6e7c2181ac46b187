"""Operators of polynomials, and their way into NumPy's and taylor's functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from taylor.errors import ArgumentTypeError
from taylor.polynomials import arithmetic
from taylor.polynomials.coefficients import Coefficients, converted, make

if TYPE_CHECKING:
    from taylor.polynomials.polynomial import Polynomial


def elementary(name: str, *operands: Any) -> Polynomial:
    """A function of polynomials and numbers; see `taylor.polynomials.elementary`."""
    from taylor.polynomials.elementary import elementary

    return elementary(name, *operands)


def divide(a: Any, b: Any) -> Any:
    """a / b, one of them a polynomial."""
    if isinstance(b, Coefficients):
        return elementary("div", a, b)
    from taylor.numbers import planes as numbers

    given = arithmetic.operand(b, a._kind)
    if given is NotImplemented or isinstance(given, Coefficients):
        return given if given is NotImplemented else elementary("div", a, given)
    if a._kind.parts == 1:
        return make(a._planes / given[..., None], a._space, a._kind)
    inverse = a._kind.from_planes(numbers.reciprocal(given))
    return arithmetic.multiply(a, inverse)


def power(base: Any, exponent: Any) -> Any:
    """base ** exponent, one of them a polynomial."""
    if not isinstance(base, Coefficients):
        base = arithmetic.as_polynomial(base, exponent)
    n = arithmetic.as_integer(exponent)
    if n is None:
        return elementary("pow", base, exponent)
    positive = arithmetic.natural_power(base, abs(n))
    return elementary("div", 1, positive) if n < 0 else positive


def _no_order(self: Any, other: Any) -> Any:
    raise ArgumentTypeError(
        "polynomials have no order; compare their values, p.constant_part < q.constant_part"
    )


class Operators(Coefficients):
    """Coefficients with operators."""

    __slots__ = ()

    def __add__(self, other: Any) -> Any:
        return arithmetic.add(self, other)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        given = arithmetic.operand(other, self._kind)
        if given is NotImplemented:
            return NotImplemented
        return arithmetic.negative(arithmetic.add(arithmetic.negative(self), other))

    def __rsub__(self, other: Any) -> Any:
        return arithmetic.add(arithmetic.negative(self), other)

    def __mul__(self, other: Any) -> Any:
        return arithmetic.multiply(self, other)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        return divide(self, other)

    def __rtruediv__(self, other: Any) -> Any:
        given = arithmetic.operand(other, self._kind)
        return given if given is NotImplemented else divide(other, self)

    def __pow__(self, exponent: Any) -> Any:
        return power(self, exponent)

    def __rpow__(self, base: Any) -> Any:
        return power(base, self)

    def __matmul__(self, other: Any) -> Any:
        from taylor.polynomials.arrays import matmul

        return matmul(self, other)

    def __rmatmul__(self, other: Any) -> Any:
        from taylor.polynomials.arrays import matmul

        return matmul(other, self)

    def __neg__(self) -> Polynomial:
        return arithmetic.negative(self)

    def __pos__(self) -> Polynomial:
        return converted(self, self._space)

    def __abs__(self) -> Polynomial:
        return elementary("abs", self)

    def __eq__(self, other: object) -> Any:
        return arithmetic.equal(self, other)

    def __ne__(self, other: object) -> Any:
        same = arithmetic.equal(self, other)
        return same if same is NotImplemented else ~same

    __hash__ = None  # type: ignore[assignment]
    __lt__ = __le__ = __gt__ = __ge__ = _no_order

    def __taylor_function__(self, name: str, *operands: Any) -> Any:
        """What `taylor.sin` and the like ask for."""
        return elementary(name, *operands)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        from taylor.polynomials.protocol import apply_ufunc

        return apply_ufunc(ufunc, method, inputs, options)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        from taylor.polynomials.protocol import apply_function

        return apply_function(func, args, kwargs)
