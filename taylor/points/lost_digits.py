"""How large the rounding errors of coefficients are: the same rows once more in more digits.

What rounding does to a coefficient is what it differs by from the same rows in a kind of number of
twice the digits; no rule need know of it.  For double-double there is no such kind.  There the
rows' errors in float64, at points nearby lest one be exact by luck, are taken in the ratio
of the two kinds: the same operations round to 2**-50 as much.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from taylor.numbers.planes import to_kind
from taylor.numbers.precision import FLOAT64, Precision, next_finer

Run = Callable[[np.ndarray, Precision], Sequence[np.ndarray]]

NEAR = 1 + 2.0**-28 * np.modf(np.arange(16) * 5**0.5)[0]  # times the numbers, irregularly
RATIO = 2.0**-50  # of rounding errors in double-double to those in float64: mostly 2**-52


def rounding_errors(
    run: Run, given: np.ndarray, found: Sequence[np.ndarray], kind: Precision
) -> list[np.ndarray]:
    """Estimated absolute errors of results: float64 of shape (*results, points) each.

    run: results of given numbers in a kind: arrays of shape (parts, *results, points).
    given: the numbers, shape (parts, *numbers, points); they themselves count as exact.
    found: the results of run(given, kind).

    Half a unit in the last place is part of each; what is not finite has an infinite error.
    """
    finer = next_finer(kind)
    if finer is None:
        rounded = given[:1]
        near = rounded[..., np.newaxis, :] * NEAR[:, np.newaxis]
        near = near.reshape(*rounded.shape[:-1], -1)
        errors = [
            RATIO * e.reshape(*e.shape[:-1], len(NEAR), -1).max(axis=-2)
            for e in rounding_errors(run, near, run(near, FLOAT64), FLOAT64)
        ]
    else:
        exact = run(to_kind(given, kind, finer), finer)
        errors = [_distance(a, b) for a, b in zip(found, exact, strict=True)]
    with np.errstate(invalid="ignore", over="ignore"):
        totals = (
            e + np.abs(f[0].astype(np.float64)) * (kind.epsilon / 2)
            for e, f in zip(errors, found, strict=True)
        )
        return [np.where(np.isfinite(total), total, np.inf) for total in totals]


def _distance(values: np.ndarray, exact: np.ndarray) -> np.ndarray:
    """|values - exact|, of which the parts are summed from the largest on."""
    with np.errstate(invalid="ignore", over="ignore"):
        rest = exact[0] - values[0].astype(exact.dtype)
        for part in exact[1:]:
            rest = rest + part
        return np.abs(rest)
