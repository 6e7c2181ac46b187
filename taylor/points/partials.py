"""What `taylor.derivatives` returns: partial derivatives at points, by their powers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from taylor.errors import ArgumentError, ArgumentTypeError, ItemError
from taylor.numbers.checks import checked_threads, natural
from taylor.numbers.planes import stacked_planes
from taylor.numbers.precision import FLOAT64, Precision
from taylor.numbers.types import Numbers
from taylor.points.jets import PLAIN, times
from taylor.points.lost_digits import rounding_errors
from taylor.polynomials.expansion import Expansion, aligned_empty
from taylor.polynomials.polynomial import Polynomial
from taylor.transforms.nested import wrapped
from taylor_runtime.program.monomials import Monomials
from taylor_runtime.program.records import by_identity


class Derivatives(Mapping[tuple[int, ...], np.ndarray]):
    """Partial derivatives by multi-index: d[2, 0, 1] is d^3 f / dx^2 dz.

    A mapping from multi-indices (one number for each variable) to arrays of shape (*outputs,
    *points): the shape of what the function returns, then that to which the coordinates broadcast.
    What `tensor` gives has the axes of the derivatives between the two. Double-doubles have a
    trailing axis of length 2.

    coefficients: normalised, each derivative over the factorials of its multi-index; shape
        (*outputs, monomials, *points), a view for reading.
    multi_indices: that order, shape (monomials, variables): by total order, then powers of the
        first variable first.

    >>> import numpy as np, taylor as ty
    >>> d = ty.derivatives(lambda x: [np.sin(x[0]) * x[1], x[1] ** 2], (0.0, 3.0), order=2)
    >>> d.jacobian.tolist()
    [[3.0, 0.0], [0.0, 6.0]]
    >>> len(d), d.coefficients.shape, d.multi_indices[-1].tolist()
    (6, (2, 6), [0, 2])
    """

    def __init__(
        self,
        planes: np.ndarray,
        among: Monomials,
        kind: Precision,
        expansion: Expansion | None,
        outputs: tuple[int, ...],
        points: tuple[int, ...],
        names: tuple[str, ...],
    ) -> None:
        self._planes = planes  # (parts, outputs, monomials, at least as many points)
        self._expansion = expansion  # None for derivatives that are expressions
        self._among = among
        self._outputs = outputs
        self._points = points
        self._names = names
        self._kind = kind
        self._error: Derivatives | None = None

    @property
    def error(self) -> Derivatives:
        """Estimates of the absolute rounding errors of all derivatives, in float64, by the same
        multi-indices and shapes; of those that were asked for with error=True.

        Raises ArgumentError for others.
        """
        if self._error is None:
            raise ArgumentError("errors were not asked for: call derivatives(..., error=True)")
        return self._error

    def room(
        self, expansion: Expansion, shapes: tuple[tuple[int, ...], tuple[int, ...]]
    ) -> np.ndarray:
        """The memory of the results, for an equal call that may overwrite them."""
        same = expansion is self._expansion or expansion == self._known()
        if not same or shapes != (self._outputs, self._points):
            raise ArgumentError(
                f"out={self!r} comes from another function, order, kind of numbers or shape of "
                "points; leave it out"
            )
        return self._planes

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Copies have their numbers where machine code can write."""
        self.__dict__.update(state)
        if self._expansion is None:
            return
        self._planes = aligned_empty(self._planes.shape, self._kind)
        self._planes[...] = state["_planes"]

    def at(
        self,
        point: Numbers,
        *,
        threads: int = 1,
        out: Derivatives | None = None,
        error: bool = False,
    ) -> Derivatives:
        """The same derivatives elsewhere: nothing is traced or compiled again.

        Arguments are those of `taylor.derivatives`.

        >>> import taylor as ty
        >>> d = ty.derivatives(lambda x, y: x**2 * y, (1.0, 1.0), order=2)
        >>> d.at((3.0, 2.0)).gradient.tolist()
        [12.0, 9.0]
        """
        expansion = self._known()
        listed = point if isinstance(point, tuple | list) else (point,)
        if out is None and not error and listed and isinstance(listed[0], float):
            planes = expansion.one(*listed)
            if planes is not None:
                checked_threads(threads)
                return Derivatives(
                    planes, self._among, self._kind, expansion, self._outputs, (), self._names
                )
        given = as_coordinates(point, self._kind)
        count = len(expansion.arguments)
        if given.shape[1] != count:
            raise ArgumentError(f"point has {given.shape[1]} coordinates, the function {count}")
        return evaluated(expansion, given, self._outputs, self._names, threads, out, error)

    def _known(self) -> Expansion:
        if self._expansion is None:
            raise ArgumentError(
                "these are expressions, of a function that was being traced, or errors: they have "
                "no other points; call taylor.derivatives there again"
            )
        return self._expansion

    @property
    def order(self) -> int:
        """Highest total order."""
        return self._among.order

    @property
    def multi_indices(self) -> np.ndarray:
        """Of all derivatives, shape (monomials, variables)."""
        return self._among.exponents

    @property
    def coefficients(self) -> np.ndarray:
        """Normalised derivatives, shape (*outputs, monomials, *points): a view, for reading,
        of the memory that `out=` gives away.
        """
        count = math.prod(self._points)
        shape = (self._kind.parts, *self._outputs, len(self), *self._points)
        planes = self._planes[..., :count].reshape(shape)
        planes.flags.writeable = False
        return self._kind.joined(planes)

    def __getitem__(self, index: int | tuple[int, ...]) -> np.ndarray:
        powers = index if isinstance(index, tuple) else (index,)
        try:
            position = self._among.position(powers)
        except (KeyError, ValueError, TypeError):
            raise ItemError(self._what_is_wrong(powers)) from None
        factor = math.prod(math.factorial(int(k)) for k in powers)
        return self._scaled(position, factor)

    def __iter__(self) -> Iterator[tuple[int, ...]]:
        return (tuple(row) for row in self.multi_indices.tolist())

    def __len__(self) -> int:
        return len(self.multi_indices)

    def __eq__(self, other: object) -> bool:
        """Whether it is the same object: equality of arrays has no truth value."""
        return self is other

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return (
            f"Derivatives(order={self.order}, variables={self._among.variables}, "
            f"outputs={self._outputs}, points={self._points}, {len(self)} multi-indices)"
        )

    def _repr_html_(self) -> str:
        from taylor.displays import html

        known = {"order": self.order, "outputs": self._outputs, "points": self._points}
        names = [name or f"x{k}" for k, name in enumerate(self._names)]
        rows = ((*index, _shown(self[index])) for index in self)
        return html.facts("Derivatives", known, html.table([*names, "value"], rows, len(self)))

    @property
    def value(self) -> np.ndarray:
        """Of the function itself, shape (*outputs, *points)."""
        return self._scaled(0, 1)

    @property
    def gradient(self) -> np.ndarray:
        """First derivatives, shape (*outputs, variables, *points)."""
        return self.tensor(1)

    @property
    def jacobian(self) -> np.ndarray:
        """First derivatives, shape (*outputs, variables, *points): the rows are outputs."""
        return self.tensor(1)

    @property
    def hessian(self) -> np.ndarray:
        """Second derivatives, shape (*outputs, variables, variables, *points)."""
        return self.tensor(2)

    def tensor(self, order: int) -> np.ndarray:
        """All derivatives of one order, shape (*outputs, variables, .., variables, *points).

        Raises ArgumentError for an order that was not computed, or was only in part (`limits`).
        """
        order = natural(order, "order")
        size = self._among.variables
        if order > min(self._among.highest):
            raise ArgumentError(
                f"tensor: order {order} was not computed in full: order={self.order}"
                + (f", limits={self._among.limits}" if self._among.limits else "")
            )
        here, rank, factors, in_doubles = _layout(self._among, order)
        planes, axes = self._planes, self._kind.axes
        count = math.prod(self._points) if self._points else 1
        if not axes:
            values = planes[0, :, here, :count].take(rank, 1)  # a copy
        else:
            values = self._kind.from_planes(planes[:, :, here, :count].take(rank, 2))
        if values.dtype == np.float64 and not axes and order <= PLAIN:
            values *= in_doubles
        else:
            self._multiply(values, factors)
        shape = (*self._outputs, *(size,) * order, *self._points, *axes)
        found = values.reshape(shape)
        return wrapped(found) if found.dtype == object else found

    def _multiply(self, values: np.ndarray, factors: np.ndarray) -> None:
        for factor in set(factors.tolist()) - {1}:
            chosen = factors == factor
            options = {"precision": self._kind.name}
            values[:, chosen] = times(values[:, chosen], int(factor), options)

    def polynomial(self, names: str | Sequence[str] | None = None) -> Polynomial:
        """The Taylor polynomials, in the displacements from the points: shape (*outputs, *points).

        names: of the variables; by default those of the function's arguments.

        >>> import taylor as ty
        >>> ty.derivatives(lambda x, y: x * y**2, (1.0, 2.0), order=2).polynomial()
        4 + 4*x + 4*y + 4*x*y + y**2 + O(3)
        """
        self._known()
        known = self._names if all(self._names) else len(self._names)
        count = math.prod(self._points)
        parts = self._kind.parts
        planes = self._planes[..., :count].swapaxes(2, 3)
        shape = (parts, *self._outputs, *self._points, len(self))
        return Polynomial(
            self._kind.from_planes(np.reshape(planes, shape)),
            known if names is None else names,
            self.order,
            self._among.limits,
            precision=self._kind.name,
        )

    def _scaled(self, position: int, factor: int) -> np.ndarray:
        count = math.prod(self._points)
        part = self._planes[:, :, position, :count]
        shape = (self._kind.parts, *self._outputs, *self._points)
        found = self._kind.from_planes(part.reshape(shape))
        if factor != 1:
            found = times(found, factor, {"precision": self._kind.name})
        if self._planes.dtype == object:
            return wrapped(found) if isinstance(found, np.ndarray) else found
        return np.asarray(found)

    def _what_is_wrong(self, powers: tuple[int, ...]) -> str:
        size = self._among.variables
        if len(powers) != size:
            return f"{powers}: a multi-index has one number for each of {size} variable(s)"
        limits = f" and limits={self._among.limits}" if self._among.limits else ""
        return f"{powers}: there are derivatives of order={self.order}{limits} and no others"


def _shown(value: np.ndarray) -> object:
    """A number, or how many there are."""
    return value[()] if not value.ndim else f"array of shape {value.shape}"


@by_identity
def _layout(among: Monomials, order: int) -> tuple[slice, np.ndarray, np.ndarray, np.ndarray]:
    """The monomials of a degree; of each derivative of that order its place among them, and the
    factorials of its multi-index, also as a column of doubles.
    """
    size = among.variables
    axes = np.sort(np.indices((size,) * order).reshape(order, size**order), axis=0)
    codes = np.zeros(size**order, np.int64)
    for axis in axes:
        codes = codes * size + axis
    # Monomials of a degree are in the order of their sorted lists of variables.
    rank = np.unique(codes, return_inverse=True)[1].ravel()
    here = among.of_degree(order)
    kind = np.int64 if order <= PLAIN else object  # 20! < 2**63
    factorials = np.array([math.factorial(k) for k in range(order + 1)], kind)
    factors = factorials[among.exponents[here]].prod(axis=1)[rank]
    return here, rank, factors, factors.astype(np.float64)[:, np.newaxis]


def as_coordinates(point: Any, kind: Precision) -> np.ndarray:
    """Coordinates of points, shape (parts, coordinates, *points)."""
    if kind is FLOAT64 and type(point) in (tuple, list) and {*map(type, point)} == {float}:
        return np.array([point])
    plain = isinstance(point, np.ndarray) and point.dtype == kind.dtype and not kind.has_axis
    if plain and point.ndim and point.size:
        return np.asarray(point)[np.newaxis]
    single = not isinstance(point, list | tuple) and np.ndim(point) == 0
    coordinates = [point] if single else list(point)
    if not coordinates:
        raise ArgumentError("point has no coordinates")
    return stacked_planes(coordinates, kind)


def evaluated(
    expansion: Expansion,
    given: np.ndarray,
    outputs: tuple[int, ...],
    names: tuple[str, ...],
    threads: int,
    out: Derivatives | None,
    error: bool,
) -> Derivatives:
    """Run an expansion over points; `outputs` is the shape of what the function returns."""
    points, kind = given.shape[2:], expansion.kind
    room = None
    if out is not None:
        if not isinstance(out, Derivatives):
            raise ArgumentTypeError(f"out must be what derivatives returned, got {type(out)}")
        room = out.room(expansion, (outputs, points))
    flat = given.reshape(*given.shape[:2], -1) if points else given[..., np.newaxis]
    threads = checked_threads(threads)
    planes = expansion.run(flat, threads, room)
    made = Derivatives(planes, expansion.among, kind, expansion, outputs, points, names)
    if error:

        def run(numbers: np.ndarray, kind: Precision) -> Sequence[np.ndarray]:
            finer = replace(expansion, precision=kind.name)
            return [finer.run(numbers, threads)[..., : numbers.shape[-1]]]

        (errors,) = rounding_errors(run, flat, [planes[..., : flat.shape[-1]]], kind)
        parts = errors[np.newaxis]
        made._error = Derivatives(parts, expansion.among, FLOAT64, None, outputs, points, names)
    return made
