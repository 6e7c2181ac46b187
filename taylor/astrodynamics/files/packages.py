"""Tables as pandas, xarray and astropy have them; each is imported when it is asked for."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from taylor.astrodynamics.files.instants import seconds_after, spell
from taylor.astrodynamics.times.epoch import Epoch
from taylor.displays.tables import missing
from taylor.errors import ArgumentError, ArgumentTypeError

COLUMNS = ("x", "y", "z", "vx", "vy", "vz", "ax", "ay", "az")
# astropy's frames by the names of frames in files; those of an epoch have the epochs of the table
FRAMES = {
    "GCRF": "gcrs",
    "GCRS": "gcrs",
    "EME2000": "gcrs",  # astropy has no mean equator and equinox; 0.02 arcseconds
    "J2000": "gcrs",
    "ICRF": "icrs",
    "ICRS": "icrs",
    "ITRF": "itrs",
    "ITRF2000": "itrs",
    "ITRF2014": "itrs",
    "ITRF2020": "itrs",
    "TEME": "teme",
}
NAMES = {"gcrs": "GCRF", "icrs": "ICRF", "itrs": "ITRF", "teme": "TEME"}


class Frame(Protocol):
    """A pandas.DataFrame, which comes without types."""

    def to_csv(self) -> str: ...


class Dataset(Protocol):
    """An xarray.Dataset, which comes without types."""

    @property
    def attrs(self) -> dict[str, str]: ...


class Sky(Protocol):
    """An astropy SkyCoord or frame, which comes without types."""

    @property
    def cartesian(self) -> object: ...


def dataframe(epochs: list[Epoch], states: np.ndarray) -> Frame:
    """A pandas.DataFrame by UTC."""
    try:
        import pandas  # type: ignore[import-untyped, import-not-found, unused-ignore]
    except ImportError:
        raise missing("to_dataframe", "pandas") from None
    index = pandas.DatetimeIndex(_stamps(epochs), name="utc", tz="UTC")
    made: Frame = pandas.DataFrame(states, index=index, columns=list(COLUMNS[: states.shape[1]]))
    return made


def dataset(epochs: list[Epoch], states: np.ndarray, said: dict[str, str]) -> Dataset:
    """An xarray.Dataset along `utc`."""
    try:
        import xarray  # type: ignore[import-untyped, import-not-found, unused-ignore]
    except ImportError:
        raise missing("to_xarray", "xarray") from None
    names = ("position", "velocity", "acceleration")[: states.shape[1] // 3]
    units = ("km", "km/s", "km/s^2")
    variables = {
        name: (("utc", "axis"), states[:, 3 * k : 3 * k + 3], {"units": units[k]})
        for k, name in enumerate(names)
    }
    coordinates = {"utc": _stamps(epochs), "axis": list("xyz")}
    made: Dataset = xarray.Dataset(variables, coordinates, said)
    return made


def _stamps(epochs: list[Epoch]) -> np.ndarray:
    texts = [spell(epoch, "UTC") for epoch in epochs]
    if any(text[17:19] == "60" for text in texts):
        raise ArgumentError("an epoch is within a leap second, which NumPy's dates do not know")
    return np.array(texts, dtype="datetime64[ns]")


def sky_coord(epochs: list[Epoch], states: np.ndarray, frame: str) -> Sky:
    """A SkyCoord with times and units."""
    coordinates, units, time = _astropy("to_astropy")
    kind = FRAMES.get(frame.upper())
    if kind is None:
        raise ArgumentError(f"astropy has no frame {frame!r}; known are {', '.join(FRAMES)}")
    pairs = np.array([epoch.tdb for epoch in epochs])
    moments = time.Time(pairs[:, 0], pairs[:, 1], format="jd", scale="tdb")
    place = coordinates.CartesianRepresentation(states[:, :3].T * units.km)
    if states.shape[1] > 3:
        speed = coordinates.CartesianDifferential(states[:, 3:6].T * units.km / units.s)
        place = place.with_differentials(speed)
    made: Sky = coordinates.SkyCoord(
        place, frame=kind, **({} if kind == "icrs" else {"obstime": moments})
    )
    if kind == "icrs":
        made.obstime = moments  # type: ignore[attr-defined]
    return made


def of_astropy(given: Sky) -> tuple[Epoch, np.ndarray, np.ndarray, str]:
    """The first instant, seconds after it, states in km and km/s, and the frame's name."""
    _, units, _ = _astropy("from_astropy")
    moments = getattr(given, "obstime", None)
    if moments is None or not hasattr(given, "cartesian"):
        raise ArgumentTypeError(
            "from_astropy takes a SkyCoord or a frame of astropy that has obstime, got "
            f"{given!r:.60}"
        )
    place: Any = given.cartesian
    name = getattr(getattr(given, "frame", given), "name", "")
    flat = np.atleast_1d(moments)
    epochs = [Epoch(one) for one in flat]
    states = place.xyz.to_value(units.km).reshape(3, -1)
    if "s" in place.differentials:
        speed = place.differentials["s"].d_xyz.to_value(units.km / units.s).reshape(3, -1)
        states = np.concatenate([states, speed])
    if len(epochs) != states.shape[1]:
        raise ArgumentError(f"from_astropy: {states.shape[1]} places and {len(epochs)} times")
    return (
        epochs[0],
        seconds_after(epochs[0], epochs),
        states.T.copy(),
        NAMES.get(name, name.upper()),
    )


def _astropy(function: str) -> tuple[Any, Any, Any]:
    try:
        from astropy import coordinates, time, units  # type: ignore[import-not-found, import-untyped, unused-ignore] # fmt: skip
    except ImportError:
        raise missing(function, "astropy") from None
    return coordinates, units, time
