"""Ephemerides in files: OEM, as keywords or XML."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from taylor.astrodynamics.files import xml_tree
from taylor.astrodynamics.files.instants import (
    instant,
    spell,
    trimmed,
)
from taylor.astrodynamics.files.keyed import (
    Entry,
    Value,
    check_needed,
    entry,
    pair,
    shown,
    value_of,
)
from taylor.astrodynamics.files.keywords import (
    ACCELERATIONS,
    COVARIANCE,
    COVARIANCE_NAMES,
    HEADER,
    PLACES,
    STATE,
)
from taylor.astrodynamics.files.messages import VERSION, form_of, heading, symmetric
from taylor.astrodynamics.files.segments import Segment
from taylor.astrodynamics.files.text import Line, Source, not_kept, write_text
from taylor.astrodynamics.files.trajectory import Trajectory, check_finite, listed_trajectories
from taylor.errors import ArgumentError, FormatError

Array = np.ndarray


def read_oem(source: Source) -> list[Trajectory]:
    """The trajectories of an OEM, one for each segment, of keywords or XML.

    source: a path, or the text itself.

    Raises FormatError with the line of what is wrong: keywords that are unknown, missing or there
    twice, numbers that are none, epochs that do not increase.

    >>> import numpy as np, taylor as ty
    >>> sky = ty.astrodynamics
    >>> path = sky.Trajectory(sky.Epoch(0), [0.0, 60.0], np.arange(12.0).reshape(2, 6))
    >>> sky.read_oem(sky.write_oem(None, path))[0].states[1].tolist()
    [6.0, 7.0, 8.0, 9.0, 10.0, 11.0]
    """
    name, tree, lines = xml_tree.opened(source)
    if tree is not None:
        return _of_xml(tree)
    first = entry(lines[0]) if lines else None
    if first is None or first.key != "CCSDS_OEM_VERS":
        raise FormatError(f"{name}: the first line must be CCSDS_OEM_VERS = ..")
    return _of_keys(lines)


def _of_keys(lines: list[Line]) -> list[Trajectory]:
    segments: list[Segment] = []
    comments: list[str] = []
    part, head = "header", dict[str, Value]()
    covariance: list[Line] = []
    for line in lines[1:]:
        text = line.text.strip()
        if text == "META_START":
            segments.append(Segment(line))
            segments[-1].comments += comments
            comments, part = [], "metadata"
        elif text == "META_STOP" and part == "metadata":
            segments[-1].check(line)
            part = "data"
        elif text == "COVARIANCE_START" and part == "data":
            part = "covariance"
        elif text == "COVARIANCE_STOP" and part == "covariance":
            _matrix(segments[-1], covariance, line)
            covariance, part = [], "data"
        elif text.startswith("COMMENT"):
            (segments[-1].comments if segments else comments).append(text[7:].strip())
        elif part == "data":
            when, *numbers = text.split()
            segments[-1].state(line, when, numbers)
        elif part == "covariance":
            given = entry(line)
            if given is not None and given.key == "EPOCH" and covariance:
                _matrix(segments[-1], covariance, line)
                covariance = []
            covariance.append(line)
        else:
            given = entry(line)
            if given is None:
                line.wrong(f"this is no line of the {part}")
            if part == "header":
                field = HEADER.field(given.key)
                if field is None:
                    line.wrong(f"{given.key} does not belong to the header")
                head[given.key] = value_of(given, field)
            else:
                segments[-1].add(given)
    if part != "data" or not segments:
        lines[-1].wrong(f"the file ends within the {part}")
    check_needed(head, HEADER, segments[0].line)
    return [segment.made() for segment in segments]


def _matrix(segment: Segment, lines: list[Line], end: Line) -> None:
    """A covariance of its lines: an epoch, a frame, and six rows of a triangle."""
    said: dict[str, str] = {}
    numbers: list[float] = []
    rows = 0
    for line in lines:
        given = entry(line)
        if given is not None:
            if given.key not in ("EPOCH", "COV_REF_FRAME"):
                line.wrong(f"{given.key} does not belong to a covariance")
            said[given.key] = given.value
            continue
        parts = line.text.split()
        rows += 1
        if len(parts) != rows or rows > 6:
            line.wrong(f"row {rows} of a covariance has {rows} numbers, this one {len(parts)}")
        numbers += [line.number_of(text, "a covariance") for text in parts]
    if "EPOCH" not in said or rows != 6:
        end.wrong("the covariance before this line needs an EPOCH and six rows")
    segment.own.append(instant(said["EPOCH"], segment.system, lines[0]))
    frame = said.get("COV_REF_FRAME", segment.frames[-1] if segment.frames else "")
    segment.frames.append(frame)
    segment.matrices.append(symmetric(numbers))


def _of_xml(root: xml_tree.Node) -> list[Trajectory]:
    if root.tag != "oem":
        root.line.wrong(f"the root is <{root.tag}>, but has to be <oem>")
    head: dict[str, Value] = {}
    for one in root.find("header").children:
        field = HEADER.field(one.tag)
        if field is not None:
            head[one.tag] = value_of(Entry(one.line, one.tag, one.text), field)
        elif one.tag != "COMMENT":
            one.line.wrong(f"{one.tag} does not belong to the header")
    check_needed(head, HEADER, root.find("header").line)
    found = []
    for node in root.find("body").all("segment"):
        segment = Segment(node.line)
        for one in node.find("metadata").children:
            if one.tag == "COMMENT":
                segment.comments.append(one.text)
            else:
                segment.add(Entry(one.line, one.tag, one.text))
        segment.check(node.find("metadata").line)
        for one in node.find("data").children:
            _add_data(segment, one)
        found.append(segment.made())
    if not found:
        root.line.wrong("there is no <segment>")
    return found


def _add_data(segment: Segment, node: xml_tree.Node) -> None:
    if node.tag == "COMMENT":
        segment.comments.append(node.text)
        return
    section = {STATE.tag: STATE, COVARIANCE.tag: COVARIANCE}.get(node.tag)
    if section is None:
        node.line.wrong(f"<{node.tag}> does not belong to an OEM")
    values: dict[str, str] = {}
    for one in node.children:
        fields = (*section.fields, *(ACCELERATIONS if section is STATE else ()))
        field = next((f for f in fields if f.name == one.tag), None)
        if field is not None:
            value_of(Entry(one.line, one.tag, one.text, one.attributes.get("units")), field)
        elif one.tag not in ("EPOCH", "COMMENT"):
            one.line.wrong(f"<{one.tag}> does not belong to <{node.tag}>")
        values[one.tag] = one.text
    check_needed(dict(values), section, node.line)
    if section is STATE:
        names = [f.name for f in (*STATE.fields[1:], *ACCELERATIONS) if f.name in values]
        segment.state(node.line, values["EPOCH"], [values[name] for name in names])
        return
    if "EPOCH" not in values:
        node.line.wrong("the covariance has no EPOCH")
    segment.own.append(instant(values["EPOCH"], segment.system, node.line))
    segment.frames.append(values.get("COV_REF_FRAME", ""))
    segment.matrices.append(symmetric([float(values[name]) for name in COVARIANCE_NAMES]))


# -- writing --------------------------------------------------------------------------------------


def write_oem(
    path: Source | None,
    trajectories: Trajectory | Sequence[Trajectory],
    *,
    form: str | None = None,
    originator: str = "TAYLOR",
) -> str:
    """The text of an OEM with a segment for each trajectory; a file unless path is None.

    form: "kvn" or "xml"; by default xml where the name of the file ends so.  Numbers are written so
        that they read back as they are, epochs to the nanosecond.

    Raises ArgumentError for a trajectory without velocities.

    >>> import numpy as np, taylor as ty
    >>> sky = ty.astrodynamics
    >>> path = sky.Trajectory(sky.Epoch("2026-01-01T00:00:00"), [0.0], np.arange(6.0)[np.newaxis])
    >>> sky.write_oem(None, path).splitlines()[-1]
    '2026-01-01T00:00:00.000 0 1 2 3 4 5'
    """
    listed = listed_trajectories("write_oem", trajectories)
    for one in listed:
        check_finite("write_oem", one)
        if one.states.shape[1] < 6:
            raise ArgumentError(f"write_oem: an OEM needs velocities, {one!r} has none")
    not_kept(["clocks"] * any(one.clock is not None for one in listed), "OEM")
    kind = form_of(path, form)
    lines = _keys(listed, originator) if kind == "kvn" else _xml(listed, originator)
    text = "\n".join(lines) + "\n"
    if path is not None:
        write_text(path, text)
    return text


def _said(one: Trajectory) -> dict[str, str]:
    """The metadata of a segment."""

    def at(seconds: float) -> str:
        return trimmed(spell(one.start + float(seconds), one.system))

    found = {
        "OBJECT_NAME": one.name,
        "OBJECT_ID": one.identifier,
        "CENTER_NAME": one.center,
        "REF_FRAME": one.frame,
        "TIME_SYSTEM": one.system,
        "START_TIME": at(one.seconds[0]),
    }
    if one.usable is not None:
        found["USEABLE_START_TIME"], found["USEABLE_STOP_TIME"] = map(at, one.usable)
    found["STOP_TIME"] = at(one.seconds[-1])
    found["INTERPOLATION"], found["INTERPOLATION_DEGREE"] = one.interpolation, str(one.degree)
    return found


def _epochs(one: Trajectory, seconds: Array) -> list[str]:
    return [trimmed(spell(one.start + float(s), one.system)) for s in seconds]


def _keys(listed: list[Trajectory], originator: str) -> list[str]:
    lines = [pair("CCSDS_OEM_VERS", VERSION)]
    lines += [pair(key, value) for key, value in heading({}, originator).items()]
    for one in listed:
        lines += ["", "META_START", *(f"COMMENT {text}" for text in one.comments)]
        lines += [pair(key, value) for key, value in _said(one).items()]
        lines += ["META_STOP", ""]
        for when, state in zip(_epochs(one, one.seconds), one.states.tolist(), strict=True):
            lines.append(" ".join([when, *map(shown, state)]))
        if one.covariances is None:
            continue
        lines += ["", "COVARIANCE_START"]
        own = one.covariances
        for when, matrix in zip(_epochs(one, own.seconds), own.matrices.tolist(), strict=True):
            lines.append(pair("EPOCH", when))
            if own.frame:
                lines.append(pair("COV_REF_FRAME", own.frame))
            lines += [" ".join(map(shown, row[: k + 1])) for k, row in enumerate(matrix)]
        lines.append("COVARIANCE_STOP")
    return lines


def _xml(listed: list[Trajectory], originator: str) -> list[str]:
    header = [xml_tree.element(k, shown(v), 2) for k, v in heading({}, originator).items()]
    segments: list[str] = []
    for one in listed:
        said = [xml_tree.element("COMMENT", text, 4) for text in one.comments]
        said += [xml_tree.element(key, value, 4) for key, value in _said(one).items()]
        data: list[str] = []
        fields = (*STATE.fields[1:], *ACCELERATIONS)[: one.states.shape[1]]
        for when, state in zip(_epochs(one, one.seconds), one.states.tolist(), strict=True):
            lines = [xml_tree.element("EPOCH", when, 5)]
            for field, value in zip(fields, state, strict=True):
                lines.append(xml_tree.element(field.name, shown(value), 5, units=field.unit or ""))
            data += xml_tree.nested(STATE.tag, lines, 4)
        data += _xml_covariances(one)
        segments += xml_tree.nested(
            "segment", xml_tree.nested("metadata", said, 3) + xml_tree.nested("data", data, 3), 2
        )
    inside = xml_tree.nested("header", header, 1) + xml_tree.nested("body", segments, 1)
    root = xml_tree.nested("oem", inside, 0, id="CCSDS_OEM_VERS", version=VERSION)
    return ['<?xml version="1.0" encoding="UTF-8"?>', *root]


def _xml_covariances(one: Trajectory) -> list[str]:
    if one.covariances is None:
        return []
    found: list[str] = []
    own = one.covariances
    for when, matrix in zip(_epochs(one, own.seconds), own.matrices, strict=True):
        lines = [xml_tree.element("EPOCH", when, 5)]
        if own.frame:
            lines.append(xml_tree.element("COV_REF_FRAME", own.frame, 5))
        for field, place in zip(COVARIANCE.fields[1:], PLACES, strict=True):
            value = shown(float(matrix[place]))
            lines.append(xml_tree.element(field.name, value, 5, units=field.unit or ""))
        found += xml_tree.nested(COVARIANCE.tag, lines, 4)
    return found
