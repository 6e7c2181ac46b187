"""Polynomials as functions: values, composition, derivatives, estimates; and their shapes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self, overload

import numpy as np

from taylor.errors import ArgumentError, ShapeError
from taylor.expressions.types import Named
from taylor.numbers import planes as numbers
from taylor.numbers.checks import checked_order, checked_threads
from taylor.numbers.precision import as_precision
from taylor.numbers.types import Number, NumberOrArray, Numbers
from taylor.polynomials import arithmetic, arrays, calculus, estimates, maps
from taylor.polynomials.coefficients import Coefficients, Operand, converted, reshape
from taylor.polynomials.operators import Operators
from taylor.polynomials.space import Variable, VariableNames, checked_names, make_space

if TYPE_CHECKING:
    import matplotlib.figure


class Analysis(Operators):
    """Operators, and methods of functions."""

    __slots__ = ()

    # -- values and substitution ----------------------------------------------------------------

    @overload
    def __call__(
        self, *points: Coefficients, threads: int = ..., **named: Coefficients
    ) -> Self: ...
    @overload
    def __call__(
        self, *points: Numbers | Coefficients, threads: int = ..., **named: Numbers | Coefficients
    ) -> NumberOrArray: ...
    def __call__(self, *points: Any, threads: int = 1, **named: Any) -> Any:
        """Values at points, or the composition with other polynomials.

        points: an array of shape (..., variables), with the displacements from the expansion point;
            or one array for each variable (in one variable always so), by position or by name.
            In double-double they have the trailing axis, or are numbers as `taylor.from_mpmath`
            takes them.  If they are polynomials, the composition, see `compose`.
        threads: how many share many points; results are the same, bit for bit.

        Returns an array of shape (*points, *shape), in double-double with the axis of the parts.

        Raises ShapeError for points with another number of coordinates.

        >>> import taylor as ty
        >>> x, y = ty.Polynomial.variables("x y", order=2)
        >>> float((x * y + 1)(2.0, 3.0)), (x * y + 1)([[1, 1], [2, 2]])
        (7.0, array([2., 5.]))
        """
        threads = checked_threads(threads)
        if named:
            points = self._by_name(points, named)
        if any(isinstance(point, Coefficients) for point in points):
            single = len(points) == 1 and points[0].ndim == 1
            return self.compose(points[0] if single else arrays.stack(points))
        count = len(self.names)
        kind = self._kind
        if len(points) == 1 and count > 1:
            planes = numbers.as_planes(points[0], kind, "points")
            if planes.shape[-1:] != (count,) or planes.ndim < 2:
                raise ShapeError(
                    f"points must have {count} coordinates ({', '.join(self.names)}) along their "
                    f"last axis, got shape {planes.shape[1:]}"
                )
        elif len(points) == count:
            listed = [numbers.as_planes(point, kind, "coordinates") for point in points]
            shape = arithmetic.common_shape(*(column.shape[1:] for column in listed))
            planes = np.stack([arithmetic.widened(c, shape, 0) for c in listed], axis=-1)
        else:
            raise ShapeError(
                f"a polynomial in {', '.join(self.names)} takes points with {count} coordinates, "
                f"or {count} arguments; got {len(points)} arguments"
            )
        return maps.values(self, planes, threads)

    def _by_name(self, points: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
        if points or sorted(named) != sorted(self.names):
            raise ArgumentError(
                f"give all variables {', '.join(self.names)} by position or all by name; "
                "p.partial(x=...) is for some of them"
            )
        return tuple(named[name] for name in self.names)

    def compose(self, inner: Operand) -> Self:
        """The composition self(inner), truncated: to the lower of the two orders.

        inner: a map (polynomials of shape (variables,)) or a sequence, one polynomial or number for
            each variable.  A constant part of it is where this polynomial is expanded anew: as a
            polynomial, without what it is cut off from.

        >>> import taylor as ty
        >>> x, y = ty.Polynomial.variables("x y", order=3)
        >>> (x**2 + y).compose([x + y, x * y])
        x**2 + 3*x*y + y**2 + O(4)
        """
        if not isinstance(inner, Coefficients):
            items = list(inner) if isinstance(inner, list | tuple | np.ndarray) else [inner]
            if not any(isinstance(item, Coefficients) for item in items):
                raise ArgumentError(
                    "compose: no polynomial among the arguments; p(points) has values"
                )
            inner = arrays.stack(items)
        return maps.compose(self, inner)

    def partial(self, given: Mapping[Any, Number] | None = None, **values: Number) -> Self:
        """The polynomial with numbers for some of its variables, in those that are left.

        given: a mapping from names (or numbers) of variables to numbers, in place of keywords.

        >>> import taylor as ty
        >>> x, y = ty.Polynomial.variables("x y", order=2)
        >>> (x * y + x**2).partial(x=2.0)
        4 + 2*y + O(3)
        """
        return maps.partial(self, {**(given or {}), **values})

    def shift(self, displacement: Numbers) -> Self:
        """p(displacement + x), as a polynomial: about another expansion point.

        >>> import taylor as ty
        >>> x = ty.Polynomial.variables("x", order=2)[0]
        >>> (x**2).shift(1.0)
        1 + 2*x + x**2 + O(3)
        """
        point = numbers.as_planes(displacement, self._kind, "displacement", ndim=1)
        count = len(self.names)
        if point.shape[1:] not in ((), (count,)):
            raise ShapeError(
                f"displacement must be one number for each of {count} variables, got shape "
                f"{point.shape[1:]}"
            )
        wide = np.broadcast_to(point.reshape(len(point), -1), (len(point), count))
        return maps.shift(self, wide)

    def inverse(self) -> Self:
        """The inverse of a map with as many components as variables.

        Of y = p(x) = p_0 + .. it gives x as a map of y - p_0, in variables of the same names:
        w = p.inverse() has no constant part, w(p - p_0) = x and p(w) = p_0 + x up to the order.

        Raises ArgumentError if the linear part is singular, ShapeError for what is no such map.

        >>> import taylor as ty
        >>> x = ty.Polynomial.variables("x", order=3)
        >>> (3 + x + x**2).inverse()
        [x - x**2 + 2*x**3 + O(4)]
        """
        return maps.inverse(self)

    # -- derivatives ----------------------------------------------------------------------------

    def diff(self, variable: Variable, n: int = 1) -> Self:
        """The n-th partial derivative, known to an order lower by n.

        >>> import taylor as ty
        >>> x, y = ty.Polynomial.variables("x y", order=3)
        >>> (x**2 * y).diff("x")
        2*x*y + O(3)
        """
        return calculus.differentiate(self, variable, n)

    def integrate(self, variable: Variable) -> Self:
        """The integral with respect to a variable, from 0; known to an order higher by one.

        >>> import taylor as ty
        >>> x, y = ty.Polynomial.variables("x y", order=1)
        >>> (1 + y).integrate("x")
        x + x*y + O(3)
        """
        return calculus.integrate(self, variable)

    def tensor(self, k: int) -> np.ndarray:
        """All derivatives of order k at the expansion point: shape (*shape, variables, .. k times).

        >>> import taylor as ty
        >>> x, y = ty.Polynomial.variables("x y", order=2)
        >>> (x * y + y**2).tensor(2)
        array([[0., 1.],
               [1., 2.]])
        """
        return calculus.tensor(self, k)

    def derivative(self, orders: Named[int] | Mapping[int, int]) -> NumberOrArray:
        """One partial derivative at the expansion point: shape `shape`, in double-double (.., 2).

        orders: how often by which variable (its name, number or expression); others not at all.

        Raises ItemError beyond the order or a limit, ArgumentError for what is
        no variable.

        >>> import taylor as ty
        >>> x, y = ty.Polynomial.variables("x y", order=3)
        >>> float((x**2 * y).derivative({"x": 2, "y": 1}))
        2.0
        """
        return calculus.derivative(self, orders)

    @property
    def gradient(self) -> np.ndarray:
        """First derivatives at the expansion point: shape (*shape, variables)."""
        return calculus.tensor(self, 1)

    @property
    def jacobian(self) -> np.ndarray:
        """The same: of a map, its matrix."""
        return calculus.tensor(self, 1)

    @property
    def hessian(self) -> np.ndarray:
        """Second derivatives at the expansion point: shape (*shape, variables, variables)."""
        return calculus.tensor(self, 2)

    # -- parts ----------------------------------------------------------------------------------

    def truncate(self, order: int) -> Self:
        """The polynomial to a lower order.

        >>> import taylor as ty
        >>> x = ty.Polynomial.variables("x", order=3)[0]
        >>> (1 + x**3).truncate(2)
        1 + O(3)
        """
        order = checked_order(order)
        if order > self.order:
            raise ArgumentError(
                f"truncate: order={order} is more than what is known, {self.order}; "
                "p.extend(order) takes the coefficients beyond as zero"
            )
        return converted(self, self._space.to_order(order))

    def extend(self, order: int | None = None, variables: VariableNames | None = None) -> Self:
        """The polynomial in a larger space, coefficients that it has not being taken as zero.

        variables: all variables of the result, its own among them.

        >>> import taylor as ty
        >>> x = ty.Polynomial.variables("x", order=1)[0]
        >>> (1 + x).extend(2, "x y") ** 2
        1 + 2*x + x**2 + O(3)
        """
        order = self.order if order is None else checked_order(order)
        names = self.names if variables is None else checked_names(variables)
        missing = [name for name in self.names if name not in names]
        if missing or order < self.order:
            raise ArgumentError(
                f"extend: order {order} in {', '.join(names)} is no more than order {self.order} "
                f"in {', '.join(self.names)}"
            )
        limits: tuple[int, ...] = ()
        if self.limits:
            own = dict(zip(self.names, self.limits, strict=True))
            limits = tuple(own.get(name, order) for name in names)
        return converted(self, make_space(names, order, limits))

    def homogeneous(self, degree: int) -> Self:
        """The part of one total degree.

        >>> import taylor as ty
        >>> x = ty.Polynomial.variables("x", order=3)[0]
        >>> ((1 + x) ** 3).homogeneous(2)
        3*x**2 + O(4)
        """
        degree = checked_order(degree, "degree")
        if degree > self.order:
            raise ArgumentError(f"homogeneous: degree={degree} is beyond the order {self.order}")
        planes = np.zeros_like(self._planes)
        own = self._space.monomials.of_degree(degree)
        planes[..., own] = self._planes[..., own]
        return self._made(planes, self._space, self._kind)

    # -- estimates ------------------------------------------------------------------------------

    def norms(self, kind: str | int = "max", variable: Variable | None = None) -> np.ndarray:
        """Norms of the coefficients of each total degree: shape (*shape, order + 1).

        kind: "max", "sum" (of absolute values) or 2 (Euclidean).
        variable: by powers of this variable instead.

        >>> import taylor as ty
        >>> x, y = ty.Polynomial.variables("x y", order=2)
        >>> (1 - 3 * x * y + y**2).norms("sum")
        array([1., 0., 4.])
        """
        return estimates.norms(self, kind, variable)

    def convergence_radius(self, variable: Variable | None = None) -> NumberOrArray:
        """Estimate of the radius of convergence, from the decay of the norms by degree.

        A line through the logarithms of the sums of absolute values; inf where there are
        coefficients of fewer than two degrees.  variable: in this variable alone.

        >>> import taylor as ty
        >>> x = ty.Polynomial.variables("x", order=20)[0]
        >>> round(float((1 / (2 - x)).convergence_radius()), 6)
        2.0
        """
        return estimates.convergence_radius(self, variable)

    def truncation_error(
        self, radius: float = 1.0, variable: Variable | None = None
    ) -> NumberOrArray:
        """Estimate of the terms beyond the order for displacements up to `radius` in each variable.

        The same line, continued; inf beyond the estimated radius of convergence.

        >>> import taylor as ty
        >>> x = ty.Polynomial.variables("x", order=20)[0]
        >>> error = (1 / (2 - x)).truncation_error(1.0)
        >>> round(float(error / 2.0**-21), 6)
        1.0
        """
        return estimates.truncation_error(self, radius, variable)

    def plot(self, radius: float = 1.0) -> matplotlib.figure.Figure:
        """A Matplotlib figure: of one variable curves, of two (and no components) contours, for
        displacements up to `radius`; of more how the terms decay with their degree.

        Raises ArgumentError for a radius that is not positive, ImportError without Matplotlib.

        >>> import taylor as ty
        >>> x = ty.Polynomial.variables("x", order=8)[0]
        >>> ty.exp(x).plot(radius=2.0)  # doctest: +SKIP
        <Figure size 640x440 with 1 Axes>
        """
        from taylor.displays.polynomials import draw

        return draw(self, radius)

    # -- shapes ---------------------------------------------------------------------------------

    def sum(self, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Self:
        """The sum of the components."""
        return arrays.total(self, axis, keepdims)

    def reshape(self, *shape: int | tuple[int, ...]) -> Self:
        """The components in another shape."""
        chosen: Any = shape[0] if len(shape) == 1 else shape
        return reshape(self, chosen)

    def transpose(self, *axes: int) -> Self:
        """The components with axes in another order."""
        return arrays.transpose(self, axes)

    @property
    def T(self) -> Self:
        """The components with axes reversed."""
        return arrays.transpose(self)

    def astype(self, precision: str) -> Self:
        """The same polynomials in another precision."""
        return converted(self, self._space, as_precision(precision))
