"""What the example of a low orbit leaves out, and its picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from example_modules import load

import taylor as ty

sky = ty.astrodynamics


def test_low_orbit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    example = load("low_orbit", monkeypatch)
    made = {name: name for name in example.FORCES}
    made["gravity"] = sky.SphericalHarmonics("EGM2008", degree=4)
    assert example.chosen(made, without="drag") == [
        made["gravity"], "moon", "sun", "tides", "light", "relativity",
    ]  # fmt: skip
    gravity = example.chosen(made, without=(3, 4))[0].field
    assert gravity.c[2, 0] == made["gravity"].field.c[2, 0]
    assert not gravity.c[3:].any() and not gravity.s[3:].any()
    monkeypatch.setattr(example, "TIMES", np.linspace(0.0, 3000.0, 4))
    gm = made["gravity"].field.gm
    with_, without = (
        example.orbit(forces, gm, 0.0)
        for forces in ([made["gravity"]], [sky.SphericalHarmonics("EGM2008", degree=2)])
    )
    apart = np.linalg.norm(with_ - without, axis=1)
    assert apart[0] == 0 and 0.01 < apart[-1] < 1.0  # km in half a turn
    example.draw({"gravity": np.array([0.0, 1.0, 10.0, 100.0])}, tmp_path / "picture.png")
    assert (tmp_path / "picture.png").stat().st_size > 10_000
