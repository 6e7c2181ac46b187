"""Solutions made of what users ask for."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any, cast

import numpy as np

from taylor.control.tracing import as_node, has_nodes
from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import as_expression
from taylor.expressions.leaves import time as time_node
from taylor.nodes.traverse import inputs as leaves_of
from taylor.numbers.precision import as_array
from taylor.numbers.times import time_pair
from taylor.solutions.inputs import read_inputs
from taylor.solutions.problem import times_kind
from taylor.solutions.propagators import Propagator
from taylor.solutions.solution import Solution, Wanted
from taylor.systems.arguments import step_limit


def make_solution(
    propagator: Any, inputs: Any, outputs: Any, until: Any, times: Any, max_steps: int | None
) -> Solution:
    """The solution as a function; see `Integrator.as_function`."""
    ta = cast(Propagator, propagator)
    if ta._flow is not None:
        raise ArgumentError(
            "as_function: this integrator carries derivatives; make it from the equations alone, "
            "derivatives are found where they are asked for"
        )
    names, parameters = ta._names, ta._parameters._names
    read = read_inputs(inputs, ta.system, names, parameters)
    if until is not None and times is not None:
        raise ArgumentError("as_function: give until or times, not both")
    single = isinstance(outputs, Expression | str) or not isinstance(outputs, Iterable)
    listed = None if outputs is None else _outputs(outputs, single, ta)
    ends = _end(until, ta, read.has_time) if times is None else _times(times, ta)
    wanted = Wanted(listed, single, ends)
    made = Solution(copy.copy(propagator), read, wanted, step_limit(max_steps))
    made.check()
    return made


def _end(until: Any, ta: Propagator, begins: bool) -> Any:
    """A time as a number or an expression; None where it is an argument.

    begins: whether the initial time is an input.
    """
    if until is None or has_nodes(until):
        return until
    high, low = time_pair(until, "until")
    if ta._time == (high, low) and not begins:
        raise ArgumentError(
            f"as_function: until={high + low!r} is where the integrator is already: nothing would "
            "be solved; make the function before the integrator moves, or set its time and state "
            "back, or give ty.time among the inputs"
        )
    return Fraction(high) + Fraction(low) if ta._kind.is_finer else high + low


def _times(times: Any, ta: Propagator) -> Any:
    """Times as an array of numbers, mpmath's in double-double, or as an expression (k,)."""
    found: Any
    if has_nodes(times):
        found = as_node(times)
    else:
        kind = times_kind(ta._kind)
        array = as_array(times, kind, "times", kind.ndim_of(times, most=1))
        if not np.isfinite(array).all():
            raise ArgumentError("as_function: times must be finite")
        found = kind.exactly(array) if kind.is_finer else array
    if np.ndim(found) != 1 or not found.size:
        raise ArgumentError("as_function: times must have shape (k,) with k >= 1")
    return found


def _outputs(given: Any, single: bool, ta: Propagator) -> tuple[Expression, ...]:
    """Expressions of states, parameters and time.

    Raises ArgumentError for one that depends on anything else.
    """
    items: Sequence[Any] = [given] if single else list(given)
    if not items:
        raise ArgumentError("as_function: give at least one output")
    found = tuple(_output(item, ta) for item in items)
    for leaf in leaves_of(found):
        if leaf is not time_node and leaf not in ta._names and leaf not in ta._parameters._names:
            known = ", ".join([*ta._names.listed, *ta._parameters._names.listed, "taylor.time"])
            raise ArgumentError(
                f"as_function: outputs depend on {leaf}, which is no state or parameter of the "
                f"system; known are {known}"
            )
    return found


def _output(item: Any, ta: Propagator) -> Expression:
    if isinstance(item, str):
        known = {str(e): e for e in (*ta.system.states, *ta.system.parameters)}
        known |= ta._names.arrays | ta._parameters._names.arrays
        if item not in known:
            raise ArgumentError(
                f"as_function: outputs name {item!r}, which is no state or parameter of the system"
            )
        return known[item]
    try:
        return as_expression(item)
    except TypeError:
        raise ArgumentTypeError(
            f"as_function: outputs are expressions of states, parameters and taylor.time, or names "
            f"of these; got {item!r:.60}"
        ) from None
