"""Problems of celestial mechanics, in the formulas that a user would write."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import reduce
from operator import add
from pathlib import Path
from typing import Any

from benchmarks.problem import Equations, Problem

_MU = 0.01  # of the restricted problem's lighter mass


def planar_cr3bp(functions: Any, state: Sequence[Any]) -> list[Any]:
    """Rotating frame, px = x' - y, py = y' + x, masses 1 - mu at (mu, 0) and mu at (mu - 1, 0).

    Szebehely, Theory of Orbits (1967), ch. 1 and 7.
    """
    x, y, px, py = state
    from_heavy, from_light = x - _MU, x + (1.0 - _MU)
    pull_heavy = (1.0 - _MU) * (from_heavy**2 + y**2) ** -1.5
    pull_light = _MU * (from_light**2 + y**2) ** -1.5
    return [
        px + y,
        py - x,
        py - pull_heavy * from_heavy - pull_light * from_light,
        -px - pull_heavy * y - pull_light * y,
    ]


def _n_body(gm: Sequence[float], dimensions: int = 3, light: float | None = None) -> Equations:
    """Newtonian point masses with parameters G m_j; states x, y, z, x', y', z' by body.

    The double loop over pairs that a user would write, r^-3 shared between the bodies of a pair.
    With `light`, the speed of light, every pair with body 0 has its first post-Newtonian term
    (Einstein, Infeld & Hoffmann 1938, in the limit of a small mass), and body 0 the recoil.
    """

    def equations(functions: Any, x: Sequence[Any]) -> list[Any]:
        bodies, axes = range(len(gm)), range(dimensions)
        each = 2 * dimensions
        position = [x[each * i : each * i + dimensions] for i in bodies]
        velocity = [x[each * i + dimensions : each * (i + 1)] for i in bodies]
        forces: list[list[list[Any]]] = [[[] for _ in axes] for _ in bodies]
        for i in bodies:
            for j in range(i + 1, len(gm)):
                d = [b - a for a, b in zip(position[i], position[j], strict=True)]
                squared = reduce(add, [component**2 for component in d])
                inverse_cube = squared**-1.5
                for axis in axes:
                    pull = d[axis] * inverse_cube
                    forces[i][axis].append(gm[j] * pull)
                    forces[j][axis].append(-gm[i] * pull)
                if light is not None and i == 0:
                    v = [b - a for a, b in zip(velocity[i], velocity[j], strict=True)]
                    inverse = squared * inverse_cube
                    along_r = inverse_cube * (4.0 * gm[0] * inverse - _dot(v, v))
                    along_v = inverse_cube * _dot(d, v)
                    for axis in axes:
                        term = along_r * d[axis] + 4.0 * (along_v * v[axis])
                        forces[j][axis].append(gm[0] / light**2 * term)
                        forces[0][axis].append(-gm[j] / light**2 * term)
        derivatives: list[Any] = []
        for i in bodies:
            derivatives += [*velocity[i], *(reduce(add, terms) for terms in forces[i])]
        return derivatives

    return equations


def _dot(a: Sequence[Any], b: Sequence[Any]) -> Any:
    return reduce(add, [p * q for p, q in zip(a, b, strict=True)])


def _energy(gm: Sequence[float]) -> Callable[[Any, Sequence[Any]], Any]:
    """Energy of point masses in space, times the gravitational constant."""

    def energy(functions: Any, x: Sequence[Any]) -> Any:
        total = x[0] * 0
        for i in range(len(gm)):
            total += gm[i] * _dot(x[6 * i + 3 : 6 * i + 6], x[6 * i + 3 : 6 * i + 6]) / 2
            for j in range(i):
                d = [x[6 * i + k] - x[6 * j + k] for k in range(3)]
                total -= gm[i] * (gm[j] / functions.sqrt(_dot(d, d)))  # no product of floats
        return total

    return energy


# Sun and outer planets in astronomical units, days and solar masses, from Applegate, Douglas,
# Gursel, Sussman & Wisdom, Astron. J. 92 (1986) 176.  Here the unit of time is 365 days, as in
# heyoka's and REBOUND's benchmarks.
_OUTER_DAYS = 365.0
_OUTER_MASSES = (1.00000597682, 1 / 1047.355, 1 / 3501.6, 1 / 22869, 1 / 19314, 7.4074074e-09)
_OUTER_BODIES = ("sun", "jupiter", "saturn", "uranus", "neptune", "pluto")
_OUTER_STATES = (
    (-4.06428567034226e-3, -6.08813756435987e-3, -1.66162304225834e-6),
    (6.69048890636161e-6, -6.33922479583593e-6, -3.13202145590767e-9),
    (3.40546614227466, 3.62978190075864, 3.42386261766577e-2),
    (-5.59797969310664e-3, 5.51815399480116e-3, -2.66711392865591e-6),
    (6.60801554403466, 6.38084674585064, -1.36145963724542e-1),
    (-4.17354020307064e-3, 3.99723751748116e-3, 1.67206320571441e-5),
    (1.11636331405597e1, 1.60373479057256e1, 3.61783279369958e-1),
    (-3.25884806151064e-3, 2.06438412905916e-3, -2.17699042180559e-5),
    (-3.01777243405203e1, 1.91155314998064, -1.53887595621042e-1),
    (-2.17471785045538e-4, -3.11361111025884e-3, 3.58344705491441e-5),
    (-2.13858977531573e1, 3.20719104739886e1, 2.49245689556096),
    (-1.76936577252484e-3, -2.06720938381724e-3, 6.58091931493844e-4),
)


def outer_solar_system() -> Problem:
    gravity = (0.01720209895 * _OUTER_DAYS) ** 2
    state: list[float] = []
    for position, velocity in zip(_OUTER_STATES[::2], _OUTER_STATES[1::2], strict=True):
        state += [*position, *(_OUTER_DAYS * v for v in velocity)]
    return Problem(
        name="outer-solar-system",
        title="outer Solar System, 6 bodies",
        variables=_names(_OUTER_BODIES),
        equations=_n_body([gravity * m for m in _OUTER_MASSES]),
        state=tuple(state),
        span=40_000.0,
        error_span=300.0,
        energy=_energy([gravity * m for m in _OUTER_MASSES]),
    )


def _names(bodies: Sequence[object], axes: str = "xyz") -> tuple[str, ...]:
    return tuple(f"{kind}{axis}_{body}" for body in bodies for kind in ("", "v") for axis in axes)


def planets(count: int) -> Problem:
    """A star and count - 1 small planets on nearly circular orbits, so that no run is chaotic."""
    state = [0.0] * 6
    for k in range(count - 1):
        radius, angle, tilt = 1.0 + 0.3 * k, 2.4 * k, 0.05 * math.cos(3.0 * k)
        x, y, speed = math.cos(angle), math.sin(angle), 1.0 / math.sqrt(radius)
        state += [radius * x, radius * y, radius * tilt, -speed * y, speed * x, 0.01 * speed * tilt]
    return Problem(
        name=f"n-body-{count}",
        title=f"n-body {count}, double loop over pairs",
        variables=_names(range(count)),
        equations=_n_body([1.0, *(1e-6 * (1 + k % 3) for k in range(count - 1))]),
        state=tuple(state),
        span=60.0,
    )


def pleiades() -> Problem:
    """Seven stars in a plane with masses 1 to 7.

    Hairer, Norsett & Wanner, Solving Ordinary Differential Equations I (1993), section II.10.
    """
    x, y = (3, 3, -1, -3, 2, -2, 2), (3, -3, 2, 0, 0, -4, 4)
    vx, vy = (0, 0, 0, 0, 0, 1.75, -1.5), (0, 0, 0, -1.25, 1, 0, 0)
    state = [float(value) for one in zip(x, y, vx, vy, strict=True) for value in one]
    return Problem(
        name="pleiades",
        title="Pleiades, 7 stars in a plane",
        variables=_names(range(7), "xy"),
        equations=_n_body([float(k) for k in range(1, 8)], dimensions=2),
        state=tuple(state),
        span=3.0,
    )


def relativistic_solar_system() -> Problem:
    """Eleven bodies from DE421's state at J2000, the Sun's post-Newtonian term on every one."""
    path = Path(__file__).parent.parent / "examples" / "data" / "de421_j2000.csv"
    lines = [line for line in path.read_text().splitlines() if line and line[0] != "#"]
    bodies = [line.split(",") for line in lines[1:]]
    light = 299792.458 * 86400.0 / 149597870.6996262  # au/day
    return Problem(
        name="relativistic-solar-system",
        title="relativistic Solar System, 11 bodies",
        variables=_names([body[1] for body in bodies]),
        equations=_n_body([float(body[2]) for body in bodies], light=light),
        state=tuple(float(value) for body in bodies for value in body[3:]),
        span=3652.0,
        tolerance=1e-16,
    )
