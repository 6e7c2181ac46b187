"""Removable singularities: quotients such as (1 - cos x)/x**2 with all their derivatives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np

from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import as_expression, try_expression, variable
from taylor.expressions.scalars import Spelling
from taylor.expressions.types import Operand
from taylor.functions.apply import Applicable
from taylor.nodes.logic import where
from taylor.nodes.traverse import inputs
from taylor.numbers import exact as constants
from taylor.numbers.types import Number
from taylor.recurrences.decompose import decompose
from taylor_runtime.program.program import Input

_TERMS = 48  # of Taylor's polynomial
_DIGITS = 20  # the expansion is done 10**-20 beside the point, on both sides: their mean is
# right to 10**-40
_SINGULAR = 8  # coefficients that grow like 10**(8 n) belong to a singularity
_KEPT = 2.0**-110  # what the polynomial leaves out
_BITS = 140  # of its coefficients


def removable(f: Callable[[Expression], Operand], at: Number = 0) -> Applicable:
    """Return the function f(x) with its removable singularity at a point filled in.

    f: builds an expression of x that has no value at the point, although its limit exists, such as
        ``lambda x: (ty.exp(x) - 1) / x``.
    at: the point, an exact number.

    The result is used as any function: of expressions it gives an expression, of numbers numbers.
    Near the point it is f's Taylor polynomial of degree 48, so that neither values nor derivatives
    cancel there; elsewhere it is f itself. Derivatives up to order 20 or so are right at the point
    and all around it. ``where(x == 0, 1, ...)`` fills in the value alone: its derivatives at the
    point are those of the constant.

    Raises ArgumentError if f is not analytic around the point (a pole, a jump, a root), or depends
    on more than x; ArgumentTypeError if it builds no expression.

    >>> import taylor as ty
    >>> f = ty.removable(lambda x: (1 - ty.cos(x)) / x**2)
    >>> ty.jet(f, 0.0, 4)
    array([ 0.5       ,  0.        , -0.04166667,  0.        ,  0.00138889])
    """
    point = constants.exact(at)
    if point is None or isinstance(point, float):
        raise ArgumentTypeError(f"removable: at={at!r} has to be a finite number")
    x = variable("x of removable")
    body = try_expression(f(x))
    if body is None or body.shape:
        raise ArgumentTypeError("removable: f has to build one scalar expression of x")
    if any(leaf is not x for leaf in inputs([body])):
        raise ArgumentError(
            f"removable: {body} depends on more than x; give the point's neighbourhood in x alone, "
            "and combine it with other variables outside"
        )
    coefficients = _coefficients(body, x, point)
    radius = _radius(coefficients)
    shift = x - point
    polynomial = as_expression(0)
    for c in reversed(coefficients):
        polynomial = polynomial * shift + c
    filled = where(shift * shift < radius * radius, polynomial, body)
    return partial(_applied, filled, x)


def _applied(filled: Expression, x: Expression, argument: Any) -> Any:
    from taylor.expressions.ufuncs import call

    def build(e: Expression) -> Expression:
        return Spelling.replaced([filled], {x: e})[0]

    if isinstance(argument, (Expression, list, tuple)) or (
        isinstance(argument, np.ndarray) and argument.dtype == object
    ):
        return call("removable", build, (argument,))
    return filled.evaluate({x: argument})


def _coefficients(body: Expression, x: Expression, point: Any) -> list[Fraction | int]:
    """f's Taylor coefficients at the point."""
    import mpmath

    from taylor.reference.interpreter import coefficients, mpmath_algebra

    mp = mpmath.mp.clone()
    mp.dps = _DIGITS * (_TERMS + 8) + 80
    algebra = mpmath_algebra(mp)
    program = decompose([body], {x: Input("jet")}, _TERMS + 1)
    aside = Fraction(1, 10**_DIGITS)

    def beside(offset: Fraction) -> list[Any]:
        jet = [algebra.number(c) for c in (point + offset, 1, *[0] * _TERMS)]
        return list(coefficients(program, {"jet": [jet]}, algebra)[0])

    try:
        right, left = beside(aside), beside(-aside)
    except (ValueError, ArithmeticError) as error:
        raise _not_removable(body, point) from error
    if not all(mp.isfinite(c) for c in (*right, *left)):
        raise _not_removable(body, point)
    found: list[Any] = []
    for n, (a, b) in enumerate(zip(right[:-1], left[:-1], strict=True)):
        size = max(abs(a), abs(b))
        drift = 4 * (n + 1) * abs(right[n + 1]) * mp.mpf(10) ** -_DIGITS
        flat = 0 < size < mp.mpf(10) ** -600  # as exp(-1/x**2) is
        grows = n > 2 and size > mp.mpf(10) ** (_SINGULAR * n)
        if flat or grows or abs(a - b) > size * mp.mpf(10) ** -6 + drift:
            raise _not_removable(body, point)
        with mp.workprec(_BITS):
            found.append(constants.exact(+((a + b) / 2)))  # type: ignore[arg-type]
    # A coefficient that vanishes is left as 10**-40 times the one after the next.
    later = [max(abs(c) for c in found[n + 1 : n + 3]) for n in range(_TERMS)]
    vanishing = [abs(c) * 10**33 < rest for c, rest in zip(found, later, strict=False)]
    return [0 if zero else c for c, zero in zip(found, [*vanishing, False], strict=True)]


def _not_removable(body: Expression, point: Any) -> ArgumentError:
    return ArgumentError(
        f"removable: {body} is not analytic around {point}; a pole, a jump or a root cannot be "
        "filled in"
    )


def _radius(coefficients: Sequence[Fraction | int]) -> Fraction:
    """Where the polynomial leaves out nothing that counts, and its terms do not cancel."""
    sizes = [float(abs(c)) for c in coefficients]
    first = next((n for n, size in enumerate(sizes) if size), 0)

    def fits(r: float) -> bool:
        head = sizes[first] * r**first
        rest = sum(size * r**n for n, size in enumerate(sizes) if n > first)
        tail = sum(size * r**n for n, size in enumerate(sizes) if n > len(sizes) - 5)
        return rest <= head and tail <= _KEPT * head

    power = 10
    while power > -60 and not fits(2.0**power):
        power -= 1
    return Fraction(2) ** power
