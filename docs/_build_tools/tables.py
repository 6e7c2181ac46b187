"""Tables of Markdown, read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """Columns and rows as text; `heading` and `before` are what stands above it.

    line: of the text, at which the table ends.
    """

    columns: list[str]
    rows: list[list[str]]
    heading: str
    before: str
    line: int


def tables(text: str) -> list[Table]:
    """All tables of a text, in their order."""
    found: list[Table] = []
    heading = before = ""
    lines = text.split("\n")
    number = 0
    while number < len(lines):
        line = lines[number]
        if (
            line.startswith("|")
            and number + 1 < len(lines)
            and set(lines[number + 1]) <= set("|:- ")
        ):
            end = number + 2
            while end < len(lines) and lines[end].startswith("|"):
                end += 1
            rows = [_cells(row) for row in lines[number + 2 : end]]
            found.append(Table(_cells(line), rows, heading, before, end))
            number = end
            continue
        if line.startswith("#"):
            heading = line.lstrip("# ")
        elif line.strip():
            before = line.strip()
        number += 1
    return found


def _cells(row: str) -> list[str]:
    """What is between the bars; a bar with a backslash is text."""
    inner = row.strip().strip("|").replace("\\|", "\0")
    return [cell.strip().replace("\0", "|") for cell in inner.split("|")]
