"""Families of periodic orbits, followed by pseudo-arclength."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import field, replace
from typing import Any

import numpy as np

from taylor.displays.pictures import COLORS, figure, legend, name_axes
from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.expressions.expression import Expression
from taylor.sensitivities.curve import Curve, Direction
from taylor.sensitivities.periodic import PeriodicOrbit
from taylor.sensitivities.shooting import PERIOD
from taylor.sensitivities.walk import Bifurcation, Walk, doubled
from taylor_runtime.program.records import dataclass


@dataclass(frozen=True, slots=True)
class Family:
    """Periodic orbits one after the other; `family[k]` and iteration give them.

    orbits:       in order.
    bifurcations: what was found between them.
    message:      why it ended there.
    complete:     whether the orbits asked for, or a bound, were reached.
    arclength:    (orbits,), in units of the sizes of the unknowns, from the first orbit.

    >>> import taylor as ty
    >>> x, v = ty.variables("x v")
    >>> orbit = ty.analysis.periodic_orbit([(x, v), (v, -x - x**3)], [0.5, 0.0], odd=v, fixed=x)
    >>> family = ty.analysis.continue_family(orbit, 10, direction={x: 1})
    >>> len(family), bool(family[-1][x] > family[0][x]), bool(family.stable.all())
    (10, True, True)
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
        name_axes(axes, _text(key), _text(y), "periodic orbits")
        legend(axes)
        return made


def _text(key: Any) -> str:
    name = getattr(key, "__name__", str(key))
    return "value" if name == "<lambda>" else name


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
        twofold = orbit.kind == "period doubling"
        orbit = doubled(orbit.orbit) if twofold else orbit.orbit
    if not isinstance(orbit, PeriodicOrbit):
        raise ArgumentTypeError(f"continue_family: an orbit of periodic_orbit, got {orbit!r}")
    if not isinstance(count, int | np.integer) or count < 2:
        raise ArgumentError(f"continue_family: count must be an integer > 1, got {count!r}")
    if not 0 < smallest_step <= step <= largest_step < math.inf:
        raise ArgumentError("continue_family: 0 < smallest_step <= step <= largest_step is needed")
    curve = Curve(orbit, parameter, tolerance)
    limits = [(curve.setting.place(k), *pair) for k, pair in (bounds or {}).items()]
    tangent = curve.first_tangent(direction)
    walk = Walk(curve, tangent, (smallest_step, step, largest_step))
    message, complete = walk.go(int(count), limits)
    return Family(tuple(walk.orbits), tuple(walk.found), message, complete, np.array(walk.lengths))
