"""Numbers and positions in memory, which a program of arrays shares with those inside of it."""

from __future__ import annotations

import numpy as np

from taylor.numbers.data import ArrayData


class Kept:
    """Numbers and positions that are in memory: arrays, one after the other."""

    def __init__(self) -> None:
        self.numbers: list[np.ndarray] = []
        self.tables: list[np.ndarray] = []
        self.size = self.length = 0
        self._known: dict[ArrayData, int] = {}

    def number_place(self, data: ArrayData) -> int:
        """The slot of the first of some numbers."""
        if data not in self._known:
            self._known[data] = self.size
            self.numbers.append(data.array)
            self.size += data.array.size
        return self._known[data]

    def table_place(self, positions: np.ndarray) -> int:
        """The slot of the first of some positions."""
        first = self.length
        self.tables.append(positions.reshape(-1))
        self.length += positions.size
        return first
