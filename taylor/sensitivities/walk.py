"""Steps along a family of periodic orbits, and the bifurcations between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

import numpy as np

from taylor.sensitivities.curve import Curve, Point
from taylor.sensitivities.failures import AnalysisError
from taylor.sensitivities.periodic import PeriodicOrbit, make_orbit
from taylor_runtime.program.records import dataclass

EASY = 3  # corrections after which the next step may be longer
TURN = 0.93  # cosine of the angle by which the direction may turn in a step
LOCATED = 1e-12  # of a step
VANISHES = 1e-8  # of what a function was beside its zero
FAIRLY = 1e-6  # of functions that are of order one
MOST_TRIES = 40
BRANCHES = ("branch point", "period doubling")
BRANCHING = 1e-3  # of the largest singular value
NOTHING = 1e-3  # of a direction


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
    direction: of the other family through it (of twice the period at a period doubling), by name,
               where the equations of the orbits know of one; empty otherwise, as where it does not
               share their symmetry.  `continue_family(bifurcation)` follows it.

    >>> import taylor as ty
    >>> x, y, k = *ty.variables("x y"), ty.parameter("k")
    >>> growth = k + 2 * (x**2 + y**2) - (x**2 + y**2) ** 2  # circles, which turn back at k = -1
    >>> system = [(x, growth * x - y), (y, growth * y + x)]
    >>> orbit = ty.analysis.periodic_orbit(system, [1.5, 0.0], 6.3, parameters={k: -0.9})
    >>> family = ty.analysis.continue_family(orbit, 40, parameter=k, direction=-1)
    >>> (found,) = family.bifurcations
    >>> found.kind, round(found.orbit[k], 9)
    ('turning point', -1.0)
    """

    kind: str
    index: int
    orbit: PeriodicOrbit = field(repr=False)
    direction: dict[str, float] = field(default_factory=dict)


class Walk:
    """Steps along a curve, and what happens on the way."""

    def __init__(
        self, curve: Curve, tangent: np.ndarray, steps: tuple[float, float, float]
    ) -> None:
        self.curve = curve
        self.smallest, self.step, self.largest = steps
        self.point = Point(curve.z, tangent, curve.shot, 0)
        self.conservative = curve.conservative
        self.orbits = [self._orbit(self.point)]
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
                if len(self.orbits) == 1:
                    self._settle(after)
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

    def _settle(self, second: Point) -> None:
        """Whether anything is conserved: at a bifurcation a multiplier is 1 by chance."""
        if self.conservative and self._orbit(second, None).multipliers.conserved is None:
            self.conservative = False
            self.orbits = [self._orbit(self.point)]
            if self.tests:
                self.tests = self._tests(self.point, self.orbits[0])

    def _orbit(self, point: Point, known: bool | None = True) -> PeriodicOrbit:
        """The orbit at a point; known=None to find out whether anything is conserved."""
        curve = self.curve
        conservative = self.conservative if known else None
        return make_orbit(
            curve.shooter, point.z, point.shot, curve.places, point.taken, conservative
        )

    def _tests(self, point: Point, orbit: PeriodicOrbit) -> dict[str, float]:
        """Functions along the curve whose signs tell of bifurcations."""
        found = orbit.multipliers.tests()
        turning = self._turning(point, orbit)
        if turning is not None:
            found["turning point"] = turning
        return found

    def _turning(self, point: Point, orbit: PeriodicOrbit) -> float | None:
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

    def _compare(self, after: Point, tests: dict[str, float], step: float) -> bool:
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
            direction = self._other(point, kind) if kind in BRANCHES else {}
            found.append(Bifurcation(kind, len(self.orbits) - 1, orbit, direction))
        self.conserved = kept
        self.found += found
        return True

    def _locate(self, kind: str, before: float, behind: float, step: float) -> Point | None:
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

    def _other(self, point: Point, kind: str) -> dict[str, float]:
        """The direction of the other family, across this one, if the equations have it."""
        curve = self.curve
        shot, tangent = point.shot, point.tangent.copy()
        if kind == "period doubling":  # the same curve of orbits that are gone round twice
            z = twice(point.z)
            found = curve.shooter.shoot(z, z)
            if found is None:
                return {}
            shot = found
            if len(z) - 1 in curve.places:
                tangent[-1] *= 2
        matrix = np.vstack([shot.jacobian[:, curve.places], tangent / np.linalg.norm(tangent)])
        _, sizes, rows = np.linalg.svd(matrix)
        if len(sizes) == matrix.shape[1] and sizes[-1] > BRANCHING * sizes[0]:
            return {}
        whole = np.zeros(len(curve.setting.names))
        whole[curve.places] = np.where(np.abs(rows[-1]) > NOTHING, rows[-1], 0.0)
        named = zip(curve.setting.names, (whole * curve.shooter.scales).tolist(), strict=True)
        return {name: value for name, value in named if value}


def twice(z: np.ndarray) -> np.ndarray:
    """The same orbit, gone round twice."""
    found = z.copy()
    found[-1] *= 2
    return found


def doubled(orbit: PeriodicOrbit) -> PeriodicOrbit:
    """The same orbit, gone round twice.

    Raises AnalysisError where that is too much for its solution.
    """
    z = twice(orbit._z)
    shot = orbit._shooter.shoot(z, z)
    if shot is None:
        raise AnalysisError("continue_family: the solution does not last for twice the period")
    conservative = orbit.multipliers.conserved is not None
    return make_orbit(orbit._shooter, z, shot, orbit._unknown, 0, conservative)
