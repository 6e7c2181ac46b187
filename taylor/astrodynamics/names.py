"""The public names of `ty.astrodynamics`, a block for each of its rooms."""

# ruff: noqa: I001 - in the order of the rooms

from __future__ import annotations

# orbits
from taylor.astrodynamics.orbits.anomalies import convert_anomaly
from taylor.astrodynamics.orbits.anomalies import eccentric_anomaly
from taylor.astrodynamics.orbits.b_plane import CovarianceEllipse
from taylor.astrodynamics.orbits.b_plane import b_plane
from taylor.astrodynamics.orbits.b_plane import b_plane_ellipse
from taylor.astrodynamics.orbits.b_plane import covariance_ellipse
from taylor.astrodynamics.orbits.brouwer import mean_elements
from taylor.astrodynamics.orbits.brouwer import osculating_elements
from taylor.astrodynamics.orbits.brouwer import propagate_mean
from taylor.astrodynamics.orbits.brouwer import secular_rates
from taylor.astrodynamics.orbits.conversion import convert_elements
from taylor.astrodynamics.orbits.conversion import element_names
from taylor.astrodynamics.orbits.elements import Elements
from taylor.astrodynamics.orbits.elements import to_cartesian
from taylor.astrodynamics.orbits.elements import to_elements
from taylor.astrodynamics.orbits.gauss import gauss_rates
from taylor.astrodynamics.orbits.lambert import Transfer
from taylor.astrodynamics.orbits.lambert import lambert
from taylor.astrodynamics.orbits.lambert import lambert_all
from taylor.astrodynamics.orbits.porkchop import Porkchop
from taylor.astrodynamics.orbits.porkchop import porkchop
from taylor.astrodynamics.orbits.transfers import bi_elliptic
from taylor.astrodynamics.orbits.transfers import flyby
from taylor.astrodynamics.orbits.transfers import flyby_turn
from taylor.astrodynamics.orbits.transfers import hohmann
from taylor.astrodynamics.orbits.universal import kepler_propagate

# forces
from taylor.astrodynamics.forces.force import Force
from taylor.astrodynamics.forces.force import OrbitState

__all__ = [
    # orbits
    "CovarianceEllipse",
    "Elements",
    "Porkchop",
    "Transfer",
    "b_plane",
    "b_plane_ellipse",
    "bi_elliptic",
    "convert_anomaly",
    "convert_elements",
    "covariance_ellipse",
    "eccentric_anomaly",
    "element_names",
    "flyby",
    "flyby_turn",
    "gauss_rates",
    "hohmann",
    "kepler_propagate",
    "lambert",
    "lambert_all",
    "mean_elements",
    "osculating_elements",
    "porkchop",
    "propagate_mean",
    "secular_rates",
    "to_cartesian",
    "to_elements",
    # forces
    "Force",
    "OrbitState",
]
