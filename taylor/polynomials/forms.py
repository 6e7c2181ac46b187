"""Polynomials as text, and those of SymPy and of NumPy."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.polynomials.coefficients import Coefficients

MOST_TERMS = 10  # of a polynomial
MOST_COMPONENTS = 8


def to_text(p: Coefficients) -> str:
    """The leading terms, and the order; arrays line by line.

    >>> import taylor as ty
    >>> to_text(ty.Polynomial.variables("x y", order=2))
    '[x + O(3),\\n y + O(3)]'
    """
    if not p.ndim:
        return _single(p)
    shown = [to_text(component) for component in p[:MOST_COMPONENTS]]
    if len(p) > MOST_COMPONENTS:
        shown.append("...")
    return "[" + ",\n ".join(text.replace("\n", "\n ") for text in shown) + "]"


def _single(p: Coefficients) -> str:
    values = p._planes[0]
    places = np.flatnonzero(p._planes.any(axis=0))
    text = ""
    for place in places[:MOST_TERMS]:
        number, monomial = f"{abs(values[place]):.6g}", _monomial(p.powers[place], p.names)
        if monomial:
            number = monomial if number == "1" else f"{number}*{monomial}"
        sign = "-" if values[place] < 0 else "+"
        text += f" {sign} {number}" if text else (f"-{number}" if sign == "-" else number)
    if len(places) > MOST_TERMS:
        text += " + ..."
    return f"{text or '0'} + O({p.order + 1})"


def _monomial(powers: np.ndarray, names: tuple[str, ...]) -> str:
    factors = [
        name if power == 1 else f"{name}**{power}"
        for name, power in zip(names, powers, strict=True)
        if power
    ]
    return "*".join(factors)


def to_latex(p: Coefficients) -> str:
    """The same for mathematics in notebooks, a row for each component."""
    if p.ndim:
        rows = [to_latex(component).strip("$") for component in p[:MOST_COMPONENTS]]
        if len(p) > MOST_COMPONENTS:
            rows.append(r"\vdots")
        return r"$\begin{bmatrix}" + r" \\ ".join(rows) + r"\end{bmatrix}$"
    text = _single(p)
    text = re.sub(r"\*\*(\d+)", r"^{\1}", text)
    text = re.sub(r"(?<=\d)e([+-]\d+)", lambda m: rf" \cdot 10^{{{int(m[1])}}}", text)
    return "$" + text.replace("...", r"\dots").replace("*", r" \, ") + "$"


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
    expression: Any, names: tuple[str, ...], order: int | None, limits: tuple[int, ...]
) -> Mapping[tuple[int, ...], Any]:
    """The coefficients, by powers, of a SymPy expression that is a polynomial, cut at the order."""
    import sympy

    symbols = [sympy.Symbol(name) for name in names]
    try:
        listed = sympy.Poly(sympy.sympify(expression), *symbols).terms()
        numbers = {powers: _number(value) for powers, value in listed}
    except (sympy.PolynomialError, TypeError, ValueError) as error:
        raise ArgumentError(
            f"from_sympy: {expression} is no polynomial in {', '.join(names)} with numbers as "
            "coefficients; substitute ty.Polynomial.variables(...) in the function instead"
        ) from error
    if order is not None:
        top = limits or (order,) * len(names)
        numbers = {
            powers: value
            for powers, value in numbers.items()
            if sum(powers) <= order and all(k <= most for k, most in zip(powers, top, strict=True))
        }
    return numbers or {(0,) * len(names): 0}


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


def from_numpy(series: np.polynomial.Polynomial, order: int | None) -> np.ndarray:
    """The coefficients of a polynomial in one variable, from degree 0 to the order."""
    if not isinstance(series, np.polynomial.Polynomial):
        raise ArgumentTypeError(
            f"from_numpy: a numpy.polynomial.Polynomial is needed, got {type(series).__name__}"
        )
    c = np.asarray(series.convert(domain=[-1, 1], window=[-1, 1]).coef, float)
    last = len(c) - 1 if order is None else order
    return np.pad(c, (0, max(0, last + 1 - len(c))))[: last + 1]
