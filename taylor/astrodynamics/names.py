"""The public names of `ty.astrodynamics`, a block for each of its rooms."""

# ruff: noqa: I001 - in the order of the rooms

from __future__ import annotations

# orbits
from taylor.astrodynamics.elements import Elements
from taylor.astrodynamics.elements import to_cartesian
from taylor.astrodynamics.elements import to_elements

# ephemerides
from taylor.astrodynamics.ephemerides.ephemeris import Ephemeris

# forces
from taylor.astrodynamics.forces.einstein import PointMasses
from taylor.astrodynamics.forces.force import Force
from taylor.astrodynamics.forces.force import OrbitState
from taylor.astrodynamics.forces.relativity import DeSitter
from taylor.astrodynamics.forces.relativity import LenseThirring
from taylor.astrodynamics.forces.relativity import Schwarzschild
from taylor.astrodynamics.forces.third_body import ThirdBody

__all__ = [
    # orbits
    "Elements",
    "to_cartesian",
    "to_elements",
    # ephemerides
    "Ephemeris",
    # forces
    "Force",
    "OrbitState",
    "DeSitter",
    "LenseThirring",
    "PointMasses",
    "Schwarzschild",
    "ThirdBody",
]
