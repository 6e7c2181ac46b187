"""Lyapunov exponents: how fast neighbouring solutions part, on the average."""

from __future__ import annotations

import math
from dataclasses import field
from typing import Any

import numpy as np

from taylor.displays.pictures import curves, figure, legend, name_axes
from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.expressions.types import Named
from taylor.integrator.integrator import Integrator
from taylor.numbers.types import Numbers, Time
from taylor.polynomials.polynomial import Polynomial
from taylor.sensitivities.failures import AnalysisError, reached
from taylor.sensitivities.given import read
from taylor.systems.system import Equations, System
from taylor.systems.variational import variational
from taylor_runtime.program.records import dataclass

PARTS = 20  # of the time, whose means tell the statistical errors
FEWEST = 200  # times at which vectors are made orthonormal
LEAST = 1e-280  # factor by which a vector may shrink in one interval
WIDE, NARROW = 12.0, 5.0  # logarithms of how different the growths in one interval should be


@dataclass(frozen=True, slots=True)
class LyapunovSpectrum:
    """The largest Lyapunov exponents of a solution, in falling order.

    exponents: (count,), per unit of time: means over all the time.
    errors:    (count,), standard errors of these means, from those of twenty successive parts.
               They tell how exponents scatter, not how far the solution had not yet settled.
    times:     (k + 1,): where vectors were made orthonormal, and the start.
    growth:    (k, count): the logarithm of how much each vector grew from one to the next.
    vectors:   (n, count): the orthonormal vectors at the end.
    state:     (n,): the solution at the end.

    >>> import taylor as ty
    >>> x, y = ty.variables("x y")
    >>> found = ty.analysis.lyapunov_spectrum([(x, x / 2 + y), (y, -2 * y)], [0.0, 0.0], 40.0,
    ...                                       transient=20.0)
    >>> found.exponents.round(9).tolist(), round(found.dimension, 9)
    ([0.5, -2.0], 1.25)
    """

    exponents: np.ndarray
    errors: np.ndarray
    times: np.ndarray = field(repr=False)
    growth: np.ndarray = field(repr=False)
    vectors: np.ndarray = field(repr=False)
    state: np.ndarray = field(repr=False)

    @property
    def history(self) -> np.ndarray:
        """The exponents as they were known at `times[1:]`: (k, count)."""
        elapsed = self.times[1:] - self.times[0]
        return np.cumsum(self.growth, axis=0) / elapsed[:, np.newaxis]

    @property
    def dimension(self) -> float:
        """The dimension of Kaplan and Yorke (1979): j + (sum of the first j) / |exponent j + 1|.

        Here j is the largest number of exponents whose sum is not negative; NaN where all of them
        have such a sum, as where not all were asked for.
        """
        sums = np.cumsum(self.exponents)
        if (sums >= 0).all():
            return math.nan
        j = int(np.argmax(sums < 0))
        return float(j + (sums[j - 1] if j else 0.0) / abs(self.exponents[j]))

    def plot(self) -> Any:
        """A Matplotlib figure of the exponents as they were known with time."""
        made, (axes,) = figure()
        names = [
            f"{one:.5g} ± {error:.1g}"
            for one, error in zip(self.exponents, self.errors, strict=True)
        ]
        curves(axes, self.times[1:] - self.times[0], self.history, names)
        axes.set_xscale("log")
        axes.axhline(0.0, color="0.7", linewidth=0.8, zorder=0)
        last = self.exponents
        room = max(float(np.ptp(last)), float(np.abs(last).max()), 1e-12)
        axes.set_ylim(last.min() - 0.35 * room, last.max() + 0.35 * room)
        name_axes(axes, "time of the mean", "exponent", "Lyapunov exponents")
        legend(axes)
        return made


def lyapunov_spectrum(
    system: System | Equations,
    state: Numbers | Named[Numbers],
    duration: float,
    *,
    count: int | None = None,
    transient: float = 0.0,
    interval: float | None = None,
    parameters: Named[Numbers] | Numbers | None = None,
    time: Time = 0.0,
    tol: float | None = None,
) -> LyapunovSpectrum:
    """The `count` largest Lyapunov exponents of the solution through a state: `LyapunovSpectrum`.

    Derivatives of order one along `count` vectors are carried with the solution; every now and
    then the vectors are made orthonormal, and what they grew is added up.

    system, state, parameters, time, tol: as `Integrator` takes them.
    duration:  time over which the mean is taken.
    count:     how many; all n by default.  The sum of all is the mean divergence of the flow.
    transient: time before that, in which solution and vectors settle.
    interval:  time from one orthonormalisation to the next; by default such that the vectors do
               not become too parallel to tell them apart.

    Raises AnalysisError where the solution ends before its time or a vector vanishes, ValueError
    and TypeError for arguments that do not fit.

    Source: Benettin, Galgani, Giorgilli & Strelcyn, Meccanica 15 (1980) 9 and 21.

    >>> import taylor as ty
    >>> x, y = ty.variables("x y")
    >>> found = ty.analysis.lyapunov_spectrum([(x, x / 2 + y), (y, -2 * y)], [0.0, 0.0], 40.0,
    ...                                       transient=20.0)
    >>> found.exponents.round(9)
    array([ 0.5, -2. ])
    """
    for name, value in (("duration", duration), ("interval", interval)):
        if value is not None and not 0 < _number(name, value) < math.inf:
            raise ArgumentError(f"lyapunov_spectrum: {name} must be a time > 0, got {value!r}")
    if not 0 <= _number("transient", transient) < math.inf:
        raise ArgumentError(f"lyapunov_spectrum: transient must be >= 0, got {transient!r}")
    start = read(system, state, parameters, time)
    size = len(start.system)
    count = size if count is None else count
    if not isinstance(count, int | np.integer) or isinstance(count, bool):
        raise ArgumentTypeError(f"lyapunov_spectrum: count must be an integer, got {count!r}")
    if not 1 <= count <= size:
        raise ArgumentError(f"lyapunov_spectrum: count must be from 1 to {size}, got {count}")
    first = _frame(size, int(count))
    ta = start.integrator(variational(start.system, 1, directions=first), tol)
    walk = _Walk(ta, first, interval)
    if transient:
        walk.go(float(transient))
    times, growth = walk.go(float(duration))
    return LyapunovSpectrum(
        growth.sum(axis=0) / (times[-1] - times[0]),
        _errors(times, growth),
        times,
        growth,
        walk.vectors,
        ta.state.copy(),
    )


def lyapunov_exponent(
    system: System | Equations,
    state: Numbers | Named[Numbers],
    duration: float,
    *,
    transient: float = 0.0,
    interval: float | None = None,
    parameters: Named[Numbers] | Numbers | None = None,
    time: Time = 0.0,
    tol: float | None = None,
) -> float:
    """The largest Lyapunov exponent of the solution through a state.

    Arguments and errors are those of `lyapunov_spectrum`, which has history and error, too.

    >>> import taylor as ty
    >>> x = ty.variable("x")
    >>> round(ty.analysis.lyapunov_exponent([(x, -3 * x)], [1.0], 10.0), 9)
    -3.0
    """
    found = lyapunov_spectrum(
        system,
        state,
        duration,
        count=1,
        transient=transient,
        interval=interval,
        parameters=parameters,
        time=time,
        tol=tol,
    )
    return float(found.exponents[0])


def _number(name: str, value: Any) -> float:
    if not isinstance(value, int | float | np.number) or isinstance(value, bool):
        raise ArgumentTypeError(f"lyapunov_spectrum: {name} must be a number, got {value!r}")
    return float(value)


def _frame(size: int, count: int) -> np.ndarray:
    """Orthonormal vectors (size, count) that lie in no special plane."""
    random = np.random.default_rng(1980).normal(size=(size, size))
    return np.linalg.qr(random)[0][:, :count]


class _Walk:
    """An integrator whose vectors are made orthonormal again and again."""

    def __init__(self, ta: Integrator, vectors: np.ndarray, interval: float | None) -> None:
        self.ta = ta
        self.vectors = vectors
        self.fixed = interval is not None
        self.interval = interval or 0.0

    def go(self, duration: float) -> tuple[np.ndarray, np.ndarray]:
        """Times (k + 1,) and the logarithms of growth between them (k, count)."""
        ta, start = self.ta, self.ta.time
        most = duration if self.fixed else duration / FEWEST
        if not self.interval:
            self.interval = most / 64
        times, growth = [start], []
        while times[-1] < start + duration:
            left, span = start + duration - ta.time, min(self.interval, most)
            last = left <= 1.0001 * span
            if left < 2 * span and not last:  # so that none is tiny
                span = left / 2
            outcome = ta.propagate_until(start + duration if last else ta.time + span)
            reached("lyapunov_spectrum", outcome)
            growth.append(self._orthonormalise())
            times.append(ta.time)
            if not self.fixed:
                self._adapt(growth[-1], span)
        return np.array(times), np.array(growth)

    def _orthonormalise(self) -> np.ndarray:
        matrix = self.ta.state_transition_matrix
        q, r = np.linalg.qr(matrix)
        stretched = np.abs(np.diag(r))
        if not ((stretched > LEAST) & (stretched < 1 / LEAST)).all():
            raise AnalysisError(
                f"lyapunov_spectrum: at t = {self.ta.time!r} a vector has vanished or overflowed; "
                "give a shorter interval, or ask for fewer exponents"
            )
        self.vectors = q * np.sign(np.diag(r))
        state = self.ta.state[:, np.newaxis]
        names = self.ta.flow_map.names
        self.ta.flow_map = Polynomial(np.hstack([state, self.vectors]), names, 1)
        return np.log(stretched)

    def _adapt(self, grown: np.ndarray, span: float) -> None:
        """Longer or shorter intervals, by how differently the vectors grew."""
        wide = float(max(np.ptp(grown), np.abs(grown).max() / 4))
        if wide > WIDE:
            self.interval = span / 2
        elif wide < NARROW:
            self.interval = 2 * span


def _errors(times: np.ndarray, growth: np.ndarray) -> np.ndarray:
    """Standard errors from the scatter of the means over successive parts."""
    edges = np.searchsorted(times, np.linspace(times[0], times[-1], PARTS + 1))
    if len(np.unique(edges)) <= PARTS:
        return np.full(growth.shape[1], math.nan)
    total = np.vstack([np.zeros(growth.shape[1]), np.cumsum(growth, axis=0)])
    means = np.diff(total[edges], axis=0) / np.diff(times[edges])[:, np.newaxis]
    return np.asarray(means.std(axis=0, ddof=1) / math.sqrt(PARTS))
