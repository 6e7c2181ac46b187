"""One call of an integrator: slices of machine code, and what Python decides between them."""

from __future__ import annotations

import math
import time as clock
from collections.abc import Callable
from typing import Any

from taylor.displays.progress import ProgressBar
from taylor.integrator import jumps
from taylor.integrator.accumulation import Accumulation
from taylor.integrator.diagnose import why_not_finite, why_sliding, why_underflow
from taylor.integrator.outcome import SINGLE, Follower, Goal, Outcome, Request, Status
from taylor.integrator.passages import Passages
from taylor.integrator.stiffness import LOOK_STEPS
from taylor.integrator.trajectory import Trajectory
from taylor.machines.machine import step_asked_for
from taylor.systems.arguments import check_span
from taylor.systems.impulses import Past, Schedule
from taylor_runtime.callables.driving import FIRST_STEPS
from taylor_runtime.program.codes import (
    EVENT_ASKED,
    EVENT_CUT,
    EVENT_STOP,
    EVENTS_FULL,
    NON_FINITE,
    REACHED,
    RECORDS_FULL,
    SLIDING,
    STEP_UNDERFLOW,
    SWITCHED,
)

SLICE_SECONDS = 0.05  # machine code runs about so long between looks at Ctrl-C and progress
MOST_STEPS = 1 << 40  # of a slice

Ending = tuple[Status, str]


class Propagation:
    """One call: from the integrator's time to the end.

    goal: the end and perhaps a grid on the way there, (k, 2).

    Raises ArgumentError where this is beyond the range of floats, and backwards with resets.
    """

    def __init__(self, integrator: Trajectory, goal: Goal, request: Request) -> None:
        self.integrator = integrator
        self.machine = integrator._machine
        self.control = integrator._machine.control
        self.end, self.grid = goal
        check_span(integrator.time_pair, self.end)
        jumps.check_direction(integrator, self.end)
        self.limit = request.limit
        self.callback = request.callback
        self.request = request
        self.budget = 1 if request.callback else FIRST_STEPS
        self.moved = False  # a callback set the time: what is the next impulse?
        self.accumulation = Accumulation(integrator.events)
        self.passages: Follower | None = integrator._follower
        if integrator._flow is not None:
            self.passages = Passages(integrator, self.end)
        self.bar = ProgressBar(integrator.time, self.end[0], request.progress)

    def run(self) -> Outcome:
        """Integrate, and report."""
        ta, machine, control = self.integrator, self.machine, self.control
        machine.begin_counting()
        backward = self.end < ta.time_pair
        turned = ta._steering is not None and ta._steering.turn(backward)
        if not ta._load() and ta._steering is not None:
            if turned and not machine.last:
                ta._steering.start(machine, ta._detection)  # chosen for the other direction
            elif ta._steering.leave(machine):
                machine.forget_step()
        control.max_step = ta.max_step
        machine.ask_for(step_asked_for(self.end[0] - ta.time, self._may_end_early()))
        machine.start_recording(self.request.dense or self.request.records, self.grid)
        if ta._detection is not None:
            ta._detection.begin(machine, backward)
        ta._watch.begin()
        return self._reported(self._through_jumps)

    def go_on(self, code: int) -> Outcome:
        """The rest of a call, whose first steps a driver has made; why these ended."""
        ta = self.integrator
        ta._watch.begin()
        if self.control.steps > FIRST_STEPS:
            ta._watch.pass_over(FIRST_STEPS, ta._front.block.first_retracted)
        self._grow(code)
        return self._reported(lambda: self._until_stop(code))

    def _reported(self, work: Callable[[], Ending]) -> Outcome:
        try:
            status, message = work()
        finally:
            self.bar.close()
        if status is Status.STEP_LIMIT and self.request is SINGLE:
            status, message = Status.REACHED, ""  # a step was all that was asked for
        return self._outcome(status, message)

    def _may_end_early(self) -> bool:
        """Whether something else than the end time may end it."""
        watched = self.integrator._detection is not None
        return watched or self.callback is not None or self.limit is not None

    def _through_jumps(self) -> Ending:
        """Stop at every impulse on the way, and apply it, or undo it before going back from it."""
        ta, schedule = self.integrator, self.integrator._schedule
        if not schedule.jumps:
            self.machine.end = self.end
            return self._until_stop()
        jumps.begin(ta, self.end)
        try:
            while True:
                ending = self._to_next_jump(schedule)
                if ending is not None:
                    return ending
        finally:
            jumps.end(ta)

    def _to_next_jump(self, schedule: Schedule) -> Ending | None:
        ta, backward = self.integrator, self.end < self.integrator.time_pair
        if jumps.leave(ta, backward):
            ta._load(inside=True)
        start = ta.time_pair
        stop = schedule.stop(start, self.end)
        self.machine.end = stop
        self.moved = False
        arriving = not backward and stop != start
        try:
            ending = self._until_stop()
        finally:
            if arriving and not self.moved:
                jumps.pause(ta, stop)
        if ending[0] is not Status.REACHED:
            return ending
        if self.moved:
            return ending if ta.time_pair == self.end else None
        if arriving and self._jump():
            ta._load(inside=True)
            self.machine.overwrite_grid()
        if stop == self.end:
            return ending
        return (Status.STEP_LIMIT, Status.STEP_LIMIT.value) if self._at_limit() else None

    def _jump(self) -> bool:
        """Make the impulses at the present time; returns whether there are any."""
        ta = self.integrator
        if self.passages is not None:
            self.passages.impulses(ta._schedule.numbers_at(ta.time_pair))
        return jumps.arrive(ta)

    def _until_stop(self, code: int | None = None) -> Ending:
        """Slices of machine code until one ends the call.

        code: why the first came back, if it has been made.
        """
        ta, control = self.integrator, self.control
        while True:
            before = control.steps if code is None else 0
            wanted = before + self.budget
            started = clock.perf_counter()
            if code is None:
                control.steps_wanted = wanted if self.limit is None else min(wanted, self.limit)
                code = self._slice()
            ending = self._ending(code)
            taken = control.steps > before
            if ending is not None:
                if self.callback is not None and taken:
                    self.callback(ta)
                return ending
            full, reached = code in (RECORDS_FULL, EVENTS_FULL), code == REACHED
            code = None
            if full and not taken:
                continue
            if self.callback is not None and taken:
                if self.callback(ta):
                    return Status.STOPPED, Status.STOPPED.value
                self._reload()
            if reached or self.moved:
                return Status.REACHED, ""
            if self._at_limit():
                ta._watch.look_at_end()
                return Status.STEP_LIMIT, Status.STEP_LIMIT.value
            if self.request.leaves is not None and self.request.leaves():
                return Status.INTERRUPTED, Status.INTERRUPTED.value
            self.bar.show(ta.time)
            ta._watch.look()
            if self.callback is None:
                self.budget = _next_budget(self.budget, clock.perf_counter() - started)
                if ta._watch.suspicious:
                    self.budget = min(self.budget, LOOK_STEPS)

    def _reload(self) -> None:
        """Take what a callback changed."""
        ta, before = self.integrator, self.machine.time
        if ta._load(inside=True) and ta._schedule.jumps:
            ta._past = Past()
            self.moved = self.machine.time != before
        if self.machine.time != before and self.grid is not None:
            self.machine.skip_grid(1.0 if self.end > before else -1.0)

    def _at_limit(self) -> bool:
        return self.limit is not None and self.control.steps >= self.limit

    def _slice(self) -> int:
        """Run machine code; give its arrays more room where they are full."""
        ta, machine = self.integrator, self.machine
        if ta._detection is not None:
            ta._detection.keep_before(None)
        try:
            code = machine.run()
        finally:
            ta._unload()
        self._grow(code)
        return code

    def _grow(self, code: int) -> None:
        self.machine.grow_records_if_full()
        detection = self.integrator._detection
        if code == EVENTS_FULL and detection is not None:
            detection.search.grow()

    def _ending(self, code: int) -> Ending | None:
        """What ends the propagation, None to go on."""
        ta = self.integrator
        if code in (NON_FINITE, STEP_UNDERFLOW):
            passed, ending = self._past_edge()
            if passed:
                return ending
        if code == NON_FINITE:
            return Status.NON_FINITE, why_not_finite(ta)
        if code == STEP_UNDERFLOW:
            return Status.STEP_UNDERFLOW, why_underflow(ta)
        if code == SWITCHED and self.passages is not None:
            self.passages.switch()
        held = self._arrive() if code in (SLIDING, EVENT_CUT, EVENT_STOP) else None
        if code == EVENT_STOP:
            assert ta._detection is not None
            return self._event_ending(ta._detection.stopped_by())
        if held is not None and self.machine.time != self.machine.end:
            status = Status.SLIDING if held else Status.STEP_UNDERFLOW
            return status, why_sliding(ta, held)
        if code == EVENT_ASKED:
            return self._ask()
        return None

    def _arrive(self) -> list[str] | None:
        """Choose the sides of surfaces; the conditions that hold the motion, if they do."""
        ta = self.integrator
        if ta._steering is None or ta._detection is None:
            return None
        before = ta._detection.before_switch(self.machine) if self.passages else None
        held = ta._steering.arrive(self.machine, ta._detection)
        ta._unload()
        if self.passages is not None and before is not None:
            self.passages.chosen(before)
        return held

    def _past_edge(self) -> tuple[bool, Ending | None]:
        """Whether the motion goes on behind a surface, and what events there decide."""
        ta, detection = self.integrator, self.integrator._detection
        if ta._steering is None:
            return False, None
        sides = None if detection is None else detection.search.known_sides()
        if not ta._steering.past_edge(self.machine, detection):
            self.control.limit = math.inf  # what holds at single points alone makes steps short
            return ta._steering.leave(self.machine), None
        ta._unload()
        if self.passages is not None:
            self.passages.passed_edge()
        if detection is None or sides is None:
            return True, None
        reached = detection.reached(sides, ta._inputs())
        for number in reached:
            detection.record(number, self.machine)
        ending = self._call([n for n in reached if ta.events[n].asks])
        self._reload()
        self.machine.overwrite_grid()
        stops = [n for n in reached if ta.events[n].terminal and not ta.events[n].asks]
        return True, self._event_ending(stops[0]) if stops else ending

    def _event_ending(self, number: int) -> Ending:
        event = self.integrator.events[number]
        return Status.EVENT, f"events[{number}], {event.expression} = 0, is terminal"

    # -- resets and callbacks of events ---------------------------------------------------------

    def _ask(self) -> Ending | None:
        """Do what the events at one time want to be done, on the state there.

        Where they change nothing, the step goes on as if nobody had looked; else it is cut.
        """
        ta, detection = self.integrator, self.integrator._detection
        assert detection is not None
        state, time, waiting = detection.asked(self.machine)
        ta._show(state, time)
        shown = ta._values()
        if self.passages is not None:
            self.passages.ask(waiting, time)
        try:
            ending = self._call(waiting)
        except BaseException:
            self._cut(ta._values() != shown)
            raise
        resets = self.passages is not None and self.passages.resets  # of derivatives, at least
        changed = ta._values() != shown or resets
        if ending is None and not changed:
            detection.search.answer(cut=False)
            return None
        code = self._cut(changed)
        if self.passages is not None and changed:
            self.passages.leave()
        if ending is None and changed and ta.time_pair == time:
            endless = self.accumulation.add(waiting, time)
            ending = None if endless is None else (Status.ACCUMULATING, endless)
        if code == EVENT_STOP or not changed:
            ending = ending or self._ending(code)
        self._reload()
        if changed and ta.time_pair == time:
            self.machine.overwrite_grid()
        return ending

    def _call(self, waiting: list[int]) -> Ending | None:
        """Make resets, and call callbacks, of events; what they end."""
        ta, detection = self.integrator, self.integrator._detection
        assert detection is not None
        ending: Ending | None = None
        for number in waiting:
            event, reset = ta.events[number], detection.resets[number]
            wrong = "" if reset is None else jumps.reset(ta, reset)
            if wrong:
                return Status.NON_FINITE, f"events[{number}], {event.expression} = 0: {wrong}"
            if self.passages is not None and reset is not None:
                self.passages.reset(number, reset)
            answer = self._answer(event.callback)
            stops = answer is None or bool(answer)
            if event.terminal and stops:
                ending = ending or self._event_ending(number)
            elif answer:
                ending = ending or (Status.STOPPED, Status.STOPPED.value)
        return ending

    def _answer(self, callback: Callable[[Any], Any] | None) -> Any:
        """What a callback returns; None without one."""
        ta = self.integrator
        if callback is None:
            return None
        before = None if self.passages is None else ta._values()
        answer = callback(ta)
        if self.passages is not None:
            self.passages.called(changed=ta._values() != before)
        return answer

    def _cut(self, changed: bool) -> int:
        """End the step at the event; what was changed is put there."""
        ta = self.integrator
        assert ta._detection is not None
        wanted = ta._keep() if changed else None
        ta._detection.search.answer(cut=True)
        code = self._slice()
        if wanted is not None:
            ta._show(*wanted)
        return code

    # -- result ---------------------------------------------------------------------------------

    def _outcome(self, status: Status, message: str) -> Outcome:
        ta, control, machine = self.integrator, self.control, self.machine
        steps = control.steps
        events, switches = ta._found()
        if not message and ta._detection is not None:
            message = ta._detection.doubts(machine)
        found = Outcome(
            status=status,
            time=ta.time,
            steps=steps,
            smallest_step=control.smallest_step if steps else math.nan,
            largest_step=control.largest_step if steps else math.nan,
            retracted=control.retracted,
            message=message,
            stiff=ta._watch.stiff,
            times=None if self.grid is None else ta._times_of(self.grid),
            states=None if self.grid is None else machine.grid_states(),
            dense=machine.dense() if self.request.dense else None,
            events=events,
            switches=switches,
            state=ta._state.copy(),
            variables=ta.system.states,
        )
        return found if self.passages is None else self.passages.with_maps(found, self.grid)


def _next_budget(budget: int, elapsed: float) -> int:
    """Steps for the next slice, from how long the last took."""
    factor = SLICE_SECONDS / max(elapsed, 1e-6)
    return min(max(1, int(budget * min(max(factor, 0.25), 4.0))), MOST_STEPS)
