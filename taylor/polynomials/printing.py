"""Polynomials as text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from taylor.polynomials.coefficients import Coefficients

MOST_TERMS = 10  # of a polynomial
MOST_COMPONENTS = 8


def to_text(p: Coefficients) -> str:
    """The leading terms, and the order; arrays line by line.

    >>> from taylor.polynomials.polynomial import Polynomial
    >>> to_text(Polynomial.variables("x y", order=2))
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
