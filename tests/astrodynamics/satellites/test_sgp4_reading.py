"""Element sets from text."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

import taylor as ty
from taylor.errors import ArgumentError, ArgumentTypeError, FormatError, ShapeError

LINES = (
    "1 00005U 58002B   00179.78495062  .00000023  00000-0  28098-4 0  4753",
    "2 00005  34.2682 348.7242 1859667 331.7664  19.3264 10.82419157413667",
)
FIELDS = {
    "CLASSIFICATION_TYPE": "U",
    "OBJECT_ID": "1958-002B",
    "EPHEMERIS_TYPE": "0",
    "ELEMENT_SET_NO": "475",
    "REV_AT_EPOCH": "41366",
    "EPOCH": "2000-06-27T18:50:19.733568",
    "ARG_OF_PERICENTER": "331.7664",
    "BSTAR": "0.000028098",
    "ECCENTRICITY": "0.1859667",
    "INCLINATION": "34.2682",
    "MEAN_ANOMALY": "19.3264",
    "MEAN_MOTION_DDOT": "0",
    "MEAN_MOTION_DOT": "0.00000023",
    "MEAN_MOTION": "10.82419157",
    "RA_OF_ASC_NODE": "348.7242",
    "NORAD_CAT_ID": "5",
}
XML = """<?xml version="1.0"?>
<ndm><omm><body><segment><metadata>{}</metadata><data><meanElements>{}</meanElements>
<tleParameters>{}</tleParameters></data></segment></body></omm></ndm>
"""


def message() -> str:
    """The fields as XML."""
    parts: list[list[str]] = [[], [], []]
    for name, value in FIELDS.items():
        which = 0 if name == "OBJECT_ID" else 1 if name[0] in "EMIAR" else 2
        parts[which].append(f"<{name}>{value}</{name}>")
    return XML.format(*map("".join, parts))


def test_all_ways_to_give_an_object(tmp_path: Path) -> None:
    pytest.importorskip("sgp4")
    files = {
        "two.tle": "\n".join(LINES) + "\n",
        "three.txt": "0 VANGUARD 1\n" + "\n".join(LINES) + "\n# the end\n",
        "omm.xml": message(),
        "omm.csv": ",".join(FIELDS) + "\n" + ",".join(FIELDS.values()) + "\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    sources = [[LINES], [FIELDS], *(tmp_path / name for name in files), str(tmp_path / "two.tle")]
    for source in sources:
        elements = ty.astrodynamics.Catalogue(source).elements
        degrees = np.rad2deg([elements.inclination[0], elements.mean_anomaly[0]])
        np.testing.assert_allclose(degrees, [34.2682, 19.3264], 1e-14)
        turns = elements.mean_motion[0] * 1440 / (2 * np.pi)
        np.testing.assert_allclose(turns, 10.82419157, 1e-14)
        assert elements.eccentricity[0] == 0.1859667
        assert elements.bstar[0] == pytest.approx(2.8098e-5, rel=1e-14)
        # 2000 June 27 is 18441 days after 1949 December 31
        assert elements.epoch[0] == pytest.approx(18441 + 0.78495062, abs=2e-9)
    single = ty.astrodynamics.MeanElements.from_tle(*LINES)
    assert single == ty.astrodynamics.MeanElements.from_omm(FIELDS) or single.epoch == (
        pytest.approx(ty.astrodynamics.MeanElements.from_omm(FIELDS).epoch, abs=1e-9)
    )


def test_text_that_is_none(tmp_path: Path) -> None:
    pytest.importorskip("sgp4")
    catalogue = ty.astrodynamics.Catalogue
    with pytest.raises(FormatError, match="no two-line element set"):
        catalogue([("1 nothing", "2 at all")])
    with pytest.raises(FormatError, match="without MEAN_MOTION"):
        catalogue([{k: v for k, v in FIELDS.items() if k != "MEAN_MOTION"}])
    with pytest.raises(FormatError, match="cannot be read"):
        catalogue([{**FIELDS, "ECCENTRICITY": "round"}])
    empty = tmp_path / "empty.tle"
    empty.write_text("no elements\n")
    with pytest.raises(FormatError, match="no two-line elements"):
        catalogue(empty)
    broken = tmp_path / "broken.xml"
    broken.write_text("<ndm><omm>")
    with pytest.raises(FormatError, match="no orbit mean-elements messages"):
        catalogue(broken)
    with pytest.raises(ArgumentTypeError, match="pair of lines"):
        catalogue([LINES[:1]])
    with pytest.raises(ArgumentTypeError, match="Satrec"):
        catalogue([5])  # type: ignore[list-item]


def test_arrays_that_do_not_fit() -> None:
    elements = ty.astrodynamics.MeanElements
    with pytest.raises(ShapeError, match="one length"):
        ty.astrodynamics.Catalogue(elements([0.06, 0.07], [0.1, 0.2, 0.3], 1.0, 1.0, 1.0, 1.0))
    with pytest.raises(ShapeError, match="one axis"):
        ty.astrodynamics.Catalogue(elements(np.full((2, 2), 0.06), 0.1, 1.0, 1.0, 1.0, 1.0))
    with pytest.raises(ArgumentError, match="gravity must be one of wgs72"):
        ty.astrodynamics.Catalogue([], gravity="egm96")
    with pytest.raises(ArgumentError, match="mode must be"):
        ty.astrodynamics.Catalogue([], mode="x")


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sgp4", None)
    with pytest.raises(ty.MissingPackageError, match="pip install"):
        ty.astrodynamics.Catalogue([LINES])
