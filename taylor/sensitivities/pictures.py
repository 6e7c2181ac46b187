"""The style that all pictures of results share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from taylor.explanations.picture import FAINT, INK, PAPER

COLORS = ("#4c78d0", "#e08a2c", "#2f9e78", "#b5549b", "#c23b4a", "#8f9bb3", "#7a6a4f", "#3aa6b9")
SHADES = "viridis"  # of what has a size


def figure(panels: int = 1, width: float = 6.4, height: float = 4.4) -> tuple[Any, list[Any]]:
    """A Matplotlib figure with some axes side by side; it belongs to no window.

    Raises ImportError without Matplotlib.
    """
    from matplotlib.figure import Figure

    made = Figure(figsize=(width * panels, height), facecolor=PAPER, layout="constrained")
    found = [made.add_subplot(1, panels, k + 1) for k in range(panels)]
    for axes in found:
        axes.set_facecolor("white")
        axes.tick_params(colors=FAINT, labelcolor=INK, labelsize=9)
        axes.grid(color="#ecebe6", linewidth=0.6)
        axes.set_axisbelow(True)
        for spine in axes.spines.values():
            spine.set_color("#c9c6bd")
    return made, found


def name_axes(axes: Any, x: str, y: str, title: str = "") -> None:
    """Names of the axes, and a title on the left."""
    axes.set_xlabel(x, color=INK)
    axes.set_ylabel(y, color=INK)
    if title:
        axes.set_title(title, color=INK, fontsize=11, weight="bold", loc="left")


def legend(axes: Any) -> None:
    """What the colours mean, without a frame."""
    axes.legend(frameon=False, fontsize=9, labelcolor=INK)


def curves(axes: Any, x: np.ndarray, columns: np.ndarray, names: Sequence[str]) -> None:
    """A curve for each column (k, count) over x (k,)."""
    for k, name in enumerate(names):
        axes.plot(x, columns[:, k], color=COLORS[k % len(COLORS)], linewidth=1.3, label=name)
