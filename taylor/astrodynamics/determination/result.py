"""What an orbit determination found, and how well it is known."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from taylor.astrodynamics.determination.batch import FitStatus
from taylor.astrodynamics.determination.estimation import Problem
from taylor.astrodynamics.determination.filtering import Smoothed, ahead
from taylor.astrodynamics.determination.fitting import Ended, Rules, fitted
from taylor.astrodynamics.determination.pictures import draw
from taylor.astrodynamics.determination.tracking import Tracking
from taylor.astrodynamics.files.trajectory import Covariances, Trajectory
from taylor.astrodynamics.times.epoch import Epoch
from taylor.errors import ArgumentError
from taylor.expressions.expression import Expression

if TYPE_CHECKING:
    import matplotlib.figure

Array = np.ndarray


class Determination:
    """An orbit from observations; made by `determine`.

    Numbers of what is estimated are found by expression, `fit[q]`, and together in `values`, in the
    order of `names`.

    >>> import numpy as np, taylor as ty
    >>> sky = ty.astrodynamics
    >>> x, v = ty.variables("x v")
    >>> ta = ty.Integrator([(x, v), (v, 0)], [0.0, 0.9])
    >>> seen = sky.Tracking(sky.Measured(x, "x"), [0.0, 1.0, 2.0], [0.1, 1.0, 2.1], 0.1)
    >>> fit = sky.determine(ta, seen)
    >>> fit.converged, bool(abs(fit[v] - 1.0) < 1e-12)
    (True, True)
    >>> np.round(fit.covariance, 6)
    array([[ 0.008333, -0.005   ],
           [-0.005   ,  0.005   ]])
    """

    def __init__(
        self,
        problem: Problem,
        rules: Rules,
        ended: Ended,
    ) -> None:
        self._problem, self._rules = problem, rules
        self._found, self._before, self.smoothed = ended.found, ended.before, ended.smoothed

    # -- how it ended -----------------------------------------------------------------------------

    @property
    def status(self) -> FitStatus:
        """How the fit ended."""
        return self._found.status

    @property
    def converged(self) -> bool:
        """Whether it did: only then are estimate and covariance what they are called."""
        return self._found.status is FitStatus.CONVERGED

    @property
    def message(self) -> str:
        """The status in words, with what is not determined."""
        return self._found.message

    @property
    def iterations(self) -> int:
        """Steps that were made."""
        return max(len(self._found.history) - 1, 0)

    @property
    def history(self) -> tuple[float, ...]:
        """The cost, first that of the guess, then after each step."""
        return self._found.history

    @property
    def undetermined(self) -> Array:
        """Combinations of unknowns that observations say nothing of, shape (k, unknowns)."""
        return self._found.lost

    # -- the estimate -----------------------------------------------------------------------------

    @property
    def names(self) -> tuple[str, ...]:
        """What the unknowns are called."""
        return self._problem.unknowns.names

    @property
    def values(self) -> Array:
        """The unknowns, shape (u,); states are those at the integrator's time."""
        return self._found.values.copy()

    def __getitem__(self, key: Expression) -> Array:
        """The estimate of one state or parameter, in its shape."""
        return np.asarray(self._found.values[self._problem.unknowns.places(key)])[()]

    def sigma(self, key: Expression | None = None) -> Array:
        """Standard deviations of all unknowns, or of one state or parameter, in its shape."""
        widths = np.sqrt(np.diag(self.covariance))
        return widths if key is None else widths[self._problem.unknowns.places(key)][()]

    @property
    def state(self) -> Array:
        """The whole state at the integrator's time, with what was estimated."""
        return self._problem.split(self._found.values)[0]

    @property
    def parameters(self) -> dict[Expression, float]:
        """All parameters, with what was estimated."""
        values = self._problem.split(self._found.values)[1]
        return dict(zip(self._problem.quantities.parameters, values.tolist(), strict=True))

    @cached_property
    def formal_covariance(self) -> Array:
        """The covariance that follows from the noise of observations, without what is considered.

        NaN where the observations do not determine all unknowns.
        """
        count = len(self.names)
        made = self._found.triangle
        if made is None or made.rank()[0] < count:
            return np.full((count, count), np.nan)
        root = made.covariance_root()
        return np.asarray(root @ root.T)

    @cached_property
    def considered(self) -> Array:
        """By how much the estimate changes for what is considered, shape (u, c)."""
        linear, weights = self._found.linear, self._found.weights
        if linear is None or not linear.considered.shape[1]:
            return np.zeros((len(self.names), 0))
        weighted = linear.slopes.T @ (linear.considered * weights[:, np.newaxis])
        return np.asarray(-self.formal_covariance @ weighted)

    @cached_property
    def covariance(self) -> Array:
        """The covariance of the unknowns, shape (u, u), with the share of what is considered.

        It is as the standard deviations of the observations say, whatever the residuals are:
        multiply by `reduced_chi_square` where only their ratios are known.
        """
        wide = self.considered * self._rules.widths
        return np.asarray(self.formal_covariance + wide @ wide.T)

    @property
    def correlation(self) -> Array:
        """Correlations of the unknowns, shape (u, u)."""
        widths = self.sigma()
        return np.asarray(self.covariance / np.outer(widths, widths))

    # -- observations -----------------------------------------------------------------------------

    @property
    def observations(self) -> tuple[Tracking, ...]:
        """The tables that were given."""
        return self._problem.tables

    @property
    def residuals(self) -> tuple[Array, ...]:
        """Measured minus computed after the fit, (k, m) for each table."""
        return () if self._found.linear is None else self._found.linear.residuals

    @property
    def prefit(self) -> tuple[Array, ...]:
        """The same before the fit."""
        return () if self._before is None else self._before.residuals

    @property
    def weighted(self) -> tuple[Array, ...]:
        """Residuals after the fit in units of the noise, (k, m) for each table."""
        found = self._found.linear
        return () if found is None else tuple(found.tables(found.scaled))

    @property
    def accepted(self) -> tuple[Array, ...]:
        """Which observations count, (k, m) for each table."""
        found = self._found.linear
        return () if found is None else tuple(found.tables(self._found.accepted))

    @property
    def chi_square(self) -> float:
        """The sum of the squares of what counts, in units of the noise; Huber's weights count."""
        found = self._found.linear
        return np.nan if found is None else float(self._found.weights @ found.scaled**2)

    @property
    def degrees(self) -> int:
        """Observations that count, less unknowns."""
        return int(self._found.accepted.sum()) - len(self.names)

    @property
    def reduced_chi_square(self) -> float:
        """chi_square over degrees: about 1 where the model and the noise are as assumed."""
        return self.chi_square / self.degrees if self.degrees > 0 else np.nan

    # -- elsewhere --------------------------------------------------------------------------------

    def states_at(self, times: ArrayLike) -> Array:
        """States of the estimated trajectory at times, shape (k, n)."""
        return self._mapped(times)[0]

    def covariance_at(self, times: ArrayLike) -> Array:
        """The covariance of the states at times, shape (k, n, n).

        Of a filter with noise on the way: at the times of its observations and of `times=`, and
        after them, where the noise goes on.  Raises ArgumentError for others.
        """
        return self._mapped(times)[1]

    def trajectory(
        self, times: ArrayLike, *, epoch: Epoch | None = None, **said: str
    ) -> Trajectory:
        """The estimated trajectory at increasing times, with its covariances, as files have it.

        epoch: the instant of the integrator's time zero; by default its time is seconds of TDB
               since J2000.
        said:  frame, center, name, identifier, system.

        Raises ArgumentError where the first six states are no position and velocity.
        """
        if len(self.state) < 6 or not self._problem.plain:
            raise ArgumentError(
                "trajectory: the states are no position and velocity; make a Trajectory of what "
                "states_at and covariance_at return"
            )
        moments = np.atleast_1d(np.asarray(times, float))
        states, covariances = self._mapped(moments)
        seconds = moments - moments[0]
        start = (Epoch(0) if epoch is None else epoch) + float(moments[0])
        own = Covariances(seconds, covariances[:, :6, :6])
        return Trajectory(start, seconds, states[:, :6], covariances=own, **said)  # type: ignore[arg-type]

    def _mapped(self, times: ArrayLike) -> tuple[Array, Array]:
        moments = np.atleast_1d(np.asarray(times, float))
        if moments.ndim != 1 or not np.isfinite(moments).all():
            raise ArgumentError("times must be finite numbers, shape (k,)")
        if self.smoothed is not None and self._rules.noise is not None:
            return self._predicted(self.smoothed, moments)
        states, slopes, considered = self._problem.state_slopes(self._found.values, moments)
        found = slopes @ self.formal_covariance @ np.swapaxes(slopes, 1, 2)
        wide = (slopes @ self.considered + considered) * self._rules.widths
        return states, found + wide @ np.swapaxes(wide, 1, 2)

    def _predicted(self, smoothed: Smoothed, moments: Array) -> tuple[Array, Array]:
        unknowns = self._problem.unknowns
        order = np.argsort(unknowns.states)[(unknowns.states < 0).sum() :]
        states, covariances = [], []
        for moment in moments:
            k = int(np.argmin(np.abs(smoothed.times - moment)))
            values, own = smoothed.values[k], smoothed.covariances[k]
            if smoothed.times[k] != moment:
                if moment < smoothed.times[-1]:
                    raise ArgumentError(
                        f"the filter was not asked for the time {moment!r}: pass it to determine "
                        "in times=[...]"
                    )
                assert self._rules.noise is not None
                values, own = ahead(self._problem, self._rules.noise, smoothed, float(moment))
            states.append(values[order])
            covariances.append(own[np.ix_(order, order)])
        return np.stack(states), np.stack(covariances)

    def again(
        self, observations: Tracking | Sequence[Tracking], guess: ArrayLike | None = None
    ) -> Determination:
        """The fit of other values of the same measurements; nothing is compiled again.

        guess: to begin with, shape (u,); by default this estimate.
        """
        problem = self._problem.with_tables(observations)
        start = self._found.values if guess is None else np.asarray(guess, float)
        if start.shape != self._found.values.shape or not np.isfinite(start).all():
            raise ArgumentError(
                f"guess must be {len(self.names)} finite numbers, {', '.join(self.names)}"
            )
        return Determination(problem, self._rules, fitted(problem, self._rules, start))

    def plot(self) -> matplotlib.figure.Figure:
        """A picture: residuals before and after the fit, and correlations; needs matplotlib."""
        return draw(self.observations, self.prefit, self.residuals, self.accepted, self.names,
                    self.correlation, self._title())  # fmt: skip

    def _title(self) -> str:
        return f"{self.status.value}; reduced chi-square {self.reduced_chi_square:.3f}"

    def __repr__(self) -> str:
        lines = [f"<Determination: {self.message}, {self.iterations} iterations>"]
        if self._found.linear is not None:
            count, used = len(self._found.accepted), int(self._found.accepted.sum())
            lines.append(
                f"{used} of {count} numbers count, reduced chi-square {self.reduced_chi_square:.4g}"
            )
        width = max(map(len, self.names))
        for name, value, sigma in zip(self.names, self.values, self.sigma(), strict=True):
            lines.append(f"  {name:<{width}}  {value: .12g} +- {sigma:.2g}")
        return "\n".join(lines)
