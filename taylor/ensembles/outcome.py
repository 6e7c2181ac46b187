"""What an ensemble of trajectories gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import TYPE_CHECKING

import numpy as np

from taylor.displays import pictures, tables
from taylor.ensembles.maps import EnsembleMaps
from taylor.expressions.expression import Expression
from taylor.integrator.outcome import Status
from taylor.machines.dense import DenseOutput
from taylor.polynomials.polynomial import Polynomial
from taylor.systems.events import Crossings
from taylor.systems.names import Key, Names
from taylor.systems.versions import Versioned
from taylor_runtime.program.records import dataclass

if TYPE_CHECKING:
    import matplotlib.figure
    import pandas
    import xarray


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

        >>> import numpy as np, taylor as ty
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
        return f"EnsembleOutcome({len(self)} trajectories: {self._counted})"

    @property
    def _counted(self) -> str:
        return ", ".join(f"{n} {status.name}" for status, n in self.counts().items())

    # -- what others show -----------------------------------------------------------------------

    def to_dataframe(self) -> pandas.DataFrame:
        """A pandas table in float64: a line for each trajectory, with a grid for each of its times
        (levels `trajectory`, `time`); a column for each state, and `status` without a grid.

        Raises MissingPackageError without pandas.
        """
        number = np.arange(len(self))
        if self.grid is None:
            known: dict[str, np.ndarray] = tables.columns(self._names, self.states, 1)
            known |= {"time": self.times, "status": np.array([s.name for s in self.status])}
            return tables.dataframe("to_dataframe", {"trajectory": number}, known)
        times = self._grid_times()
        levels = {"trajectory": np.repeat(number, times.shape[1]), "time": times.reshape(-1)}
        known = tables.columns(self._names, self.states, 2)
        flat = {name: values.reshape(-1) for name, values in known.items()}
        return tables.dataframe("to_dataframe", levels, flat)

    def to_xarray(self) -> xarray.Dataset:
        """An xarray dataset in float64: every state over `trajectory`, with a grid also over `time`
        (`step` where each has times of its own), and the status of each.

        Raises MissingPackageError without xarray.
        """
        axes: dict[str, np.ndarray] = {"trajectory": np.arange(len(self))}
        dims = ["trajectory"]
        named: dict[str, tuple[Sequence[str], np.ndarray]] = {}
        if self.grid is not None:
            times = self._grid_times()
            same = bool((times == times[:1]).all())
            dims.append("time" if same else "step")
            axes[dims[1]] = times[0] if same else np.arange(times.shape[1])
            if not same:
                named["time"] = dims, times
        for name, values in tables.columns(self._names, self.states, len(dims)).items():
            named[name] = dims, values
        named["status"] = ["trajectory"], np.array([s.name for s in self.status])
        return tables.dataset("to_xarray", axes, named, {})

    def plot(
        self, x: Expression | str | None = None, y: Expression | str | None = None
    ) -> matplotlib.figure.Figure:
        """A Matplotlib figure, y over x (by default the first two states): the paths along a grid,
        else where the trajectories end.

        Raises ArgumentError for what is no state, ImportError without Matplotlib.

        >>> import numpy as np, taylor as ty
        >>> x, v = ty.variables("x v")
        >>> ta = ty.Integrator([(x, v), (v, -ty.sin(x))], [1.0, 0.0])
        >>> starts = np.stack([np.linspace(0.1, 3.0, 20), np.zeros(20)], axis=1)
        >>> fan = ty.ensemble(ta, starts, times=np.linspace(0.0, 5.0, 100))
        >>> fan.plot(x, v)  # doctest: +SKIP
        <Figure size 640x440 with 1 Axes>
        """
        across, up = (tables.chosen("plot", self._names, e, k) for k, e in enumerate((x, y)))
        names = self._names[across], self._names[up]
        known = tables.columns(self._names, self.states, 1 if self.grid is None else 2)
        a, b = known[names[0]], known[names[1]]
        joined = self.grid is not None
        paths = (
            list(zip(a, b, strict=True)) if joined else [(a[[k]], b[[k]]) for k in range(len(a))]
        )
        return pictures.phases(paths, *names, f"{len(self)} trajectories: {self._counted}", joined)

    @property
    def _names(self) -> list[str]:
        return [str(e) for e in self.variables]

    def _grid_times(self) -> np.ndarray:
        """(trajectories, times), in float64."""
        assert self.grid is not None
        pairs = self.final_states.ndim == 3
        grid = self.grid.sum(axis=-1) if pairs else self.grid
        return np.broadcast_to(grid, (len(self), grid.shape[-1]))

    def _repr_html_(self) -> str:
        from taylor.displays import html

        known = {
            "trajectories": len(self),
            "status": self._counted,
            "steps": f"{self.steps.min(initial=0)} to {self.steps.max(initial=0)}",
            "grid": "" if self.grid is None else f"{self.grid.shape[-1]} times",
        }
        columns = tables.columns(self._names, self.final_states, 1)
        names = [s.name for s in self.status]
        rows = zip(range(len(self)), names, *columns.values(), strict=True)
        head = ["", "status", *columns]
        return html.facts("Ensemble", known, html.table(head, rows, len(self)))
