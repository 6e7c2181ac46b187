"""Indicators of chaos: one number a trajectory, of how its neighbours part."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from taylor.displays.pictures import COLORS, SHADES, figure, name_axes
from taylor.ensembles.ensemble import ensemble
from taylor.ensembles.outcome import EnsembleOutcome
from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.expressions.types import Named
from taylor.integrator.outcome import Status
from taylor.numbers.types import Numbers, Time
from taylor.sensitivities.tangent import Tangent, make_tangent
from taylor.systems.system import Equations, System
from taylor_runtime.program.records import dataclass

HELD = 4_000_000  # numbers of grids that are held at a time
PIECE = 64  # samples after which vectors are made short again
FEWEST, MOST = 256, 100_000  # samples


@dataclass(frozen=True, slots=True)
class ChaosIndicator:
    """An indicator of chaos for each start, and the history of a single one.

    name:     "MEGNO" or "FLI".
    values:   of the shape of the starts, () for one; NaN where a trajectory ended before its time.
    exponent: the same of log|w(T)|/T, an estimate of the largest Lyapunov exponent.
    status:   the same of `Status`.
    states:   (.., n): the states at the end.
    times:    (samples,): times of the samples, and
    history:  the indicator there, of a single start alone, else None.

    >>> import taylor as ty
    >>> x = ty.variable("x")
    >>> found = ty.analysis.fast_lyapunov_indicator([(x, 2 * x)], [1.0], 5.0)
    >>> found.name, round(float(found.values), 9), round(float(found.exponent), 9)
    ('FLI', 10.0, 2.0)
    """

    name: str
    values: np.ndarray
    exponent: np.ndarray = field(repr=False)
    status: np.ndarray = field(repr=False)
    states: np.ndarray = field(repr=False)
    times: np.ndarray = field(repr=False)
    history: np.ndarray | None = field(default=None, repr=False)

    @property
    def success(self) -> bool:
        """Whether all trajectories came to the end."""
        return bool(np.all(self.status == Status.REACHED))

    def plot(
        self,
        x: ArrayLike | None = None,
        y: ArrayLike | None = None,
        *,
        names: tuple[str, str] = ("", ""),
    ) -> Any:
        """A Matplotlib figure: over time for one start, over x for many, over x and y for a map.

        x, y: where the starts are, of the shape of `values`; numbers of the starts by default. Of
            two axes of starts x belongs to the first one, y to the second one.
        """
        made, (axes,) = figure()
        found = np.asarray(self.values, float)
        if found.ndim == 0:
            if self.history is None:
                raise ArgumentError("plot: this indicator has no history")
            axes.plot(self.times, self.history, color=COLORS[0], linewidth=1.3)
            name_axes(axes, names[0] or "time", self.name, f"{self.name} {float(found):.4g}")
        elif found.ndim == 1 and y is None:
            across = np.arange(len(found)) if x is None else np.asarray(x)
            axes.plot(across, found, ".", color=COLORS[0], markersize=3)
            name_axes(axes, names[0] or "start", self.name)
        else:
            self._map(made, axes, found, x, y)
            name_axes(axes, names[0] or "first axis", names[1] or "second axis", self.name)
        return made

    def _map(self, made: Any, axes: Any, found: np.ndarray, x: Any, y: Any) -> None:
        inside = found[np.isfinite(found)]
        low, high = np.percentile(inside, [1, 99]) if inside.size else (0.0, 1.0)
        colours = {"cmap": SHADES, "vmin": low, "vmax": high}
        if found.ndim == 2:
            first = np.arange(found.shape[0]) if x is None else np.asarray(x)
            second = np.arange(found.shape[1]) if y is None else np.asarray(y)
            if first.ndim == second.ndim == 1:
                first, second = np.meshgrid(first, second, indexing="ij")
            shown = axes.pcolormesh(first, second, found, shading="nearest", **colours)
            shown.set_rasterized(True)
        else:
            shown = axes.scatter(np.ravel(x), np.ravel(y), c=found.ravel(), s=3, **colours)
        axes.grid(False)
        made.colorbar(shown, ax=axes, label=self.name)


def fast_lyapunov_indicator(
    system: System | Equations,
    state: Numbers | Named[Numbers],
    duration: float,
    *,
    samples: int | None = None,
    direction: ArrayLike | None = None,
    parameters: Named[Numbers] | Numbers | None = None,
    time: Time = 0.0,
    tol: float | None = None,
    workers: int | None = None,
) -> ChaosIndicator:
    """The fast Lyapunov indicator, max over s <= T of log(|w(s)| / |w(0)|): `ChaosIndicator`.

    It grows as log T along regular motion and as T along chaotic one.  w follows the variational
    equations, which are integrated as further equations, many trajectories in lanes and threads.

    system, parameters, time, tol: as `Integrator` takes them.  The right-hand side must not change
               its branch (where, abs, ..): w would jump there.
    state:     one start, (n,), or many, (.., n); or by variable, numbers and arrays that broadcast.
    duration:  T > 0, the same for all.
    samples:   equally spaced times of which the largest is taken; by default about as many as the
               first start takes steps.
    direction: w(0), a vector of n numbers; by default one in no special direction, the same for
               all.  It should not lie in a plane of symmetry.
    workers:   as `ensemble` takes it.

    Raises ValueError or TypeError for arguments that do not fit; what goes wrong on the way is in
    `status`.

    Source: Froeschle, Lega & Gonczi, Celest. Mech. Dyn. Astr. 67 (1997) 41.

    >>> import taylor as ty
    >>> x = ty.variable("x")
    >>> found = ty.analysis.fast_lyapunov_indicator([(x, 2 * x)], [[1.0], [3.0]], 5.0)
    >>> found.values.round(9)
    array([10., 10.])
    """
    function = "fast_lyapunov_indicator"
    tangent, starts = make_tangent(function, system, state, parameters, time, tol)
    run = _Run(function, tangent, starts, duration, samples, direction, workers)

    def largest(known: np.ndarray | None, times: np.ndarray, logs: np.ndarray) -> _Seen:
        found = np.maximum.accumulate(logs, axis=1)
        if known is not None:
            found = np.maximum(found, known[:, :1])
        return found, found[:, -1:]

    return run.result("FLI", largest)


def megno(
    system: System | Equations,
    state: Numbers | Named[Numbers],
    duration: float,
    *,
    samples: int | None = None,
    direction: ArrayLike | None = None,
    parameters: Named[Numbers] | Numbers | None = None,
    time: Time = 0.0,
    tol: float | None = None,
    workers: int | None = None,
) -> ChaosIndicator:
    """The mean exponential growth factor of nearby orbits at T: a `ChaosIndicator`.

        Y(t) = 2/t int_0^t s (d/ds l(s)) ds,    <Y>(T) = 1/T int_0^T Y(t) dt,    l = log|w|

    It tends to 2 along quasiperiodic motion, to 0 where neighbours keep their distance (a linear
    oscillator), and grows as T/2 times the largest Lyapunov exponent along chaotic motion.
    Integrated by parts, Y(t) is twice what l(t) exceeds its mean up to t; the means are sums over
    the samples.

    samples: equally spaced times; by default about as many as the first start takes steps, and
             fewer than about eight in a period make the indicator less smooth.

    Other arguments, errors and the way it is computed are those of `fast_lyapunov_indicator`.

    Source: Cincotta & Simo, Astron. Astrophys. Suppl. 147 (2000) 205.

    >>> import taylor as ty
    >>> x, v = ty.variables("x v")
    >>> drift = ty.analysis.megno([(x, v), (v, 0)], [0.0, 1.0], 1e5, samples=4000)
    >>> chaos = ty.analysis.megno([(x, x)], [1.0], 30.0)
    >>> print(drift.values.round(3), chaos.values.round(9))
    2.0 15.0
    """
    tangent, starts = make_tangent("megno", system, state, parameters, time, tol)
    run = _Run("megno", tangent, starts, duration, samples, direction, workers)

    def means(known: np.ndarray | None, times: np.ndarray, logs: np.ndarray) -> _Seen:
        # known: l, its integral, Y and its integral at the last time
        last = np.zeros((len(logs), 4)) if known is None else known
        spans = np.diff(times, prepend=times[0] - run.step)
        whole = np.hstack([last[:, :1], logs])
        area = last[:, 1:2] + np.cumsum((whole[:, 1:] + whole[:, :-1]) / 2 * spans, axis=1)
        y = np.hstack([last[:, 2:3], 2 * (logs - area / times)])
        total = last[:, 3:] + np.cumsum((y[:, 1:] + y[:, :-1]) / 2 * spans, axis=1)
        kept = np.stack([logs[:, -1], area[:, -1], y[:, -1], total[:, -1]], axis=1)
        return total / times, kept

    return run.result("MEGNO", means)


# The indicator at some times, (k, times), and what is to be known of them for the next ones: of
# what was known of the last ones, the times since the start, and l there.
_Seen = tuple[np.ndarray, np.ndarray]
_Rule = Callable[[np.ndarray | None, np.ndarray, np.ndarray], _Seen]


class _Run:
    """Trajectories with their vectors, sampled piece by piece."""

    def __init__(
        self,
        function: str,
        tangent: Tangent,
        starts: np.ndarray,
        duration: Any,
        samples: Any,
        direction: ArrayLike | None,
        workers: int | None,
    ) -> None:
        if not isinstance(duration, int | float | np.number) or isinstance(duration, bool):
            raise ArgumentTypeError(f"{function}: duration must be a number, got {duration!r}")
        if not 0 < duration < math.inf:
            raise ArgumentError(f"{function}: duration must be a time > 0, got {duration!r}")
        if samples is not None and (not isinstance(samples, int | np.integer) or samples < 2):
            raise ArgumentError(f"{function}: samples must be an integer > 1, got {samples!r}")
        self.tangent, self.starts, self.workers = tangent, starts, workers
        self.rows = tangent.begin(starts.reshape(-1, tangent.size), direction)
        self.span = float(duration)
        self.samples = self._natural() if samples is None else int(samples)
        self.step = self.span / self.samples

    def _natural(self) -> int:
        """About the number of steps that the first start takes."""
        out = self._ensemble(self.rows[:1], [0.0, self.span / 16])
        return min(max(16 * int(out.steps[0]), FEWEST), MOST)

    def _ensemble(self, rows: np.ndarray, times: Any) -> EnsembleOutcome:
        """From the first of some times since the start through the others."""
        first, *others = self.tangent.start + np.asarray(times)
        return ensemble(
            self.tangent.integrator, rows, times=others, time0=first, workers=self.workers
        )

    def result(self, name: str, rule: _Rule) -> ChaosIndicator:
        """The indicator that a rule makes of samples of log|w|."""
        count, n = len(self.rows), self.tangent.size
        share = max(64, HELD // (PIECE * self.rows.shape[1]))
        values, logs = np.full(count, np.nan), np.full(count, np.nan)
        status = np.full(count, Status.REACHED, dtype=object)
        states = np.empty((count, n))
        history: list[np.ndarray] = []
        for first in range(0, count, share):
            own = np.arange(first, min(first + share, count))
            self._share(own, rule, (values, logs, status, states), history)
        shape = self.starts.shape[:-1]
        times = self.step * np.arange(1, self.samples + 1)
        whole = np.concatenate(history) if not shape and status[0] is Status.REACHED else None
        return ChaosIndicator(
            name,
            values.reshape(shape),
            (logs / self.span).reshape(shape),
            status.reshape(shape),
            states.reshape(self.starts.shape),
            self.tangent.start + times,
            whole,
        )

    def _share(
        self, own: np.ndarray, rule: _Rule, found: tuple[np.ndarray, ...], history: list[np.ndarray]
    ) -> None:
        """Some trajectories, those that fail on the way being left behind."""
        values, ends, status, states = found
        tangent, rows, known = self.tangent, self.rows[own], None
        first = tangent.grown(rows)
        grown = np.zeros(len(own))  # logarithms, before the present piece
        for start in range(0, self.samples, PIECE):
            places = np.arange(start, min(start + PIECE, self.samples) + 1)
            out = self._ensemble(rows, self.step * places)
            good = out.reached & np.isfinite(out.final_states).all(axis=1)
            status[own] = out.status
            status[own[out.reached & ~good]] = Status.NON_FINITE
            states[own] = out.final_states[:, : tangent.size]
            own, first, grown = own[good], first[good], grown[good]
            if not len(own):
                return
            with np.errstate(divide="ignore"):
                logs = np.log(tangent.grown(out.states[good]) / first[:, np.newaxis])
            logs += grown[:, np.newaxis]
            seen, known = rule(None if known is None else known[good], self.step * places[1:], logs)
            if len(values) == 1:
                history.append(seen[0])
            rows = tangent.shortened(out.final_states[good])
            first, grown = tangent.grown(rows), logs[:, -1]
        values[own], ends[own] = seen[:, -1], grown
