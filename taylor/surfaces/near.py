"""Whether conditions of equality may hold, for all that rounding errors tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from taylor.expressions.evaluate import evaluate
from taylor.expressions.expression import Expression
from taylor.surfaces.switches import Equality, SwitchedSystem
from taylor.transforms.rounding import rounding_error

UNIT = 2.0**-50  # rounding of a surface function in float64, for each unit of its terms


def near_equalities(
    model: SwitchedSystem, values: Mapping[Expression, Any], room: float = UNIT
) -> Iterator[tuple[Equality, Any]]:
    """Every equality of a right-hand side, and whether it may hold.

    values: of states, parameters and time, numbers or arrays of one shape.
    room:   rounding errors, for each unit of the terms.
    """
    for equality in model.equalities:
        g, bound = equality.surface, rounding_error(equality.surface)
        yield equality, np.abs(evaluate(g, values)) <= room * evaluate(bound, values)
