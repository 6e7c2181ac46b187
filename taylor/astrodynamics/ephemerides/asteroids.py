"""The asteroids that matter to the planets: where they were once, and where they are from that.

Of 343 asteroids in JPL's ephemerides the sixteen here have the larger part of the mass (they are
those of JPL's kernel sb441-n16).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from taylor.astrodynamics.ephemerides.kernels import Kernel, Source
from taylor.astrodynamics.ephemerides.series import Doubles, Series
from taylor.errors import ArgumentError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import variable
from taylor.integrator.integrator import Integrator
from taylor.nodes.sums import add_many

AU, DAY = 149597870.7, 86400.0
EPOCH = (2440400.5 - 2451545.0) * DAY  # 1969 June 28, seconds of TDB since J2000
SPAN = (-100.0 * 365.25 * DAY, 100.0 * 365.25 * DAY)  # 1900 to 2100
_SUN = 10
FIRST = 2_000_000  # NAIF's number of an asteroid is this and its own
# By number: G M in km^3/s^2 of DE440 (Park, Folkner, Williams & Boggs, Astron. J. 161 (2021) 105),
# and position and velocity from the Sun in AU and AU/day, in the axes of the ICRF, at the epoch, of
# DE430 (Folkner, Williams, Boggs, Park & Kuchynka, IPN Progress Report 42-196 (2014), table 13).
_TABLE = """
1 62.62889 1.438681810 -2.204373633 -1.326397853 0.00846540614 0.00468424798 0.00046615774
2 13.66588 0.203832272 -3.209619436 0.623843179 0.00853431386 -0.00086065921 -0.00039290199
3 1.920571 0.461207260 -3.006098960 -0.580164049 0.00839545830 0.00311190805 0.00027305968
4 17.28823 0.182371836 2.386628211 0.924596063 -0.01017449675 0.00004147819 0.00134415763
7 1.139872 1.892475268 -0.848414748 -0.157159319 0.00278695031 0.01131405738 0.00497513258
10 5.625148 2.444257570 2.180591650 1.162855082 -0.00592450592 0.00597968644 0.00228643861
15 2.023021 -1.438397662 2.001287639 0.767257270 -0.00973566601 -0.00298153482 -0.00369408087
16 1.589658 1.459069269 -2.194286961 -0.872045421 0.00819386697 0.00632889774 0.00216706921
31 1.079371 -2.344572196 -2.202248247 -1.499371924 0.00492922663 -0.00389495449 -0.00577773699
52 2.683036 1.630504392 -2.807391276 -1.120111555 0.00754590196 0.00438562827 0.00068105788
65 0.9381058 -2.818818186 -1.452785969 -0.459547660 0.00549121262 -0.00770976519 -0.00298090797
87 2.168232 -3.660362899 -0.885526883 0.312168187 0.00181774746 -0.00726147111 -0.00398277084
88 1.189808 0.351034978 2.726034311 1.255821731 -0.00908599895 0.00250436549 0.00021713673
107 1.443738 -2.814482356 -2.125615900 -0.466315210 0.00501632199 -0.00728328076 -0.00183385221
511 3.894483 -2.160191562 1.486363109 1.096959097 -0.00739069592 -0.00777902350 -0.00048554078
704 2.83041 2.462835232 -0.115048098 0.784219289 -0.00130956881 0.01034898719 0.00481252289
"""
ASTEROIDS = {
    int(row.split()[0]): tuple(map(float, row.split()[1:])) for row in _TABLE.strip().splitlines()
}
_PIECE, _TERMS = 32 * DAY, 14  # of the Chebyshev series; they are as good as the integration

Attracting = Callable[[float, float], Sequence[tuple[float, Expression]]]
"""G M and position from the Sun at `ty.time` of what attracts asteroids, between two times."""


def asteroid_gm(number: int) -> float | None:
    """G M of an asteroid, km^3/s^2; None where it is not in the table."""
    row = ASTEROIDS.get(number)
    return None if row is None else row[0]


def check_numbers(numbers: Sequence[int]) -> None:
    """Raise for asteroids that are not in the table, or none at all."""
    unknown = [n for n in numbers if n not in ASTEROIDS]
    if unknown or not numbers:
        raise ArgumentError(
            f"with_asteroids: {unknown[0] if unknown else 'no body'} is not in the table; give "
            f"numbers or names of asteroids among {', '.join(map(str, ASTEROIDS))}"
        )


def kernel_with(
    kernel: Kernel, numbers: tuple[int, ...], sun_gm: float, attracting: Attracting
) -> Kernel:
    """The kernel with vectors from the Sun to asteroids, which are integrated when they are read.

    attracting: the bodies that attract them, with the Sun, by Newton's law.  What they do to each
                other is left out.
    """

    @lru_cache(maxsize=2)
    def read(first: float, last: float) -> Mapping[int, Series]:
        return _integrated(numbers, sun_gm, attracting, first, last)

    def source(number: int) -> Source:
        return Source(*SPAN, lambda first, last: read(first, last)[number])

    added = {(FIRST + number, _SUN): source(number) for number in numbers}
    return replace(kernel, vectors={**kernel.vectors, **added})


def _integrated(
    numbers: Sequence[int], sun_gm: float, attracting: Attracting, first: float, last: float
) -> Mapping[int, Series]:
    """Positions from the Sun between two times, km, by number: integrated from the epoch."""
    edges = np.arange(np.floor(first / _PIECE), np.ceil(last / _PIECE) + 1) * _PIECE
    low, high = min(edges[0], EPOCH), max(edges[-1], EPOCH)
    r, v = (variable(name, shape=(len(numbers), 3)) for name in "rv")
    system = [(r, v), (v, _acceleration(r, sun_gm, attracting(low, high)))]
    rows = np.array([ASTEROIDS[n][1:] for n in numbers]) * AU
    start = np.concatenate([rows[:, :3].ravel(), rows[:, 3:].ravel() / DAY])
    angles = np.pi * (np.arange(_TERMS)[::-1] + 0.5) / _TERMS
    middle, radius = (edges[1:] + edges[:-1]) / 2, np.diff(edges) / 2
    nodes = (middle[:, None] + radius[:, None] * np.cos(angles)).ravel()
    places = np.empty((nodes.size, len(numbers), 3))
    for way in (nodes[nodes < EPOCH][::-1], nodes[nodes >= EPOCH]):
        if way.size:
            flight = Integrator(system, start, time=EPOCH).propagate_grid(way)
            found = np.asarray(flight.states)[:, : start.size // 2]
            places[np.searchsorted(nodes, way)] = found.reshape(way.size, len(numbers), 3)
    sampled = places.reshape(len(middle), _TERMS, len(numbers), 3)
    # T_k at the nodes is cos(k angle): the transformation is its own inverse, but for factors.
    waves = np.cos(np.outer(np.arange(_TERMS), angles)) * 2 / _TERMS
    waves[0] /= 2
    coefficients: Doubles = np.einsum("kt,ptna->pnak", waves, sampled)
    head = np.stack([middle, radius], axis=1)

    def series(which: int) -> Series:
        own = coefficients[:, which].reshape(len(middle), -1)
        return Series(edges, np.concatenate([head, own], axis=1))

    return {n: series(which) for which, n in enumerate(numbers)}


def _acceleration(
    r: Expression, sun_gm: float, attracting: Sequence[tuple[float, Expression]]
) -> Expression:
    """Of bodies at r from the Sun, less what the Sun itself is attracted with; shape of r."""
    parts = [-sun_gm * r * (r * r).sum(axis=1)[:, None] ** -1.5]
    for gm, place in attracting:
        apart = place[None, :] - r
        inverse = (apart * apart).sum(axis=1)[:, None] ** -1.5
        parts.append(gm * (apart * inverse - (place * (place * place).sum() ** -1.5)[None, :]))
    return add_many(parts)
