"""All minima of distances between cubic pieces, by the signs of Bernstein's coefficients."""

from __future__ import annotations

import math

import numpy as np

STEPS = 60  # of the search for one root; Newton's method needs a few of them
DEEPEST = 40  # halvings of an interval with several roots
FINE = 1e-15


def minima(
    relative: np.ndarray, ends: tuple[np.ndarray, np.ndarray] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Which pairs have minima of distance where: indices, and places -1 <= s < 1.

    relative: shape (4, pairs, 3), coefficients of s**k of one position minus the other.
    ends: numbers with the signs of the distance's slope at both ends, each of shape (pairs,), where
        rounding must not decide: so that no minimum is lost, or found twice, between two pieces.

    Half the derivative of the squared distance is a polynomial of degree 5.  Where its Bernstein
    coefficients change their signs once it has one root; where more often, intervals are halved.
    """
    slope = _half_slope(relative)
    bernstein = slope @ _to_bernstein(5)
    if ends is not None:
        bernstein[:, 0], bernstein[:, 5] = ends
    pairs, low = np.arange(slope.shape[0]), np.full(slope.shape[0], -1.0)
    width = np.full(slope.shape[0], 2.0)
    found_pairs, found_places = [], []
    for depth in range(DEEPEST + 1):
        rises = _sign_changes(bernstein)
        single = (rises == 1) & (bernstein[:, 0] < 0)
        single |= (rises > 1) & (depth == DEEPEST)
        if single.any():
            chosen = pairs[single]
            found_pairs.append(chosen)
            ends = low[single], low[single] + width[single]
            found_places.append(_root(slope[chosen], *ends))
        several = rises > 1
        if not several.any() or depth == DEEPEST:
            break
        left, right = _halves(bernstein[several])
        half = width[several] / 2
        pairs = np.concatenate([pairs[several], pairs[several]])
        low = np.concatenate([low[several], low[several] + half])
        width = np.concatenate([half, half])
        bernstein = np.concatenate([left, right])
    if not found_pairs:
        return np.empty(0, np.intp), np.empty(0)
    return np.concatenate(found_pairs), np.concatenate(found_places)


def _half_slope(relative: np.ndarray) -> np.ndarray:
    """Coefficients of r . r', shape (pairs, 6)."""
    c = relative
    products = np.einsum("apk,bpk->pab", c, c)
    found = np.zeros((c.shape[1], 6))
    for a in range(4):
        for b in range(1, 4):
            found[:, a + b - 1] += b * products[:, a, b]
    return found


def _to_bernstein(degree: int) -> np.ndarray:
    """The matrix from coefficients of s**k to those of Bernstein's polynomials on [-1, 1]."""
    shifted = np.zeros((degree + 1, degree + 1))  # s = 2 u - 1, to powers of u
    for k in range(degree + 1):
        for j in range(k + 1):
            shifted[k, j] = math.comb(k, j) * 2.0**j * (-1.0) ** (k - j)
    raised = np.zeros((degree + 1, degree + 1))
    for j in range(degree + 1):
        for i in range(j, degree + 1):
            raised[j, i] = math.comb(i, j) / math.comb(degree, j)
    product: np.ndarray = shifted @ raised
    return product


def _sign_changes(bernstein: np.ndarray) -> np.ndarray:
    """How often coefficients change their signs; zeros count as positive.

    A root at the beginning of an interval belongs to it, one at its end to the next.
    """
    negative = bernstein < 0
    changes: np.ndarray = (negative[:, 1:] != negative[:, :-1]).sum(axis=1)
    return changes


def _halves(bernstein: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """De Casteljau's coefficients of both halves."""
    left, right = np.empty_like(bernstein), np.empty_like(bernstein)
    current = bernstein
    last = bernstein.shape[1] - 1
    for k in range(last + 1):
        left[:, k], right[:, last - k] = current[:, 0], current[:, -1]
        current = (current[:, 1:] + current[:, :-1]) / 2
    return left, right


def _root(coefficients: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """The root that rises between two ends: Newton's method, halving where it would leave."""
    low, high, s = low.copy(), high.copy(), (low + high) / 2
    active = np.arange(len(s))
    for _ in range(STEPS):
        c, x = coefficients[active], s[active]
        value, slope = c[:, 5].copy(), np.zeros(len(x))
        for k in range(4, -1, -1):
            slope = slope * x + value
            value = value * x + c[:, k]
        below = value < 0
        low[active] = np.where(below, x, low[active])
        high[active] = np.where(below, high[active], x)
        with np.errstate(all="ignore"):
            newton = x - value / slope
        inside = (newton >= low[active]) & (newton <= high[active])
        following = np.where(inside, newton, (low[active] + high[active]) / 2)
        s[active] = following
        active = active[np.abs(following - x) > FINE * (1 + np.abs(x))]
        if not active.size:
            break
    return s
