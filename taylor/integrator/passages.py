"""Derivatives through events, resets, switches and impulses, in one propagation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np

from taylor.errors import ArgumentError
from taylor.expressions.expression import Expression
from taylor.expressions.scalars import scalars
from taylor.integrator.outcome import Outcome
from taylor.integrator.trajectory import Trajectory
from taylor.machines.crossing import (
    Crossing,
    Motion,
    UndefinedDerivativesError,
    crossing,
    shifted,
    zero,
)
from taylor.machines.dense import DenseOutput
from taylor.machines.flow import Flow, FlowMachine
from taylor.numbers import pairs as dd
from taylor.numbers.planes import to_kind
from taylor.numbers.precision import PAIRS
from taylor.numbers.times import Pair
from taylor.points.polynomial_values import evaluate_polynomials
from taylor.polynomials.arrays import stack
from taylor.polynomials.polynomial import Polynomial
from taylor.systems.events import Crossings
from taylor.systems.resets import Reset, values_after
from taylor_runtime.callables.memory import polynomials_of

Maps = dict[int, list[tuple[Pair, Crossing | None]]]  # by event: when, and what is known


class Passages:
    """What a solution with derivatives comes through.

    Where derivatives end, the integrator's `Flow` says why from then on.
    """

    def __init__(self, ta: Trajectory, end: Pair) -> None:
        assert ta._flow is not None
        self.ta = ta
        self.flow: Flow = ta._flow
        self.machine = cast(FlowMachine, ta._machine)
        self.maps: Maps = {}
        self._backward = end < ta.time_pair
        self._here: dict[int, Crossing | str] = {}  # events of the question: why not, in words
        self._reset: list[tuple[int, Reset]] = []
        self._spoiled = False

    # -- events -----------------------------------------------------------------------------------

    def ask(self, numbers: Sequence[int], time: Pair) -> None:
        """Events have zeros at a time in the step that was made."""
        self._here, self._reset, self._spoiled = {}, [], False
        if self.flow.undefined:
            return
        motion = self._motion(time, accepted=False)
        for number in numbers:
            g = scalars(cast(Expression, self.ta.events[number].expression)).item()
            try:
                self._here[number] = found = crossing(motion, g)
            except UndefinedDerivativesError as error:
                self._here[number] = f"events[{number}]: {error}"
                found = None
            self.maps.setdefault(number, []).append((time, found))

    def reset(self, number: int, new: Reset) -> None:
        """One of them has reset the state."""
        self._reset.append((number, new))

    def called(self, changed: bool) -> None:
        """A callback was called, which may have changed the state."""
        self._spoiled = self._spoiled or changed

    @property
    def resets(self) -> bool:
        """Whether any event has reset anything."""
        return bool(self._reset)

    def leave(self) -> None:
        """The step was cut at the events: what the state is to be with derivatives."""
        if self.flow.undefined or self._spoiled or not self._reset:
            return  # what a callback changed is not known with derivatives
        number, new = self._reset[0]
        found = self._here[number]
        if len(self._reset) > 1:
            listed = " and ".join(f"events[{n}]" for n, _ in self._reset)
            found = (
                f"{listed} reset the state at one time, t = {self.ta.time!r}, and displaced "
                "solutions may meet them in either order"
            )
        if isinstance(found, str):
            self._end(found)
            return
        try:
            states = self._after(new, found.values(), found.states)
        except (ArgumentError, UndefinedDerivativesError) as error:
            self._end(f"the reset of events[{number}] at t = {self.ta.time!r}: {error}")
            return
        self.flow.arrive(states, found.moved)

    def _after(
        self, new: Reset, values: Mapping[Expression, Any], states: Polynomial
    ) -> Polynomial:
        """The states behind a reset; parameters that it sets are set."""
        placed, parameters = values_after(new, values)
        listed = [placed.get(place, state) for place, state in enumerate(states)]
        for place, value in parameters.items():
            self.flow.set_parameter(self.ta.system.parameters, place, value)
        return cast(Polynomial, stack(listed))

    # -- switches ---------------------------------------------------------------------------------

    def switch(self) -> None:
        """The right-hand side has changed at the end of the last step."""
        detection = self.ta._detection
        assert detection is not None
        flipped = detection.search.flipped()
        if self.flow.undefined or flipped is None:
            return
        self._change(flipped, detection.before_switch(self.machine))

    def chosen(self, parameters: np.ndarray) -> None:
        """Modes were chosen by Python where the last step ended, or by machine code that asked it;
        what they and all parameters were in that step.
        """
        detection = self.ta._detection
        assert detection is not None
        if self.flow.undefined:
            return
        before, modes = detection.modes_among(parameters), detection.modes(self.machine)
        changed = np.flatnonzero(before != modes)
        switches = self.ta.switches
        where = f"t = {self.ta.time!r}"
        if len(changed) > 1:
            self._end(f"conditions change together at {where}, in what order nobody knows")
        elif len(changed):
            mode = int(changed[0])
            now = float(modes[mode])
            rises = now > before[mode]
            places = [
                place
                for place, switch in enumerate(switches)
                if switch.mode == mode and (not switch.change or (switch.change > 0) == rises)
            ]
            if now == 0 or before[mode] == 0 or not places:
                self._end(f"the solution comes to stay on a surface, or leaves it, at {where}")
            else:
                self._change(places[0], parameters)

    def _change(self, place: int, parameters: np.ndarray) -> None:
        """A switch has changed a mode where the last step ended; the parameters of that step."""
        g = scalars(self.ta.switches[place].surface).item()
        try:
            motion = self._motion(self.machine.time, accepted=True, parameters=parameters)
            found = crossing(motion, g)
            behind = self.flow.behind(self.machine, found.states, found.moved, self.machine.time)
        except UndefinedDerivativesError as error:
            self._end(f"a condition of the right-hand side changes: {error}")
            return
        self.machine.put_polynomials(behind._planes, self.machine.time)

    def passed_edge(self) -> None:
        """The solution went on behind a point where the right-hand side has no series."""
        self._end(f"the right-hand side is singular at t = {self.machine.time[0]!r}")

    def _end(self, why: str) -> None:
        """There are no derivatives from the present time on."""
        self.flow.end(why, self.machine.time)

    # -- impulses ---------------------------------------------------------------------------------

    def impulses(self, numbers: Sequence[int]) -> None:
        """Jumps are about to be made at the present time."""
        if self.flow.undefined or not numbers:
            return
        ta, flow = self.ta, self.flow
        try:
            for number in numbers:
                jump = ta._schedule.jumps[number]
                states = flow.polynomials(self.machine.polynomials())
                if flow.arrived is not None:
                    states = flow.arrived
                time = ta.time_pair
                motion = self._standing(states, time)
                values = motion.values(states, zero(flow.variations.space, flow.kind))
                listed = [e for _, e in (*jump.added, *jump.wanted)]
                found = iter(evaluate_polynomials(listed, values))
                amounts = {place: next(found) for place, _ in jump.added}
                for k, _ in jump.wanted:
                    flow.set_parameter(ta.system.parameters, self._place(k), next(found))
                moved = [
                    state + amounts[place] if place in amounts else state
                    for place, state in enumerate(states)
                ]
                flow.arrive(cast(Polynomial, stack(moved)), None)
        except (ArgumentError, UndefinedDerivativesError) as error:
            self._end(f"the impulse at t = {ta.time!r}: {error}")

    def _place(self, k: int) -> int:
        """Of a parameter that impulses set, among those of the system."""
        name = self.ta._schedule.parameters[k]
        return [str(e) for e in self.ta.system.parameters].index(str(name))

    # -- motions ----------------------------------------------------------------------------------

    def _motion(self, time: Pair, accepted: bool, parameters: np.ndarray | None = None) -> Motion:
        """The solution about a time in the last step, before anything changes there."""
        machine, flow = self.machine, self.flow
        record = machine.record(accepted)
        since = dd.add(np.array([time]), -record.starts)[0] / record.scales[0]
        by = to_kind(PAIRS.to_planes(since[np.newaxis]), PAIRS, flow.kind)[:, 0]
        order = max(flow.variations.space.order, 4)
        planes = shifted(flow.kind, record.planes[:, 0], by, order)
        powers = np.asarray(record.scales[0] ** np.arange(planes.shape[1]))[:, np.newaxis]
        series = polynomials_of(planes / powers, flow.count)
        return self._about(series, time, float(record.scales[0]), parameters)

    def _standing(self, states: Polynomial, time: Pair) -> Motion:
        """States at a time, without a motion."""
        return self._about(states._planes[:, np.newaxis], time, 1.0, None)

    def _about(
        self, series: np.ndarray, time: Pair, span: float, parameters: np.ndarray | None
    ) -> Motion:
        ta, flow = self.ta, self.flow
        fixed: dict[Expression, Any] = {e: ta.parameters[e] for e in ta.system.parameters}
        fixed |= flow.parameters_by_expression(ta.system.parameters, self.machine)
        modes = ta._model.modes
        planes = self.machine.parameters if parameters is None else parameters
        first = len(ta.system.parameters)
        fixed |= dict(zip(modes, planes[0, first : first + len(modes)].tolist(), strict=True))
        return Motion(ta.system.states, series, flow.variations.space, flow.kind, time, span, fixed)

    # -- results ----------------------------------------------------------------------------------

    def with_maps(self, outcome: Outcome, grid: np.ndarray | None) -> Outcome:
        """An outcome, with the derivatives that there are; grid: its times, (k, 2)."""
        flow, message = self.flow, outcome.message
        if flow.undefined:
            listed = (message, f"there are no derivatives: {flow.undefined}")
            message = "; ".join(text for text in listed if text)
        present = None if flow.undefined else flow.polynomials(self.machine.polynomials())
        return replace(
            outcome,
            message=message,
            events=tuple(self._attached(n, one) for n, one in enumerate(outcome.events)),
            flow_map=present,
            flow_maps=None if grid is None else self._on_grid(grid),
            dense=None if outcome.dense is None else self._along(outcome.dense),
        )

    def _on_grid(self, grid: np.ndarray) -> Polynomial | None:
        """The states at the times of a grid with their derivatives, NaN from where there are none
        any more; None where there were none from the beginning.
        """
        known = self._known(grid)
        return self.machine.grid_maps(known) if known.any() else None

    def _along(self, dense: DenseOutput) -> DenseOutput:
        """Dense output whose steps have no derivatives where there are none any more."""
        assert dense.maps is not None
        known = self._known(dense.starts)
        if known.all():
            return dense
        whole, space = dense.maps
        coefficients = whole.coefficients.copy()
        coefficients[~known, :, self.flow.count :] = np.nan
        return replace(dense, maps=(replace(whole, coefficients=coefficients), space))

    def _known(self, times: np.ndarray) -> np.ndarray:
        """Whether there are derivatives at times (k, 2) of this propagation."""
        if not self.flow.undefined:
            return np.ones(len(times), bool)
        left = dd.add(times, -np.array([self.flow.ended])).sum(axis=1)
        return np.asarray(left > 0 if self._backward else left < 0)

    def _attached(self, number: int, records: Crossings) -> Crossings:
        """The records of an event with the maps of their times and states, NaN where unknown."""
        flow = self.flow
        known = {tuple(time): found for time, found in self.maps.get(number, [])}
        parts, size = flow.kind.parts, flow.variations.size
        times = np.full((parts, len(records), size), np.nan, flow.kind.dtype)
        states = np.full((parts, len(records), flow.count, size), np.nan, flow.kind.dtype)
        for place, time in enumerate(records.time_pairs.tolist()):
            found = known.get(tuple(time))
            if found is not None:
                times[:, place], states[:, place] = found.time._planes, found.states._planes
        maps = flow.polynomials(times), flow.polynomials(states)
        return replace(records, time_maps=maps[0], state_maps=maps[1])
