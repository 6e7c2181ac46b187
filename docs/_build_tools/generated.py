"""The pages that are made at build: reference, gallery, benchmarks."""

from __future__ import annotations

from pathlib import Path

from _build_tools.benchmarks import benchmark_pages
from _build_tools.gallery import gallery_pages, prepare_pictures
from _build_tools.reference import reference_pages
from sphinx.application import Sphinx
from sphinx.config import Config

DOCS = Path(__file__).resolve().parent.parent


def generate(app: Sphinx, config: Config) -> None:
    write_pages(DOCS / "reference", reference_pages())
    write_pages(DOCS / "gallery", gallery_pages())
    prepare_pictures()
    write_pages(DOCS / "benchmarks", benchmark_pages())


def write_pages(folder: Path, pages: dict[str, str]) -> None:
    """Write pages that have changed, so that builds go on where they were, and remove old ones."""
    folder.mkdir(exist_ok=True)
    for path in folder.glob("*.md"):
        if path.name not in pages:
            path.unlink()
    for name, text in pages.items():
        path = folder / name
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, encoding="utf-8")
