"""Families of periodic orbits, followed by pseudo-arclength, and where they bifurcate."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.expressions.expression import Expression
from taylor.sensitivities.periodic import PeriodicOrbit, make_orbit
from taylor.sensitivities.pictures import COLORS, figure, label, legend
from taylor.sensitivities.shooting import PERIOD, Shooter, Shot

CORRECTIONS = 8  # after which a step is too long
EASY = 3  # corrections after which the next step may be longer
FARTHEST = 1.2  # times the length of a step, between two orbits
TURN = 0.93  # cosine of the angle by which the direction may turn in a step
SINGULAR = 1e-6  # of the largest singular value: directions in which the equations go on to hold
LOCATED = 1e-12  # of a step
VANISHES = 1e-8  # of what a function was beside its zero
FAIRLY = 1e-6  # of functions that are of order one
MOST_TRIES = 40

Direction = Mapping[Any, float]


@dataclass(frozen=True, slots=True)
class Bifurcation:
    """An orbit of a family at which others branch off, or the family turns back.

    kind:      "turning point": the parameter, or what is conserved, has an extremum.
               "branch point": a multiplier passes 1, and it is no turning point.
               "period doubling": a multiplier passes -1.
               "torus": a pair of multipliers passes the unit circle (Neimark and Sacker).
               "collision": two pairs of multipliers of a system that conserves something meet.
    index:     it lies between the orbits `index` and `index + 1` of the family.
    orbit:     the orbit there, as nearly as the vanishing function of multipliers tells.
    direction: of the other family through it, by name, where the equations of the orbits know of
               one; empty otherwise.  `continue_family(bifurcation)` follows it.
    """

    kind: str
    index: int
    orbit: PeriodicOrbit = field(repr=False)
    direction: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Family:
    """Periodic orbits one after the other; `family[k]` and iteration give them.

    orbits:       in order.
    bifurcations: what was found between them.
    message:      why it ended there.
    complete:     whether the orbits asked for, or a bound, were reached.
    arclength:    (orbits,), in units of the sizes of the unknowns, from the first orbit.
    """

    orbits: tuple[PeriodicOrbit, ...] = field(repr=False)
    bifurcations: tuple[Bifurcation, ...]
    message: str
    complete: bool
    arclength: np.ndarray = field(repr=False)

    def __len__(self) -> int:
        return len(self.orbits)

    def __getitem__(self, index: int) -> PeriodicOrbit:
        return self.orbits[index]

    def values(self, key: Expression | str | Callable[[PeriodicOrbit], float]) -> np.ndarray:
        """Of each orbit a state at the start, a parameter, "period", or a function: (orbits,)."""
        if callable(key) and not isinstance(key, Expression):
            return np.array([key(orbit) for orbit in self.orbits])
        return np.array([orbit[key] for orbit in self.orbits])

    @property
    def stable(self) -> np.ndarray:
        """Whether each orbit is stable: (orbits,) of bool."""
        return np.array([orbit.stable for orbit in self.orbits])

    def plot(self, x: Any = None, y: Any = PERIOD) -> Any:
        """A Matplotlib figure of the family, y over x: names as `values` takes them.

        Stable orbits are drawn full, unstable ones dashed; marks are bifurcations.
        """
        key = self.orbits[0]._shooter.setting.names[0] if x is None else x
        made, (axes,) = figure()
        across, up = self.values(key), self.values(y)
        for stable, style in ((True, "-"), (False, "--")):
            shown = self.stable == stable
            if not stable:  # unstable parts reach the stable orbits beside them
                shown[:-1] |= shown[1:]
                shown[1:] |= ~self.stable[:-1]
            text = "stable" if stable else "unstable"
            axes.plot(
                np.where(shown, across, np.nan),
                np.where(shown, up, np.nan),
                style,
                color=COLORS[0],
                linewidth=1.4,
                label=text if shown.any() else None,
            )
        kinds = sorted({b.kind for b in self.bifurcations})
        for k, kind in enumerate(kinds):
            own = replace(self, orbits=tuple(b.orbit for b in self.bifurcations if b.kind == kind))
            axes.plot(own.values(key), own.values(y), "o", color=COLORS[k + 1], label=kind, ms=5)
        label(axes, _text(key), _text(y), "periodic orbits")
        legend(axes)
        return made


def _text(key: Any) -> str:
    return getattr(key, "__name__", str(key))


def continue_family(
    orbit: PeriodicOrbit | Bifurcation,
    count: int = 50,
    *,
    parameter: Expression | str | None = None,
    direction: int | Direction | None = None,
    step: float = 0.01,
    largest_step: float = 0.1,
    smallest_step: float = 1e-6,
    bounds: Mapping[Any, tuple[float, float]] | None = None,
    tolerance: float = 1e-11,
) -> Family:
    """Follow the family that a periodic orbit belongs to: a `Family`.

    Steps go along the curve of solutions and are corrected across it, so that it may turn back.
    The length of steps follows from how many corrections they need and how far the curve turns.

    orbit:     of `periodic_orbit`, or a bifurcation, whose other family is followed.
    count:     of orbits at most, with the first one.
    parameter: that varies along the family; what was fixed for the orbit stays so.  Without one it
               is the natural family of a system that conserves something, along which nothing is
               fixed any more, nor the conditions hold.
    direction: +1, so that the parameter (or else the period) grows at first, or -1; or numbers by
               name, to which the first step is to be parallel as nearly as possible, such as
               {z: 1}.
    step:      first length of a step, in units of how large states become, period and parameters
               are; largest_step, smallest_step: its bounds.
    bounds:    by name (low, high): the family ends with the first orbit outside.

    Raises ArgumentError where the orbit belongs to no family, or to several and `direction` does
    not tell which; TypeError or ValueError for arguments that do not fit.  Where steps become too
    short the family ends there, and `message` says so.

    Source: Keller (1977) for pseudo-arclength; Doedel et al., Int. J. Bifurcation Chaos 13 (2003)
    1353, for families of systems that conserve something.

    >>> import taylor as ty
    >>> x, v = ty.variables("x v")
    >>> orbit = ty.analysis.periodic_orbit([(x, v), (v, -x - x**3)], [0.5, 0.0], odd=v, fixed=x)
    >>> family = ty.analysis.continue_family(orbit, 200, bounds={x: (0, 2)}, direction={x: 1})
    >>> bool(family[-1][x] > 2 and family[-1].period < orbit.period), family.bifurcations
    (True, ())
    """
    if isinstance(orbit, Bifurcation):
        if direction is None:
            direction = orbit.direction
        if not direction:
            raise ArgumentError("continue_family: this bifurcation knows of no other family")
        orbit = orbit.orbit
    if not isinstance(orbit, PeriodicOrbit):
        raise ArgumentTypeError(f"continue_family: an orbit of periodic_orbit, got {orbit!r}")
    if not isinstance(count, int | np.integer) or count < 2:
        raise ArgumentError(f"continue_family: count must be an integer > 1, got {count!r}")
    if not 0 < smallest_step <= step <= largest_step < math.inf:
        raise ArgumentError("continue_family: 0 < smallest_step <= step <= largest_step is needed")
    curve = _Curve(orbit, parameter, tolerance)
    limits = [(curve.setting.place(k), *pair) for k, pair in (bounds or {}).items()]
    tangent = curve.first_tangent(direction)
    walk = _Walk(curve, tangent, (smallest_step, step, largest_step))
    message, complete = walk.go(int(count), limits)
    return Family(
        tuple(walk.orbits), tuple(walk.found), message, complete, np.array(walk.lengths)
    )


@dataclass(frozen=True, slots=True)
class _Point:
    """A solution, the direction of the curve there, what was found, and how many corrections."""

    z: np.ndarray
    tangent: np.ndarray
    shot: Shot
    taken: int


class _Curve:
    """The solutions of F(z) = 0 near an orbit, where one more unknown than equations is left."""

    def __init__(self, orbit: PeriodicOrbit, parameter: Any, tolerance: float) -> None:
        known = orbit._shooter
        setting, z, n = known.setting, orbit._z, known.setting.size
        self.name = PERIOD if parameter is None else str(parameter)
        self.natural = parameter is None
        places = set(orbit._unknown)
        shooter = known
        if parameter is None:
            held = set(setting.odd or ()) | (set() if setting.autonomous else {len(z) - 1})
            places = set(range(len(z))) - held
            if setting.conditions:
                setting = replace(setting, conditions=())
                shooter = Shooter(setting, z)
        elif self.name not in setting.varied:
            if self.name not in setting.parameters:
                raise ArgumentError(f"continue_family: {parameter} is no parameter of the system")
            setting = setting.with_parameters([self.name])
            z = np.array([*z[:-1], setting.parameters[self.name], z[-1]])
            places = {k if k < len(z) - 2 else k + 1 for k in places} | {len(z) - 2}
            shooter = Shooter(setting, z)
        else:
            places = places | {setting.place(self.name)}
        assert n == setting.size
        self.setting, self.tolerance = setting, tolerance
        self.shooter = shooter = copy.copy(shooter)  # whose scales change along the family
        self.places = sorted(places)
        self.z = z
        shooter.rescale(z)
        shot = shooter.shoot(z, z)
        assert shot is not None  # it is a solution
        self.shot = shot
        self.branches = len(self.null_space(shot)) > 1

    def null_space(self, shot: Shot) -> np.ndarray:
        """Orthonormal rows: directions in which the equations go on to hold, to first order."""
        matrix = shot.jacobian[:, self.places]
        _, sizes, rows = np.linalg.svd(matrix)
        sizes = np.append(sizes, np.zeros(len(rows) - len(sizes)))
        return np.asarray(rows[sizes <= SINGULAR * sizes[0]])

    def first_tangent(self, direction: int | Direction | None) -> np.ndarray:
        """The direction of the first step, among the unknowns."""
        rows = self.null_space(self.shot)
        if not len(rows):
            raise ArgumentError(
                "continue_family: this orbit belongs to no family: give a parameter that varies"
            )
        if isinstance(direction, Mapping):
            wanted = np.zeros(len(self.setting.names))
            for key, value in direction.items():
                wanted[self.setting.place(key)] = float(value)
            along = rows.T @ (rows @ (wanted / self.shooter.scales)[self.places])
            length = float(np.linalg.norm(along))
            if not length > 1e-9 * np.linalg.norm(wanted / self.shooter.scales):
                raise ArgumentError("continue_family: the family does not go in that direction")
            return np.asarray(along / length)
        if direction not in (None, 1, -1):
            raise ArgumentError(f"continue_family: direction must be +1, -1 or a mapping, got {direction!r}")
        if len(rows) > 1:
            raise ArgumentError(
                f"continue_family: {len(rows)} families go through this orbit, or it is a place "
                "where they meet; say by direction={name: number} where to go"
            )
        row = rows[0]
        own = self.setting.place(self.name)
        grows = row[self.places.index(own)] if own in self.places else row[np.argmax(np.abs(row))]
        return np.asarray(row * np.copysign(1.0, grows) * (direction or 1))

    def rescaled(self, point: _Point) -> _Point:
        """The point in units of how large things have become."""
        before = self.shooter.scales
        self.shooter.rescale(point.z)
        tangent = point.tangent * (before / self.shooter.scales)[self.places]
        return replace(point, tangent=tangent / np.linalg.norm(tangent))

    def step(self, point: _Point, length: float) -> _Point | None:
        """The solution across the end of a step, or None where it is not found."""
        own, scales = self.places, self.shooter.scales
        move = np.zeros(len(scales))
        move[own] = length * point.tangent
        z = point.z + move * scales
        for taken in range(CORRECTIONS + 1):
            shot = self.shooter.shoot(z, point.z)
            if shot is None:
                return None
            size = float(np.abs(shot.residual).max())
            matrix = np.vstack([shot.jacobian[:, own], point.tangent])
            if size <= max(self.tolerance, shot.floor):
                gone = np.linalg.norm(((z - point.z) / scales)[own])
                if gone > FARTHEST * length:  # it is another orbit
                    return None
                return _Point(z, _unit(matrix), shot, taken)
            if size > 1.0:
                return None
            moved = np.zeros(len(scales))
            moved[own] = np.linalg.lstsq(matrix, np.append(-shot.residual, 0.0), rcond=None)[0]
            z = z + moved * scales
        return None


def _unit(matrix: np.ndarray) -> np.ndarray:
    """The unit vector that all rows but the last vanish on, on the last one's side."""
    wanted = np.zeros(len(matrix))
    wanted[-1] = 1.0
    found = np.linalg.lstsq(matrix, wanted, rcond=None)[0]
    return np.asarray(found / np.linalg.norm(found))


class _Walk:
    """Steps along a curve, and what happens on the way."""

    def __init__(
        self, curve: _Curve, tangent: np.ndarray, steps: tuple[float, float, float]
    ) -> None:
        self.curve = curve
        self.smallest, self.step, self.largest = steps
        self.point = _Point(curve.z, tangent, curve.shot, 0)
        first = make_orbit(curve.shooter, curve.z, curve.shot, curve.places, 0)
        self.conservative = first.multipliers.conserved is not None
        self.orbits = [first]
        self.lengths = [0.0]
        self.found: list[Bifurcation] = []
        self.tests: dict[str, float] = {}
        self.conserved: np.ndarray | None = None

    def go(self, count: int, limits: Sequence[tuple[int, float, float]]) -> tuple[str, bool]:
        """Take steps; returns why it ended, and whether that was meant."""
        if not self.curve.branches:  # else functions vanish there
            self.tests = self._tests(self.point, self.orbits[0])
        names = self.curve.setting.names
        while len(self.orbits) < count:
            after = self._next()
            if after is None:
                return (
                    f"no orbit was found by steps of {self.smallest:g} beyond the last one",
                    False,
                )
            for place, low, high in limits:
                if not low <= self.point.z[place] <= high:
                    return f"{names[place]} left the bounds", True
        return f"{count} orbits were found", True

    def _next(self) -> PeriodicOrbit | None:
        """One step, as long as it may be; shorter ones until one succeeds."""
        while True:
            taken = self.step
            after = self.curve.step(self.point, taken)
            if after is not None and float(after.tangent @ self.point.tangent) >= TURN:
                orbit = self._orbit(after)
                tests = self._tests(after, orbit)
                if self._compare(after, tests, taken):
                    break
            if self.step <= self.smallest:
                return None
            self.step = max(taken / 3, self.smallest)
        self.point, self.tests = self.curve.rescaled(after), tests
        self.orbits.append(orbit)
        self.lengths.append(self.lengths[-1] + taken)
        if after.taken <= EASY:
            self.step = min(1.5 * taken, self.largest)
        elif after.taken > EASY + 2:
            self.step = max(taken / 1.5, self.smallest)
        return orbit

    def _orbit(self, point: _Point) -> PeriodicOrbit:
        curve = self.curve
        return make_orbit(
            curve.shooter, point.z, point.shot, curve.places, point.taken, self.conservative
        )

    def _tests(self, point: _Point, orbit: PeriodicOrbit) -> dict[str, float]:
        """Functions along the curve whose signs tell of bifurcations."""
        found = orbit.multipliers.tests()
        turning = self._turning(point, orbit)
        if turning is not None:
            found["turning point"] = turning
        return found

    def _turning(self, point: _Point, orbit: PeriodicOrbit) -> float | None:
        """The derivative of the parameter, or of what is conserved, along the curve."""
        curve = self.curve
        if not curve.natural:
            return float(point.tangent[curve.places.index(curve.setting.place(curve.name))])
        g = orbit.multipliers.conserved
        if g is None:
            return None
        if self.conserved is not None and g @ self.conserved < 0:
            g = -g
        self.conserved = g
        whole = np.zeros(len(curve.setting.names))
        whole[curve.places] = point.tangent
        n = curve.setting.size
        return float(g @ (whole * curve.shooter.scales)[:n])

    def _compare(self, after: _Point, tests: dict[str, float], step: float) -> bool:
        """Find the bifurcations between two orbits.

        False where a function has other signs at both and no zero between: then the second one is
        of another family.
        """
        changed = [
            kind
            for kind, value in tests.items()
            if kind in self.tests and value * self.tests[kind] < 0
        ]
        if "turning point" in changed and "branch point" in changed:
            changed.remove("branch point")  # a multiplier passes 1 where the family turns
        kept, found = self.conserved, []
        for kind in changed:
            point = self._locate(kind, self.tests[kind], tests[kind], step)
            if point is None:
                return False
            orbit = self._orbit(point)
            direction = self._other(point) if kind == "branch point" else {}
            found.append(Bifurcation(kind, len(self.orbits) - 1, orbit, direction))
        self.conserved = kept
        self.found += found
        return True

    def _locate(self, kind: str, before: float, behind: float, step: float) -> _Point | None:
        """Where a function vanishes: regula falsi as the Illinois algorithm has it."""
        low, high, side = 0.0, step, 0
        small = VANISHES * min(abs(before), abs(behind))
        point, value = None, before
        for _ in range(MOST_TRIES):
            middle = (low * behind - high * before) / (behind - before)
            point = self.curve.step(self.point, middle)
            if point is None:
                return None
            value = self._tests(point, self._orbit(point)).get(kind, 0.0)
            if abs(value) < small or min(middle - low, high - middle) < LOCATED * step:
                break
            if value * before > 0:
                low, before = middle, value
                behind, side = behind / 2 if side == 1 else behind, 1
            else:
                high, behind = middle, value
                before, side = before / 2 if side == -1 else before, -1
        return point if abs(value) < max(small, FAIRLY) else None

    def _other(self, point: _Point) -> dict[str, float]:
        """The direction of the other family, across this one, if the equations have it."""
        curve = self.curve
        matrix = np.vstack([point.shot.jacobian[:, curve.places], point.tangent])
        _, sizes, rows = np.linalg.svd(matrix)
        if sizes[-1] > 1e-3 * sizes[0]:
            return {}
        whole = np.zeros(len(curve.setting.names))
        whole[curve.places] = rows[-1]
        named = zip(curve.setting.names, (whole * curve.shooter.scales).tolist(), strict=True)
        return {name: value for name, value in named if abs(value) > 1e-6}

