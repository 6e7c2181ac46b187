"""Coefficients, their space, and what can be asked of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Self, TypeAlias, TypeVar

import numpy as np

from taylor.errors import ArgumentTypeError, ItemError, ShapeError
from taylor.numbers import planes as numbers
from taylor.numbers.precision import Precision, as_precision
from taylor.numbers.types import NumberOrArray, Real
from taylor.polynomials.space import Space, convert, make_space

P = TypeVar("P", bound="Coefficients")  # results are of the class of an operand


# What polynomials are added to and multiplied with, elementwise.
Operand: TypeAlias = "Coefficients | Real | np.ndarray | list[Any] | tuple[Any, ...]"
# A coefficient or a polynomial, by whether it is an array of polynomials that is indexed.
Item: TypeAlias = Any


class Coefficients:
    """What `Polynomial` is made of, without operations."""

    __slots__ = ("_kind", "_planes", "_space")
    __hash__ = None  # type: ignore[assignment]

    _space: Space
    _kind: Precision
    _planes: np.ndarray  # (parts, *shape, size), read-only

    @classmethod
    def _made(cls, planes: np.ndarray, space: Space, kind: Precision) -> Self:
        """Polynomials of this class, of coefficients of shape (parts, *shape, size)."""
        made = object.__new__(cls)
        made._set(planes, space, kind)
        return made

    @classmethod
    def _held(cls, planes: np.ndarray, space: Space, kind: Precision) -> Self:
        """The same of contiguous coefficients of the kind that nobody may write to."""
        made = object.__new__(cls)
        made._planes, made._space, made._kind = planes, space, kind
        return made

    @classmethod
    def _of_numbers(cls, planes: np.ndarray, space: Space, kind: Precision) -> Self:
        """Polynomials of this class that are numbers, given with shape (parts, *shape)."""
        found = np.zeros((*planes.shape, space.size), kind.dtype)
        found[..., 0] = planes
        return cls._made(found, space, kind)

    def _set(self, planes: np.ndarray, space: Space, kind: Precision) -> None:
        planes = np.ascontiguousarray(planes, kind.dtype)
        planes.setflags(write=False)
        self._planes, self._space, self._kind = planes, space, kind

    @property
    def shape(self) -> tuple[int, ...]:
        """() for a single polynomial, else that of an array of polynomials."""
        return self._planes.shape[1:-1]

    @property
    def ndim(self) -> int:
        """How many axes an array of polynomials has; 0 for a single one."""
        return self._planes.ndim - 2

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the variables."""
        return self._space.names

    @property
    def order(self) -> int:
        """The highest total degree that is kept."""
        return self._space.order

    @property
    def limits(self) -> tuple[int, ...]:
        """The highest power of each variable; () if there is no limit but the order."""
        return self._space.limits

    @property
    def precision(self) -> str:
        """ "float64", "float32" or "double-double"."""
        return self._kind.name

    @property
    def size(self) -> int:
        """How many coefficients a polynomial has."""
        return self._space.size

    @property
    def powers(self) -> np.ndarray:
        """Powers of the variables in each monomial: shape (size, variables), read-only."""
        return self._space.monomials.exponents

    @property
    def monomials(self) -> list[tuple[int, ...]]:
        """The same as a list of multi-indices.

        >>> import taylor as ty
        >>> ty.Polynomial.constant(0.0, "x y", order=1).monomials
        [(0, 0), (1, 0), (0, 1)]
        """
        return [tuple(row) for row in self.powers.tolist()]

    @property
    def coefficients(self) -> np.ndarray:
        """Shape (*shape, size), in double-double (*shape, size, 2); read-only."""
        if not self._kind.has_axis:
            return self._planes[0]
        found = self._kind.from_planes(self._planes)
        found.flags.writeable = False
        return found

    @property
    def constant_part(self) -> NumberOrArray:
        """The values at the expansion point: shape `shape`, in double-double (*shape, 2)."""
        return self._kind.from_planes(self._planes[..., 0])[()]

    def coefficient(self, *powers: int) -> NumberOrArray:
        """The coefficient of one monomial, of all components: shape `shape`.

        Raises ItemError for powers beyond the order or a limit.

        >>> import taylor as ty
        >>> x, y = ty.Polynomial.variables("x y", order=2)
        >>> float((x * y + 3 * y).coefficient(0, 1))
        3.0
        """
        given = powers[0] if len(powers) == 1 and isinstance(powers[0], tuple) else powers
        place = self._space.position(tuple(given))
        return self._kind.from_planes(self._planes[..., place])[()]

    def __getitem__(self, index: Any) -> Item:
        """A coefficient by its powers; of an array of polynomials, components as NumPy has it."""
        if not self.ndim:
            if index == () or index is Ellipsis:
                return self
            return self.coefficient(*(index if isinstance(index, tuple) else (index,)))
        listed = index if isinstance(index, tuple) else (index,)
        if not any(item is Ellipsis for item in listed):
            listed = (*listed, Ellipsis)
        try:
            planes = self._planes[(slice(None), *listed, slice(None))]
        except IndexError as error:
            raise ItemError(f"components of shape {self.shape}: {error}") from None
        return self._made(planes, self._space, self._kind)

    def __len__(self) -> int:
        if not self.ndim:
            raise ArgumentTypeError("a single polynomial has no len(); its order is .order")
        return self.shape[0]

    def __iter__(self) -> Iterator[Self]:
        for k in range(len(self)):
            yield self[k]

    def __bool__(self) -> bool:
        raise ArgumentTypeError("a polynomial has no truth value; compare it, as in p == 0")

    def __getstate__(self) -> tuple[Any, ...]:
        known = (self.names, self.order, self.limits, self.precision)
        return np.array(self._planes), *known

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        planes, names, order, limits, precision = state
        self._set(planes, make_space(names, order, limits), as_precision(precision))

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memory: Any) -> Self:
        return self


def in_common(*polynomials: P) -> list[P]:
    """The same polynomials in the space and kind of number that all of them fit in."""
    space, kind = polynomials[0]._space, polynomials[0]._kind
    if all(p._space is space and p._kind is kind for p in polynomials):
        return list(polynomials)
    for p in polynomials[1:]:
        space, kind = space.joined(p._space), numbers.better(kind, p._kind)
    return [converted(p, space, kind) for p in polynomials]


def converted(p: P, space: Space, kind: Precision | None = None) -> P:
    """The polynomial in another space and kind of number."""
    kind = kind or p._kind
    planes = numbers.to_kind(convert(p._planes, p._space, space), p._kind, kind)
    return p._made(planes, space, kind)


def reshape(p: P, shape: int | Sequence[int]) -> P:
    """The same polynomials in another shape."""
    try:
        components = np.empty(p.shape, bool).reshape(shape).shape
    except ValueError:
        raise ShapeError(f"polynomials of shape {p.shape} do not fit in shape {shape}") from None
    planes = p._planes.reshape(len(p._planes), *components, p.size)
    return p._made(planes, p._space, p._kind)
