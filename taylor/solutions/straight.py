"""Solutions of float64 at one time, without derivatives, in as little time as there can be."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from math import isfinite
from typing import Any

import numpy as np

from taylor.machines.arrivals import Start
from taylor.numbers.precision import FLOAT64
from taylor.solutions.problem import Problem, Wrt
from taylor.solutions.propagators import Propagator
from taylor.systems.names import UNUSED
from taylor_runtime.callables.trajectories.solves import solve_function

SEVERAL = 3  # calls before machine code is made, in some milliseconds


class Placed:
    """Where numbers side by side, the inputs' and then the time, belong."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        inputs = problem.inputs
        places = inputs.displaced(range(len(inputs.listed)))
        first, last = inputs.states, inputs.states + inputs.parameters
        used = (places != UNUSED) & (places < last)
        own = np.flatnonzero(used & (places < first))
        others = np.flatnonzero(used & (places >= first))
        self._states = _slice(own), _slice(places[own])
        self._parameters = _slice(others), _slice(places[others] - first)
        at_time = np.flatnonzero(places == last)
        self._time = int(at_time[0]) if len(at_time) else None
        self._base = problem.base[:first].copy(), problem.base[first:last].copy()
        self._own, self._others = (own, places[own]), (others, places[others] - first)
        self._varies = bool(len(others))
        self._every = len(own) == first and np.array_equal(places[own], np.arange(first))


class Straight(Placed):
    """The states in the end as a function of such numbers.

    Where it gives None, `Problem.solved` knows more.
    """

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self._idle: list[Propagator] = []

    def __call__(self, numbers: np.ndarray) -> np.ndarray | None:
        """The state, (n,)."""
        try:
            ta = self._idle.pop()
        except IndexError:
            ta = self.problem.fresh()
        state = ta._state
        given, places = self._states
        if self._every:
            state[:] = numbers[given]
        else:
            state[:] = self._base[0]
            state[places] = numbers[given]
        if self._varies:
            given, places = self._parameters
            ta._parameters._values[places] = numbers[given]
        ta._time = self.problem.time if self._time is None else (float(numbers[self._time]), 0.0)
        found = state.copy() if ta._straight(float(numbers[-1])) else None
        self._idle.append(ta)
        return found


def _slice(places: np.ndarray) -> Any:
    """The same places, which follow one another, in the form that takes least time."""
    follow = len(places) > 0 and bool((np.diff(places) == 1).all())
    return slice(int(places[0]), int(places[-1]) + 1) if follow else places


class StraightMap(Placed):
    """The states in the end with derivatives, (n, K), as a function of such numbers.

    Where it gives None, `Problem.solved` knows more.
    """

    def __init__(self, problem: Problem, order: int, wrt: Wrt) -> None:
        super().__init__(problem)
        self._idle = problem.idle(order, wrt)
        self._made = problem.varied(order, wrt).propagator
        self._calls = 0
        self._quick: Callable[[np.ndarray], np.ndarray | None] | None = None

    def __call__(self, numbers: np.ndarray) -> np.ndarray | None:
        """The coefficients."""
        if self._quick is not None:
            found = self._quick(numbers)
            if found is not None:
                return found.reshape(len(self._base[0]), -1)
        self._calls += 1
        if self._calls == SEVERAL:
            self._quick = self._written()
        if not isfinite(numbers.sum()):
            return None
        try:
            ta = self._idle.pop()
        except IndexError:
            ta = copy(self._made)
        state, parameters = self._base[0].copy(), self._base[1]
        given, places = self._states
        state[places] = numbers[given]
        if self._varies:
            parameters = parameters.copy()
            given, places = self._parameters
            parameters[places] = numbers[given]
        time = self.problem.time if self._time is None else (float(numbers[self._time]), 0.0)
        found = ta._straight_map(Start(state, parameters, time), (float(numbers[-1]), 0.0))
        self._idle.append(ta)
        return found

    def _written(self) -> Callable[[np.ndarray], np.ndarray | None] | None:
        """The same as machine code, which takes less time than Python to begin with; None where
        steps take most of it, and for what happens on the way.
        """
        ta, time = copy(self._made), self.problem.time
        targets = ta._targets(Start(*self._base, time))
        if targets is None or not targets.machine.stepper.is_short:
            return None
        moves: list[tuple[int, int]] = []
        for (numbers, places), of in (
            (self._own, targets.of_state),
            (self._others, targets.of_parameter),
        ):
            for number, place in zip(numbers.tolist(), places.tolist(), strict=True):
                moves += [(number, target) for target in of(place)]
        if self._time is not None:
            moves += [(self._time, target) for target in targets.of_time("time")]
            time = 0.0, 0.0
        inputs = self.problem.inputs
        last = inputs.displaced(range(len(inputs.listed))).size
        moves += [(last, target) for target in targets.of_time("end")]
        settings = dict(zip(("time", "time_low", "end", "end_low"), (*time, 0.0, 0.0), strict=True))
        found = list(enumerate(targets.of_numbers_in_the_end().ravel().tolist()))
        return solve_function(targets, settings | {"max_step": ta.max_step}, moves, found)


def straight_map(problem: Problem, order: int, wrt: Wrt) -> StraightMap | None:
    """What is fast for derivatives by some inputs; None where `Problem.solved` has more to do."""
    plain = straight(problem) is not None and not problem.shown
    if not plain or problem.varied(order, wrt).chosen is not None:
        return None
    return StraightMap(problem, order, wrt)


def straight(problem: Problem) -> Straight | None:
    """What is fast for a problem; None where something may happen on the way that is shown, or for
    numbers of another kind.
    """
    if "straight" not in problem.kept:
        plain = problem.kind is FLOAT64 and not (problem.grid or problem.ends or problem.moving)
        made = Straight(problem) if plain and problem.limit is None else None
        problem.kept["straight"] = made
    found: Straight | None = problem.kept["straight"]
    return found


Assembled = Callable[[tuple[Any, ...]], "np.ndarray | None"]


def assembler(shapes: tuple[tuple[int, ...], ...], end: float | None) -> Assembled:
    """What puts arguments side by side: floats, and arrays of float64 of these shapes; it gives
    None for anything else.  end: the time, where it is no argument.
    """
    scalar = not any(shapes)
    rest = () if end is None else (end,)
    count = len(shapes) + (end is None)

    def numbers(args: tuple[Any, ...]) -> np.ndarray | None:
        for arg in args:
            if type(arg) is not float:
                return None
        return np.array(args + rest) if len(args) == count else None

    def arrays(args: tuple[Any, ...]) -> np.ndarray | None:
        if len(args) != count:
            return None
        parts = []
        for arg, shape in zip(args, (*shapes, ()), strict=False):
            if type(arg) is np.ndarray:
                if arg.dtype != np.float64 or arg.shape != shape or not shape:
                    return None
                parts.append(arg.reshape(-1))
            elif type(arg) is float and not shape:
                parts.append((arg,))  # type: ignore[arg-type]
            else:
                return None
        return np.concatenate([*parts, rest] if rest else parts)

    return numbers if scalar else arrays
