"""Precise ephemerides of many satellites: SP3-c and SP3-d.

Hilla, The Extended Standard Product 3 Orbit Format (SP3-d), 2016.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from taylor.astrodynamics.files.instants import SYSTEMS, instant, seconds_after, spell
from taylor.astrodynamics.files.text import Line, Source, not_kept, read_lines, write_text
from taylor.astrodynamics.files.trajectory import Trajectory, listed_trajectories
from taylor.astrodynamics.times import conversions
from taylor.astrodynamics.times.epoch import Epoch
from taylor.errors import ArgumentError, FormatError

Array = np.ndarray
BAD_CLOCK = 999999.999999
DECIMETRES = 1e-4  # km: velocities are in dm/s
GPS_DAY = 44244  # modified Julian day of 1980 January 6, from which weeks count
_AT_ONCE = 17  # satellites in a line of the header


class _Read:
    """A file that is being read."""

    def __init__(self, first: Line) -> None:
        text = first.text
        if text[:2] not in ("#c", "#d") or text[2:3] not in ("P", "V"):
            first.wrong("an SP3 file begins with #cP, #cV, #dP or #dV")
        self.velocities = text[2] == "V"
        self.frame = text[46:51].strip()
        self.count = first.whole_of(text[32:39], "the number of epochs")
        self.satellites: list[str] = []
        self.expected = 0
        self.system = ""
        self.comments: list[str] = []
        self.epochs: list[Epoch] = []
        self.rows: dict[str, dict[int, list[float]]] = {}
        self.lost: list[str] = []

    def header(self, line: Line) -> None:
        """One line before the first epoch."""
        text = line.text
        if text.startswith(("++", "##", "%f", "%i")):
            return  # accuracies and bases have no place in trajectories
        if text.startswith("+"):
            if not self.expected:
                self.expected = line.whole_of(text[3:6], "the number of satellites")
            names = (text[k : k + 3] for k in range(9, 60, 3))
            self.satellites += [n.replace(" ", "0") for n in names if n.strip() not in ("", "0")]
        elif text.startswith("%c"):
            self.system = self.system or text[9:12].strip()
        elif text.startswith("/*"):
            if text[2:].strip():
                self.comments.append(text[2:].strip())
        else:
            line.wrong("this is no line of an SP3 header")

    def begin(self, line: Line) -> None:
        """The line of an epoch."""
        if self.system not in SYSTEMS:
            line.wrong(f"the time system {self.system!r} of the header is not known")
        parts = line.text[1:].split()
        if len(parts) != 6:
            line.wrong("an epoch has year, month, day, hour, minute and second")
        year, month, day, hour, minute = (line.whole_of(p, "an epoch") for p in parts[:5])
        second = f"{line.number_of(parts[5], 'a second'):011.8f}"
        text = f"{year:04d}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:{second}"
        when = instant(text, self.system, line)
        if self.epochs and when <= self.epochs[-1]:
            line.wrong("epochs must increase")
        self.epochs.append(when)

    def record(self, line: Line) -> None:
        """A position or velocity of a satellite."""
        kind, name = line.text[0], line.text[1:4].replace(" ", "0")
        if name not in self.satellites:
            line.wrong(f"the satellite {name!r} is not in the header")
        numbers = [line.number_of(line.text[k : k + 14], "a coordinate") for k in (4, 18, 32)]
        own = self.rows.setdefault(name, {})
        now = len(self.epochs) - 1
        if kind == "P":
            if now in own:
                line.wrong(f"{name} is there twice at this epoch")
            clock = line.text[46:60].strip()
            drift = line.number_of(clock, "a clock") if clock else BAD_CLOCK
            own[now] = [*numbers, drift if drift < BAD_CLOCK - 1e-3 else np.nan]
        elif not self.velocities or now not in own or len(own[now]) != 4:
            line.wrong(f"the velocity of {name} stands alone")
        else:
            own[now] += [x * DECIMETRES for x in numbers]

    def made(self) -> dict[str, Trajectory]:
        """The trajectories, of satellites that are somewhere; zeros say that they are not."""
        found = {}
        for name in self.satellites:
            rows = self.rows.get(name, {})
            known = [
                k for k, row in rows.items() if any(row[:3]) and len(row) == 4 + 3 * self.velocities
            ]
            if not known:
                continue
            table = np.array([rows[k] for k in known])
            states = np.concatenate([table[:, :3], table[:, 4:]], axis=1)
            epochs = [self.epochs[k] for k in known]
            clock = None if np.isnan(table[:, 3]).all() else table[:, 3]
            found[name] = Trajectory(
                epochs[0],
                seconds_after(epochs[0], epochs),
                states,
                frame=self.frame,
                name=name,
                identifier=name,
                system=self.system,
                interpolation="HERMITE" if self.velocities else "LAGRANGE",
                degree=9 if self.velocities else 10,
                comments=tuple(self.comments),
                clock=clock,
            )
        return found


def read_sp3(source: Source) -> dict[str, Trajectory]:
    """The trajectories of an SP3-c or SP3-d file, by satellite; clocks are in microseconds.

    Epochs at which a satellite has no position are left out of its trajectory.  The accuracies of
    the header and of single records are not kept; of correlations (EP, EV) a warning says so.

    source: a path, or the text itself.

    Raises FormatError with the line of what is wrong.

    >>> import numpy as np, taylor as ty
    >>> sky = ty.astrodynamics
    >>> states = np.arange(1.0, 13.0).reshape(2, 6)
    >>> path = sky.Trajectory(sky.Epoch(0), [0.0, 900.0], states, name="L51", frame="IGS20")
    >>> sky.read_sp3(sky.write_sp3(None, path))["L51"].states[1].tolist()
    [7.0, 8.0, 9.0, 10.0, 11.0, 12.0]
    """
    lines = read_lines(source)
    if not lines:
        raise FormatError("an SP3 file begins with #c or #d, this one is empty")
    found = _Read(lines[0])
    ended = False
    for line in lines[1:]:
        start = line.text[:1]
        if ended and line.text.strip():
            line.wrong("there is more behind EOF")
        if line.text.startswith("EOF"):
            ended = True
        elif start == "*":
            found.begin(line)
        elif start in ("P", "V") and found.epochs:
            found.record(line)
        elif line.text.startswith(("EP", "EV")) and found.epochs:
            found.lost = ["correlations (EP, EV)"]
        elif line.text.strip():
            found.header(line)
    if not ended:
        lines[-1].wrong("the file ends without EOF")
    if len(found.epochs) != found.count:
        lines[0].wrong(f"{found.count} epochs are announced, there are {len(found.epochs)}")
    if len(found.satellites) != found.expected:
        lines[0].wrong(f"{found.expected} satellites are announced, {len(found.satellites)} named")
    not_kept(found.lost, "a trajectory")
    return found.made()


def write_sp3(
    path: Source | None,
    trajectories: Trajectory | Mapping[str, Trajectory] | Iterable[Trajectory],
    *,
    version: str = "d",
    agency: str = "TAYL",
) -> str:
    """The text of an SP3 file, written into a file unless path is None.

    trajectories: each named by three characters, as "G01"; of one frame and one time system, with
        velocities or all without.  Positions are written to the millimetre, as the format has them.
    version: "c" or "d".

    Raises ArgumentError for names and systems that the format does not have.

    >>> import numpy as np, taylor as ty
    >>> sky = ty.astrodynamics
    >>> path = sky.Trajectory(sky.Epoch(0), [0.0], [[7000.0, 0.0, 0.0]], name="L01", frame="IGS20")
    >>> sky.write_sp3(None, path).splitlines()[-2]
    'PL01   7000.000000      0.000000      0.000000 999999.999999'
    """
    listed = listed_trajectories(
        "write_sp3",
        trajectories.values() if isinstance(trajectories, Mapping) else trajectories,
    )
    names = trajectories if isinstance(trajectories, Mapping) else [one.name for one in listed]
    known = dict(zip(names, listed, strict=True))
    _check(known, version)
    first = next(iter(known.values()))
    start = min(one.start for one in known.values())
    places: dict[str, dict[float, int]] = {}
    for name, one in known.items():
        offset = float(one.start.exact - start.exact)
        places[name] = {round(float(s) + offset, 7): k for k, s in enumerate(one.seconds)}
    moments = sorted({s for own in places.values() for s in own})
    velocities = first.states.shape[1] >= 6
    lines = _header(known, first, start, moments, version, agency)
    for moment in moments:
        lines.append(f"*  {_spaced(spell(start + moment, first.system, 8))}")
        for name, one in known.items():
            k = places[name].get(moment)
            state = np.zeros(6) if k is None else one.states[k]
            clock = BAD_CLOCK if k is None or one.clock is None else one.clock[k]
            clock = BAD_CLOCK if np.isnan(clock) else clock
            lines.append(f"P{name}" + "".join(f"{x:14.6f}" for x in (*state[:3], clock)))
            if velocities:
                speeds = (*(state[3:6] / DECIMETRES), BAD_CLOCK)
                lines.append(f"V{name}" + "".join(f"{x:14.6f}" for x in speeds))
    text = "\n".join([*lines, "EOF"]) + "\n"
    if path is not None:
        write_text(path, text)
    return text


def _check(known: Mapping[str, Trajectory], version: str) -> None:
    if version not in ("c", "d"):
        raise ArgumentError(f"write_sp3: version must be 'c' or 'd', got {version!r}")
    if not known:
        raise ArgumentError("write_sp3: there are no trajectories")
    if len(known) > (85 if version == "c" else 999):
        raise ArgumentError(f"write_sp3: SP3-c has place for 85 satellites, not for {len(known)}")
    for name in known:
        if len(name) != 3 or not name[1:].isdigit():
            raise ArgumentError(f"write_sp3: satellites are named as 'G01', not {name!r}")
    alike = {(one.frame, one.system, one.states.shape[1] >= 6) for one in known.values()}
    if len(alike) > 1:
        raise ArgumentError(
            "write_sp3: trajectories are in several frames or time systems, or some have no "
            "velocities"
        )
    frame, system, _ = alike.pop()
    if len(frame) > 5 or len(system) > 3:
        raise ArgumentError(f"write_sp3: a frame has five letters at most, {frame!r} has more")
    lost = []
    for one in known.values():
        lost += ["covariances"] * (one.covariances is not None)
        lost += ["accelerations"] * (one.states.shape[1] > 6)
    not_kept(sorted(set(lost)), "SP3")


def _header(
    known: Mapping[str, Trajectory],
    first: Trajectory,
    start: Epoch,
    moments: list[float],
    version: str,
    agency: str,
) -> list[str]:
    kind = "V" if first.states.shape[1] >= 6 else "P"
    when = spell(start + moments[0], first.system, 8)
    scale, behind = SYSTEMS[first.system]
    reading = conversions.to_reading((start + moments[0]).exact, scale, None)
    second = float(reading.second) - behind
    week, day = divmod(reading.day - GPS_DAY, 7)
    interval = min(np.diff(moments), default=0.0)
    lines = [
        f"#{version}{kind}{_spaced(when)} {len(moments):7d} ORBIT {first.frame:<5} EXT "
        f"{agency:>4.4}",
        f"## {week:4d} {86400 * day + second:15.8f} {interval:14.8f} {reading.day:5d} "
        f"{second / 86400:15.13f}",
    ]
    names = list(known)
    rows = max(5, -(-len(names) // _AT_ONCE))
    for sign in ("+ ", "++"):
        for row in range(rows):
            own = names[row * _AT_ONCE : (row + 1) * _AT_ONCE]
            shown = [f"{n:>3}" if sign == "+ " else "  0" for n in own] + ["  0"] * (
                _AT_ONCE - len(own)
            )
            count = f"{len(names):4d}" if sign == "+ " and not row else "    "
            lines.append(f"{sign}{count}   {''.join(shown)}")
    lines += [
        f"%c M  cc {first.system:<3} ccc cccc cccc cccc cccc ccccc ccccc ccccc ccccc",
        "%c cc cc ccc ccc cccc cccc cccc cccc ccccc ccccc ccccc ccccc",
        "%f  1.2500000  1.025000000  0.00000000000  0.000000000000000",
        "%f  0.0000000  0.000000000  0.00000000000  0.000000000000000",
        *["%i    0    0    0    0      0      0      0      0         0"] * 2,
    ]
    comments = [text[:77] for text in first.comments] or [""]
    lines += [f"/* {text}".rstrip() for text in comments] + ["/*"] * (4 - len(comments))
    return lines


def _spaced(text: str) -> str:
    """2001-08-08T00:00:00.00000000 as SP3 has it."""
    day, _, clock = text.partition("T")
    year, month, number = day.split("-")
    hour, minute, second = clock.split(":")
    whole = " ".join(f"{int(text):2d}" for text in (month, number, hour, minute))
    return f"{year} {whole} {float(second):11.8f}"
