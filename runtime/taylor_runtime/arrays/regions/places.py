"""How much room values have that go from turn to turn of a loop, and planes of elements."""

from __future__ import annotations

import math
from collections.abc import Sequence

from taylor_runtime.program.arrays import Shape
from taylor_runtime.program.widths import apart

MOST_SLOTS, FEWEST_SLOTS = 64, 8  # even numbers
LINE = 16  # elements that planes begin at multiples of


def plane_of(elements: int) -> int:
    """Elements that a plane takes."""
    return apart(-(-max(elements, 1) // LINE) * LINE)


def spare_places(shapes: Sequence[Shape]) -> list[int]:
    """Elements of a second place for each of the values that go from turn to turn."""
    return [plane_of(math.prod(shape)) if shape else 0 for shape in shapes]


def state_places(shapes: Sequence[Shape]) -> list[int]:
    """Where values that go from turn to turn lie in a slot, and in the end its size."""
    found, place = [], 0
    for shape in shapes:
        place = plane_of(place) if shape and place else place
        found.append(place)
        place += math.prod(shape)
    return [*found, max(place, 1)]


def slots_kept(size: int) -> int:
    """How many turns of a loop that goes back are kept at a time: fewer of large arrays."""
    return min(MOST_SLOTS, max(FEWEST_SLOTS, (1 << 18) // size // 2 * 2))
