"""Steps along a family of periodic orbits, and the bifurcations between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from taylor.sensitivities.curve import Curve, Point
from taylor.sensitivities.periodic import PeriodicOrbit, make_orbit

EASY = 3  # corrections after which the next step may be longer
TURN = 0.93  # cosine of the angle by which the direction may turn in a step
LOCATED = 1e-12  # of a step
VANISHES = 1e-8  # of what a function was beside its zero
FAIRLY = 1e-6  # of functions that are of order one
MOST_TRIES = 40
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
    direction: of the other family through it, by name, where the equations of the orbits know of
               one; empty otherwise.  `continue_family(bifurcation)` follows it.
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

    def _orbit(self, point: Point) -> PeriodicOrbit:
        curve = self.curve
        return make_orbit(
            curve.shooter, point.z, point.shot, curve.places, point.taken, self.conservative
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
            direction = self._other(point) if kind == "branch point" else {}
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

    def _other(self, point: Point) -> dict[str, float]:
        """The direction of the other family, across this one, if the equations have it."""
        curve = self.curve
        matrix = np.vstack([point.shot.jacobian[:, curve.places], point.tangent])
        _, sizes, rows = np.linalg.svd(matrix)
        if sizes[-1] > BRANCHING * sizes[0]:
            return {}
        whole = np.zeros(len(curve.setting.names))
        whole[curve.places] = np.where(np.abs(rows[-1]) > NOTHING, rows[-1], 0.0)
        named = zip(curve.setting.names, (whole * curve.shooter.scales).tolist(), strict=True)
        return {name: value for name, value in named if value}
