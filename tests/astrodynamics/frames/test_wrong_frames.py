"""Degrees for radians, where that can be told."""

from __future__ import annotations

import numpy as np
import pytest

import taylor as ty

sky = ty.astrodynamics


def test_degrees_are_no_radians() -> None:
    for latitude in (50.0, np.array([0.5, 50.0])):
        with pytest.raises(ty.ArgumentError, match="beyond a pole; it is in radians"):
            sky.geodetic_to_position(latitude, 8.0, 0.3)
    assert sky.geodetic_to_position(np.pi / 2, 0.0, 0.0)[2] > 6356.0
    assert sky.geodetic_to_position(ty.variable("latitude"), 8.0, 0.3).shape == (3,)
