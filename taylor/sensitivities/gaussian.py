"""Moments of polynomials of normally distributed variables."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from taylor.polynomials.polynomial import Polynomial
from taylor.polynomials.space import Space, make_space

FARTHEST = 12.0  # standard deviations, beyond which the density counts as zero
NODES = 40  # of Gauss's rule, in an interval of at most two standard deviations
HELD = 2_000_000  # numbers of a table that are held at a time

Table = np.ndarray  # E[x_v^k] of each variable: (variables, highest + 1)


@lru_cache(maxsize=64)
def normal_table(variables: int, highest: int) -> Table:
    """Moments of independent standard normal variables: (k - 1)!! for even k, else 0.

    With them the mean of a monomial is the product of those of its variables: what the theorem of
    Isserlis (Biometrika 12 (1918) 134) says of variables that are not correlated.

    >>> normal_table(1, 6)
    array([[ 1.,  0.,  1.,  0.,  3.,  0., 15.]])
    """
    own = np.zeros(highest + 1)
    own[0] = 1.0
    for k in range(2, highest + 1, 2):
        own[k] = (k - 1) * own[k - 2]
    return np.tile(own, (variables, 1))


def box_table(
    center: np.ndarray, half: np.ndarray, ends: tuple[np.ndarray, np.ndarray], highest: int
) -> Table:
    """The same of x where s = center + half x is standard normal, over a box of s.

    ends: the lower and upper bounds of s, perhaps infinite.  Row 0 of the result are probabilities.
    """
    found = np.empty((len(center), highest + 1))
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    for v, (low, high) in enumerate(zip(*ends, strict=True)):
        low, high = np.clip([low, high], -FARTHEST, FARTHEST)
        edges = np.linspace(low, high, max(1, int(np.ceil((high - low) / 2))) + 1)
        middle, length = (edges[1:] + edges[:-1]) / 2, np.diff(edges) / 2
        s = (middle[:, np.newaxis] + length[:, np.newaxis] * nodes).ravel()
        mass = (length[:, np.newaxis] * weights).ravel() * np.exp(-s * s / 2) / np.sqrt(2 * np.pi)
        x = (s - center[v]) / half[v]
        found[v] = (x[:, np.newaxis] ** np.arange(highest + 1)).T @ mass
    return found


def expected(polynomials: Polynomial, table: Table) -> np.ndarray:
    """Means of polynomials, (..)."""
    powers = polynomials.powers
    means = np.prod(table[np.arange(powers.shape[1]), powers], axis=1)
    return np.asarray(polynomials.coefficients @ means)


def central_moments(
    polynomials: Polynomial, table: Table, mean: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """E[y_i y_j] and E[y_i y_j y_k] of y = p - mean, (n, n) and (n, n, n): without any truncation.

    Both are quadratic in the coefficients of y_i and y_j: E[m], and E[y_k m], of the products m of
    pairs of monomials.
    """
    y = polynomials - mean
    c, space = y.coefficients, y._space
    wide = make_space(space.names, 2 * y.order, tuple(2 * k for k in space.limits))
    powers = wide.monomials.exponents
    means = np.prod(table[np.arange(len(table)), powers], axis=1)
    weights = [means, *_weighted(c, space, wide, table)]
    found = np.zeros((len(weights), len(c), len(c)))
    share = max(1, HELD // space.size)
    for start in range(0, space.size, share):
        rows = slice(start, start + share)
        places = _products(space, wide, start, share)
        found += [c[:, rows] @ weight[places] @ c.T for weight in weights]
    found = (found + found.transpose(0, 2, 1)) / 2
    return found[0], found[1:]


@lru_cache(maxsize=8)
def _products(space: Space, wide: Space, start: int, count: int) -> np.ndarray:
    """Where the products of monomials from `start` on with all are in a wider space."""
    places = wide.monomials.find(space.monomials.exponents)
    here = places[start : start + count]
    return wide.monomials.multiply(here, places).reshape(len(here), len(places))


def _weighted(c: np.ndarray, space: Space, wide: Space, table: Table) -> np.ndarray:
    """For polynomials of coefficients c and each monomial m, E[y_i m]: (n, monomials)."""
    if _is_normal(table):
        known = _normal_pairs(space, wide)
        if known is not None:
            return np.asarray(c @ known)
    first, second = space.monomials.exponents, wide.monomials.exponents
    total = np.zeros((len(c), len(second)))
    share = max(1, HELD // len(second))
    for start in range(0, len(first), share):
        rows = slice(start, start + share)
        total += c[:, rows] @ _pairs(first[rows], second, table)
    return total


def _pairs(first: np.ndarray, second: np.ndarray, table: Table) -> np.ndarray:
    """Means of the products of monomials: (first, second)."""
    found = np.ones((len(first), len(second)))
    for v, row in enumerate(table):
        found *= row[first[:, v, np.newaxis] + second[:, v]]
    return found


def _is_normal(table: Table) -> bool:
    return np.array_equal(table, normal_table(len(table), table.shape[1] - 1))


@lru_cache(maxsize=8)
def _normal_pairs(first: Space, second: Space) -> np.ndarray | None:
    """The means of all pairs of monomials of standard normal variables, if they are not many."""
    if first.size * second.size > HELD:
        return None
    one, other = first.monomials.exponents, second.monomials.exponents
    return _pairs(one, other, normal_table(one.shape[1], first.order + second.order))
