"""Files of gravity, and the fields that come with the package."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

import taylor as ty

sky = ty.astrodynamics

GFCT = """A field that drifts.
product_type gravity_field
modelname DRIFTING
earth_gravity_constant 0.3986004415D+15
radius 0.6378136460D+07
max_degree 3
norm fully_normalized
tide_system zero_tide
end_of_head ====
gfc   0 0  1.0 0.0
gfct  2 0 -0.48416D-03 0.0 1e-12 0.0 20050101
trnd  2 0  1.2e-11 0.0 0.0 0.0
acos  2 0  3.0e-11 0.0 0.0 0.0 1.0
asin  2 0  5.0e-11 0.0 0.0 0.0 0.5
gfc   2 2  0.24393D-05 -0.14002D-05
gfc   3 1  0.20304E-05 0.24820E-06
"""


def test_icgem_with_variations(tmp_path: Path) -> None:
    path = tmp_path / "drifting.gfc"
    path.write_text(GFCT)
    field = sky.GravityField.read(path)
    assert (field.name, field.degree, field.tide_system) == ("DRIFTING", 3, "zero_tide")
    assert (field.gm, field.radius) == (398600.4415, 6378.136460)
    assert field.c[2, 0] == -0.48416e-3 and field.s[2, 2] == -0.14002e-5
    year = 365.25 * 86400
    begin = (5 * 365 + 2 - 0.5) * 86400.0  # of 2005, from noon of 2000 January 1
    later = field.at(begin + 0.3 * year)
    right = -0.48416e-3 + 0.3 * 1.2e-11
    right += 3e-11 * math.cos(0.6 * math.pi) + 5e-11 * math.sin(1.2 * math.pi)
    assert later.c[2, 0] == pytest.approx(right, abs=1e-18)
    assert not later.variations
    with pytest.raises(ty.ArgumentError, match=r"DRIFTING changes with time; give field.at"):
        sky.SphericalHarmonics(field)
    assert sky.GravityField.read(path, degree=2).truncated(2, 0).variations == field.variations


def test_shadr_normalised_or_not(tmp_path: Path) -> None:
    """-J_n are the unnormalised zonal coefficients."""
    path = tmp_path / "moon.tab"
    head = "1738.0, 4902.801076, 0.0, 3, 3, {}, 0.0, 0.0\r\n"
    path.write_text(head.format(0) + "2, 0, -2.03e-4, 0.0, 0, 0\r\n3, 2, 4.8e-6, 1.6e-6, 0, 0\r\n")
    field = sky.GravityField.read(path)
    assert field.gm == 4902.801076 and field.c[0, 0] == 1
    assert field.c[2, 0] == pytest.approx(-2.03e-4 / math.sqrt(5), rel=1e-15)
    norm = math.sqrt(2 * 7 * math.factorial(1) / math.factorial(5))
    assert field.s[3, 2] == pytest.approx(1.6e-6 / norm, rel=1e-15)
    path.write_text(head.format(1) + "2, 0, -2.03e-4, 0.0\r\n")
    assert sky.GravityField.read(path).c[2, 0] == -2.03e-4


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nothing at all", "neither a .gfc file nor a SHADR table"),
        ("radius 1\nend_of_head\n", "lacks a constant of gravity"),
        (GFCT.replace("product_type", "format icgem2.0\nproduct_type"), "icgem2.0"),
        (GFCT.replace("fully_normalized", "other"), "norm 'other'"),
        (GFCT.replace("gfc   2 2  0.24393D-05", "gfc   2 2  broken"), "line 15"),
    ],
)
def test_wrong_files(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "wrong.gfc"
    path.write_text(text)
    with pytest.raises(ty.FormatError, match=message):
        sky.GravityField.read(path)


def test_shipped_fields_have_published_numbers() -> None:
    """J2 of the Earth and of the Moon, and the Earth's flattening of the equator."""
    earth, moon = sky.GravityField.shipped("EGM2008"), sky.GravityField.shipped("LP165P")
    assert -math.sqrt(5) * earth.c[2, 0] == pytest.approx(1.0826261738e-3, rel=1e-9)  # tide-free
    assert -math.sqrt(5) * moon.c[2, 0] == pytest.approx(203.2366e-6, rel=1e-5)
    assert math.hypot(earth.c[2, 2], earth.s[2, 2]) * math.sqrt(5 / 12) == pytest.approx(
        1.8155e-6, rel=1e-4
    )  # J22
    assert (earth.degree, moon.degree) == (70, 8)
    assert np.all(earth.c[1] == 0) and np.all(np.triu(earth.c, 1) == 0)


def test_heyoka_has_the_same_coefficients() -> None:
    hy = pytest.importorskip("heyoka")
    assert hy.model.get_egm2008_mu() / 1e9 == sky.GravityField.shipped().gm
    assert hy.model.get_egm2008_a() / 1e3 == sky.GravityField.shipped().radius


def test_refusals() -> None:
    earth = sky.GravityField.shipped(degree=4)
    with pytest.raises(ty.ArgumentError, match="none of EGM2008, LP165P"):
        sky.GravityField.shipped("egm96")
    with pytest.raises(ty.ArgumentError, match="not within 4"):
        earth.truncated(5)
    with pytest.raises(ty.ArgumentError, match="from 'unknown'"):
        sky.GravityField.shipped("LP165P").in_tide_system("zero_tide")


def test_the_field_of_mars_is_near_that_of_another_solution() -> None:
    """Mars50c (Konopliv & Sjogren, JPL 95-5, 1995), for 3394.2 km: before Mars Global Surveyor."""
    field = sky.GravityField.shipped("MRO95A")
    assert (field.degree, field.order, field.radius) == (8, 8, 3396.0)
    older = {  # degree, order: C, S
        (2, 0): (-8.75919760273e-04, 0.0),
        (2, 2): (-8.43122022711e-05, 4.96785329690e-05),
        (3, 1): (3.86567700057e-06, 2.52774247650e-05),
        (3, 3): (3.54141266874e-05, 2.51996626619e-05),
        (4, 4): (1.13002982991e-07, -1.28953895406e-05),
        (5, 3): (3.30314698123e-06, 2.54191256762e-07),
        (6, 5): (1.78175240614e-06, 1.62897120977e-06),
        (7, 2): (2.79913674214e-06, -7.31916050571e-07),
        (8, 5): (-2.79554256497e-06, -1.62629432881e-06),
    }
    for (n, m), (c, s) in older.items():
        scale = (3394.2 / 3396.0) ** n
        assert field.c[n, m] == pytest.approx(c * scale, abs=1e-6 if n < 3 else 5e-7)
        assert field.s[n, m] == pytest.approx(s * scale, abs=8e-7)
    assert field.gm == pytest.approx(42828.37, abs=0.02)
    # J2 = 1.9566e-3: the node of Mars Global Surveyor's orbit, 378 km high, keeps up with the Sun.
    j2, axis = -float(field.c[2, 0]) * 5**0.5, 3396.2 + 378.0
    motion = (field.gm / axis**3) ** 0.5
    drift = -1.5 * motion * j2 * (field.radius / axis) ** 2 * math.cos(math.radians(92.87))
    assert drift == pytest.approx(2 * math.pi / (686.98 * 86400), rel=0.02)
