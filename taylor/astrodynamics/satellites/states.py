"""Where objects are."""

from __future__ import annotations

import numpy as np

from taylor_runtime.program.records import dataclass


@dataclass(frozen=True)
class SatelliteStates:
    """Where the objects of a catalogue are, in TEME.

    states: x, y, z in km and their rates in km/s, shape (6, objects, times); NaN where there is an
            error.
    errors: uint8, shape (objects, times), as the package `sgp4` counts them: 0 none, 1 the mean
            eccentricity is out of range, 2 the mean motion is not positive, 3 the eccentricity with
            periodics is out of range, 4 the semi-latus rectum is negative, 6 decayed.

    >>> import numpy as np
    >>> import taylor as ty
    >>> elements = ty.astrodynamics.MeanElements(0.0676, 0.001, 0.9, 1.0, 3.0, 5.0)
    >>> found = ty.astrodynamics.Catalogue(elements).propagate(minutes=np.linspace(0, 90, 7))
    >>> found.positions.shape, found.velocities.shape, found.errors.tolist()
    ((1, 7, 3), (1, 7, 3), [[0, 0, 0, 0, 0, 0, 0]])
    """

    states: np.ndarray
    errors: np.ndarray

    def __repr__(self) -> str:
        objects, times = self.errors.shape
        wrong = int((self.errors != 0).sum())
        return f"<SatelliteStates: {objects} objects at {times} times, {wrong} with errors>"

    @property
    def positions(self) -> np.ndarray:
        """Km, shape (objects, times, 3): a view of `states`."""
        return np.moveaxis(self.states[:3], 0, -1)

    @property
    def velocities(self) -> np.ndarray:
        """Km/s, shape (objects, times, 3): a view of `states`."""
        return np.moveaxis(self.states[3:], 0, -1)
