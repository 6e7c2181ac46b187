"""Memory of one trajectory: where its numbers are, and how they are kept and copied."""

from __future__ import annotations

from typing import Self

import numpy as np

from taylor_runtime.callables.memory import (
    ControlBlock,
    Pair,
    address_of,
    aligned_rooms,
    aligned_zeros,
    as_planes,
    doubles_of_planes,
    polynomials_of,
)
from taylor_runtime.callables.stepper import Stepper
from taylor_runtime.program.kinds import KINDS
from taylor_runtime.steps.states import VECTORS

STATE, ERROR, BEFORE, ERROR_BEFORE = range(4)  # the first of the vectors of states
ALL, LATEST = 1, 2  # what `recording` keeps of the records of steps


class StepRoom:
    """The control block, state vector and workspace of one trajectory for a compiled stepper."""

    def __init__(self, stepper: Stepper, defect_bound: float, floors: np.ndarray | None) -> None:
        self.stepper = stepper
        precision = stepper.options.precision
        self._dtype, self._parts = KINDS[precision].dtype, KINDS[precision].parts
        self.slots = np.array(stepper.shown.slots, dtype=np.intp)
        self._all_slots = np.array(stepper.states.slots, dtype=np.intp)
        self.slots_by_state = self._by_state(self._all_slots)  # (n, M)
        self.padding = stepper.states.padding()
        counts = VECTORS * stepper.size, stepper.parameters, stepper.workspace
        states, parameters, work = (doubles_of_planes(count, precision) for count in counts)
        kept = states, parameters, stepper.size  # what copies have, too, comes first
        self._rooms = aligned_rooms(*kept, work, stepper.record_length, 1)
        self.control = ControlBlock()
        self.spare: list[object] = []  # what copies share: memory of calls that are over
        self._make_room()
        if floors is not None:
            self._tolerances[:] = floors[self.padding]
        self.control.defect_bound = defect_bound
        self.forget_step()

    def _make_room(self) -> None:
        states, parameters, tolerances, work, records, grid = self._rooms
        whole, kind = aligned_zeros(grid.stop), self.stepper.options.precision
        self._kept = whole[: work.start]
        self.states = as_planes(whole[states], kind)
        self.parameters = as_planes(whole[parameters], kind)
        self._work = as_planes(whole[work], kind)
        self._tolerances, self._records, self._grid = whole[tolerances], whole[records], whole[grid]
        size = self.stepper.size
        vectors = self.states[:, : VECTORS * size]
        self._vectors = vectors.reshape(self._parts, VECTORS, size)
        self._arrays: tuple[np.ndarray, ...] = ()
        self._addresses: list[int] = []

    def copy(self) -> Self:
        """One in the same state with memory of its own; the machine code is shared."""
        other = self._alike()
        other.control = ControlBlock()
        other.take(self)
        return other

    def take(self, other: StepRoom) -> None:
        """The state of another one of the same stepper."""
        self.control.words()[:] = other.control.words()
        self._kept[:] = other._kept
        self.control.recording = self.control.records = 0  # there is room for one record
        self.watch(0, 0)

    def _with_room(self) -> Self:
        """One with equal tolerances, and memory in which is nothing yet."""
        other = self._alike()
        other._tolerances[:] = self._tolerances
        return other

    def _alike(self) -> Self:
        """One with memory in which is nothing yet, and everything else shared."""
        other = object.__new__(type(self))
        other.__dict__ = self.__dict__.copy()
        other._make_room()
        return other

    def memory(self) -> dict[str, np.ndarray]:
        """What a resumed run needs: plain arrays, with the states in the user's order."""
        return {
            "control": self.control.to_array(),
            "vectors": self._vectors[..., self._all_slots].copy(),
            "parameters": self.parameters.copy(),
        }

    def restore(self, memory: dict[str, np.ndarray]) -> None:
        """The inverse of `memory`."""
        self.control.take(memory["control"])
        self.watch(0, 0)
        self._vectors[:] = memory["vectors"][..., self.padding]
        self.parameters[:] = memory["parameters"]

    def forget_step(self) -> None:
        """Start afresh: no previous step, no accumulated rounding error."""
        control = self.control
        control.step = control.estimate = control.longest = 0.0
        control.scale, control.limit = 1.0, np.inf
        control.pending = control.overflowed = control.rescaled = control.window_end = 0
        self._vectors[:, ERROR] = 0.0

    def watch(self, detector: int, events: int) -> None:
        """Hand every step to the detector at an address, with its block; 0: to none."""
        control = self.control
        control.detector, control.events = detector, events
        if detector:
            control.recording = control.recording or LATEST

    def arrays(self) -> tuple[np.ndarray, ...]:
        """What the step loop is passed: states, parameters, work, records, grid, tolerances."""
        found = self.states, self.parameters, self._work, self._records, self._grid
        return *found, self._tolerances

    def shared_addresses(self) -> dict[str, int]:
        """Of memory that trajectories may use one after the other."""
        arrays = {"grid": self._grid, "work": self._work, "records": self._records}
        arrays["tolerances"] = self._tolerances
        return {name: address_of(array) for name, array in arrays.items()}

    @property
    def time(self) -> Pair:
        """Of the state."""
        control = self.control
        return control.time, control.time_low

    def slots_of(self, whole: bool) -> np.ndarray:
        """Places of the states in the user's order, or of all their numbers, with derivatives."""
        return self._all_slots if whole else self.slots

    def _by_state(self, planes: np.ndarray) -> np.ndarray:
        """Numbers of all states as polynomials: (.., n * M) to (.., n, M)."""
        return polynomials_of(planes, len(self.slots))
