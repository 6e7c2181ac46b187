"""One style of all pictures, whose colours differ in grey."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from taylor.displays import pictures

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def lightness(color: str) -> float:
    """L* of CIE 1976: how light a colour is printed in grey."""
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return (
        116 * sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True)) ** (1 / 3)
        - 16
    )


def test_colors_differ_in_grey() -> None:
    shades = [lightness(color) for color in pictures.COLORS]
    assert all(abs(a - b) >= 7.5 for a, b in pairwise(shades))
    assert min(abs(a - b) for i, a in enumerate(shades[:5]) for b in shades[:i]) >= 7.5
    assert max(shades) < 62  # three times as dark as white paper (WCAG 2.1, 1.4.11)


def test_the_style_is_that_of_results() -> None:
    matplotlib = pytest.importorskip("matplotlib")
    pytest.importorskip("matplotlib.style")
    with matplotlib.style.context("taylor.displays.pictures"):
        cycle = matplotlib.rcParams["axes.prop_cycle"].by_key()["color"]
        assert [f"#{color.removeprefix('#')}" for color in cycle] == list(pictures.COLORS)
        assert matplotlib.rcParams["figure.facecolor"] == pictures.PAPER
    made, _ = pictures.figure()
    assert made.get_facecolor() == matplotlib.colors.to_rgba(pictures.PAPER)


def test_examples_have_the_style() -> None:
    drawn = {p.name: p.read_text("utf-8") for p in sorted(EXAMPLES.glob("*.py"))}
    others = [
        name
        for name, text in drawn.items()
        if "pyplot" in text and 'style.use("taylor.displays.pictures")' not in text
    ]
    assert len(drawn) > 30 and others == []
