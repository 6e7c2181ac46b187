"""Plots of benchmark tables: ratios as horizontal bars on a logarithmic scale, one style for all.

What to draw follows from the names of columns; `OTHERS` says it for tables without ratios.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from _build_tools.tables import Table

from taylor.displays.pictures import COLORS, STYLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FASTER, SLOWER, NEUTRAL = COLORS[0], COLORS[1], "#4b5563"
MOST_ROWS = 50  # of bars in a picture; longer tables have pictures of their own
_RATIO = re.compile(r"^(ratio.*|times as fast|against DOP853|own|.+ / ours)$")
_NUMBER = re.compile(r"^[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?")
# (file, number of its table): columns that are drawn, and what they are.
OTHERS = {
    ("adjoints", 0): (("ratio",), "one gradient, in propagations"),
    ("adjoints", 1): (("took, MB",), "memory, MB"),
    ("calls", 1): (("ratio",), "time with one thread over time with two"),
    ("calls", 3): (("ns per point",), "ns per point"),
    ("flow_maps", 4): (("difference",), "difference from heyoka, of the largest derivative"),
    ("integrators", 2): (("ratio at 8 times", "ratio at the end"), "error, taylor / heyoka"),
    ("integrators", 3): (("taylor", "heyoka"), "MB, or s"),
    ("jax_bridge", 0): (("itself", "in JAX", "written for JAX", "pure_callback"), "us a call"),
    ("loops", 2): (("ns a turn",), "ns a turn"),
    ("mathlib", 0): (("ulp", "NumPy's ulp"), "largest error, ulp"),
    ("mathlib", 1): (("ulp", "NumPy's ulp"), "largest error in float32, ulp"),
    ("mathlib", 2): (("2**-106",), "largest error, units of 2**-106"),
    ("mathlib_special", 0): (("ulp",), "largest error, ulp"),
    ("satellites", 0): (("ns a point",), "ns for an object at one time"),
    ("skies", 0): (("of what is asked",), "largest difference, of what is asked"),
    ("torch_bridge", 0): (("us",), "us"),
}


@dataclass(frozen=True)
class Bars:
    """What is drawn of a table: for each series, a number for each row, NaN for none."""

    labels: list[str]
    series: dict[str, list[float]]
    axis: str
    better: int  # 1 where more is better, -1 where less is, 0 where neither

    @property
    def words(self) -> str:
        """The alternative text."""
        parts = []
        for name, values in self.series.items():
            known = [value for value in values if math.isfinite(value)]
            parts.append(f"{name}: {len(known)} bars from {min(known):g} to {max(known):g}")
        return f"{self.axis}. {'; '.join(parts)}. The table below has the numbers."


def bars_of(file: str, number: int, table: Table) -> Bars | None:
    """What to draw of a table, or None where there is nothing to compare."""
    given = OTHERS.get((file, number))
    if given:
        columns = [table.columns.index(name) for name in given[0] if name in table.columns]
        axis = given[1]
    else:
        columns = [i for i, name in enumerate(table.columns) if _RATIO.match(name)]
        axis = ""
    if not columns or len(table.rows) > MOST_ROWS:
        return None
    series = {}
    for column in columns:
        values = [number_in(row[column]) for row in table.rows]
        if any(map(math.isfinite, values)):
            series[_title(table, column, columns)] = values
    if not series:
        return None
    kept = [
        i
        for i in range(len(table.rows))
        if any(math.isfinite(values[i]) for values in series.values())
    ]
    series = {name: [values[i] for i in kept] for name, values in series.items()}
    is_ratio = any(_RATIO.match(table.columns[column]) for column in columns)
    less = "at most" in table.columns
    better = (-1 if less else 1) if is_ratio and (file, number) != ("adjoints", 0) else 0
    side = "below" if less else "above"
    axis = axis or f"ratio of times; {side} 1 taylor takes less"
    return Bars([_label(table.rows[i]) for i in kept], series, axis, better)


def number_in(cell: str) -> float:
    """The number with which a cell begins, NaN if it begins otherwise."""
    match = _NUMBER.match(cell.strip())
    value = float(match[0]) if match else math.nan
    return value if value > 0 else math.nan


def draw(bars: Bars, path: Path) -> None:
    """Write the picture as SVG."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    import numpy as np

    count, several = len(bars.labels), len(bars.series)
    with plt.rc_context(fname=str(STYLE)):
        height = 1.0 + count * max(0.27, 0.2 * several)
        figure, axes = plt.subplots(figsize=(7.4, height))
        places = np.arange(count)[::-1].astype(float)
        width = 0.8 / several
        for k, (name, values) in enumerate(bars.series.items()):
            at = places + 0.4 - (k + 0.5) * width
            sizes = np.array(values)
            color = _colors(bars, sizes) if several == 1 else COLORS[k % len(COLORS)]
            start = 1.0 if bars.better else np.nanmin(_all(bars)) / 2
            axes.barh(at, sizes - start, 0.9 * width, left=start, color=color, label=name)
            for place, size in zip(at, sizes, strict=True):
                if np.isfinite(size):
                    side = size >= start
                    axes.annotate(
                        f"{size:.3g}", (size, place), (3 if side else -3, 0),
                        textcoords="offset points", va="center", fontsize=7.5,
                        ha="left" if side else "right", color="#333a45",
                    )  # fmt: skip
        _logarithmic(axes, _all(bars))
        low, high = np.nanmin(_all(bars)), np.nanmax(_all(bars))
        reach = max(high / low, 2.0) ** 0.16
        axes.set_xlim(min(low, 1.0 if bars.better else low / 2) / reach, max(high, 1.0) * reach)
        axes.set_yticks(places, bars.labels)
        axes.set_ylim(-0.7, count - 0.3)
        axes.grid(visible=False, axis="y")
        axes.tick_params(axis="y", length=0)
        if bars.better:
            axes.axvline(1.0, color="#333a45", lw=1)
        axes.set_xlabel(bars.axis)
        if several > 1:
            figure.legend(loc="outside upper right", ncols=several)
        figure.savefig(path, metadata={"Date": None})
        plt.close(figure)


def _logarithmic(axes: Axes, values: list[float]) -> None:
    """A logarithmic scale with plain numbers: 0.1, 1, 10; between them where these are few."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    known = [value for value in values if math.isfinite(value)]
    wide = max(*known, 1.0) / min(*known, 1.0) > 50
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0,) if wide else (1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())


def _all(bars: Bars) -> list[float]:
    return [value for values in bars.series.values() for value in values]


def _colors(bars: Bars, sizes: object) -> list[str]:
    if not bars.better:
        return [FASTER] * len(bars.labels)
    return [FASTER if (size - 1) * bars.better >= 0 else SLOWER for size in sizes]  # type: ignore[attr-defined]


def _label(row: list[str]) -> str:
    text = row[0].replace("`", "").replace("\\", "")
    return text if len(text) < 48 else f"{text[:45]}..."


def _title(table: Table, column: int, columns: list[int]) -> str:
    """The name of a series: of the columns before it, where several are called ratio."""
    name = table.columns[column]
    if name != "ratio" or len(columns) == 1:
        return name
    before = [c for c in columns if c < column]
    return f"{name} of {table.columns[(before[-1] if before else 0) + 1]}"
