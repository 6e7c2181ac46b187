"""Arrays that machine code may load whole registers from."""

from __future__ import annotations

import numpy as np

from taylor_runtime.ir.types import ELEMENTS, planes_of, size_of
from taylor_runtime.steps.states import plane_length

ALIGNMENT = 64


def aligned_zeros(count: int) -> np.ndarray:
    """`count` doubles, zero, starting at a cache line."""
    raw = np.zeros(count + ALIGNMENT // 8)
    start = -raw.ctypes.data % ALIGNMENT // 8
    return raw[start : start + count]


def aligned_planes(count: int, precision: str) -> np.ndarray:
    """Room for `count` numbers of a kind, zero: shape (1 or 2 parts, at least `count`).

    Every part starts at a cache line.
    """
    element = ELEMENTS[precision]
    planes, length = planes_of(element), plane_length(count)
    doubles = aligned_zeros(-(-planes * length * size_of(element) // 8))
    dtype = np.float32 if element == "float" else np.float64
    return doubles.view(dtype)[: planes * length].reshape(planes, length)
