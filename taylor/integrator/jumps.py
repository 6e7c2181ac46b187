"""Jumps on the way: resets, and impulses: making them, undoing them, keeping what undoes them."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any, cast

import numpy as np

from taylor.errors import ArgumentError
from taylor.integrator.trajectory import DIGITS, Trajectory
from taylor.numbers import times as tm
from taylor.numbers.precision import Precision
from taylor.systems.amounts import evaluated, is_finite, not_finite
from taylor.systems.impulses import Made, Past
from taylor.systems.resets import Reset, values_after


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
    jump, states, names = ta._schedule.jumps[number], ta.system.states, ta._schedule.parameters
    expressions = [e for _, e in (*jump.added, *jump.wanted)]
    with working_digits(ta):
        found = evaluated(expressions, ta._inputs())
    keys = [*(states[place] for place, _ in jump.added), *(names[k] for k, _ in jump.wanted)]
    for key, e, value in zip(keys, expressions, found, strict=True):
        if not is_finite(value):
            raise ArgumentError(not_finite("Impulse", key, e, value))
    values = iter(found)
    added = [(place, next(values)) for place, _ in jump.added]
    wanted = [(names[k], next(values)) for k, _ in jump.wanted]
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


# -- resets -----------------------------------------------------------------------------------


def check_direction(ta: Trajectory, end: tm.Pair) -> None:
    """Raise ArgumentError for a way back in time, if an event resets anything."""
    number = next((n for n, event in enumerate(ta.events) if event.reset is not None), None)
    if number is not None and end < ta.time_pair:
        raise ArgumentError(
            f"events[{number}] resets the state, and a reset cannot be undone: what was before it "
            "does not follow from what is behind it, nor whether it has been. Keep what was "
            "(dense=True, or copies of the integrator), or follow the equations alone back in "
            "time, with integrator.events = [...] set to events without resets"
        )


def reset(ta: Trajectory, new: Reset) -> str:
    """Set what an event sets, all or nothing; returns what is wrong with a new value, in words."""
    with working_digits(ta):
        after = values_after(new, ta._inputs())
    targets = (ta._state, ta.parameters._values)
    keys = (ta.system.states, ta.system.parameters)
    rounded = []
    for found, placed, target, names in zip(
        after, (new.states, new.parameters), targets, keys, strict=True
    ):
        for place, e in placed:
            number = _rounded(found[place], ta._kind)
            if number is None:
                return not_finite("reset", names[place], e, found[place])
            rounded.append((target, place, number))
    for target, place, number in rounded:
        target[place] = number
    return ""


def _rounded(value: Any, kind: Precision) -> np.ndarray | None:
    """A number of the kind; None where it has none that is finite."""
    if not is_finite(value):
        return None
    if kind.is_finer:
        number = kind.rounded(value)
    else:
        with np.errstate(over="ignore"):
            number = np.array(float(value)).astype(kind.dtype)
    return number if np.isfinite(number).all() else None


def working_digits(ta: Trajectory) -> AbstractContextManager[Any]:
    """While expressions of the trajectory's numbers are evaluated."""
    if not ta._kind.is_finer:
        return nullcontext()
    from mpmath import workdps

    return cast(AbstractContextManager[Any], workdps(DIGITS))
