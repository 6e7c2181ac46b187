"""Putting together what the shares of an ensemble give."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from taylor.ensembles.events import Found
from taylor.ensembles.jobs import Jobs
from taylor.ensembles.maps import EnsembleMaps, as_polynomials, values_of
from taylor.ensembles.outcome import EnsembleOutcome, EnsembleRecords
from taylor.ensembles.stream import Stream
from taylor.ensembles.worker import CODES, STATUSES, Results
from taylor.integrator.integrator import Integrator
from taylor.integrator.outcome import Status
from taylor.machines.dense import DenseOutput
from taylor.polynomials.polynomial import Polynomial

_STATUSES = np.array(STATUSES, dtype=object)


class Gatherer:
    """Puts the results of shares, coming in any order from any thread, into whole arrays.

    whole: all results, where they are known; the arrays are theirs.
    """

    def __init__(
        self, jobs: Jobs, output: Any, integrator: Integrator, whole: Results | None = None
    ) -> None:
        self.jobs = jobs
        self.integrator = integrator
        self.found: tuple[dict[int, Found], dict[int, Found]] = ({}, {})
        self.stream: Stream | None = None
        if whole is None:
            self._make_room(output)
            return
        self.times, self.codes, self.steps = whole.times, whole.codes, whole.steps
        self.states: np.ndarray | None = whole.states
        self.grid, self.messages = whole.grid, whole.messages

    def _make_room(self, output: Any) -> None:
        """Arrays in which no trajectory has been finished."""
        jobs = self.jobs
        count, rest, dtype = len(jobs), jobs.shape, jobs.states.dtype
        self.lock = threading.Lock()
        self.times = np.full((count, 2), np.nan)
        self.codes = np.full(count, CODES[Status.INTERRUPTED], dtype=np.int8)
        self.steps = np.zeros(count, dtype=np.int64)
        self.messages = {}
        self.dense: list[DenseOutput | None] = [None] * count if jobs.dense else []
        shape = rest if jobs.grid is None else (jobs.grid.shape[-2], *rest)
        if output is not None:
            self.stream = Stream(output, (count, *shape), dtype)
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
        undone = (self.codes == CODES[Status.INTERRUPTED]).nonzero()[0]
        if len(undone):
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
