"""What users pass to an integrator, checked before anything is compiled or changed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike

from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.expressions.types import Named
from taylor.numbers.precision import FLOAT64, PAIRS, Precision, as_array, leading
from taylor.numbers.times import Pair
from taylor.numbers.types import Numbers
from taylor.systems.names import Names
from taylor.systems.tolerance import MOST_ORDER


def initial_state(
    state: Numbers | Named[Numbers], kind: Precision = FLOAT64, names: Names | None = None
) -> np.ndarray:
    """`state` as a finite array of shape (n,) of numbers of the kind, (n, 2) for pairs; a copy.

    names: of the states, for values by name or in the shape of an array variable.
    """
    if isinstance(state, Mapping):
        if names is None:
            raise ArgumentTypeError("a right-hand side that is a function takes the state as array")
        listed = names.vector(state, len(kind.axes))
        numbers = [
            as_array(x, kind, f"the state {n}", 0)
            for n, x in zip(names.places, listed, strict=True)
        ]
        bad = [x.shape for x in numbers if x.shape != kind.axes]
        if bad:
            raise ArgumentError(f"the values of scalar states must be numbers, got shape {bad[0]}")
        return initial_state(np.stack(numbers), kind)
    if names is not None and len(names.shape) != 1:
        array = np.asarray(state)
        if array.shape in (names.shape, (*names.shape, *kind.axes)):
            state = array.reshape(len(names.places), *array.shape[len(names.shape) :])
    array = as_array(state, kind, "the state", 1)
    plain = leading(array, kind)
    if plain.ndim != 1:
        shape = kind.shape("n")
        found = np.shape(cast(ArrayLike, state))
        raise ArgumentError(f"the state must have shape {shape}, got shape {found}")
    if not np.isfinite(plain).all():
        place = int(np.flatnonzero(~np.isfinite(plain))[0])
        raise ArgumentError(f"the state must be finite; component {place} is {float(plain[place])}")
    return array


def series_order(order: int | None, default: int) -> int:
    """The order of the series: `order`, or `default` as far as it goes."""
    if order is None:
        return min(default, MOST_ORDER)
    if not isinstance(order, int | np.integer) or isinstance(order, bool):
        raise ArgumentTypeError(f"order must be an integer, got {order!r}")
    if not 2 <= order <= MOST_ORDER:
        raise ArgumentError(f"order must be between 2 and {MOST_ORDER}, got {order}")
    return int(order)


def largest_step(value: float) -> float:
    """An upper bound on |step|, positive, perhaps infinite."""
    try:
        if isinstance(value, bool):
            raise TypeError
        number = float(value)
    except (TypeError, ValueError):
        raise ArgumentTypeError(
            f"max_step must be a positive number (infinity: no bound), got {value!r}"
        ) from None
    if not number > 0:
        raise ArgumentError(f"max_step must be positive, got {value!r}")
    return number


def step_limit(max_steps: int | None) -> int | None:
    """A number of steps, None being any."""
    if max_steps is None:
        return None
    if not isinstance(max_steps, int | np.integer) or isinstance(max_steps, bool):
        raise ArgumentTypeError(f"max_steps must be an integer or None, got {max_steps!r}")
    if max_steps <= 0:
        raise ArgumentError(f"max_steps must be positive, got {max_steps}")
    return int(max_steps)


def check_span(now: Pair, end: Pair) -> None:
    """Raise ArgumentError where the way from now to a finite end is longer than floats go."""
    if math.isfinite(end[0]) and not math.isfinite(end[0] - now[0]):
        raise ArgumentError(
            f"the span from the current time {now[0]!r} to {end[0]!r} is beyond the range of "
            "floats; propagate in two parts, or choose another unit of time"
        )


def check_callback(callback: Any) -> None:
    """None or something to call."""
    if callback is not None and not callable(callback):
        raise ArgumentTypeError(
            f"callback must be a function of the integrator, got {type(callback).__name__}"
        )


def grid_times(times: Numbers, now: Pair, kind: Precision = FLOAT64) -> np.ndarray:
    """`times` as pairs (high, low), shape (k, 2), strictly monotonic from the current time on.

    The current time counts as its rounded value: that is what users see of it.
    """
    if kind.is_finer:
        pairs = as_array(times, PAIRS, "times", 1)
        check_grid(leading(pairs, PAIRS), now)
        return pairs
    grid = as_array(times, FLOAT64, "times")
    check_grid(grid, now)
    return as_pairs(grid)


def as_pairs(times: np.ndarray) -> np.ndarray:
    """Times (k,) as pairs (k, 2)."""
    pairs = np.zeros((len(times), 2))
    pairs[:, 0] = times
    return pairs


def check_grid(grid: np.ndarray, now: Pair) -> None:
    if grid.ndim != 1 or len(grid) == 0:
        raise ArgumentError(f"times must have shape (k,) with k >= 1, got shape {grid.shape}")
    if not np.isfinite(grid).all():
        place = int(np.flatnonzero(~np.isfinite(grid))[0])
        raise ArgumentError(f"times must be finite; times[{place}] is {float(grid[place])}")
    with np.errstate(over="ignore"):  # a span beyond the range is refused by `check_span`
        direction = np.sign(grid[-1] - (grid[0] if len(grid) > 1 else now[0]))
        wrong = np.flatnonzero(np.diff(grid) * direction <= 0)
    if len(wrong):
        place = int(wrong[0])
        raise ArgumentError(
            f"times must be strictly increasing or strictly decreasing; times[{place}] = "
            f"{float(grid[place])!r} is followed by {float(grid[place + 1])!r}"
        )
    if (grid[0] - now[0]) * direction < 0:
        raise ArgumentError(
            f"times[0] = {float(grid[0])!r} lies behind the current time {now[0]!r} in the "
            "direction of the grid, which must start at the current time or beyond it; propagate "
            "to times[0] first"
        )
