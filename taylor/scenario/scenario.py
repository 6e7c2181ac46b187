"""Scenario files: what to propagate, how, and what to do with the result."""

from __future__ import annotations

import math
import tomllib
from pathlib import Path
from typing import Any

import numpy as np

from taylor.scenario.bodies import Array, Body, read_bodies, read_table
from taylor.scenario.section import ScenarioError, Section, require_names
from taylor.scenario.units import Units, read_units
from taylor_runtime.program.records import dataclass

TABLES = {
    "title": '"Two planets"',
    "units": '{ length = "au", time = "day" }',
    "bodies": '{ file = "bodies.csv" }',
    "body": "(a table [[body]] for each body)",
    "forces": '{ relativity = "sun" }',
    "span": "{ start = 0.0, duration = 3652.0 }",
    "integration": "{ tolerance = 1e-16 }",
    "output": '{ every = 10.0, trajectory = "run.csv" }',
    "comparison": '{ file = "ephemeris.csv", center = "sun" }',
}
SPAN_KEYS = {"start": "0.0", "duration": "365.25", "end": "365.25"}
FORCE_KEYS = {"newtonian": "true", "relativity": '"sun"'}
INTEGRATION_KEYS = {
    "tolerance": "1e-16",
    "order": "20",
    "max_step": "10.0",
    "max_steps": "1000000",
    "high_accuracy": "true",
    "conservation": "true",
}
OUTPUT_KEYS = {
    "every": "10.0",
    "times": "[30.0, 365.0]",
    "trajectory": '"run.csv"',
    "plot": '"run.png"',
    "center": '"sun"',
}
COMPARISON_KEYS = {
    "file": '"ephemeris.csv"',
    "name": '"DE421"',
    "center": '"sun"',
    "pairs": '[["moon", "earth"]]',
}
MOST_OUTPUTS = 10_000_000


@dataclass(frozen=True)
class Comparison:
    """States by time and body to compare with: relative to `center`, and in `pairs` of bodies."""

    name: str
    center: str
    pairs: tuple[tuple[str, str], ...]
    states: dict[float, dict[str, Array]]


@dataclass(frozen=True)
class Scenario:
    """A checked scenario; lengths and times in `units`.

    relativity: name of the body whose post-Newtonian term acts, or None.
    settings:   arguments of `taylor.Integrator` that were given: tol, order, max_step,
                high_accuracy.
    max_steps:  give up after so many steps, or None.
    times:      output times, shape (k,), first the start, last the end, strictly monotonic; those
                of the comparison are among them.
    trajectory, plot: files to write, or None.
    """

    title: str
    units: Units
    bodies: tuple[Body, ...]
    relativity: str | None
    times: Array
    settings: dict[str, Any]
    max_steps: int | None
    conservation: bool
    center: str
    trajectory: Path | None
    plot: Path | None
    comparison: Comparison | None

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the bodies, in the order of the state."""
        return tuple(body.name for body in self.bodies)

    @property
    def state(self) -> Array:
        """The initial state, shape (6 * bodies,)."""
        return np.concatenate([body.state for body in self.bodies])


def parsed(path: Path) -> dict[str, Any]:
    """The tables of a TOML file; ScenarioError where it cannot be read."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ScenarioError(f"cannot read {path}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise ScenarioError(f"{path} is not a text file; expected TOML") from None
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(f"{path} is not valid TOML: {error}") from None


def load(path: Path) -> Scenario:
    """Read and check a scenario file (TOML); file names in it are relative to its folder.

    Raises ScenarioError for everything that could not be propagated as written.
    """
    data = parsed(path)
    try:
        return read(data, path.parent, path.stem)
    except ScenarioError as error:
        raise ScenarioError(f"{path}: {error}") from None


def read(data: dict[str, Any], folder: Path, name: str) -> Scenario:
    """Check parsed tables; files are relative to `folder`, and `name` stands for a missing title.

    Raises ScenarioError as `load` does.
    """
    top = Section(data, "scenario", TABLES)
    units = read_units(top.value("units"))
    start, end = _read_span(Section(top.value("span"), "[span]", SPAN_KEYS))
    bodies = read_bodies(data.get("bodies"), data.get("body"), units, folder, start)
    names = [body.name for body in bodies]
    heaviest = max(bodies, key=lambda body: body.gm).name
    relativity = _read_forces(Section(data.get("forces", {}), "[forces]", FORCE_KEYS), bodies)
    output = Section(data.get("output", {}), "[output]", OUTPUT_KEYS)
    comparison = None
    if "comparison" in data:
        section = Section(data["comparison"], "[comparison]", COMPARISON_KEYS)
        comparison = _read_comparison(section, folder, names, heaviest, (start, end))
    times = _output_times(output, start, end, comparison)
    integration = Section(data.get("integration", {}), "[integration]", INTEGRATION_KEYS)
    center = output.text("center", comparison.center if comparison else relativity or heaviest)
    require_names("[output]: center", [center], names)
    return Scenario(
        title=top.text("title", name),
        units=units,
        bodies=bodies,
        relativity=relativity,
        times=times,
        settings=read_settings(integration),
        max_steps=integration.natural("max_steps") if "max_steps" in integration else None,
        conservation=integration.flag("conservation", True),
        center=center,
        trajectory=folder / output.text("trajectory") if "trajectory" in output else None,
        plot=folder / output.text("plot") if "plot" in output else None,
        comparison=comparison,
    )


def _read_span(section: Section) -> tuple[float, float]:
    start = section.number("start", 0.0)
    if "end" in section and "duration" in section:
        raise section.error("end", "is given beside duration; give one of the two")
    end = section.number("end") if "end" in section else start + section.number("duration")
    if not math.isfinite(end - start):
        raise section.error("start", f"is {start!r}, so far from the end that the span overflows")
    if end == start:
        raise section.error(
            "duration", "is zero, or lost in the rounding of start; there is nothing to do"
        )
    return start, end


def _read_forces(section: Section, bodies: tuple[Body, ...]) -> str | None:
    if not section.flag("newtonian", True):
        raise section.error(
            "newtonian", "is false, but bodies always attract; a body without gm attracts nobody"
        )
    if "relativity" not in section:
        return None
    name = section.text("relativity")
    require_names("[forces]: relativity", [name], [body.name for body in bodies])
    if not next(body.gm for body in bodies if body.name == name):
        raise section.error("relativity", f"is {name!r}, which has no mass")
    return name


def read_settings(section: Section) -> dict[str, Any]:
    """Arguments of `taylor.Integrator` of a table [integration]."""
    settings: dict[str, Any] = {}
    if "tolerance" in section:
        settings["tol"] = section.positive("tolerance")
        if settings["tol"] >= 1:
            raise section.error("tolerance", f"is {settings['tol']!r}, but must be below 1")
    if "max_step" in section:
        settings["max_step"] = section.positive("max_step")
    if "order" in section:
        settings["order"] = section.natural("order")
    if "high_accuracy" in section:
        settings["high_accuracy"] = section.flag("high_accuracy", False)
    return settings


def _read_comparison(
    section: Section, folder: Path, names: list[str], heaviest: str, span: tuple[float, float]
) -> Comparison:
    path = folder / section.text("file")
    center = section.text("center", heaviest)
    require_names("[comparison]: center", [center], names)
    pairs: list[tuple[str, str]] = []
    stated = section.value("pairs") if "pairs" in section else []
    if not isinstance(stated, list):
        raise section.error("pairs", f"is {stated!r}, but must be a list of pairs of bodies")
    for pair in stated:
        if not isinstance(pair, list) or len(pair) != 2:
            raise section.error("pairs", f"has the entry {pair!r}, but each must name two bodies")
        require_names("[comparison]: pairs", pair, names)
        pairs.append((pair[0], pair[1]))
    table = read_table(path)
    low, high = min(span), max(span)
    states = {
        time: {body.name: body.state for body in table[time] if body.name in names}
        for time in sorted(table, reverse=span[1] < span[0])
        if low <= time <= high
    }
    if not states:
        times = ", ".join(f"{time:g}" for time in sorted(table))
        raise ScenarioError(f"[comparison]: {path} has times {times}, none of them inside the span")
    for time, bodies in states.items():
        require_names(
            f"[comparison]: {path} at time {time:g}", [center, *sum(pairs, ())], list(bodies)
        )
    return Comparison(section.text("name", path.stem), center, tuple(pairs), states)


def _output_times(
    section: Section, start: float, end: float, comparison: Comparison | None
) -> Array:
    low, high = min(start, end), max(start, end)
    times = {start, end}
    if "every" in section and "times" in section:
        raise section.error("every", "is given beside times; give one of the two")
    if "every" in section:
        every = section.positive("every")
        count = (high - low) / every
        if not count <= MOST_OUTPUTS:
            raise section.error("every", f"is {every!r}, which asks for {count:.3g} outputs")
        steps = np.arange(int(count) + 1)
        times.update((start + np.sign(end - start) * every * steps).tolist())
    if "times" in section:
        for time in section.numbers("times"):
            if not low <= time <= high:
                raise section.error(
                    "times", f"has {time:g}, which is not between {low:g} and {high:g}"
                )
            times.add(time)
    if comparison is not None:
        times.update(comparison.states)
    inside = sorted((time for time in times if low <= time <= high), reverse=end < start)
    return np.array(inside)
