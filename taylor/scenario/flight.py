"""Scenarios of a spacecraft: where it starts, what acts on it, until when."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from taylor.astrodynamics.files.messages import read_messages
from taylor.astrodynamics.frames.transforms import change_frame
from taylor.astrodynamics.orbits.elements import Elements, to_cartesian
from taylor.astrodynamics.times.epoch import Epoch
from taylor.errors import TaylorError
from taylor.scenario.scenario import INTEGRATION_KEYS, MOST_OUTPUTS, read_settings
from taylor.scenario.section import ScenarioError, Section
from taylor_runtime.program.records import dataclass

Array = NDArray[np.float64]
GM_EARTH = 398600.4418  # km^3/s^2, of orbital elements
AXES = ("gcrs", "j2000", "itrf", "teme", "mod", "tod")
FRAME_NAMES = {"gcrs": "GCRF", "j2000": "EME2000", "itrf": "ITRF", "teme": "TEME"}

TABLES = {
    "title": '"A low orbit"',
    "spacecraft": '{ epoch = "2026-03-20T12:00:00", elements = { .. }, mass = 500.0 }',
    "forces": '{ gravity = { degree = 20 }, bodies = ["sun", "moon"] }',
    "span": "{ duration = 86400.0 }",
    "integration": "{ tolerance = 1e-15 }",
    "output": '{ every = 60.0, trajectory = "orbit.oem" }',
}
SPACECRAFT_KEYS = {
    "name": '"OURS"',
    "epoch": '"2026-03-20T12:00:00"',
    "frame": '"gcrs"',
    "position": "[6878.0, 0.0, 0.0]",
    "velocity": "[0.0, 7.6, 0.0]",
    "elements": "{ a = 6878.0, e = 0.001, i = 97.4, node = 10.0, peri = 0.0, M = 0.0 }",
    "file": '"start.opm"',
    "mass": "500.0",
}
ELEMENT_KEYS = {"a": "6878.0", "e": "0.001", "i": "97.4", "node": "10", "peri": "0", "M": "0"}
FORCE_KEYS = {
    "gravity": '{ field = "EGM2008", degree = 20, order = 20 }',
    "rotation": '"itrf"',
    "ephemeris": '"de421"',
    "bodies": '["sun", "moon"]',
    "drag": '{ area = 2.0, cd = 2.2, atmosphere = "harris-priester" }',
    "radiation": "{ area = 2.0, cr = 1.3 }",
    "relativity": "true",
}
GRAVITY_KEYS = {"field": '"EGM2008"', "degree": "20", "order": "20"}
DRAG_KEYS = {"area": "2.0", "cd": "2.2", "atmosphere": '"harris-priester"'}
RADIATION_KEYS = {"area": "2.0", "cr": "1.3", "shadow": '"penumbra"'}
SPAN_KEYS = {"duration": "86400.0", "end": '"2026-03-21T12:00:00"'}
OUTPUT_KEYS = {
    "every": "60.0",
    "trajectory": '"orbit.oem"',
    "plot": '"orbit.png"',
    "frame": '"gcrs"',
}
ATMOSPHERES = ("harris-priester", "exponential", "us-standard-1976")


@dataclass(frozen=True)
class Forces:
    """What acts on a spacecraft; None and empty for what does not.

    gravity:   field, degree and order.
    drag:      area m^2, coefficient, atmosphere.
    radiation: area m^2, coefficient, shadow.
    """

    gravity: tuple[str, int, int]
    rotation: str
    ephemeris: str
    bodies: tuple[str, ...]
    drag: tuple[float, float, str] | None
    radiation: tuple[float, float, str] | None
    relativity: bool


@dataclass(frozen=True)
class Flight:
    """A checked scenario of a spacecraft: km, km/s, kg, seconds after the epoch.

    state:  position and velocity in the axes of the GCRS, (6,).
    times:  of the output, (k,): first zero, last the end.
    frame:  axes of the output.
    """

    title: str
    name: str
    epoch: Epoch
    state: Array
    mass: float
    forces: Forces
    times: Array
    settings: dict[str, Any]
    max_steps: int | None
    frame: str
    trajectory: Path | None
    plot: Path | None


def read_flight(data: dict[str, Any], folder: Path, name: str) -> Flight:
    """Check parsed tables; files are relative to `folder`, `name` stands for a missing title.

    Raises ScenarioError for everything that could not be flown as written.
    """
    top = Section(data, "scenario", TABLES)
    craft = Section(top.value("spacecraft"), "[spacecraft]", SPACECRAFT_KEYS)
    called, epoch, state = _start(craft, folder)
    span = Section(top.value("span"), "[span]", SPAN_KEYS)
    end = _end(span, epoch)
    output = Section(data.get("output", {}), "[output]", OUTPUT_KEYS)
    integration = Section(data.get("integration", {}), "[integration]", INTEGRATION_KEYS)
    return Flight(
        title=top.text("title", name),
        name=called,
        epoch=epoch,
        state=state,
        mass=craft.positive("mass", 1000.0),
        forces=_forces(Section(data.get("forces", {}), "[forces]", FORCE_KEYS)),
        times=_times(output, end),
        settings=read_settings(integration),
        max_steps=integration.natural("max_steps") if "max_steps" in integration else None,
        frame=output.choice("frame", AXES, "gcrs"),
        trajectory=folder / output.text("trajectory") if "trajectory" in output else None,
        plot=folder / output.text("plot") if "plot" in output else None,
    )


def _start(craft: Section, folder: Path) -> tuple[str, Epoch, Array]:
    """Name, epoch and state in the axes of the GCRS."""
    ways = [key for key in ("file", "elements", "position") if key in craft]
    if len(ways) != 1:
        raise craft.error(
            "elements", "or position and velocity, or file must be given, one of the three"
        )
    if ways == ["file"]:
        return _of_message(craft, folder)
    try:
        epoch = Epoch(craft.text("epoch"))
    except TaylorError as error:
        raise craft.error("epoch", f"cannot be read: {error}") from None
    if ways == ["position"]:
        state = np.array([*craft.numbers("position", 3), *craft.numbers("velocity", 3)])
    else:
        table = Section(craft.value("elements"), "[spacecraft] elements", ELEMENT_KEYS)
        angles = (math.radians(table.number(key)) for key in ("i", "node", "peri", "M"))
        elements = Elements(table.number("a"), table.number("e"), *angles)
        try:
            state = np.concatenate(to_cartesian(elements, GM_EARTH))
        except TaylorError as error:
            raise craft.error("elements", f"are no orbit: {error}") from None
    frame = craft.choice("frame", AXES, "gcrs")
    return craft.text("name", "SPACECRAFT"), epoch, _turned(craft, frame, epoch, state)


def _turned(craft: Section, frame: str, epoch: Epoch, state: Array) -> Array:
    if frame == "gcrs":
        return state
    try:
        return np.concatenate(change_frame(frame, "gcrs", epoch, state[:3], state[3:]))
    except TaylorError as error:
        raise craft.error("frame", f"cannot be used: {error}") from None


def _of_message(craft: Section, folder: Path) -> tuple[str, Epoch, Array]:
    path = folder / craft.text("file")

    def refuse(what: str) -> NoReturn:
        raise ScenarioError(f"[spacecraft]: {what}")

    try:
        messages = read_messages(path)
    except TaylorError as error:
        refuse(str(error))
    if len(messages) != 1 or messages[0].kind != "OPM":
        refuse(f"{path} must hold one OPM")
    found = messages[0]
    frames = {text: axes for axes, text in FRAME_NAMES.items()}
    frame = frames.get(str(found["REF_FRAME"]), "gcrs" if found["REF_FRAME"] == "ICRF" else "")
    if not frame or str(found["CENTER_NAME"]).upper() != "EARTH":
        refuse(f"{path}: the state must be about the Earth, in one of {', '.join(frames)}, ICRF")
    if "epoch" in craft or "frame" in craft:
        refuse("epoch and frame are those of the file; leave them out")
    name = craft.text("name", str(found["OBJECT_NAME"]))
    return name, found.epoch, _turned(craft, frame, found.epoch, found.state)


def _end(span: Section, epoch: Epoch) -> float:
    if ("end" in span) == ("duration" in span):
        raise span.error("duration", "or end must be given, one of the two")
    if "duration" in span:
        end = span.number("duration")
    else:
        try:
            end = float(Epoch(span.text("end")) - epoch)
        except TaylorError as error:
            raise span.error("end", f"cannot be read: {error}") from None
    if end == 0:
        raise span.error("duration", "is zero; there is nothing to do")
    return end


def _times(output: Section, end: float) -> Array:
    every = output.positive("every", max(abs(end) / 1000, 1e-6))
    count = abs(end) / every
    if not count <= MOST_OUTPUTS:
        raise output.error("every", f"is {every!r}, which asks for {count:.3g} outputs")
    times = np.sign(end) * every * np.arange(int(count) + 1)
    return times if times[-1] == end else np.append(times, end)


def _forces(section: Section) -> Forces:
    gravity = Section(
        section.value("gravity") if "gravity" in section else {}, "[forces] gravity", GRAVITY_KEYS
    )
    degree = gravity.natural("degree") if "degree" in gravity else 2
    order = gravity.natural("order") if "order" in gravity else degree
    if order > degree:
        raise gravity.error("order", f"is {order}, above the degree {degree}")
    drag = radiation = None
    if "drag" in section:
        own = Section(section.value("drag"), "[forces] drag", DRAG_KEYS)
        air = own.choice("atmosphere", ATMOSPHERES, "harris-priester")
        drag = own.positive("area"), own.positive("cd", 2.2), air
    if "radiation" in section:
        own = Section(section.value("radiation"), "[forces] radiation", RADIATION_KEYS)
        shadow = own.choice("shadow", ("penumbra", "sharp", "smooth"), "penumbra")
        radiation = own.positive("area"), own.positive("cr", 1.3), shadow
    return Forces(
        gravity=(gravity.text("field", "EGM2008"), degree, order),
        rotation=section.choice("rotation", ("itrf", "uniform"), "itrf"),
        ephemeris=section.text("ephemeris", "de421"),
        bodies=tuple(section.texts("bodies")) if "bodies" in section else (),
        drag=drag,
        radiation=radiation,
        relativity=section.flag("relativity", False),
    )
