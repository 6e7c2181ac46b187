"""The bodies of a scenario: from tables in files, from states and orbital elements."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from taylor.astrodynamics.orbits.elements import Elements, to_cartesian
from taylor.errors import ArgumentError
from taylor.scenario.section import ScenarioError, Section, nearest, require_names
from taylor.scenario.units import OBLIQUITY, Units
from taylor_runtime.program.records import dataclass

Array = NDArray[np.float64]

COLUMNS = ("day", "body", "gm", "x", "y", "z", "vx", "vy", "vz")

BODIES_KEYS = {"file": '"data/bodies.csv"', "only": '["sun", "jupiter"]'}
BODY_KEYS = {
    "name": '"ceres"',
    "gm": "1.4e-13",
    "mass": "9.4e20",
    "position": "[1.0, 0.0, 0.0]",
    "velocity": "[0.0, 0.0172, 0.0]",
    "elements": "{ a = 2.77, e = 0.079, i = 10.6, node = 80.3, peri = 73.6, M = 60.1 }",
    "central": '"sun"',
    "axes": '"ecliptic"',
}
ELEMENT_KEYS = {"a": "2.77", "e": "0.079", "i": "10.6", "node": "80.3", "peri": "73.6", "M": "60.1"}


@dataclass(frozen=True)
class Body:
    """One body.

    gm:    G M in length^3/time^2; 0 for a body that attracts nobody.
    state: x, y, z, vx, vy, vz, shape (6,).
    """

    name: str
    gm: float
    state: Array


def read_table(path: Path) -> dict[float, list[Body]]:
    """Read the states of bodies at one or several times from a CSV file.

    Lines that start with # are comments; the header is ``day,body,gm,x,y,z,vx,vy,vz`` (`time` may
    stand for `day`); numbers are in the units of the scenario.  Returns the bodies by time.

    Raises ScenarioError for a file that cannot be read, a wrong header, and numbers that are no
    finite numbers.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ScenarioError(f"cannot read {path}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise ScenarioError(f"{path} is not a text file; expected CSV") from None
    rows = [
        (number, next(csv.reader([line])))
        for number, line in enumerate(text.splitlines(), start=1)
        if line.strip() and not line.startswith("#")
    ]
    header = [name.strip().replace("time", "day") for name in rows[0][1]] if rows else []
    if sorted(header) != sorted(COLUMNS):
        raise ScenarioError(f"{path}: the first line must name the columns {','.join(COLUMNS)}")
    table: dict[float, list[Body]] = {}
    for number, row in rows[1:]:
        where = f"{path}, line {number}"
        if len(row) != len(header):
            raise ScenarioError(f"{where}: {len(row)} values, but there are {len(header)} columns")
        time, body = _read_row(where, dict(zip(header, row, strict=True)))
        present = table.setdefault(time, [])
        if any(other.name == body.name for other in present):
            raise ScenarioError(
                f"{path}, line {number}: {body.name!r} is there twice for time {time:g}"
            )
        present.append(body)
    if not table:
        raise ScenarioError(f"{path}: there are no bodies below the header")
    return table


def _read_row(where: str, row: dict[str, str]) -> tuple[float, Body]:
    numbers: dict[str, float] = {}
    for column in COLUMNS:
        if column == "body":
            continue
        try:
            numbers[column] = float(row[column])
        except ValueError:
            raise ScenarioError(f"{where}: {column} is {row[column]!r}, not a number") from None
        if not math.isfinite(numbers[column]):
            raise ScenarioError(f"{where}: {column} is {row[column]!r}, but must be finite")
    state = np.array([numbers[column] for column in COLUMNS[3:]])
    return numbers["day"], _checked(where, Body(row["body"].strip(), numbers["gm"], state))


def read_bodies(
    group: object, inline: object, units: Units, folder: Path, start: float
) -> tuple[Body, ...]:
    """The bodies of the tables [bodies] and [[body]], those of the file first.

    group, inline: the parsed tables, None where absent; `folder` is where relative file names
    start, and `start` the time whose states are taken from the file.

    Raises ScenarioError if there is no body, a name twice, two bodies at one place, or a wrong
    value.
    """
    bodies: list[Body] = []
    if group is not None:
        bodies += _from_file(Section(group, "[bodies]", BODIES_KEYS), folder, start)
    if inline is not None and not isinstance(inline, list):
        raise ScenarioError("[body]: write [[body]] in double brackets, once for each body")
    for number, data in enumerate(inline or [], start=1):
        body = _inline(Section(data, f"[[body]] number {number}", BODY_KEYS), units, bodies)
        if any(other.name == body.name for other in bodies):
            raise ScenarioError(f"[[body]] number {number}: there is another body {body.name!r}")
        bodies.append(body)
    if not bodies:
        raise ScenarioError(
            "there are no bodies; name a file in [bodies] or describe each body in a table [[body]]"
        )
    _check_places(bodies)
    return tuple(bodies)


def _from_file(section: Section, folder: Path, start: float) -> list[Body]:
    path = folder / section.text("file")
    table = read_table(path)
    if start not in table:
        times = ", ".join(f"{time:g}" for time in sorted(table))
        raise ScenarioError(
            f"[bodies]: {path} has no states at the start of the span, {start:g}; "
            f"it has times {times}"
        )
    bodies = table[start]
    if "only" in section:
        chosen = section.texts("only")
        require_names("[bodies]: only", chosen, [body.name for body in bodies])
        bodies = [body for body in bodies if body.name in chosen]
    return bodies


def _inline(section: Section, units: Units, others: Sequence[Body]) -> Body:
    name = section.text("name")
    where = f"[[body]] {name!r}"
    gm = section.number("gm", 0.0)
    if "mass" in section:
        if "gm" in section:
            raise section.error("mass", "is given beside gm; give one of the two")
        converted = units.gm_of_mass(section.number("mass"))
        if converted is None:
            raise ScenarioError(
                f'{where}: mass needs a unit; write mass = "kg" (or "solar", "earth", "jupiter") '
                "in [units], or give gm in length^3/time^2"
            )
        gm = converted
    if "elements" in section:
        if "position" in section or "velocity" in section:
            raise section.error(
                "elements", "is given beside position or velocity; give one of the two"
            )
        state = _from_elements(section, where, gm, units, others)
    else:
        state = np.array([*section.numbers("position", 3), *section.numbers("velocity", 3)])
        if "central" in section:
            state = state + _central(section, where, others).state
    return _checked(where, Body(name, gm, state))


def _central(section: Section, where: str, others: Sequence[Body]) -> Body:
    central = section.text("central")
    for body in others:
        if body.name == central:
            return body
    names = [body.name for body in others]
    hint = nearest(central, names) if names else "no body stands before this one"
    raise ScenarioError(
        f"{where}: central is {central!r}, which must be the name of an earlier body; {hint}"
    )


def _from_elements(
    section: Section, where: str, gm: float, units: Units, others: Sequence[Body]
) -> Array:
    table = Section(section.value("elements"), f"{where} elements", ELEMENT_KEYS)
    central = _central(section, where, others)
    elements = Elements(
        table.number("a"),
        table.number("e"),
        *(table.number(key) * units.angle for key in ("i", "node", "peri", "M")),
    )
    try:
        position, velocity = to_cartesian(elements, central.gm + gm)
    except ArgumentError as error:
        raise ScenarioError(f"{where}: {str(error).removeprefix('to_cartesian: ')}") from None
    axes = (
        section.choice("axes", ("equatorial", "ecliptic"), units.axes)
        if "axes" in section
        else units.axes
    )
    if axes != units.axes:
        if units.axes == "own":
            raise section.error("axes", 'needs axes = "equatorial" or "ecliptic" in [units]')
        angle = OBLIQUITY if axes == "ecliptic" else -OBLIQUITY
        position, velocity = rotate_about_x(position, angle), rotate_about_x(velocity, angle)
    return central.state + np.concatenate([position, velocity])


def rotate_about_x(vectors: Array, angle: float) -> Array:
    """Components of vectors, shape (..., 3), turned about the x axis by `angle` radians.

    With the obliquity: from ecliptic to equatorial axes; with its opposite: back.
    """
    cosine, sine = math.cos(angle), math.sin(angle)
    x, y, z = np.moveaxis(vectors, -1, 0)
    return np.stack([x, cosine * y - sine * z, sine * y + cosine * z], axis=-1)


def _checked(where: str, body: Body) -> Body:
    if not body.name:
        raise ScenarioError(f"{where}: the name of the body is empty")
    if not np.isfinite(body.state).all():
        raise ScenarioError(f"{where}: position and velocity overflow: {body.state.tolist()}")
    if not 0 <= body.gm < math.inf:
        raise ScenarioError(f"{where}: gm is {body.gm!r}, but must be finite and not negative")
    return body


def _check_places(bodies: Sequence[Body]) -> None:
    places: dict[tuple[float, ...], Body] = {}
    for body in bodies:
        place = tuple(float(value) + 0.0 for value in body.state[:3])  # + 0.0 makes -0.0 equal 0.0
        other = places.setdefault(place, body)
        if other is not body and (other.gm or body.gm):
            raise ScenarioError(
                f"bodies {other.name!r} and {body.name!r} are at one place, {list(place)}, "
                "where their attraction is infinite; move one of them, or give its position "
                "relative to a `central` body"
            )
