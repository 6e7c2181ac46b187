"""Arrays for results: memory of the last ones that nobody has any more."""

from __future__ import annotations

import math
import sys
from collections import deque

import numpy as np

SMALLEST, LARGEST = 1 << 16, 1 << 27  # bytes that are worth it, and that may be held back
_PAGE, _LINE = 4096, 64
_FREE = 2  # references to memory that nobody else has: a local name, and the argument that asks
KEPT = 2  # results: in `y = f(x)` there is one before still, while the next is made


class Spare:
    """The memory of a function's last large results, given out again when one is gone.

    New memory of the system has to be filled page by page, which takes longer than most functions.

    >>> spare = Spare()
    >>> first = spare.array((300, 300), np.dtype(float))
    >>> place = first.ctypes.data
    >>> del first
    >>> spare.array((300, 300), np.dtype(float)).ctypes.data == place
    True
    """

    def __init__(self) -> None:
        # Bytes, and where; threads take turns.
        self._kept: deque[tuple[np.ndarray, int]] = deque(maxlen=KEPT)

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
        memory, place = self._free(size + 2 * _PAGE)
        self._kept.append((memory, place))
        away = 0 if beside is None else _address(beside) // _LINE * _LINE
        start = (away + _PAGE // 2 - place) % _PAGE
        return np.ndarray(shape, dtype, buffer=memory, offset=start)

    def _free(self, size: int) -> tuple[np.ndarray, int]:
        """Memory that nobody has, and where it is: kept, or new."""
        for _ in range(KEPT):
            try:
                memory, place = self._kept.popleft()
            except IndexError:
                break
            free = sys.getrefcount(memory) == _FREE
            if free and memory.nbytes == size:
                return memory, place
            if not free:
                self._kept.append((memory, place))
        return _new(size)

    def __reduce__(self) -> tuple[type[Spare], tuple[()]]:
        return Spare, ()


def _new(size: int) -> tuple[np.ndarray, int]:
    memory = np.empty(size, np.uint8)
    return memory, _address(memory)


def _address(array: np.ndarray) -> int:
    return int(array.__array_interface__["data"][0])  # half the time of `array.ctypes.data`
