"""Objects of one kind of orbit, propagated block by block."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from taylor.astrodynamics.satellites.instants import Dates, Given
from taylor.astrodynamics.satellites.programs import Programs, Stage, programs
from taylor.astrodynamics.satellites.sgp4.resonance import STEP
from taylor.astrodynamics.satellites.states import SatelliteStates
from taylor_runtime.program.records import dataclass

POINTS = 1 << 14  # of a block, whose numbers on their way stay in the cache


class Workspace:
    """Memory for the numbers of a block on their way, for one thread at a time."""

    def __init__(self) -> None:
        self._arrays: dict[str, np.ndarray] = {}

    def array(self, name: str, *shape: int) -> np.ndarray:
        """An array with anything in it, of float64; the next of this name overwrites it."""
        size = math.prod(shape)
        memory = self._arrays.get(name)
        if memory is None or memory.size < size:
            memory = self._arrays[name] = np.empty(size)
        return memory[:size].reshape(shape)


class Group:
    """Objects of one branch, with what is known of each at epoch.

    rows: which objects of the catalogue they are.
    """

    def __init__(
        self, rows: np.ndarray, elements: Sequence[np.ndarray], branch: int, gravity: str, mode: str
    ) -> None:
        self.rows = rows
        self.branch = branch
        self._programs: Programs = programs(branch, gravity, mode)
        values = self._programs.epoch(*(column[rows] for column in elements))
        self._known = dict(zip(self._programs.names, values, strict=True))

    def blocks(self, times: int) -> list[slice]:
        """Its objects, so many at a time that a block has some `POINTS`."""
        size = max(1, POINTS // max(times, 1))
        return [slice(k, k + size) for k in range(0, len(self.rows), size)]

    def places(self, since: Given | Dates) -> Places | None:
        """Where resonant orbits are at the steps that times need; None of others."""
        if self._programs.carry is None:
            return None
        carry = self._carried(self._programs.carry)
        start = self._known["resonance.longitude"], self._known["motion"]
        return Places.between(*start, carry, *since.ends(self.rows))

    def _carried(self, stage: Stage) -> Carry:
        constants = [self._known[name] for name in stage.constants]

        def carry(longitude: np.ndarray, motion: np.ndarray, start: float, end: float) -> Arrays:
            found: Arrays = stage.function(*constants, longitude, motion, start, end)
            return found

        return carry

    def run(
        self,
        block: slice,
        since: Given | Dates,
        places: Places | None,
        at: Workspace,
        to: SatelliteStates,
    ) -> None:
        """Fill the rows of a block of objects."""
        rows = self.rows[block]
        shape = len(rows), since.count
        minutes = since.of(rows, at.array("minutes", *shape), at.array("rest", *shape))
        given = self._given(block, minutes, places, at, shape)
        whole = slice(rows[0], rows[-1] + 1) if rows[-1] - rows[0] == shape[0] - 1 else None
        states = at.array("states", 6, *shape) if whole is None else to.states[:, whole]
        status = at.array("status", *shape)
        self._call(self._programs.motion, block, [*given, minutes], (*states, status))
        if whole is None:  # not side by side
            for k, row in enumerate(rows):
                to.states[:, row] = states[:, k]
                to.errors[row] = status[k]
        else:
            to.errors[whole] = status

    def _given(
        self,
        block: slice,
        minutes: np.ndarray,
        places: Places | None,
        at: Workspace,
        shape: tuple[int, int],
    ) -> list[np.ndarray]:
        """What other stages give the last one."""
        given: list[np.ndarray] = []
        if self._programs.shifts is not None:
            given = list(at.array("shifts", 5, *shape))
            self._call(self._programs.shifts, block, [minutes], given)
        if places is not None and self._programs.carry is not None:
            carried = at.array("carried", 2, *shape)
            start = places.before(block, np.broadcast_to(minutes, shape))
            self._call(self._programs.carry, block, [*start, minutes], list(carried))
            given += list(carried)
        return given

    def _call(
        self, stage: Stage, block: slice, given: Sequence[np.ndarray], out: Sequence[np.ndarray]
    ) -> None:
        constants = (self._known[name][block, None] for name in stage.constants)
        stage.function(*constants, *given, out=tuple(out))


Arrays = Sequence[np.ndarray]
Carry = Callable[[np.ndarray, np.ndarray, float, float], Arrays]


@dataclass(frozen=True)
class Places:
    """Longitudes and mean motions of resonant orbits at steps of half a day.

    first: the number of the first step, 0 or less; longitudes, motions: shape (steps, objects).
    """

    first: int
    longitudes: np.ndarray
    motions: np.ndarray

    @classmethod
    def between(
        cls,
        longitude: np.ndarray,
        motion: np.ndarray,
        carry: Carry,
        earliest: float,
        latest: float,
    ) -> Places:
        """By steps from the epoch both ways."""
        forward, backward = int(max(latest, 0) // STEP), int(max(-earliest, 0) // STEP)
        found = np.empty((2, backward + forward + 1, len(longitude)))
        found[:, backward] = longitude, motion
        for way, steps in ((1, forward), (-1, backward)):
            for k in range(steps):
                here = backward + way * k
                ends = way * k * STEP, way * (k + 1) * STEP
                found[:, here + way] = carry(found[0, here], found[1, here], *ends)
        return cls(-backward, found[0], found[1])

    def before(self, block: slice, minutes: np.ndarray) -> Arrays:
        """Longitude, motion and time of the last step from the epoch before times of a block."""
        steps = np.trunc(minutes / STEP)
        places = steps.astype(np.intp) - self.first
        objects = np.arange(len(self.longitudes[0]))[block, None]
        return self.longitudes[places, objects], self.motions[places, objects], steps * STEP
