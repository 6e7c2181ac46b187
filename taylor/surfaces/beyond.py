"""How a motion goes on behind a surface on which the series of its branch do not exist."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from taylor.surfaces.sides import Meeting, Point, Sides, Surfaces

TRIFLE = 1e-40  # of time and states: how far ahead of a surface its branch is looked at
HOP = 2.0**-46  # of time: so far from the surface the motion goes on
LONGEST = 2.0**-40  # the same, at most
CLEAR = 64  # rounding errors of a surface function: the motion is off the surface
ORDER = 8  # of the series that tell whether they exist


def beyond(
    surfaces: Surfaces,
    point: Point,
    modes: Sequence[float],
    found: Sequence[Meeting],
    sides: Sides,
    left: Any,
) -> tuple[Any, Point] | None:
    """How far, and where, the motion goes on; None if series serve, or nothing is known behind.

    There a right-hand side is finite, but not its slope, such as that of a cube root: a straight
    line, so short that it is off by less than rounding, is as good as any series.

    point: on the surfaces; its errors are those of the machine's numbers.
    left:  of the time, with its sign.
    """
    from mpmath import isfinite, sign

    count = len(surfaces.expressions)
    direction = -1 if left < 0 else 1
    rows = _ahead(surfaces, point, modes, direction)
    states = rows[count:]
    rooms = [surfaces.room(point, modes, m.surface) for m in found]
    rates = [abs(rows[m.surface][1]) for m in found]
    if not all(isfinite(row[1]) for row in states) or not all(rate > 0 for rate in rates):
        return None
    clear = [CLEAR * room / rate for room, rate in zip(rooms, rates, strict=True)]
    span = direction * (max(HOP * abs(point.time), *clear) or HOP * abs(left))
    if abs(span) > LONGEST * max(abs(point.time), abs(left)):
        return None
    if all(abs(row[ORDER]) * abs(span) ** (ORDER - 1) <= abs(row[1]) for row in states):
        return None
    moved = [row[0] + span * row[1] for row in states]
    behind = replace(point, states=moved, time=point.time + span)
    after = surfaces.series(behind, modes, ORDER)
    signs = tuple(int(sign(after[m.surface][0])) for m in found)
    regular = all(isfinite(x) for row in after[count:] for x in row)
    return (span, behind) if regular and signs == sides else None


def _ahead(
    surfaces: Surfaces, point: Point, modes: Sequence[float], direction: int
) -> list[list[Any]]:
    """The series a trifle off the surface, where the branch is defined."""
    from mpmath import isfinite

    tiny = replace(point, errors=[TRIFLE * abs(x) for x in point.states])
    later = replace(tiny, time=point.time + direction * TRIFLE * abs(point.time))
    rows: list[list[Any]] = []
    for start, shift in ((tiny, 0), (later, 0), (later, 1), (later, -1)):
        rows = surfaces.series(start, modes, ORDER, shift)
        if all(isfinite(row[1]) for row in rows):
            break
    return rows
