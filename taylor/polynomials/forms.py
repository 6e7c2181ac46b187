"""Polynomials of SymPy and of NumPy."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.polynomials.coefficients import Coefficients

if TYPE_CHECKING:
    from taylor.polynomials.polynomial import Polynomial


def to_sympy(p: Coefficients, symbols: Sequence[Any] | None) -> Any:
    """A SymPy expression, or an array of them."""
    import sympy

    known = [sympy.Symbol(name) for name in p.names] if symbols is None else list(symbols)
    if len(known) != len(p.names):
        raise ArgumentError(f"to_sympy: {len(p.names)} symbols are needed, got {len(known)}")
    flat = p._planes.reshape(len(p._planes), -1, p.size)
    if not np.isfinite(flat).all():
        raise ArgumentError("to_sympy: some coefficients are not finite")
    found = []
    for component in np.moveaxis(flat, 0, -1):
        terms = []
        for place in np.flatnonzero(component.any(axis=-1)):
            exact = sum(map(Fraction, component[place].tolist()), Fraction(0))
            factors = [x ** int(k) for x, k in zip(known, p.powers[place], strict=True)]
            terms.append(sympy.Mul(sympy.Rational(exact.numerator, exact.denominator), *factors))
        found.append(sympy.Add(*terms))
    return found[0] if not p.ndim else sympy.ImmutableDenseNDimArray(found, p.shape)


def from_sympy(
    expression: Any, names: tuple[str, ...], order: int | None, options: dict[str, Any]
) -> Polynomial:
    """A polynomial of a SymPy expression, cut at the order."""
    import sympy

    from taylor.polynomials.polynomial import Polynomial

    symbols = [sympy.Symbol(name) for name in names]
    try:
        listed = sympy.Poly(sympy.sympify(expression), *symbols).terms()
        numbers = {powers: _number(value) for powers, value in listed}
    except (sympy.PolynomialError, TypeError, ValueError) as error:
        raise ArgumentError(
            f"from_sympy: {expression} is no polynomial in {', '.join(names)} with numbers as "
            "coefficients; substitute ty.Polynomial.variables(...) in the function instead"
        ) from error
    limits = tuple(options.get("limits", ()))
    if order is not None:
        top = limits or (order,) * len(names)
        numbers = {
            powers: value
            for powers, value in numbers.items()
            if sum(powers) <= order and all(k <= most for k, most in zip(powers, top, strict=True))
        }
    return Polynomial(numbers or {(0,) * len(names): 0}, names, order, **options)


def _number(value: Any) -> Any:
    """A coefficient exactly if it is rational, else as a decimal of 40 digits."""
    if value.is_Rational:
        return Fraction(int(value.p), int(value.q))
    if not value.is_real or value.free_symbols:
        raise ArgumentTypeError(f"{value} is no real number")
    return str(value.evalf(40))


def to_numpy(p: Coefficients) -> np.polynomial.Polynomial:
    """A `numpy.polynomial.Polynomial`."""
    if len(p.names) != 1 or p.ndim:
        raise ArgumentTypeError(
            "to_numpy: numpy.polynomial.Polynomial is one polynomial in one variable; this is in "
            f"{', '.join(p.names)}, of shape {p.shape}"
        )
    return np.polynomial.Polynomial(p._planes[0].astype(np.float64), symbol=p.names[0])


def from_numpy(
    series: np.polynomial.Polynomial, names: tuple[str, ...], order: int | None
) -> Polynomial:
    """A polynomial in one variable."""
    from taylor.polynomials.polynomial import Polynomial

    if not isinstance(series, np.polynomial.Polynomial):
        raise ArgumentTypeError(
            f"from_numpy: a numpy.polynomial.Polynomial is needed, got {type(series).__name__}"
        )
    c = np.asarray(series.convert(domain=[-1, 1], window=[-1, 1]).coef, float)
    last = len(c) - 1 if order is None else order
    return Polynomial(np.pad(c, (0, max(0, last + 1 - len(c))))[: last + 1], names, last)
