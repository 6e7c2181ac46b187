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
from taylor.astrodynamics.forces.gravity.spherical import SphericalHarmonics
from taylor.astrodynamics.forces.gravity.spherical import uniform_rotation
from taylor.astrodynamics.forces.gravity.field import GravityField
from taylor.astrodynamics.forces.gravity.field import Variation
from taylor.astrodynamics.forces.gravity.bodies import Polyhedron
from taylor.astrodynamics.forces.gravity.bodies import Mascons
from taylor.astrodynamics.forces.gravity.tides import SolidTides
from taylor.astrodynamics.forces.place import Place
from taylor.astrodynamics.forces.atmospheres import Atmosphere
from taylor.astrodynamics.forces.atmospheres import ExponentialAtmosphere
from taylor.astrodynamics.forces.atmospheres import TabulatedAtmosphere
from taylor.astrodynamics.forces.atmospheres import HarrisPriester
from taylor.astrodynamics.forces.fitted_atmosphere import FittedAtmosphere
from taylor.astrodynamics.forces.drag import Drag
from taylor.astrodynamics.forces.shadow import sunlit_fraction
from taylor.astrodynamics.forces.shadow import penumbra_fraction
from taylor.astrodynamics.forces.shadow import sharp_fraction
from taylor.astrodynamics.forces.shadow import smooth_fraction
from taylor.astrodynamics.forces.radiation import RadiationPressure
from taylor.astrodynamics.forces.radiation import EarthRadiation
from taylor.astrodynamics.forces.radiation import Plate
from taylor.astrodynamics.forces.radiation import sun_pointing
from taylor.astrodynamics.forces.thrust import Thrust
from taylor.astrodynamics.forces.thrust import tangential
from taylor.astrodynamics.forces.thrust import steered
from taylor.astrodynamics.forces.thrust import edelbaum
from taylor.astrodynamics.forces.thrust import descent
from taylor.astrodynamics.forces.thrust import proximity

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
    "Polyhedron",
    "Mascons",
    "SolidTides",
    "Place",
    "Atmosphere",
    "ExponentialAtmosphere",
    "TabulatedAtmosphere",
    "HarrisPriester",
    "FittedAtmosphere",
    "Drag",
    "sunlit_fraction",
    "penumbra_fraction",
    "sharp_fraction",
    "smooth_fraction",
    "RadiationPressure",
    "EarthRadiation",
    "Plate",
    "sun_pointing",
    "Thrust",
    "tangential",
    "steered",
    "edelbaum",
    "descent",
    "proximity",
]
