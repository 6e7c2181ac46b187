"""Adjoints through jumps: resets at events, impulses, and changes of the right-hand side.

At the time t_e of a jump x+ = R(x-, t_e, p), and t_e is given or follows from g(x, t, p) = 0.  With
the adjoints lambda of x+ and mu of parameters, and a running cost L,

    w  = R_x^T lambda,    D = w . f- + (lambda . R)_t + L- - lambda . f+ - L+

D is the derivative by t_e, and where that follows from g

    lambda- = w - D g_x / (g_x . f- + g_t),    mu- = mu + R_p^T lambda - D g_p / (g_x . f- + g_t)

(the transpose of the saltation matrix; Kong et al., Proc. IEEE 112 (2024) 585).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from taylor.adjoints.following import Jump
from taylor.adjoints.point import Expands, Point, working_digits
from taylor.errors import ArgumentError, UnsupportedFunctionError
from taylor.expressions.arguments import argument
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import time as time_node
from taylor.machines.crossing import UndefinedDerivativesError
from taylor.nodes.traverse import inputs
from taylor.systems.amounts import evaluated
from taylor.transforms.reverse import adjoints
from taylor_runtime.program.records import dataclass


@dataclass(frozen=True, slots=True)
class Carried:
    """Adjoints (parts, n) of the state and (parts, m) of the parameters."""

    state: np.ndarray
    parameters: np.ndarray


@dataclass(frozen=True, slots=True)
class Behind:
    """What comes behind a jump.

    parameters: (parts, m or more), in force there; None where nothing comes any more.
    by_time: where nothing does, what the time of the jump adds to the derivative by itself.
    """

    parameters: np.ndarray | None
    by_time: Any = 0.0


def before(
    jump: Jump, machine: Expands, after: Carried, running: Expression | None, behind: Behind
) -> tuple[Carried, Any]:
    """The adjoints before a jump, from those behind it; and the derivative by its time.

    Raises UndefinedDerivativesError where displaced solutions need not meet the surface.
    """
    with working_digits(jump.before.kind):
        try:
            return _before(jump, machine, after, running, behind)
        except (ArgumentError, UnsupportedFunctionError) as error:
            if isinstance(error, UndefinedDerivativesError):
                raise
            raise UndefinedDerivativesError(
                f"{jump.label} at t = {jump.before.time[0]!r}: {error}"
            ) from error


def _before(
    jump: Jump, machine: Expands, after: Carried, running: Expression | None, behind: Behind
) -> tuple[Carried, Any]:
    point = jump.before
    own = _Adjoint(point.numbers(after.state), point.numbers(after.parameters))
    rate = own.pull(jump) + own.along(point.numbers(point.slopes(machine)))
    if running is not None:
        rate += point.evaluated([running])[0]
    rate += behind.by_time
    if behind.parameters is not None:
        there = point.after(jump.states, jump.parameters)
        there = replace(there, parameters=behind.parameters)
        rising = point.numbers(there.slopes(machine))
        rate -= _Adjoint(point.numbers(after.state), []).along(rising)
        if running is not None:
            rate -= there.evaluated([running])[0]
    if jump.surface is not None:
        slope = point.rate(machine, jump.surface)
        if slope is None:
            raise UndefinedDerivativesError(
                f"{jump.label}: the surface {jump.surface} = 0 at t = {point.time[0]!r} is not "
                "crossed but touched, so that displaced solutions may miss it"
            )
        own.add(*_pulled(point, [jump.surface], [-rate / slope])[0])
    return Carried(point.planes(own.state), point.planes(own.parameters)), rate


class _Adjoint:
    """Adjoints of states and parameters as numbers."""

    def __init__(self, state: list[Any], parameters: list[Any]) -> None:
        self.state, self.parameters = state, parameters

    def along(self, slopes: Sequence[Any]) -> Any:
        """lambda . f"""
        return sum(w * f for w, f in zip(self.state, slopes, strict=True))

    def add(self, states: dict[int, Any], parameters: dict[int, Any]) -> None:
        """Add shares, by place."""
        for numbers, shares in ((self.state, states), (self.parameters, parameters)):
            for place, share in shares.items():
                numbers[place] += share

    def pull(self, jump: Jump) -> Any:
        """To those of what the new values were made of; the derivative of these by time."""
        pairs = (self.state, jump.states), (self.parameters, jump.parameters)
        weights = [numbers[place] for numbers, placed in pairs for place, _ in placed]
        for numbers, placed in pairs:
            for place, _ in placed:
                numbers[place] = 0 * numbers[place]
        new = [e for _, placed in pairs for _, e in placed]
        shares, by_time = _pulled(jump.before, new, weights)
        self.add(*shares)
        return by_time


Shares = tuple[dict[int, Any], dict[int, Any]]  # of states and parameters, by place


def _pulled(
    point: Point, outputs: Sequence[Expression], weights: Sequence[Any]
) -> tuple[Shares, Any]:
    """The derivatives of sum weight * output by states and parameters; and by time."""
    if not outputs:
        return ({}, {}), 0.0
    system = point.system
    found = set(inputs(outputs))
    leaves = found | {time_node}
    places = [
        {e: k for k, e in enumerate(part) if e in leaves or (e.args and e.args[0] in leaves)}
        for part in (system.states, system.parameters)
    ]
    by = [*places[0], *places[1], time_node]
    duals = [argument(f"weight {k}") for k in range(len(outputs))]
    derivatives = adjoints(list(outputs), duals, by)
    given = {**point.values(), **dict(zip(duals, weights, strict=True))}
    numbers = evaluated(derivatives, given)
    own = dict(zip(by, numbers, strict=True))
    shares = tuple({k: own[e] for e, k in part.items()} for part in places)
    return (shares[0], shares[1]), own[time_node]
