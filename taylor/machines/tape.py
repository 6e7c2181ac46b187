"""Where the steps of a trajectory began, in bounded memory, and what it came through.

A way is made of *legs*, each of which ends where it jumps, or at the end; a leg is made of
*stretches*, of so many steps as the machine hands on at a time.  Of each stretch is kept what the
machine had at its beginning, and as long as there is room, where its steps began.  What is dropped
first is what is needed last; it is made again, to the same bits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import field
from typing import Any, Protocol

import numpy as np

from taylor.numbers.times import Pair
from taylor_runtime.callables.trajectories.tape import Begun, Memory
from taylor_runtime.program.records import dataclass

SPLIT = 16  # parts of what is too long to be made again at once


@dataclass(slots=True)
class Stretch:
    """Steps one after the other: what the machine had before them; `begun` is None if dropped."""

    memory: Memory
    count: int
    begun: Begun | None


@dataclass(slots=True)
class Leg:
    """A part of the way on which the right-hand side is one.

    parameters: planes of all, with modes; end: its time; jump: what happens there.
    """

    parameters: np.ndarray
    end: Pair
    jump: Any = None
    stretches: list[Stretch] = field(default_factory=list)


class Maker(Protocol):
    """A machine that makes steps again."""

    room: int

    def steps_from(self, memory: Memory, end: Pair, count: int) -> Begun: ...
    def memory(self) -> Memory: ...


class Tape:
    """What a machine wrote on its way.

    budget: bytes that the beginnings of steps may take.
    """

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self.legs: list[Leg] = []
        self.steps = 0
        self.bytes = 0  # in use
        self.most_bytes = 0
        self._open: list[Stretch] = []
        self._memory: Memory | None = None
        self._kept: list[Stretch] = []  # whose steps are here, the oldest first

    def begin(self, memory: Memory) -> None:
        """A stretch begins; parameters are kept once."""
        known = self._memory
        if known is not None and np.array_equal(known["parameters"], memory["parameters"]):
            memory["parameters"] = known["parameters"]
        self._memory = memory

    def add(self, steps: Begun) -> None:
        """The steps of the stretch that has begun."""
        assert self._memory is not None
        stretch = Stretch(self._memory, len(steps.headers), steps)
        self._open.append(stretch)
        self._kept.append(stretch)
        self.steps += stretch.count
        self.bytes += _bytes(stretch.memory) + _size(steps)
        while self.bytes > self.budget and len(self._kept) > 1:
            oldest = self._kept.pop(0)
            if oldest.begun is not None:
                self.bytes -= _size(oldest.begun)
                oldest.begun = None
        if self.bytes > self.budget:
            self._join()
        self.most_bytes = max(self.most_bytes, self.bytes)

    def _join(self) -> None:
        """Forget every second beginning of stretches whose steps were dropped."""
        for stretches in (self._open, *(leg.stretches for leg in self.legs)):
            joined: list[Stretch] = []
            for stretch in stretches:
                last = joined[-1] if joined else None
                pairs = last is not None and last.begun is None and stretch.begun is None
                if pairs and last is not None and last.count <= stretch.count:
                    last.count += stretch.count
                    self.bytes -= _bytes(stretch.memory)
                else:
                    joined.append(stretch)
            stretches[:] = joined

    def close(self, parameters: np.ndarray, end: Pair, jump: Any = None) -> None:
        """The leg ends, which had these parameters."""
        self.legs.append(Leg(parameters, end, jump, self._open))
        self._open = []


def backwards(leg: Leg, machine: Callable[[], Maker]) -> Iterator[Begun]:
    """The steps of a leg, some at a time, the last ones first; machine: makes one where needed."""
    for stretch in reversed(leg.stretches):
        if stretch.begun is not None:
            yield stretch.begun
        else:
            yield from _again(machine(), stretch.memory, leg.end, stretch.count)


def _again(machine: Maker, memory: Memory, end: Pair, count: int) -> Iterator[Begun]:
    if count <= machine.room:
        yield machine.steps_from(memory, end, count)
        return
    each = -(-count // SPLIT)
    each = -(-max(each, machine.room) // machine.room) * machine.room
    parts: list[tuple[Memory, int]] = []
    left = count
    while left:
        here = min(each, left)
        parts.append((memory, here))
        left -= here
        for done in range(0, here if left else 0, machine.room):
            machine.steps_from(memory, end, min(machine.room, here - done))
            memory = machine.memory()
    for start, length in reversed(parts):
        yield from _again(machine, start, end, length)


def _size(steps: Begun) -> int:
    return steps.headers.nbytes + steps.states.nbytes


def _bytes(memory: Memory) -> int:
    return sum(array.nbytes for name, array in memory.items() if name != "parameters")
