"""The public names of `ty.astrodynamics`, a block for each of its rooms."""

# ruff: noqa: I001 - in the order of the rooms

from __future__ import annotations

# orbits
from taylor.astrodynamics.elements import Elements
from taylor.astrodynamics.elements import to_cartesian
from taylor.astrodynamics.elements import to_elements

# forces
from taylor.astrodynamics.forces.force import Force
from taylor.astrodynamics.forces.force import OrbitState
from taylor.astrodynamics.forces.spherical_harmonics import SphericalHarmonics
from taylor.astrodynamics.forces.spherical_harmonics import uniform_rotation
from taylor.astrodynamics.forces.gravity_field import GravityField
from taylor.astrodynamics.forces.gravity_field import Variation
from taylor.astrodynamics.forces.place import Place
from taylor.astrodynamics.forces.atmospheres import Atmosphere
from taylor.astrodynamics.forces.atmospheres import ExponentialAtmosphere
from taylor.astrodynamics.forces.atmospheres import TabulatedAtmosphere
from taylor.astrodynamics.forces.atmospheres import HarrisPriester
from taylor.astrodynamics.forces.drag import Drag

__all__ = [
    # orbits
    "Elements",
    "to_cartesian",
    "to_elements",
    # forces
    "Force",
    "OrbitState",
    "SphericalHarmonics",
    "uniform_rotation",
    "GravityField",
    "Variation",
    "Place",
    "Atmosphere",
    "ExponentialAtmosphere",
    "TabulatedAtmosphere",
    "HarrisPriester",
    "Drag",
]
