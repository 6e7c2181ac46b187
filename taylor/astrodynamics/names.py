"""The public names of `ty.astrodynamics`, a block for each of its rooms."""

# ruff: noqa: I001 - in the order of the rooms

from __future__ import annotations

# orbits
from taylor.astrodynamics.orbits.anomalies import convert_anomaly
from taylor.astrodynamics.orbits.anomalies import eccentric_anomaly
from taylor.astrodynamics.orbits.conversion import convert_elements
from taylor.astrodynamics.orbits.conversion import element_names
from taylor.astrodynamics.orbits.elements import Elements
from taylor.astrodynamics.orbits.elements import to_cartesian
from taylor.astrodynamics.orbits.elements import to_elements
from taylor.astrodynamics.orbits.universal import kepler_propagate

# forces
from taylor.astrodynamics.forces.force import Force
from taylor.astrodynamics.forces.force import OrbitState

__all__ = [
    # orbits
    "Elements",
    "convert_anomaly",
    "convert_elements",
    "eccentric_anomaly",
    "element_names",
    "kepler_propagate",
    "to_cartesian",
    "to_elements",
    # forces
    "Force",
    "OrbitState",
]
