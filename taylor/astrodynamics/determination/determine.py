"""Orbits from observations: the ways in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from taylor.astrodynamics.determination.batch import Prior
from taylor.astrodynamics.determination.estimation import Problem
from taylor.astrodynamics.determination.fitting import Rules, fitted
from taylor.astrodynamics.determination.result import Determination
from taylor.astrodynamics.determination.tracking import Tracking
from taylor.astrodynamics.determination.unknowns import Unknowns, Values
from taylor.astrodynamics.determination.weighing import Weighing
from taylor.errors import ArgumentError, ArgumentTypeError, ShapeError
from taylor.expressions.expression import Expression
from taylor.integrator.integrator import Integrator

Array = np.ndarray


def determine(
    integrator: Integrator,
    observations: Tracking | Sequence[Tracking],
    *,
    estimate: Sequence[Expression] | Expression | None = None,
    guess: Values | None = None,
    parameters: Values | None = None,
    prior: Values | ArrayLike | None = None,
    prior_mean: Values | None = None,
    consider: Values | None = None,
    craft: tuple[Expression, Expression] | None = None,
    reject: float | None = None,
    huber: float | None = None,
    process_noise: Values | None = None,
    times: ArrayLike = (),
    tolerance: float = 1e-6,
    max_iterations: int = 60,
) -> Determination:
    """The orbit that fits observations best, with its covariance.

    Weighted least squares by Gauss-Newton steps, damped (Levenberg) where a step would make things
    worse, each solved by QR.  Derivatives are those of the solution of the equations, through
    impulses, events and switches too.  With `process_noise` a square-root information filter and
    smoother follow, iterated on the whole arc.

    integrator:   the equations, the time of the epoch, and the first guess: its state and
                  parameters.  It is left as it is.
    observations: tables `Tracking`, one or several.
    estimate:     states (at the integrator's time), parameters of the equations, and parameters of
                  measurements (biases, coordinates of stations); all states by default.
    guess:        values to begin with, by expression, in the place of the integrator's.
    parameters:   values of parameters that only measurements have.
    prior:        what is known beforehand: standard deviations by expression, or a covariance of
                  all unknowns, shape (u, u); about `prior_mean`, by default the guess.
    consider:     standard deviations of states and parameters that are uncertain and not estimated:
                  their share of the covariance is added (not with process_noise).
    craft:        position and velocity of the spacecraft as expressions of the states, shape (3,);
                  by default states 0 to 2 and 3 to 5.
    reject:       residuals beyond so many standard deviations are left out (sigma editing); while
                  the fit is far off, of the spread that the median of the residuals shows.
    huber:        residuals beyond so many standard deviations count linearly (Huber's loss).
    process_noise: spectral density of white noise by state or parameter, in its unit squared per
                  second of its rate: {v: 1e-16} are accelerations with 1e-16 km^2/s^3.  Zero noise
                  ({}) gives the filter and the smoother without any.
    times:        further times at which the filter says what it knows, in `smoothed`.
    tolerance:    steps that change nothing by more than so many standard deviations are the last.

    What was reached is told by `converged`, `status` and `message` of the result: where
    observations do not determine all unknowns it says which combinations.

    Raises ArgumentError and its like for what does not fit together, before anything is computed.

    Sources: Tapley, Schutz and Born, Statistical Orbit Determination (2004); Bierman, Factorization
    Methods for Discrete Sequential Estimation (1977).

    >>> import numpy as np, taylor as ty
    >>> sky = ty.astrodynamics
    >>> q, v, gm = ty.variable("q", shape=(3,)), ty.variable("v", shape=(3,)), ty.parameter("gm")
    >>> equations = [(q, v), (v, -gm * q / ty.sum(q * q) ** 1.5)]
    >>> truth = [7000.0, 0.0, 0.0, 0.0, 6.0, 4.6]
    >>> ta = ty.Integrator(equations, truth, parameters={gm: 398600.4418})
    >>> plan = sky.Tracking(sky.PositionFix(), np.linspace(0, 3000, 30), np.zeros((30, 3)), 0.01)
    >>> seen = sky.simulate(ta, plan, seed=1)
    >>> ta.state[:] = [7010.0, -5.0, 3.0, 0.01, 6.0, 4.61]
    >>> fit = sky.determine(ta, seen)
    >>> fit.status.name, bool(np.abs(fit.values - truth).max() < 0.02)
    ('CONVERGED', True)
    """
    _check_numbers(tolerance, max_iterations)
    listed = _by_expression(consider, "consider")
    problem = Problem(integrator, observations, estimate, list(listed), parameters, craft)
    unknowns = problem.unknowns
    start = _about(unknowns, guess, problem.first, "guess")
    mean = _about(unknowns, prior_mean, start, "prior_mean")
    widths = problem.considered.spread(listed, np.nan, "consider")
    if not (np.isfinite(widths) & (widths >= 0)).all():
        raise ArgumentError("determine: consider has a standard deviation that is no number >= 0")
    noise = None
    if process_noise is not None:
        noise = unknowns.spread(
            _by_expression(process_noise, "process_noise"), 0.0, "process_noise"
        )
        if not (np.isfinite(noise) & (noise >= 0)).all():
            raise ArgumentError("determine: process_noise must be numbers >= 0")
        if len(widths):
            raise ArgumentError("determine: give process_noise or consider, not both")
    extra = np.atleast_1d(np.asarray(times, float))
    if extra.ndim != 1 or not np.isfinite(extra).all():
        raise ArgumentError("determine: times must be finite numbers, shape (k,)")
    if len(extra) and noise is None:
        raise ArgumentError(
            "determine: times are those of a filter, which process_noise asks for; a fit knows its "
            "states everywhere: states_at, covariance_at"
        )
    known = Prior(_prior_root(unknowns, prior), mean)
    rules = Rules(known, Weighing(reject, huber), widths, noise, extra, tolerance, max_iterations)
    return Determination(problem, rules, fitted(problem, rules, start))


def simulate(
    integrator: Integrator,
    observations: Tracking | Sequence[Tracking],
    *,
    seed: int | np.random.Generator | None = None,
    parameters: Values | None = None,
    craft: tuple[Expression, Expression] | None = None,
) -> list[Tracking]:
    """Tables with the values that would be measured along the integrator's trajectory.

    observations: tables `Tracking`, whose own values do not count.
    seed:         of normally distributed noise with their standard deviations; None for none.
    parameters, craft: as of `determine`.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> x, v = ty.variables("x v")
    >>> ta = ty.Integrator([(x, v), (v, 0)], [0.0, 2.0])
    >>> plan = sky.Tracking(sky.Measured(x, "x"), [0.0, 1.0, 2.0], [0.0, 0.0, 0.0], 0.1)
    >>> sky.simulate(ta, plan)[0].values[:, 0]
    array([0., 2., 4.])
    """
    problem = Problem(integrator, observations, None, [], parameters, craft)
    random = None if seed is None else np.random.default_rng(seed)
    return noisy(problem.tables, problem.computed(problem.first), random)


def noisy(
    tables: Sequence[Tracking], computed: Sequence[Array], random: np.random.Generator | None
) -> list[Tracking]:
    """Tables with computed values, and with noise."""
    found = []
    for table, values in zip(tables, computed, strict=True):
        spread = table.sigma / table.measurement.stretch(values)
        added = 0.0 if random is None else random.normal(size=values.shape) * spread
        found.append(table.with_values(values + added))
    return found


def _check_numbers(tolerance: float, most: int) -> None:
    if not isinstance(tolerance, int | float) or not 0 < tolerance < 1:
        raise ArgumentError(f"determine: tolerance must be between 0 and 1, got {tolerance!r}")
    if not isinstance(most, int) or isinstance(most, bool) or most < 1:
        raise ArgumentError(f"determine: max_iterations must be a positive int, got {most!r}")


def _by_expression(given: Values | None, name: str) -> Values:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise ArgumentTypeError(
            f"determine: {name} must be a dict of numbers by state or parameter, got {given!r:.60}"
        )
    return given


def _about(unknowns: Unknowns, given: Values | None, otherwise: Array, name: str) -> Array:
    """Values of the unknowns, where they are given."""
    found = unknowns.spread(_by_expression(given, name), np.nan, name)
    return np.where(np.isnan(found), otherwise, found)


def _prior_root(unknowns: Unknowns, prior: Values | ArrayLike | None) -> Array:
    """A matrix (k, u) whose product with what the unknowns are off has unit covariance."""
    count = len(unknowns)
    if prior is None:
        return np.empty((0, count))
    if isinstance(prior, Mapping):
        widths = unknowns.spread(prior, np.inf, "prior")
        if not (widths > 0).all():
            raise ArgumentError("determine: prior must have positive standard deviations")
        return np.asarray(np.diag(1 / widths)[np.isfinite(widths)])
    matrix = np.asarray(prior, float)
    if matrix.shape != (count, count):
        raise ShapeError(
            f"determine: prior must be a covariance of shape {(count, count)} or standard "
            f"deviations by expression, got shape {matrix.shape}"
        )
    try:
        return np.asarray(np.linalg.solve(np.linalg.cholesky(matrix), np.eye(count)))
    except np.linalg.LinAlgError:
        raise ArgumentError("determine: the prior covariance is not positive definite") from None
