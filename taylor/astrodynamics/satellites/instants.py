"""Times as minutes since the epochs of objects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeAlias

import numpy as np

from taylor.errors import ArgumentError, ArgumentTypeError, ShapeError
from taylor_runtime.program.records import dataclass

DAY = 1440.0  # minutes


class Instant(Protocol):
    """A time that knows its Julian date of UTC in two parts, as `Epoch` does."""

    @property
    def utc(self) -> tuple[float, float]: ...


Number: TypeAlias = "float | Sequence[float] | np.ndarray"
Times: TypeAlias = "Instant | Sequence[Instant] | tuple[Number, Number]"


@dataclass(frozen=True)
class Given:
    """Minutes since each epoch, shape (times,) or (objects, times)."""

    minutes: np.ndarray

    @property
    def count(self) -> int:
        """How many times there are."""
        return self.minutes.shape[-1]

    def of(self, rows: np.ndarray, *_: np.ndarray) -> np.ndarray:
        """Those of some objects, of a shape that broadcasts to (objects, times)."""
        return self.minutes[rows] if self.minutes.ndim == 2 else self.minutes[None]

    def ends(self, rows: np.ndarray) -> tuple[float, float]:
        """The earliest and the latest of some objects."""
        minutes = self.of(rows)
        return (float(minutes.min()), float(minutes.max())) if minutes.size else (0.0, 0.0)


@dataclass(frozen=True)
class Dates:
    """Julian dates that are common to all objects, in two parts, and those of the epochs."""

    dates: tuple[np.ndarray, np.ndarray]
    epochs: tuple[np.ndarray, np.ndarray]

    @property
    def count(self) -> int:
        """How many times there are."""
        return len(self.dates[0])

    def of(self, rows: np.ndarray, out: np.ndarray, rest: np.ndarray) -> np.ndarray:
        """Minutes since the epochs of some objects, in `out` of shape (objects, times)."""
        (day, part), (epoch, epoch_part) = self.dates, self.epochs
        np.subtract(day, epoch[rows, None], out=out)
        np.subtract(part, epoch_part[rows, None], out=rest)
        np.multiply(out, DAY, out=out)
        np.multiply(rest, DAY, out=rest)
        return np.add(out, rest, out=out)

    def ends(self, rows: np.ndarray) -> tuple[float, float]:
        """The earliest and the latest of some objects."""
        if not self.count or not len(rows):
            return 0.0, 0.0
        dates = self.dates[0] + self.dates[1]
        epochs = self.epochs[0][rows] + self.epochs[1][rows]
        latest, earliest = dates.max() - epochs.min(), dates.min() - epochs.max()
        return float(earliest) * DAY, float(latest) * DAY


def since_epochs(
    times: Times | None,
    minutes: Number | None,
    epochs: tuple[np.ndarray, np.ndarray],
) -> Given | Dates:
    """What `Catalogue.propagate` was given.

    Raises ArgumentError, ArgumentTypeError or ShapeError for what are no times.
    """
    if (times is None) == (minutes is None):
        raise ArgumentError("give either times or minutes=, and not both")
    if minutes is not None:
        array = _numbers("minutes", minutes)
        if array.ndim > 2 or (array.ndim == 2 and len(array) != len(epochs[0])):
            raise ShapeError(
                f"minutes must have shape (times,) or ({len(epochs[0])}, times), got {array.shape}"
            )
        return Given(array if array.ndim else array[None])
    days, parts = (np.atleast_1d(_numbers("times", part)) for part in _dates(times))
    try:
        days, parts = np.broadcast_arrays(days, parts)
    except ValueError:
        days = days[None, None]
    if days.ndim != 1:
        raise ShapeError("times must be Julian dates in two parts (jd, fraction) of equal lengths")
    return Dates((days, parts), epochs)


def _dates(times: Times | None) -> tuple[Number, Number]:
    """Julian dates in two parts."""
    single = getattr(times, "utc", None)
    if single is not None:
        return single[0], single[1]
    if isinstance(times, Sequence) and times and all(hasattr(time, "utc") for time in times):
        days, parts = zip(*(time.utc for time in times), strict=True)  # type: ignore[union-attr]
        return list(days), list(parts)
    if not isinstance(times, Sequence) or len(times) != 2:
        raise ArgumentTypeError(
            "times must be a pair (jd, fraction) of Julian dates of UTC, or epochs that have .utc; "
            f"got {times!r}"
        )
    return times[0], times[1]  # type: ignore[return-value]


def _numbers(name: str, value: object) -> np.ndarray:
    try:
        array = np.asarray(value, np.float64)
    except (TypeError, ValueError):
        raise ArgumentTypeError(f"{name} must be numbers, got {value!r}") from None
    if not np.isfinite(array).all():
        raise ArgumentError(f"{name} must be finite")
    return array
