"""The public names of `ty.astrodynamics`, a block for each of its rooms."""

# ruff: noqa: I001 - in the order of the rooms

from __future__ import annotations

# times
from taylor.astrodynamics.times.calendar import Reading
from taylor.astrodynamics.times.dynamical import tdb_minus_tt
from taylor.astrodynamics.times.earth_parameters import EarthParameters
from taylor.astrodynamics.times.epoch import Epoch
from taylor.astrodynamics.times.leap_seconds import LeapSeconds
from taylor.astrodynamics.times.leap_seconds import leap_seconds
from taylor.astrodynamics.times.leap_seconds import read_leap_seconds

# frames
from taylor.astrodynamics.frames.bodies import BODY_NAMES
from taylor.astrodynamics.frames.bodies import body_angles
from taylor.astrodynamics.frames.bodies import body_ellipsoid
from taylor.astrodynamics.frames.bodies import body_rotation
from taylor.astrodynamics.frames.bodies import body_rotation_rate
from taylor.astrodynamics.frames.geodetic import Ellipsoid
from taylor.astrodynamics.frames.geodetic import GRS80
from taylor.astrodynamics.frames.geodetic import WGS72
from taylor.astrodynamics.frames.geodetic import WGS84
from taylor.astrodynamics.frames.geodetic import geodetic_to_position
from taylor.astrodynamics.frames.geodetic import position_to_geodetic
from taylor.astrodynamics.frames.local import azimuth_elevation_range
from taylor.astrodynamics.frames.local import orbit_axes
from taylor.astrodynamics.frames.local import orbit_axes_rate
from taylor.astrodynamics.frames.local import topocentric_axes
from taylor.astrodynamics.frames.orientation import EarthOrientation
from taylor.astrodynamics.frames.orientation import FRAMES
from taylor.astrodynamics.frames.transforms import change_frame
from taylor.astrodynamics.frames.transforms import frame_angular_velocity
from taylor.astrodynamics.frames.transforms import frame_rate
from taylor.astrodynamics.frames.transforms import frame_rotation
from taylor.astrodynamics.frames.transforms import gcrs_to_cirs
from taylor.astrodynamics.frames.transforms import gcrs_to_itrf
from taylor.astrodynamics.frames.transforms import gcrs_to_mod
from taylor.astrodynamics.frames.transforms import gcrs_to_teme
from taylor.astrodynamics.frames.transforms import gcrs_to_tirs
from taylor.astrodynamics.frames.transforms import gcrs_to_tod

# orbits
from taylor.astrodynamics.orbits.anomalies import convert_anomaly
from taylor.astrodynamics.orbits.anomalies import eccentric_anomaly
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
from taylor.astrodynamics.orbits.transfers.b_plane import CovarianceEllipse
from taylor.astrodynamics.orbits.transfers.b_plane import b_plane
from taylor.astrodynamics.orbits.transfers.b_plane import b_plane_ellipse
from taylor.astrodynamics.orbits.transfers.b_plane import covariance_ellipse
from taylor.astrodynamics.orbits.transfers.closed_forms import bi_elliptic
from taylor.astrodynamics.orbits.transfers.closed_forms import flyby
from taylor.astrodynamics.orbits.transfers.closed_forms import flyby_turn
from taylor.astrodynamics.orbits.transfers.closed_forms import hohmann
from taylor.astrodynamics.orbits.transfers.lambert import Transfer
from taylor.astrodynamics.orbits.transfers.lambert import lambert
from taylor.astrodynamics.orbits.transfers.lambert import lambert_all
from taylor.astrodynamics.orbits.transfers.porkchop import Porkchop
from taylor.astrodynamics.orbits.transfers.porkchop import porkchop
from taylor.astrodynamics.orbits.universal import kepler_propagate

# ephemerides
from taylor.astrodynamics.ephemerides.ephemeris import Ephemeris

# forces
from taylor.astrodynamics.forces.atmospheres import Atmosphere
from taylor.astrodynamics.forces.atmospheres import ExponentialAtmosphere
from taylor.astrodynamics.forces.atmospheres import HarrisPriester
from taylor.astrodynamics.forces.atmospheres import TabulatedAtmosphere
from taylor.astrodynamics.forces.drag import Drag
from taylor.astrodynamics.forces.earth_radiation import EarthRadiation
from taylor.astrodynamics.forces.earth_radiation import KnockeRadiation
from taylor.astrodynamics.forces.fitted_atmosphere import FittedAtmosphere
from taylor.astrodynamics.forces.force import Force
from taylor.astrodynamics.forces.force import OrbitState
from taylor.astrodynamics.forces.gravity.bodies import Mascons
from taylor.astrodynamics.forces.gravity.bodies import Polyhedron
from taylor.astrodynamics.forces.gravity.field import GravityField
from taylor.astrodynamics.forces.gravity.field import Variation
from taylor.astrodynamics.forces.gravity.ocean import OceanTides
from taylor.astrodynamics.forces.gravity.ocean import TidalWave
from taylor.astrodynamics.forces.gravity.spherical import SphericalHarmonics
from taylor.astrodynamics.forces.gravity.spherical import uniform_rotation
from taylor.astrodynamics.forces.gravity.tides import SolidTides
from taylor.astrodynamics.forces.place import Place
from taylor.astrodynamics.forces.point_masses import PointMasses
from taylor.astrodynamics.forces.radiation import Plate
from taylor.astrodynamics.forces.radiation import RadiationPressure
from taylor.astrodynamics.forces.radiation import sun_pointing
from taylor.astrodynamics.forces.relativity import DeSitter
from taylor.astrodynamics.forces.relativity import LenseThirring
from taylor.astrodynamics.forces.relativity import Schwarzschild
from taylor.astrodynamics.forces.shadow import penumbra_fraction
from taylor.astrodynamics.forces.shadow import sharp_fraction
from taylor.astrodynamics.forces.shadow import smooth_fraction
from taylor.astrodynamics.forces.shadow import sunlit_fraction
from taylor.astrodynamics.forces.third_body import ThirdBody
from taylor.astrodynamics.forces.thrust import Thrust
from taylor.astrodynamics.forces.thrust import descent
from taylor.astrodynamics.forces.thrust import edelbaum
from taylor.astrodynamics.forces.thrust import proximity
from taylor.astrodynamics.forces.thrust import steered
from taylor.astrodynamics.forces.thrust import tangential

# satellites
from taylor.astrodynamics.satellites.catalogue import Catalogue
from taylor.astrodynamics.satellites.elements import MeanElements
from taylor.astrodynamics.satellites.propagation import sgp4
from taylor.astrodynamics.satellites.states import SatelliteStates

# encounters
from taylor.astrodynamics.encounters.access import Windows
from taylor.astrodynamics.encounters.access import access
from taylor.astrodynamics.encounters.conjunctions import Conjunctions
from taylor.astrodynamics.encounters.conjunctions import conjunctions
from taylor.astrodynamics.encounters.coverage import Coverage
from taylor.astrodynamics.encounters.coverage import coverage
from taylor.astrodynamics.encounters.coverage import sphere_points
from taylor.astrodynamics.encounters.coverage import walker
from taylor.astrodynamics.encounters.probability import collision_probability
from taylor.astrodynamics.encounters.shadows import eclipses
from taylor.astrodynamics.encounters.shadows import shadow_margin
from taylor.astrodynamics.encounters.sources import catalogue_motion
from taylor.astrodynamics.encounters.sources import dense_motion
from taylor.astrodynamics.encounters.station import Station

# files
from taylor.astrodynamics.files.comma import read_csv
from taylor.astrodynamics.files.comma import write_csv
from taylor.astrodynamics.files.message import OrbitMessage
from taylor.astrodynamics.files.messages import read_messages
from taylor.astrodynamics.files.messages import write_messages
from taylor.astrodynamics.files.oem import read_oem
from taylor.astrodynamics.files.oem import write_oem
from taylor.astrodynamics.files.sp3 import read_sp3
from taylor.astrodynamics.files.sp3 import write_sp3
from taylor.astrodynamics.files.text import NotKeptWarning
from taylor.astrodynamics.files.tle import ElementSet
from taylor.astrodynamics.files.tle import read_tle
from taylor.astrodynamics.files.tle import write_tle
from taylor.astrodynamics.files.trajectory import Covariances
from taylor.astrodynamics.files.trajectory import Trajectory

# determination
from taylor.astrodynamics.determination.batch import FitStatus
from taylor.astrodynamics.determination.determine import determine
from taylor.astrodynamics.determination.determine import simulate
from taylor.astrodynamics.determination.filtering import Smoothed
from taylor.astrodynamics.determination.measurements import CountedDoppler
from taylor.astrodynamics.determination.measurements import EquatorialAngles
from taylor.astrodynamics.determination.measurements import HorizonAngles
from taylor.astrodynamics.determination.measurements import Measured
from taylor.astrodynamics.determination.measurements import Measurement
from taylor.astrodynamics.determination.measurements import PositionFix
from taylor.astrodynamics.determination.measurements import Range
from taylor.astrodynamics.determination.measurements import RangeRate
from taylor.astrodynamics.determination.result import Determination
from taylor.astrodynamics.determination.tracking import Tracking

__all__ = [
    # times
    "EarthParameters",
    "Epoch",
    "LeapSeconds",
    "Reading",
    "leap_seconds",
    "read_leap_seconds",
    "tdb_minus_tt",
    # frames
    "BODY_NAMES",
    "EarthOrientation",
    "Ellipsoid",
    "FRAMES",
    "GRS80",
    "WGS72",
    "WGS84",
    "azimuth_elevation_range",
    "body_angles",
    "body_ellipsoid",
    "body_rotation",
    "body_rotation_rate",
    "change_frame",
    "frame_angular_velocity",
    "frame_rate",
    "frame_rotation",
    "gcrs_to_cirs",
    "gcrs_to_itrf",
    "gcrs_to_mod",
    "gcrs_to_teme",
    "gcrs_to_tirs",
    "gcrs_to_tod",
    "geodetic_to_position",
    "orbit_axes",
    "orbit_axes_rate",
    "position_to_geodetic",
    "topocentric_axes",
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
    # ephemerides
    "Ephemeris",
    # forces
    "Atmosphere",
    "DeSitter",
    "Drag",
    "EarthRadiation",
    "ExponentialAtmosphere",
    "FittedAtmosphere",
    "Force",
    "GravityField",
    "HarrisPriester",
    "KnockeRadiation",
    "LenseThirring",
    "Mascons",
    "OceanTides",
    "OrbitState",
    "Place",
    "Plate",
    "PointMasses",
    "Polyhedron",
    "RadiationPressure",
    "Schwarzschild",
    "SolidTides",
    "SphericalHarmonics",
    "TabulatedAtmosphere",
    "ThirdBody",
    "Thrust",
    "TidalWave",
    "Variation",
    "descent",
    "edelbaum",
    "penumbra_fraction",
    "proximity",
    "sharp_fraction",
    "smooth_fraction",
    "steered",
    "sun_pointing",
    "sunlit_fraction",
    "tangential",
    "uniform_rotation",
    # satellites
    "Catalogue",
    "MeanElements",
    "SatelliteStates",
    "sgp4",
    # encounters
    "Conjunctions",
    "Coverage",
    "Station",
    "Windows",
    "access",
    "catalogue_motion",
    "collision_probability",
    "conjunctions",
    "coverage",
    "dense_motion",
    "eclipses",
    "shadow_margin",
    "sphere_points",
    "walker",
    # files
    "Covariances",
    "ElementSet",
    "NotKeptWarning",
    "OrbitMessage",
    "Trajectory",
    "read_csv",
    "read_messages",
    "read_oem",
    "read_sp3",
    "read_tle",
    "write_csv",
    "write_messages",
    "write_oem",
    "write_sp3",
    "write_tle",
    # determination
    "CountedDoppler",
    "Determination",
    "EquatorialAngles",
    "FitStatus",
    "HorizonAngles",
    "Measured",
    "Measurement",
    "PositionFix",
    "Range",
    "RangeRate",
    "Smoothed",
    "Tracking",
    "determine",
    "simulate",
]
