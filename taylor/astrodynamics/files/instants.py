"""Instants as files write them, in the time systems of CCSDS and SP3."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from taylor.astrodynamics.files.text import Line
from taylor.astrodynamics.times import conversions
from taylor.astrodynamics.times.calendar import Reading, parsed, spelled
from taylor.astrodynamics.times.epoch import Epoch
from taylor.errors import ArgumentError

# Each by a scale of `Epoch`, and the seconds that its clocks are behind that.
SYSTEMS = {
    "UTC": ("utc", 0),
    "TAI": ("tai", 0),
    "TT": ("tt", 0),
    "TDB": ("tdb", 0),
    "UT1": ("ut1", 0),
    "GPS": ("tai", 19),
    "GAL": ("tai", 19),
    "QZS": ("tai", 19),
    "BDT": ("tai", 33),
    "GLO": ("utc", 0),
}
DAY = 86400


def checked_system(name: str) -> str:
    """The name of a time system in capitals; ArgumentError for others."""
    found = name.upper()
    if found not in SYSTEMS:
        raise ArgumentError(f"unknown time system {name!r}; known are {', '.join(SYSTEMS)}")
    return found


def instant(text: str, system: str, line: Line) -> Epoch:
    """The instant that a file means; FormatError with the line where it is none."""
    scale, behind = SYSTEMS[system]
    try:
        reading, own = parsed(text.strip())
        if own not in (None, "utc" if text.strip().endswith("Z") else scale):
            line.wrong(f"the epoch {text.strip()!r} names a scale, times here are {system}")
        days, second = divmod(reading.second + behind, DAY) if behind else (0, reading.second)
        exact = conversions.to_tdb(Reading(reading.day + int(days), Fraction(second)), scale, None)
    except ArgumentError as error:
        line.wrong(str(error))
    return Epoch(exact)


def spell(epoch: Epoch, system: str, digits: int = 9) -> str:
    """The instant in a time system, as "2026-03-20T14:46:00.000000000"."""
    scale, behind = SYSTEMS[system]
    reading = conversions.to_reading(epoch.exact, scale, None)
    if behind:
        days, second = divmod(reading.second - behind, DAY)
        reading = Reading(reading.day + int(days), Fraction(second))
    return spelled(reading, digits, conversions.day_length(reading.day, scale))


def trimmed(text: str) -> str:
    """The same without zeros at the end, but for three of them."""
    whole, _, part = text.partition(".")
    return f"{whole}.{part.rstrip('0').ljust(3, '0')}"


def seconds_after(start: Epoch, epochs: list[Epoch]) -> np.ndarray:
    """How long after an instant others are, seconds of TDB, (k,)."""
    return np.array([float(epoch.exact - start.exact) for epoch in epochs])
