"""Expressions of a system's states, parameters and time where a solution has arrived."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from taylor.errors import ArgumentError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import ZERO, as_expression, stack
from taylor.expressions.leaves import time as time_node
from taylor.expressions.substitute import substitute_all
from taylor.nodes.arrays import reshape
from taylor.nodes.traverse import inputs
from taylor.solutions.problem import Problem
from taylor.systems.names import UNUSED


def expressed(
    wanted: Sequence[Expression],
    problem: Problem,
    columns: Expression,
    operands: Sequence[Expression],
    time: Expression,
) -> list[Expression]:
    """Expressions with what their states, parameters and time are in the end.

    columns: those of the problem at one time; operands: the inputs in their shapes.
    """
    there = _There(problem, columns, operands)
    table: dict[Expression, Expression] = {}
    for leaf in inputs(wanted):
        if leaf is time_node:
            table[leaf] = time
        elif leaf in problem.template._names:
            table[leaf] = there.states(np.asarray(problem.template._names[leaf]))
        else:
            places = np.asarray(problem.template._parameters._names[leaf])
            table[leaf] = there.parameters(places)
    return substitute_all(wanted, table)


class _There:
    """Values of leaves by their places."""

    def __init__(
        self, problem: Problem, columns: Expression, operands: Sequence[Expression]
    ) -> None:
        self.problem, self.columns, self.operands = problem, columns, operands

    def states(self, places: np.ndarray) -> Any:
        """A state, or an array of them."""
        if not places.shape:
            return self.columns[int(places)]
        flat = places.reshape(-1)
        if (np.diff(flat) == 1).all():
            found: Any = self.columns[int(flat[0]) : int(flat[-1]) + 1]
        else:
            found = self.columns[flat]
        return reshape(found, places.shape)

    def parameters(self, places: np.ndarray) -> Any:
        """A parameter, or an array of them, as it is in the end."""
        shift = np.where(places == UNUSED, UNUSED, places + self.problem.states)
        moved = [place for place in self.problem.moving if place in places]
        for one, operand in zip(self.problem.inputs.listed, self.operands, strict=True):
            if not moved and np.array_equal(one.places, shift.reshape(-1)):
                return reshape(operand, places.shape)
        found = [self._parameter(int(place)) for place in places.reshape(-1)]
        return reshape(stack(found), places.shape) if places.shape else found[0]

    def _parameter(self, place: int) -> Any:
        problem = self.problem
        if place == UNUSED:
            return ZERO
        if place in problem.moving and problem.grid:
            raise ArgumentError(
                f"solution: the parameter {problem.template.system.parameters[place]} is set on "
                "the way, so that at several times nothing may depend on it; ask for one time"
            )
        if place in problem.shown:
            return self.columns[problem.states + problem.shown.index(place)]
        for one, operand in zip(problem.inputs.listed, self.operands, strict=True):
            at = np.flatnonzero(one.places == problem.states + place)
            if len(at):
                return operand[np.unravel_index(int(at[0]), one.shape)] if one.shape else operand
        number = problem.base[problem.states + place]
        return as_expression(problem.kind.for_users(number))
