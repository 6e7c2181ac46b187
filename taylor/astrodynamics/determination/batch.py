"""All observations at once: Gauss-Newton with Levenberg's damping."""

from __future__ import annotations

from enum import Enum

import numpy as np

from taylor.astrodynamics.determination.estimation import Linear, Problem
from taylor.astrodynamics.determination.least_squares import Triangle, named, triangle
from taylor.astrodynamics.determination.weighing import Weighing
from taylor.machines.arrivals import SolutionError
from taylor_runtime.program.records import dataclass

Array = np.ndarray
FIRST_DAMPING, MOST_DAMPING = 1e-6, 1e12
MOST_ROUNDS = 20  # of choosing what is rejected
ROUNDING = 1e-9  # a fall of the cost that is expected, relative to it, and may drown in rounding


class FitStatus(Enum):
    """How a fit ended.

    >>> import taylor as ty
    >>> ty.astrodynamics.FitStatus.CONVERGED.value
    'converged'
    """

    CONVERGED = "converged"
    ITERATION_LIMIT = "the limit of iterations was reached before it converged"
    STALLED = "no step lowers the cost, although the slope says so"
    NOT_OBSERVABLE = "the observations do not determine all unknowns"
    TOO_FEW = "fewer observations are left than there are unknowns"
    NO_TRAJECTORY = "the trajectory of the first guess does not reach all observations"
    UNSTEADY = "which observations are rejected does not settle"


@dataclass(frozen=True, eq=False)
class Prior:
    """What is known beforehand: root (k, u) with root (x - mean) of unit covariance."""

    root: Array
    mean: Array

    def side(self, values: Array) -> Array:
        """root (mean - x)."""
        return np.asarray(self.root @ (self.mean - values))


@dataclass(frozen=True, eq=False)
class Found:
    """Where an iteration ended: values, the linear problem there, what counts and how much.

    history: cost after each iteration, first that of the guess.
    lost:    combinations of unknowns that are not determined, (k, u).
    """

    values: Array
    linear: Linear | None
    accepted: Array
    weights: Array
    triangle: Triangle | None
    status: FitStatus
    message: str
    history: tuple[float, ...]
    lost: Array


class _Iteration:
    """A guess that is made better."""

    def __init__(
        self, problem: Problem, prior: Prior, weighing: Weighing, start: Array, before: Linear
    ) -> None:
        self.problem, self.prior = problem, prior
        self.weighing, self.final = weighing.robust(), weighing
        self.values, self.linear = start.copy(), before
        self.accepted = np.ones(len(self.linear.scaled), bool)
        self.damping = 0.0
        self.history = [self.cost(self.values, self.linear)]

    def cost(self, values: Array, linear: Linear) -> float:
        """Squares of what counts, and of the distance from what was known; infinite where numbers
        are not finite.
        """
        if not np.isfinite(linear.slopes).all():
            return np.inf
        own = self.weighing.cost(linear.scaled[self.accepted])
        total = own + float(np.sum(self.prior.side(values) ** 2))
        return total if np.isfinite(total) else np.inf

    def weights(self) -> Array:
        """What the squares of the residuals are multiplied by, (M,)."""
        return np.where(self.accepted, self.weighing.weights(self.linear.scaled), 0.0)

    def triangle(self) -> Triangle:
        """The linear problem at the guess."""
        roots = np.sqrt(self.weights())
        chosen = roots > 0
        matrix = self.linear.slopes[chosen] * roots[chosen, np.newaxis]
        side = self.linear.scaled[chosen] * roots[chosen]
        return triangle(
            np.concatenate([matrix, self.prior.root]),
            np.concatenate([side, self.prior.side(self.values)]),
        )

    def step(self, made: Triangle, tolerance: float) -> bool | None:
        """One better guess; True where there is nothing left to do, None where none is found."""
        now = self.cost(self.values, self.linear)
        direct = made.solve()
        gain = float(np.sum((made.root @ (direct * made.scale)) ** 2))
        if gain <= tolerance**2 * max(now, 1.0):
            self.values = self.values + direct  # no more than a polish
            self.linear = self.problem.linear(self.values)
            self.history.append(self.cost(self.values, self.linear))
            return True
        while True:
            move = made.solve(self.damping) if self.damping else direct
            try:
                values = self.values + move
                linear = self.problem.linear(values)
                cost = self.cost(values, linear)
            except SolutionError:
                cost = np.inf
            if cost < now:
                self.values, self.linear = values, linear
                self.damping = self.damping / 10 if self.damping > FIRST_DAMPING else 0.0
                self.history.append(cost)
                return False
            if gain <= ROUNDING * now:
                return True
            self.damping = max(10 * self.damping, FIRST_DAMPING)
            if self.damping > MOST_DAMPING:
                return None

    def choose(self) -> bool:
        """Whether other observations count now, or count otherwise."""
        tables = self.weighing.accepted(self.linear.tables(self.linear.scaled))
        accepted = np.concatenate([table.reshape(-1) for table in tables])
        changed = bool((accepted != self.accepted).any()) or self.weighing is not self.final
        self.accepted, self.weighing = accepted, self.final
        return changed


def batch(
    problem: Problem,
    prior: Prior,
    weighing: Weighing,
    start: Array,
    before: Linear,
    tolerance: float,
    most: int,
) -> Found:
    """The weighted least-squares estimate, from a guess and the linear problem there."""
    work = _Iteration(problem, prior, weighing, start, before)
    status, rounds = FitStatus.ITERATION_LIMIT, 0
    for _ in range(most):
        made = work.triangle()
        if int(work.accepted.sum()) + len(prior.root) < len(start):
            status = FitStatus.TOO_FEW
            break
        done = work.step(made, tolerance)
        if done is None:
            status = FitStatus.STALLED
            break
        if not done:
            continue
        rounds += 1
        if not work.choose():
            status = FitStatus.CONVERGED
            break
        if rounds > MOST_ROUNDS:
            status = FitStatus.UNSTEADY
            break
    return _ended(work, status)


def nowhere(start: Array, error: Exception) -> Found:
    """The end of a fit whose guess is no trajectory."""
    status, none = FitStatus.NO_TRAJECTORY, np.empty(0)
    text, lost = f"{status.value}: {error}", np.empty((0, len(start)))
    return Found(start, None, none, none, None, status, text, (), lost)


def _ended(work: _Iteration, status: FitStatus) -> Found:
    made = work.triangle()
    rank, lost = made.rank()
    message = status.value
    if rank < len(work.values) and status is not FitStatus.TOO_FEW:
        names = work.problem.unknowns.names
        told = "; ".join(named(line, names, made.scale) for line in lost[:3])
        if status is FitStatus.CONVERGED:
            status = FitStatus.NOT_OBSERVABLE
        message = f"{status.value}; undetermined: {told}"
    return Found(
        work.values,
        work.linear,
        work.accepted,
        work.weights(),
        made,
        status,
        message,
        tuple(work.history),
        lost / made.scale,
    )
