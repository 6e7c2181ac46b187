"""What is observed of a solution at given times, on the way back."""

from __future__ import annotations

import numpy as np

from taylor.numbers import pairs as dd
from taylor.numbers.planes import to_kind
from taylor.numbers.precision import PAIRS, Precision
from taylor.numbers.times import Pair
from taylor_runtime.callables.trajectories.sweep import Observed
from taylor_runtime.program.records import dataclass


@dataclass(frozen=True, slots=True)
class Observations:
    """Adjoints of states at times.

    kind: of number; times: (k, 2), pairs, in the direction of integration, which is `sign`;
    cotangents: (parts, k, n).
    """

    kind: Precision
    times: np.ndarray
    cotangents: np.ndarray
    sign: float

    def since(self, start: np.ndarray) -> int:
        """How many come before a time (2,)."""
        if not len(self.times):
            return 0
        return int(self._after(start[np.newaxis], self.times)[0])

    def part(self, first: int, last: int) -> Observations:
        """Those from one on and before another."""
        chosen = slice(first, last)
        return Observations(self.kind, self.times[chosen], self.cotangents[:, chosen], self.sign)

    def within(self, headers: np.ndarray) -> Observed:
        """As sweeps want them, which go over steps: all are within these."""
        if not len(self.times):
            nothing = np.empty((self.kind.parts, 0), self.kind.dtype)
            return Observed(np.empty(0, np.int64), nothing, self.cotangents)
        starts = np.ascontiguousarray(headers[:, :2])
        steps = np.maximum(self._before(self.times, starts) - 1, 0)
        elapsed = elapsed_in(self.kind, starts[steps], self.times, headers[steps, 2])
        return Observed(
            np.ascontiguousarray(steps, dtype=np.int64),
            elapsed,
            np.ascontiguousarray(self.cotangents),
        )

    def _before(self, moments: np.ndarray, listed: np.ndarray) -> np.ndarray:
        """How many of `listed`, in order, come at or before each of the moments."""
        return self._count(moments, listed, True)

    def _after(self, moments: np.ndarray, listed: np.ndarray) -> np.ndarray:
        """How many of `listed`, in order, come before each of the moments."""
        return self._count(moments, listed, False)

    def _count(self, moments: np.ndarray, listed: np.ndarray, equal: bool) -> np.ndarray:
        high, low = (self.sign * listed[:, k] for k in (0, 1))
        found = np.empty(len(moments), np.intp)
        first = np.searchsorted(high, self.sign * moments[:, 0], side="left")
        last = np.searchsorted(high, self.sign * moments[:, 0], side="right")
        for k in range(len(moments)):  # among equal high parts the low ones decide
            inner, other = low[first[k] : last[k]], self.sign * moments[k, 1]
            before = inner <= other if equal else inner < other
            found[k] = first[k] + np.count_nonzero(before)
        return found


def elapsed_in(
    kind: Precision, starts: np.ndarray, moments: np.ndarray, scales: np.ndarray
) -> np.ndarray:
    """(moments - starts) / scales, of pairs (k, 2), as planes of a kind: (parts, k)."""
    if not kind.is_finer:
        difference = (moments[:, 0] - starts[:, 0]) + (moments[:, 1] - starts[:, 1])
        return np.ascontiguousarray((difference / scales).astype(kind.dtype)[np.newaxis])
    found = dd.add(moments, -starts) / scales[:, np.newaxis]
    return np.ascontiguousarray(to_kind(PAIRS.to_planes(found), PAIRS, kind))


def as_pair(pair: Pair) -> np.ndarray:
    """A time as an array (2,)."""
    return np.array(pair, dtype=float)
