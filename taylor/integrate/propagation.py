"""One call of an integrator: slices of machine code, and what Python decides between them."""

from __future__ import annotations

import math
import time as clock
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

import taylor_runtime as rt
from taylor.integrate import times as tm
from taylor.integrate.accumulation import Accumulation
from taylor.integrate.diagnose import why_not_finite, why_sliding, why_underflow
from taylor.integrate.outcome import Outcome, Status
from taylor.integrate.progress import ProgressBar

if TYPE_CHECKING:
    from taylor.integrate.integrator import Integrator

SLICE_SECONDS = 0.05  # machine code runs about so long between looks at Ctrl-C and progress
MOST_STEPS = 1 << 40  # of a slice

Ending = tuple[Status, str]


class Propagation:
    """From the integrator's time to `end`; see `Integrator.propagate_until` for the arguments."""

    def __init__(
        self,
        integrator: Integrator,
        end: tm.Pair,
        limit: int | None,
        callback: Callable[[Any], Any] | None,
        dense: bool,
        grid: np.ndarray | None,
        progress: bool,
    ) -> None:
        self.integrator = integrator
        self.machine = integrator._machine
        self.control = integrator._machine.control[0]
        self.end = end
        self.limit = limit
        self.callback = callback
        self.dense = dense
        self.grid = grid
        self.budget = 1 if callback else 64
        self.accumulation = Accumulation()
        self.bar = ProgressBar(integrator.time, end[0], progress)

    def run(self) -> Outcome:
        """Integrate, and report."""
        ta, machine, control = self.integrator, self.machine, self.control
        ta._load()
        control["max_step"] = ta.max_step
        for name in ("steps", "retracted"):
            control[name] = 0
        control["smallest_step"], control["largest_step"] = math.inf, 0.0
        machine.start_recording(self.dense, self.grid)
        if ta._detection is not None:
            ta._detection.begin(machine, backward=self.end < ta.time_pair)
        ta._watch.begin()
        try:
            status, message = self._through_jumps()
        finally:
            self.bar.close()
        return self._outcome(status, message)

    def _through_jumps(self) -> Ending:
        """Stop at every impulse on the way, and apply it."""
        ta, done = self.integrator, None
        while True:
            stop, jumps = ta._schedule.next(ta.time_pair, self.end, done)
            self.control["end"], self.control["end_low"] = stop
            ending = self._until_stop()
            if ending[0] is not Status.REACHED:
                return ending
            if jumps:
                ta._schedule.apply(ta, jumps, backward=self.end < ta.time_pair)
                ta._load()
                self.machine.overwrite_grid()
                done = stop
            if stop == self.end:
                return ending
            if self._at_limit():
                return Status.STEP_LIMIT, Status.STEP_LIMIT.value

    def _until_stop(self) -> Ending:
        ta, control = self.integrator, self.control
        while True:
            before = int(control["steps"])
            wanted = before + self.budget
            control["steps_wanted"] = wanted if self.limit is None else min(wanted, self.limit)
            started = clock.perf_counter()
            code = self._slice()
            ending = self._ending(code)
            if ending is not None:
                return ending
            taken = int(control["steps"]) > before
            if code in (rt.RECORDS_FULL, rt.EVENTS_FULL) and not taken:
                continue
            if self.callback is not None and taken:
                if self.callback(ta):
                    return Status.STOPPED, Status.STOPPED.value
                self._reload()
            if code == rt.REACHED:
                return Status.REACHED, ""
            if self._at_limit():
                ta._watch.look_at_end()
                return Status.STEP_LIMIT, Status.STEP_LIMIT.value
            self.bar.show(ta.time)
            ta._watch.look()
            if self.callback is None:
                self.budget = _next_budget(self.budget, clock.perf_counter() - started)

    def _reload(self) -> None:
        """Take what a callback changed."""
        before = self.machine.time
        self.integrator._load()
        if self.machine.time != before and self.grid is not None:
            self.machine.skip_grid(1.0 if self.end > before else -1.0)

    def _at_limit(self) -> bool:
        return self.limit is not None and int(self.control["steps"]) >= self.limit

    def _slice(self) -> int:
        """Run machine code; give its arrays more room where they are full."""
        ta, machine = self.integrator, self.machine
        try:
            code = machine.run()
        finally:
            ta._unload()
        machine.grow_records_if_full()
        if code == rt.EVENTS_FULL:
            assert ta._detection is not None
            ta._detection.grow()
        return code

    def _ending(self, code: int) -> Ending | None:
        """What ends the propagation, None to go on."""
        ta = self.integrator
        if code == rt.NON_FINITE:
            return Status.NON_FINITE, why_not_finite(ta)
        if code == rt.STEP_UNDERFLOW:
            return Status.STEP_UNDERFLOW, why_underflow(ta)
        if code == rt.SLIDING:
            return Status.SLIDING, why_sliding(ta)
        if code == rt.EVENT_STOP:
            assert ta._detection is not None
            return self._event_ending(ta._detection.stopped_by())
        if code == rt.EVENT_ASKED:
            return self._ask()
        return None

    def _event_ending(self, number: int) -> Ending:
        event = self.integrator.events[number]
        return Status.EVENT, f"events[{number}], {event.expression} = 0, is terminal"

    # -- callbacks of events --------------------------------------------------------------------

    def _ask(self) -> Ending | None:
        """Call the callbacks of the events at one time, on the state there.

        Where they change nothing, the step goes on as if nobody had looked; else it is cut.
        """
        ta, detection = self.integrator, self.integrator._detection
        assert detection is not None
        state, time, waiting = detection.asked(self.machine)
        ta._show(state, time)
        shown = ta._values()
        ending: Ending | None = None
        try:
            for number in waiting:
                event = ta.events[number]
                assert event.callback is not None
                answer = event.callback(ta)
                stops = answer is None or bool(answer)
                if event.terminal and stops:
                    ending = ending or self._event_ending(number)
                elif answer:
                    ending = ending or (Status.STOPPED, Status.STOPPED.value)
        except BaseException:
            self._cut(ta._values() != shown)
            raise
        if ending is None and ta._values() == shown:
            detection.answer(cut=False)
            return None
        changed = ta._values() != shown
        code = self._cut(changed)
        if ending is None and changed and ta.time_pair == time:
            endless = self.accumulation.add(waiting, time)
            ending = None if endless is None else (Status.ACCUMULATING, endless)
        if ending is None and code != rt.EVENT_CUT:
            ending = self._ending(code)
        self._reload()
        return ending

    def _cut(self, changed: bool) -> int:
        """End the step at the event; what the callbacks changed is put there."""
        ta = self.integrator
        assert ta._detection is not None
        wanted = ta._keep() if changed else None
        ta._detection.answer(cut=True)
        code = self._slice()
        if wanted is not None:
            ta._show(*wanted)
        return code

    # -- result ---------------------------------------------------------------------------------

    def _outcome(self, status: Status, message: str) -> Outcome:
        ta, control, machine = self.integrator, self.control, self.machine
        steps = int(control["steps"])
        events, switches = ta._found()
        if not message and ta._detection is not None:
            message = ta._detection.doubts()
        return Outcome(
            status=status,
            time=ta.time,
            steps=steps,
            smallest_step=float(control["smallest_step"]) if steps else math.nan,
            largest_step=float(control["largest_step"]) if steps else math.nan,
            retracted=int(control["retracted"]),
            message=message,
            stiff=ta._watch.stiff,
            times=None if self.grid is None else ta._times_of(self.grid),
            states=None if self.grid is None else machine.grid_states(),
            dense=machine.dense() if self.dense else None,
            events=events,
            switches=switches,
        )


def _next_budget(budget: int, elapsed: float) -> int:
    """Steps for the next slice, from how long the last took."""
    factor = SLICE_SECONDS / max(elapsed, 1e-6)
    return min(max(1, int(budget * min(max(factor, 0.25), 8.0))), MOST_STEPS)
