"""Machines that make the steps which are gone back over, and wait in between."""

from __future__ import annotations

from taylor.machines.machine import Machine
from taylor.machines.tape import Tape
from taylor.machines.taped import TapedMachine
from taylor_runtime.program.records import dataclass

MOST_WAITING = 2  # of one system: one on its way, one that makes steps again


@dataclass(frozen=True, slots=True)
class Waiting:
    """What gives machines of a system.

    like: the one whose state they have at first. budget: bytes for where steps began.
    """

    like: Machine
    budget: int

    @property
    def _waiting(self) -> list[TapedMachine]:
        found: list[TapedMachine] = self.like.stepper.kept.setdefault("waiting", [])
        return found

    def take(self, written: Tape | None) -> TapedMachine:
        """One that nobody else has, with a tape that it writes."""
        try:
            made = self._waiting.pop()
        except IndexError:
            return TapedMachine.of(self.like.copy(), written, self.budget)
        made.take(self.like)
        made.written = written
        made.tape(self.budget)
        return made

    def give(self, machine: TapedMachine) -> None:
        """One that nobody needs any more."""
        machine.written = None
        if len(self._waiting) < MOST_WAITING:
            self._waiting.append(machine)
