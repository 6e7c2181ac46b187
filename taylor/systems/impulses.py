"""Jumps at known times: impulsive manoeuvres, and schedules of parameters."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import Any, cast

from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import time as time_node
from taylor.expressions.types import ExpressionLike, Named
from taylor.nodes.traverse import inputs
from taylor.numbers import times as tm
from taylor.numbers.types import Time
from taylor.systems.amounts import Placed, amounts, placed
from taylor.systems.names import Names, names_of
from taylor_runtime.program.records import dataclass


class Impulse:
    """At given times, states jump by `add` and parameters are set by `set`.

    times: one time or several, of any kind that `Integrator(time=...)` takes; one that depends on
           parameters is an event, `Event(taylor.time - T, direction=1, reset={...})`.
    add:   increments by state (or its name): numbers, or expressions of the state before the jump,
           parameters and time; of an array variable an array of them, or an array expression.
    set:   new values by parameter, likewise.

    The propagation stops exactly at each time and starts anew behind it.  The state at the time
    itself is the one after the jump: in `state`, and in grids.  Backwards, jumps are undone when
    the time is left, by what was done when they were made.  Where they were not, because the
    integrator started behind them, or where state, time or parameters were set since, only
    increments that are numbers can be undone; for others, propagation backwards is refused.

    Raises TypeError or ValueError for arguments that are none of these, for numbers that are not
    real and finite, for wrong shapes, and for a state or parameter that is given twice.

    >>> import taylor as ty
    >>> x, v = ty.variables("x v")
    >>> kick = ty.Impulse(1.0, add={v: 2.0})
    >>> ta = ty.Integrator([(x, v), (v, 0)], [0.0, 1.0], impulses=[kick])
    >>> outcome = ta.propagate_until(3.0)
    >>> ta.state
    array([7., 3.])
    """

    def __init__(
        self,
        times: Time | Iterable[Time],
        add: Named[ExpressionLike] | None = None,
        set: Named[ExpressionLike] | None = None,
    ) -> None:
        if isinstance(times, Expression):
            raise ArgumentTypeError(
                f"Impulse: times are numbers, got {times}; for a time that depends on parameters "
                "give an event, taylor.Event(taylor.time - T, direction=1, reset={...})"
            )
        several = isinstance(times, Iterable) and not isinstance(times, str | tuple)
        listed = list(cast(Iterable[Time], times)) if several else [cast(Time, times)]
        self.times: tuple[tm.Pair, ...] = tuple(
            tm.time_pair(t, "an impulse's time") for t in listed
        )
        self.add = {} if add is None else amounts(add, "Impulse: add")
        self.set = {} if set is None else amounts(set, "Impulse: set")
        if not self.times:
            raise ArgumentError("Impulse: give at least one time")
        if not self.add and not self.set:
            raise ArgumentError("Impulse: give increments `add` of states or values `set`")

    def __repr__(self) -> str:
        first = ", ".join(repr(t[0]) for t in self.times[:3])
        more = ", ..." if len(self.times) > 3 else ""
        return f"Impulse([{first}{more}], add={self.add}, set={self.set})"

    @property
    def expressions(self) -> list[Expression]:
        """All that it mentions."""
        named = [key for key in self.set if isinstance(key, Expression)]
        return [*named, *self.add.values(), *self.set.values()]

    @property
    def reversible(self) -> bool:
        """Whether it can be undone whatever was before: increments that are numbers alone."""
        return not self.set and all(e.op == "constant" for e in self.add.values())


def as_impulses(impulses: Any) -> tuple[Impulse, ...]:
    """A tuple of impulses; raises TypeError for anything else."""
    if isinstance(impulses, Impulse):
        return (impulses,)
    if not isinstance(impulses, Sequence) or not all(isinstance(i, Impulse) for i in impulses):
        raise ArgumentTypeError(f"impulses must be a list of Impulse, got {impulses!r}")
    return tuple(impulses)


@dataclass(frozen=True, slots=True)
class Jump:
    """One impulse at one of its times.

    added, wanted: what it adds to states and sets parameters to, scalars by their places.
    """

    time: tm.Pair
    impulse: Impulse
    added: Placed
    wanted: Placed


@dataclass(frozen=True, slots=True)
class Made:
    """What undoes a jump: the increments by place, and the parameters' values before it."""

    number: int
    added: tuple[tuple[int, Any], ...]
    before: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Past:
    """The jumps that led to the present point, the latest last.

    waiting: where this is the present time, the state is the one before the jumps there.
    seen:    the point (state, time, parameters) that this is the past of; None: unknown.
    """

    made: tuple[Made, ...] = ()
    waiting: tm.Pair | None = None
    seen: tuple[Any, ...] | None = None


class Schedule:
    """The jumps of an integrator, in order of time; `integrator.jumps` makes and undoes them.

    moments:    the times of the jumps.
    """

    def __init__(
        self, impulses: Any, states: Sequence[Expression], parameters: Sequence[Expression]
    ) -> None:
        self.impulses = as_impulses(impulses)
        self._parameters = parameters
        known = {*inputs(states), time_node} if self.impulses else set()
        own, others = Names(states, "state"), Names(parameters, "parameter", partial=True)
        jumps: list[Jump] = []
        for impulse in self.impulses:
            added = placed("Impulse: add", impulse.add, own)
            wanted = placed("Impulse: set", impulse.set, others)
            for amount in (*impulse.add.values(), *impulse.set.values()):
                for leaf in inputs([amount]):
                    if leaf not in known and leaf.op != "parameter":
                        raise ArgumentError(f"Impulse: {amount} depends on {leaf}, no state")
            jumps += [Jump(t, impulse, added, wanted) for t in impulse.times]
        self.jumps = tuple(sorted(jumps, key=lambda jump: jump.time))
        self.moments = [jump.time for jump in self.jumps]

    @property
    def parameters(self) -> list[str]:
        """The names of parameters."""
        return names_of(self._parameters)

    def stop(self, now: tm.Pair, end: tm.Pair) -> tm.Pair:
        """Where to go first."""
        if end >= now:
            first = bisect_right(self.moments, now)
            return min(self.moments[first], end) if first < len(self.moments) else end
        last = bisect_left(self.moments, now)
        return max(self.moments[last - 1], end) if last else end

    def numbers_at(self, now: tm.Pair) -> range:
        """Which of the jumps are at a time."""
        return range(bisect_left(self.moments, now), bisect_right(self.moments, now))
