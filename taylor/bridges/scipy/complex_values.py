"""Complex numbers whose parts are expressions, for right-hand sides of complex states.

They are what a user's function is traced with: NumPy's arithmetic and elementary functions work on
them, alone and in arrays, and give such numbers again.
"""

from __future__ import annotations

import numbers
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from taylor.errors import ArgumentTypeError, TracingError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import as_expression

ZERO = 0.0  # an imaginary part that is known to be none


class Complex:
    """re + i im; each part a float or a scalar expression."""

    __slots__ = ("im", "re")

    def __init__(self, re: Any, im: Any = ZERO) -> None:
        self.re, self.im = re, im

    @property
    def real(self) -> Complex:
        return Complex(self.re)

    @property
    def imag(self) -> Complex:
        return Complex(self.im)

    @property
    def is_real(self) -> bool:
        """Whether the imaginary part is zero whatever the state."""
        return isinstance(self.im, float) and self.im == 0

    def conjugate(self) -> Complex:
        return self if self.is_real else Complex(self.re, -self.im)

    conj = conjugate

    def __add__(self, other: Any) -> Any:
        return _apply(lambda a, b: Complex(a.re + b.re, a.im + b.im), self, other)

    def __sub__(self, other: Any) -> Any:
        return _apply(lambda a, b: Complex(a.re - b.re, a.im - b.im), self, other)

    def __rsub__(self, other: Any) -> Any:
        return _apply(lambda a, b: Complex(b.re - a.re, b.im - a.im), self, other)

    def __mul__(self, other: Any) -> Any:
        return _apply(_product, self, other)

    def __truediv__(self, other: Any) -> Any:
        return _apply(_quotient, self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return _apply(lambda a, b: _quotient(b, a), self, other)

    def __pow__(self, other: Any) -> Any:
        return _apply(_power, self, other)

    def __rpow__(self, other: Any) -> Any:
        return _apply(lambda a, b: _power(b, a), self, other)

    __radd__, __rmul__ = __add__, __mul__

    def __neg__(self) -> Complex:
        return Complex(-self.re, ZERO if self.is_real else -self.im)

    def __pos__(self) -> Complex:
        return self

    def __abs__(self) -> Complex:
        if self.is_real:
            return Complex(abs(self.re))
        return Complex(np.sqrt(_square(self)))

    def __lt__(self, other: Any) -> Any:
        return _compared(lambda a, b: a < b, self, other)

    def __le__(self, other: Any) -> Any:
        return _compared(lambda a, b: a <= b, self, other)

    def __gt__(self, other: Any) -> Any:
        return _compared(lambda a, b: a > b, self, other)

    def __ge__(self, other: Any) -> Any:
        return _compared(lambda a, b: a >= b, self, other)

    def __complex__(self) -> complex:
        raise TracingError(
            "complex() of a value that is not known while the right-hand side is traced; store "
            "results in np.zeros_like(y), np.empty_like(y) or a list, not in an array of another "
            "dtype, and use NumPy's functions"
        )

    def __float__(self) -> float:
        return float(self.__complex__().real)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        return _ufunc(ufunc, method, inputs, options)

    def __repr__(self) -> str:
        return f"({self.re} + {self.im}j)"

    # What NumPy calls for the elements of arrays of objects.

    def exp(self) -> Complex:
        size = np.exp(self.re)
        if self.is_real:
            return Complex(size)
        return Complex(size * np.cos(self.im), size * np.sin(self.im))

    def log(self) -> Complex:
        if self.is_real:
            return Complex(np.log(self.re))
        return Complex(np.log(_square(self)) / 2, np.arctan2(self.im, self.re))

    def sqrt(self) -> Complex:
        return Complex(np.sqrt(self.re)) if self.is_real else (self.log() / 2).exp()

    def sin(self) -> Complex:
        if self.is_real:
            return Complex(np.sin(self.re))
        return Complex(
            np.sin(self.re) * np.cosh(self.im),
            np.cos(self.re) * np.sinh(self.im),
        )

    def cos(self) -> Complex:
        if self.is_real:
            return Complex(np.cos(self.re))
        return Complex(
            np.cos(self.re) * np.cosh(self.im),
            -np.sin(self.re) * np.sinh(self.im),
        )

    def sinh(self) -> Complex:
        if self.is_real:
            return Complex(np.sinh(self.re))
        return Complex(
            np.sinh(self.re) * np.cos(self.im),
            np.cosh(self.re) * np.sin(self.im),
        )

    def cosh(self) -> Complex:
        if self.is_real:
            return Complex(np.cosh(self.re))
        return Complex(
            np.cosh(self.re) * np.cos(self.im),
            np.sinh(self.re) * np.sin(self.im),
        )

    def tan(self) -> Any:
        return Complex(np.tan(self.re)) if self.is_real else self.sin() / self.cos()

    def tanh(self) -> Any:
        return Complex(np.tanh(self.re)) if self.is_real else self.sinh() / self.cosh()

    def square(self) -> Any:
        return self * self

    def reciprocal(self) -> Any:
        return 1.0 / self

    def arctan2(self, other: Any) -> Any:
        return _apply(lambda a, b: Complex(np.arctan2(_real(a), _real(b))), self, other)


class ComplexArray(np.ndarray):  # type: ignore[type-arg]
    """An array of these numbers, whose `real` and `imag` are theirs."""

    __array_priority__ = 20.0

    @property  # type: ignore[misc]
    def real(self) -> Any:
        return complex_array([Complex(z.re) for z in _elements(self)], self.shape)

    @property  # type: ignore[misc]
    def imag(self) -> Any:
        return complex_array([Complex(z.im) for z in _elements(self)], self.shape)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        return _ufunc(ufunc, method, inputs, options)


def complex_array(elements: Sequence[Complex], shape: tuple[int, ...]) -> ComplexArray:
    """Numbers as an array of a shape."""
    made = np.empty(len(elements), dtype=object)
    made[:] = elements
    return made.reshape(shape).view(ComplexArray)


def as_complex(value: Any) -> Complex:
    """A number or a scalar expression as a complex number.

    Raises ArgumentTypeError for anything else.
    """
    if isinstance(value, Complex):
        return value
    if isinstance(value, numbers.Complex):
        given = complex(value)
        return Complex(given.real, given.imag + ZERO)
    try:
        return Complex(as_expression(value))
    except ArgumentTypeError:
        raise ArgumentTypeError(
            f"a complex right-hand side met {value!r} of type {type(value).__name__}; it takes "
            "numbers, its arguments, and what NumPy makes of them"
        ) from None


def as_complex_array(array: np.ndarray) -> ComplexArray:
    """An array of numbers, expressions or such values as an array of the last."""
    return complex_array([as_complex(item) for item in array.ravel()], array.shape)


def parts_of(value: Any) -> list[tuple[Any, Any]]:
    """The real and the imaginary part of each number of a result."""
    given = value if isinstance(value, Complex) else np.asarray(value, dtype=object)
    return [(z.re, z.im) for z in _elements(given)]


def real_part(value: Any) -> Any:
    """A result that has to be real, as that of an event function."""
    found = parts_of(value)
    if len(found) != 1:
        raise ArgumentTypeError(f"the result has to be one number, got {len(found)}")
    return _real(Complex(*found[0]))


def _real(value: Complex) -> Any:
    if not value.is_real:
        raise ArgumentTypeError(
            f"a real number is wanted, and {value!r} is complex; take its real or imaginary part, "
            "or its absolute value"
        )
    return value.re


def _elements(value: Any) -> list[Complex]:
    if isinstance(value, Complex):
        return [value]
    return [as_complex(item) for item in np.asarray(value, dtype=object).ravel()]


def _apply(function: Callable[[Complex, Complex], Complex], a: Complex, b: Any) -> Any:
    """A function of two numbers, of which the second may be an array."""
    if isinstance(b, np.ndarray) and b.shape:
        found = [function(a, z) for z in _elements(b)]
        return complex_array(found, b.shape)
    return function(a, as_complex(b))


def _square(z: Complex) -> Any:
    return z.re**2 if z.is_real else z.re**2 + z.im**2


def _product(a: Complex, b: Complex) -> Complex:
    if a.is_real:
        return Complex(a.re * b.re, ZERO if b.is_real else a.re * b.im)
    if b.is_real:
        return Complex(a.re * b.re, a.im * b.re)
    return Complex(a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re)


def _quotient(a: Complex, b: Complex) -> Complex:
    if b.is_real:
        return Complex(a.re / b.re, ZERO if a.is_real else a.im / b.re)
    size = _square(b)
    above = _product(a, b.conjugate())
    return Complex(above.re / size, above.im / size)


def _power(a: Complex, b: Complex) -> Complex:
    if a.is_real and b.is_real:
        return Complex(a.re**b.re)
    exponent = b.re if b.is_real and isinstance(b.re, float) else None
    if exponent is not None and exponent == round(exponent) and abs(exponent) <= 64:
        whole, result = abs(round(exponent)), Complex(1.0)
        while whole:
            result = _product(result, a) if whole % 2 else result
            a, whole = _product(a, a), whole // 2
        return result if exponent >= 0 else _quotient(Complex(1.0), result)
    return _product(b, a.log()).exp()


def _compared(function: Callable[[Any, Any], Any], a: Complex, b: Any) -> Any:
    return function(_real(a), _real(as_complex(b)))


def _ufunc(ufunc: Any, method: str, inputs: Sequence[Any], options: dict[str, Any]) -> Any:
    """A ufunc over elements, each of which knows its functions."""
    special = _SPECIAL.get(ufunc.__name__) if method == "__call__" else None
    given = [_plain(value) for value in inputs]
    if "out" in options:
        options["out"] = tuple(_plain(value) for value in options["out"])
    if special is not None:
        found = np.frompyfunc(special, len(given), 1)(*given)
    else:
        try:
            found = getattr(ufunc, method)(*given, **options)
        except TypeError as error:
            raise TracingError(
                f"numpy.{ufunc.__name__} of complex values cannot be traced ({error}); there are "
                "+ - * / **, exp, log, sqrt, sin, cos, tan, sinh, cosh, tanh, abs, angle, real, "
                "imag, conj and products of matrices"
            ) from error
    if isinstance(found, np.ndarray) and found.dtype == object:
        return found.view(ComplexArray) if found.shape else found[()]
    return found


def _plain(value: Any) -> Any:
    """As NumPy's loop over objects takes it."""
    if isinstance(value, ComplexArray):
        return value.view(np.ndarray)
    if isinstance(value, Complex | Expression):
        held = np.empty((), dtype=object)
        held[()] = as_complex(value)
        return held
    return value


_SPECIAL: dict[str, Callable[..., Any]] = {
    "absolute": lambda z: abs(as_complex(z)),
    "conjugate": lambda z: as_complex(z).conjugate(),
    "exp": lambda z: as_complex(z).exp(),
    "arctan2": lambda a, b: as_complex(a).arctan2(as_complex(b)),
    "power": lambda a, b: as_complex(a) ** as_complex(b),
}
