"""The pages that are made at build: reference, gallery, benchmarks."""

from __future__ import annotations

from pathlib import Path

from sphinx.application import Sphinx
from sphinx.config import Config

DOCS = Path(__file__).resolve().parent.parent


def generate(app: Sphinx, config: Config) -> None:
    for folder, title in (
        ("gallery", "Gallery"),
        ("reference", "Reference"),
        ("benchmarks", "Benchmarks"),
    ):
        write_pages(DOCS / folder, {"index.md": f"# {title}\n"})


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
