"""Which observations count, and how much: sigma editing, and Huber's weights."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from taylor.errors import ArgumentError
from taylor_runtime.program.records import dataclass

Array = np.ndarray
NORMAL = 1.482602218505602  # standard deviation of a normal distribution / its median deviation

EFFICIENT = 1.345  # Huber's constant for 95 % of the efficiency of least squares (Huber 1981)


@dataclass(frozen=True, eq=False)
class Weighing:
    """reject: residuals beyond so many standard deviations are left out, None for none.

    huber: from so many standard deviations on a residual counts linearly, None for never.
    """

    reject: float | None
    huber: float | None

    def __post_init__(self) -> None:
        for name, value in (("reject", self.reject), ("huber", self.huber)):
            if value is not None and not value > 0:
                raise ArgumentError(f"determine: {name} must be positive, got {value!r}")

    def robust(self) -> Weighing:
        """What to begin with, so that what will be rejected does not pull the fit to itself."""
        if self.reject is None or self.huber is not None:
            return self
        return Weighing(self.reject, EFFICIENT)

    def accepted(self, residuals: Sequence[Array]) -> list[Array]:
        """Which residuals count, tables (k, m) in units of the noise.

        A standard deviation is that of the noise, or what the median of a table's column says,
        whichever is larger: while the trajectory is far off nothing is rejected for that.
        """
        if self.reject is None:
            return [np.ones(table.shape, bool) for table in residuals]
        found = []
        for table in residuals:
            size = np.abs(table)
            spread = np.maximum(1.0, NORMAL * np.median(size, axis=0))
            found.append(size <= self.reject * spread)
        return found

    def weights(self, residuals: Array) -> Array:
        """By what to multiply the squares of residuals in units of the noise."""
        if self.huber is None:
            return np.ones_like(residuals)
        return np.minimum(1.0, self.huber / np.maximum(np.abs(residuals), self.huber / 2))

    def cost(self, residuals: Array) -> float:
        """What is made as small as possible: squares, or Huber's function times two."""
        if self.huber is None:
            return float(residuals @ residuals)
        size, k = np.abs(residuals), self.huber
        return float(np.where(size <= k, size**2, k * (2 * size - k)).sum())
