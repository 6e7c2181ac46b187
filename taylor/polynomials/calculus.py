"""Derivatives and integrals of polynomials."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from math import factorial, perm, prod
from typing import Any

import numpy as np

from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.numbers import planes as numbers
from taylor.numbers.checks import checked_order
from taylor.numbers.precision import Precision
from taylor.numbers.types import NumberOrArray
from taylor.polynomials.coefficients import Coefficients, P
from taylor.polynomials.space import Space, Variable, make_space


def _changed(space: Space, variable: int, by: int) -> Space:
    """The space with order and limit of a variable raised or lowered."""
    limits = tuple(k + by * (i == variable) for i, k in enumerate(space.limits))
    return make_space(space.names, space.order + by, limits)


def differentiate(p: P, variable: Variable, n: int = 1) -> P:
    """The n-th derivative with respect to a variable."""
    v, n = p._space.index(variable), checked_order(n, "n")
    if n > p._space.monomials.highest[v]:
        raise ArgumentError(
            f"diff: nothing is known of the derivative n={n} with respect to {p.names[v]} of a "
            f"polynomial to power {p._space.monomials.highest[v]}; use a higher order"
        )
    target = _changed(p._space, v, -n)
    place, factors = _raised(p._space, target, v, n, p._kind)
    planes = numbers.multiply(p._kind, p._planes[..., place], _along(factors, p))
    return p._made(planes, target, p._kind)


def integrate(p: P, variable: Variable) -> P:
    """The integral from zero with respect to a variable."""
    v = p._space.index(variable)
    target = _changed(p._space, v, 1)
    place, factors = _raised(target, p._space, v, 1, p._kind, divide=True)
    planes = np.zeros((*p._planes.shape[:-1], target.size), p._planes.dtype)
    planes[..., place] = numbers.multiply(p._kind, p._planes, _along(factors, p))
    return p._made(planes, target, p._kind)


def _along(factors: np.ndarray, p: Coefficients) -> np.ndarray:
    """One number a coefficient, to broadcast with the coefficients of arrays."""
    return factors.reshape(len(factors), *[1] * p.ndim, -1)


@lru_cache(maxsize=256)
def _raised(
    high: Space, low: Space, variable: int, n: int, kind: Precision, divide: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Where each monomial of `low` times x**n is in `high`, and what differentiating it gives."""
    powers = low.monomials.exponents.copy()
    powers[:, variable] += n
    factors = [Fraction(perm(int(k), n)) for k in powers[:, variable]]
    if divide:
        factors = [1 / factor for factor in factors]
    return high.monomials.find(powers), numbers.exactly(factors, kind)


def derivative(p: Coefficients, orders: Mapping[Any, int]) -> NumberOrArray:
    """A coefficient times the factorials of its powers."""
    if not isinstance(orders, Mapping):
        raise ArgumentTypeError(
            f"derivative: orders must be a mapping, as in {{{p.names[0]!r}: 1}}; got {orders!r}"
        )
    powers = [0] * len(p.names)
    for variable, order in orders.items():
        if not isinstance(order, int | np.integer) or isinstance(order, bool) or order < 0:
            raise ArgumentError(f"derivative: an order must be a natural number, got {order!r}")
        powers[p._space.index(variable)] += int(order)
    place = p._space.position(tuple(powers))
    factor = numbers.constant(p._kind, prod(map(factorial, powers)))
    along = factor.reshape(-1, *[1] * p.ndim)
    found = numbers.multiply(p._kind, p._planes[..., place], along)
    return p._kind.from_planes(found)[()]


def tensor(p: Coefficients, k: int) -> np.ndarray:
    """All derivatives of order k at the expansion point: shape (*shape, variables, .. k times)."""
    k = checked_order(k, "k")
    if k > p.order:
        raise ArgumentError(f"derivatives of order {k} are beyond the order {p.order}")
    count = len(p.names)
    place, factors = _derivatives(p._space, k, p._kind)
    if (place < 0).any():
        raise ArgumentError(
            f"derivatives of order {k} are beyond the limits {p._space.limits} of the variables"
        )
    planes = numbers.multiply(p._kind, p._planes[..., place], _along(factors, p))
    return p._kind.from_planes(planes.reshape(*planes.shape[:-1], *[count] * k))[()]


@lru_cache(maxsize=64)
def _derivatives(space: Space, k: int, kind: Precision) -> tuple[np.ndarray, np.ndarray]:
    """Positions of the monomials that derivatives with respect to k variables belong to."""
    count = len(space.names)
    chosen = np.indices((count,) * k).reshape(k, count**k)
    powers = (chosen[:, :, np.newaxis] == np.arange(count)).sum(axis=0).reshape(-1, count)
    factors = [prod(map(factorial, row)) for row in powers.tolist()]
    return space.monomials.find(powers.astype(np.int16)), numbers.exactly(factors, kind)
