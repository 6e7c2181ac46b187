"""What a solution is a function of: initial values, parameters, the initial time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias, cast

import numpy as np

from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import time as time_node
from taylor.expressions.types import Key
from taylor.systems.names import UNUSED, Names
from taylor.systems.system import System
from taylor_runtime.program.records import dataclass

InputLike: TypeAlias = "Expression | str | Sequence[InputLike] | np.ndarray"


@dataclass(frozen=True, slots=True)
class Input:
    """One argument.

    places: of its elements among states, parameters and the initial time, one after the other;
        `UNUSED` for elements of an array parameter that the system does not use.
    """

    name: str
    shape: tuple[int, ...]
    places: np.ndarray

    @property
    def size(self) -> int:
        """How many elements it has."""
        return math.prod(self.shape)


@dataclass(frozen=True, slots=True)
class Inputs:
    """All arguments but the time, of a system of so many states and parameters."""

    listed: tuple[Input, ...]
    leaves: tuple[Expression, ...]
    states: int
    parameters: int
    has_time: bool  # whether the initial time is one

    def displaced(self, wrt: Iterable[int]) -> np.ndarray:
        """Places of the elements of some inputs."""
        return np.concatenate([np.empty(0, int), *[self.listed[k].places for k in wrt]])


def read_inputs(given: Any, system: System, states: Names, parameters: Names) -> Inputs:
    """The arguments that a user names.

    Raises ArgumentError for what is no state, parameter or time of the system, or named twice;
    ArgumentTypeError for what is no expression or name.
    """
    items = [given] if isinstance(given, Expression | str) else list(cast(Sequence[Any], given))
    counts = len(system.states), len(system.parameters)
    seen: set[int] = set()
    listed = []
    for item in items:
        name, shape, places = _places(item, counts, states, parameters)
        for place in places.tolist():
            if place != UNUSED and place in seen:
                raise ArgumentError(f"as_function: inputs name {name} twice")
            seen.add(place)
        listed.append(Input(name, shape, places))
    leaves = (*system.states, *system.parameters, time_node)
    return Inputs(tuple(listed), leaves, *counts, sum(counts) in seen)


def _places(
    item: Any, counts: tuple[int, int], states: Names, parameters: Names
) -> tuple[str, tuple[int, ...], np.ndarray]:
    """Name, shape and places of one input."""
    if isinstance(item, Expression | str):
        found = _of_key(item, counts, states, parameters)
        return str(item), found.shape, found.reshape(-1)
    if not isinstance(item, list | tuple | np.ndarray):
        raise ArgumentTypeError(
            f"as_function: inputs are states, parameters, taylor.time, their names, or lists of "
            f"these, got {item!r:.60}"
        )
    parts = [_places(one, counts, states, parameters) for one in item]
    shapes = {shape for _, shape, _ in parts}
    if len(shapes) != 1:
        raise ArgumentError(
            "as_function: an input that is a list becomes one array; its items need one shape, "
            f"got {', '.join(f'{name} of shape {shape}' for name, shape, _ in parts) or 'none'}"
        )
    name = f"[{', '.join(name for name, _, _ in parts)}]"
    return name, (len(parts), *shapes.pop()), np.concatenate([places for _, _, places in parts])


def _of_key(key: Key, counts: tuple[int, int], states: Names, parameters: Names) -> np.ndarray:
    if key is time_node:
        return np.array(sum(counts))
    if key in states:
        return np.asarray(states[key], int)
    if key in parameters:
        found = np.asarray(parameters[key], int)
        return np.where(found == UNUSED, UNUSED, found + counts[0])
    if isinstance(key, Expression) and key.args:
        raise ArgumentError(
            f"as_function: inputs are states and parameters themselves, {key} is an expression"
        )
    known = ", ".join([*states.listed, *parameters.listed, "taylor.time"])
    raise ArgumentError(
        f"as_function: inputs name {key}, which is no state or parameter of the system; known are "
        f"{known}"
    )
