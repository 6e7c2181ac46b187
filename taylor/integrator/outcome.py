"""What is asked of a propagation, and what it reports."""

from __future__ import annotations

import enum
import math
from collections.abc import Callable, Sequence
from dataclasses import field, fields
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from taylor.displays import pictures, tables
from taylor.errors import ArgumentError
from taylor.expressions.expression import Expression
from taylor.machines.dense import DenseOutput
from taylor.numbers.times import Pair
from taylor.numbers.types import NumberOrArray
from taylor.polynomials.polynomial import Polynomial
from taylor.systems.events import Crossings, no_crossings
from taylor.systems.names import Key, Names
from taylor.systems.resets import Reset
from taylor.systems.versions import Versioned
from taylor_runtime.callables.driving import arrays_told, numbers_told
from taylor_runtime.program.records import dataclass

if TYPE_CHECKING:
    import matplotlib.figure
    import pandas
    import xarray

Goal = tuple[Pair, np.ndarray | None]  # the end, and perhaps a grid on the way there, (k, 2)


class Request(NamedTuple):
    """What is asked of an integrator; the rest is as in `Integrator.propagate_until`.

    limit:  of steps.
    records: whether the machine keeps the records of all steps, of which nothing is made.
    leaves: asked between slices of machine code, whether to leave (status INTERRUPTED).
    """

    limit: int | None = None
    callback: Callable[[Any], Any] | None = None
    dense: bool = False
    progress: bool = False
    leaves: Callable[[], bool] | None = None
    records: bool = False


PLAIN, SINGLE = Request(), Request(limit=1)  # nothing but the end; one step, wherever that leads


class Status(enum.Enum):
    """Why a propagation returned. Only `REACHED` means that the requested time was reached.

    >>> import taylor as ty
    >>> x, v = ty.variables("x v")
    >>> fall = ty.Integrator([(x, v), (v, -10)], [5.0, 0.0], events=[ty.Event(x, terminal=True)])
    >>> fall.propagate_until(3.0).status is ty.Status.REACHED, fall.time
    (False, 1.0)
    """

    REACHED = "the requested time was reached"
    STEP_LIMIT = "the limit on the number of steps was reached"
    STOPPED = "a callback asked to stop"
    EVENT = "a terminal event"
    SLIDING = "the solution slides along a switching surface, which both branches lead back to"
    NON_FINITE = "the right-hand side is not finite; the last finite state is kept"
    STEP_UNDERFLOW = "the step size underflowed; the last good state is kept"
    FAILED = "a callback raised an exception"
    ACCUMULATING = "an event makes itself come ever sooner; the last good state is kept"
    INTERRUPTED = "the ensemble was interrupted before this trajectory was finished"


_set = object.__setattr__


@cache
def _defaults(kind: Any) -> dict[str, Any]:
    """What fields are unless something else is told."""
    return {each.name: each.default for each in fields(kind)}


class Told(Versioned):
    """A call that came to its end, or that of its steps, without any zero of an event, as a driver
    tells it: its fields are made when one is asked for.

    A slot that is empty raises AttributeError, and Python then asks `__getattr__`.  The slots here
    are what `taylor_runtime.callables.driving.Front.driver` fills.
    """

    __slots__ = ("_outcome", "_silence")

    def __getattr__(self, name: str) -> Any:
        kind: Any = type(self)
        if name not in kind.__dataclass_fields__:
            raise AttributeError(f"{kind.__name__!r} object has no attribute {name!r}")
        known = numbers_told(self._outcome)
        if not known["steps"]:
            known["smallest_step"] = known["largest_step"] = math.nan
        limited = known.pop("limited")
        known["status"] = status = Status.STEP_LIMIT if limited else Status.REACHED
        known["message"] = status.value if limited else ""
        if name not in known:  # most ask for nothing else
            variables, events = self._silence
            known = _defaults(kind) | known | dict(arrays_told(self._outcome))
            known["variables"] = variables
            known["events"] = tuple([no_crossings(len(variables)) for _ in range(events)])
        del known["grid_count"]
        for field_name, value in known.items():
            _set(self, field_name, value)
        return getattr(self, name)

    _outcome: bytes
    _silence: tuple[tuple[Expression, ...], int]  # states, and how many events told of no zero


@dataclass(frozen=True, slots=True)
class Outcome(Told):
    """Result of `Integrator.propagate_until`, `propagate_for`, `propagate_grid` and `step`.

    status:         a `Status`; everything but `REACHED` left the integrator at an earlier time.
    time:           the time reached (float; the integrator itself keeps it in double-double).
    steps:          number of steps taken in this call.
    smallest_step, largest_step: in absolute value; NaN if no step was taken.
    retracted:      steps that the defect check rejected and that were repeated shorter.
    message:        what happened, in words, where it was not the ordinary.
    stiff:          the steps were limited by stability rather than by accuracy.
    times, states:  for a grid, its times (k,) and the states (k, n); rows that were not reached
                    are NaN.
    dense:          the solution over the whole call, if `dense=True` was asked for; where no step
                    was taken, a constant.
    events:         the zeros of every event of the integrator, `events[i].times .states
                    .directions`.
    switches:       the same of every switching surface of the right-hand side, in the order of
                    `Integrator.switches`; the branch changes at each (but not where the direction
                    is 0, a touch).
    flow_map:       of a variational system, the state reached as polynomials in the displacements,
                    (n,); None where there are no derivatives.
    flow_maps:      for a grid, the same at its times, (k, n).
    state:          a copy of the state reached, (n,).
    variables:      the states of the system, in their order.

    `outcome[x]` is the value of a variable (or its name) at the end, or for a grid at its times:
    shape (), or (k,), and that of the variable.

    >>> import taylor as ty
    >>> x, v = ty.variables("x v")
    >>> ta = ty.Integrator([(x, v), (v, -x)], [1.0, 0.0])
    >>> outcome = ta.propagate_grid([0.0, 1.0, 2.0])
    >>> outcome.success, outcome.time, outcome[x].round(12).tolist()
    (True, 2.0, [1.0, 0.540302305868, -0.416146836547])
    """

    status: Status
    time: float
    steps: int
    smallest_step: float
    largest_step: float
    retracted: int = 0
    message: str = ""
    stiff: bool = False
    times: np.ndarray | None = field(default=None, repr=False)
    states: np.ndarray | None = field(default=None, repr=False)
    dense: DenseOutput | None = field(default=None, repr=False)
    events: tuple[Crossings, ...] = field(default=(), repr=False)
    switches: tuple[Crossings, ...] = field(default=(), repr=False)
    flow_map: Polynomial | None = field(default=None, repr=False)
    flow_maps: Polynomial | None = field(default=None, repr=False)
    state: np.ndarray | None = field(default=None, repr=False)
    variables: Sequence[Expression] = field(default=(), repr=False)

    def __getitem__(self, key: Key) -> NumberOrArray:
        """A variable at the end or, with the times in front, over the grid.

        Raises ArgumentError for what is no state of the system.
        """
        places = Names(self.variables, "state")[key]
        values = self.state if self.states is None else self.states
        assert values is not None
        found = values[places] if self.states is None else values[:, places]
        return found[()]

    @property
    def state_transition_matrix(self) -> np.ndarray | None:
        """First derivatives of the state reached, (n, variables), or for a grid at its times (k, n,
        variables); None where there are none.
        """
        maps = self.flow_map if self.flow_maps is None else self.flow_maps
        return None if maps is None else maps.jacobian

    @property
    def success(self) -> bool:
        """Whether the requested time was reached."""
        return self.status is Status.REACHED

    # -- what others show -----------------------------------------------------------------------

    def to_dataframe(self) -> pandas.DataFrame:
        """A pandas table: a line for each time of the grid; where there is none, for the beginning
        of each step, if the output is dense, and for the time reached.  A column for each state, in
        float64.

        Raises MissingPackageError without pandas.
        """
        times, known = self._listed()
        return tables.dataframe("to_dataframe", {"time": times}, known)

    def to_xarray(self) -> xarray.Dataset:
        """An xarray dataset: every state over `time` (those of `to_dataframe`), in float64; status
        and steps are attributes.

        Raises MissingPackageError without xarray.
        """
        times, known = self._listed()
        facts = {"status": self.status.name, "steps": str(self.steps), "message": self.message}
        named = {name: (("time",), values) for name, values in known.items()}
        return tables.dataset("to_xarray", {"time": times}, named, facts)

    def plot(
        self, x: Expression | str | None = None, y: Expression | str | None = None
    ) -> matplotlib.figure.Figure:
        """A Matplotlib figure: all states over time, or y over x, with the times of events.

        It is drawn from the dense output (`dense=True`), else from the times of a grid.

        Raises ArgumentError where there is neither, ImportError without Matplotlib.

        >>> import taylor as ty
        >>> x, v = ty.variables("x v")
        >>> ta = ty.Integrator([(x, v), (v, -ty.sin(x))], [1.0, 0.0])
        >>> ta.propagate_until(10.0, dense=True).plot(x, v)  # doctest: +SKIP
        <Figure size 640x440 with 1 Axes>
        """
        if self.dense is None and (self.times is None or len(self.times) < 2):
            raise ArgumentError(
                "plot: one state makes no picture; ask for the way there with dense=True, or use "
                "propagate_grid(times)"
            )
        times, known = self._known()
        if self.dense is not None:
            first, last = (float(t) for t in (self.dense.starts[0, 0], self.dense.end[0]))
            times = np.linspace(first, last, DRAWN)
            known = tables.columns(self._names, self.dense(times), 1)
        title = f"{self.status.name}, {self.steps} steps"
        if x is None and y is None:
            marks = {f"event {k}": e.times for k, e in enumerate(self.events) if len(e.times)}
            return pictures.over_time(times, known, marks, title)
        across, up = (tables.chosen("plot", self._names, e, k) for k, e in enumerate((x, y)))
        names = self._names[across], self._names[up]
        return pictures.phases([(known[names[0]], known[names[1]])], *names, title)

    @property
    def _names(self) -> list[str]:
        return [str(e) for e in self.variables]

    def _known(self) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Times, and the states there."""
        if self.times is not None and self.states is not None:
            whole = self.times.sum(axis=-1) if self.times.ndim == 2 else self.times
            return np.array(whole, float), tables.columns(self._names, self.states, 1)
        assert self.state is not None
        return np.array([self.time]), tables.columns(self._names, self.state[np.newaxis], 1)

    def _listed(self) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """The same for tables: with the beginnings of steps, where these are known."""
        if self.times is not None or self.dense is None or not self.dense.steps:
            return self._known()
        assert self.state is not None
        times = self.dense.starts.sum(axis=-1)
        states = np.concatenate([self.dense(times), self.state[np.newaxis]])
        return np.append(times, self.time), tables.columns(self._names, states, 1)

    def _repr_html_(self) -> str:
        from taylor.displays import html

        known = {
            "status": self.status.name,
            "time": self.time,
            "steps": self.steps,
            "steps between": f"{self.smallest_step:.3g} and {self.largest_step:.3g}",
            "message": self.message,
            "events": ", ".join(str(len(e.times)) for e in self.events),
            "grid": "" if self.states is None else f"{len(self.states)} times",
        }
        _, columns = self._known()
        rows = [(name, values[-1]) for name, values in columns.items()]
        return html.facts("Outcome", known, html.table(["state", "at the end"], rows, len(rows)))


DRAWN = 600  # times of a picture


class Follower(Protocol):
    """Who is told of what a solution comes through, for derivatives."""

    def ask(self, numbers: Sequence[int], time: Pair) -> None:
        """Events that ask have zeros at a time in the step that was made."""

    def reset(self, number: int, new: Reset) -> None:
        """One of them has reset the state."""

    def called(self, changed: bool) -> None:
        """A callback was called, which may have changed the state."""

    @property
    def resets(self) -> bool:
        """Whether any event has reset anything."""

    def leave(self) -> None:
        """The step was cut at the events; what they changed is not in the machine yet."""

    def switch(self) -> None:
        """The right-hand side has changed at the end of the last step."""

    def chosen(self, parameters: np.ndarray) -> None:
        """Modes were chosen by Python where the last step ended, or by machine code that asked it;
        what they and all parameters were in that step.
        """

    def passed_edge(self) -> None:
        """The solution went on behind a point where the right-hand side has no series."""

    def impulses(self, numbers: Sequence[int]) -> None:
        """Jumps are about to be made at the present time."""

    def with_maps(self, outcome: Outcome, grid: np.ndarray | None) -> Outcome:
        """An outcome, with what is known besides; grid: its times, (k, 2)."""
