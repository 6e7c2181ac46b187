"""The graph of an explained program: colours, layers, places, and text for Graphviz."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from taylor_runtime.program.records import dataclass

if TYPE_CHECKING:
    from taylor_runtime.callables.explain import Pack

SWEEPS = 12
GAP = 1.0  # between the middles of neighbouring boxes
THIN = 0.5  # the same beside an edge that passes through a layer

# Colours by kind of operation; everything that is no input, gather or arithmetic is a function.
COLORS = {
    "state": "#4c78d0",
    "other input": "#8f9bb3",
    "sum": "#2f9e78",
    "product": "#e08a2c",
    "function": "#b5549b",
    "gather": "#b9b4a6",
    "window": "#dcd8cc",
}
_KINDS = {
    **dict.fromkeys(("state", "gather", "window"), None),
    **dict.fromkeys(("time", "parameter", "jet", "constant"), "other input"),
    **dict.fromkeys(("sum", "derivative", "where", "copy"), "sum"),
    **dict.fromkeys(("product", "sum of products", "quotient"), "product"),
}


def kind(pack: Pack) -> str:
    """The key of `COLORS` for a row."""
    found = _KINDS.get(pack.operation, "function")
    return pack.operation if found is None else found


def edges(packs: Sequence[Pack]) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """(source, target) rows: those that go forward, and those that feed earlier orders back."""
    forward: list[tuple[int, int]] = []
    back: list[tuple[int, int]] = []
    for pack in packs:
        for source in pack.reads:
            ahead = packs[source].depth < pack.depth
            (forward if ahead else back).append((source, pack.number))
    return forward, back


@dataclass(frozen=True, slots=True)
class Places:
    """Where boxes are: layer (column) and height of every row, and the ways of the edges.

    routes: for each forward edge, (layer, height) of its ends and of the layers it passes.
    """

    layer: tuple[int, ...]
    height: tuple[float, ...]
    routes: tuple[tuple[tuple[float, float], ...], ...]


def place(packs: Sequence[Pack]) -> Places:
    """Layers by depth; within one, rows near what they are joined with.

    Long edges get a place of their own in every layer they pass (Sugiyama, Tagawa & Toda, IEEE
    Trans. Syst. Man Cybern. 11 (1981) 109), and rows are sorted by the mean of their neighbours.
    """
    forward, _ = edges(packs)
    layer = [pack.depth for pack in packs]
    chains: list[list[int]] = []
    for source, target in forward:
        chain = [source]
        for between in range(packs[source].depth + 1, packs[target].depth):
            chain.append(len(layer))
            layer.append(between)
        chains.append([*chain, target])
    neighbours: list[list[int]] = [[] for _ in layer]
    for chain in chains:
        for a, b in pairwise(chain):
            neighbours[a].append(b)
            neighbours[b].append(a)
    columns: list[list[int]] = [[] for _ in range(max(layer, default=0) + 1)]
    for node, depth in enumerate(layer):
        columns[depth].append(node)
    height = _heights(columns, neighbours, boxes=len(packs))
    routes = [tuple((float(layer[node]), height[node]) for node in chain) for chain in chains]
    count = len(packs)
    return Places(tuple(layer[:count]), tuple(height[i] for i in range(count)), tuple(routes))


def _heights(
    columns: Sequence[list[int]], neighbours: Sequence[Sequence[int]], boxes: int
) -> Mapping[int, float]:
    height: dict[int, float] = {}
    for column in columns:
        height.update(_spread(column, {node: float(i) for i, node in enumerate(column)}, boxes))
    for sweep in range(SWEEPS):
        for column in columns if sweep % 2 == 0 else reversed(columns):
            wanted = {
                node: sum(height[i] for i in neighbours[node]) / len(neighbours[node])
                if neighbours[node]
                else height[node]
                for node in column
            }
            column.sort(key=wanted.__getitem__)
            height.update(_spread(column, wanted, boxes))
    return height


def _spread(column: Sequence[int], wanted: Mapping[int, float], boxes: int) -> dict[int, float]:
    """Heights near the wanted ones, in order, with the gaps between them."""
    if not column:
        return {}
    gaps = [GAP if a < boxes and b < boxes else THIN for a, b in pairwise(column)]
    upward = [wanted[column[0]]]
    for node, gap in zip(column[1:], gaps, strict=True):
        upward.append(max(wanted[node], upward[-1] + gap))
    downward = [wanted[column[-1]]]
    for node, gap in zip(reversed(column[:-1]), reversed(gaps), strict=True):
        downward.append(min(wanted[node], downward[-1] - gap))
    means = [(a + b) / 2 for a, b in zip(upward, reversed(downward), strict=True)]
    return dict(zip(column, means, strict=True))


def dot_text(packs: Sequence[Pack], labels: Sequence[str]) -> str:
    """The program as text for Graphviz; `labels` say what each row computes."""
    lines = [
        "digraph program {",
        '  rankdir=LR; node [shape=box style="rounded,filled" fontname="Helvetica" fontsize=10];',
    ]
    for pack, label in zip(packs, labels, strict=True):
        label = label.replace("\\", "\\\\").replace('"', '\\"')
        lanes = f"{pack.width} of {pack.lanes} lanes"
        text = f"r{pack.number} {pack.operation}\\n{label}\\n{lanes}"
        color = COLORS[kind(pack)] + ("ff" if pack.width > 1 else "70")
        lines.append(f'  r{pack.number} [label="{text}" fillcolor="{color}"];')
    forward, back = edges(packs)
    lines += [f"  r{a} -> r{b};" for a, b in forward]
    lines += [f"  r{a} -> r{b} [style=dashed constraint=false color=gray];" for a, b in back]
    return "\n".join([*lines, "}", ""])
