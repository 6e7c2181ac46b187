"""What catalogues of element sets refuse."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import taylor as ty

sky = ty.astrodynamics
LINES = (
    "1 25544U 98067A   08264.51782528 -.00002182  00000-0 -11606-4 0  2927",
    "2 25544  51.6416 247.4627 0006703 130.5360 325.0288 15.72125391563537",
)


def test_a_digit_that_changed_is_noticed() -> None:
    pytest.importorskip("sgp4")
    wrong = (LINES[0], LINES[1].replace("51.6416", "51.6417"))
    said = "the checksum of line 2 is 7, but its digits add up to 8"
    for source in ("\n".join(wrong), [wrong]):
        with pytest.raises(ty.FormatError, match=said):
            sky.Catalogue(source)
    with pytest.raises(ty.FormatError, match=said):
        sky.MeanElements.from_tle(*wrong)
    trusted = sky.Catalogue([wrong], checksums=False)
    assert np.degrees(trusted.elements.inclination)[0] == pytest.approx(51.6417)
    assert repr(trusted) == "<Catalogue: 1 objects, wgs72>"


def test_what_is_no_catalogue(tmp_path: Path) -> None:
    with pytest.raises(ty.ArgumentTypeError, match="None is no path, text"):
        sky.Catalogue(None)
    with pytest.raises(ty.FormatError, match=r"cannot read the file .*none"):
        sky.Catalogue(tmp_path / "none.tle")
    with pytest.raises(ty.FormatError, match="cannot read the file"):
        sky.Catalogue("")
    (tmp_path / "garbled.tle").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ty.FormatError, match="is no text file"):
        sky.Catalogue(tmp_path / "garbled.tle")


def test_swapped_arguments() -> None:
    elements = sky.MeanElements(0.0676, 0.001, 0.9, 1.0, 3.0, 5.0)
    with pytest.raises(ty.ArgumentTypeError, match=r"sgp4: 0\.0 must be MeanElements"):
        sky.sgp4(0.0, elements)
    found = sky.Catalogue(elements).propagate(minutes=[0.0, 90.0])
    assert repr(found) == "<SatelliteStates: 1 objects at 2 times, 0 with errors>"
