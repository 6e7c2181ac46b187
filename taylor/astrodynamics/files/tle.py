"""Two-line element sets, read and written column by column, with their checksums."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

from taylor.astrodynamics.files.instants import spell
from taylor.astrodynamics.files.keyed import Value
from taylor.astrodynamics.files.message import OrbitMessage
from taylor.astrodynamics.files.text import Line, Source, not_kept, read_lines, write_text
from taylor.astrodynamics.times import conversions
from taylor.astrodynamics.times.calendar import Reading, day_of
from taylor.astrodynamics.times.epoch import Epoch
from taylor.errors import ArgumentError
from taylor_runtime.program.records import dataclass

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"  # of numbers from 100000 on: I and O are no letters here
DAY = 86400


@dataclass(frozen=True)
class ElementSet:
    """Mean elements of SGP4 as two lines have them: degrees, revolutions a day.

    mean_motion_dot, mean_motion_ddot: as the lines have them: half of the first and a sixth of the
        second derivative, rev/day^2 and rev/day^3.
    bstar:      the drag term, in 1/(radius of the Earth).
    number:     of the catalogue, up to 339999 (with a letter from 100000 on).
    designator: as "98067A": year of the launch, its number, piece.

    `lines()` gives back the two lines; SGP4 itself is in `taylor.astrodynamics.Catalogue`.

    >>> import taylor as ty
    >>> elements = ty.astrodynamics.read_tle('''
    ... 1 00005U 58002B   00179.78495062  .00000023  00000-0  28098-4 0  4753
    ... 2 00005  34.2682 348.7242 1859667 331.7664  19.3264 10.82419157413667
    ... ''')[0]
    >>> elements.eccentricity, elements.epoch.isoformat(digits=3)
    (0.1859667, '2000-06-27T18:50:19.734')
    >>> elements.lines()[1]
    '2 00005  34.2682 348.7242 1859667 331.7664  19.3264 10.82419157413667'
    """

    number: int
    epoch: Epoch
    mean_motion: float
    eccentricity: float
    inclination: float
    ascending_node: float
    argument_of_pericentre: float
    mean_anomaly: float
    bstar: float = 0.0
    mean_motion_dot: float = 0.0
    mean_motion_ddot: float = 0.0
    name: str = ""
    classification: str = "U"
    designator: str = ""
    ephemeris_type: int = 0
    set_number: int = 0
    revolution: int = 0

    def lines(self) -> tuple[str, str]:
        """The two lines, of 69 characters; ArgumentError for what has no place in them."""
        number = _written_number(self.number)
        first = (
            f"1 {number}{self.classification:1.1} {self.designator:<8.8} {_epoch(self.epoch)} "
            f"{_dot(self.mean_motion_dot)} {_power(self.mean_motion_ddot)} {_power(self.bstar)} "
            f"{self.ephemeris_type:1d} {self.set_number % 10000:4d}"
        )
        angles = (
            self.ascending_node % 360,
            self.argument_of_pericentre % 360,
            self.mean_anomaly % 360,
        )
        node, pericentre, anomaly = (f"{0.0 if x >= 359.99995 else x:8.4f}" for x in angles)
        digits = round(self.eccentricity * 1e7)
        if not 0 <= self.eccentricity < 1 or digits > 9999999:
            raise ArgumentError(f"a two-line set has no place for e = {self.eccentricity!r}")
        if not 0 <= self.inclination <= 180 or not 0 < self.mean_motion < 100:
            raise ArgumentError(
                f"a two-line set has no place for an inclination of {self.inclination!r} degrees "
                f"and {self.mean_motion!r} revolutions a day"
            )
        second = (
            f"2 {number} {self.inclination:8.4f} {node} {digits:07d} {pericentre} {anomaly} "
            f"{self.mean_motion:11.8f}{self.revolution % 100000:5d}"
        )
        return first + str(checksum(first)), second + str(checksum(second))

    def message(self) -> OrbitMessage:
        """The same as an orbit mean-elements message (OMM)."""
        launch = self.designator.strip()
        year = f"{'19' if launch[:2] >= '57' else '20'}{launch[:2]}-" if launch else ""
        said: dict[str, Value] = {
            "OBJECT_NAME": self.name or "UNKNOWN",
            "OBJECT_ID": f"{year}{launch[2:]}" if launch else "UNKNOWN",
            "CENTER_NAME": "EARTH",
            "REF_FRAME": "TEME",
            "TIME_SYSTEM": "UTC",
            "MEAN_ELEMENT_THEORY": "SGP4",
            "EPOCH": spell(self.epoch, "UTC", 6),
            "MEAN_MOTION": self.mean_motion,
            "ECCENTRICITY": self.eccentricity,
            "INCLINATION": self.inclination,
            "RA_OF_ASC_NODE": self.ascending_node,
            "ARG_OF_PERICENTER": self.argument_of_pericentre,
            "MEAN_ANOMALY": self.mean_anomaly,
            "EPHEMERIS_TYPE": float(self.ephemeris_type),
            "CLASSIFICATION_TYPE": self.classification,
            "NORAD_CAT_ID": float(self.number),
            "ELEMENT_SET_NO": float(self.set_number),
            "REV_AT_EPOCH": float(self.revolution),
            "BSTAR": self.bstar,
            "MEAN_MOTION_DOT": self.mean_motion_dot,
            "MEAN_MOTION_DDOT": self.mean_motion_ddot,
        }
        return OrbitMessage("OMM", said)

    @classmethod
    def of_message(cls, message: OrbitMessage) -> ElementSet:
        """The element set of an OMM of SGP4; ArgumentError where it is none."""
        theory = str(message.values.get("MEAN_ELEMENT_THEORY", "")).upper()
        if message.kind != "OMM" or not theory.startswith("SGP"):
            raise ArgumentError(
                f"this is an {message.kind} of the theory {theory!r}, no OMM of SGP4"
            )
        launch = str(message.values["OBJECT_ID"])
        lost = [k for k in ("BTERM", "AGOM") if k in message] + ["a covariance"] * (
            message.covariance is not None
        )
        not_kept(lost, "an element set")

        def optional(keyword: str) -> float:
            return message.number(keyword) if keyword in message else 0.0

        return cls(
            int(message.number("NORAD_CAT_ID")),
            message.epoch,
            message.number("MEAN_MOTION"),
            message.number("ECCENTRICITY"),
            message.number("INCLINATION"),
            message.number("RA_OF_ASC_NODE"),
            message.number("ARG_OF_PERICENTER"),
            message.number("MEAN_ANOMALY"),
            optional("BSTAR"),
            optional("MEAN_MOTION_DOT"),
            optional("MEAN_MOTION_DDOT"),
            str(message.values["OBJECT_NAME"]),
            str(message.values.get("CLASSIFICATION_TYPE", "U")),
            f"{launch[2:4]}{launch[5:]}" if launch[4:5] == "-" else "",
            int(optional("EPHEMERIS_TYPE")),
            int(optional("ELEMENT_SET_NO")),
            int(optional("REV_AT_EPOCH")),
        )


def checksum(line: str) -> int:
    """The sum of the digits of 68 characters, a minus counting one, modulo 10."""
    return sum(int(c) if c.isdigit() else c == "-" for c in line[:68] if c.isascii()) % 10


def read_tle(source: Source) -> list[ElementSet]:
    """The element sets of a file with two lines each, or three with a name in front.

    source: a path, or the text itself.

    Raises FormatError with the line of what is wrong: a checksum, columns that are no numbers, two
    lines that do not belong together.

    >>> import taylor as ty
    >>> try:
    ...     ty.astrodynamics.read_tle("1 00005U\\n2 00005")
    ... except ty.FormatError as error:
    ...     print(error)
    the text, line 1: an element set's lines have 69 characters, this one 8: '1 00005U'
    """
    found: list[ElementSet] = []
    name, first = "", None
    for line in read_lines(source):
        text = line.text.rstrip()
        if not text or text.startswith("#"):
            continue
        if text.startswith("1 ") and first is None:
            first = line
        elif first is not None:
            if not text.startswith("2 "):
                line.wrong("the second line of an element set begins with 2")
            found.append(_element_set(name, first, line))
            name, first = "", None
        else:
            name = text.removeprefix("0 ").strip()
    if first is not None:
        first.wrong("the second line of this element set is missing")
    return found


def write_tle(path: Source | None, sets: ElementSet | list[ElementSet]) -> str:
    """The text of element sets, names in front where there are some; written into a file unless
    path is None.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> one = sky.ElementSet(5, sky.Epoch("2000-06-27T18:50:19.733568"), 10.8, 0.18, 34.0, 1, 2, 3)
    >>> sky.write_tle(None, one).splitlines()[0]
    '1 00005U          00179.78495062  .00000000  00000-0  00000-0 0    06'
    """
    listed = [sets] if isinstance(sets, ElementSet) else list(sets)
    lines = [line for one in listed for line in ([one.name] * bool(one.name) + [*one.lines()])]
    text = "\n".join(lines) + "\n"
    if path is not None:
        write_text(path, text)
    return text


def _element_set(name: str, first: Line, second: Line) -> ElementSet:
    a, b = first.text.rstrip(), second.text.rstrip()
    for line, text in ((first, a), (second, b)):
        if len(text) != 69:
            line.wrong(f"an element set's lines have 69 characters, this one {len(text)}")
        if not text[68].isdigit() or int(text[68]) != checksum(text):
            line.wrong(f"the checksum is {text[68]!r}, but the digits add up to {checksum(text)}")
    if a[2:7] != b[2:7]:
        second.wrong(f"the lines are those of two objects, {a[2:7]} and {b[2:7]}")
    number = second.number_of
    return ElementSet(
        _read_number(a[2:7], first),
        _read_epoch(a[18:32], first),
        number(b[52:63], "the mean motion"),
        second.whole_of(b[26:33], "the eccentricity") / 1e7,
        number(b[8:16], "the inclination"),
        number(b[17:25], "the ascending node"),
        number(b[34:42], "the argument of pericentre"),
        number(b[43:51], "the mean anomaly"),
        _read_power(a[53:61], "B*", first),
        first.number_of(a[33:43].replace(" ", ""), "the mean motion's derivative"),
        _read_power(a[44:52], "the mean motion's second derivative", first),
        name,
        a[7].strip() or "U",
        a[9:17].strip(),
        first.whole_of(a[62], "the ephemeris type"),
        first.whole_of(a[64:68], "the number of the set"),
        second.whole_of(b[63:68], "the revolution"),
    )


def _read_number(text: str, line: Line) -> int:
    if text[:1] in LETTERS and text[:1]:
        return 10000 * (LETTERS.index(text[0]) + 10) + line.whole_of(text[1:], "the number")
    return line.whole_of(text, "the number")


def _written_number(number: int) -> str:
    if not 0 <= number <= 339999:
        raise ArgumentError(f"a two-line set has no place for the number {number!r}")
    if number < 100000:
        return f"{number:05d}"
    return f"{LETTERS[number // 10000 - 10]}{number % 10000:04d}"


def _read_epoch(text: str, line: Line) -> Epoch:
    year = line.whole_of(text[:2], "the year")
    line.number_of(text[2:], "the day of the year")
    days = Fraction(text[2:].strip().replace(" ", "0"))
    if not 1 <= days < 367:
        line.wrong(f"the day of the year is {float(days)!r}")
    first = day_of(year + (1900 if year >= 57 else 2000), 1, 1)
    whole = int(days)
    reading = Reading(first + whole - 1, (days - whole) * DAY)
    return Epoch(conversions.to_tdb(reading, "utc", None))


def _epoch(epoch: Epoch) -> str:
    reading = conversions.to_reading(epoch.exact, "utc", None)
    ticks = round(reading.second / DAY * 10**8)
    day = date(1858, 11, 17) + timedelta(days=reading.day + ticks // 10**8)
    return f"{day.year % 100:02d}{day.timetuple().tm_yday:03d}.{ticks % 10**8:08d}"


def _read_power(text: str, name: str, line: Line) -> float:
    """A number as " 28098-4": a decimal point is meant before its digits."""
    given = text.strip()
    if not given:
        return 0.0
    sign = given[0] if given[0] in "+-" else ""
    digits = given[len(sign) :]
    if len(digits) < 3 or digits[-2] not in "+-" or not digits[:-2].isdigit():
        line.wrong(f"{name} is {given!r}, which is no number with a power of ten")
    return line.number_of(f"{sign}.{digits[:-2]}e{digits[-2:]}", name)


def _power(value: float) -> str:
    """The same written, to five digits, eight characters."""
    if value == 0:
        return " 00000-0"
    digits, _, power = f"{abs(value):.4e}".partition("e")
    exponent = int(power) + 1
    if exponent < -9:
        return " 00000-0"
    if exponent > 9:
        raise ArgumentError(f"a two-line set has no place for {value!r}")
    sign = "-" if value < 0 else " "
    return f"{sign}{digits.replace('.', '')}{'-' if exponent <= 0 else '+'}{abs(exponent)}"


def _dot(value: float) -> str:
    """A number below one as " .00000023", ten characters."""
    digits = round(abs(value) * 1e8)
    if digits >= 10**8:
        raise ArgumentError(f"a two-line set has no place for a mean motion's slope of {value!r}")
    return f"{'-' if value < 0 and digits else ' '}.{digits:08d}"
