"""Events: zeros of functions of the solution, and what was seen of them."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import field
from typing import Any, TypeAlias, cast

import numpy as np

from taylor.control.unrolled import unrolled
from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import as_expression, time
from taylor.expressions.object_arrays import expression_array
from taylor.expressions.trace import positional_count, takes_parameters, trace_function
from taylor.expressions.types import ExpressionLike, Named, Operand, UserFunction
from taylor.nodes.node import CONDITIONS
from taylor.nodes.traverse import inputs
from taylor.polynomials.polynomial import Polynomial
from taylor.systems.resets import Pairs, as_pairs, placed_resets, traced
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
    reset:      new values of states and parameters by variable, parameter or name: numbers, or
                expressions of the state before, parameters and time; of an array an array of them.
                All are set at once.  Or a function of arrays, as a right-hand side may be, that
                returns the new y.  The attribute has pairs of keys and expressions.

    All zeros of a step are found, in order of time, at no cost in steps: every change of sign,
    through jumps, poles and kinks as well.  A zero at which g touches zero without a change of sign
    (direction 0, seen by `direction=0` alone) is found if it shows in how g is written, as an even
    power or an absolute value, or if |g| there is below its rounding error, about 1e-15 of the
    sizes of its terms, and counts once.  Where singularities of g cannot be taken out of it, as in
    gamma(x) - 2, zeros close to them may be missed; `outcome.message` says so.  A zero at the
    very start is recorded, but neither stops, nor calls, nor resets.

    At a zero, first the reset is made, then the callback called, which sees the state behind the
    reset; a terminal event ends the propagation there, behind the reset, from where it can go on.
    Of several events at one time each does so in the order of the list, from what those before it
    have left: two walls that meet in a corner turn a ball round.  Records show the state before
    all of that, grids at that very time the state behind it, and so does dense output where the
    run goes on.  A jump across a surface is no zero of its event; one that leads to a surface is
    as a start there.  The event itself does not happen again at that time; a ball that bounces
    ever sooner ends with status ACCUMULATING.  A new value that is not finite ends with NON_FINITE,
    and nothing is set.  At the time of an impulse the reset is made first.  What was before a reset
    does not follow from what is behind it, nor whether there was one: integrators that have resets
    do not go back in time.

    Raises TypeError or ValueError for arguments that are none of these.

    >>> import numpy as np, taylor as ty
    >>> x, v = ty.variables("x v")
    >>> ta = ty.Integrator([(x, v), (v, -x)], [0.0, 1.0], events=[ty.Event(x, direction=-1)])
    >>> outcome = ta.propagate_until(10.0)
    >>> outcome.events[0].times / np.pi
    array([1., 3.])

    A ball that falls from 1 m and keeps 0.9 of its speed at every impact:

    >>> ground = ty.Event(x, direction=-1, reset={v: -0.9 * v})
    >>> ball = ty.Integrator([(x, v), (v, -9.8)], [1.0, 0.0], events=[ground])
    >>> outcome = ball.propagate_until(2.0)
    >>> outcome.events[0].times.round(6)
    array([0.451754, 1.264911, 1.996752])
    >>> bool(outcome.events[0].states[0, 1] < 0 < ball[v])
    True
    """

    expression: Expression | UserFunction
    terminal: bool
    direction: int
    callback: Callback | None
    cooldown: float
    reset: Pairs | UserFunction | None

    def __init__(
        self,
        expression: Operand | UserFunction,
        terminal: bool = False,
        direction: int = 0,
        callback: Callback | None = None,
        cooldown: float = 0.0,
        reset: Named[ExpressionLike] | UserFunction | None = None,
    ) -> None:
        is_function = callable(expression) and not isinstance(expression, Expression)
        g = _checked_function(expression, "g") if is_function else _checked(expression)
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
            ("reset", _checked_reset(reset)),
        ):
            object.__setattr__(self, name, value)

    @property
    def asks(self) -> bool:
        """Whether something is to be done at its zeros but to record them and to stop."""
        return self.callback is not None or self.reset is not None

    @property
    def expressions(self) -> list[Expression]:
        """All that it mentions, when functions of arrays are traced."""
        pairs = cast(Pairs, self.reset or ())
        named = [key for key, _ in pairs if isinstance(key, Expression)]
        return [cast(Expression, self.expression), *named, *(value for _, value in pairs)]

    def deep_copy(self, memo: dict[int, object]) -> Event:
        """The event with a callback of its own."""
        return self._with("callback", copy.deepcopy(self.callback, memo))

    def traced(self, states: Sequence[Expression], parameters: Sequence[Expression]) -> Event:
        """The event with functions of arrays replaced by their expressions."""
        event = self
        if not isinstance(self.expression, Expression):
            y, p = expression_array(list(states)), expression_array(list(parameters))
            given = (time, y, p)[: 3 if takes_parameters(self.expression, len(p)) else 2]
            event = event._with("expression", _checked(trace_function(self.expression, *given)))
        if callable(self.reset):
            event = event._with("reset", traced(self.reset, states, parameters))
        return event

    def _with(self, name: str, value: object) -> Event:
        event = copy.copy(self)
        object.__setattr__(event, name, value)
        return event


def _checked_function(function: Any, called: str) -> Any:
    count = positional_count(function)
    if count not in (None, 2, 3):
        name = getattr(function, "__qualname__", None) or type(function).__name__
        raise ArgumentError(
            f"Event: {name} takes {count} positional argument(s); a function of an event is "
            f"{called}(t, y) or {called}(t, y, p)"
        )
    return function


def _checked_reset(reset: Any) -> Pairs | UserFunction | None:
    if callable(reset):
        return cast(UserFunction, _checked_function(reset, "reset"))
    return None if reset is None else as_pairs(reset)


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
    g = unrolled("Event", [g])[0]
    if g.op == "constant":
        raise ArgumentError(f"Event: the expression is constant, {g}")
    return g


@dataclass(frozen=True, slots=True)
class Crossings(Versioned):
    """The zeros of one event in one propagation, in order of time.

    times:      (k,), or (k, 2) of pairs in double-double.
    time_pairs: (k, 2): the same as sums high + low, as `Integrator.time_pair`.
    states:     (k, n), or (k, n, 2): the solution there, before a reset or a callback changed it.
    directions: (k,) of +1 (g grows with time), -1, or 0 where it touches zero.
    time_maps, state_maps: of a variational system, times (k,) and states (k, n) as polynomials in
                the displacements: where displaced solutions meet the surface.  NaN where that is
                not known: at a touch, and at the very start of a propagation.

    >>> import taylor as ty
    >>> x, v = ty.variables("x v")
    >>> ta = ty.Integrator([(x, v), (v, -x)], [1.0, 0.0], events=[ty.Event(x)])
    >>> zeros = ta.propagate_until(5.0).events[0]
    >>> zeros.times.round(12).tolist(), zeros.directions.tolist()
    ([1.570796326795, 4.712388980385], [-1, 1])
    """

    times: np.ndarray
    states: np.ndarray = field(repr=False)
    directions: np.ndarray = field(repr=False)
    time_pairs: np.ndarray = field(repr=False)
    time_maps: Polynomial | None = field(default=None, repr=False)
    state_maps: Polynomial | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.times)


def no_crossings(states: int) -> Crossings:
    """Of an event that did not happen, in float64."""
    instants, directions = np.empty((0, 2)), np.empty(0, np.int8)
    return Crossings(np.empty(0), np.empty((0, states)), directions, instants)


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


def check_events(events: Sequence[Event], system: System) -> None:
    """Every event depends on, and resets, nothing but states and parameters; time is known, too.

    Raises ArgumentError for one that does not.
    """
    if not events:
        return
    known = (*system.states, *system.parameters)
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
    placed_resets([event.reset for event in events], system)
