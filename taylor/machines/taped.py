"""A trajectory that leaves on its way what is needed to go back over it."""

from __future__ import annotations

from typing import Self

from taylor.machines.machine import Machine
from taylor.machines.tape import Tape
from taylor_runtime.callables.trajectories.tape import Begun, TapedMemory


class TapedMachine(TapedMemory, Machine):
    """The machine of a trajectory, with a tape that it writes."""

    written: Tape | None

    @classmethod
    def of(cls, machine: Machine, written: Tape | None, budget: int) -> Self:
        """One in the same state, which has the memory of the other from now on.

        budget: bytes for where steps began.
        """
        made = object.__new__(cls)
        made.__dict__.update(machine.__dict__)
        made.written = written
        made.tape(budget)
        return made

    def begun(self) -> None:
        """A stretch of the way begins."""
        if self.written is not None:
            self.written.begin(self.memory())

    def handed_on(self, steps: Begun) -> None:
        """Steps were made since it began."""
        if self.written is not None:
            self.written.add(steps)

    def _alike(self) -> Self:
        other = super()._alike()
        other.taping = False  # steps that are made to be looked at are not on the way
        other._taped_for = 0  # there is room for one
        return other
