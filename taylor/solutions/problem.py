"""Solutions for numbers: many with one machine code each for the derivatives that are wanted."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from taylor.errors import ArgumentError
from taylor.machines.arrivals import Arrival, SolutionError, Start, Starts, Unfinished
from taylor.numbers.precision import FLOAT64, Precision, leading
from taylor.numbers.times import Pair
from taylor.solutions.inputs import Inputs
from taylor.solutions.propagators import Propagator
from taylor.systems.names import UNUSED
from taylor_runtime.program.monomials import Monomials, monomials

Wrt = tuple[int, ...]  # the inputs that derivatives are wanted by


class Made(NamedTuple):
    """An integrator that carries derivatives, and where the wanted ones are among them."""

    propagator: Propagator
    chosen: np.ndarray | None


class Problem:
    """Solutions of one system as columns of numbers.

    A column is a state, or what may be changed on the way: a parameter, and where a terminal event
    may end the solution the time that is reached, and whether that is the one asked for.

    base:    states, parameters and time where no input says otherwise, with the axes of numbers.
    moving:  places of the parameters that are set on the way; at one time they are columns.
    ends:    whether time is one.
    grid:    whether solutions are wanted at several times.
    """

    def __init__(
        self, propagator: Propagator, inputs: Inputs, grid: bool, limit: int | None
    ) -> None:
        self.template = copy.copy(propagator)
        self.inputs, self.grid, self.limit = inputs, grid, limit
        self.kind: Precision = propagator._kind
        self.time: Pair = propagator.time_pair
        parameters = propagator._parameters.array()
        rest = np.zeros((1, *self.kind.axes), self.kind.dtype)
        self.base = np.concatenate([propagator.state, parameters, rest])
        self.moving = tuple(propagator._moving_parameters())
        self.shown = () if grid else self.moving
        self.ends = not grid and any(event.terminal for event in propagator.events)
        self.states = inputs.states
        self.targets = [_target(one.places) for one in inputs.listed]
        self._idle: dict[tuple[int, Wrt], list[Propagator]] = {}
        self._made: dict[tuple[int, Wrt], Made] = {}
        self.root = self  # the problem that this one was made of
        self.kept: dict[str, Any] = {}
        self.curves: dict[tuple[int, tuple[int, ...]], Propagator] = {}
        self.along: dict[Wrt, Problem | None] = {}  # with derivatives along a direction, if made

    def __reduce__(self) -> tuple[Any, ...]:
        return Problem, (self.template, self.inputs, self.grid, self.limit)

    @property
    def columns(self) -> int:
        """How many columns there are."""
        return self.states + len(self.shown) + 2 * self.ends

    def sizes(self, wrt: Sequence[int]) -> list[int]:
        """How many variables each of some inputs is."""
        return [self.inputs.listed[k].size for k in wrt]

    def among(self, order: int, wrt: Wrt) -> Monomials | None:
        """The monomials of derivatives by some inputs; None for values alone."""
        count = sum(self.sizes(wrt))
        return monomials(count, order) if order and count else None

    def terms(self, order: int, wrt: Wrt) -> int:
        """How many coefficients a column has."""
        known = self.among(order, wrt)
        return 1 if known is None else known.size

    # -- integrators ------------------------------------------------------------------------------

    def fresh(self) -> Propagator:
        """A new integrator without derivatives."""
        return copy.copy(self.template)

    def _taken(self, order: int, wrt: Wrt) -> Propagator:
        """An integrator that nobody else uses."""
        try:
            return self.idle(order, wrt).pop()
        except IndexError:
            return copy.copy(self.varied(order, wrt).propagator)

    def idle(self, order: int, wrt: Wrt) -> list[Propagator]:
        """Integrators that nobody uses."""
        return self._idle.setdefault((order, wrt), [])

    def _given(self, order: int, wrt: Wrt, one: Propagator) -> None:
        self.idle(order, wrt).append(one)

    def varied(self, order: int, wrt: Wrt) -> Made:
        """What carries the derivatives; made when they are first wanted."""
        known = self._made.get((order, wrt))
        if known is None:
            places, one = self._displaced(wrt), self.template
            if order and places:
                one = one._varied(order, [self.inputs.leaves[place] for place in places])
            known = self._made[order, wrt] = Made(one, self._chosen(order, wrt))
        return known

    def _displaced(self, wrt: Wrt) -> list[int]:
        """What is displaced: the inputs' elements, and parameters that may be set on the way."""
        own = [p for p in self.inputs.displaced(wrt).tolist() if p != UNUSED]
        others = [self.states + k for k in self.moving]
        return list(dict.fromkeys([*own, *others])) if own else []

    def _chosen(self, order: int, wrt: Wrt) -> np.ndarray | None:
        """Where the coefficients that are wanted are among those that an integrator has; -1 for
        those that are zero; None where they are the same.
        """
        among, displaced = self.among(order, wrt), self._displaced(wrt)
        places = self.inputs.displaced(wrt).tolist()
        if among is None or displaced == places:
            return None
        if not displaced:
            return np.array([0, *[-1] * (among.size - 1)])
        known = monomials(len(displaced), order)
        powers = np.zeros((among.size, len(displaced)), np.int64)
        beyond = np.zeros(among.size, bool)
        for k, place in enumerate(places):
            if place == UNUSED:
                beyond |= among.exponents[:, k] > 0
            else:
                powers[:, displaced.index(place)] += among.exponents[:, k]
        return np.where(beyond, -1, known.find(powers))

    # -- solutions --------------------------------------------------------------------------------

    def start(self, numbers: Sequence[np.ndarray]) -> Start:
        """Where a solution starts, from the inputs' elements (N, ..)."""
        full = self.base.copy()
        for (used, places), given in zip(self.targets, numbers, strict=True):
            full[places] = given if used is None else given[used]
        first, last = self.states, self.states + self.inputs.parameters
        time = self.pair(full[last]) if self.inputs.has_time else self.time
        return Start(full[:first], full[first:last], time)

    def pair(self, time: np.ndarray) -> Pair:
        """A time as a pair."""
        if self.kind.is_finer:
            return float(time[0]), float(time[1])
        return float(time), 0.0

    def solved(
        self, order: int, wrt: Wrt, numbers: Sequence[np.ndarray], ends: np.ndarray
    ) -> np.ndarray:
        """Coefficients (times, columns, terms), with the axes of numbers.

        numbers: by input, (size, ..); ends: the times, (times, ..).

        Raises SolutionError where a solution does not come to its end, UndefinedDerivativesError
        where it has no derivatives.
        """
        start = self.start(numbers)
        self.check(start, ends)
        ta = self._taken(order, wrt)
        try:
            found = self.columns_of(ta, start, ends)
        finally:
            self._given(order, wrt, ta)
        return self.wanted_of(found, order, wrt)

    def columns_of(self, ta: Propagator, start: Start, ends: np.ndarray) -> np.ndarray:
        """All coefficients that an integrator has: (times, columns, terms)."""
        if self.grid:
            return self._on_grid(ta, start, ends)
        return self._arrived(ta._until(start, self.pair(ends[0]), self.limit))

    def wanted_of(self, found: np.ndarray, order: int, wrt: Wrt) -> np.ndarray:
        """The wanted of the coefficients (times, columns, terms) that an integrator gives."""
        chosen = self._made[order, wrt].chosen
        if chosen is None:
            return found
        wanted = np.take(found, np.maximum(chosen, 0), axis=2)
        wanted[:, :, chosen < 0] = 0
        return wanted

    def check(self, start: Start | Starts, ends: np.ndarray) -> None:
        """Raise ArgumentError where one or several solutions have no finite start or end."""
        named = ("state", start.state), ("parameter", start.parameters), ("time", ends)
        for what, array in named:
            first = leading(array, self.kind)
            if not np.isfinite(first.sum()) and not np.isfinite(first).all():
                place = np.unravel_index(int(np.argmin(np.isfinite(first))), first.shape)
                listed = ", ".join(map(str, place))
                raise ArgumentError(f"solution: {what} [{listed}] is not finite")
        if not np.isfinite(start.time).all():
            raise ArgumentError("solution: the initial time is not finite")

    def _arrived(self, found: Arrival | Unfinished) -> np.ndarray:
        """The columns of one time."""
        if isinstance(found, Unfinished):
            raise SolutionError(f"solution: the end was not reached: {found.words}")
        columns = [found.states, found.parameters[list(self.shown)]]
        if self.ends:
            reached = np.zeros_like(found.time)
            reached.reshape(-1)[0] = found.reached  # the first part of the value
            columns += [found.time[np.newaxis], reached[np.newaxis]]
        return np.concatenate(columns)[np.newaxis]

    def _on_grid(self, ta: Propagator, start: Start, ends: np.ndarray) -> np.ndarray:
        """The states at times in any order, before and after the start."""
        pairs = as_pairs(ends, self.kind)
        unique, back = np.unique(pairs, axis=0, return_inverse=True)
        high, low = start.time
        late = (unique[:, 0] > high) | ((unique[:, 0] == high) & (unique[:, 1] >= low))
        parts = [self._through(ta, start, unique[~late][::-1])[::-1]] if not late.all() else []
        parts += [self._through(ta, start, unique[late])] if late.any() else []
        return np.concatenate(parts)[back.reshape(-1)]

    def _through(self, ta: Propagator, start: Start, times: np.ndarray) -> np.ndarray:
        found = ta._through(start, times, self.limit)
        if isinstance(found, Unfinished):
            raise SolutionError(f"solution: not all times were reached: {found.words}")
        return np.asarray(found)


def _target(places: np.ndarray) -> tuple[np.ndarray | None, np.ndarray]:
    """Which elements of an input are used, None for all, and where these go."""
    used = places != UNUSED
    return (None, places) if used.all() else (used, places[used])


def times_kind(kind: Precision) -> Precision:
    """The kind of number that times are, which is not less than float64."""
    return kind if kind.is_finer else FLOAT64


def as_pairs(times: np.ndarray, kind: Precision) -> np.ndarray:
    """Times of a kind of number as sums high + low: one axis more."""
    if kind.is_finer:
        return times.astype(float)
    return np.stack([times.astype(float), np.zeros(times.shape)], axis=-1)
