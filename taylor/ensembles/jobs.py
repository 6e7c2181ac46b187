"""What the trajectories of an ensemble start from and where they go, checked and made arrays."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from taylor.errors import ArgumentError
from taylor.integrator.integrator import Integrator
from taylor.numbers import times as tm
from taylor.numbers.precision import FLOAT64, PAIRS, Precision, as_array, leading
from taylor.systems import arguments
from taylor_runtime.program.records import dataclass

FARTHEST = 2.0**1023  # half of a span that is beyond the range of floats


@dataclass(frozen=True, slots=True)
class Jobs:
    """r trajectories.

    states: (r, n, ..); times, ends: (r, 2) pairs; parameters: (r, m, ..); grid: (k, 2) of all, or
    (r, k, 2), or None. Further axes are those of double-doubles.

    terms: how many coefficients belong to a state, with its derivatives; 0 without any.
    """

    states: np.ndarray
    times: np.ndarray
    ends: np.ndarray
    parameters: np.ndarray
    grid: np.ndarray | None
    max_steps: int | None
    dense: bool
    terms: int = 0

    def __len__(self) -> int:
        return len(self.states)

    def part(self, first: int, last: int) -> Jobs:
        """Some of them, as views."""
        grid = self.grid[first:last] if self.grid is not None and self.grid.ndim == 3 else self.grid
        return replace(
            self,
            states=self.states[first:last],
            times=self.times[first:last],
            ends=self.ends[first:last],
            parameters=self.parameters[first:last],
            grid=grid,
        )

    def grids(self) -> np.ndarray | None:
        """A grid for each: (r, k, 2)."""
        if self.grid is None or self.grid.ndim == 3:
            return self.grid
        return np.broadcast_to(self.grid, (len(self), *self.grid.shape))

    @property
    def shape(self) -> tuple[int, ...]:
        """Of what is known of a trajectory at one time: (n, ..), with derivatives (n, M, ..)."""
        n, *axes = self.states.shape[1:]
        return (n, self.terms, *axes) if self.terms else (n, *axes)

    @property
    def numbers(self) -> int:
        """Numbers that one trajectory gives."""
        row = math.prod(self.shape)
        return row if self.grid is None else row * self.grid.shape[-2]


def make_jobs(
    integrator: Integrator,
    states: Any,
    until: Any,
    times: Any,
    parameters: Any,
    time0: Any,
    max_steps: int | None,
    dense: bool,
) -> Jobs:
    """The trajectories that the arguments of `taylor.ensemble` ask for."""
    if (until is None) == (times is None):
        raise ArgumentError("ensemble: give either until= or times=")
    kind = integrator._kind
    start = _states(integrator, states)
    values = _parameters(integrator, parameters)
    begins = _pairs(integrator.time_pair if time0 is None else time0, "time0")
    ends = None if until is None else _pairs(until, "until")
    grid = None if times is None else _grid(times, kind)
    counts = {
        "states": len(start) if start.ndim > 1 + len(kind.axes) else None,
        "parameters": len(values) if values.ndim > 1 + len(kind.axes) else None,
        "time0": len(begins) if begins.ndim == 2 else None,
        "until": len(ends) if ends is not None and ends.ndim == 2 else None,
        "times": len(grid) if grid is not None and grid.ndim == 3 else None,
    }
    count = _common(counts)
    if grid is not None:
        _check_grids(grid, _rows(begins, count, 1), kind)
        ends = grid[..., -1, :]
    assert ends is not None
    _check_spans(begins, ends)
    return Jobs(
        states=_rows(start, count, 1 + len(kind.axes)),
        times=_rows(begins, count, 1),
        ends=_rows(ends, count, 1),
        parameters=_rows(values, count, 1 + len(kind.axes)),
        grid=grid,
        max_steps=arguments.step_limit(max_steps),
        dense=bool(dense),
        terms=0 if integrator._flow is None else integrator._flow.variations.size,
    )


def _check_spans(begins: np.ndarray, ends: np.ndarray) -> None:
    """Raise ArgumentError where a trajectory goes farther than floats do."""
    halves = 0.5 * ends[..., 0] - 0.5 * begins[..., 0]
    far = np.abs(halves) >= FARTHEST
    if far.any() and (far := far & np.isfinite(ends[..., 0])).any():
        raise ArgumentError(
            f"ensemble: the span of trajectory {int(np.flatnonzero(far)[0])} is beyond the range "
            "of floats; choose another unit of time"
        )


def _common(counts: Mapping[str, int | None]) -> int:
    """How many trajectories there are."""
    given = {name: count for name, count in counts.items() if count is not None}
    if len(set(given.values())) > 1:
        listed = ", ".join(f"{name} for {count}" for name, count in given.items())
        raise ArgumentError(f"ensemble: the arguments are not for as many trajectories: {listed}")
    return next(iter(given.values()), 1)


def _rows(values: np.ndarray, count: int, ndim: int) -> np.ndarray:
    """One for each trajectory, a view: as `numpy.broadcast_to`, which takes ten times as long."""
    if values.ndim > ndim:
        return values
    if not values.flags.c_contiguous:
        values = np.ascontiguousarray(values)
    return np.ndarray((count, *values.shape), values.dtype, values, 0, (0, *values.strides))


def _states(integrator: Integrator, states: Any) -> np.ndarray:
    """(r, n, ..) or (n, ..)."""
    kind, n = integrator._kind, len(integrator.system)
    array = as_array(states, kind, "ensemble: states", kind.ndim_of(states, most=2))
    first = leading(array, kind)
    if first.ndim not in (1, 2) or first.shape[-1] != n:
        raise ArgumentError(
            f"ensemble: states must have shape (trajectories, {n}), or ({n},) where all start "
            f"alike, got shape {np.shape(states)}"
        )
    return array


def _parameters(integrator: Integrator, given: Any) -> np.ndarray:
    """(r, m, ..) or (m, ..); the integrator's own where none are given."""
    kind, own = integrator._kind, integrator.parameters.array()
    m = len(own)
    if given is None:
        return own
    if not isinstance(given, Mapping):
        array = as_array(given, kind, "ensemble: parameters", kind.ndim_of(given, most=2))
        shape = leading(array, kind).shape
        if len(shape) not in (1, 2) or shape[-1] != m:
            raise ArgumentError(
                f"ensemble: parameters must be a mapping or have shape (trajectories, {m}) or "
                f"({m},), got shape {np.shape(given)}"
            )
        return array
    names = integrator.parameters._names
    columns = {
        place: _column(number, kind, key)
        for key, value in given.items()
        for place, number in names.spread(key, value, len(kind.axes))
    }
    listed = list(names.places)
    counts = {listed[k]: len(c) for k, c in columns.items() if c.ndim > len(kind.axes)}
    if not counts:
        values = own
    else:
        values = np.array(np.broadcast_to(own, (_common(counts), *own.shape)))
    parts: list[Any] = [slice(None)] * len(kind.axes)
    for place, column in columns.items():
        values[(..., place, *parts)] = column
    return values


def _column(value: Any, kind: Precision, key: Any) -> np.ndarray:
    """One parameter: a number of the kind, or (r,) of them."""
    array = np.array(value)
    whole = kind.has_axis and array.dtype.kind == "f" and array.shape[-1:] == kind.axes
    column = as_array(value, kind, f"ensemble: parameter {key}", array.ndim - whole)
    if leading(column, kind).ndim > 1:
        raise ArgumentError(
            f"ensemble: parameter {key} must be a number or have shape (trajectories,), got shape "
            f"{array.shape}"
        )
    return column


def _pairs(given: Any, name: str) -> np.ndarray:
    """A time as a pair (2,), or (r, 2) of them."""
    if isinstance(given, np.ndarray) and given.dtype.kind in "fiu" and given.ndim in (1, 2):
        pairs = given if given.ndim == 2 else np.stack([given, np.zeros(len(given))], axis=-1)
        pairs = pairs.astype(float)
        if pairs.shape[1] != 2:
            raise ArgumentError(
                f"ensemble: {name} must be one time, (trajectories,), or (trajectories, 2) of "
                f"pairs, got shape {given.shape}"
            )
        bad = np.flatnonzero(~np.isfinite(pairs).all(axis=1))
        if len(bad):
            raise ArgumentError(
                f"ensemble: {name} must be finite; of trajectory {bad[0]} it is "
                f"{float(pairs[bad[0], 0])}"
            )
        return pairs
    if isinstance(given, list | np.ndarray) and np.ndim(given) > 0:
        listed = [tm.time_pair(_pair(t), f"{name} of trajectory {i}") for i, t in enumerate(given)]
        return np.array(listed, dtype=float).reshape(len(listed), 2)
    return np.array(tm.time_pair(given, name))


def _pair(value: Any) -> Any:
    return tuple(value) if isinstance(value, list | np.ndarray) else value


def _grid(times: Any, kind: Precision) -> np.ndarray:
    """(k, 2) or (r, k, 2) of pairs."""
    ndim, shape = np.ndim(times), np.shape(times)
    if kind.is_finer:
        paired = ndim == 3 or (ndim == 2 and shape[-1] == 2)
        grid = as_array(times, PAIRS, "ensemble: times", ndim - paired)
    else:
        plain = as_array(times, FLOAT64, "ensemble: times")
        grid = np.stack([plain, np.zeros_like(plain)], axis=-1)
    if grid.ndim not in (2, 3) or 0 in grid.shape:
        raise ArgumentError(
            f"ensemble: times must have shape (times,) or (trajectories, times), got shape {shape}"
        )
    return grid


def _check_grids(grid: np.ndarray, begins: np.ndarray, kind: Precision) -> None:
    """Strictly monotonic from the start of each trajectory on, as for one integrator."""
    t = grid[..., 0].reshape(-1, grid.shape[-2])
    now = begins[:, :1]
    with np.errstate(invalid="ignore"):
        whole = np.sign(t[:, -1:] - t[:, :1]) if t.shape[1] > 1 else np.sign(t - now)
        good = np.isfinite(t).all(axis=1) & (np.diff(t) * whole > 0).all(axis=1)
        ahead = (t[:, :1] - now) * whole >= 0
    wrong = np.flatnonzero(~(good & ahead[:, 0]))
    if len(wrong):
        row = int(wrong[0])
        own = grid if grid.ndim == 2 else grid[row]
        try:
            arguments.check_grid(own[:, 0], (float(now[row, 0]), float(begins[row, 1])))
        except ValueError as error:
            raise ArgumentError(f"ensemble: trajectory {row}: {error}") from None
