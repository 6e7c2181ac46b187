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

# satellites
from taylor.astrodynamics.satellites.catalogue import Catalogue
from taylor.astrodynamics.satellites.elements import MeanElements
from taylor.astrodynamics.satellites.propagation import sgp4
from taylor.astrodynamics.satellites.states import SatelliteStates

__all__ = [
    # orbits
    "Elements",
    "to_cartesian",
    "to_elements",
    # forces
    "Force",
    "OrbitState",
    # satellites
    "Catalogue",
    "MeanElements",
    "SatelliteStates",
    "sgp4",
]
