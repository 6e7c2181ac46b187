"""The style that all pictures of results share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from taylor.displays.tables import missing

STYLE = Path(__file__).with_suffix(".mplstyle")
INK, FAINT, PAPER = "#222733", "#8a90a0", "#fbfaf7"
# Those of the style: printed in grey, neighbours differ.
COLORS = ("#2767b3", "#d57f2a", "#a11d33", "#2a8c6e", "#4b2a6b", "#8a93a5", "#7a6a4f", "#2a93a8")
SHADES = "viridis"  # of what has a size


def styled() -> Any:
    """A context in which Matplotlib draws in the style, whatever the user's own is.

    Raises MissingPackageError without Matplotlib.
    """
    try:
        from matplotlib import rc_context
    except ImportError as error:
        raise missing("a picture", "matplotlib") from error
    return rc_context(fname=str(STYLE))


def figure(panels: int = 1, width: float = 6.4, height: float = 4.4) -> tuple[Any, list[Any]]:
    """A Matplotlib figure with some axes side by side; it belongs to no window.

    Raises MissingPackageError without Matplotlib.
    """
    with styled():
        from matplotlib.figure import Figure

        made = Figure(figsize=(width * panels, height))
        return made, [made.add_subplot(1, panels, k + 1) for k in range(panels)]


def name_axes(axes: Any, x: str, y: str, title: str = "") -> None:
    """Names of the axes, and a title on the left."""
    axes.set_xlabel(x, color=INK)
    axes.set_ylabel(y, color=INK)
    if title:
        axes.set_title(title, color=INK, fontsize=11, weight="bold", loc="left")


def legend(axes: Any) -> None:
    """What the colours mean, on paper of its own."""
    axes.legend(fontsize=9, labelcolor=INK, framealpha=0.85, edgecolor="white", fancybox=False)


def curves(axes: Any, x: np.ndarray, columns: np.ndarray, names: Sequence[str]) -> None:
    """A curve for each column (k, count) over x (k,)."""
    for k, name in enumerate(names):
        axes.plot(x, columns[:, k], color=COLORS[k % len(COLORS)], linewidth=1.3, label=name)


MOST_CURVES = 8  # that a legend can name
MOST_NAMES = 3  # that stand at an axis


def over_time(
    times: np.ndarray, columns: Mapping[str, np.ndarray], marks: Mapping[str, np.ndarray], name: str
) -> Any:
    """A figure of some quantities (k,) over the times (k,).

    marks: times that are drawn as lines, by what they are of.
    """
    made, (axes,) = figure()
    for k, (label, values) in enumerate(columns.items()):
        axes.plot(times, values, color=COLORS[k % len(COLORS)], linewidth=1.3, label=label)
    for k, (label, there) in enumerate(marks.items()):
        for number, t in enumerate(there):
            text = label if not number else None
            axes.axvline(t, color=COLORS[-1 - k % len(COLORS)], linewidth=1.2, ls=":", label=text)
    name_axes(axes, "t", ", ".join(columns) if len(columns) <= MOST_NAMES else "states", name)
    if len(columns) + len(marks) <= MOST_CURVES:
        legend(axes)
    return made


def phases(
    paths: Sequence[tuple[np.ndarray, np.ndarray]], x: str, y: str, title: str, joined: bool = True
) -> Any:
    """A figure of paths in a plane, pairs of (k,); joined: as curves, else as points."""
    made, (axes,) = figure()
    color = COLORS[0]
    for across, up in paths:
        if joined:
            axes.plot(across, up, color=color, linewidth=1.2, alpha=max(0.2, len(paths) ** -0.3))
        text = "end" if joined and across is paths[0][0] else None
        color_of_end = COLORS[1] if joined else color
        axes.plot(across[-1:], up[-1:], "o", color=color_of_end, markersize=3.5, label=text)
    if joined and paths:
        legend(axes)
    name_axes(axes, x, y, title)
    return made
