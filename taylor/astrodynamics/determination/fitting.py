"""A fit from guess to end: all at once, and with noise on the way."""

from __future__ import annotations

import numpy as np

from taylor.astrodynamics.determination.batch import Found, Prior, batch, nowhere
from taylor.astrodynamics.determination.estimation import Linear, Problem
from taylor.astrodynamics.determination.filtering import Smoothed, filtered
from taylor.astrodynamics.determination.weighing import Weighing
from taylor.errors import ArgumentError
from taylor.machines.arrivals import SolutionError
from taylor_runtime.program.records import dataclass

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class Rules:
    """How a fit is made.

    widths: standard deviations of what is considered, (c,).
    noise:  spectral densities of the noise on the way, (u,); None for all observations at once.
    extra:  times at which a filter says what it knows, beside those of observations.
    tolerance, most: of steps, in standard deviations, and how many of them.
    """

    prior: Prior
    weighing: Weighing
    widths: Array
    noise: Array | None
    extra: Array
    tolerance: float
    most: int


@dataclass(frozen=True, eq=False)
class Ended:
    """The end of a fit, the residuals of its guess, and what a filter found on the way."""

    found: Found
    before: Linear | None
    smoothed: Smoothed | None


def fitted(problem: Problem, rules: Rules, start: Array) -> Ended:
    """The fit that begins with a guess."""
    common = rules.tolerance, rules.most
    try:
        before = problem.linear(start)
    except SolutionError as error:
        return Ended(nowhere(start, error), None, None)
    for table, residuals in zip(problem.tables, before.residuals, strict=True):
        if not np.isfinite(residuals).all():
            raise ArgumentError(f"determine: {table!r} is not finite where the guess is")
    if not (np.isfinite(before.slopes).all() and np.isfinite(before.considered).all()):
        raise ArgumentError("determine: derivatives of observations are not finite at the guess")
    found = batch(problem, rules.prior, rules.weighing, start, before, *common)
    if rules.noise is None:
        return Ended(found, before, None)
    given = problem, rules.prior, rules.weighing, found, rules.noise, rules.extra
    found, smoothed = filtered(*given, *common)
    return Ended(found, before, smoothed)
