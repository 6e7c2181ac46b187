"""-0.0 is where 0.0 is, but for functions that are discontinuous there."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import taylor as ty

OTHERS = (0.3, 0.75, 1.0, -0.4, 2.5)
JUMPS = {"atan2", "copysign", "digamma", "gamma", "floor_divide"}  # as those of C and NumPy


def _functions() -> list[tuple[str, int]]:
    found = []
    for name in sorted(set(dir(ty)) - JUMPS):
        for count in (1, 2, 3):
            try:
                made = getattr(ty, name)(*ty.variables("x y z")[:count])
            except Exception:  # whatever is no function of so many numbers
                continue
            if isinstance(made, ty.Expression) and made.shape == ():
                found.append((name, count))
    return found


FUNCTIONS = _functions()


def test_there_are_functions() -> None:
    assert len(FUNCTIONS) > 80


@pytest.mark.parametrize(("name", "count"), FUNCTIONS)
def test_minus_zero_is_zero(name: str, count: int) -> None:
    inputs = ty.variables("x y z")[:count]
    function = ty.compile([getattr(ty, name)(*inputs)], inputs)
    for others in itertools.product(OTHERS, repeat=count - 1):
        for place in range(count):
            values = [
                float(function(*others[:place], zero, *others[place:])[0]) for zero in (0.0, -0.0)
            ]
            assert np.array_equal(values[:1], values[1:], equal_nan=True), (others, place)
