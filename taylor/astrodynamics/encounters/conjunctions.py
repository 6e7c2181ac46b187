"""Every close approach of every pair of a catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from taylor.astrodynamics.encounters.hermite import Ephemeris, Pieces, increasing, pieces, squares
from taylor.astrodynamics.encounters.minima import minima
from taylor.astrodynamics.encounters.neighbours import near_pairs
from taylor.displays import html, tables
from taylor.errors import ArgumentError
from taylor.expressions.types import ValueLike
from taylor_runtime.program.records import dataclass

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True)
class Conjunctions:
    """Close approaches in the order of time; arrays with one item for each.

    first, second: numbers of the objects, first < second.
    times:         when the distance has its minimum.
    distances:     this minimum.
    relative_positions, relative_velocities: of the second object from the first one, shape (n, 3).

    Made by `conjunctions`.
    """

    first: np.ndarray
    second: np.ndarray
    times: np.ndarray
    distances: np.ndarray
    relative_positions: np.ndarray
    relative_velocities: np.ndarray

    def __len__(self) -> int:
        return len(self.times)

    def __repr__(self) -> str:
        if not len(self):
            return "<Conjunctions: none>"
        k = int(np.argmin(self.distances))
        return (
            f"<Conjunctions: {len(self)}; nearest {self.first[k]} and {self.second[k]} at "
            f"{self.times[k]:.10g}: {self.distances[k]:.6g}>"
        )

    def _repr_html_(self) -> str:
        head = ("first", "second", "time", "distance", "speed")
        columns = (self.first, self.second, self.times, self.distances, self.speeds)
        rows = zip(*columns, strict=True)
        return html.facts("Conjunctions", {"number": len(self)}, html.table(head, rows, len(self)))

    def to_dataframe(self) -> pandas.DataFrame:
        """A pandas table with a line for each.

        Raises MissingPackageError without pandas.
        """
        names = ("first", "second", "time", "distance", "speed")
        columns = (self.first, self.second, self.times, self.distances, self.speeds)
        number = {"number": np.arange(len(self))}
        return tables.dataframe("to_dataframe", number, dict(zip(names, columns, strict=True)))

    @property
    def speeds(self) -> np.ndarray:
        """Relative speeds."""
        found: np.ndarray = np.linalg.norm(self.relative_velocities, axis=-1)
        return found

    def of(self, first: int, second: int) -> Conjunctions:
        """Those of one pair.

        >>> import taylor as ty
        >>> sky = ty.astrodynamics
        >>> import numpy as np
        >>> r, v = np.zeros((2, 2, 3)), np.zeros((2, 2, 3))
        >>> r[1, :, 0], r[1, :, 1], v[1, :, 0] = [-5, 5], 1.0, 1.0
        >>> sky.conjunctions((r, v), [0.0, 10.0], 2.0).of(1, 0).times
        array([5.])
        """
        low, high = sorted((first, second))
        return self._chosen((self.first == low) & (self.second == high))

    def _chosen(self, which: np.ndarray) -> Conjunctions:
        return Conjunctions(
            self.first[which],
            self.second[which],
            self.times[which],
            self.distances[which],
            self.relative_positions[which],
            self.relative_velocities[which],
        )


def conjunctions(
    ephemeris: Ephemeris,
    times: ValueLike,
    threshold: float,
    *,
    objects: Sequence[int] | np.ndarray | None = None,
) -> Conjunctions:
    """Return every approach of two objects below a distance, among all pairs.

    ephemeris: a function of an array of times that returns positions and velocities of all objects,
        two arrays of shape (objects, times, 3); or these two arrays, at `times`.  Velocities are
        the derivatives of positions; objects whose states are NaN at a time are left out there.
        `catalogue_motion` and `dense_motion` make it of catalogues and integrators.
    times: increasing.  Between them motion is the cubic through positions and velocities, off by at
        most h**4/384 of the fourth derivative: on low orbits 2 cm at steps of 30 s, 0.4 m at 60 s.
    threshold: the distance.
    objects: numbers of objects; only pairs with one of them count.

    Minima of distance within the span count, and its ends where the distance is less there than
    next to them.  None is missed: in each step those pairs are left whose bounds of motion reach
    each other (Hoots, Crawford & Roehrich 1984), of these those whose motion along lines comes near
    enough, and of these all roots of the derivative of the squared distance.

    Raises ArgumentError for times that do not increase, and for states of other shapes.

    >>> import numpy as np, taylor as ty
    >>> sky = ty.astrodynamics
    >>> orbits = np.array([[7000.0, 0, 1.0, 0, 0, 0], [7001.0, 0, 2.0, 0, 0, 0.001]])
    >>> def ephemeris(t):
    ...     x = np.repeat(orbits[:, None], len(t), axis=1)
    ...     x[..., 5] += np.sqrt(398600.4418 / x[..., 0] ** 3) * t
    ...     state = sky.convert_elements(x, "keplerian", "cartesian", 398600.4418)
    ...     return state[..., :3], state[..., 3:]
    >>> found = sky.conjunctions(ephemeris, np.arange(0, 8641, 60.0), threshold=20.0)
    >>> found.times.round(2).tolist(), found.distances.round(3).tolist()
    ([0.0, 2914.11, 5828.68], [7.072, 2.244, 2.35])
    """
    instants = increasing("conjunctions", times)
    if not (np.isfinite(threshold) and threshold > 0):
        raise ArgumentError(f"conjunctions: threshold={threshold!r} must be positive and finite")
    ends = float(instants[0]), float(instants[-1])
    chosen = None if objects is None else _numbers(objects, ephemeris, instants)
    found = []
    for piece in pieces("conjunctions", ephemeris, instants):
        found.append(_in_piece(piece, threshold, chosen, ends))
    return _joined(found)


def _numbers(objects: object, ephemeris: Ephemeris, instants: np.ndarray) -> np.ndarray:
    """Numbers of objects that there are, each once."""
    numbers = np.atleast_1d(np.asarray(objects))
    start = ephemeris if not callable(ephemeris) else ephemeris(instants[:2])
    count = len(np.asarray(start[0]))
    whole = numbers.ndim == 1 and numbers.dtype.kind in "iu"
    if not whole or not np.all((numbers >= 0) & (numbers < count)):
        raise ArgumentError(
            f"conjunctions: objects={objects!r:.80} must be numbers of objects, from 0 to "
            f"{count - 1}"
        )
    return np.unique(numbers)


def _in_piece(
    piece: Pieces, threshold: float, wanted: np.ndarray | None, ends: tuple[float, float]
) -> Conjunctions:
    c = piece.coefficients
    i, j = near_pairs(c[0], threshold + 2 * float(piece.reach.max(initial=0.0)))
    if wanted is not None:
        marked = np.isin(piece.objects, wanted)
        i, j = i[marked[i] | marked[j]], j[marked[i] | marked[j]]
    apart = c[0, j] - c[0, i]
    near = squares(apart) <= (threshold + piece.reach[i] + piece.reach[j]) ** 2
    i, j, apart = i[near], j[near], apart[near]
    passing = _passing(apart, c[1, j] - c[1, i], c[2:, j] - c[2:, i], threshold)
    i, j = i[passing], j[passing]
    i, j = np.minimum(i, j), np.maximum(i, j)
    relative = c[:, j] - c[:, i]
    which, s = minima(relative, (_slope(piece, 0, i, j), _slope(piece, 1, i, j)))
    for side in _sides(piece, ends):
        at_end = _border(relative, side)
        which = np.concatenate([which, at_end])
        s = np.concatenate([s, np.full(len(at_end), float(side))])
    first, second = piece.objects[i[which]], piece.objects[j[which]]
    return _approaches(piece, first, second, relative[:, which], s, threshold)


def _slope(piece: Pieces, end: int, i: np.ndarray, j: np.ndarray) -> np.ndarray:
    """Half the derivative of the squared distance by s at an end, from the states there alone."""
    place, speed = piece.ends[end]
    half = (piece.end - piece.begin) / 2
    found: np.ndarray = half * np.einsum("ij,ij->i", place[j] - place[i], speed[j] - speed[i])
    return found


def _passing(
    apart: np.ndarray, drift: np.ndarray, bent: np.ndarray, threshold: float
) -> np.ndarray:
    """Whether linear motion comes nearer than the threshold and all that bends it."""
    squared = squares(drift)
    with np.errstate(all="ignore"):
        s = np.clip(-np.einsum("ij,ij->i", apart, drift) / squared, -1, 1)
    s = np.where(squared > 0, s, 0)
    nearest = np.sqrt(squares(apart + s[:, None] * drift))
    bend = np.sqrt(squares(bent)).sum(axis=0)
    passing: np.ndarray = nearest <= threshold + bend
    return passing


def _sides(piece: Pieces, ends: tuple[float, float]) -> list[int]:
    """The ends of the span that a piece has."""
    return [s for s, end in ((-1, piece.begin == ends[0]), (1, piece.end == ends[1])) if end]


def _border(relative: np.ndarray, s: int) -> np.ndarray:
    """Which pairs are nearest at an end of the span: where the distance grows away from it."""
    c0, c1, c2, c3 = relative
    place, speed = c0 + s * c1 + c2 + s * c3, c1 + 2 * s * c2 + 3 * c3
    found: np.ndarray = np.nonzero((place * speed).sum(axis=1) * s < 0)[0]
    return found


def _approaches(
    piece: Pieces,
    i: np.ndarray,
    j: np.ndarray,
    relative: np.ndarray,
    s: np.ndarray,
    threshold: float,
) -> Conjunctions:
    x = s[:, None]
    c0, c1, c2, c3 = relative
    place = c0 + x * (c1 + x * (c2 + x * c3))
    speed = (c1 + x * (2 * c2 + 3 * x * c3)) * (2 / (piece.end - piece.begin))
    distances = np.linalg.norm(place, axis=1)
    found = Conjunctions(i, j, piece.times(s), distances, place, speed)
    return found._chosen(distances < threshold)


def _joined(parts: list[Conjunctions]) -> Conjunctions:
    names = ("first", "second", "times", "distances", "relative_positions", "relative_velocities")
    joined = Conjunctions(*(np.concatenate([getattr(p, name) for p in parts]) for name in names))
    return joined._chosen(np.lexsort((joined.second, joined.first, joined.times)))
