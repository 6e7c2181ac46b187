"""Impulses on the way: making them, undoing them, and keeping what undoes them."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from dataclasses import replace

from taylor.errors import ArgumentError
from taylor.integrator.trajectory import Trajectory
from taylor.numbers import times as tm
from taylor.systems.impulses import Made, Past, finite_number


def begin(ta: Trajectory, end: tm.Pair) -> None:
    """A propagation begins: what the user has set meanwhile has no past.

    Raises ArgumentError for jumps on the way back that cannot be undone.
    """
    past, values = ta._past, ta._values()
    if past.seen != values:
        same = past.seen is not None and past.seen[:2] == values[:2]
        past = Past((), past.waiting if same else None, values)
    ta._past = past
    now = ta.time_pair
    if end < now and math.isfinite(end[0]):
        last = bisect_left if past.waiting == now else bisect_right
        _undoing(
            ta, range(bisect_right(ta._schedule.moments, end), last(ta._schedule.moments, now))
        )


def end(ta: Trajectory) -> None:
    """A propagation ends, in whatever way: the past of what it leaves is known."""
    values = ta._values()
    own = ta._known is None or ta._known == values  # else a callback's, that was not taken
    ta._past = replace(ta._past, seen=values) if own else Past()


def leave(ta: Trajectory, backward: bool) -> bool:
    """Do what is to be done before the present time is left; returns whether there was any."""
    waiting = ta._past.waiting == ta.time_pair
    if not backward:
        return waiting and arrive(ta)
    numbers = ta._schedule.numbers_at(ta.time_pair)
    if waiting or not numbers:
        return False
    entries = _undoing(ta, numbers)
    for entry in entries:
        for place, amount in entry.added:
            ta._add(place, amount, -1)
        for name, value in entry.before:
            ta.parameters[name] = value
    known = {id(made) for made in entries}
    left = tuple(made for made in ta._past.made if id(made) not in known)
    ta._past = Past(left, waiting=ta.time_pair)
    return True


def pause(ta: Trajectory, stop: tm.Pair) -> None:
    """A way forwards ends, perhaps at the time of jumps: they are still to be made."""
    if ta.time_pair == stop and ta._schedule.numbers_at(stop):
        ta._past = replace(ta._past, waiting=stop)


def arrive(ta: Trajectory) -> bool:
    """Make the jumps at the present time: all or none; returns whether there are any."""
    numbers = ta._schedule.numbers_at(ta.time_pair)
    state, parameters = ta._state.copy(), ta.parameters.array()
    try:
        made = [_make(ta, number) for number in numbers]
    except BaseException:
        ta._state[:], ta.parameters._values[:] = state, parameters
        ta._past = replace(ta._past, waiting=ta.time_pair)
        raise
    ta._past = Past((*ta._past.made, *made))
    return bool(numbers)


def _make(ta: Trajectory, number: int) -> Made:
    jump, values = ta._schedule.jumps[number], ta._inputs()
    states, names = ta.system.states, ta._schedule.parameters
    added = [(place, finite_number(states[place], e, values)) for place, e in jump.added]
    wanted = [(names[k], finite_number(names[k], e, values)) for k, e in jump.wanted]
    before = tuple((name, ta.parameters[name]) for name, _ in wanted)
    for place, amount in added:
        ta._add(place, amount, +1)
    for name, value in wanted:
        ta.parameters[name] = value
    return Made(number, tuple(added), before)


def _undoing(ta: Trajectory, numbers: range) -> list[Made]:
    """What undoes jumps, the latest first: from the past, or where it takes none.

    Increments that are numbers are what they are on every way to the present point.
    """
    made, entries = list(ta._past.made), []
    for number in reversed(numbers):
        impulse = ta._schedule.jumps[number].impulse
        if made and made[-1].number == number:
            entries.append(made.pop())
        elif impulse.reversible:
            added = [(place, e.payload) for place, e in ta._schedule.jumps[number].added]
            entries.append(Made(number, tuple(added)))
        else:
            time = ta._schedule.jumps[number].time[0]
            raise ArgumentError(
                f"the impulse at t = {time!r} cannot be undone: this integrator has not come "
                "through it to its present state, time and parameters (or they were set "
                "since), and what was before depends on that; go back no further than "
                f"{time!r}, or keep a copy.copy(integrator) from before the impulse"
            )
    return entries
