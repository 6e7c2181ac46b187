"""A trajectory as a table: what files hold, and what is made of integrations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from taylor.astrodynamics.files.instants import checked_system, seconds_after
from taylor.astrodynamics.files.interpolation import KINDS, interpolated
from taylor.astrodynamics.files.packages import (
    Dataset,
    Frame,
    Sky,
    dataframe,
    dataset,
    of_astropy,
    sky_coord,
)
from taylor.astrodynamics.times.epoch import Epoch
from taylor.errors import ArgumentError, ArgumentTypeError, ShapeError
from taylor.integrator.outcome import Outcome
from taylor_runtime.program.records import dataclass

Motion: TypeAlias = Callable[[np.ndarray], "tuple[np.ndarray, np.ndarray]"]
When: TypeAlias = "Epoch | Sequence[Epoch] | ArrayLike"


class Dense(Protocol):
    """States at times, as `outcome.dense` gives them."""

    def __call__(self, times: ArrayLike, /) -> np.ndarray: ...


def listed_trajectories(function: str, given: object) -> list[Trajectory]:
    """One trajectory or several, as a list.

    Raises ArgumentTypeError for what is none, ArgumentError for none at all.
    """
    several = isinstance(given, Iterable) and not isinstance(given, str)
    listed: list[Any] = list(given) if several else [given]  # type: ignore[call-overload]
    for one in listed:
        if not isinstance(one, Trajectory):
            raise ArgumentTypeError(
                f"{function}: {type(one).__name__} is no Trajectory; the path comes first, then "
                "one or several of these (Trajectory.of makes them of solutions)"
            )
    if not listed:
        raise ArgumentError(f"{function}: there are no trajectories")
    return listed


def check_finite(function: str, trajectory: Trajectory) -> None:
    """Raise ArgumentError for states that a file cannot hold."""
    wrong = ~np.isfinite(trajectory.states).all(axis=1)
    if wrong.any():
        raise ArgumentError(
            f"{function}: the state at {trajectory.seconds[wrong][0]!r} s is not finite"
        )


@dataclass(frozen=True, eq=False)
class Covariances:
    """Covariances of position and velocity at times of a trajectory.

    seconds: after its start, (m,).   matrices: (m, 6, 6), km and km/s.
    frame:   their axes; empty for those of the trajectory.

    >>> import numpy as np, taylor as ty
    >>> ty.astrodynamics.Covariances(np.array([0.0]), np.eye(6)[np.newaxis]).frame
    ''
    """

    seconds: np.ndarray
    matrices: np.ndarray
    frame: str = ""


@dataclass(frozen=True, eq=False)
class Trajectory:
    """Positions and velocities at epochs, with what is said of them.

    start:    the instant from which seconds count.
    seconds:  of TDB after the start, shape (k,), increasing.
    states:   km and km/s, (k, 6); (k, 3) where there are no velocities, (k, 9) with accelerations.
    frame, center, name, identifier: as files name them.
    system:   the time system in which files are written: "UTC", "TDB", "TT", "TAI", "GPS", ..
    interpolation, degree: how values in between are found: "HERMITE", "LAGRANGE" or "LINEAR".
    usable:   the first and the last of the seconds for which that is meant, or None for all.
    covariances: `Covariances`, or None.
    comments: lines of text.
    clock:    how much the spacecraft's clock is ahead, microseconds, (k,); None where not known.

    >>> import numpy as np, taylor as ty
    >>> sky = ty.astrodynamics
    >>> path = sky.Trajectory(
    ...     sky.Epoch("2026-03-20T12:00:00"), [0.0, 10.0], [[7000, 0, 0, 0, 7.5, 0]] * 2,
    ...     interpolation="LINEAR",
    ... )
    >>> path.interpolate(5.0).tolist()
    [7000.0, 0.0, 0.0, 0.0, 7.5, 0.0]
    """

    start: Epoch
    seconds: np.ndarray
    states: np.ndarray
    frame: str = "GCRF"
    center: str = "EARTH"
    name: str = "UNKNOWN"
    identifier: str = "UNKNOWN"
    system: str = "UTC"
    interpolation: str = "HERMITE"
    degree: int = 7
    usable: tuple[float, float] | None = None
    covariances: Covariances | None = None
    comments: tuple[str, ...] = ()
    clock: np.ndarray | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.start, Epoch):
            raise ArgumentTypeError(f"Trajectory: start must be an Epoch, got {self.start!r:.60}")
        seconds, states = np.asarray(self.seconds, float), np.asarray(self.states, float)
        if seconds.ndim != 1 or not len(seconds):
            raise ShapeError(f"Trajectory: seconds must have shape (k,), got {seconds.shape}")
        if states.ndim != 2 or states.shape[0] != len(seconds) or states.shape[1] not in (3, 6, 9):
            raise ShapeError(
                f"Trajectory: states must have shape ({len(seconds)}, 3), (.., 6) or (.., 9), got "
                f"{states.shape}"
            )
        if not np.isfinite(seconds).all() or not (np.diff(seconds) > 0).all():
            raise ArgumentError("Trajectory: seconds must be finite and increase")
        kind = str(self.interpolation).upper()
        if kind not in KINDS:
            raise ArgumentError(
                f"Trajectory: interpolation must be one of {', '.join(KINDS)}, got "
                f"{self.interpolation!r}"
            )
        if not isinstance(self.degree, int) or self.degree < 1:
            raise ArgumentError(f"Trajectory: degree must be an int from 1 on, got {self.degree!r}")
        for name, value in (
            ("seconds", seconds),
            ("states", states),
            ("interpolation", kind),
            ("system", checked_system(self.system)),
            ("comments", tuple(self.comments)),
        ):
            object.__setattr__(self, name, value)

    @classmethod
    def of(
        cls,
        solution: Outcome | Dense,
        times: ArrayLike | None = None,
        *,
        epoch: Epoch | None = None,
        places: Sequence[int] = (0, 1, 2, 3, 4, 5),
        **said: str,
    ) -> Trajectory:
        """The trajectory of an integration.

        solution: the outcome of `propagate_grid`, or an outcome or dense output with `times`.
        times:    the integrator's, (k,).
        epoch:    the instant of the integrator's time zero; by default its time is seconds of TDB
                  since J2000.
        places:   of the six states.
        said:     frame, center, name, identifier, system.

        Raises ArgumentError where there are no states at times.
        """
        if times is None:
            if not isinstance(solution, Outcome) or solution.times is None:
                raise ArgumentError(
                    "Trajectory.of: give the outcome of propagate_grid, or times with a dense one"
                )
            if solution.states is None or not solution.success:
                raise ArgumentError(f"Trajectory.of: the integration ended early: {solution!r:.80}")
            moments, states = np.asarray(solution.times), np.asarray(solution.states)
        else:
            moments = np.atleast_1d(np.asarray(times, float))
            dense: Dense | None = solution.dense if isinstance(solution, Outcome) else solution
            if dense is None:
                raise ArgumentError("Trajectory.of: this outcome has no dense output")
            states = np.asarray(dense(moments))
        zero = Epoch(0) if epoch is None else epoch
        if moments[0] > moments[-1]:
            moments, states = moments[::-1], states[::-1]
        start = zero + float(moments[0])
        return cls(start, moments - moments[0], states[:, list(places)], **said)  # type: ignore[arg-type]

    # -- what is in it ----------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self.seconds)

    def __repr__(self) -> str:
        return (
            f"<Trajectory of {self.name}: {len(self)} states from {self.epoch(0)} to "
            f"{self.epoch(-1)}, {self.frame}, {self.center}>"
        )

    def epoch(self, k: int) -> Epoch:
        """The instant of one of the states."""
        return self.start + float(self.seconds[k])

    @property
    def epochs(self) -> list[Epoch]:
        """The instants of all states."""
        return [self.start + float(s) for s in self.seconds]

    @property
    def times(self) -> np.ndarray:
        """Seconds of TDB since J2000, (k,)."""
        return self.start.seconds + self.seconds

    @property
    def positions(self) -> np.ndarray:
        """km, (k, 3)."""
        return self.states[:, :3]

    @property
    def velocities(self) -> np.ndarray:
        """km/s, (k, 3); ArgumentError where there are none."""
        if self.states.shape[1] < 6:
            raise ArgumentError("the trajectory has no velocities")
        return self.states[:, 3:6]

    def interpolate(self, when: When) -> np.ndarray:
        """States at instants: an Epoch, several, or seconds after the start; (6,) or (m, 6).

        Raises ArgumentError outside of what is usable.
        """
        if isinstance(when, Epoch):
            moments, single = seconds_after(self.start, [when]), True
        elif isinstance(when, list | tuple) and when and isinstance(when[0], Epoch):
            moments, single = seconds_after(self.start, list(when)), False
        else:
            given = np.asarray(when, float)
            moments, single = np.atleast_1d(given), given.ndim == 0
        if moments.ndim != 1 or not np.isfinite(moments).all():
            raise ArgumentError("interpolate: times must be finite, shape (m,)")
        if self.usable is not None:
            low, high = self.usable
            if moments.min() < low or moments.max() > high:
                raise ArgumentError(
                    f"the trajectory is usable from {low!r} to {high!r} s after its start only"
                )
        found = interpolated(self.seconds, self.states, self.interpolation, self.degree, moments)
        return found[0] if single else found

    def motion(self, epoch: Epoch | None = None) -> Motion:
        """Positions and velocities as a function of an array of times: an `ephemeris` for `access`,
        `eclipses`, `conjunctions` and `coverage`.

        epoch: from which times count in seconds of TDB; by default J2000.

        The function returns two arrays of shape (1, times, 3), km and km/s.  Raises ArgumentError
        where there are no velocities.

        >>> import numpy as np, taylor as ty
        >>> sky = ty.astrodynamics
        >>> start = sky.Epoch("2026-03-20T12:00:00")
        >>> states = [[7000, 0, 0, 0, 7.5, 0], [7000, 450, 0, 0, 7.5, 0]]
        >>> path = sky.Trajectory(start, [0.0, 60.0], states, interpolation="LINEAR")
        >>> path.motion(start)(np.array([0.0, 30.0]))[0].round(6).tolist()
        [[[7000.0, 0.0, 0.0], [7000.0, 225.0, 0.0]]]
        """
        if self.states.shape[1] < 6:
            raise ArgumentError(f"motion: {self!r} has no velocities")
        offset = float((Epoch(0) if epoch is None else epoch) - self.start)

        def motion(times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            states = self.interpolate(np.atleast_1d(np.asarray(times, float)) + offset)
            return states[np.newaxis, :, :3], states[np.newaxis, :, 3:6]

        return motion

    # -- other packages ---------------------------------------------------------------------------

    def to_dataframe(self) -> Frame:
        """A pandas.DataFrame with columns x, y, z, vx, vy, vz, by UTC to the nanosecond."""
        return dataframe(self.epochs, self.states)

    def to_xarray(self) -> Dataset:
        """An xarray.Dataset of positions and velocities, with what is said of them."""
        said = {"frame": self.frame, "center": self.center, "name": self.name}
        return dataset(self.epochs, self.states, {**said, "identifier": self.identifier})

    def to_astropy(self) -> Sky:
        """An astropy SkyCoord with times and units: GCRS, ICRS, ITRS or TEME, as the frame is."""
        return sky_coord(self.epochs, self.states, self.frame)

    @classmethod
    def from_astropy(cls, coordinates: Sky, **said: str) -> Trajectory:
        """The trajectory of an astropy SkyCoord or frame with `obstime`, in km and s."""
        start, seconds, states, frame = of_astropy(coordinates)
        return cls(start, seconds, states, **{"frame": frame, **said})  # type: ignore[arg-type]
