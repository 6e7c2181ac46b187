"""Polynomials as functions: values, substitution, composition, inversion."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from taylor.errors import ArgumentError, ShapeError
from taylor.numbers import planes as numbers
from taylor.numbers.precision import Precision
from taylor.polynomials import arithmetic, calculus
from taylor.polynomials.coefficients import Coefficients, P, converted
from taylor.polynomials.space import Space, make_space
from taylor_runtime.callables.polynomials import polynomial_compose, polynomial_values

_WELL_CONDITIONED = 10.0  # linear parts of maps whose inverses lose no more than a digit


def values(p: Coefficients, points: np.ndarray, threads: int) -> np.ndarray:
    """The values at points of shape (parts, *points, variables): shape (*points, *shape)."""
    parts, *batch, count = points.shape
    flat = points.reshape(parts, -1, count).swapaxes(1, 2)
    c = p._planes.reshape(parts, -1, p.size)
    found = polynomial_values(c, flat, p._space.monomials, p._kind.name, threads)
    shaped = found.swapaxes(1, 2).reshape(parts, *batch, *p.shape)
    return p._kind.from_planes(shaped)[()]


def compose(p: P, inner: Coefficients) -> P:
    """p(inner), inner having a component for each variable of p."""
    if inner.shape != (len(p.names),):
        raise ShapeError(
            f"compose: a map with {len(p.names)} components is needed, one for each of "
            f"{', '.join(p.names)}; got shape {inner.shape}"
        )
    kind = numbers.better(p._kind, inner._kind)
    outer, inner = converted(p, p._space, kind), converted(inner, inner._space, kind)
    space = inner._space.to_order(min(p.order, inner.order))
    start = inner._planes[..., 0]
    if start.any():
        outer = shift(outer, start)
    factors = np.array(inner._planes[..., : space.size])
    if space.order < inner.order:
        factors = np.array(converted(inner, space)._planes)
    factors[..., 0] = 0
    c = outer._planes.reshape(kind.parts, -1, outer.size)
    found = polynomial_compose(c, outer._space.monomials, factors, space.monomials, kind.name)
    return p._made(found.reshape(kind.parts, *p.shape, space.size), space, kind)


# -- one variable at a time ----------------------------------------------------------------------


@lru_cache(maxsize=256)
def _by_power(space: Space, variable: int) -> tuple[np.ndarray, Space | None]:
    """Positions of the coefficients by power of a variable and monomial in the others.

    Shape (highest power + 1, monomials of the others); `space.size` stands for none.  With it, the
    space of the others.
    """
    others = [i for i in range(len(space.names)) if i != variable]
    powers = space.monomials.exponents
    rest: Space | None = None
    size, place = 1, np.zeros(space.size, np.int64)
    if others:
        limits = tuple(space.limits[i] for i in others) if space.limits else ()
        rest = make_space(tuple(space.names[i] for i in others), space.order, limits)
        size, place = rest.size, rest.monomials.find(powers[:, others])
    table = np.full((space.monomials.highest[variable] + 1, size), space.size)
    table[powers[:, variable], place] = np.arange(space.size)
    return table, rest


def _columns(planes: np.ndarray, table: np.ndarray) -> np.ndarray:
    """Coefficients by power of a variable: shape (parts, *shape, powers, monomials)."""
    padded = np.concatenate([planes, np.zeros_like(planes[..., :1])], axis=-1)
    return padded[..., table]


def shift(p: P, point: np.ndarray) -> P:
    """p(point + x), of a point of shape (parts, variables)."""
    planes = p._planes
    for v in range(len(p.names)):
        if not point[:, v].any():
            continue
        table, _ = _by_power(p._space, v)
        columns = np.array(_columns(planes, table))
        number = point[:, v].reshape(-1, *[1] * (columns.ndim - 2))
        last = columns.shape[-2] - 1
        for first in range(last):
            for k in range(last - 1, first - 1, -1):
                more = numbers.multiply(p._kind, columns[..., k + 1, :], number)
                columns[..., k, :] = numbers.add(p._kind, columns[..., k, :], more)
        planes = np.empty_like(p._planes)
        planes[..., table[table < p.size]] = columns[..., table < p.size]
    return p._made(planes, p._space, p._kind)


def substitute(p: Coefficients, variable: int, number: np.ndarray) -> Any:
    """p with a number of shape (parts,) for a variable; a number where none is left."""
    table, rest = _by_power(p._space, variable)
    columns = _columns(p._planes, table)
    number = number.reshape(-1, *[1] * (columns.ndim - 2))
    found = columns[..., -1, :]
    for k in range(columns.shape[-2] - 2, -1, -1):
        found = numbers.add(p._kind, numbers.multiply(p._kind, found, number), columns[..., k, :])
    if rest is None:
        return p._kind.from_planes(found[..., 0])[()]
    return p._made(found, rest, p._kind)


def partial(p: Coefficients, given: Mapping[Any, Any]) -> Any:
    """p with numbers for some variables."""
    found: Any = p
    names = [p.names[p._space.index(name)] for name in given]
    if len(set(names)) < len(names):
        raise ArgumentError(f"partial: a variable has two values, among {', '.join(names)}")
    for name, value in zip(names, given.values(), strict=True):
        number = numbers.as_planes(value, p._kind, f"the value of {name}")
        if number.ndim > 1:
            raise ShapeError(
                f"partial: the value of {name} must be a number, got shape {number.shape[1:]}; "
                "values at many points are p(points)"
            )
        found = substitute(found, found._space.index(name), number)
    return converted(p, p._space) if found is p else found


# -- inverse -------------------------------------------------------------------------------------


def inverse(p: P) -> P:
    """The map w without a constant part for which w(p - p_0) = x.

    By Newton's rule w <- w - w' (p(w) - x), w' being the derivative: what is right to order k is
    then right to order 2 k.  Where the linear part is ill-conditioned, a last step refines all
    orders.
    """
    count = len(p.names)
    if p.shape != (count,) or p.order < 1:
        raise ShapeError(
            f"inverse: a map needs a component for each of its {count} variables, and the order 1 "
            f"at least; this one has shape {p.shape} and order {p.order}"
        )
    if p._space.limits:
        raise ArgumentError("inverse: maps with limits of the variables cannot be inverted")
    linear = p._space.to_order(1)
    planes = np.array(p._planes)
    planes[..., 0] = 0
    displacement = p._made(planes, p._space, p._kind)
    start = np.zeros((p._kind.parts, count, linear.size), p._kind.dtype)
    start[..., 1:] = _inverse_matrix(p._kind, p._planes[..., 1 : count + 1])
    found = p._made(start, linear, p._kind)
    for order in _doubling(p.order):
        found = _newton_step(displacement, found, order, found.size)
    if _condition(p._planes[0, :, 1 : count + 1], start[0, :, 1:]) > _WELL_CONDITIONED:
        # Rounding errors of every order were amplified by all that follow: from the residual of
        # the whole, all orders are put right once more.
        found = _newton_step(displacement, found, p.order, 1)
    return found


def _newton_step(p: P, found: P, order: int, known: int) -> P:
    """w - w' (p(w) - x) to an order, w being `found`, of which the first `known` terms are kept."""
    space = p._space.to_order(order)
    count = len(p.names)
    error = np.array(compose(p, converted(found, space))._planes)
    one = numbers.constant(p._kind, 1.0)[:, np.newaxis]
    error[:, np.arange(count), np.arange(1, count + 1)] -= one
    error[..., :known] = 0
    rest = p._made(error, space, p._kind)
    better = converted(found, space)
    for v in range(count):
        slope = converted(calculus.differentiate(found, v), space)
        better = arithmetic.subtract(better, arithmetic.multiply(slope, rest[v]))
    return better


def _condition(matrix: np.ndarray, inverse: np.ndarray) -> float:
    """|A| |A**-1| in the norm of the largest sum of a row."""
    return float(np.prod([np.abs(a).sum(axis=1).max() for a in (matrix, inverse)]))


def _inverse_matrix(kind: Precision, matrix: np.ndarray) -> np.ndarray:
    """The inverse of a matrix of shape (parts, n, n)."""
    try:
        first = np.linalg.inv(matrix[0].astype(np.float64)).astype(matrix.dtype)
    except np.linalg.LinAlgError:
        first = np.full(matrix.shape[1:], np.nan)
    if not np.isfinite(first).all():
        raise ArgumentError("inverse: the linear part of the map is singular")
    found = np.zeros_like(matrix)
    found[0] = first
    if not kind.is_finer:
        return found
    one = np.zeros_like(matrix)
    diagonal = np.arange(matrix.shape[1])
    one[:, diagonal, diagonal] = numbers.constant(kind, 1.0)[:, np.newaxis]
    for _ in range(2):  # Newton's rule, from 53 bits
        rest = numbers.add(kind, one, -_matrix_product(kind, matrix, found))
        found = numbers.add(kind, found, _matrix_product(kind, found, rest))
    return found


def _matrix_product(kind: Precision, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    products = numbers.multiply(kind, a[:, :, :, np.newaxis], b[:, np.newaxis])
    return numbers.total(kind, products, 1)


def _doubling(order: int) -> list[int]:
    """Orders from 2 up to this one, each at most twice the one before."""
    orders = [order] if order > 1 else []
    while orders and orders[0] > 2:
        orders.insert(0, -(-orders[0] // 2))
    return orders
