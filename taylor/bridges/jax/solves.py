"""Solutions of differential equations as targets of XLA, without Python on their way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np

from taylor.integrator.integrator import Integrator
from taylor.solutions.solution import Solution
from taylor.solutions.straight import straight
from taylor.systems.names import UNUSED
from taylor_runtime.callables.foreign.solves import solve_handler
from taylor_runtime.callables.foreign.xla import Handler, Operand
from taylor_runtime.callables.trajectories.solves import Targets


def listed(solution: Solution) -> Callable[..., Sequence[Any]]:
    """A function of numbers that gives the results as a list."""
    return (lambda *given: (solution(*given),)) if solution.wanted.single else solution


def handler_of(
    solution: Solution, inputs: Sequence[Operand], outputs: Sequence[Operand]
) -> Handler | None:
    """The handler of a solution at one time; None where something may happen on its way (events,
    switches, impulses, callbacks) or its results are no states.
    """
    ends = solution.wanted.ends
    places = solution._places()
    problem = solution._problem(False)
    if (ends is not None and type(ends) not in (int, float)) or straight(problem) is None:
        return None
    ta = cast(Integrator, problem.fresh())
    happens = ta._flow or ta._steering or ta._schedule.jumps or ta._detection
    if places is None or happens:
        return None
    machine = ta._machine.copy()
    states = problem.inputs.states
    machine.put(problem.base[np.newaxis, :states], problem.time)
    machine.parameters[0, : problem.inputs.parameters] = problem.base[states:-1]
    targets = Targets(machine)
    settings = {"time": problem.time[0], "time_low": problem.time[1], "max_step": ta._max_step}
    settings["end"] = 0.0 if ends is None else float(ends)
    given = [_moves(targets, one.places, problem.inputs) for one in problem.inputs.listed]
    if ends is None:
        given.append([(0, place) for place in targets.of_time("end")])
    found = [
        [(e, targets.of_state_in_the_end(int(k))) for e, k in enumerate(np.ravel(one))]
        for one in places
    ]
    return solve_handler(targets, settings, given, found, (listed(solution), inputs, outputs))


def _moves(targets: Targets, places: np.ndarray, counts: Any) -> list[tuple[int, int]]:
    """Where the elements of an input go."""
    found = []
    for e, place in enumerate(places.tolist()):
        if place == UNUSED:
            continue
        if place < counts.states:
            own = targets.of_state(place)
        elif place < counts.states + counts.parameters:
            own = targets.of_parameter(place - counts.states)
        else:
            own = targets.of_time("time")
        found += [(e, target) for target in own]
    return found
