"""Memory that Python and machine code share: arrays for whole registers, control blocks, grids."""

from __future__ import annotations

from ctypes import Structure, addressof, c_char, c_double, c_int64
from functools import lru_cache
from typing import Any

import numpy as np

from taylor_runtime.engine.compiler import STEP_PASSES, Options, compile_ir
from taylor_runtime.engine.compiler import Module as Code
from taylor_runtime.program.kinds import DOUBLE, ELEMENTS, KINDS, element_of
from taylor_runtime.steps.control import CONTROL, DOUBLES, INTEGERS
from taylor_runtime.steps.grid import FILL, grid_module
from taylor_runtime.steps.states import plane_length

ALIGNMENT = 64
Pair = tuple[float, float]  # an unevaluated sum: times are such


def address_of(array: np.ndarray) -> int:
    """Where the elements of a writable contiguous array that is not empty are; NumPy takes twice as
    long to tell.
    """
    return addressof(c_char.from_buffer(array.data))


def aligned_zeros(count: int) -> np.ndarray:
    """`count` doubles, zero, starting at a cache line."""
    return _aligned(np.zeros(count + ALIGNMENT // 8), count)


def aligned_empty(count: int) -> np.ndarray:
    """The same, to be written before they are read."""
    return _aligned(np.empty(count + ALIGNMENT // 8), count)


def _aligned(raw: np.ndarray, count: int) -> np.ndarray:
    start = -address_of(raw) % ALIGNMENT // 8
    return raw[start : start + count]


def aligned_planes(count: int, precision: str) -> np.ndarray:
    """Room for `count` numbers of a kind, zero: shape (1 or 2 parts, at least `count`).

    Every part starts at a cache line.
    """
    return as_planes(aligned_zeros(doubles_of_planes(count, precision)), precision)


def aligned_rooms(*counts: int) -> list[slice]:
    """Where arrays of so many doubles are in one piece of memory, each starting at a cache line."""
    line, rooms, start = ALIGNMENT // 8, [], 0
    for count in counts:
        rooms.append(slice(start, start + count))
        start += -(-count // line) * line
    return rooms


def doubles_of_planes(count: int, precision: str) -> int:
    """Doubles that hold `count` numbers of a kind as planes."""
    return -(-KINDS[precision].bytes * plane_length(count) // 8)


def as_planes(doubles: np.ndarray, precision: str) -> np.ndarray:
    """Memory of that many doubles as `aligned_planes` has it."""
    kind = KINDS[precision]
    numbers = doubles if kind is DOUBLE else doubles.view(kind.dtype)
    if kind.parts == 1:
        return numbers[np.newaxis]
    length = len(numbers) // kind.parts
    return numbers[: kind.parts * length].reshape(kind.parts, length)


class ControlBlock(Structure):
    """What Python and one step loop tell each other; `steps.control` says what each field means.

    Example:
        >>> block = ControlBlock()
        >>> block.steps, block.scale = 3, 0.5
        >>> block.steps, block.time
        (3, 0.0)
    """

    _fields_ = [(name, c_double) for name in DOUBLES] + [(name, c_int64) for name in INTEGERS]

    time: float
    time_low: float
    end: float
    end_low: float
    previous_time: float
    previous_time_low: float
    step: float
    step_scale: float
    scale: float
    estimate: float
    limit: float
    max_step: float
    smallest_step: float
    largest_step: float
    defect_bound: float
    longest: float
    last_size: float
    last_size_but_one: float
    pending: int
    steps: int
    steps_wanted: int
    retracted: int
    overflowed: int
    rescaled: int
    records: int
    records_wanted: int
    recording: int
    grid_next: int
    grid_count: int
    detector: int
    events: int
    grid_filler: int
    window_end: int
    raised: int

    @property
    def address(self) -> int:
        """Of its first field."""
        return addressof(self)

    def copy(self) -> ControlBlock:
        """A block of its own with equal fields."""
        return ControlBlock.from_buffer_copy(self)

    def words(self) -> np.ndarray:
        """Its fields as 8 bytes each, a view."""
        buffer: Any = self
        return np.frombuffer(buffer, np.int64)

    def to_array(self) -> np.ndarray:
        """A copy as an array of one item that names its fields: what pickles hold."""
        return self._array().copy()

    def _array(self) -> np.ndarray:
        buffer: Any = self
        return np.frombuffer(buffer, CONTROL)

    def take(self, kept: np.ndarray) -> None:
        """Set all fields that such an array has, by their names."""
        own = self._array()
        for name in kept.dtype.names or ():
            own[name] = kept[name]


def grid_parts(
    memory: np.ndarray, count: int, dtype: Any
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Views of doubles as machine code has a grid: its times, their low parts, room for numbers.

    The last axis is parted.
    """
    times, lows = memory[..., :count], memory[..., count : 2 * count]
    return times, lows, memory[..., 2 * count :].view(dtype)


def grid_filler(precision: str) -> int:
    """Address of the compiled function that evaluates records of steps at the times of a grid.

    Its machine code stays as long as the process.

    Example:
        >>> grid_filler("float64") == grid_filler("float64") != 0
        True
    """
    return _filler(element_of(precision)).address(FILL)


@lru_cache(maxsize=len(ELEMENTS))
def _filler(element: str) -> Code:
    return compile_ir(
        grid_module(element), [FILL], options=Options(passes=STEP_PASSES), label="grid"
    )


def polynomials_of(planes: np.ndarray, states: int) -> np.ndarray:
    """Numbers of all states, each first, then the others of each: (.., n * M) to (.., n, M)."""
    first, rest = planes[..., :states], planes[..., states:]
    others = rest.reshape(*rest.shape[:-1], states, rest.shape[-1] // states)
    return np.concatenate([first[..., np.newaxis], others], axis=-1)


def numbers_of(polynomials: np.ndarray) -> np.ndarray:
    """The inverse of `polynomials_of`."""
    rest = polynomials[..., 1:]
    flat = rest.reshape(*rest.shape[:-2], -1)
    return np.concatenate([polynomials[..., 0], flat], axis=-1)
