"""Pairs of points that are near each other, by cells of space."""

from __future__ import annotations

import numpy as np

BINS = 1 << 16
MOST = 1 << 20  # cells along an axis
# The cell itself and half of its neighbours: of two cells side by side one looks for the other.
OFFSETS = np.array(
    [
        (x, y, z)
        for x in (-1, 0, 1)
        for y in (-1, 0, 1)
        for z in (-1, 0, 1)
        if (x, y, z) >= (0, 0, 0)
    ]
)
_STRIDES = np.array([1, 1 << 21, 1 << 42])  # cells of each axis, in one number
_HASHES = np.array([40503, 30011, 9973])


def near_pairs(points: np.ndarray, radius: float) -> tuple[np.ndarray, np.ndarray]:
    """Indices i, j of all pairs of points that are nearer than `radius`, and of some others.

    Cells have edges of that length, or longer ones where points are very far apart.  Their numbers
    are hashed linearly, so that those of all neighbours follow by addition.  Each pair is found
    once.
    """
    if not len(points):
        return np.empty(0, np.intp), np.empty(0, np.intp)
    lowest = points.min(axis=0)
    edge = max(radius, float((points - lowest).max()) / MOST)
    cells = ((points - lowest) / edge).astype(np.int64)
    keys = cells @ _STRIDES
    hashes = (cells @ _HASHES).astype(np.uint16)
    order = np.argsort(hashes, kind="stable")
    counts = np.bincount(hashes, minlength=BINS)
    starts = np.cumsum(counts) - counts
    wanted = hashes[None, :] + (OFFSETS @ _HASHES).astype(np.uint16)[:, None]
    found = counts[wanted]
    side, i = np.nonzero(found)
    sizes, begins = found[side, i], starts[wanted[side, i]]
    before = np.cumsum(sizes) - sizes
    which = np.repeat(np.arange(len(sizes)), sizes)
    j = order[np.arange(len(which)) - before[which] + begins[which]]
    i, side = i[which], side[which]
    same = keys[j] == keys[i] + (OFFSETS @ _STRIDES)[side]
    # within a cell both orders are found
    same &= (side > 0) | (i < j)
    return i[same], j[same]
