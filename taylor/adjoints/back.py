"""One way back over a solution: leg by leg, and through what happens where these end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from functools import partial
from typing import Any

import numpy as np

from taylor.adjoints.following import Jump
from taylor.adjoints.jumping import Behind, Carried, before
from taylor.adjoints.point import Point, working_digits
from taylor.adjoints.pullback import Pullback
from taylor.adjoints.sweeping import Observations, Sweeping, as_pair
from taylor.expressions.expression import Expression
from taylor.machines.machine import Machine
from taylor.machines.tape import Leg
from taylor.machines.waiting import Waiting
from taylor.numbers import planes as arithmetic
from taylor.numbers.precision import Precision
from taylor_runtime.program.records import dataclass


@dataclass(frozen=True, slots=True)
class Way:
    """What ways back over a solution begin with.

    machine: of the system; waiting: those that make steps again. running: a cost whose integral
    is a part of what is differentiated. sign: of the direction of time. start, end: points.
    parameters: how many the user's system has.
    """

    kind: Precision
    pullback: Pullback
    machine: Machine
    waiting: Waiting
    running: Expression | None
    tolerance: float
    sign: float
    start: Point
    end: Point
    parameters: int

    def along(self, adjoint: np.ndarray, point: Point) -> np.ndarray:
        """adjoint . f at a point, (parts,)."""
        product = arithmetic.multiply(self.kind, adjoint, point.slopes(self.machine))
        return arithmetic.total(self.kind, product, 0)

    def rate(self, point: Point, adjoint: np.ndarray, by_itself: Any) -> Any:
        """adjoint . f + L at a point, as a number, and what comes by itself."""
        with working_digits(self.kind):
            found = self.kind.for_users(self.kind.from_planes(self.along(adjoint, point)))
            if self.running is not None:
                found += point.evaluated([self.running])[0]
            return found + by_itself

    def lost(self, point: Point, adjoint: np.ndarray) -> Any:
        """What is lost where the solution begins later."""
        with working_digits(self.kind):
            return -self.rate(point, adjoint, 0.0)


@dataclass(frozen=True, slots=True)
class Adjoints:
    """Derivatives of the sum of cotangent * state, and of a running cost's integral.

    state: by the initial state, (n,).
    parameters: by the parameters, (m,), also those of events and impulses.
    initial_time: by the time where it began, with the same state there.
    final_time: by the time where it ended; zero if an event ended it.
    impulses: by the time of each impulse on the way, by its number.
    integral: the running cost's; zero without one.
    """

    state: np.ndarray
    parameters: np.ndarray
    impulses: dict[int, Any]
    integral: Any
    _initial: Callable[[], Any] = field(repr=False)  # right-hand sides take a while
    _final: Callable[[], Any] = field(repr=False)

    @property
    def initial_time(self) -> Any:
        return self._initial()

    @property
    def final_time(self) -> Any:
        return self._final()


class Back:
    """One way back; legs: what steps of the solution left, part by part."""

    def __init__(self, way: Way, legs: list[Leg], adjoint: np.ndarray) -> None:
        self.way, self.legs, self.kind = way, legs, way.kind
        self.sweeping = Sweeping(way.pullback, way.waiting, way.kind, way.tolerance)
        self.adjoint = adjoint
        parameters = way.machine.parameters
        self.parameters = np.zeros(parameters.shape, parameters.dtype)
        self.integral = np.zeros(self.kind.parts, self.kind.dtype)
        self.impulses: dict[int, Any] = {}

    def run(self, observed: Observations | None, by_time: Any) -> Adjoints:
        """All of it; by_time: what the time of the end adds to the derivative by itself."""
        way, legs = self.way, self.legs
        stopped = legs[-1].jump is not None  # by an event, wherever the end may be
        final = _nothing if stopped else partial(way.rate, way.end, self.adjoint, by_time)
        for number in reversed(range(len(legs))):
            leg = legs[number]
            if leg.jump is not None:
                after = None if number + 1 == len(legs) else legs[number + 1].parameters
                self._jump(leg.jump, Behind(after, by_time if after is None else 0.0))
            here = None
            if observed is not None:
                first = observed.since(as_pair(legs[number - 1].end)) if number else 0
                here = observed.part(first, len(observed.times))
                observed = observed.part(0, first)
            self._leg(leg, here)
        self.sweeping.release()
        kind, count = self.kind, way.parameters
        return Adjoints(
            state=kind.from_planes(self.adjoint),
            parameters=kind.from_planes(self.parameters[:, :count]),
            impulses=self.impulses,
            integral=kind.for_users(kind.from_planes(self.integral)),
            _initial=partial(way.lost, way.start, self.adjoint),
            _final=final,
        )

    def _jump(self, jump: Jump, behind: Behind) -> None:
        way = self.way
        carried, rate = before(
            jump, way.machine, Carried(self.adjoint, self.parameters), way.running, behind
        )
        count = carried.parameters.shape[1]
        self.adjoint = carried.state
        self.parameters[:, :count] = carried.parameters
        if jump.number is not None:
            self.impulses[jump.number] = rate

    def _leg(self, leg: Leg, observed: Observations | None) -> None:
        kind, sweeping = self.kind, self.sweeping
        if observed is None:
            nothing = np.empty((kind.parts, 0, self.adjoint.shape[1]), kind.dtype)
            observed = Observations(kind, np.empty((0, 2)), nothing, self.way.sign)
        sweeping.adjoint[:] = self.adjoint
        sweeping.memory.forget_sums()
        sweeping.leg(leg, observed)
        self.adjoint = sweeping.adjoint.copy()
        sums, integral = sweeping.take_sums()
        self.parameters = arithmetic.add(kind, self.parameters, sums)
        self.integral = arithmetic.add(kind, self.integral, integral)


def _nothing() -> float:
    return 0.0
