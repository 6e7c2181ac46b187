"""Rows written to a .npy file as they come, in any order, so that memory need not hold them."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import numpy as np

from taylor.errors import ArgumentTypeError


class Stream:
    """A NumPy file of a known shape, filled row by row from any thread.

    Raises ArgumentTypeError for what is no path, OSError for a path that cannot be written.
    """

    def __init__(self, path: Any, shape: tuple[int, ...], dtype: Any) -> None:
        if not isinstance(path, str | os.PathLike):
            raise ArgumentTypeError(
                f"ensemble: output must be the path of a .npy file, got {type(path).__name__}"
            )
        self.path = Path(path)
        map_ = np.lib.format.open_memmap(self.path, mode="w+", dtype=dtype, shape=shape)
        self.row_bytes = map_.strides[0]
        self.start = int(map_.offset)
        self.row = (shape[1:], map_.dtype)
        del map_
        self.file = self.path.open("r+b")  # plain writes: pages of a map would count as memory
        self.lock = threading.Lock()
        self.buffer = np.empty((0, *shape[1:]), dtype=self.row[1])  # for rows with gaps

    def put(self, first: int, rows: np.ndarray) -> None:
        """Write rows from number `first` on."""
        with self.lock:
            if rows.flags.c_contiguous:
                data = rows
            else:
                if len(self.buffer) < len(rows):
                    self.buffer = np.empty((len(rows), *self.row[0]), dtype=self.row[1])
                data = self.buffer[: len(rows)]
                data[:] = rows
            self.file.seek(self.start + first * self.row_bytes)
            self.file.write(data.data)

    def finish(self, undone: np.ndarray) -> np.ndarray:
        """Close the file, with NaN in the rows `undone`; the whole as a memory map."""
        empty = np.full((1, *self.row[0]), np.nan, dtype=self.row[1])
        for row in undone:
            self.put(int(row), empty)
        self.file.close()
        return np.load(self.path, mmap_mode="r+")
