"""Event functions of SciPy's users: their attributes, and what becomes of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from taylor.bridges.scipy.problem import Problem
from taylor.errors import ArgumentError
from taylor.integrator.integrator import Integrator
from taylor.systems.events import Event
from taylor_runtime.program.records import dataclass


@dataclass(frozen=True, slots=True)
class EventKind:
    """How an event counts.

    direction: of true time, -1, 0, 1.
    most:      of its zeros, at the last of which the integration ends; 0 for any number.
    """

    direction: int
    most: int

    def event(self, problem: Problem, given: Any) -> Event:
        """The event of a function of the user's, or of an expression."""
        if isinstance(given, Event):
            return given
        function = problem.event(given) if callable(given) else given
        counted = Counted(self.most) if self.most > 1 else None
        return Event(function, bool(self.most), self.direction, counted)


class Counted:
    """A callback that lets each integration go on until an event has happened so often."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._seen: WeakKeyDictionary[Integrator, int] = WeakKeyDictionary()

    def __call__(self, integrator: Integrator) -> bool:
        self._seen[integrator] = seen = self._seen.get(integrator, 0) + 1
        return seen >= self._most


def event_list(events: Any) -> list[Any]:
    """What SciPy takes for events, as a list."""
    if events is None:
        return []
    single = callable(events) or not isinstance(events, Sequence)
    return [events] if single else list(events)


def event_kinds(events: Sequence[Any], backward: bool) -> list[EventKind]:
    """How they count, by the attributes `terminal` and `direction` that users give functions.

    backward: the direction of integration, along which SciPy's directions are meant.

    Raises ArgumentError for attributes that say nothing.
    """
    found = []
    for event in events:
        if isinstance(event, Event):
            found.append(EventKind(0, int(event.terminal)))
            continue
        terminal = getattr(event, "terminal", None) or 0
        if int(terminal) != terminal or terminal < 0:
            raise ArgumentError(
                "The `terminal` attribute of each event must be a boolean or positive integer."
            )
        direction = int(np.sign(getattr(event, "direction", 0) or 0))
        found.append(EventKind(-direction if backward else direction, int(terminal)))
    return found
