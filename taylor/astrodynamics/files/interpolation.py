"""Values between those of a table: polynomials of Lagrange and Hermite."""

from __future__ import annotations

import numpy as np

from taylor.errors import ArgumentError

Array = np.ndarray
KINDS = ("LINEAR", "LAGRANGE", "HERMITE")


def interpolated(times: Array, states: Array, kind: str, degree: int, wanted: Array) -> Array:
    """States (m, c) at times (m,) within a table of times (k,), increasing, and states (k, c).

    c: 3 positions, or 6 with velocities (more is interpolated by Lagrange).  Hermite's polynomials
    go through positions and velocities; the velocities are their derivative.
    degree: of the polynomials; of Hermite's it is one less than twice the number of points.

    Raises ArgumentError outside of the table, and where it has too few points.
    """
    hermite = kind == "HERMITE"
    if hermite and states.shape[1] < 6:
        raise ArgumentError("Hermite's interpolation needs velocities; take LAGRANGE")
    if kind == "LINEAR":
        degree = 1
    points = (degree + 2) // 2 if hermite else degree + 1
    if len(times) < points:
        raise ArgumentError(
            f"interpolation of degree {degree} needs {points} points, there are {len(times)}"
        )
    outside = (wanted < times[0]) | (wanted > times[-1])
    if outside.any():
        raise ArgumentError(
            f"the trajectory goes from {times[0]!r} to {times[-1]!r} s after its start; "
            f"{float(wanted[outside][0])!r} is outside"
        )
    found = np.empty((len(wanted), states.shape[1]))
    after = np.searchsorted(times, wanted, side="right")
    first = np.clip(after - points // 2 - points % 2, 0, len(times) - points)
    for begin in np.unique(first):
        here, own = first == begin, slice(begin, begin + points)
        if hermite:
            found[here, :6] = _hermite(times[own], states[own], wanted[here])
            found[here, 6:] = _newton(times[own], states[own, 6:], wanted[here])[0]
        else:
            found[here] = _newton(times[own], states[own], wanted[here])[0]
    return found


def _hermite(times: Array, states: Array, wanted: Array) -> Array:
    """Positions and velocities of the polynomial that has those of the points."""
    doubled = np.repeat(times, 2)
    table = np.repeat(states[:, :3], 2, axis=0)
    slopes = np.zeros_like(table)
    slopes[::2] = states[:, 3:6]  # divided differences of equal times are derivatives
    value, slope = _newton(doubled, table, wanted, slopes)
    return np.concatenate([value, slope], axis=1)


def _newton(
    times: Array, values: Array, wanted: Array, slopes: Array | None = None
) -> tuple[Array, Array]:
    """Newton's form of the polynomial through points, and its derivative; nodes by their distance
    from the middle, of which the rounding errors take least.
    """
    shift = times[len(times) // 2]
    nodes, at = times - shift, wanted - shift
    table, first = values.copy(), [values[0]]
    for order in range(1, len(nodes)):
        gaps = nodes[order:] - nodes[:-order]
        rises = table[1:] - table[:-1]
        equal = gaps == 0
        divided = rises / np.where(equal, 1.0, gaps)[:, np.newaxis]
        if slopes is not None and order == 1:
            divided = np.where(equal[:, np.newaxis], slopes[:-1], divided)
        table = divided
        first.append(table[0])
    value = np.broadcast_to(first[-1], (len(at), values.shape[1])).copy()
    slope = np.zeros_like(value)
    for node, coefficient in zip(nodes[-2::-1], first[-2::-1], strict=True):
        off = (at - node)[:, np.newaxis]
        slope = slope * off + value
        value = value * off + coefficient
    return value, slope
