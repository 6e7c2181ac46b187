"""Resets: what events set states and parameters to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from taylor.errors import ArgumentError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import time
from taylor.expressions.object_arrays import expression_array
from taylor.expressions.trace import takes_parameters, trace_function
from taylor.expressions.types import Key, UserFunction
from taylor.nodes.traverse import reachable
from taylor.systems.amounts import Placed, amounts, evaluated, placed
from taylor.systems.names import Names
from taylor.systems.system import System

Pairs: TypeAlias = tuple[tuple[Key, Expression], ...]  # new values by state or parameter

LABEL = "Event: reset"


def as_pairs(given: Any) -> Pairs:
    """A reset as users give it: new values by variable, parameter or name.

    Raises TypeError or ValueError as `amounts` does, and where there are none.
    """
    pairs = tuple(amounts(given, LABEL).items())
    if not pairs:
        raise ArgumentError("Event: reset is empty; give new values of states or parameters")
    return pairs


def traced(function: UserFunction, states: Sequence[Any], parameters: Sequence[Any]) -> Pairs:
    """The reset that a function of (t, y) or (t, y, p) returns: the new y, without what stays."""
    y, p = expression_array(list(states)), expression_array(list(parameters))
    given = (time, y, p)[: 3 if takes_parameters(function, len(p)) else 2]
    result = trace_function(function, *given)
    values = expression_array(list(result) if isinstance(result, tuple) else result)
    if values.shape != (len(y),):
        name = getattr(function, "__qualname__", None) or type(function).__name__
        raise ArgumentError(
            f"Event: the reset {name} must return the new state, shape ({len(y)},), got shape "
            f"{values.shape}"
        )
    return tuple(
        (key, value) for key, value in zip(states, values, strict=True) if key is not value
    )


@dataclass(frozen=True, slots=True)
class Reset:
    """New values of some states and parameters of a system, scalars by their places."""

    states: Placed
    parameters: Placed
    leaves: tuple[Expression, ...]  # that they depend on, and time

    @property
    def expressions(self) -> list[Expression]:
        """All new values, those of parameters last."""
        return [e for _, e in (*self.states, *self.parameters)]


def values_after(reset: Reset, values: Mapping[Expression, Any]) -> tuple[dict[int, Any], ...]:
    """The new values of states and of parameters, each by place: two dictionaries.

    values: of states, parameters and time before the reset, by scalar expression: numbers of any
            kind (mpmath's in the precision that its context has), or `taylor.Polynomial`s; all
            right-hand sides are taken there.

    Nothing is rounded, and nobody has looked whether results are finite.

    >>> import taylor as ty
    >>> from taylor.systems.system import make_system
    >>> x, v = ty.variables("x v")
    >>> system = make_system([(x, v), (v, -x)], 2)
    >>> swap = placed_reset(as_pairs({x: v, v: -x}), system.states, ())
    >>> values_after(swap, {x: 1.0, v: 2.0, ty.time: 0.0})
    ({0: np.float64(2.0), 1: np.float64(-1.0)}, {})
    """
    found = iter(evaluated(reset.expressions, {leaf: values[leaf] for leaf in reset.leaves}))
    return tuple({p: next(found) for p, _ in part} for part in (reset.states, reset.parameters))


def placed_reset(
    pairs: Pairs, states: Sequence[Expression], parameters: Sequence[Expression]
) -> Reset:
    """The reset of a system with these states and parameters.

    Raises ArgumentError for what is none of them, on either side.
    """
    names = Names(states, "state"), Names(parameters, "parameter", partial=True)
    parts: tuple[dict[Any, Expression], ...] = ({}, {})
    for key, value in pairs:
        parts[_kind(key, *names)][key] = value
    set_states, set_parameters = (
        placed(LABEL, part, own) for part, own in zip(parts, names, strict=True)
    )
    known = {time, *states, *parameters}
    leaves = [time]  # always: with it comes the kind of number
    for e in reachable([e for _, e in (*set_states, *set_parameters)], stop=known.__contains__):
        if e in known:
            leaves.append(e)
        elif e.op in ("variable", "parameter"):
            raise ArgumentError(
                f"{LABEL} depends on {e}, which is no state or parameter of the system"
            )
    return Reset(set_states, set_parameters, tuple(dict.fromkeys(leaves)))


def _kind(key: Any, states: Names, parameters: Names) -> int:
    """0 for a state, 1 for a parameter."""
    if isinstance(key, Expression):
        leaf = key.args[0] if key.op == "index" else key
        fits = [
            leaf.op == "variable" and key in states,
            leaf.op == "parameter" and key in parameters,
        ]
    else:
        fits = [isinstance(key, str) and key in names for names in (states, parameters)]
    if all(fits):
        raise ArgumentError(
            f"{LABEL}: {key!r} is the name of a state and of a parameter; give the expression"
        )
    if not any(fits):
        listed = ", ".join([*states.listed, *parameters.listed])
        raise ArgumentError(
            f"{LABEL}: {key} is no state and no parameter of the system; these are {listed}"
        )
    return fits.index(True)


def placed_resets(
    resets: Sequence[Pairs | UserFunction | None], system: System
) -> tuple[Reset | None, ...]:
    """Those of all events of a system, None where an event has none."""
    found: list[Reset | None] = []
    for number, pairs in enumerate(resets):
        if pairs is None or callable(pairs):
            found.append(None)
            continue
        try:
            found.append(placed_reset(pairs, system.states, system.parameters))
        except ArgumentError as error:
            raise ArgumentError(f"events[{number}]: {error}") from None
    return tuple(found)
