"""A picture of an explained program with Matplotlib: packs and what they read, left to right."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from taylor.displays.pictures import FAINT, INK, PAPER
from taylor.errors import ArgumentError
from taylor.explanations.graph import COLORS, Places, edges, kind, place
from taylor_runtime.program.records import dataclass

if TYPE_CHECKING:
    from taylor_runtime.callables.explain import Pack

MOST_BOXES = 300
BOX, HIGH = 2.1, 0.78  # of a box; columns are COLUMN apart, rows 1
COLUMN = 2.75
BESIDE, DOWN = 2.4, 1.45  # the same where layers go down
WIDEST = 18.0  # of a picture whose layers go across
LETTERS = 33  # of a line in a box
MOST_CELLS = 64  # lanes that are drawn one by one


def draw(packs: Sequence[Pack], labels: Sequence[str], title: str) -> Any:
    """The figure; see `Explanation.plot`.  `labels` say what each row computes."""
    from matplotlib.figure import Figure

    if len(packs) > MOST_BOXES:
        raise ArgumentError(
            f"plot: the program has {len(packs)} rows, and a picture of more than {MOST_BOXES} "
            "cannot be read; write it for Graphviz with save('program.dot'), or print it"
        )
    places = place(packs)
    chart = Chart(across=COLUMN * max(places.layer) + BOX <= WIDEST)
    ways = [chart.position(*point) for route in places.routes for point in route]
    spots = [chart.position(*at) for at in zip(places.layer, places.height, strict=True)]
    left, right = (choose(x for x, _ in spots + ways) for choose in (min, max))
    low, high = (choose(y for _, y in spots + ways) for choose in (min, max))
    width, tall = right - left + BOX + 0.8, high - low + 2.7
    width = max(width, 7.0 / 1.12)  # the title needs that
    size = 1.12 * width, max(0.66 * tall, 3.0)
    figure = Figure(figsize=size, facecolor=PAPER)
    figure.set_layout_engine("none")  # the axis is all of it
    axis = figure.add_axes((0, 0, 1, 1))
    axis.set_axis_off()
    left -= BOX / 2 + 0.4
    axis.set_xlim(left, left + width)
    axis.set_ylim(high + 1.1, low - 1.6)
    _draw_edges(axis, packs, places, chart)
    for pack, label, (x, y) in zip(packs, labels, spots, strict=True):
        _draw_box(axis, pack, label, x, y)
    _draw_title(axis, title, {kind(pack) for pack in packs}, left + 0.4, low)
    return figure


@dataclass(frozen=True, slots=True)
class Chart:
    """Which way a program flows in the picture: across, or down if that would be too wide."""

    across: bool

    def position(self, layer: float, height: float) -> tuple[float, float]:
        """The middle of a box."""
        return (COLUMN * layer, height) if self.across else (BESIDE * height, DOWN * layer)

    def moved(self, point: tuple[float, float], boxes: float) -> tuple[float, float]:
        """The point so many halves of a box further on."""
        x, y = point
        return (x + boxes * BOX / 2, y) if self.across else (x, y + boxes * HIGH / 2)

    def bend(self, a: tuple[float, float], b: tuple[float, float]) -> list[tuple[float, float]]:
        """The two inner points of the curve from a to b, which starts and ends straight on."""
        (x0, y0), (x1, y1) = a, b
        if self.across:
            return [((x0 + x1) / 2, y0), ((x0 + x1) / 2, y1)]
        return [(x0, (y0 + y1) / 2), (x1, (y0 + y1) / 2)]


def _draw_edges(axis: Any, packs: Sequence[Pack], places: Places, chart: Chart) -> None:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    forward, back = edges(packs)
    for (source, _), route in zip(forward, places.routes, strict=True):
        points = [chart.position(layer, height) for layer, height in route]
        vertices = [chart.moved(points[0], +1)]
        codes = [Path.MOVETO]
        for i, point in enumerate(points[1:], start=1):
            entry = chart.moved(point, -1)
            vertices += [*chart.bend(vertices[-1], entry), entry]
            codes += [Path.CURVE4] * 3
            if i < len(points) - 1:  # straight past the boxes of a layer
                vertices.append(chart.moved(point, +1))
                codes.append(Path.LINETO)
        style = {"edgecolor": COLORS[kind(packs[source])], "facecolor": "none"}
        axis.add_patch(
            PathPatch(Path(vertices, codes), linewidth=1.1, alpha=0.65, zorder=1, **style)
        )
    for source, target in back:
        if source == target or packs[target].operation == "state":
            continue  # the box says what its derivative is
        x0, y0 = chart.position(places.layer[source], places.height[source])
        x1, y1 = chart.position(places.layer[target], places.height[target])
        under = max(y0, y1) + 0.75
        vertices = [(x0, y0), (x0, under), (x1, under), (x1, y1)]
        codes = [Path.MOVETO, *[Path.CURVE4] * 3]
        axis.add_patch(
            PathPatch(
                Path(vertices, codes),
                linewidth=1.0,
                linestyle=(0, (3, 2)),
                edgecolor=FAINT,
                facecolor="none",
                zorder=0,
            )
        )


def _draw_box(axis: Any, pack: Pack, label: str, x: float, y: float) -> None:
    """A box with its number and operation, what it computes, and its lanes, used ones filled."""
    from matplotlib.patches import FancyBboxPatch, Rectangle

    color = COLORS[kind(pack)]
    left, top = x - BOX / 2, y - HIGH / 2
    axis.add_patch(
        FancyBboxPatch(
            (left + 0.05, top + 0.05),
            BOX - 0.1,
            HIGH - 0.1,
            boxstyle="round,pad=0.05,rounding_size=0.09",
            facecolor="white",
            edgecolor=color,
            linewidth=1.6 if pack.width > 1 else 0.9,
            linestyle="--" if pack.operation == "window" else "-",
            zorder=2,
        )
    )
    style: dict[str, Any] = {"fontsize": 8.0, "va": "center", "zorder": 4}
    head = top + 0.14
    axis.text(left + 0.09, head, f"{pack.operation}", color=INK, weight="bold", ha="left", **style)
    lanes = f"{pack.width}/{pack.lanes}  " if pack.width > 1 else ""
    axis.text(x + BOX / 2 - 0.09, head, f"{lanes}r{pack.number}", color=FAINT, ha="right", **style)
    name, _, rest = label.partition(": ")
    lines = [line for part in (name, rest) for line in textwrap.wrap(part, LETTERS)]
    if len(lines) > 2:
        lines = [lines[0], lines[1][: LETTERS - 3] + " .."]
    style["fontsize"] = 7.3
    for i, line in enumerate(lines):
        axis.text(left + 0.09, head + 0.155 * (i + 1) + 0.02, line, color=INK, ha="left", **style)
    # the lanes along the lower edge
    room, bottom = BOX - 0.18, y + HIGH / 2 - 0.17
    cells = pack.lanes if pack.lanes <= MOST_CELLS else 1
    each = min(room / cells, 0.118 if cells > 1 else room)
    each = each if pack.width > 1 else 0.118
    for i in range(cells):
        used = 1.0 if i < pack.width else 0.0
        if cells < pack.lanes:
            used = pack.width / pack.lanes
        place_of = (left + 0.09 + i * each, bottom)
        axis.add_patch(
            Rectangle(
                place_of, 0.86 * each, 0.1, facecolor="none", edgecolor=color, lw=0.5, zorder=3
            )
        )
        axis.add_patch(
            Rectangle(place_of, 0.86 * each * used, 0.1, facecolor=color, linewidth=0, zorder=3)
        )


def _draw_title(axis: Any, title: str, present: set[str], left: float, low: float) -> None:
    """The title, and under it the colours of the kinds that are present."""
    from matplotlib.patches import Rectangle

    axis.text(left, low - 1.25, title, fontsize=11, weight="bold", color=INK, va="center")
    x = left
    for name, color in COLORS.items():
        if name in present:
            axis.add_patch(Rectangle((x, low - 0.97), 0.14, 0.14, facecolor=color, linewidth=0))
            axis.text(x + 0.2, low - 0.9, name, fontsize=8.5, color=INK, va="center")
            x += 0.5 + 0.075 * len(name)
