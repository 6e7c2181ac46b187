"""Where a solution becomes singular, from its Taylor coefficients."""

from __future__ import annotations

import numpy as np

FEWEST = 4  # last coefficients of a component that are looked at
AGREEMENT = 0.02  # of the two latest estimates
LEAST = 1e4  # smaller coefficients, in units of the smallest number, have lost their digits
NOT_FAR = 4.0  # the estimate may be so many times the ratio of the last two coefficients


def nearest_singularity(coefficients: np.ndarray, scale: float) -> float | None:
    """How far the nearest singularity on the real axis is, with its sign; None if none is seen.

    coefficients: (order + 1, n), multiplied by powers of `scale`.

    A component that behaves like (s - t)^a there has x_k / x_{k-1} = (1 - (a + 1) / k) / s, a
    straight line in 1/k that two ratios extrapolate to 1/s (Domb & Sykes, Proc. R. Soc. A 240
    (1957) 214).  Pairs of complex singularities make no such line.

    >>> float(nearest_singularity(np.full((20, 1), 1.0), 0.5))  # of 1 / (1 - t / scale)
    0.5
    """
    sizes = np.abs(coefficients).max(axis=1)
    least = np.finfo(coefficients.dtype).tiny * LEAST
    usable = int(np.argmin(np.append(sizes >= least, False)))  # the rest vanishes by underflow
    if usable <= FEWEST or not np.isfinite(sizes).all():
        return None
    place = int(np.argmax(np.abs(coefficients[usable - 1])))
    last = coefficients[usable - FEWEST : usable, place].astype(np.float64)
    if not last.all():
        return None
    ratios = last[1:] / last[:-1]
    k = np.arange(usable - FEWEST + 1, usable)
    inverse = k[1:] * ratios[1:] - k[:-1] * ratios[:-1]
    early, late = inverse
    steady = abs(late - early) <= AGREEMENT * abs(late)
    if not steady or not 1 / NOT_FAR < late / ratios[-1] < NOT_FAR:
        return None
    return float(scale / late)
