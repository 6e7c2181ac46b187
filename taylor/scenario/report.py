"""The text that a propagation prints."""

from __future__ import annotations

from collections.abc import Sequence

from taylor.scenario.run import Drift, Result, Run
from taylor.scenario.scenario import Scenario


def display_name(name: str) -> str:
    """A body's name for readers: plain lower-case words get a capital letter.

    >>> display_name("moon"), display_name("1999 an10")
    ('Moon', '1999 an10')
    """
    return name.capitalize() if name.isalpha() and name.islower() else name


def report(scenario: Scenario, result: Result) -> str:
    """Table of distances, the figures of the run, and what was conserved."""
    span = abs(scenario.times[-1] - scenario.times[0])
    lines = [
        f"{scenario.title}: {len(scenario.bodies)} bodies, {span:g} {_plural(scenario.units.time)}"
    ]
    if result.distances:
        lines += ["", *_distance_table(scenario, result)]
    lines += ["", *_run_lines("run", result.run, scenario.units.time)]
    if result.control is not None:
        lines += _conservation_lines(scenario, result)
    return "\n".join(lines)


def _plural(unit: str) -> str:
    return unit + "s" if unit in ("day", "year") else unit


def _distance_table(scenario: Scenario, result: Result) -> list[str]:
    comparison = scenario.comparison
    assert comparison is not None  # there are distances
    unit = scenario.units.time
    header = ["body", *(f"{time:g} {_plural(unit)}" for time in result.comparison_times)]
    rows = [header]
    for label, distances in result.distances:
        words = " ".join(display_name(word) for word in label.split(" from ")[:1])
        words += f" from {display_name(label.split(' from ')[1])}" if " from " in label else ""
        rows.append([words, *(_kilometers(distance) for distance in distances)])
    center = display_name(comparison.center)
    title = f"Distance from {comparison.name} in km, positions relative to {center}"
    return [title, *_aligned(rows)]


def _kilometers(distance: float) -> str:
    return f"{distance:.3f}" if distance < 1e6 else f"{distance:.3e}"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  "
        + row[0].ljust(widths[0])
        + "".join(
            "   " + cell.rjust(max(width, 8))
            for cell, width in zip(row[1:], widths[1:], strict=True)
        )
        for row in rows
    ]
    return [lines[0], "  " + "-" * (len(lines[0]) - 2), *lines[1:]]


def _run_lines(label: str, run: Run, unit: str) -> list[str]:
    return [
        f"{label}: {run.steps} steps of order {run.order}, "
        f"{run.smallest_step:.3g} to {run.largest_step:.3g} {_plural(unit)} each",
        f"time: {_seconds(run.wall_seconds)} integrating, {_seconds(run.compile_seconds)} "
        "from equations to machine code",
    ]


def _seconds(seconds: float) -> str:
    return f"{seconds * 1e3:.3g} ms" if seconds < 1 else f"{seconds:.3g} s"


def _conservation_lines(scenario: Scenario, result: Result) -> list[str]:
    control = result.control
    assert control is not None and result.energy is not None and result.angular_momentum is not None
    if control is result.run:
        lines = ["conservation over the run:"]
    else:
        lines = [
            f"conservation, in a control run without relativity ({control.steps} steps, "
            f"{_seconds(control.wall_seconds)}):"
        ]
    for name, drift in (("energy", result.energy), ("angular momentum", result.angular_momentum)):
        lines.append(f"  {name:<17} {_drift_text(drift)}")
    return lines


def _drift_text(drift: Drift) -> str:
    kind = "relative" if drift.relative else "absolute"
    return (
        f"{kind} change {drift.end:.2e} at the end, "
        f"{drift.largest:.2e} at most ({drift.epochs} times)"
    )
