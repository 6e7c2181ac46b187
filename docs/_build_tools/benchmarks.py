"""The pages on benchmarks: the tables of `benchmarks/results`, each with a plot."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from _build_tools.docstrings import escaped
from _build_tools.plots import Bars, bars_of, draw
from _build_tools.tables import tables

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "benchmarks" / "results"
PAGES = ROOT / "docs" / "benchmarks"
FAIR = re.compile(r"^How it is kept fair:\n(.*?)(?=^To add a problem)", re.MULTILINE | re.DOTALL)


def benchmark_pages() -> dict[str, str]:
    """The text of the pages; their plots are drawn where the tables have changed."""
    PAGES.mkdir(exist_ok=True)
    for picture in RESULTS.glob("*.png"):
        shutil.copy2(picture, PAGES)
    files = sorted(RESULTS.glob("*.md"))
    pages = {path.name: _page(path) for path in files}
    return {"index.md": _index(files), **pages}


def _page(path: Path) -> str:
    text = path.read_text("utf-8").rstrip() + "\n"
    lines = text.split("\n")
    # From the last table to the first, so that lines keep their numbers.
    for number, table in reversed(list(enumerate(tables(text)))):
        bars = bars_of(path.stem, number, table)
        if bars:
            start = table.line - len(table.rows) - 2
            lines[start:start] = [_picture(path, number, bars), ""]
    return "\n".join(lines)


def _picture(path: Path, number: int, bars: Bars) -> str:
    target = PAGES / f"{path.stem}_{number}.svg"
    if not target.exists() or target.stat().st_mtime < max(
        path.stat().st_mtime, Path(__file__).with_name("plots.py").stat().st_mtime
    ):
        draw(bars, target)
    words = re.sub(r"[`|\n]", "", bars.words)
    return f"```{{image}} {target.name}\n:alt: {words}\n:class: plot\n```"


def _index(files: list[Path]) -> str:
    fair = FAIR.search((ROOT / "benchmarks" / "README.md").read_text("utf-8"))
    cards = []
    for path in files:
        text = path.read_text("utf-8")
        title = text.split("\n", 1)[0].lstrip("# ")
        picture = next(PAGES.glob(f"{path.stem}_[0-9].svg"), None) or PAGES / f"{path.stem}.png"
        image = ""
        if picture.exists():
            image = f":img-top: {picture.name}\n:img-alt: A plot of the page on {title}\n"
        cards.append(
            f":::{{grid-item-card}} {escaped(title)}\n:link: {path.stem}\n:link-type: doc\n"
            f":class-card: example\n{image}:::"
        )
    names = "\n".join(path.stem for path in files)
    return (
        "---\nhtml_theme.sidebar_secondary.remove: true\n---\n\n# Benchmarks\n\n"
        "Measurements beside the tools that people compare this one with, on the same machine and "
        "in the same run; the tables are those of the last run in `benchmarks/results`, misses "
        "included. Each page says how it is repeated.\n\n"
        "::::{grid} 1 2 2 3\n:gutter: 3\n\n" + "\n\n".join(cards) + "\n\n::::\n\n"
        "## How it is kept fair\n\n"
        + (fair[1].strip() if fair else "")
        + f"\n\n```{{toctree}}\n:hidden:\n\n{names}\n```\n"
    )
