"""A catalogue from the text of a file, and from text that is none."""

from __future__ import annotations

import numpy as np
import pytest

import taylor as ty

pytest.importorskip("sgp4")

LINES = (
    "1 00005U 58002B   00179.78495062  .00000023  00000-0  28098-4 0  4753",
    "2 00005  34.2682 348.7242 1859667 331.7664  19.3264 10.82419157413667",
)


def test_text_is_read_as_its_lines_are() -> None:
    from_text = ty.astrodynamics.Catalogue("VANGUARD 1\n" + "\n".join(LINES))
    from_lines = ty.astrodynamics.Catalogue([LINES])
    found, same = (one.propagate(minutes=np.array([0.0, 60.0])) for one in (from_text, from_lines))
    assert np.array_equal(found.states, same.states)


def test_other_text() -> None:
    with pytest.raises(ty.FormatError, match="in this text"):
        ty.astrodynamics.Catalogue("no elements\nare here\n")
