"""Files of keywords and values: `KEY = value [unit]`, and the numbers of a section."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeAlias

from taylor.astrodynamics.files.keywords import OLD_UNITS, Field, Section
from taylor.astrodynamics.files.text import Line
from taylor_runtime.program.records import dataclass

Value: TypeAlias = "float | str"
_PAIR = re.compile(r"\s*([A-Z0-9_]+)\s*=\s*(.*?)\s*(?:\[([^\]]*)\])?\s*$")


@dataclass(frozen=True)
class Entry:
    """A keyword with its value and unit, and the line where it stands."""

    line: Line
    key: str
    value: str
    unit: str | None = None


def entry(line: Line) -> Entry | None:
    """The keyword and value of a line, None where it is no such line."""
    if line.text.strip().startswith("COMMENT"):
        return Entry(line, "COMMENT", line.text.strip()[7:].strip())
    found = _PAIR.match(line.text)
    return None if found is None else Entry(line, found[1], found[2], found[3])


def value_of(given: Entry, field: Field) -> Value:
    """A number or a text, as the keyword asks; FormatError for another unit and no number."""
    if field.unit is None:
        if not given.value:
            given.line.wrong(f"{field.name} has no value")
        return given.value
    unit = OLD_UNITS.get(given.unit or "", given.unit)
    if unit and unit.replace("^", "**").lower() != field.unit.lower():
        given.line.wrong(
            f"{field.name} is in {given.unit!r}, but has to be in {field.unit or 'no unit'!r}"
        )
    return given.line.number_of(given.value, field.name)


def check_needed(values: Mapping[str, Value], section: Section, line: Line) -> None:
    """FormatError where a section lacks what it must have."""
    for field in section.fields:
        if field.needed and field.name not in values:
            line.wrong(f"the {section.tag} before this line lacks {field.name}")


def shown(value: Value) -> str:
    """The text of a value that reads back as it is; whole numbers of catalogues without a point."""
    if isinstance(value, str):
        return value
    return (
        str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))
    )


def pair(key: str, value: Value, unit: str | None = None) -> str:
    """One line."""
    return f"{key} = {shown(value)}" + (f" [{unit}]" if unit else "")
