"""One observation after the other: the square-root information filter, and its smoother.

Bierman, Factorization Methods for Discrete Sequential Estimation (1977), chapters V, VI and X.
States at all times of observations are unknown; about a guess of all of them the problem is linear,
and what filter and smoother find is the next guess: Gauss-Newton on the whole arc, whose equations
have the shape of a chain (Bell, The iterated Kalman smoother as a Gauss-Newton method, 1994).
"""

from __future__ import annotations

import numpy as np
from numpy.polynomial.legendre import leggauss

from taylor.astrodynamics.determination.batch import FitStatus, Found, Prior
from taylor.astrodynamics.determination.estimation import Linear, Problem
from taylor.astrodynamics.determination.least_squares import named, triangle, upper
from taylor.astrodynamics.determination.tracking import interval
from taylor.astrodynamics.determination.weighing import Weighing
from taylor.errors import ArgumentError
from taylor.machines.arrivals import SolutionError
from taylor_runtime.program.records import dataclass

Array = np.ndarray
# Gauss and Legendre's places and weights on (0, 1): what noise has become by the end of an interval
PLACES, SHARES = (x / 2 + shift for x, shift in zip(leggauss(5), (0.5, 0.0), strict=True))
MOST_ROUNDS = 10


@dataclass(frozen=True, eq=False)
class Smoothed:
    """What is known at each time from all observations.

    times: (k,).   values: of the unknowns, (k, u).   covariances: (k, u, u).

    Made by `determine`.
    """

    times: Array
    values: Array
    covariances: Array


@dataclass(frozen=True, eq=False)
class Interval:
    """From one time to the next, in scaled unknowns: x' = matrix x + noise w + offset."""

    matrix: Array
    noise: Array
    offset: Array


@dataclass(frozen=True, eq=False)
class _Update:
    """What a step of the filter keeps for the smoother: w = inverse (side - mixed x')."""

    interval: Interval
    root: Array
    mixed: Array
    side: Array


class Chain:
    """The arc as a chain of states, about a guess of each."""

    def __init__(self, problem: Problem, start: Array, noise: Array, extra: Array) -> None:
        """noise: spectral density by unknown, (u,); extra: further times that are wanted."""
        if set(problem.unknowns.states[problem.unknowns.states >= 0]) != set(
            range(problem.dynamics.count)
        ):
            raise ArgumentError("determine: a filter estimates all states; estimate names some")
        if any(interval(table) is not None for table in problem.tables):
            raise ArgumentError(
                "determine: a filter takes observations of one moment; one that counts over an "
                "interval belongs to two: leave process_noise out"
            )
        self.problem, self.noise = problem, noise
        state, parameters = problem.split(start)
        self.lights = problem.lights(state, parameters)
        departures = [
            t.times - light.down for t, light in zip(problem.tables, self.lights, strict=True)
        ]
        epoch = problem.dynamics.epoch
        self.times, places = np.unique(
            np.concatenate([[epoch], *departures, extra]), return_inverse=True
        )
        self.epoch, place = int(places[0]), 1
        self.rows: list[Array] = []  # of each table: where its observations are in the chain
        for table in problem.tables:
            self.rows.append(places[place : place + len(table)])
            place += len(table)
        states = problem.dynamics.states(state, parameters, self.times)
        self.values = np.tile(start, (len(self.times), 1))
        own = problem.unknowns.states >= 0
        self.values[:, own] = states[:, problem.unknowns.states[own]]

    def linear(self) -> tuple[Linear, Array]:
        """Residuals about the guess, and for each where in the chain it is, (M,)."""
        problem = self.problem
        states, parameters = split(problem, self.values)
        residuals, scaled, slopes, places = [], [], [], []
        for k, (table, rows) in enumerate(zip(problem.tables, self.rows, strict=True)):
            own, given = states[rows], parameters[rows]
            rates = problem.rates(own, given, self.times[rows])
            computed, by_state, by_parameters = problem.observed[k].linear(
                own, given, problem.rows[k], self.lights[k], rates
            )
            weights = problem.weights[k]
            residuals.append(table.residuals(computed))
            scaled.append((residuals[-1] * weights).reshape(-1))
            chosen = problem.columns(problem.unknowns, by_state, by_parameters)
            slopes.append((chosen * weights[..., np.newaxis]).reshape(-1, len(problem.unknowns)))
            places.append(np.repeat(rows, weights.shape[1]))
        none = np.empty((sum(map(len, scaled)), 0))
        made = Linear(tuple(residuals), np.concatenate(scaled), np.concatenate(slopes), none)
        return made, np.concatenate(places)


def advanced(problem: Problem, values: Array, begins: Array, times: Array) -> tuple[Array, Array]:
    """Unknowns (s, k, u) at times (s, k) from values (s, u), and their derivatives by these."""
    unknowns = problem.unknowns
    states, parameters = split(problem, values)
    flow = problem.dynamics.flows(states, parameters, begins, times)
    count, own = len(unknowns), np.flatnonzero(unknowns.states >= 0)
    by_parameters = np.zeros((*flow.states.shape, parameters.shape[1]))
    by_parameters[..., problem.varied] = flow.by_parameters
    by_all = problem.columns(unknowns, flow.by_state, by_parameters)
    moved = np.broadcast_to(values[:, np.newaxis], (*times.shape, count)).copy()
    matrices = np.broadcast_to(np.eye(count), (*times.shape, count, count)).copy()
    moved[..., own] = flow.states[..., unknowns.states[own]]
    matrices[..., own, :] = by_all[..., unknowns.states[own], :]
    return moved, matrices


def intervals(
    problem: Problem, noise: Array, times: Array, values: Array, scale: Array
) -> list[Interval]:
    """What happens between neighbours among times (k,) about values (k, u), in unknowns times
    `scale`; noise has spectral densities (u,).

    Raises SolutionError where a piece of the trajectory ends before.
    """
    lengths = np.diff(times)
    within = times[:-1, np.newaxis] + lengths[:, np.newaxis] * np.append(PLACES, 1.0)
    within[:, -1] = times[1:]
    moved, matrices = advanced(problem, values[:-1], times[:-1], within)
    last, noisy = matrices[:, -1], np.flatnonzero(noise)
    offsets = (moved[:, -1] - values[1:]) * scale
    found = []
    for k, length in enumerate(lengths):
        columns = [
            np.linalg.solve(matrices[k, i].T, last[k].T).T[:, noisy]
            * np.sqrt(SHARES[i] * length * noise[noisy])
            for i in range(len(PLACES))
        ]
        whole = np.concatenate(columns, axis=1) * scale[:, np.newaxis]
        root = upper(whole.T).T if len(noisy) else whole
        found.append(Interval(last[k] * scale[:, np.newaxis] / scale, root, offsets[k]))
    return found


def ahead(problem: Problem, noise: Array, smoothed: Smoothed, time: float) -> tuple[Array, Array]:
    """Unknowns (u,) and their covariance (u, u) after the last observation."""
    times, last = np.array([smoothed.times[-1], time]), smoothed.values[-1:]
    moved, _ = advanced(problem, last, times[:1], times[np.newaxis, 1:])
    pair = np.concatenate([last, moved[0]])
    own = intervals(problem, noise, times, pair, np.ones(last.shape[1]))[0]
    known = own.matrix @ smoothed.covariances[-1] @ own.matrix.T
    return moved[0, 0], known + own.noise @ own.noise.T


def split(problem: Problem, values: Array) -> tuple[Array, Array]:
    """States (k, n) and all parameters (k, p) of unknowns (k, u)."""
    found = [problem.split(row) for row in values]
    return np.stack([one[0] for one in found]), np.stack([one[1] for one in found])


def sweep(
    chain: Chain, linear: Linear, places: Array, weights: Array, prior: Prior, scale: Array
) -> tuple[Array, Array, float]:
    """Changes of all values (k, u), roots S of their covariances S S^T (k, u, u), and the size of
    the noise, its squares added up; in unknowns times `scale`.

    Raises LinAlgError where the observations do not determine the last of the states.
    """
    count, u = len(chain.times), len(scale)
    root, side = np.zeros((u, u)), np.zeros(u)
    steps = intervals(chain.problem, chain.noise, chain.times, chain.values, scale)
    order = np.argsort(places, kind="stable")
    bounds = np.searchsorted(places[order], np.arange(count + 1))
    updates: list[_Update] = []
    for k in range(count):
        if k:
            root, side, update = _forward(root, side, steps[k - 1])
            updates.append(update)
        rows = order[bounds[k] : bounds[k + 1]]
        heavy = np.sqrt(weights[rows])
        blocks = [root, linear.slopes[rows] * heavy[:, np.newaxis] / scale]
        sides = [side, linear.scaled[rows] * heavy]
        if k == chain.epoch:
            blocks.append(prior.root / scale)
            sides.append(prior.side(chain.values[k]))
        root, side = _squeezed(np.concatenate(blocks), np.concatenate(sides))
    return _backward(root, side, updates)


def _squeezed(matrix: Array, side: Array) -> tuple[Array, Array]:
    u = matrix.shape[1]
    made = upper(np.concatenate([matrix, side[:, np.newaxis]], axis=1))
    return made[:u, :u], made[:u, u]


def _forward(root: Array, side: Array, interval: Interval) -> tuple[Array, Array, _Update]:
    """Information about the next state, and what is left about the noise."""
    w, u = interval.noise.shape[1], len(side)
    back = np.linalg.solve(interval.matrix.T, root.T).T  # root matrix^-1
    whole = np.zeros((w + u, w + u + 1))
    whole[:w, :w] = np.eye(w)
    whole[w:, :w] = -back @ interval.noise
    whole[w:, w:-1] = back
    whole[w:, -1] = side + back @ interval.offset
    made = upper(whole)
    update = _Update(interval, made[:w, :w], made[:w, w:-1], made[:w, -1])
    return made[w:, w:-1], made[w:, -1], update


def _backward(root: Array, side: Array, updates: list[_Update]) -> tuple[Array, Array, float]:
    u = len(side)
    spread = np.linalg.solve(root, np.eye(u))
    change = spread @ side
    changes, spreads, noise = [change], [spread], 0.0
    for update in reversed(updates):
        own = update.interval
        w = np.linalg.solve(update.root, update.side - update.mixed @ change)
        noise += float(w @ w)
        change = np.linalg.solve(own.matrix, change - own.noise @ w - own.offset)
        if len(w):
            inverse = np.linalg.solve(update.root, np.eye(len(w)))
            kept = np.eye(u) + own.noise @ inverse @ update.mixed
            wide = np.concatenate([kept @ spread, own.noise @ inverse], axis=1)
            spread = upper(wide.T).T
        spread = np.linalg.solve(own.matrix, spread)
        changes.append(change)
        spreads.append(spread)
    return np.stack(changes[::-1]), np.stack(spreads[::-1]), noise


def filtered(
    problem: Problem,
    prior: Prior,
    weighing: Weighing,
    begun: Found,
    noise: Array,
    extra: Array,
    tolerance: float,
    most: int,
) -> tuple[Found, Smoothed | None]:
    """The estimate with noise on the way, from that without."""
    if begun.triangle is None or begun.linear is None:
        return begun, None
    scale = begun.triangle.scale
    chain = Chain(problem, begun.values, noise, extra)
    accepted, history = begun.accepted, list(begun.history)
    status, rounds, done = FitStatus.ITERATION_LIMIT, 0, False
    linear, places = chain.linear()
    weights = np.where(accepted, weighing.weights(linear.scaled), 0.0)
    spreads = np.empty(0)
    for _ in range(most):
        try:
            changes, spreads, size = sweep(chain, linear, places, weights, prior, scale)
        except (np.linalg.LinAlgError, SolutionError) as error:
            return _failed(problem, begun, error), None
        width = np.sqrt((spreads**2).sum(axis=2))
        done = bool((np.abs(changes) <= tolerance * width).all())
        chain.values = chain.values + changes / scale
        linear, places = chain.linear()
        own = weighing.cost(linear.scaled[accepted]) + size
        history.append(own + float(np.sum(prior.side(chain.values[chain.epoch]) ** 2)))
        if done:
            tables = weighing.accepted(linear.tables(linear.scaled))
            chosen = np.concatenate([table.reshape(-1) for table in tables])
            if (chosen == accepted).all():
                status = FitStatus.CONVERGED
                break
            accepted, rounds = chosen, rounds + 1
            if rounds > MOST_ROUNDS:
                status = FitStatus.UNSTEADY
                break
        weights = np.where(accepted, weighing.weights(linear.scaled), 0.0)
    roots = spreads / scale[:, np.newaxis]
    covariances = roots @ np.swapaxes(roots, 1, 2)
    smoothed = Smoothed(chain.times, chain.values, covariances)
    at_epoch = np.linalg.inv(roots[chain.epoch])
    final = triangle(at_epoch, np.zeros(len(scale)))
    found = Found(
        chain.values[chain.epoch],
        linear,
        accepted,
        np.where(accepted, weighing.weights(linear.scaled), 0.0),
        final,
        status,
        status.value,
        tuple(history),
        np.empty((0, len(scale))),
    )
    return found, smoothed


def _failed(problem: Problem, begun: Found, error: Exception) -> Found:
    status, message = FitStatus.NO_TRAJECTORY, f"{FitStatus.NO_TRAJECTORY.value}: {error}"
    lost = begun.lost
    if isinstance(error, np.linalg.LinAlgError):
        status = FitStatus.NOT_OBSERVABLE
        told = "; ".join(
            named(line * begun.triangle.scale, problem.unknowns.names, begun.triangle.scale)
            for line in lost[:3]
            if begun.triangle is not None
        )
        message = f"{status.value}; undetermined: {told}" if told else status.value
    return Found(
        begun.values, begun.linear, begun.accepted, begun.weights, begun.triangle,
        status, message, begun.history, lost,
    )  # fmt: skip
