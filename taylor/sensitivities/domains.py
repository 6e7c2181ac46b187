"""Automatic domain splitting: flow maps that are accurate over a large box, piece by piece."""

from __future__ import annotations

from dataclasses import field
from typing import TypeAlias

import numpy as np

from taylor.ensembles.ensemble import ensemble
from taylor.integrator.integrator import Integrator
from taylor.numbers.times import Pair
from taylor.polynomials.polynomial import Polynomial
from taylor.sensitivities.failures import AnalysisError, reached
from taylor_runtime.program.records import dataclass


@dataclass(frozen=True, slots=True)
class Domain:
    """A box of initial displacements and the map of the solutions from there.

    center, half: (d,): the box is |s - center| <= half.
    flow_map:     (n,) polynomials in x = (s - center) / half: states at the end.
    error:        (n,): estimated sizes of the terms of the next order.
    accurate:     whether these are within the tolerance, or none was given.

    >>> import taylor as ty
    >>> x = ty.variable("x")
    >>> (domain,) = ty.analysis.uncertainty([(x, -x)], [1.0], 1.0, [[0.01]]).domains
    >>> domain.accurate, domain.center.tolist(), domain([[0.0]]).round(9).tolist()  # exp(-1)
    (True, [0.0], [[0.367879441]])
    """

    center: np.ndarray
    half: np.ndarray
    flow_map: Polynomial = field(repr=False)
    error: np.ndarray
    accurate: bool = True

    def __call__(self, s: np.ndarray) -> np.ndarray:
        """States at the end, (k, n), of displacements (k, d), which may be outside the box."""
        x = (s - self.center) / self.half
        return np.asarray(self.flow_map(x if x.shape[1] > 1 else x[:, 0]))


@dataclass(frozen=True, slots=True)
class Split:
    """A box that was cut across an axis: what is below the cut, and what is above."""

    axis: int
    cut: float
    low: Tree
    high: Tree


Tree: TypeAlias = "Domain | Split"


@dataclass(slots=True)
class _Box:
    """|s - center| <= half, and what becomes of it."""

    center: np.ndarray
    half: np.ndarray
    axis: int = -1
    parts: tuple[_Box, ...] = ()
    domain: Domain | None = None

    def cut(self, axis: int) -> tuple[_Box, ...]:
        """Both halves."""
        half = self.half.copy()
        half[axis] /= 2
        shift = np.zeros(len(half))
        shift[axis] = half[axis]
        self.axis = axis
        self.parts = (_Box(self.center - shift, half), _Box(self.center + shift, half))
        return self.parts

    def tree(self) -> Tree:
        """The domains that it ended as."""
        if self.domain is not None:
            return self.domain
        low, high = (part.tree() for part in self.parts)
        return Split(self.axis, float(self.center[self.axis]), low, high)


def leaves(tree: Tree) -> list[Domain]:
    """All domains, from low to high."""
    return [tree] if isinstance(tree, Domain) else [*leaves(tree.low), *leaves(tree.high)]


def evaluate(tree: Tree, s: np.ndarray, size: int) -> np.ndarray:
    """States at the end (k, size) of displacements (k, d), each by the map of its domain."""
    if isinstance(tree, Domain):
        return tree(s) if len(s) else np.empty((0, size))
    found = np.empty((len(s), size))
    below = s[:, tree.axis] < tree.cut
    found[below] = evaluate(tree.low, s[below], size)
    found[~below] = evaluate(tree.high, s[~below], size)
    return found


def next_order(polynomials: Polynomial, variable: int | None = None) -> np.ndarray:
    """Estimated sums of the absolute coefficients one degree beyond the order, (n,).

    By a line through the logarithms of those of each degree (or power of a variable): eq. 11 and 12
    of the source.
    """
    sizes = polynomials.norms("sum", None if variable is None else polynomials.names[variable])
    sizes = sizes[:, 1:]
    degrees = np.arange(1.0, sizes.shape[1] + 1)
    there = sizes > 0
    logs = np.log(np.where(there, sizes, 1.0))
    count = np.maximum(there.sum(axis=1), 1)
    middle = (there * degrees).sum(axis=1) / count
    height = (there * logs).sum(axis=1) / count
    off = there * (degrees - middle[:, np.newaxis])
    spread = (off * off).sum(axis=1)
    slope = (off * logs).sum(axis=1) / np.where(spread > 0, spread, 1.0)
    found = np.exp(height + slope * (sizes.shape[1] + 1 - middle))
    return np.asarray(np.where(there.sum(axis=1) > 1, found, 0.0))


def scaled(polynomials: Polynomial, factors: np.ndarray) -> Polynomial:
    """The polynomials in variables that are smaller by some factors, (d,)."""
    coefficients = polynomials.coefficients * np.prod(factors**polynomials.powers, axis=1)
    return Polynomial(coefficients, polynomials.names, polynomials.order)


@dataclass(slots=True)
class Splitter:
    """Maps of boxes to a time; a box is halved where the next order would be too large.

    The rule is that of Wittig, Di Lizia, Armellin, Makino, Bernelli-Zazzera & Berz, Celest. Mech.
    Dyn. Astr. 122 (2015) 239: when the estimated terms of the next order exceed the tolerance in
    some component, the box is cut in two across the variable in whose powers they are estimated to
    be largest.  There it is done on the way, and halves go on with the truncated map, whose error
    then grows.  Here it is done at the end, and halves begin anew: coefficients of a flow map know
    nothing of where it is truncated, so that what is too large on the way alone needs no cut, and
    the terms left out are those of the end.

    integrator: of a variational system with d directions.
    factor:     (n, d): initial states are those of the integrator and factor @ s.
    tolerance:  (n,), or None to cut nothing.
    most:       domains.
    smallest:   (d,): half width of a box that is not cut any more.
    workers:    threads, as `ensemble` takes them.
    """

    integrator: Integrator
    end: float
    factor: np.ndarray
    tolerance: np.ndarray | None
    most: int
    smallest: np.ndarray
    workers: int | None = None

    def run(self, half: np.ndarray) -> Tree:
        """The domains that the box |s| <= half is cut in; the largest ones are cut first."""
        ta = self.integrator
        start, state = ta.time_pair, ta.state.copy()
        root = _Box(np.zeros(len(half)), half)
        level, made = [root], 1
        while level:
            following: list[_Box] = []
            centers = np.array([box.center for box in level])
            maps = self._maps(start, state + centers @ self.factor.T)
            for box, whole in zip(level, maps, strict=True):
                found = scaled(whole, box.half)
                error = next_order(found)
                good = self.tolerance is None or bool((error <= self.tolerance).all())
                axis = None if good or made >= self.most else self._axis(found, box)
                if axis is None:
                    box.domain = Domain(box.center, box.half, found, error, good)
                else:
                    made += 1
                    following += box.cut(axis)
            level = following
        return root.tree()

    def _maps(self, start: Pair, states: np.ndarray) -> Polynomial:
        """Maps at the end, (k, n) in s, from some states at the start."""
        ta = self.integrator
        if len(states) == 1:
            ta.time = start
            ta.state = states[0]
            reached("uncertainty", ta.propagate_until(self.end))
            return ta.flow_map.reshape(1, -1)
        outcome = ensemble(ta, states, until=self.end, time0=start, workers=self.workers)
        for row in np.flatnonzero(~outcome.reached)[:1]:
            why = outcome.messages.get(int(row), outcome.status[row].value)
            raise AnalysisError(
                f"uncertainty: the solution from {states[row]} ended at t = "
                f"{float(outcome.times[row])!r}: {why}"
            )
        assert outcome.flow_maps is not None
        return outcome.flow_maps

    def _axis(self, found: Polynomial, box: _Box) -> int | None:
        """Across which variable to cut, None if the box is too narrow in each."""
        assert self.tolerance is not None
        sizes = [
            float((next_order(found, v) / self.tolerance).max()) if wide else -1.0
            for v, wide in enumerate(box.half > self.smallest)
        ]
        best = int(np.argmax(sizes))
        return best if sizes[best] >= 0 else None
