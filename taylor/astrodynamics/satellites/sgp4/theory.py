"""SGP4 as formulas: position and velocity of element sets at times."""

from __future__ import annotations

from taylor.astrodynamics.satellites.elements import MeanElements
from taylor.astrodynamics.satellites.sgp4.functions import EXACT, Functions
from taylor.astrodynamics.satellites.sgp4.gravity import Gravity
from taylor.astrodynamics.satellites.sgp4.lunisolar import Means, lunisolar, shifts
from taylor.astrodynamics.satellites.sgp4.motion import Mean, Motion, deep_space, motion, near_earth
from taylor.astrodynamics.satellites.sgp4.resonance import (
    STEP,
    Place,
    Resonance,
    carried,
    half_day,
    one_day,
)
from taylor.astrodynamics.satellites.sgp4.secular import SIMPLE_BELOW, Secular, is_deep, secular
from taylor.control.loops import while_loop
from taylor.errors import ArgumentError
from taylor.expressions.types import ExpressionOrArray as Value
from taylor.functions.apply import where
from taylor.functions.piecewise import floor

# The orbits of the theory, in the order of their numbers.
NEAR, LOW, DEEP, ONE_DAY, HALF_DAY = range(5)
BRANCHES = ("near-earth", "low", "deep-space", "one-day", "half-day")


def check_mode(mode: str) -> None:
    """Raise ArgumentError for a mode of operation that there is not."""
    if mode not in ("i", "a"):
        raise ArgumentError(f'mode must be "i" or "a", got {mode!r}')


def branch_of(s: Secular) -> Value:
    """The number of the orbit's branch."""
    n = s.motion
    near = where(s.height < SIMPLE_BELOW, LOW, NEAR)
    is_half_day = (n >= 8.26e-3) & (n <= 9.24e-3) & (s.e >= 0.5)
    is_day = (n > 0.0034906585) & (n < 0.0052359877)
    deep = where(is_day, ONE_DAY, where(is_half_day, HALF_DAY, DEEP))
    return where(is_deep(s), deep, near)


def motion_in(
    branch: int,
    elements: MeanElements,
    minutes: Value,
    g: Gravity,
    mode: str,
    f: Functions = EXACT,
) -> Motion:
    """Position and velocity by the formulas of a branch."""
    return motion(mean_in(branch, elements, minutes, g, mode, f), g, f)


def mean_in(
    branch: int,
    elements: MeanElements,
    minutes: Value,
    g: Gravity,
    mode: str,
    f: Functions = EXACT,
) -> Mean:
    """Mean elements at a time by the formulas of a branch."""
    s = secular(elements, g)
    if branch in (NEAR, LOW):
        return near_earth(s, minutes, branch == LOW, f)
    means, sun, moon = lunisolar(elements, s)
    kept = None
    if branch in (ONE_DAY, HALF_DAY):
        resonance = resonance_of(branch, elements, s, means, g, mode)
        kept = resonance, place_at(resonance, s, minutes, f)
    moved = shifts(sun, moon, minutes, f)
    return deep_space(s, means, moved, kept, minutes, g, mode, f)


def resonance_of(
    branch: int, elements: MeanElements, s: Secular, means: Means, g: Gravity, mode: str
) -> Resonance:
    """The resonance of the branches that have one."""
    return (one_day if branch == ONE_DAY else half_day)(elements, s, means, g, mode)


def place_at(r: Resonance, s: Secular, minutes: Value, f: Functions = EXACT) -> Place:
    """Longitude and mean motion of a resonant orbit, by steps of half a day from the epoch."""
    step = where(minutes > 0, STEP, -STEP)
    turns = floor(abs(minutes) / STEP)

    def advance(state: tuple[Value, Value, Value]) -> tuple[Value, Value, Value]:
        count, longitude, speed = state
        there = carried(r, s, Place(longitude, speed, count * step), (count + 1) * step, f)
        return count + 1, there.longitude, there.motion

    start = (0.0 * minutes, r.longitude + 0.0 * minutes, s.motion + 0.0 * minutes)
    count, longitude, speed = while_loop(lambda state: state[0] < turns, advance, start)
    return carried(r, s, Place(longitude, speed, count * step), minutes, f)
