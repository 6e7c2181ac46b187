"""Multiples of quotients whose numerator is an array of numbers."""

from __future__ import annotations

import numpy as np
import pytest

import taylor as ty


@pytest.mark.parametrize("factor", [2, -1, 1e60])
def test_multiples_of_constant_arrays_over_arrays(factor: float) -> None:
    x, numbers = ty.variable("x", shape=(4,)), np.array([0.1, 0.2, -0.3, 4.0])
    points = np.array([1.0, -2.0, 3.0, 0.5])
    f = ty.compile(factor * (ty.constant(numbers) / (x * x + 1)), [x])
    np.testing.assert_allclose(f(points), factor * (numbers / (points**2 + 1)), rtol=4e-16)
