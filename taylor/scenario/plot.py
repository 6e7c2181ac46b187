"""A picture of the orbits: inner and outer bodies, seen from the pole of the ecliptic."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from taylor.astrodynamics.orbits.elements import Elements, to_cartesian, to_elements
from taylor.displays import pictures
from taylor.displays.pictures import INK
from taylor.errors import ArgumentError
from taylor.scenario.bodies import Array, rotate_about_x
from taylor.scenario.report import display_name
from taylor.scenario.run import Run
from taylor.scenario.scenario import Scenario
from taylor.scenario.section import ScenarioError
from taylor.scenario.units import OBLIQUITY
from taylor_runtime.program.records import dataclass

PANEL = "#ffffff"
CENTER_COLOR = "#e09a12"
COLORS = {
    "mercury": "#7a6a5f",
    "venus": "#b9862f",
    "earth": "#2767b3",
    "moon": "#8a93a5",
    "mars": "#a11d33",
    "jupiter": "#a5622d",
    "saturn": "#8c7a2b",
    "uranus": "#2a93a8",
    "neptune": "#3d45b8",
    "pluto": "#7c4aa0",
}
CYCLE = pictures.COLORS
POINTS = 720  # of an orbit's drawn curve, at least
SATELLITE = 0.05  # of the distance from the center: companions this near share a mark
SPLIT = 2.5  # ratio of successive distances from which on there are two panels


@dataclass(frozen=True)
class Track:
    """A body's path in the plane of the picture, relative to the center.

    path:  shape (points, 2), in the order of time.
    orbit: shape (points, 2), the Keplerian orbit at the start, empty where it is no ellipse.
    reach: median distance from the center.
    """

    label: str
    color: str
    path: Array
    orbit: Array
    reach: float


def write_plot(path: Path, scenario: Scenario, run: Run) -> None:
    """Draw the orbits relative to the scenario's center into a PNG, SVG or PDF file.

    Raises ImportError without matplotlib, ScenarioError if the file cannot be written.
    """
    panels = _panels(_tracks(scenario, run))
    figure, axes = pictures.figure(len(panels), 7.4, 8.2)
    titles = ("Inner orbits", "Outer orbits") if len(panels) == 2 else ("",)
    for axis, title, tracks in zip(axes, titles, panels, strict=True):
        _draw_panel(axis, title, tracks, display_name(scenario.center), scenario.units.length)
    figure.suptitle(scenario.title, color=INK, fontsize=17, weight="bold")
    figure.supxlabel(_caption(scenario), color=INK, fontsize=9.5, linespacing=1.6)
    try:
        figure.savefig(path, dpi=130)
    except OSError as error:
        raise ScenarioError(f"cannot write {path}: {error.strerror or error}") from None


def _caption(scenario: Scenario) -> str:
    start, end = scenario.times[0], scenario.times[-1]
    seen = " in the plane of the ecliptic" if scenario.units.axes != "own" else ""
    return (
        f"Positions relative to {display_name(scenario.center)}{seen}, "
        f"{scenario.units.time} {start:.7g} to {end:.7g}.\n"
        "Circle: start.  Dot: end.  Full line: path, fading into the past.  "
        "Dotted: orbit at the start."
    )


def _tracks(scenario: Scenario, run: Run) -> list[Track]:
    names = scenario.names
    center = names.index(scenario.center)
    relative = run.states - run.states[:, center : center + 1]
    if scenario.units.axes == "equatorial":
        position, velocity = np.split(relative, 2, axis=-1)
        relative = np.concatenate(
            [rotate_about_x(position, -OBLIQUITY), rotate_about_x(velocity, -OBLIQUITY)], axis=-1
        )
    companions = _companions(scenario, relative, center)
    tracks: list[Track] = []
    for i, name in enumerate(names):
        if i == center or i in companions:
            continue
        label = " & ".join(
            display_name(names[j]) for j in [i, *(j for j, k in companions.items() if k == i)]
        )
        states = relative[:, i]
        gm = scenario.bodies[center].gm + scenario.bodies[i].gm
        color = COLORS.get(name.lower(), CYCLE[len(tracks) % len(CYCLE)])
        reach = float(np.median(np.linalg.norm(states[:, :3], axis=1)))
        path = _smooth(run.times, states)
        tracks.append(Track(label, color, path, _kepler_orbit(states[0], gm), reach))
    return sorted(tracks, key=lambda track: track.reach)


def _companions(scenario: Scenario, relative: Array, center: int) -> dict[int, int]:
    """Bodies that stay near a heavier one: {body: its primary}."""
    companions: dict[int, int] = {}
    gm = [body.gm for body in scenario.bodies]
    for i in range(len(gm)):
        for j in range(len(gm)):
            if center in (i, j) or i == j or j in companions or gm[j] <= gm[i]:
                continue
            apart = np.linalg.norm(relative[:, i, :3] - relative[:, j, :3], axis=1)
            if (apart < SATELLITE * np.linalg.norm(relative[:, j, :3], axis=1)).all():
                companions[i] = j
    return companions


def _smooth(times: Array, states: Array) -> Array:
    """The path in the plane through positions and velocities (cubic Hermite), finely sampled."""
    pieces = max(1, math.ceil(POINTS / (len(times) - 1)), 8)
    share = np.arange(pieces)[:, None] / pieces
    step = np.diff(times)[:, None, None]
    p, v = states[:, None, :2], states[:, None, 3:5]
    a, b = 1 - share, share
    inside = (
        a * a * (1 + 2 * b) * p[:-1]
        + b * b * (1 + 2 * a) * p[1:]
        + step * (a * a * b * v[:-1] - a * b * b * v[1:])
    )
    path: Array = np.concatenate([inside.reshape(-1, 2), states[-1:, :2]])
    return path


def _kepler_orbit(state: Array, gm: float) -> Array:
    """Points of the Keplerian orbit through a relative state, evenly spaced in mean anomaly."""
    try:
        orbit = to_elements(state[:3].tolist(), state[3:].tolist(), gm)
    except ArgumentError:
        return np.empty((0, 2))
    if orbit.eccentricity >= 1:
        return np.empty((0, 2))
    a, e, i, node, peri = (
        orbit.semi_major_axis,
        orbit.eccentricity,
        orbit.inclination,
        orbit.ascending_node,
        orbit.argument_of_pericentre,
    )
    anomalies = np.linspace(0.0, math.tau, POINTS + 1)
    return np.array([to_cartesian(Elements(a, e, i, node, peri, m), gm)[0][:2] for m in anomalies])


def _panels(tracks: list[Track]) -> list[list[Track]]:
    """All bodies in one panel, or inner and outer ones where their distances leave a wide gap."""
    ratios = [b.reach / a.reach for a, b in pairwise(tracks)]
    if not ratios or max(ratios) < SPLIT:
        return [tracks]
    cut = ratios.index(max(ratios)) + 1
    return [tracks[:cut], tracks[cut:]]


def _draw_panel(axis: Any, title: str, tracks: Sequence[Track], center: str, unit: str) -> None:
    axis.set_aspect("equal")
    curves = np.concatenate([points for track in tracks for points in (track.path, track.orbit)])
    low, high = curves.min(axis=0), curves.max(axis=0)
    reach = 0.58 * float((high - low).max())
    for set_limits, middle in zip((axis.set_xlim, axis.set_ylim), (low + high) / 2, strict=True):
        set_limits(middle - reach, middle + reach)
    pictures.name_axes(axis, f"x [{unit}]", f"y [{unit}]", title)
    for size, strength in ((900, 0.05), (420, 0.10), (170, 0.20)):
        axis.scatter(0, 0, s=size, color=CENTER_COLOR, alpha=strength, linewidths=0, zorder=2)
    axis.scatter(0, 0, s=52, color=CENTER_COLOR, linewidths=0, zorder=5)
    for track in tracks:
        _draw_track(axis, track)
    _label(axis, center, np.zeros(2), CENTER_COLOR)
    for track in tracks:
        _label(axis, track.label, track.path[-1], track.color)


def _draw_track(axis: Any, track: Track) -> None:
    """The orbit dotted, the last revolution fading into the past, marks at start and end."""
    from matplotlib.collections import LineCollection
    from matplotlib.colors import to_rgba

    if len(track.orbit):
        axis.plot(
            *track.orbit.T, color=track.color, linewidth=0.8, alpha=0.45, linestyle=(0, (1, 3))
        )
    axis.plot(*track.path.T, color=track.color, linewidth=0.7, alpha=0.28)
    recent = track.path[_last_revolution(track.path) :]
    segments = np.stack([recent[:-1], recent[1:]], axis=1)
    colors = np.tile(to_rgba(track.color), (len(segments), 1))
    colors[:, 3] = np.linspace(0.05, 1.0, len(segments)) ** 1.3
    axis.add_collection(LineCollection(list(segments), colors=colors, linewidths=2.0, zorder=3))
    axis.scatter(
        *track.path[0], s=34, facecolors=PANEL, edgecolors=track.color, linewidths=1.2, zorder=4
    )
    axis.scatter(*track.path[-1], s=150, color=track.color, alpha=0.18, linewidths=0, zorder=4)
    axis.scatter(*track.path[-1], s=40, color=track.color, linewidths=0, zorder=6)


def _last_revolution(path: Array) -> int:
    """Index from which on the path goes once round the center, or 0."""
    angle = np.unwrap(np.arctan2(path[:, 1], path[:, 0]))
    early = np.flatnonzero(np.abs(angle - angle[-1]) >= 0.97 * math.tau)
    return int(early[-1]) if len(early) else 0


def _label(axis: Any, text: str, place: Array, color: str) -> None:
    """The name beside the mark, outwards from the center, where its own orbit does not run."""
    from matplotlib import patheffects

    distance = math.hypot(*place)
    outwards = place / distance if distance else np.array([0.0, -1.3])
    side = "center" if abs(outwards[0]) < 0.4 else "left" if outwards[0] > 0 else "right"
    level = "center" if abs(outwards[1]) < 0.4 else "bottom" if outwards[1] > 0 else "top"
    axis.annotate(
        text,
        place,
        xytext=11 * outwards,
        textcoords="offset points",
        ha=side,
        va=level,
        color=color,
        fontsize=10.5,
        zorder=8,
        path_effects=[patheffects.withStroke(linewidth=3, foreground=PANEL)],
    )
