"""Events: zeros of functions of the solution, and what was seen of them."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import field
from typing import Any, TypeAlias, cast

import numpy as np

from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import as_expression, time
from taylor.expressions.object_arrays import expression_array
from taylor.expressions.trace import positional_count, takes_parameters, trace_function
from taylor.expressions.types import Operand, UserFunction
from taylor.nodes.node import CONDITIONS
from taylor.nodes.traverse import inputs
from taylor.systems.system import System
from taylor.systems.versions import Versioned
from taylor_runtime.program.records import dataclass

ANY, RISING, FALLING = 0, 1, -1


# Called with the integrator, a class of a later room.
Callback: TypeAlias = Callable[[Any], object]


@dataclass(frozen=True, slots=True, init=False)
class Event:
    """A zero of an expression g of states, time and parameters along the solution.

    expression: g, a scalar; "g == c" is written `g - c`. Also a function g(t, y) or g(t, y, p) of
                arrays, as a right-hand side may be.
    terminal:   the propagation stops at the zero (status EVENT).  A callback that returns False
                lets it go on.
    direction:  +1 for zeros at which g grows with time, -1 for those at which it falls, 0 for all.
    callback:   called with the integrator, whose state and time are those of the event, and which
                may change `state`, `time` and `parameters`: the propagation then starts anew from
                there.  A true result stops it (status STOPPED).
    cooldown:   time during which the event is not seen again after it was.

    All zeros of a step are found, in order of time, at no cost in steps: every change of sign,
    through jumps, poles and kinks as well.  A zero at which g touches zero without a change of sign
    (direction 0, seen by `direction=0` alone) is found if it shows in how g is written, as an even
    power or an absolute value, or if |g| there is below its rounding error, about 1e-15 of the
    sizes of its terms, and counts once.  Where singularities of g cannot be taken out of it, as in
    gamma(x) - 2, zeros close to them may be missed; `outcome.message` says so.  A zero at the
    very start is recorded, but neither stops nor calls.

    Raises TypeError or ValueError for arguments that are none of these.

    >>> import taylor as ty
    >>> x, v = ty.variables("x v")
    >>> ta = ty.Integrator([(x, v), (v, -x)], [0.0, 1.0], events=[ty.Event(x, direction=-1)])
    >>> outcome = ta.propagate_until(10.0)
    >>> outcome.events[0].times / np.pi
    array([1., 3.])
    """

    expression: Expression | UserFunction
    terminal: bool
    direction: int
    callback: Callback | None
    cooldown: float

    def __init__(
        self,
        expression: Operand | UserFunction,
        terminal: bool = False,
        direction: int = 0,
        callback: Callback | None = None,
        cooldown: float = 0.0,
    ) -> None:
        is_function = callable(expression) and not isinstance(expression, Expression)
        g = _checked_function(expression) if is_function else _checked(expression)
        if direction not in (ANY, RISING, FALLING) or isinstance(direction, bool):
            raise ArgumentError(f"Event: direction must be -1, 0 or +1, got {direction!r}")
        if callback is not None and not callable(callback):
            raise ArgumentTypeError(
                f"Event: callback must be a function of the integrator, got "
                f"{type(callback).__name__}"
            )
        if not isinstance(terminal, bool | np.bool_):
            raise ArgumentTypeError(f"Event: terminal must be True or False, got {terminal!r}")
        if not isinstance(cooldown, int | float | np.number) or not 0 <= cooldown < math.inf:
            raise ArgumentError(f"Event: cooldown must be a time >= 0, got {cooldown!r}")
        for name, value in (
            ("expression", g),
            ("terminal", bool(terminal)),
            ("direction", int(direction)),
            ("callback", callback),
            ("cooldown", float(cooldown)),
        ):
            object.__setattr__(self, name, value)

    def deep_copy(self, memo: dict[int, object]) -> Event:
        """The event with a callback of its own."""
        callback = copy.deepcopy(self.callback, memo)
        return Event(self.expression, self.terminal, self.direction, callback, self.cooldown)

    def traced(self, states: Sequence[Expression], parameters: Sequence[Expression]) -> Event:
        """The event with a function of arrays replaced by its expression."""
        if isinstance(self.expression, Expression):
            return self
        y, p = expression_array(list(states)), expression_array(list(parameters))
        given = (time, y, p)[: 3 if takes_parameters(self.expression, len(p)) else 2]
        g = trace_function(self.expression, *given)
        return Event(g, self.terminal, self.direction, self.callback, self.cooldown)


def _checked_function(function: Any) -> Any:
    count = positional_count(function)
    if count not in (None, 2, 3):
        name = getattr(function, "__qualname__", None) or type(function).__name__
        raise ArgumentError(
            f"Event: {name} takes {count} positional argument(s); a function of an event is "
            "g(t, y) or g(t, y, p)"
        )
    return function


def _checked(expression: Any) -> Expression:
    try:
        g = as_expression(expression)
    except (TypeError, ValueError) as error:
        raise ArgumentTypeError(f"Event: {expression!r} is no expression: {error}") from None
    if g.shape != ():
        raise ArgumentError(f"Event: the expression must be a scalar, got shape {g.shape}")
    if g.op in CONDITIONS:
        raise ArgumentError(
            f"Event: {g} is a condition; give the function that vanishes, such as a - b for a == b"
        )
    if g.op == "constant":
        raise ArgumentError(f"Event: the expression is constant, {g}")
    return g


@dataclass(frozen=True, slots=True)
class Crossings(Versioned):
    """The zeros of one event in one propagation, in order of time.

    times:      (k,), or (k, 2) of pairs in double-double.
    time_pairs: (k, 2): the same as sums high + low, as `Integrator.time_pair`.
    states:     (k, n), or (k, n, 2): the solution there, before a callback changed it.
    directions: (k,) of +1 (g grows with time), -1, or 0 where it touches zero.
    """

    times: np.ndarray
    states: np.ndarray = field(repr=False)
    directions: np.ndarray = field(repr=False)
    time_pairs: np.ndarray = field(repr=False)

    def __len__(self) -> int:
        return len(self.times)


def as_events(events: Any, system: System) -> tuple[Event, ...]:
    """A tuple of events with expressions of the system; raises TypeError for anything else."""
    if isinstance(events, Event):
        events = (events,)
    if isinstance(events, Expression) or not isinstance(events, Sequence):
        raise ArgumentTypeError(f"events must be a list of Event, got {type(events).__name__}")
    for number, event in enumerate(events):
        if not isinstance(event, Event):
            raise ArgumentTypeError(
                f"events[{number}] is no Event but {event!r}; write ty.Event({event!r})"
            )
    return tuple(event.traced(system.states, system.parameters) for event in events)


def check_inputs(events: Sequence[Event], known: Sequence[Expression]) -> None:
    """Every event depends on nothing but the states, time and the parameters."""
    listed = set(inputs(known))
    for number, event in enumerate(events):
        for leaf in inputs([cast(Expression, event.expression)]):
            if leaf not in listed and leaf.op != "time":
                kind = "parameter" if leaf.op == "parameter" else "state"
                names = ", ".join(str(e) for e in known)
                raise ArgumentError(
                    f"events[{number}] depends on {leaf}, which is no {kind} of the system; "
                    f"known are {names} and time"
                )
