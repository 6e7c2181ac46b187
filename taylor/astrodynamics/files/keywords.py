"""What may stand in orbit data messages: keywords, units, and where they belong.

CCSDS 502.0-B-3, Orbit Data Messages (2023).  One table serves both forms, keywords with values and
XML.
"""

from __future__ import annotations

from taylor_runtime.program.records import dataclass


@dataclass(frozen=True)
class Field:
    """One keyword: its unit ("" for a number without one, None for a text), and whether it has to
    be there.
    """

    name: str
    unit: str | None = None
    needed: bool = False


@dataclass(frozen=True)
class Section:
    """A group of keywords: what XML calls it."""

    tag: str
    fields: tuple[Field, ...]

    def field(self, name: str) -> Field | None:
        """The field with a name."""
        return next((f for f in self.fields if f.name == name), None)


AXES = ("X", "Y", "Z", "X_DOT", "Y_DOT", "Z_DOT")
PLACES = [(row, column) for row in range(6) for column in range(row + 1)]
_UNITS = ("km**2", "km**2/s", "km**2/s**2")
COVARIANCE_NAMES = tuple(f"C{AXES[row]}_{AXES[column]}" for row, column in PLACES)

HEADER = Section(
    "header",
    (
        Field("CLASSIFICATION"),
        Field("CREATION_DATE", needed=True),
        Field("ORIGINATOR", needed=True),
        Field("MESSAGE_ID"),
    ),
)
_OBJECT = (
    Field("OBJECT_NAME", needed=True),
    Field("OBJECT_ID", needed=True),
    Field("CENTER_NAME", needed=True),
    Field("REF_FRAME", needed=True),
    Field("REF_FRAME_EPOCH"),
    Field("TIME_SYSTEM", needed=True),
)
OPM_METADATA = Section("metadata", _OBJECT)
OMM_METADATA = Section("metadata", (*_OBJECT, Field("MEAN_ELEMENT_THEORY", needed=True)))
OEM_METADATA = Section(
    "metadata",
    (
        *_OBJECT,
        Field("START_TIME", needed=True),
        Field("USEABLE_START_TIME"),
        Field("USEABLE_STOP_TIME"),
        Field("STOP_TIME", needed=True),
        Field("INTERPOLATION"),
        Field("INTERPOLATION_DEGREE"),
    ),
)
STATE = Section(
    "stateVector",
    (
        Field("EPOCH", needed=True),
        *(Field(name, "km", True) for name in AXES[:3]),
        *(Field(name, "km/s", True) for name in AXES[3:]),
    ),
)
ACCELERATIONS = tuple(Field(name, "km/s**2") for name in ("X_DDOT", "Y_DDOT", "Z_DDOT"))
KEPLERIAN = Section(
    "keplerianElements",
    (
        Field("SEMI_MAJOR_AXIS", "km", True),
        Field("ECCENTRICITY", "", True),
        Field("INCLINATION", "deg", True),
        Field("RA_OF_ASC_NODE", "deg", True),
        Field("ARG_OF_PERICENTER", "deg", True),
        Field("TRUE_ANOMALY", "deg"),
        Field("MEAN_ANOMALY", "deg"),
        Field("GM", "km**3/s**2", True),
    ),
)
MEAN = Section(
    "meanElements",
    (
        Field("EPOCH", needed=True),
        Field("SEMI_MAJOR_AXIS", "km"),
        Field("MEAN_MOTION", "rev/day"),
        Field("ECCENTRICITY", "", True),
        Field("INCLINATION", "deg", True),
        Field("RA_OF_ASC_NODE", "deg", True),
        Field("ARG_OF_PERICENTER", "deg", True),
        Field("MEAN_ANOMALY", "deg", True),
        Field("GM", "km**3/s**2"),
    ),
)
SPACECRAFT = Section(
    "spacecraftParameters",
    (
        Field("MASS", "kg"),
        Field("SOLAR_RAD_AREA", "m**2"),
        Field("SOLAR_RAD_COEFF", ""),
        Field("DRAG_AREA", "m**2"),
        Field("DRAG_COEFF", ""),
    ),
)
TLE = Section(
    "tleParameters",
    (
        Field("EPHEMERIS_TYPE", ""),
        Field("CLASSIFICATION_TYPE"),
        Field("NORAD_CAT_ID", ""),
        Field("ELEMENT_SET_NO", ""),
        Field("REV_AT_EPOCH", ""),
        Field("BSTAR", "1/ER"),
        Field("BTERM", "m**2/kg"),
        Field("MEAN_MOTION_DOT", "rev/day**2"),
        Field("MEAN_MOTION_DDOT", "rev/day**3"),
        Field("AGOM", "m**2/kg"),
    ),
)
COVARIANCE = Section(
    "covarianceMatrix",
    (
        Field("COV_REF_FRAME"),
        *(
            Field(name, _UNITS[(row > 2) + (column > 2)], True)
            for name, (row, column) in zip(COVARIANCE_NAMES, PLACES, strict=True)
        ),
    ),
)
MANEUVER = Section(
    "maneuverParameters",
    (
        Field("MAN_EPOCH_IGNITION", needed=True),
        Field("MAN_DURATION", "s", True),
        Field("MAN_DELTA_MASS", "kg"),
        Field("MAN_REF_FRAME", needed=True),
        Field("MAN_DV_1", "km/s", True),
        Field("MAN_DV_2", "km/s", True),
        Field("MAN_DV_3", "km/s", True),
    ),
)
USER = Section("userDefinedParameters", ())
# Of each kind of message the metadata, and the sections of its data: the first has to be there, and
# the one that may be repeated comes by its name.
MESSAGES = {
    "OPM": (OPM_METADATA, (STATE, KEPLERIAN, SPACECRAFT, COVARIANCE, MANEUVER)),
    "OMM": (OMM_METADATA, (MEAN, SPACECRAFT, TLE, COVARIANCE)),
}
REPEATED = MANEUVER.tag
OLD_UNITS = {"n/a": "", "km2": "km**2", "m2": "m**2"}  # other spellings that are met
