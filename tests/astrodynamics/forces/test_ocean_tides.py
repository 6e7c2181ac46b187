"""Ocean tides against the complex sum of the conventions, with arguments of pyerfa."""

from __future__ import annotations

import cmath
from pathlib import Path

import numpy as np
import pytest

import taylor as ty

sky = ty.astrodynamics
R, V = ty.variable("r", shape=(3,)), ty.variable("v", shape=(3,))
# Lines in the form of fes2004_Cnm-Snm.dat: Doodson, Darwin, n, m, C+, S+, C-, S- in 1e-11.
FILE = """FES2004 normalized model
Coefficients to compute variations in normalized Stokes coefficients (unit = 10^-11)
Doodson Darw  l   m     DelC+     DelS+       DelC-     DelS-
 55.565 Om1   2   0  -0.540594   0.000000   0.000000   0.000000
165.555 K1    2   1  -2.457760   5.024580  -0.011530   0.008350
165.555 K1    3   1   0.451000  -0.230000   0.020000   0.040000
255.555 M2    2   2  -0.596180   0.340030   0.007810  -0.002130
255.555 M2    4   2   0.128470   0.224050  -0.001480   0.003370
145.545 Q1    3   0   0.100000   0.200000   0.300000   0.400000
"""
SECONDS = [0.0, 7.6e8, -4.1e8]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "fes2004_Cnm-Snm.dat"
    made.write_text(FILE)
    return made


def expected(t: float) -> tuple[np.ndarray, np.ndarray]:
    """C - i S of each line, with the Earth turning evenly (UT1 = TDB - 69.184 s)."""
    erfa = pytest.importorskip("erfa")
    century = t / (36525 * 86400.0)
    moon, sun = erfa.fal03(century), erfa.falp03(century)
    latitude, elongation, node = (f(century) for f in (erfa.faf03, erfa.fad03, erfa.faom03))
    s = latitude + node
    sidereal = erfa.gmst06(2451545.0, (t - 69.184) / 86400, 2451545.0, t / 86400)
    arguments = [sidereal + np.pi - s, s, s - elongation, s - moon, -node, s - elongation - sun]
    changes = np.zeros((5, 5), complex)
    for line in FILE.splitlines()[3:]:
        number, _, n, m, *values = line.split()
        digits = [int(d) for d in number.replace(".", "").rjust(6, "0")]
        multiples = [digits[0], *(d - 5 for d in digits[1:])]
        theta = sum(k * a for k, a in zip(multiples, arguments, strict=True))
        cp, sp, cm, sm = (1e-11 * float(v) for v in values)
        changes[int(n), int(m)] += (cp - 1j * sp) * cmath.exp(1j * theta)
        changes[int(n), int(m)] += (cm + 1j * sm) * cmath.exp(-1j * theta)
    return changes.real, -changes.imag


def test_coefficients_are_those_of_the_conventions(path: Path) -> None:
    tides = sky.OceanTides.read(path)
    assert tides.degree == 4 and [w.name for w in tides.waves] == ["Om1", "K1", "M2", "Q1"]
    for t in SECONDS:
        c, s = (a.evaluate({}) for a in tides.coefficients(ty.constant(t)))
        right, other = expected(t)
        np.testing.assert_allclose(c, right, rtol=0, atol=3e-15)  # 1e-4 of the largest
        np.testing.assert_allclose(s, other, rtol=0, atol=3e-15)


def test_accelerations_are_those_of_a_field_with_these_coefficients(path: Path) -> None:
    tides, t = sky.OceanTides.read(path, rotation=lambda _: np.eye(3)), 3e8
    c, s = (np.asarray(a.evaluate({})) for a in tides.coefficients(ty.constant(t)))
    field = sky.GravityField("tide", tides.gm, tides.radius, c, s)
    force = sky.SphericalHarmonics(field, rotation=lambda _: np.eye(3))
    state = sky.OrbitState(ty.constant(t), R, V)
    found, right = (ty.compile(each.acceleration(state), [R]) for each in (tides, force))
    for place in ([7000.0, 500.0, -900.0], [-100.0, 200.0, 8000.0]):
        np.testing.assert_allclose(found(place), right(place), rtol=1e-9)


def test_some_waves_and_degrees_alone(path: Path) -> None:
    few = sky.OceanTides.read(path, waves=["M2"], degree=3)
    assert few.degree == 2 and few.waves[0].coefficients.keys() == {(2, 2)}
    model = ty.models.spacecraft([few], gm=few.gm)
    ta = ty.Integrator(model.system, [7000.0, 0, 0, 0, 5.3, 5.3])
    assert ta.propagate_until(6000.0).status is ty.Status.REACHED
    with pytest.raises(ty.ArgumentError, match="has no wave 'S2'; it has Om1, K1, M2, Q1"):
        sky.OceanTides.read(path, waves=["S2"])


def test_what_is_no_tide(tmp_path: Path) -> None:
    none = tmp_path / "none.dat"
    none.write_text("nothing\n")
    with pytest.raises(ty.FormatError, match="no waves of tides"):
        sky.OceanTides.read(none)
    none.write_text(FILE + "255.555 M2 x 2 1 2 3 4\n")
    with pytest.raises(ty.FormatError, match="line 10"):
        sky.OceanTides.read(none)
    with pytest.raises(ty.ArgumentError, match="no Doodson number"):
        sky.TidalWave("M2", "M2", {})
    with pytest.raises(ty.ArgumentError, match="of a degree and order"):
        sky.TidalWave("255.555", "M2", {(2, 3): (1.0, 0.0, 0.0, 0.0)})
    with pytest.raises(ty.ArgumentError, match="one TidalWave or several"):
        sky.OceanTides([])
