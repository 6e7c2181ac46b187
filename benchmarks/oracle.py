"""Taylor coefficients to many digits, without this project's recurrences, and errors against them.

Two sources: SymPy's derivatives evaluated by mpmath, as far as they stay small, and mpmath's
differentiation of the closed form in high precision for all orders.  Where there are both they have
to agree.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sympy
from mpmath import mp

from benchmarks.cases import Case

DIGITS = 80  # of the closed form's coefficients
MOST_OPERATIONS = 1500  # of a symbolic derivative that is still used
_GUARD_DIGITS = 120  # sums in symbolic derivatives cancel: digits to evaluate them with
_AGREEMENT = 1e-30
_UNRESOLVED = (sympy.Derivative, sympy.Subs, sympy.DiracDelta, sympy.Heaviside)


@dataclass(frozen=True, slots=True)
class Exact:
    """Coefficients 0 .. n in high precision, and up to which order SymPy confirmed them."""

    coefficients: list[Any]
    symbolic_order: int


class Oracle:
    """The coefficients 0 .. order of one case at any point; symbolic work once a sign of x."""

    def __init__(self, case: Case, order: int) -> None:
        self.case = case
        self.order = order
        self._derivatives: dict[bool, list[Callable[[Any], Any]]] = {}

    def at(self, point: float) -> Exact | None:
        """Coefficients at a point, or None where one of them is not real and finite.

        Raises RuntimeError if the two sources differ.
        """
        coefficients = self._numerical(point)
        if coefficients is None:
            return None
        size = max(abs(c) for c in coefficients)
        smallest = size * mp.mpf(10) ** (
            15 - DIGITS
        )  # below is what differentiation leaves of a zero
        coefficients = [c if abs(c) > smallest else mp.zero for c in coefficients]
        derivatives = self._symbolic(point > 0)
        for n, derivative in enumerate(derivatives):
            with mp.workdps(_GUARD_DIGITS):
                value = mp.convert(derivative(mp.mpf(point))) / mp.factorial(n)
                if self.case.name == "lgamma":
                    value = mp.re(value)  # SymPy's loggamma is complex left of zero
            if abs(value - coefficients[n]) > _AGREEMENT * abs(value) + 10 * smallest:
                raise RuntimeError(
                    f"{self.case.name} at {point}, order {n}: SymPy gives {value}, mpmath "
                    f"{coefficients[n]}"
                )
            coefficients[n] = value
        return Exact(coefficients, len(derivatives) - 1)

    def _numerical(self, point: float) -> list[Any] | None:
        with mp.workdps(DIGITS):
            try:
                coefficients = mp.taylor(self._closed_form(point > 0), mp.mpf(point), self.order)
            except (ZeroDivisionError, ValueError, OverflowError):
                return None
        real = all(isinstance(c, mp.mpf) and mp.isfinite(c) for c in coefficients)
        return coefficients if real else None

    def _closed_form(self, positive: bool) -> Callable[[Any], Any]:
        closed = self.case.closed
        if closed is None:
            return self._symbolic(positive)[0]
        return lambda x: closed(mp, x)

    def _symbolic(self, positive: bool) -> list[Callable[[Any], Any]]:
        """SymPy's derivatives of orders 0, 1, ... as functions of mpmath numbers, while small.

        The symbol has the sign of the point, so that SymPy resolves |x| and sign x.
        """
        if positive not in self._derivatives:
            x = sympy.Symbol("x", positive=positive, negative=not positive)
            derivative = self.case.symbolic(sympy, x)
            found = [derivative]
            for _ in range(self.order):
                derivative = _smaller(sympy.diff(derivative, x))
                if derivative is None:
                    break
                found.append(derivative)
            self._derivatives[positive] = [sympy.lambdify(x, d, "mpmath") for d in found]
        return self._derivatives[positive]


def _smaller(derivative: Any) -> Any:
    """The derivative, multiplied out if that keeps it small enough; None if nothing does."""
    if derivative.has(*_UNRESOLVED):
        return None
    if MOST_OPERATIONS < derivative.count_ops() < 8 * MOST_OPERATIONS:
        derivative = sympy.expand(derivative)
    return derivative if derivative.count_ops() <= MOST_OPERATIONS else None


def error_in_ulp(computed: float, exact: Any, size: Any) -> float:
    """|computed - exact| in units in the last place of the double nearest to `size`.

    With size = exact this is the usual measure, in which a correctly rounded value has an error of
    at most 1/2; 0 if both overflow.
    """
    if abs(exact) > mp.mpf(math.nextafter(math.inf, 0)):
        return 0.0 if computed == float(exact) else math.inf
    if not math.isfinite(computed):
        return math.inf
    return float(abs(mp.mpf(computed) - exact) / math.ulp(float(size)))
