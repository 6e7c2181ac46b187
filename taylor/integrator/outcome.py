"""What is asked of a propagation, and what it reports."""

from __future__ import annotations

import enum
import math
from collections.abc import Callable, Sequence
from dataclasses import field, fields
from typing import Any, NamedTuple, Protocol

import numpy as np

from taylor.expressions.expression import Expression
from taylor.machines.dense import DenseOutput
from taylor.numbers.times import Pair
from taylor.numbers.types import NumberOrArray
from taylor.polynomials.polynomial import Polynomial
from taylor.systems.events import Crossings, no_crossings
from taylor.systems.names import Key, Names
from taylor.systems.resets import Reset
from taylor.systems.versions import Versioned
from taylor_runtime.callables.driving import told
from taylor_runtime.program.records import dataclass

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


class Told(Versioned):
    """A call that reached its end without any zero of an event, as a driver tells it: its fields
    are made when one is asked for.

    A slot that is empty raises AttributeError, and Python then asks `__getattr__`.  The slots here
    are what `taylor_runtime.callables.driving.Front.driver` fills.
    """

    __slots__ = ("_outcome", "_silence")

    def __getattr__(self, name: str) -> Any:
        kind: Any = type(self)
        if name not in kind.__dataclass_fields__:
            raise AttributeError(f"{kind.__name__!r} object has no attribute {name!r}")
        variables, events = self._silence
        known = {each.name: each.default for each in fields(kind)}
        known |= dict(told(self._outcome))
        if not known["steps"]:
            known["smallest_step"] = known["largest_step"] = math.nan
        known |= {"status": Status.REACHED, "variables": variables}
        count = len(variables)
        known["events"] = tuple(no_crossings(count) for _ in range(events))
        for field_name, value in known.items():
            object.__setattr__(self, field_name, value)
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
