"""Moments of polynomials of normally distributed variables."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from taylor.polynomials.polynomial import Polynomial
from taylor.polynomials.space import Space

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

    Products of two are polynomials of twice the order; their means with a third factor are a sum
    over pairs of monomials.
    """
    n, order = len(polynomials), polynomials.order
    y = polynomials - mean
    i, j = np.triu_indices(n)
    wide = y.extend(2 * order)
    products = wide[i] * wide[j]
    second = np.empty((n, n))
    second[i, j] = second[j, i] = expected(products, table)
    third = np.empty((n, n, n))
    pairs = _weighted(y, products, table) @ products.coefficients.T
    third[:, i, j] = third[:, j, i] = pairs
    return second, third


def _weighted(y: Polynomial, products: Polynomial, table: Table) -> np.ndarray:
    """For each y_i and monomial m of the products, E[y_i m]: (n, monomials)."""
    first, second = y.powers, products.powers
    total = np.zeros((len(y), len(second)))
    share = max(1, HELD // len(second))
    known = _normal_pairs(y._space, products._space) if _is_normal(table) else None
    if known is not None:
        return np.asarray(y.coefficients @ known)
    for start in range(0, len(first), share):
        rows = slice(start, start + share)
        total += y.coefficients[:, rows] @ _pairs(first[rows], second, table)
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
