"""Truncated polynomials in several variables, and arrays of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Self, final

import numpy as np

from taylor.errors import ArgumentError, ShapeError
from taylor.expressions.expression import Expression
from taylor.numbers import planes as numbers
from taylor.numbers.checks import checked_order
from taylor.numbers.precision import Precision, as_precision
from taylor.numbers.types import Numbers, SympyExpression
from taylor.polynomials import forms
from taylor.polynomials.analysis import Analysis
from taylor.polynomials.space import Space, VariableNames, checked_names, make_space


@final
class Polynomial(Analysis):
    """A polynomial in several variables, truncated at a total degree, or an array of polynomials.

    What is beyond the order is unknown: p stands for p + O(order + 1).  Results of operations have
    the order to which they are known, which is the lowest of the operands' orders, one less for a
    derivative and one more for an integral.  Operands are brought together by the names of their
    variables; a polynomial does not depend on variables that it does not have.  Nothing is global,
    and polynomials never change, so that they may be shared by threads.

    coefficients: shape (*shape, size) for an array of polynomials of that shape, () for a single
        one; in double-double with a trailing axis of length 2 (high, low).  Or a mapping from
        powers to coefficients, {(1, 0): 2.5}.  The order of coefficients is that of `powers`.
    variables: names, e.g. "x y", or their number.
    order:     highest total degree; found from the number of coefficients where it is left out.
    limits:    highest power of each variable; () for none but the order.
    precision: "float64", "float32" or "double-double"; by default that of the array.

    Operators and NumPy's functions work elementwise on shapes and broadcast; numbers are rounded to
    the polynomial's precision, and of two polynomials the better precision wins.  A single
    polynomial is indexed by powers, an array of polynomials by components.  `==` compares
    coefficients; polynomials have no order and no hash.

    Raises ArgumentError (a ValueError) or ArgumentTypeError (a TypeError) for what does not fit.

    >>> import taylor as ty
    >>> x, y = ty.Polynomial.variables("x y", order=3)
    >>> p = (1 + x) * (x - 2 * y) ** 2
    >>> p
    x**2 - 4*x*y + 4*y**2 + x**3 - 4*x**2*y + 4*x*y**2 + O(4)
    >>> float(p[2, 1])
    -4.0
    >>> p([[0.5, 0.25], [1.0, 0.0]])
    array([0., 2.])
    """

    __slots__ = ()

    def __init__(
        self,
        coefficients: Numbers | Mapping[Any, Numbers],
        variables: VariableNames = 1,
        order: int | None = None,
        limits: Sequence[int] = (),
        *,
        precision: str | None = None,
    ) -> None:
        names = checked_names(variables)
        kind = numbers.kind_of(coefficients, precision)
        if isinstance(coefficients, Mapping):
            space, planes = _from_mapping(coefficients, names, order, tuple(limits), kind)
        else:
            planes = numbers.as_planes(coefficients, kind, "coefficients")
            if planes.ndim < 2:
                raise ArgumentError(
                    "coefficients must be an array, with one item for each monomial"
                )
            space = _fitting_space(names, order, tuple(limits), planes.shape[-1])
        self._set(planes, space, kind)

    @classmethod
    def variables(
        cls,
        variables: VariableNames,
        order: int,
        at: Numbers | None = None,
        limits: Sequence[int] = (),
        *,
        precision: str = "float64",
    ) -> Self:
        """The variables as an array of polynomials, to be unpacked: x_i = at_i + dx_i.

        at: the expansion point, zero by default: polynomials are in the displacements from it.

        >>> import taylor as ty
        >>> x, y = ty.Polynomial.variables("x y", order=2, at=[1.0, 2.0])
        >>> x * y
        2 + 2*x + y + x*y + O(3)
        """
        names = checked_names(variables)
        space = make_space(names, checked_order(order), tuple(limits))
        kind = as_precision(precision)
        planes = np.zeros((kind.parts, len(names), space.size), kind.dtype)
        places = space.monomials.find(np.eye(len(names), dtype=np.int16))
        for i, place in enumerate(places):
            if place >= 0:
                planes[:, i, place] = numbers.constant(kind, 1.0)
        if at is not None:
            point = numbers.as_planes(at, kind, "at", ndim=1)
            if point.shape[1:] not in ((), (len(names),)):
                raise ShapeError(
                    f"at must be one number for each of {len(names)} variables, got shape "
                    f"{point.shape[1:]}"
                )
            planes[..., 0] = point.reshape(kind.parts, -1)
        return cls._made(planes, space, kind)

    @classmethod
    def constant(
        cls,
        value: Numbers,
        variables: VariableNames = 1,
        order: int = 0,
        limits: Sequence[int] = (),
        *,
        precision: str | None = None,
    ) -> Self:
        """Polynomials that are numbers; `value` is a number or an array.

        >>> import taylor as ty
        >>> ty.Polynomial.constant(2.5, "x y", order=3)
        2.5 + O(4)
        """
        kind = numbers.kind_of(value, precision)
        space = make_space(checked_names(variables), checked_order(order), tuple(limits))
        return cls._of_numbers(numbers.as_planes(value, kind, "value"), space, kind)

    @classmethod
    def from_sympy(
        cls,
        expression: SympyExpression,
        variables: VariableNames,
        order: int | None = None,
        *,
        limits: Sequence[int] = (),
        precision: str | None = None,
    ) -> Self:
        """A SymPy expression that is a polynomial in the variables, cut at the order.

        limits, precision: as in `Polynomial`.  Without `order` it is that of the expression.

        Raises ArgumentError for what is no polynomial with numbers as coefficients.

        >>> import taylor as ty
        >>> import sympy
        >>> a, b = sympy.symbols("a b")
        >>> ty.Polynomial.from_sympy((a + b / 2) ** 2, "a b")
        a**2 + a*b + 0.25*b**2 + O(3)
        """
        names = checked_names(variables)
        terms = forms.from_sympy(expression, names, order, tuple(limits))
        return cls(terms, names, order, limits, precision=precision)

    @classmethod
    def from_numpy(
        cls,
        series: np.polynomial.Polynomial,
        variable: str | Expression = "x",
        order: int | None = None,
    ) -> Self:
        """A `numpy.polynomial.Polynomial` in one variable, domain and window taken into account.

        >>> import taylor as ty
        >>> import numpy as np
        >>> ty.Polynomial.from_numpy(np.polynomial.Polynomial([1, 0, 3]), order=4)
        1 + 3*x**2 + O(5)
        """
        names = checked_names(variable)
        found = forms.from_numpy(series, order)
        return cls(found, names, len(found) - 1 if order is None else order)

    def to_sympy(self, symbols: Sequence[SympyExpression] | None = None) -> SympyExpression:
        """As a SymPy expression, of exact rational coefficients; an array as an array of SymPy's.

        >>> import taylor as ty
        >>> x, y = ty.Polynomial.variables("x y", order=2)
        >>> (x * y / 2 + 1).to_sympy()
        x*y/2 + 1
        """
        return forms.to_sympy(self, symbols)

    def to_numpy(self) -> np.polynomial.Polynomial:
        """A single polynomial in one variable as a `numpy.polynomial.Polynomial`.

        >>> import taylor as ty
        >>> x = ty.Polynomial.variables("x", order=2)[0]
        >>> (1 + x**2).to_numpy().coef
        array([1., 0., 1.])
        """
        return forms.to_numpy(self)

    def __repr__(self) -> str:
        return forms.to_text(self)

    def _repr_latex_(self) -> str:
        return forms.to_latex(self)


def _from_mapping(
    terms: Mapping[Any, Any],
    names: tuple[str, ...],
    order: int | None,
    limits: tuple[int, ...],
    kind: Precision,
) -> tuple[Space, np.ndarray]:
    powers = [key if isinstance(key, tuple) else (key,) for key in terms]
    for key in powers:
        if len(key) != len(names) or not all(isinstance(k, int | np.integer) for k in key):
            raise ArgumentError(
                f"powers {key} do not give one integer for each of {len(names)} variables"
            )
    if order is None:
        order = max((int(sum(key)) for key in powers), default=0)
    space = make_space(names, checked_order(order), limits)
    values = [numbers.as_planes(value, kind, f"coefficient {k}") for k, value in terms.items()]
    shape = np.broadcast_shapes(*(value.shape[1:] for value in values))
    planes = np.zeros((kind.parts, *shape, space.size), kind.dtype)
    for key, value in zip(powers, values, strict=True):
        try:
            place = space.monomials.position(key)
        except KeyError as error:
            raise ArgumentError(f"coefficient {error.args[0]}") from None
        planes[..., place] = value.reshape(
            kind.parts, *[1] * (len(shape) - value.ndim + 1), *value.shape[1:]
        )
    return space, planes


def _fitting_space(
    names: tuple[str, ...], order: int | None, limits: tuple[int, ...], size: int
) -> Space:
    if order is None and not limits:
        order, count = 0, len(names)
        while math.comb(order + count, count) < size:
            order += 1
    if order is None:
        raise ArgumentError("polynomials with limits need an order")
    space = make_space(names, checked_order(order), limits)
    if space.size != size:
        raise ArgumentError(
            f"{size} coefficients: polynomials in {', '.join(names)} to order {order} have "
            f"{space.size}"
        )
    return space
