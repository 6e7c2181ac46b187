"""Element sets from lines and messages, by the package `sgp4`."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from taylor.displays.tables import MissingPackageError
from taylor.errors import FormatError

FIELDS = ("no_kozai", "ecco", "inclo", "nodeo", "argpo", "mo", "bstar", "jdsatepoch", "jdsatepochF")
EPOCH_ZERO = 2433281.5  # Julian date of 1949 December 31, 0h UTC


class Satellite(Protocol):
    """What is asked of an object of the package `sgp4` (its `Satrec`)."""

    satnum: int
    no_kozai: float
    ecco: float
    inclo: float
    nodeo: float
    argpo: float
    mo: float
    bstar: float
    jdsatepoch: float
    jdsatepochF: float


def read_lines(line1: str, line2: str, checksums: bool = True) -> Satellite:
    """The object of two lines; FormatError if they are no element set.

    checksums: whether they have to fit.
    """
    api, _ = _package()
    said = f"no two-line element set:\n{line1}\n{line2}"
    # The package reads what it can of anything.
    if not (line1.startswith("1 ") and line2.startswith("2 ") and min(len(line1), len(line2)) > 62):
        raise FormatError(said)
    for line in (line1, line2) if checksums else ():
        if len(line) > 68 and line[68].isdigit() and int(line[68]) != _checksum(line):
            raise FormatError(
                f"{said}\nthe checksum of line {line[0]} is {line[68]}, but its digits add up to "
                f"{_checksum(line)}"
            )
    try:
        satellite: Satellite = api.Satrec.twoline2rv(line1, line2)
    except ValueError as error:
        raise FormatError(f"{said}\n{error}") from None
    if not satellite.no_kozai > 0:
        raise FormatError(f"{said}\nits mean motion is not positive")
    return satellite


def _checksum(line: str) -> int:
    """The sum of the digits of 68 characters, a minus counting one, modulo 10."""
    return sum(int(c) if c.isdigit() else c == "-" for c in line[:68] if c.isascii()) % 10


def read_message(fields: Mapping[str, str]) -> Satellite:
    """The object of an orbit mean-elements message; FormatError if it lacks something."""
    api, omm = _package()
    satellite: Satellite = api.Satrec()
    try:
        omm.initialize(satellite, fields)
    except KeyError as error:
        raise FormatError(f"an orbit mean-elements message without {error.args[0]}") from None
    except ValueError as error:
        raise FormatError(f"an orbit mean-elements message that cannot be read: {error}") from None
    return satellite


def objects_of_text(text: str, checksums: bool = True) -> Iterator[Satellite]:
    """The objects of a file: two-line sets, with lines of names and remarks between, or OMM in XML
    or CSV.
    """
    start = text.lstrip()
    if start.startswith("<"):
        yield from _of_messages("parse_xml", text)
    elif "MEAN_MOTION" in start.partition("\n")[0]:
        yield from _of_messages("parse_csv", text)
    else:
        yield from _of_lines(text.splitlines(), checksums)


def _of_messages(parser: str, text: str) -> Iterator[Satellite]:
    try:
        messages = list(getattr(_package()[1], parser)(io.StringIO(text)))
    except (SyntaxError, AttributeError) as error:  # of XML, and of XML without elements of orbits
        raise FormatError(f"no orbit mean-elements messages: {error}") from None
    yield from map(read_message, messages)


def _of_lines(lines: Iterable[str], checksums: bool) -> Iterator[Satellite]:
    first = None
    for line in lines:
        if line.startswith("1 "):
            first = line
        elif line.startswith("2 ") and first is not None:
            # What follows, as times in the theory's own test cases, is no part of the elements.
            yield read_lines(first[:69].rstrip(), line[:69].rstrip(), checksums)
            first = None


def _package() -> tuple[Any, Any]:
    """The package's modules `api` and `omm`."""
    try:
        from sgp4 import api, omm  # type: ignore[import-untyped]
    except ImportError as error:
        raise MissingPackageError(
            "element sets as text need the package sgp4: pip install 'taylor-jit[astrodynamics]'"
        ) from error
    return api, omm
