"""Events whose callbacks or resets make them accumulate: infinitely many in finite time (Zeno)."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import pairwise

from taylor.numbers.times import Pair
from taylor.systems.events import Event

UNRESOLVED = 2.0**-44  # of time: what lies between events that time can no longer tell apart
SHORT = 2.0**-20  # likewise: what events that accumulate come through
IN_A_ROW = 5  # of these
KEPT = 400  # times of each event


class Accumulation:
    """The times at which callbacks and resets changed the state, event by event, in one run."""

    def __init__(self, events: Sequence[Event]) -> None:
        self._events = events
        self._times: dict[int, deque[Pair]] = {}

    def add(self, numbers: Sequence[int], time: Pair) -> str | None:
        """What to say if events have come so often that they will not end; else None."""
        for number in numbers:
            times = self._times.setdefault(number, deque(maxlen=KEPT))
            times.append(time)
            if len(times) > IN_A_ROW and self._stands(times):
                return self._message(number, times)
        return None

    def _stands(self, times: deque[Pair]) -> bool:
        """Whether the last are all at one time but for rounding, and came to that by and by."""
        listed = list(times)
        size = abs(listed[-1][0])
        latest = listed[-IN_A_ROW - 1 :]
        if any(_between(b, a) > size * UNRESOLVED for a, b in pairwise(latest)):
            return False
        gaps = [_between(b, a) for a, b in pairwise(listed)]
        clear = [gap for gap in gaps if gap > size * UNRESOLVED]
        return len(clear) > 1 and clear[-1] < min(clear[-2], size * SHORT)

    def _message(self, number: int, times: deque[Pair]) -> str:
        """The time they tend to is that of the last plus a geometric series of what follows."""
        listed = list(times)
        gaps = [_between(b, a) for a, b in pairwise(listed)]
        room = abs(listed[-1][0]) * UNRESOLVED
        clear = [gap for gap in gaps if gap > 64 * room]
        ratio = clear[-1] / clear[-2] if len(clear) > 1 else 0.0
        rest = gaps[-1] * ratio / (1 - ratio) if 0 < ratio < 1 else 0.0
        forward = 1.0 if listed[-1] >= listed[0] else -1.0
        shrink = f", the times between them shrinking by {ratio:.4g}," if 0 < ratio < 1 else ""
        resets = self._events[number].reset is not None
        its = "reset was made" if resets else "callback was called"
        end = "Let a terminal event or a" if resets else "Let the"
        return (
            f"events[{number}] accumulates at t = {listed[-1][0] + forward * rest!r}: its {its} "
            f"{len(listed)} times{shrink} and would be again and again; the last state is kept. "
            f"{end} callback end this, say at rest, when little is left"
        )


def _between(a: Pair, b: Pair) -> float:
    return abs((a[0] - b[0]) + (a[1] - b[1]))
