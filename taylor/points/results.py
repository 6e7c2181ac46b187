"""Arrays for results: memory of the last one that nobody has any more."""

from __future__ import annotations

import math
import sys
from collections import deque

import numpy as np

SMALLEST, LARGEST = 1 << 16, 1 << 27  # bytes that are worth it, and that may be held back
_PAGE, _LINE = 4096, 64
_FREE = 2  # references to memory that nobody else has: a local name, and the argument that asks


class Spare:
    """The memory of a function's last large result, given out again when that is gone.

    New memory of the system has to be filled page by page, which takes longer than most functions.

    >>> spare = Spare()
    >>> first = spare.array((300, 300), np.dtype(float))
    >>> place = first.ctypes.data
    >>> del first
    >>> spare.array((300, 300), np.dtype(float)).ctypes.data == place
    True
    """

    def __init__(self) -> None:
        self._kept: deque[tuple[np.ndarray, int]] = deque()  # bytes, and where; threads take turns

    def array(
        self, shape: tuple[int, ...], dtype: np.dtype, beside: np.ndarray | None = None
    ) -> np.ndarray:
        """An array of the caller's own, with anything in it.

        beside: what is read while it is written.  Loads that follow stores to the same place of
            another page wait for these, so that the two begin at other places of their pages.
        """
        size = math.prod(shape) * dtype.itemsize
        if not SMALLEST <= size <= LARGEST:
            return np.empty(shape, dtype)
        try:
            memory, place = self._kept.pop()
        except IndexError:
            memory, place = _new(size + 2 * _PAGE)
        else:
            if sys.getrefcount(memory) > _FREE or memory.nbytes != size + 2 * _PAGE:
                memory, place = _new(size + 2 * _PAGE)
        self._kept.append((memory, place))
        away = 0 if beside is None else _address(beside) // _LINE * _LINE
        start = (away + _PAGE // 2 - place) % _PAGE
        return np.ndarray(shape, dtype, buffer=memory, offset=start)

    def __reduce__(self) -> tuple[type[Spare], tuple[()]]:
        return Spare, ()


def _new(size: int) -> tuple[np.ndarray, int]:
    memory = np.empty(size, np.uint8)
    return memory, _address(memory)


def _address(array: np.ndarray) -> int:
    return int(array.__array_interface__["data"][0])  # half the time of `array.ctypes.data`
