"""Jumps at known times: impulsive manoeuvres, and schedules of parameters."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.expression import Expression, as_expression
from taylor.expression import time as time_node
from taylor.integrate import times as tm
from taylor.traverse import inputs

if TYPE_CHECKING:
    from taylor.integrate.integrator import Integrator


class Impulse:
    """At given times, states jump by `add` and parameters are set by `set`.

    times: one time or several, of any kind that `Integrator(time=...)` takes.
    add:   increments by state (or its name): numbers, or expressions of the state before the jump,
           parameters and time.
    set:   new values by parameter, numbers likewise.

    The propagation stops exactly at each time and starts anew behind it.  The state at the time
    itself is the one after the jump: in `state`, and in grids.  Backwards, jumps are undone when
    the time is left; only increments that are numbers can be.

    Raises TypeError or ValueError for arguments that are none of these.

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
        times: Any,
        add: Mapping[Expression, Any] | None = None,
        set: Mapping[Expression | str, Any] | None = None,
    ) -> None:
        several = isinstance(times, Iterable) and not isinstance(times, str | tuple)
        listed = list(times) if several else [times]
        self.times: tuple[tm.Pair, ...] = tuple(
            tm.time_pair(t, "an impulse's time") for t in listed
        )
        self.add = _amounts(add, "add")
        self.set = _amounts(set, "set")
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
        """Whether it can be undone: all increments are numbers."""
        return all(e.op == "constant" for e in self.add.values())


def _amounts(given: Any, name: str) -> dict[Any, Expression]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise ArgumentTypeError(f"Impulse: {name} must be a mapping, got {type(given).__name__}")
    amounts = {key: as_expression(value) for key, value in given.items()}
    for key, value in amounts.items():
        if value.shape != ():
            raise ArgumentError(f"Impulse: {name}[{key}] must be a scalar, got shape {value.shape}")
    return amounts


def as_impulses(impulses: Any) -> tuple[Impulse, ...]:
    """A tuple of impulses; raises TypeError for anything else."""
    if isinstance(impulses, Impulse):
        return (impulses,)
    if not isinstance(impulses, Sequence) or not all(isinstance(i, Impulse) for i in impulses):
        raise ArgumentTypeError(f"impulses must be a list of Impulse, got {impulses!r}")
    return tuple(impulses)


@dataclass(frozen=True, slots=True)
class Jump:
    """One impulse at one of its times."""

    time: tm.Pair
    impulse: Impulse


class Schedule:
    """The jumps of an integrator, in order of time."""

    def __init__(self, impulses: Any, states: Sequence[Expression], parameters: Any) -> None:
        self.impulses = as_impulses(impulses)
        known = {*inputs(states), time_node}
        self._places: dict[Any, int] = {state: place for place, state in enumerate(states)}
        self._places |= {str(state): place for place, state in enumerate(states)}
        for impulse in self.impulses:
            for state in impulse.add:
                if state not in self._places:
                    raise ArgumentError(f"Impulse: add has {state}, which is no state")
            for name in impulse.set:
                parameters[name]  # raises for one that is not
            for amount in (*impulse.add.values(), *impulse.set.values()):
                for leaf in inputs([amount]):
                    if leaf not in known and leaf.op != "parameter":
                        raise ArgumentError(f"Impulse: {amount} depends on {leaf}, no state")
        jumps = [Jump(t, i) for i in self.impulses for t in i.times]
        self.jumps = tuple(sorted(jumps, key=lambda jump: jump.time))
        self._times = [jump.time for jump in self.jumps]
        self._first = {name: parameters[name] for i in self.impulses for name in i.set}

    def next(self, now: tm.Pair, end: tm.Pair, done: tm.Pair | None) -> tuple[tm.Pair, list[Jump]]:
        """Where to go first, and the jumps to make there; those at the time `done` are made."""
        if end >= now:
            first = bisect_right(self._times, now)
            stop = self._times[first] if first < len(self._times) else end
            stop = min(stop, end)
        else:
            last = bisect_left(self._times, done) if done == now else bisect_right(self._times, now)
            stop = max(self._times[last - 1] if last else end, end)
            if stop == end:
                return end, []  # a jump at the end stays made
        where = slice(bisect_left(self._times, stop), bisect_right(self._times, stop))
        return stop, list(self.jumps[where]) if stop != now or end < now else []

    def apply(self, ta: Integrator, jumps: Sequence[Jump], backward: bool) -> None:
        """Make the jumps, or undo them."""
        for jump in jumps:
            if backward:
                self._undo(ta, jump)
            else:
                self._make(ta, jump.impulse)

    def _make(self, ta: Integrator, impulse: Impulse) -> None:
        values = ta._inputs()
        for state, amount in impulse.add.items():
            ta._add(self._places[state], _number(amount, values), +1)
        for name, amount in impulse.set.items():
            ta.parameters[name] = _number(amount, values)

    def _undo(self, ta: Integrator, jump: Jump) -> None:
        impulse = jump.impulse
        if not impulse.reversible:
            raise ArgumentError(
                f"{impulse} cannot be undone backwards: its increments depend on the state before"
            )
        for state, amount in impulse.add.items():
            ta._add(self._places[state], _number(amount, {}), -1)
        for name in impulse.set:
            earlier = [j for j in self.jumps if j.time < jump.time and name in j.impulse.set]
            value = earlier[-1].impulse.set[name] if earlier else None
            ta.parameters[name] = (
                self._first[name] if value is None else _number(value, ta._inputs())
            )


def _number(amount: Expression, values: Mapping[Expression, Any]) -> Any:
    """The value of an increment: exact where it is a number."""
    if amount.op == "constant":
        return amount.payload
    return amount.evaluate(values)
