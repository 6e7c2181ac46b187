"""Zeros of events that rounding errors do not let be told from several, or from none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from taylor.errors import TaylorError
from taylor.expressions.evaluate import evaluate
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import time as time_node
from taylor.systems.system import System
from taylor.transforms.differentiate import diff
from taylor.transforms.rounding import rounding_error

UNIT = 2.0**-50  # rounding of a function, for each unit of its terms, as the search has it
LEAST = 2.0**-30  # of the time: for less, a zero may be unknown without a word
MOST = 3  # instants that are named


def blurred(
    g: Expression, system: System, instants: Sequence[Mapping[Expression, Any]]
) -> list[float]:
    """The times at which a function is zero to rounding for so long that it may be so repeatedly.

    instants: states, parameters and time where zeros were recorded.
    """
    try:
        rate = diff(g, time_node)
        for state, slope in zip(system.states, system.derivatives, strict=True):
            rate = rate + diff(g, state) * slope
        noise = rounding_error(g)
        found = []
        for values in instants:
            time = float(values[time_node])
            error, speed = UNIT * float(evaluate(noise, values)), abs(float(evaluate(rate, values)))
            if not error <= speed * LEAST * abs(time):
                found.append(time)
    except TaylorError:
        return []
    return found


def in_words(event: int, times: Sequence[float]) -> str:
    """What a user is told about an event; empty for no times."""
    if not times:
        return ""
    listed = ", ".join(f"{t:.9g}" for t in times[:MOST]) + (", .." if len(times) > MOST else "")
    return (
        f"events[{event}]: rounding errors hide when exactly the function is zero near t = "
        f"{listed}, and whether once; each counts once"
    )
