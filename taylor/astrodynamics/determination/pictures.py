"""Pictures of fits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from taylor.astrodynamics.determination.tracking import Tracking
from taylor.displays.pictures import COLORS, styled

if TYPE_CHECKING:
    import matplotlib.figure

Array = np.ndarray
BLUE, RED, GREY = COLORS[0], COLORS[2], COLORS[5]


def draw(
    tables: Sequence[Tracking],
    before: Sequence[Array],
    after: Sequence[Array],
    accepted: Sequence[Array],
    names: Sequence[str],
    correlation: Array,
    title: str,
) -> matplotlib.figure.Figure:
    """Residuals in units of the noise by kind of measurement, before and after, and correlations.

    Raises MissingPackageError without matplotlib.
    """
    with styled():
        from matplotlib.figure import Figure

        kinds = list(dict.fromkeys(label for table in tables for label in table.measurement.labels))
        figure = Figure(figsize=(12, 1.2 + 1.9 * max(len(kinds), 2)))
        left, middle, right = figure.subfigures(1, 3, squeeze=False)[0]
        for part, residuals, text in ((left, before, "before"), (middle, after, "after")):
            axes = part.subplots(len(kinds), 1, sharex=True, squeeze=False)[:, 0]
            for axis, kind in zip(axes, kinds, strict=True):
                _residuals(axis, kind, tables, residuals, accepted)
                if text == "before":
                    axis.set_ylabel(kind)
            axes[-1].set_xlabel("time [s]")
            axes[0].set_title(f"residuals / noise, {text} the fit")
        axis = right.subplots()
        shown = axis.imshow(correlation, vmin=-1, vmax=1, cmap="RdBu_r")
        axis.set_xticks(range(len(names)), names, rotation=90, fontsize=9)
        axis.set_yticks(range(len(names)), names, fontsize=9)
        axis.grid(visible=False)
        axis.set_title("correlations")
        right.colorbar(shown, ax=axis, shrink=0.7)
        figure.suptitle(title, fontsize=11)
        return figure


def _residuals(
    axis: object,
    kind: str,
    tables: Sequence[Tracking],
    residuals: Sequence[Array],
    accepted: Sequence[Array],
) -> None:
    plot = axis.plot  # type: ignore[attr-defined]
    axis.axhline(0, color=GREY, lw=0.6)  # type: ignore[attr-defined]
    for table, own, counts in zip(tables, residuals, accepted, strict=True):
        labels = table.measurement.labels
        if kind not in labels:
            continue
        k = labels.index(kind)
        scaled = (own * table.weights())[:, k]
        good = counts[:, k]
        plot(table.times[good], scaled[good], ".", ms=3, color=BLUE)
        plot(table.times[~good], scaled[~good], "x", ms=4, color=RED)
