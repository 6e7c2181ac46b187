"""Values of expressions whose inputs are truncated polynomials."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from taylor.errors import ArgumentError
from taylor.expressions.evaluate import Floats, Multiprecision, evaluate_in
from taylor.expressions.expression import Expression
from taylor.nodes.node import COMPARISONS, Node
from taylor.polynomials.coefficients import Coefficients
from taylor.polynomials.elementary import elementary

DIGITS = 40  # of numbers among polynomials with more of them than floats have


def has_polynomials(values: Iterable[Any]) -> bool:
    """Whether any of the values is a polynomial."""
    return any(isinstance(value, Coefficients) for value in values)


def evaluate_polynomials(
    expressions: Sequence[Expression], values: Mapping[Expression, Any]
) -> list[Any]:
    """The values of scalar expressions: polynomials, or numbers where no polynomial comes in.

    values: polynomials and numbers by scalar variable, parameter or time; what polynomials do not
            agree about (variables, order, precision) is brought together as their operators do.

    A branch (`where`, `minimum`, ...) is that of the constant parts.

    Raises ArgumentError for a missing input, and where there is no Taylor series: at poles, kinks
    and wherever a comparison holds for some displacements and not for others.

    >>> import taylor as ty
    >>> x, v = ty.variables("x v")
    >>> dv = ty.Polynomial.variables("dv", order=2, at=[2.0])[0]
    >>> evaluate_polynomials([x - v**2, 3 * x], {x: 1.0, v: dv})
    [-3 - 4*dv - dv**2 + O(3), np.float64(3.0)]
    """
    finer = any(isinstance(p, Coefficients) and p._kind.is_finer for p in values.values())
    if not finer:
        return evaluate_in(expressions, values, _Polynomials(Floats()))
    from mpmath import mp

    with mp.workdps(DIGITS):
        return evaluate_in(expressions, values, _Polynomials(Multiprecision(mp)))


class _Polynomials(Floats):
    """Polynomials, and numbers of another algebra."""

    def __init__(self, numbers: Floats) -> None:
        super().__init__()
        self.number = numbers.number  # type: ignore[method-assign]
        self.numbers = numbers

    def value(self, value: Any) -> Any:
        return value if isinstance(value, Coefficients) else self.numbers.value(value)

    def power(self, base: Any, exponent: Any) -> Any:
        if has_polynomials((base, exponent)):
            return base**exponent
        return self.numbers.power(base, exponent)

    def truth(self, value: Any) -> Any:
        return self.numbers.truth(value)

    def choose(self, test: Any, a: Any, b: Any) -> Any:
        return a if test != 0 else b

    def call(self, name: str, args: list[Any]) -> Any:
        like = next((arg for arg in args if isinstance(arg, Coefficients)), None)
        return self.numbers.call(name, args) if like is None else elementary(like, name, *args)

    def operate(self, e: Node, args: list[Any]) -> Any:
        if e.op in COMPARISONS and has_polynomials(args):
            args = [_constant_part(e, args[0] - args[1]), 0.0]
        return super().operate(e, args)


def _constant_part(e: Node, difference: Coefficients) -> float:
    """Of the sides of a comparison."""
    head = float(difference._planes[0, ..., 0])
    if head == 0 and difference._planes.any():
        raise ArgumentError(
            f"{e} has no Taylor series there: both sides are equal, and either may be larger nearby"
        )
    return head
