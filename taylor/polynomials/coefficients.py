"""Coefficients, their space, and what can be asked of them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from taylor.errors import ArgumentTypeError
from taylor.numbers import planes as numbers
from taylor.numbers.precision import Precision, as_precision
from taylor.polynomials.space import Space, convert, make_space

if TYPE_CHECKING:
    from taylor.polynomials.polynomial import Polynomial


class Coefficients:
    """What `Polynomial` is made of, without operations."""

    __slots__ = ("_kind", "_planes", "_space")
    __hash__ = None  # type: ignore[assignment]

    _space: Space
    _kind: Precision
    _planes: np.ndarray  # (parts, *shape, size), read-only

    def _set(self, planes: np.ndarray, space: Space, kind: Precision) -> None:
        planes = np.ascontiguousarray(planes, kind.dtype)
        planes.flags.writeable = False
        self._planes, self._space, self._kind = planes, space, kind

    @property
    def shape(self) -> tuple[int, ...]:
        """() for a single polynomial, else that of an array of polynomials."""
        return self._planes.shape[1:-1]

    @property
    def ndim(self) -> int:
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

        >>> from taylor.polynomials.polynomial import Polynomial
        >>> Polynomial.constant(0.0, "x y", order=1).monomials
        [(0, 0), (1, 0), (0, 1)]
        """
        return [tuple(row) for row in self.powers.tolist()]

    @property
    def coefficients(self) -> np.ndarray:
        """Shape (*shape, size), in double-double (*shape, size, 2); read-only."""
        if self._kind.parts == 1:
            return self._planes[0]
        found = self._kind.from_planes(self._planes)
        found.flags.writeable = False
        return found

    @property
    def constant_part(self) -> Any:
        """The values at the expansion point: shape `shape`, in double-double (*shape, 2)."""
        return self._kind.from_planes(self._planes[..., 0])[()]

    def coefficient(self, *powers: int) -> Any:
        """The coefficient of one monomial, of all components: shape `shape`.

        Raises KeyError for powers beyond the order or a limit.

        >>> from taylor.polynomials.polynomial import Polynomial
        >>> x, y = Polynomial.variables("x y", order=2)
        >>> float((x * y + 3 * y).coefficient(0, 1))
        3.0
        """
        given = powers[0] if len(powers) == 1 and isinstance(powers[0], tuple) else powers
        place = self._space.monomials.position(tuple(given))
        return self._kind.from_planes(self._planes[..., place])[()]

    def __getitem__(self, index: Any) -> Any:
        """A coefficient by its powers; of an array of polynomials, components as NumPy has it."""
        if not self.ndim:
            if index == () or index is Ellipsis:
                return self
            return self.coefficient(*(index if isinstance(index, tuple) else (index,)))
        listed = index if isinstance(index, tuple) else (index,)
        if not any(item is Ellipsis for item in listed):
            listed = (*listed, Ellipsis)
        try:
            return make(self._planes[(slice(None), *listed, slice(None))], self._space, self._kind)
        except IndexError as error:
            raise IndexError(f"components of shape {self.shape}: {error}") from None

    def __len__(self) -> int:
        if not self.ndim:
            raise ArgumentTypeError("a single polynomial has no len(); its order is .order")
        return self.shape[0]

    def __iter__(self) -> Iterator[Polynomial]:
        for k in range(len(self)):
            yield self[k]

    def __bool__(self) -> bool:
        raise ArgumentTypeError("a polynomial has no truth value; compare it, as in p == 0")

    def __reduce__(self) -> tuple[Any, ...]:
        known = (self.names, self.order, self.limits, self.precision)
        return _restored, (np.array(self._planes), *known)

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, memory: Any) -> Any:
        return self

    def __repr__(self) -> str:
        from taylor.polynomials.printing import to_text

        return to_text(self)

    def _repr_latex_(self) -> str:
        from taylor.polynomials.printing import to_latex

        return to_latex(self)


@cache
def _polynomial() -> type[Polynomial]:
    from taylor.polynomials.polynomial import Polynomial

    return Polynomial


def make(planes: np.ndarray, space: Space, kind: Precision) -> Polynomial:
    """Polynomials of coefficients of shape (parts, *shape, size)."""
    made: Polynomial = object.__new__(_polynomial())
    made._set(planes, space, kind)
    return made


def of_numbers(planes: np.ndarray, space: Space, kind: Precision) -> Polynomial:
    """Polynomials that are numbers, given with shape (parts, *shape)."""
    found = np.zeros((*planes.shape, space.size), kind.dtype)
    found[..., 0] = planes
    return make(found, space, kind)


def in_common(*polynomials: Coefficients) -> list[Polynomial]:
    """The same polynomials in the space and kind of number that all of them fit in."""
    space, kind = polynomials[0]._space, polynomials[0]._kind
    if all(p._space is space and p._kind is kind for p in polynomials):
        return list(polynomials)  # type: ignore[arg-type]  # there are no other Coefficients
    for p in polynomials[1:]:
        space, kind = space.joined(p._space), numbers.better(kind, p._kind)
    return [converted(p, space, kind) for p in polynomials]


def converted(p: Coefficients, space: Space, kind: Precision | None = None) -> Polynomial:
    """The polynomial in another space and kind of number."""
    kind = kind or p._kind
    return make(numbers.to_kind(convert(p._planes, p._space, space), p._kind, kind), space, kind)


def _restored(
    planes: np.ndarray, names: tuple[str, ...], order: int, limits: tuple[int, ...], kind: str
) -> Polynomial:
    return make(planes, make_space(names, order, limits), as_precision(kind))
