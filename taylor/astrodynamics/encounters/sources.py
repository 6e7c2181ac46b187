"""Motion of many objects, from a catalogue or from integrators, as a function of time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

import numpy as np

from taylor.astrodynamics.satellites.catalogue import Catalogue
from taylor.astrodynamics.satellites.instants import Instant
from taylor.errors import ArgumentError, ArgumentTypeError

States: TypeAlias = tuple[np.ndarray, np.ndarray]
Motion: TypeAlias = Callable[[np.ndarray], States]
DAY = 86400.0


class Dense(Protocol):
    """A solution as a function of time, such as `DenseOutput`."""

    def __call__(self, times: np.ndarray, /) -> np.ndarray: ...


def catalogue_motion(catalogue: Catalogue, epoch: Instant | tuple[float, float]) -> Motion:
    """Return positions and velocities of a catalogue as a function of seconds after an epoch.

    epoch: an `Epoch`, or the Julian date of UTC in two parts.

    The function takes an array of times and returns two arrays of shape (objects, times, 3), in
    TEME, km and km/s; NaN where SGP4 gives an error.  That is an `ephemeris` for `conjunctions`.

    >>> import numpy as np, taylor as ty
    >>> sky = ty.astrodynamics
    >>> two = sky.MeanElements(np.full(2, 0.0676), 0.001, 0.9, np.array([1.0, 2.0]), 3.0, 5.0)
    >>> motion = sky.catalogue_motion(sky.Catalogue(two), (2433281.5, 0.25))
    >>> motion(np.array([0.0, 60.0]))[0].shape
    (2, 2, 3)
    """
    found = epoch if isinstance(epoch, tuple) else getattr(epoch, "utc", None)
    if not isinstance(found, tuple) or len(found) != 2:
        raise ArgumentTypeError(
            f"catalogue_motion: epoch={epoch!r:.80} must be an Epoch, or a Julian date of UTC in "
            "two parts (jd, fraction)"
        )
    day, part = found

    def motion(times: np.ndarray) -> States:
        times = np.asarray(times, dtype=np.float64)
        states = catalogue.propagate((np.full(times.shape, day), part + times / DAY))
        return states.positions, states.velocities

    return motion


def dense_motion(solutions: Sequence[Dense]) -> Motion:
    """Return positions and velocities of several solutions as a function of time.

    solutions: dense outputs, one an object, whose first six variables are position and velocity.

    Raises ArgumentError if there is none.

    >>> import numpy as np, taylor as ty
    >>> model = ty.models.two_body(398600.4418)
    >>> ta = ty.Integrator(model.system, [7000.0, 0, 0, 0, 7.5, 0])
    >>> out = ta.propagate_until(600.0, dense=True)
    >>> r, v = ty.astrodynamics.dense_motion([out.dense])(np.array([0.0, 300.0]))
    >>> r.shape
    (1, 2, 3)
    """
    chosen = list(solutions)
    if not chosen:
        raise ArgumentError("dense_motion: there are no solutions")

    def motion(times: np.ndarray) -> States:
        states = np.stack([np.asarray(solution(times))[..., :6] for solution in chosen])
        return states[..., :3], states[..., 3:]

    return motion
