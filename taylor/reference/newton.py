"""Newton's method in the precision of mpmath, damped or within a bracket.

The machine's own is `taylor_runtime.points.newton`; this one serves values in any precision.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

_MOST_STEPS = 500
_DIGITS_LEFT = 10  # bits by which a last step may exceed the precision


def root_from(mp: Any, look: Callable[[Any], tuple[Any, Any]], y: Sequence[Any]) -> Sequence[Any]:
    """A root from a start, by steps that are halved until the largest |g| decreases, or NaN.

    look: gives of y (g, the steps that Newton's method subtracts, None if there are none).
    """
    none = [mp.nan] * len(y)
    g, steps = look(y)
    for _ in range(_MOST_STEPS):
        if all(value == 0 for value in g):
            return y
        if steps is None or not all(map(mp.isfinite, steps)):
            return none
        moved = [value - step for value, step in zip(y, steps, strict=True)]
        sizes = [mp.ldexp(mp.eps, _DIGITS_LEFT) * abs(value) for value in moved]
        if all(abs(step) <= size for step, size in zip(steps, sizes, strict=True)):
            return moved
        # As in the machine: a point with a much longer step is on a plateau.
        share, longest = mp.mpf(1), mp.ldexp(max(map(abs, steps)), 10)
        while True:
            trial = [value - share * step for value, step in zip(y, steps, strict=True)]
            if trial == list(y):
                return none
            new, following = look(trial)
            level = following is None or max(map(abs, following)) <= longest
            if max(map(abs, new)) < max(map(abs, g)) and level:
                break
            share /= 2
        y, g, steps = trial, new, following
    return none


def root_within(mp: Any, look: Callable[[Any], Sequence[Any]], y: Any, ends: Sequence[Any]) -> Any:
    """A root between two ends at which g has unlike signs, or NaN; `look` as for `root_from`."""
    low, high = sorted(ends)
    left, right = (look(end)[0] for end in (low, high))
    if left == 0 or right == 0:
        return low if left == 0 else high
    if not left * right < 0:
        return mp.nan
    y = y if low < y < high else (low + high) / 2
    last = high - low
    for _ in range(_MOST_STEPS + 4 * int(mp.prec)):
        g, step = look(y)
        if g == 0:
            return y
        low, high = (y, high) if (g < 0) == (left < 0) else (low, y)
        usable = step is not None and mp.isfinite(step)
        tiny = mp.ldexp(mp.eps, _DIGITS_LEFT) * abs(y)
        if (usable and abs(step) <= tiny) or high - low <= tiny:
            small = usable and abs(step) <= 2 * tiny and abs(g) <= max(abs(left), abs(right))
            return y - step if small else mp.nan
        fast = usable and low <= y - step <= high and 2 * abs(step) <= last
        following = y - step if fast else (low + high) / 2
        last, y = abs(following - y), following
    return mp.nan
