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

# orbits
from taylor.astrodynamics.elements import Elements
from taylor.astrodynamics.elements import to_cartesian
from taylor.astrodynamics.elements import to_elements

# forces
from taylor.astrodynamics.forces.force import Force
from taylor.astrodynamics.forces.force import OrbitState

# files
from taylor.astrodynamics.files.comma import read_csv
from taylor.astrodynamics.files.comma import write_csv
from taylor.astrodynamics.files.messages import OrbitMessage
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
from taylor.astrodynamics.determination.measurements import EquatorialAngles
from taylor.astrodynamics.determination.measurements import HorizonAngles
from taylor.astrodynamics.determination.measurements import Measured
from taylor.astrodynamics.determination.measurements import Measurement
from taylor.astrodynamics.determination.measurements import PositionFix
from taylor.astrodynamics.determination.measurements import Range
from taylor.astrodynamics.determination.measurements import RangeRate
from taylor.astrodynamics.determination.result import Determination
from taylor.astrodynamics.determination.stations import Station
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
    # orbits
    "Elements",
    "to_cartesian",
    "to_elements",
    # forces
    "Force",
    "OrbitState",
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
    "Station",
    "Tracking",
    "determine",
    "simulate",
]
