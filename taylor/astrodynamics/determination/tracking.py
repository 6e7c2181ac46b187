"""Tables of what was measured."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from taylor.astrodynamics.determination.measurements import Measurement
from taylor.astrodynamics.times.epoch import Epoch
from taylor.errors import ArgumentError, ArgumentTypeError, ShapeError


class Tracking:
    """Observations of one kind, as a table; a single one is a table of one line.

    measurement: what is measured, as `Range(station)`.
    times:       shape (k,), in the integrator's time: of reception, where light takes time.  Of
                 instants (`Epoch`) it is seconds of TDB after `epoch`, by default after J2000.
    values:      shape (k,), or (k, m) where m numbers are measured at a time.
    sigma:       standard deviation of the noise: a number, (m,), (k,) where m = 1, or (k, m).

    Raises ArgumentError for what is not finite or does not fit together.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> station = sky.Station("origin", (0.0, 0.0, 0.0))
    >>> sky.Tracking(sky.Range(station), [0.0, 60.0], [7000.0, 7001.0], 0.01).values.shape
    (2, 1)
    """

    def __init__(
        self,
        measurement: Measurement,
        times: ArrayLike | Sequence[Epoch],
        values: ArrayLike,
        sigma: ArrayLike,
        *,
        epoch: Epoch | None = None,
    ) -> None:
        if not hasattr(measurement, "computed"):
            raise ArgumentTypeError(
                f"Tracking: {measurement!r:.60} is no measurement, as Range(station) is"
            )
        count = len(measurement.labels)
        moments = np.atleast_1d(_numbers(_seconds(times, epoch), "times"))
        if moments.ndim != 1 or not moments.size:
            raise ShapeError(f"Tracking: times must have shape (k,), got {moments.shape}")
        shape = (len(moments), count)
        given = _numbers(values, "values")
        if given.size != shape[0] * count:
            raise ShapeError(
                f"Tracking: values of {shape[0]} times and {count} number(s) "
                f"({', '.join(measurement.labels)}) must have shape {shape}, got {given.shape}"
            )
        widths = _numbers(sigma, "sigma")
        if widths.ndim == 1 and count == 1 and len(widths) == shape[0]:
            widths = widths[:, np.newaxis]
        try:
            widths = np.broadcast_to(widths, shape).copy()
        except ValueError:
            raise ShapeError(
                f"Tracking: sigma must be a number or have shape ({count},) or {shape}, got "
                f"{widths.shape}"
            ) from None
        if not (widths > 0).all():
            raise ArgumentError("Tracking: sigma must be positive")
        self.measurement, self.times = measurement, moments.copy()
        self.values, self.sigma = given.reshape(shape).copy(), widths

    def __len__(self) -> int:
        return len(self.times)

    def __repr__(self) -> str:
        station = self.measurement.station
        where = "" if station is None else f" from {station.name}"
        return f"<Tracking: {len(self)} of {', '.join(self.measurement.labels)}{where}>"

    def with_values(self, values: ArrayLike) -> Tracking:
        """The same with other measured values."""
        return Tracking(self.measurement, self.times, values, self.sigma)

    def residuals(self, computed: np.ndarray) -> np.ndarray:
        """Measured minus computed, (k, m); of angles between -pi and pi."""
        off = self.values - computed
        turns = np.asarray(self.measurement.angular)
        return np.where(turns, np.remainder(off + np.pi, 2 * np.pi) - np.pi, off)

    def weights(self) -> np.ndarray:
        """By what residuals are multiplied to be in units of the noise, (k, m)."""
        return self.measurement.stretch(self.values) / self.sigma


def moments(table: Tracking) -> np.ndarray:
    """The times at which its measurement is computed: one for each line, or two where it counts
    over an interval: all ends, then all begins.
    """
    span = interval(table)
    if span is None:
        return table.times
    return np.concatenate([table.times + span[1], table.times + span[0]])


def counted(table: Tracking, computed: np.ndarray) -> np.ndarray:
    """What is measured, (k, ...), of what is computed at `moments`."""
    span = interval(table)
    if span is None:
        return computed
    found: np.ndarray = (computed[: len(table)] - computed[len(table) :]) / (span[1] - span[0])
    return found


def interval(table: Tracking) -> tuple[float, float] | None:
    """Begin and end of the interval over which its measurement counts, if it does."""
    return getattr(table.measurement, "interval", None)


def as_tables(given: Tracking | Sequence[Tracking]) -> tuple[Tracking, ...]:
    """One table or several.

    Raises ArgumentTypeError for anything else, ArgumentError where there are none.
    """
    listed = (given,) if isinstance(given, Tracking) else tuple(given)
    for one in listed:
        if not isinstance(one, Tracking):
            raise ArgumentTypeError(
                f"determine: observations must be taylor.astrodynamics.Tracking, got {one!r:.60}"
            )
    if not listed:
        raise ArgumentError("determine: there are no observations")
    return listed


def _seconds(
    times: ArrayLike | Sequence[Epoch] | Epoch, epoch: Epoch | None
) -> ArrayLike | Sequence[float]:
    """Times as numbers."""
    listed = [times] if isinstance(times, Epoch) else times
    if not isinstance(listed, list | tuple) or not any(isinstance(t, Epoch) for t in listed):
        return times  # type: ignore[return-value]
    if not all(isinstance(t, Epoch) for t in listed):
        raise ArgumentTypeError("Tracking: times are instants or numbers, not both")
    return [t.seconds if epoch is None else float(t - epoch) for t in listed]


def _numbers(given: ArrayLike | Sequence[float], name: str) -> np.ndarray:
    try:
        found = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        raise ArgumentTypeError(f"Tracking: {name} must be numbers, got {given!r:.60}") from None
    if not np.isfinite(found).all():
        raise ArgumentError(f"Tracking: {name} must be finite")
    return found
