"""When sampled functions change their signs: roots of cubic pieces."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

STEPS = 80


def intervals(
    times: np.ndarray, values: np.ndarray, slopes: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where functions are positive: which one, from when, until when.

    times:  shape (n,), increasing.
    values, slopes: shape (functions, n).  Between times a function is the cubic through these, and
        both roots of a piece whose ends have one sign are found as well.

    What is positive at the first or the last time is so from there on, or until then.
    """
    which, at, rising = _roots(times, values, slopes)
    inside = np.nonzero(values[:, 0] > 0)[0]
    last = np.nonzero(values[:, -1] > 0)[0]
    begin_at = np.concatenate([at[rising], np.full(len(inside), times[0])])
    begin_of = np.concatenate([which[rising], inside])
    end_at = np.concatenate([at[~rising], np.full(len(last), times[-1])])
    end_of = np.concatenate([which[~rising], last])
    first, second = np.lexsort((begin_at, begin_of)), np.lexsort((end_at, end_of))
    return begin_of[first], begin_at[first], end_at[second]


def _roots(
    times: np.ndarray, values: np.ndarray, slopes: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which function, when, and whether it rises; pieces are cut where they are not monotonic."""
    step = np.diff(times)
    p, q = values[:, :-1], values[:, 1:]
    u, w = slopes[:, :-1] * step, slopes[:, 1:] * step
    # p + u x + b x**2 + a x**3, 0 <= x <= 1
    a, b = 2 * (p - q) + u + w, 3 * (q - p) - 2 * u - w
    # Bernstein's coefficients tell where there may be a root
    inner = np.stack([p, p + u / 3, q - w / 3, q])
    candidate = (inner.min(axis=0) <= 0) & (inner.max(axis=0) > 0)
    k, i = np.nonzero(candidate)
    cubic = np.stack([p[k, i], u[k, i], b[k, i], a[k, i]])
    cuts = _extrema(cubic)
    found: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for low, high in pairwise(cuts):
        begins, ends = _value(cubic, low) > 0, _value(cubic, high) > 0
        # rounding must not decide twice about one end: there the samples do
        begins = np.where(low == 0, cubic[0] > 0, begins)
        ends = np.where(high == 1, q[k, i] > 0, ends)
        crossed = (begins != ends) & (high > low)
        x = _bisected(cubic[:, crossed], low[crossed], high[crossed], ends[crossed])
        found.append((k[crossed], times[i[crossed]] + x * step[i[crossed]], ends[crossed]))
    return (
        np.concatenate([f[0] for f in found]),
        np.concatenate([f[1] for f in found]),
        np.concatenate([f[2] for f in found]),
    )


def _value(cubic: np.ndarray, x: np.ndarray) -> np.ndarray:
    found: np.ndarray = cubic[0] + x * (cubic[1] + x * (cubic[2] + x * cubic[3]))
    return found


def _extrema(cubic: np.ndarray) -> list[np.ndarray]:
    """0, the extrema within, 1, in their order; an extremum that is not there is 0 or 1."""
    _, u, b, a = cubic
    with np.errstate(all="ignore"):
        root = np.sqrt(np.maximum(b * b - 3 * a * u, 0))
        size = -(b + np.where(b >= 0, root, -root))
        one = np.nan_to_num(size / (3 * a), nan=0.0, posinf=1.0, neginf=0.0)
        two = np.nan_to_num(u / size, nan=0.0, posinf=1.0, neginf=0.0)
    cuts = np.sort(np.clip(np.stack([one, two]), 0, 1), axis=0)
    return [np.zeros_like(u), cuts[0], cuts[1], np.ones_like(u)]


def _bisected(
    cubic: np.ndarray, low: np.ndarray, high: np.ndarray, rising: np.ndarray
) -> np.ndarray:
    """The root between two places: Newton's method, halving where it would leave."""
    low, high, x = low.copy(), high.copy(), (low + high) / 2
    for _ in range(STEPS):
        value = _value(cubic, x)
        above = (value > 0) == rising
        low, high = np.where(above, low, x), np.where(above, x, high)
        slope = cubic[1] + x * (2 * cubic[2] + 3 * x * cubic[3])
        with np.errstate(all="ignore"):
            newton = x - value / slope
        following = np.where((newton >= low) & (newton <= high), newton, (low + high) / 2)
        if not np.any(np.abs(following - x) > 1e-15):
            return following
        x = following
    return x
