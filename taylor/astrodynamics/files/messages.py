"""Single orbits in files: OPM and OMM, as keywords or XML."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import numpy as np

from taylor.astrodynamics.files import xml_tree
from taylor.astrodynamics.files.instants import SYSTEMS, instant
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
    COVARIANCE,
    COVARIANCE_NAMES,
    HEADER,
    MESSAGES,
    PLACES,
    REPEATED,
    Section,
)
from taylor.astrodynamics.files.message import OrbitMessage
from taylor.astrodynamics.files.text import Line, Source, write_text
from taylor.errors import ArgumentError, FormatError

VERSION = "2.0"


# -- reading --------------------------------------------------------------------------------------


def read_messages(source: Source) -> list[OrbitMessage]:
    """The OPMs and OMMs of a file, of keywords or XML (one, or several in an <ndm>).

    source: a path, or the text itself.

    Raises FormatError with the line of what is wrong: a keyword that is unknown or there twice,
    another unit, what is no number, what is missing.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> message = sky.OrbitMessage.of_state(sky.Epoch(0), [7000, 0, 0, 0, 7.5, 0])
    >>> text = sky.write_messages(None, message)
    >>> sky.read_messages(text)[0].state.tolist()
    [7000.0, 0.0, 0.0, 0.0, 7.5, 0.0]
    """
    name, tree, lines = xml_tree.opened(source)
    if tree is not None:
        return list(_of_xml(tree))
    starts = [k for k, line in enumerate(lines) if line.text.strip().startswith("CCSDS_")]
    if not starts or starts[0]:
        raise FormatError(f"{name}: the first line must be CCSDS_OPM_VERS or CCSDS_OMM_VERS")
    ends = [*starts[1:], len(lines)]
    return [_of_keys(lines[a:b]) for a, b in zip(starts, ends, strict=True)]


class _Collected:
    """A message that is being read."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.metadata, self.sections = MESSAGES[kind]
        self.values: dict[str, Value] = {}
        self.manoeuvres: list[dict[str, Value]] = []
        self.user: dict[str, str] = {}
        self.comments: list[str] = []

    def add(self, given: Entry, section: Section) -> None:
        """One keyword of a section."""
        field = section.field(given.key)
        if field is None:
            given.line.wrong(f"{given.key} does not belong to an {self.kind}")
        into = self.values
        if section.tag == REPEATED:
            if not self.manoeuvres or given.key == section.fields[0].name:
                self.manoeuvres.append({})
            into = self.manoeuvres[-1]
        if given.key in into:
            given.line.wrong(f"{given.key} is there twice")
        into[given.key] = value_of(given, field)

    def section_of(self, key: str) -> Section | None:
        """Where a keyword belongs; EPOCH belongs to the first section of data."""
        for section in (HEADER, self.metadata, *self.sections):
            if section.field(key) is not None:
                return section
        return None

    def made(self, line: Line) -> OrbitMessage:
        """The message, checked; `line` is its last."""
        for section in (HEADER, self.metadata, self.sections[0]):
            check_needed(self.values, section, line)
        for section in self.sections[1:]:
            if section.tag == REPEATED:
                for one in self.manoeuvres:
                    check_needed(one, section, line)
            elif any(field.name in self.values for field in section.fields):
                check_needed(self.values, section, line)
        system = str(self.values["TIME_SYSTEM"]).upper()
        if system not in SYSTEMS:
            line.wrong(f"the time system {system!r} is not known")
        self.values["TIME_SYSTEM"] = system
        instant(str(self.values["EPOCH"]), system, line)
        covariance = None
        if COVARIANCE_NAMES[0] in self.values:
            numbers = [float(self.values.pop(name)) for name in COVARIANCE_NAMES]
            covariance = symmetric(numbers)
        return OrbitMessage(
            self.kind,
            self.values,
            covariance,
            tuple(self.manoeuvres),
            self.user,
            tuple(self.comments),
        )


def symmetric(numbers: Sequence[float]) -> np.ndarray:
    """A matrix of its lower triangle, row by row."""
    matrix = np.zeros((6, 6))
    for (row, column), value in zip(PLACES, numbers, strict=True):
        matrix[row, column] = matrix[column, row] = value
    return matrix


def _kind(key: str, line: Line) -> str:
    kind = key.removeprefix("CCSDS_").removesuffix("_VERS")
    if kind not in MESSAGES:
        line.wrong(f"this is no OPM or OMM but an {kind}")
    return kind


def _of_keys(lines: list[Line]) -> OrbitMessage:
    first = entry(lines[0])
    if first is None:
        lines[0].wrong("the version is missing")
    found = _Collected(_kind(first.key, lines[0]))
    for line in lines[1:]:
        given = entry(line)
        if given is None:
            line.wrong("no keyword with a value")
        if given.key == "COMMENT":
            found.comments.append(given.value)
        elif given.key.startswith("USER_DEFINED_"):
            found.user[given.key.removeprefix("USER_DEFINED_")] = given.value
        else:
            section = found.section_of(given.key)
            if section is None:
                line.wrong(f"{given.key} does not belong to an {found.kind}")
            found.add(given, section)
    return found.made(lines[-1])


def _of_xml(root: xml_tree.Node) -> Iterator[OrbitMessage]:
    if root.tag == "ndm":
        for child in root.children:
            yield from _of_xml(child)
        return
    found = _Collected(_kind(root.tag.upper(), root.line))
    segment = root.find("body", "segment")
    data = segment.find("data")
    groups = [(root.find("header"), HEADER), (segment.find("metadata"), found.metadata)]
    known = {section.tag: section for section in found.sections}
    for node in data.children:
        if node.tag == "userDefinedParameters":
            for one in node.all("USER_DEFINED"):
                found.user[one.attributes.get("parameter", "")] = one.text
        elif node.tag == "COMMENT":
            found.comments.append(node.text)
        elif node.tag not in known:
            node.line.wrong(f"<{node.tag}> does not belong to an {found.kind}")
        else:
            groups.append((node, known[node.tag]))
    for node, section in groups:
        for one in node.children:
            if one.tag == "COMMENT":
                found.comments.append(one.text)
                continue
            given = Entry(one.line, one.tag, one.text, one.attributes.get("units"))
            found.add(given, section)
    yield found.made(data.line)


# -- writing --------------------------------------------------------------------------------------


def write_messages(
    path: Source | None,
    messages: OrbitMessage | Sequence[OrbitMessage],
    *,
    form: str | None = None,
    originator: str = "TAYLOR",
) -> str:
    """The text of messages, which is written into a file unless path is None.

    form: "kvn" or "xml"; by default xml where the name of the file ends so.  In XML several are in
        an <ndm>.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> message = sky.OrbitMessage.of_state(sky.Epoch(0), [7000, 0, 0, 0, 7.5, 0])
    >>> sky.write_messages(None, message, form="xml").splitlines()[1]
    '<opm id="CCSDS_OPM_VERS" version="2.0">'
    """
    listed = [messages] if isinstance(messages, OrbitMessage) else list(messages)
    if not listed:
        raise ArgumentError("write_messages: there are no messages")
    kind = form_of(path, form)
    if kind == "kvn":
        text = "\n".join("\n".join(_keys(one, originator)) for one in listed) + "\n"
    else:
        depth = int(len(listed) > 1)
        lines = [line for one in listed for line in _xml(one, originator, depth)]
        if depth:
            lines = xml_tree.nested("ndm", lines, 0)
        text = "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', *lines]) + "\n"
    if path is not None:
        write_text(path, text)
    return text


def form_of(path: Source | None, form: str | None) -> str:
    """Whether to write keywords or XML."""
    kind = form or ("xml" if path is not None and str(path).lower().endswith(".xml") else "kvn")
    if kind not in ("kvn", "xml"):
        raise ArgumentError(f"form must be 'kvn' or 'xml', got {form!r}")
    return kind


def heading(values: dict[str, Value], originator: str) -> dict[str, Value]:
    """The header of a message, with what it must have."""
    made = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    found: dict[str, Value] = {"CREATION_DATE": made, "ORIGINATOR": originator}
    return found | {f.name: values[f.name] for f in HEADER.fields if f.name in values}


def _groups(message: OrbitMessage) -> Iterator[tuple[Section, dict[str, Value]]]:
    """The sections of the data with what is in them."""
    for section in MESSAGES[message.kind][1]:
        if section.tag == REPEATED:
            for one in message.manoeuvres:
                yield section, one
            continue
        values = {
            f.name: message.values[f.name] for f in section.fields if f.name in message.values
        }
        if section is COVARIANCE and message.covariance is not None:
            numbers = [float(message.covariance[place]) for place in PLACES]
            values |= dict(zip(COVARIANCE_NAMES, numbers, strict=True))
        if values:
            yield section, values


def _keys(message: OrbitMessage, originator: str) -> Iterator[str]:
    metadata = MESSAGES[message.kind][0]
    yield pair(f"CCSDS_{message.kind}_VERS", VERSION)
    yield from (f"COMMENT {text}" for text in message.comments)
    yield from (pair(key, value) for key, value in heading(message.values, originator).items())
    yield ""
    for field in metadata.fields:
        if field.name in message.values:
            yield pair(field.name, message.values[field.name])
    for section, values in _groups(message):
        yield ""
        for field in section.fields:
            if field.name in values:
                yield pair(field.name, values[field.name], field.unit)
    for name, text in (message.user or {}).items():
        yield pair(f"USER_DEFINED_{name}", text)


def _xml(message: OrbitMessage, originator: str, depth: int) -> list[str]:
    d = depth
    header = [xml_tree.element("COMMENT", text, d + 2) for text in message.comments]
    for key, value in heading(message.values, originator).items():
        header.append(xml_tree.element(key, shown(value), d + 2))
    metadata = [
        xml_tree.element(field.name, shown(message.values[field.name]), d + 4)
        for field in MESSAGES[message.kind][0].fields
        if field.name in message.values
    ]
    data: list[str] = []
    for section, values in _groups(message):
        lines = [
            xml_tree.element(
                f.name, shown(values[f.name]), d + 5, **({"units": f.unit} if f.unit else {})
            )
            for f in section.fields
            if f.name in values
        ]
        data += xml_tree.nested(section.tag, lines, d + 4)
    if message.user:
        lines = [
            xml_tree.element("USER_DEFINED", text, d + 5, parameter=name)
            for name, text in message.user.items()
        ]
        data += xml_tree.nested("userDefinedParameters", lines, d + 4)
    segment = xml_tree.nested("metadata", metadata, d + 3) + xml_tree.nested("data", data, d + 3)
    body = xml_tree.nested("body", xml_tree.nested("segment", segment, d + 2), d + 1)
    kind = message.kind
    return xml_tree.nested(
        kind.lower(),
        xml_tree.nested("header", header, d + 1) + body,
        d,
        id=f"CCSDS_{kind}_VERS",
        version=VERSION,
    )
