"""Series of what is read at places that a loop finds: zero beyond order zero where it is steady."""

from __future__ import annotations

import numpy as np
import pytest

import taylor as ty

NODES = ty.constant(np.array([0.0, 1.0, 2.5, 4.0, 5.0]))
VALUES = ty.constant(np.array([0.5, 0.25, -1.0, 2.0, 3.0]))


def interval(s):
    """The places of the nodes around s, by bisection."""

    def turn(ends):
        low, high = ends
        middle = ty.floor((low + high) / 2)
        above = NODES[middle] > s
        return ty.where(above, low, middle), ty.where(above, middle, high)

    start = ty.where(s > 5, 1, 0), ty.where(s > 5, 3, 4)
    return ty.while_loop(lambda ends: ends[1] - ends[0] > 1, turn, start)


@pytest.mark.parametrize(
    ("make", "wanted"),
    [
        (lambda s, low, high: NODES[high], [1, 0, 0, 0]),
        (lambda s, low, high: NODES[high] - s, [0.7, -1, 0, 0]),
        (lambda s, low, high: s * VALUES[high], [0.075, 0.25, 0, 0]),
        (lambda s, low, high: s / NODES[high], [0.3, 1, 0, 0]),
        (lambda s, low, high: s**3 * VALUES[low], [0.0135, 0.135, 0.45, 0.5]),
        (
            lambda s, low, high: ((s - NODES[low]) / (NODES[high] - NODES[low])) ** 3,
            [0.027, 0.27, 0.9, 1],
        ),
    ],
)
def test_steady_arrays(make, wanted):
    found = ty.jet(lambda s: make(s, *interval(s)), 0.3, 3)
    np.testing.assert_allclose(found, wanted, rtol=1e-14, atol=1e-15)
