"""One orbit with what is said of it: `OrbitMessage`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from taylor.astrodynamics.files.instants import instant
from taylor.astrodynamics.files.keyed import Value
from taylor.astrodynamics.files.keywords import AXES
from taylor.astrodynamics.files.text import Line
from taylor.astrodynamics.files.trajectory import Trajectory
from taylor.astrodynamics.times.epoch import Epoch
from taylor.errors import ArgumentError
from taylor_runtime.program.records import dataclass


@dataclass(frozen=True, eq=False)
class OrbitMessage:
    """An orbit parameter message (OPM) or orbit mean-elements message (OMM).

    kind:        "OPM" or "OMM".
    values:      by keyword: numbers in the units of the standard (km, km/s, deg, rev/day, ..), and
                 texts; header, metadata and data together.  `message["INCLINATION"]` is one.
    covariance:  of position and velocity, (6, 6), km and km/s, or None; its axes are
                 values["COV_REF_FRAME"], where they are not REF_FRAME.
    manoeuvres:  of an OPM, each by keyword.
    user:        what users defined, texts by name.
    comments:    lines of text.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> message = sky.OrbitMessage.of_state(
    ...     sky.Epoch("2026-03-20T12:00:00"), [7000, 0, 0, 0, 7.5, 0], name="OURS"
    ... )
    >>> message["X"], message.epoch.isoformat(digits=0), float(message.state[4])
    (7000.0, '2026-03-20T12:00:00', 7.5)
    """

    kind: str
    values: dict[str, Value]
    covariance: np.ndarray | None = None
    manoeuvres: tuple[dict[str, Value], ...] = ()
    user: dict[str, str] | None = None
    comments: tuple[str, ...] = ()

    @classmethod
    def of_state(
        cls,
        epoch: Epoch,
        state: Sequence[float],
        *,
        frame: str = "GCRF",
        center: str = "EARTH",
        name: str = "UNKNOWN",
        identifier: str = "UNKNOWN",
        covariance: np.ndarray | None = None,
    ) -> OrbitMessage:
        """An OPM of a position and a velocity, km and km/s."""
        numbers = [float(x) for x in state]
        if len(numbers) != 6 or not np.isfinite(numbers).all():
            raise ArgumentError(f"OrbitMessage: a state has six finite numbers, got {state!r:.60}")
        said: dict[str, Value] = {
            "OBJECT_NAME": name,
            "OBJECT_ID": identifier,
            "CENTER_NAME": center,
            "REF_FRAME": frame,
            "TIME_SYSTEM": "UTC",
            "EPOCH": epoch.isoformat("utc", digits=9),
        }
        return cls("OPM", said | dict(zip(AXES, numbers, strict=True)), covariance)

    def __getitem__(self, keyword: str) -> Value:
        return self.values[keyword]

    def __contains__(self, keyword: str) -> bool:
        return keyword in self.values

    def number(self, keyword: str) -> float:
        """A value that is a number; ArgumentError where it is none."""
        value = self.values.get(keyword)
        if not isinstance(value, int | float):
            raise ArgumentError(f"the message has no number {keyword}")
        return float(value)

    @property
    def epoch(self) -> Epoch:
        """The instant of the orbit."""
        system = str(self.values["TIME_SYSTEM"])
        text = str(self.values["EPOCH"])
        return instant(text, system, Line("the message", 0, text))

    @property
    def state(self) -> np.ndarray:
        """Position and velocity of an OPM, km and km/s, (6,)."""
        return np.array([self.number(name) for name in AXES])

    @property
    def trajectory(self) -> Trajectory:
        """The one state of an OPM as a trajectory."""
        said = {
            "frame": str(self.values["REF_FRAME"]),
            "center": str(self.values["CENTER_NAME"]),
            "name": str(self.values["OBJECT_NAME"]),
            "identifier": str(self.values["OBJECT_ID"]),
            "system": str(self.values["TIME_SYSTEM"]),
        }
        return Trajectory(self.epoch, np.zeros(1), self.state[np.newaxis], **said)  # type: ignore[arg-type]
