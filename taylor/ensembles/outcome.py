"""What an ensemble of trajectories gives."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import field
from typing import Any

import numpy as np

from taylor.ensembles.events import Found
from taylor.ensembles.jobs import Jobs
from taylor.ensembles.maps import EnsembleMaps, as_polynomials, values_of
from taylor.ensembles.stream import Stream
from taylor.ensembles.worker import CODES, STATUSES, Results
from taylor.expressions.expression import Expression
from taylor.integrator.integrator import Integrator
from taylor.integrator.outcome import Status
from taylor.machines.dense import DenseOutput
from taylor.polynomials.polynomial import Polynomial
from taylor.systems.events import Crossings
from taylor.systems.names import Key, Names
from taylor.systems.versions import Versioned
from taylor_runtime.program.records import dataclass


@dataclass(frozen=True)
class EnsembleRecords(Versioned):
    """Zeros of events along all trajectories: k records in flat arrays.

    offsets:    (trajectories + 1,): those of trajectory i are `offsets[i] : offsets[i + 1]`, in
                order of time.
    times:      (k,), or (k, 2) of pairs in double-double.
    time_pairs: (k, 2): the same as sums high + low.
    states:     (k, n), or (k, n, 2).
    directions: (k,) of +1, -1 or 0, as in `Crossings`.
    events:     (k,), which event it is: its number in the list.
    time_maps, state_maps: of a variational system, times (k,) and states (k, n) as polynomials in
                the displacements, as in `Crossings`.

    `records[i]` is the part of trajectory i: a tuple of one `Crossings` for each event.

    >>> import taylor as ty
    >>> x, v = ty.variables("x v")
    >>> ta = ty.Integrator([(x, v), (v, -x)], [1.0, 0.0], events=[ty.Event(x)])
    >>> records = ty.ensemble(ta, [[1.0, 0.0], [0.0, 1.0]], until=4.0).events
    >>> records.offsets.tolist(), records[1][0].times.round(12).tolist()
    ([0, 1, 3], [0.0, 3.14159265359])
    """

    offsets: np.ndarray
    times: np.ndarray
    states: np.ndarray = field(repr=False)
    directions: np.ndarray = field(repr=False)
    events: np.ndarray = field(repr=False)
    time_pairs: np.ndarray = field(repr=False)
    kinds: int = 1  # how many events were watched
    time_maps: Polynomial | None = field(default=None, repr=False)
    state_maps: Polynomial | None = field(default=None, repr=False)

    def __len__(self) -> int:
        """The number of trajectories."""
        return len(self.offsets) - 1

    def __getitem__(self, trajectory: int) -> tuple[Crossings, ...]:
        row = range(len(self))[trajectory]
        part = slice(self.offsets[row], self.offsets[row + 1])
        own = self.events[part]
        return tuple(
            Crossings(
                self.times[part][own == number],
                self.states[part][own == number],
                self.directions[part][own == number],
                self.time_pairs[part][own == number],
                *(
                    None if maps is None else maps[part][own == number]
                    for maps in (self.time_maps, self.state_maps)
                ),
            )
            for number in range(self.kinds)
        )


@dataclass(frozen=True)
class EnsembleOutcome(Versioned):
    """Result of `taylor.ensemble`, one row for each trajectory.

    states:       (trajectories, n): the last state; for a grid (trajectories, times, n), NaN where
                  a trajectory did not come. In double-double a last axis has pairs. A memory map
                  if `output` was given.
    status:       (trajectories,) of `Status`: `outcome.status == ty.Status.REACHED` is an array.
    times:        (trajectories,): the time reached.
    steps:        (trajectories,): steps taken.
    messages:     what happened, in words, by trajectory, where it was not the ordinary.
    grid:         the times of the grid, (times,) or (trajectories, times), or None.
    final_states: (trajectories, n): the last state, for a grid too.
    events:       `EnsembleRecords` of the integrator's events, None without any.
    switches:     the same of the switching surfaces of the right-hand side.
    dense:        tuple of a `DenseOutput` for each trajectory (None where no step was taken), if
                  `dense=True` was asked for.

    variables:    the states of the system, in their order.
    maps:         coefficients of `flow_maps`, of a variational system.

    `outcome[x]` is a variable (or its name) of all trajectories, as `states` has it: shape
    (trajectories,), or (trajectories, times) for a grid, and behind that the variable's.

    Of a variational system (see `taylor.variational`), `flow_maps` are the states as polynomials
    in the displacements.  Where a row has no derivatives (behind a callback that changed its
    state, a surface that was touched only, ...), its map is the state and NaN for all
    derivatives, at all times of a grid, and `messages` says why; its status is not changed.
    `output` then has the coefficients of the maps, a last axis of M (in double-double, before that
    of pairs), and `states` is a view of the first ones.

    A trajectory that had not been finished at Ctrl-C has status INTERRUPTED, NaN states and time,
    no steps and no records.

    >>> import taylor as ty
    >>> x = ty.variable("x")
    >>> fan = ty.ensemble(ty.Integrator([(x, -x)], [1.0]), [[1.0], [2.0]], until=1.0)
    >>> fan.success, fan.states.round(12).tolist()
    (True, [[0.367879441171], [0.735758882343]])
    """

    states: np.ndarray = field(repr=False)
    status: np.ndarray = field(repr=False)
    times: np.ndarray = field(repr=False)
    steps: np.ndarray = field(repr=False)
    final_states: np.ndarray = field(repr=False)
    messages: dict[int, str] = field(default_factory=dict, repr=False)
    grid: np.ndarray | None = field(default=None, repr=False)
    events: EnsembleRecords | None = field(default=None, repr=False)
    switches: EnsembleRecords | None = field(default=None, repr=False)
    dense: tuple[DenseOutput | None, ...] | None = field(default=None, repr=False)
    variables: Sequence[Expression] = field(default=(), repr=False)
    maps: EnsembleMaps | None = field(default=None, repr=False)

    @property
    def flow_maps(self) -> Polynomial | None:
        """What `states` has, as polynomials: (trajectories, n), or (trajectories, times, n) for a
        grid.  None unless the system is variational.

        >>> import taylor as ty
        >>> x, k = ty.variable("x"), ty.parameter("k")
        >>> ta = ty.Integrator(ty.variational([(x, -k * x)], 2), [1.0], parameters={k: 1.0})
        >>> outcome = ty.ensemble(ta, [[1.0], [2.0]], until=np.log(2), parameters={k: [1.0, 2.0]})
        >>> outcome.flow_maps.shape, outcome.state_transition_matrix.round(12).tolist()
        ((2, 1), [[[0.5]], [[0.25]]])
        >>> print(outcome.flow_maps[1, 0].coefficients.round(12))
        [0.5  0.25 0.  ]
        """
        return None if self.maps is None else self.maps.polynomials(final=False)

    @property
    def final_flow_maps(self) -> Polynomial | None:
        """What `final_states` has, as polynomials: (trajectories, n)."""
        return None if self.maps is None else self.maps.polynomials(final=True)

    @property
    def state_transition_matrix(self) -> np.ndarray | None:
        """First derivatives of `states`: (trajectories, n, variables), for a grid (trajectories,
        times, n, variables), in double-double with a last axis of pairs.
        """
        maps = self.flow_maps
        return None if maps is None else maps.jacobian

    def __getitem__(self, key: Key) -> np.ndarray:
        """A variable of all trajectories at the end or, with the times as second axis, over the
        grid.

        Raises ArgumentError for what is no state of the system.
        """
        places = Names(self.variables, "state")[key]
        return self.states[:, places] if self.grid is None else self.states[:, :, places]

    def __len__(self) -> int:
        """The number of trajectories."""
        return len(self.status)

    @property
    def reached(self) -> np.ndarray:
        """(trajectories,) of bool: which came to the end."""
        return self.status == Status.REACHED

    @property
    def success(self) -> bool:
        """Whether all did."""
        return bool(self.reached.all())

    @property
    def interrupted(self) -> bool:
        """Whether any was not finished."""
        return bool((self.status == Status.INTERRUPTED).any())

    def counts(self) -> dict[Status, int]:
        """How many trajectories have which status."""
        return {s: n for s in Status if (n := int(np.sum(self.status == s)))}

    def __repr__(self) -> str:
        listed = ", ".join(f"{n} {status.name}" for status, n in self.counts().items())
        return f"EnsembleOutcome({len(self)} trajectories: {listed})"


_STATUSES = np.array(STATUSES, dtype=object)


class Gatherer:
    """Puts the results of shares, coming in any order from any thread, into whole arrays."""

    def __init__(self, jobs: Jobs, output: Any, integrator: Integrator) -> None:
        count, rest = len(jobs), jobs.shape
        self.jobs = jobs
        self.integrator = integrator
        self.lock = threading.Lock()
        dtype = jobs.states.dtype
        self.times = np.full((count, 2), np.nan)
        self.codes = np.full(count, CODES[Status.INTERRUPTED], dtype=np.int8)
        self.steps = np.zeros(count, dtype=np.int64)
        self.messages: dict[int, str] = {}
        self.found: tuple[dict[int, Found], dict[int, Found]] = ({}, {})
        self.dense: list[DenseOutput | None] = [None] * count if jobs.dense else []
        shape = rest if jobs.grid is None else (jobs.grid.shape[-2], *rest)
        self.stream = None if output is None else Stream(output, (count, *shape), dtype)
        self.grid = None
        if jobs.grid is not None and self.stream is None:
            self.grid = np.empty((count, *shape), dtype=dtype)
        self.states = None
        if jobs.grid is not None or self.stream is None:
            self.states = np.empty((count, *rest), dtype=dtype)

    def put(self, first: int, results: Results) -> None:
        """The results of the trajectories from `first` on."""
        rows = slice(first, first + len(results.codes))
        if self.states is not None:
            self.states[rows] = results.states
        self.times[rows], self.steps[rows] = results.times, results.steps
        shown = results.states if results.grid is None else results.grid
        if self.stream is not None:
            self.stream.put(first, shown)
        elif self.grid is not None:
            self.grid[rows] = shown
        if results.dense is not None:
            self.dense[rows] = results.dense
        with self.lock:
            self.messages |= {first + row: text for row, text in results.messages.items()}
            for found, kept in zip((results.events, results.switches), self.found, strict=True):
                if found is not None:
                    kept[first] = found
        self.codes[rows] = results.codes  # last: what has a status is complete

    def finish(self, missing: str) -> EnsembleOutcome:
        """Everything; `missing` says why there are trajectories without results, if one knows."""
        jobs = self.jobs
        undone = np.flatnonzero(self.codes == CODES[Status.INTERRUPTED])
        if missing:
            self.messages |= {int(row): missing for row in undone}
        for kept in (self.grid, self.states):
            if kept is not None:
                kept[undone] = np.nan
        shown = self.grid if self.grid is not None else self.states
        if self.stream is not None:
            shown = self.stream.finish(undone)
        assert shown is not None
        final = shown if self.states is None else self.states
        maps = self._maps(shown, final)
        if maps is not None:
            shown, final = (values_of(array, maps.kind) for array in (shown, final))
        pairs = jobs.states.ndim > 2
        grid = None
        if jobs.grid is not None:
            grid = np.array(jobs.grid if pairs else jobs.grid[..., 0])
        events, switches = (self._records(which) for which in range(2))
        return EnsembleOutcome(
            states=shown,
            status=_STATUSES[self.codes],
            times=self.times if pairs else self.times[:, 0].copy(),
            steps=self.steps,
            messages=dict(sorted(self.messages.items())),
            grid=grid,
            final_states=final,
            events=events,
            switches=switches,
            dense=tuple(self.dense) if jobs.dense else None,
            variables=self.integrator.system.states,
            maps=maps,
        )

    def _maps(self, shown: np.ndarray, final: np.ndarray) -> EnsembleMaps | None:
        """What is known with derivatives, if the system is variational."""
        ta = self.integrator
        if ta._flow is None:
            return None
        return EnsembleMaps(shown, final, ta._flow.variations.space, ta._kind)

    def _records(self, which: int) -> EnsembleRecords | None:
        """The records of all shares one behind the other."""
        ta = self.integrator
        kinds = len(ta.switches if which else ta.events)
        if not kinds:
            return None
        jobs, kept = self.jobs, self.found[which]
        parts = [kept[first] for first in sorted(kept)]
        counts = np.zeros(len(jobs), dtype=np.int64)
        for first, found in kept.items():
            counts[first : first + len(found.counts)] = found.counts
        rest = jobs.states.shape[1:]
        pairs = np.concatenate([np.empty((0, 2)), *(p.times for p in parts)])
        return EnsembleRecords(
            offsets=np.concatenate([[0], np.cumsum(counts)]),
            times=pairs.copy() if len(rest) > 1 else pairs.sum(axis=1),
            time_pairs=pairs,
            states=np.concatenate(
                [np.empty((0, *rest), jobs.states.dtype), *(p.states for p in parts)]
            ),
            directions=np.concatenate([np.empty(0, np.int8), *(p.directions for p in parts)]),
            events=np.concatenate([np.empty(0, np.int64), *(p.numbers for p in parts)]),
            kinds=kinds,
            **({} if which else self._event_maps(parts)),
        )

    def _event_maps(self, parts: Sequence[Found]) -> dict[str, Polynomial]:
        """Times and states of events with derivatives, if the system is variational."""
        jobs, ta = self.jobs, self.integrator
        if ta._flow is None:
            return {}
        found = {}
        for name, shape in (("time_maps", jobs.shape[1:]), ("state_maps", jobs.shape)):
            listed = [np.empty((0, *shape), jobs.states.dtype)]
            listed += [maps for part in parts if (maps := getattr(part, name)) is not None]
            found[name] = as_polynomials(
                np.concatenate(listed), ta._flow.variations.space, ta._kind
            )
        return found
