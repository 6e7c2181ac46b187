"""A segment of an ephemeris that is being read."""

from __future__ import annotations

import numpy as np

from taylor.astrodynamics.files.instants import SYSTEMS, instant, seconds_after
from taylor.astrodynamics.files.interpolation import KINDS
from taylor.astrodynamics.files.keyed import Entry, Value, check_needed, value_of
from taylor.astrodynamics.files.keywords import OEM_METADATA
from taylor.astrodynamics.files.text import Line
from taylor.astrodynamics.files.trajectory import Covariances, Trajectory
from taylor.astrodynamics.times.epoch import Epoch

Array = np.ndarray


class Segment:
    """A segment that is being read."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.said: dict[str, Value] = {}
        self.comments: list[str] = []
        self.epochs: list[Epoch] = []
        self.states: list[list[float]] = []
        self.own: list[Epoch] = []  # of covariances
        self.frames: list[str] = []
        self.matrices: list[Array] = []

    @property
    def system(self) -> str:
        """The time system."""
        return str(self.said["TIME_SYSTEM"])

    def add(self, given: Entry) -> None:
        """One keyword of the metadata."""
        field = OEM_METADATA.field(given.key)
        if field is None:
            given.line.wrong(f"{given.key} does not belong to the metadata of an OEM")
        if given.key in self.said:
            given.line.wrong(f"{given.key} is there twice")
        self.said[given.key] = value_of(given, field)

    def check(self, line: Line) -> None:
        """FormatError where metadata are missing or of unknown kind; `line` is their last."""
        check_needed(self.said, OEM_METADATA, line)
        self.said["TIME_SYSTEM"] = self.system.upper()
        if self.system not in SYSTEMS:
            line.wrong(f"the time system {self.system!r} is not known")

    def state(self, line: Line, epoch: str, numbers: list[str]) -> None:
        """One line of the ephemeris."""
        if len(numbers) not in (6, 9):
            line.wrong(f"a state has 6 or 9 numbers after its epoch, there are {len(numbers)}")
        if self.states and len(self.states[-1]) != len(numbers):
            line.wrong("accelerations must be there in all lines or in none")
        when = instant(epoch, self.system, line)
        if self.epochs and when <= self.epochs[-1]:
            line.wrong("epochs must increase")
        self.epochs.append(when)
        self.states.append([line.number_of(text, "a coordinate") for text in numbers])

    def made(self) -> Trajectory:
        """The trajectory."""
        if not self.epochs:
            self.line.wrong("the segment has no states")
        start, said = self.epochs[0], {key: str(value) for key, value in self.said.items()}
        kind = said.get("INTERPOLATION", "LAGRANGE").upper()
        if kind not in KINDS:
            self.line.wrong(f"the interpolation {kind!r} is not one of {', '.join(KINDS)}")
        degree = self.line.whole_of(said.get("INTERPOLATION_DEGREE", "7"), "INTERPOLATION_DEGREE")
        if degree < 1:
            self.line.wrong("INTERPOLATION_DEGREE must be 1 or more")
        seconds = seconds_after(start, self.epochs)
        usable = None
        if "USEABLE_START_TIME" in said or "USEABLE_STOP_TIME" in said:
            usable = tuple(
                float(seconds_after(start, [instant(said[name], self.system, self.line)])[0])
                if name in said
                else float(end)
                for name, end in (
                    ("USEABLE_START_TIME", seconds[0]),
                    ("USEABLE_STOP_TIME", seconds[-1]),
                )
            )
        return Trajectory(
            start,
            seconds,
            np.array(self.states),
            frame=said["REF_FRAME"],
            center=said["CENTER_NAME"],
            name=said["OBJECT_NAME"],
            identifier=said["OBJECT_ID"],
            system=self.system,
            interpolation=kind,
            degree=degree,
            usable=usable,  # type: ignore[arg-type]
            covariances=self._covariances(start),
            comments=tuple(self.comments),
        )

    def _covariances(self, start: Epoch) -> Covariances | None:
        if not self.matrices:
            return None
        if len(set(self.frames)) > 1:
            self.line.wrong("the covariances of a segment are in several frames")
        matrices = np.stack(self.matrices)
        return Covariances(seconds_after(start, self.own), matrices, self.frames[0])
