"""Units of a scenario and the constants of nature in them."""

from __future__ import annotations

from taylor.scenario.section import Section
from taylor_runtime.program.records import dataclass

# Astronomical unit: IAU 2012 Resolution B2.  A year is a Julian year.
LENGTHS = {"m": 1.0, "km": 1e3, "au": 149597870700.0}
TIMES = {"s": 1.0, "min": 60.0, "h": 3600.0, "day": 86400.0, "year": 31557600.0}
# G M in m^3/s^2 of one unit of mass: CODATA 2018 G; nominal values of IAU 2015 Resolution B3.
MASSES = {"kg": 6.67430e-11, "solar": 1.3271244e20, "jupiter": 1.2668653e17, "earth": 3.986004e14}
ANGLES = {"deg": 3.141592653589793 / 180, "rad": 1.0}
AXES = ("equatorial", "ecliptic", "own")

SPEED_OF_LIGHT = 299792458.0  # m/s, exact
# Obliquity of the ecliptic at J2000, 84381.448 arcsec (IAU 1976; Lieske et al. 1977), in radians.
OBLIQUITY = 84381.448 / 3600 * 3.141592653589793 / 180

KEYS = {
    "length": '"au"',
    "time": '"day"',
    "mass": '"kg"',
    "angle": '"deg"',
    "axes": '"equatorial"',
    "au_km": "149597870.7",
}


@dataclass(frozen=True)
class Units:
    """In which units and along which axes the numbers of a scenario are.

    length, time: names; meters, seconds: their sizes in m and s.
    mass:   size of the unit of mass as G M in m^3/s^2, None if masses are given as gm only.
    angle:  size of the unit of angle in radians.
    axes:   "equatorial" (ICRF), "ecliptic" (J2000), or "own".
    """

    length: str
    time: str
    meters: float
    seconds: float
    mass: float | None
    angle: float
    axes: str

    @property
    def kilometers(self) -> float:
        """The unit of length in km."""
        return self.meters / 1e3

    @property
    def speed_of_light(self) -> float:
        """The speed of light in length/time."""
        return SPEED_OF_LIGHT * self.seconds / self.meters

    def gm_of_mass(self, mass: float) -> float | None:
        """G M in length^3/time^2 of a mass in the scenario's unit; None if no unit was stated."""
        return None if self.mass is None else mass * self.mass * self.seconds**2 / self.meters**3


def read_units(data: object) -> Units:
    """Read the table [units]; length and time must be stated.

    >>> read_units({"length": "km", "time": "s"}).speed_of_light
    299792.458
    """
    section = Section(data, "[units]", KEYS)
    length = section.choice("length", LENGTHS)
    time = section.choice("time", TIMES)
    meters = LENGTHS[length]
    if "au_km" in section:
        au_km = section.positive("au_km")
        if length != "au":
            raise section.error("au_km", 'is the size of the au, but length is not "au"')
        if not 1.49e8 < au_km < 1.50e8:
            raise section.error("au_km", f"is {au_km!r}, but an au has about 149597870.7 km")
        meters = au_km * 1e3
    mass = MASSES[section.choice("mass", MASSES)] if "mass" in section else None
    angle = ANGLES[section.choice("angle", ANGLES, "deg")]
    axes = section.choice("axes", AXES, "own")
    return Units(length, time, meters, TIMES[time], mass, angle, axes)
