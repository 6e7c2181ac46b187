"""Trajectories as tables of text: CSV with what is said of them in front."""

from __future__ import annotations

import csv
import io

import numpy as np

from taylor.astrodynamics.files.instants import SYSTEMS, instant, seconds_after, spell, trimmed
from taylor.astrodynamics.files.packages import COLUMNS
from taylor.astrodynamics.files.text import Line, Source, not_kept, read_lines, write_text
from taylor.astrodynamics.files.trajectory import Trajectory, check_finite, listed_trajectories
from taylor.astrodynamics.times.epoch import Epoch
from taylor.errors import FormatError

SAID = ("name", "identifier", "center", "frame", "system", "interpolation", "degree")
UNITS = ("km", "km", "km", "km/s", "km/s", "km/s", "km/s^2", "km/s^2", "km/s^2")


def write_csv(path: Source | None, trajectory: Trajectory) -> str:
    """The text of a table: lines `# key: value`, a header, then an epoch and its state a line.

    It is written into a file unless path is None.  Numbers read back as they are, epochs to the
    nanosecond; covariances have no place in it, which a warning says.

    >>> import numpy as np, taylor as ty
    >>> sky = ty.astrodynamics
    >>> path = sky.Trajectory(sky.Epoch("2026-01-01T00:00:00"), [0.0], np.arange(6.0)[np.newaxis])
    >>> sky.write_csv(None, path).splitlines()[-1]
    '2026-01-01T00:00:00.000,0.0,1.0,2.0,3.0,4.0,5.0'
    """
    (trajectory,) = listed_trajectories("write_csv", [trajectory])
    check_finite("write_csv", trajectory)
    lost = ["covariances"] * (trajectory.covariances is not None)
    lost += ["the usable span"] * (trajectory.usable is not None)
    not_kept(lost, "CSV")
    file = io.StringIO()
    for text in trajectory.comments:
        file.write(f"# {text}\n" if ":" not in text else f"# comment: {text}\n")
    for key in SAID:
        file.write(f"# {key}: {getattr(trajectory, key)}\n")
    count = trajectory.states.shape[1]
    file.write(f"# units: {' '.join(UNITS[:count])}\n")
    writer = csv.writer(file, lineterminator="\n")
    clock = trajectory.clock
    writer.writerow(["epoch", *COLUMNS[:count], *["clock"] * (clock is not None)])
    for k, (epoch, state) in enumerate(
        zip(trajectory.epochs, trajectory.states.tolist(), strict=True)
    ):
        own = [] if clock is None else [repr(float(clock[k]))]
        when = trimmed(spell(epoch, trajectory.system))
        writer.writerow([when, *map(repr, state), *own])
    if path is not None:
        write_text(path, file.getvalue())
    return file.getvalue()


def read_csv(source: Source) -> Trajectory:
    """The trajectory of a table as `write_csv` writes it; of others, columns epoch, x, y, z, and
    perhaps vx, vy, vz, ax, ay, az, clock, in km, km/s and km/s^2.

    source: a path, or the text itself.

    Raises FormatError with the line of what is wrong.

    >>> import taylor as ty
    >>> ty.astrodynamics.read_csv("epoch,x,y,z\\n2026-01-01T00:00:00,7000,0,0").states
    array([[7000.,    0.,    0.]])
    """
    lines = [line for line in read_lines(source) if line.text.strip()]
    said, comments = _in_front(lines)
    if not lines:
        raise FormatError("the table has no header and no lines")
    head, *rows = lines
    columns = [name.strip() for name in next(csv.reader([head.text]))]
    count = next((n for n in (9, 6, 3) if columns[1 : n + 1] == list(COLUMNS[:n])), 0)
    clocked = columns[count + 1 :] == ["clock"]
    if columns[:1] != ["epoch"] or not count or (len(columns) > count + 1 and not clocked):
        head.wrong(f"the header must be epoch,{','.join(COLUMNS[:6])} or alike")
    system = said.get("system", "UTC").upper()
    if system not in SYSTEMS:
        head.wrong(f"the time system {system!r} is not known")
    if not rows:
        head.wrong("there are no lines below the header")
    epochs, numbers = _rows(rows, columns, system)
    degree = head.whole_of(said.get("degree", "7"), "degree")
    return Trajectory(
        epochs[0],
        seconds_after(epochs[0], epochs),
        numbers[:, :count],
        system=system,
        interpolation=said.get("interpolation", "HERMITE" if count > 3 else "LAGRANGE"),
        degree=degree,
        comments=tuple(comments),
        clock=numbers[:, count] if clocked else None,
        **{k: said[k] for k in ("name", "identifier", "center", "frame") if k in said},  # type: ignore[arg-type]
    )


def _in_front(lines: list[Line]) -> tuple[dict[str, str], list[str]]:
    """What the lines with # in front say, by key, and comments; they are taken off."""
    said: dict[str, str] = {}
    comments: list[str] = []
    while lines and lines[0].text.startswith("#"):
        line = lines.pop(0)
        text = line.text[1:].strip()
        key, mark, value = (part.strip() for part in text.partition(":"))
        if mark and key in SAID:
            said[key] = value
        elif mark and key == "comment":
            comments.append(value)
        elif not mark:
            comments.append(text)
        elif key != "units":
            line.wrong(f"{key!r} is not known")
    return said, comments


def _rows(rows: list[Line], columns: list[str], system: str) -> tuple[list[Epoch], np.ndarray]:
    """Epochs, and the numbers of the other columns."""
    epochs: list[Epoch] = []
    table: list[list[float]] = []
    for line in rows:
        parts = next(csv.reader([line.text]))
        if len(parts) != len(columns):
            line.wrong(f"{len(parts)} values, but there are {len(columns)} columns")
        when = instant(parts[0], system, line)
        if epochs and when <= epochs[-1]:
            line.wrong("epochs must increase")
        epochs.append(when)
        numbers = zip(parts[1:], columns[1:], strict=True)
        table.append([_number(line, text, name) for text, name in numbers])
    return epochs, np.array(table)


def _number(line: Line, text: str, name: str) -> float:
    if name == "clock" and text.strip() == "nan":
        return float("nan")
    return line.number_of(text, name)
