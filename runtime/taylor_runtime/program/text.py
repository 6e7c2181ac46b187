"""Programs as text, and read back: exact, one row a line, for people, files and other processes."""

from __future__ import annotations

from ast import literal_eval
from dataclasses import replace

from taylor_runtime.program.lines import head_lines, read_place, read_row, row_line
from taylor_runtime.program.program import Program, Row
from taylor_runtime.program.verify import ProgramError, verify

_NAME = "  # "  # between a row and its name


def to_text(program: Program) -> str:
    """A program as text, names of rows included.

    >>> from taylor_runtime.program.program import Coefficient, Convolution, Input, Step, Term
    >>> x = Row(Input("state"), Step((Term(1, Coefficient(1, 1)),), "h/n"), name="x")
    >>> square = Row(step=Step((Term(-1, Convolution(0, 0)),)))
    >>> print(to_text(Program((x, square), ((0, 0),), 20, (("state", 1),))))
    order 20
    inputs state:1
    outputs r0.0
    r0 = state[0] h/n 1*r1[n-1]  # 'x'
    r1 = 1 -1*conv(r0,r0,0,0)
    """
    rows = [_named(number, row) for number, row in enumerate(program.rows)]
    return "\n".join([*head_lines(program), *rows])


def from_text(text: str) -> Program:
    """The program that `to_text` has written; blank lines may be added.

    Raises ProgramError for what is no text of a program, or none of a legal one.
    """
    try:
        return verify(_read(text))
    except (ValueError, IndexError) as error:
        raise ProgramError(f"from_text: {error}") from error


def _named(number: int, row: Row) -> str:
    line = f"r{number} {row_line(row)}"
    return f"{line}{_NAME}{row.name!r}" if row.name else line


def _read(text: str) -> Program:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    order, *exact = _words(lines, "order")
    inputs = [word.split(":") for word in _words(lines, "inputs")]
    outputs = tuple(map(read_place, _words(lines, "outputs")))
    rows = tuple(_read_row(number, line) for number, line in enumerate(lines[3:]))
    slots = tuple((source, int(count)) for source, count in inputs)
    if exact not in ([], ["exact"]):
        raise ProgramError(f"cannot read {exact[0]!r} after the order")
    return Program(rows, outputs, int(order), slots, exact_division=bool(exact))


def _words(lines: list[str], title: str) -> list[str]:
    """What follows the title of one of the first lines."""
    found = next((line.split() for line in lines[:3] if line.split()[0] == title), None)
    if found is None:
        raise ProgramError(f"no line begins with {title!r}")
    return found[1:]


def _read_row(number: int, line: str) -> Row:
    content, _, name = line.partition(_NAME)
    place, _, rest = content.partition(" ")
    if place != f"r{number}":
        raise ProgramError(f"expected row r{number}, found {place!r}")
    row = read_row(rest)
    return replace(row, name=literal_eval(name)) if name else row
