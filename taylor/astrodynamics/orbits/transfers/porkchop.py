"""Departures and arrivals on a grid, with what each transfer costs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from taylor.astrodynamics.checks import two_arrays
from taylor.astrodynamics.orbits.transfers.lambert import lambert
from taylor.astrodynamics.orbits.vectors import NORTH
from taylor.displays.tables import missing
from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.expressions.types import ValueLike
from taylor_runtime.program.records import dataclass

Motion: TypeAlias = Callable[[np.ndarray], "tuple[np.ndarray, np.ndarray]"]
DAY = 86400.0


@dataclass(frozen=True)
class Porkchop:
    """Transfers between two bodies, by departure (first axis) and arrival (second axis).

    departures, arrivals: times, shapes (n,) and (m,).
    time_of_flight: shape (n, m).
    departure_excess, arrival_excess: hyperbolic excess velocities, shape (n, m, 3), relative to the
        bodies; NaN where there is no transfer.

    Made by `porkchop`.
    """

    departures: np.ndarray
    arrivals: np.ndarray
    time_of_flight: np.ndarray
    departure_excess: np.ndarray
    arrival_excess: np.ndarray

    def __repr__(self) -> str:
        n, m = self.time_of_flight.shape
        known = self.c3[np.isfinite(self.c3)]
        least = f", least C3 {known.min():.6g}" if known.size else ", without a transfer"
        return f"<Porkchop: {n} departures by {m} arrivals{least}>"

    @property
    def c3(self) -> np.ndarray:
        """The square of the departure's excess speed, km^2/s^2, shape (n, m)."""
        found: np.ndarray = np.sum(self.departure_excess**2, axis=-1)
        return found

    @property
    def v_inf(self) -> np.ndarray:
        """The excess speed at arrival, shape (n, m)."""
        found: np.ndarray = np.linalg.norm(self.arrival_excess, axis=-1)
        return found

    def best(self, cost: np.ndarray | None = None) -> tuple[int, int]:
        """Indices of the departure and the arrival of least cost; by default of least C3."""
        values = self.c3 if cost is None else cost
        i, j = np.unravel_index(np.nanargmin(values), values.shape)
        return int(i), int(j)

    def plot(self, axes: Any = None, *, largest: float | None = None, day: float = DAY) -> Any:
        """Draw contours of C3, arrival speed and time of flight; return matplotlib's axes.

        largest: C3 up to which there are contours, by default four times the least one.
        day:     what times are divided by; both axes count from the first departure.
        """
        try:
            from matplotlib import pyplot
        except ImportError as error:
            raise missing("a picture", "matplotlib") from error
        if axes is None:
            axes = pyplot.gca()
        start = self.departures[0]
        x, y = (self.departures - start) / day, (self.arrivals - start) / day
        c3, v_inf = self.c3.T, self.v_inf.T
        least = float(np.nanmin(c3))
        top = 4 * least if largest is None else largest
        filled = axes.contourf(x, y, c3, _levels(least, top), cmap="viridis", extend="max")
        axes.figure.colorbar(filled, ax=axes, label="C3 [km$^2$/s$^2$]")
        slow = float(np.nanmin(v_inf))
        speeds = axes.contour(x, y, v_inf, slow + np.array([0.2, 0.6, 1.2, 2, 3]), colors="white")
        axes.clabel(speeds, fmt="%.1f km/s", fontsize=8)
        flights = axes.contour(
            x, y, self.time_of_flight.T / day, 7, colors="black", linewidths=0.6, linestyles=":"
        )
        axes.clabel(flights, fmt="%.0f d", fontsize=8)
        axes.set_xlabel("departure [days]")
        axes.set_ylabel("arrival [days]")
        return axes


def _levels(least: float, top: float) -> np.ndarray:
    """Round numbers from below the least to about the top."""
    from matplotlib.ticker import MaxNLocator

    return np.asarray(MaxNLocator(17).tick_values(least, top))


def porkchop(
    departure: Motion,
    arrival: Motion,
    departures: ValueLike,
    arrivals: ValueLike,
    gm: float,
    *,
    revolutions: int = 0,
    branch: str = "low",
    prograde: bool = True,
    axis: ValueLike = NORTH,
) -> Porkchop:
    """Return all transfers between two bodies on a grid of departures and arrivals.

    departure, arrival: functions of an array of times, which return positions and velocities of
        the bodies, two arrays of shape (times, 3), relative to the center.
    departures, arrivals: times, in one dimension.
    gm, revolutions, branch, prograde, axis: as for `lambert`.

    Raises ArgumentError where times or states have other shapes.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> import numpy as np
    >>> def circle(radius):
    ...     def motion(t):
    ...         angle, zero = t * radius**-1.5, 0 * t
    ...         r = radius * np.stack([np.cos(angle), np.sin(angle), zero], axis=-1)
    ...         v = radius**-0.5 * np.stack([-np.sin(angle), np.cos(angle), zero], axis=-1)
    ...         return r, v
    ...     return motion
    >>> starts, ends = np.linspace(0, 14, 80), np.arange(2, 20, 0.2)
    >>> chart = sky.porkchop(circle(1.0), circle(1.524), starts, ends, 1.0)
    >>> round(float(np.sqrt(np.nanmin(chart.c3))), 2)  # Hohmann's transfer takes 0.0988
    0.1
    """
    starts, ends = _times("departures", departures), _times("arrivals", arrivals)
    r1, v1 = _motion("departure", departure, starts)
    r2, v2 = _motion("arrival", arrival, ends)
    flight = ends[None, :] - starts[:, None]
    late = flight > 0
    i, j = np.nonzero(late)
    found = lambert(
        r1[i],
        r2[j],
        flight[late],
        gm,
        revolutions=revolutions,
        branch=branch,
        prograde=prograde,
        axis=axis,
    )
    excess = [np.full((*late.shape, 3), np.nan) for _ in range(2)]
    excess[0][late], excess[1][late] = found[0] - v1[i], found[1] - v2[j]
    return Porkchop(starts, ends, np.where(late, flight, np.nan), excess[0], excess[1])


def _times(name: str, values: Any) -> np.ndarray:
    try:
        times = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ArgumentTypeError(f"porkchop: {name}={values!r:.80} must be numbers") from None
    if times.ndim != 1 or not times.size or not np.isfinite(times).all():
        raise ArgumentError(f"porkchop: {name} must be finite times in one dimension")
    return times


def _motion(name: str, motion: Motion, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    place, speed = two_arrays("porkchop", name, motion, times)
    if place.shape != (times.size, 3) or speed.shape != place.shape:
        raise ArgumentError(
            f"porkchop: {name} returned shapes {place.shape} and {speed.shape} for {times.size} "
            f"times; give positions and velocities of shape ({times.size}, 3)"
        )
    return place, speed
