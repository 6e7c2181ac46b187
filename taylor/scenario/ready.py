"""Scenarios of ready models: the restricted three-body problem, two bodies, the pendulum."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from taylor.errors import TaylorError
from taylor.integrator.integrator import Integrator
from taylor.integrator.outcome import Outcome, Status
from taylor.models.cr3bp import cr3bp
from taylor.models.model import Model
from taylor.models.pendulum import pendulum
from taylor.models.two_body import two_body
from taylor.points.formula import compile
from taylor.scenario.output import PLOT_KINDS, TRAJECTORY_KINDS, check_target
from taylor.scenario.scenario import INTEGRATION_KEYS, MOST_OUTPUTS, read_settings
from taylor.scenario.section import ScenarioError, Section
from taylor.scenario.stops import propagated
from taylor_runtime.program.records import dataclass

# Their arguments with examples, those that must be given, and what makes them.
MODELS: Mapping[str, tuple[dict[str, str], tuple[str, ...], Callable[..., Model]]] = {
    "cr3bp": ({"mu": "0.012150585", "dimensions": "2"}, ("mu",), cr3bp),
    "two_body": ({"gm": "1.0", "dimensions": "2"}, (), two_body),
    "pendulum": ({"k": "9.8"}, (), pendulum),
}
TABLES = {
    "title": '"Near the first Lagrange point"',
    "model": '{ name = "cr3bp", mu = 0.012150585, state = [0.83, 0, 0, 0, 0.1, 0] }',
    "span": "{ duration = 12.5 }",
    "integration": "{ tolerance = 1e-16 }",
    "output": '{ every = 0.05, trajectory = "run.csv", plot = "run.png" }',
}
SPAN_KEYS = {"start": "0.0", "duration": "12.5"}
OUTPUT_KEYS = {
    "every": "0.05",
    "trajectory": '"run.csv"',
    "plot": '"run.png"',
    "x": '"x"',
    "y": '"y"',
}
READ_KEYS = {k: v for k, v in INTEGRATION_KEYS.items() if k != "conservation"}


@dataclass(frozen=True)
class Ready:
    """A checked scenario of a ready model, in its own units.

    axes: names of the states that a picture shows, or None for all over time.
    """

    title: str
    model: Model
    state: list[float]
    times: np.ndarray
    settings: dict[str, Any]
    max_steps: int | None
    trajectory: Path | None
    plot: Path | None
    axes: tuple[str, str] | None

    @property
    def names(self) -> list[str]:
        """Of the states."""
        return [str(e) for e in self.model.variables]


def read_ready(data: dict[str, Any], folder: Path, name: str) -> Ready:
    """The scenario of a parsed file with a table [model].

    Raises ScenarioError for what is missing, unknown or wrong.
    """
    top = Section(data, "scenario", TABLES)
    model = _read_model(top.value("model"))
    table = Section(top.value("model"), "[model]", {**_KEYS, **_all_keys()})
    state = table.numbers("state", len(model.variables))
    span = Section(top.value("span"), "[span]", SPAN_KEYS)
    start, duration = span.number("start", 0.0), span.number("duration")
    if not duration:
        raise span.error("duration", "is 0")
    output = Section(data.get("output", {}), "[output]", OUTPUT_KEYS)
    every = output.positive("every", abs(duration) / 200)
    count = int(np.ceil(abs(duration) / every * (1 - 1e-12)))
    if count >= MOST_OUTPUTS:
        raise output.error("every", f"is {every!r}, which makes {count} outputs")
    steps = np.minimum(np.arange(count + 1) * every, abs(duration))
    integration = Section(data.get("integration", {}), "[integration]", READ_KEYS)
    names = [str(e) for e in model.variables]
    return Ready(
        top.text("title", name),
        model,
        state,
        start + np.sign(duration) * steps,
        {"time": start, **read_settings(integration)},
        integration.natural("max_steps") if "max_steps" in integration else None,
        folder / output.text("trajectory") if "trajectory" in output else None,
        folder / output.text("plot") if "plot" in output else None,
        _axes(output, names),
    )


_KEYS = {"name": '"cr3bp"', "state": "[0.83, 0, 0, 0, 0.1, 0]"}


def _all_keys() -> dict[str, str]:
    return {key: text for keys, *_ in MODELS.values() for key, text in keys.items()}


def _read_model(given: object) -> Model:
    kind = Section(given, "[model]", {**_KEYS, **_all_keys()}).choice("name", tuple(MODELS))
    keys, needed, make = MODELS[kind]
    table = Section(given, "[model]", {**_KEYS, **keys})
    for key in needed:
        table.value(key)
    numbers: dict[str, Any] = {key: table.number(key) for key in keys if key in table}
    if "dimensions" in numbers:
        numbers["dimensions"] = table.natural("dimensions")
    try:
        return make(**numbers)
    except TaylorError as error:
        raise ScenarioError(f"[model]: {error}") from None


def _axes(output: Section, names: list[str]) -> tuple[str, str] | None:
    if "x" not in output and "y" not in output:
        return None
    return output.choice("x", names, names[0]), output.choice("y", names, names[1])


def run_ready(
    ready: Ready, trajectory: Path | None, plot: Path | None, progress: bool
) -> tuple[Outcome, list[str]]:
    """Integrate, write files; what it came to, and lines that say so.

    Raises ScenarioError where the end is not reached or a file cannot be written, ImportError for a
    picture without Matplotlib, when all else is written.
    """
    for path, kinds in ((trajectory, TRAJECTORY_KINDS), (plot, PLOT_KINDS)):
        if path:
            check_target(path, kinds)
    try:
        ta = Integrator(ready.model.system, ready.state, **ready.settings)
    except TaylorError as error:
        raise ScenarioError(f"[model], [integration]: {error}") from None
    outcome, reached = propagated(ta, ready.times, ready.max_steps, progress)
    if outcome.status is Status.INTERRUPTED:
        ready = replace(ready, times=ready.times[: len(reached)])
        outcome = replace(outcome, times=ready.times, states=reached)
    elif outcome.status is not Status.REACHED:
        raise ScenarioError(
            f"the run ended at t = {ta.time!r}: {outcome.message or outcome.status}"
        )
    assert outcome.states is not None
    lines = [ready.title, f"run: {outcome.steps} steps of order {ta.order}"]
    ends = zip(ready.names, outcome.states[-1].tolist(), strict=True)
    lines += [f"  {name:<12} {value: .16g}" for name, value in ends]
    for name, expression in ready.model.conserved.items():
        values = compile(expression, list(ready.model.variables))(*outcome.states.T)
        change = np.abs(values - values[0]).max() / max(abs(float(values[0])), 1e-300)
        lines.append(f"{name.replace('_', ' ')}: relative change {change:.2g} at most")
    if trajectory:
        _write(trajectory, ready, outcome)
        lines.append(f"trajectory: {trajectory}")
    if plot:
        figure = outcome.plot(*ready.axes) if ready.axes else outcome.plot()
        figure.savefig(plot, dpi=130)
        lines.append(f"picture: {plot}")
    return outcome, lines


def _write(path: Path, ready: Ready, outcome: Outcome) -> None:
    """As CSV, a line for each time, or NPZ with `times`, `states` and `names`."""
    assert outcome.states is not None
    try:
        if path.suffix.lower() == ".npz":
            names = np.array(ready.names)
            np.savez_compressed(path, times=ready.times, states=outcome.states, names=names)
            return
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["t", *ready.names])
            for t, state in zip(ready.times.tolist(), outcome.states.tolist(), strict=True):
                writer.writerow([repr(t), *map(repr, state)])
    except OSError as error:
        raise ScenarioError(f"cannot write {path}: {error.strerror or error}") from None
