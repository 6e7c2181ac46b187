"""Functions as they were traced, told apart by what they compute; series of those with loops."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from taylor.expressions.arguments import argument, structure
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import ONE, ZERO
from taylor.numbers.precision import Precision
from taylor.transforms.nested import values_at

if TYPE_CHECKING:
    from taylor.control.coefficients import Formulas


class TracedFunction:
    """Outputs of scalar arguments; two are equal that compute the same."""

    __slots__ = ("_hash", "_structure", "arguments", "outputs")

    def __init__(self, outputs: tuple[Expression, ...], arguments: tuple[Expression, ...]) -> None:
        self.outputs = outputs
        self.arguments = arguments
        self._structure = structure(outputs, arguments)
        self._hash = hash(self._structure)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TracedFunction) and self._structure == other._structure


@lru_cache(maxsize=128)
def _formulas(traced: TracedFunction, given: int, order: int, precision: str) -> Formulas:
    """The coefficients of a function with loops or branches, of those of its arguments."""
    from taylor.control.coefficients import Formulas
    from taylor.control.expansion import Orders, expanded

    inputs = [[x, *[argument(f"{x}.{j}") for j in range(1, given)]] for x in traced.arguments]
    rest = [ZERO] * (order + 1 - given)
    listed = [[*own, *rest][: order + 1] for own in inputs]
    known = dict(zip(traced.arguments, listed, strict=True))
    found = expanded(traced.outputs, known, Orders(order))
    flat = [c for listed in found for c in listed]
    return Formulas(flat, [x for own in inputs for x in own], precision)


def by_formulas(
    traced: TracedFunction, numbers: np.ndarray, order: int, kind: Precision, threads: int
) -> list[np.ndarray]:
    """Coefficients of a function with loops or branches, shape (parts, order + 1, points) each.

    numbers: shape (parts, coordinates, given coefficients, points).
    """
    parts, count, given, points = numbers.shape
    code = _formulas(traced, given, order, kind.name)
    found = code.run(numbers.reshape(parts, count * given, points), threads)
    shaped = found.reshape(parts, len(traced.outputs), order + 1, points)
    return [shaped[:, k] for k in range(len(traced.outputs))]


def series_of_loops(
    outputs: Sequence[Expression], x: Expression, point: Any, order: int
) -> list[np.ndarray]:
    """As `transforms.nested.series`, of functions with loops or branches."""
    from taylor.control.expansion import Orders, expanded

    known = {x: [x, ONE, *[ZERO] * order][: order + 1]}
    found = expanded(outputs, known, Orders(order))
    return [values_at(listed, [x], [point]) for listed in found]
