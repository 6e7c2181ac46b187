"""Orientation of other bodies: against the report's own formulas, written out here."""

from __future__ import annotations

import numpy as np
import pytest

import taylor as ty

sky = ty.astrodynamics
CENTURY = 36525 * 86400.0
T = np.array([-0.4, 0.0, 0.26, 0.9]) * CENTURY


def angles(ra, dec, meridian):
    return np.stack(np.broadcast_arrays(ra, dec, meridian), axis=-1)


def by_the_report(body: str, t: np.ndarray) -> np.ndarray:
    """Degrees, after Archinal et al. (2018), tables 1 to 3."""
    c, d = t / CENTURY, t / 86400

    def sin(x):
        return np.sin(np.radians(x))

    def cos(x):
        return np.cos(np.radians(x))

    if body == "sun":
        return angles(286.13, 63.87, 84.176 + 14.1844 * d)
    if body == "uranus":
        return angles(257.311, -15.175, 203.81 - 501.1600928 * d)
    if body == "neptune":
        n = 357.85 + 52.316 * c
        return angles(
            299.36 + 0.70 * sin(n), 43.46 - 0.51 * cos(n),
            249.978 + 541.1397757 * d - 0.48 * sin(n),
        )  # fmt: skip
    if body == "io":
        j3, j4 = 283.90 + 4850.7 * c, 355.80 + 1191.3 * c
        return angles(
            268.05 - 0.009 * c + 0.094 * sin(j3) + 0.024 * sin(j4),
            64.50 + 0.003 * c + 0.040 * cos(j3) + 0.011 * cos(j4),
            200.39 + 203.4889538 * d - 0.085 * sin(j3) - 0.022 * sin(j4),
        )
    if body == "mars":
        ra = sum(
            a * sin(b + r * c) for a, b, r in (
                (0.000068, 198.991226, 19139.4819985), (0.000238, 226.292679, 38280.8511281),
                (0.000052, 249.663391, 57420.7251593), (0.000009, 266.183510, 76560.6367950),
                (0.419057, 79.398797, 0.5042615))
        )  # fmt: skip
        dec = sum(
            a * cos(b + r * c) for a, b, r in (
                (0.000051, 122.433576, 19139.9407476), (0.000141, 43.058401, 38280.8753272),
                (0.000031, 57.663379, 57420.7517205), (0.000005, 79.476401, 76560.6495004),
                (1.591274, 166.325722, 0.5042615))
        )  # fmt: skip
        w = sum(
            a * sin(b + r * c) for a, b, r in (
                (0.000145, 129.071773, 19140.0328244), (0.000157, 36.352167, 38281.0473591),
                (0.000040, 56.668646, 57420.9295360), (0.000001, 67.364003, 76560.2552215),
                (0.000001, 104.792680, 95700.4387578), (0.584542, 95.391654, 0.5042615))
        )  # fmt: skip
        return angles(
            317.269202 - 0.10927547 * c + ra, 54.432516 - 0.05827105 * c + dec,
            176.049863 + 350.891982443297 * d + w,
        )  # fmt: skip
    e = [np.nan] + [
        a + r * d for a, r in (
            (125.045, -0.0529921), (250.089, -0.1059842), (260.008, 13.0120009),
            (176.625, 13.3407154), (357.529, 0.9856003), (311.589, 26.4057084),
            (134.963, 13.0649930), (276.617, 0.3287146), (34.226, 1.7484877),
            (15.134, -0.1589763), (119.743, 0.0036096), (239.961, 0.1643573), (25.053, 12.9590088))
    ]  # fmt: skip
    return angles(
        269.9949 + 0.0031 * c - 3.8787 * sin(e[1]) - 0.1204 * sin(e[2]) + 0.0700 * sin(e[3])
        - 0.0172 * sin(e[4]) + 0.0072 * sin(e[6]) - 0.0052 * sin(e[10]) + 0.0043 * sin(e[13]),
        66.5392 + 0.0130 * c + 1.5419 * cos(e[1]) + 0.0239 * cos(e[2]) - 0.0278 * cos(e[3])
        + 0.0068 * cos(e[4]) - 0.0029 * cos(e[6]) + 0.0009 * cos(e[7]) + 0.0008 * cos(e[10])
        - 0.0009 * cos(e[13]),
        38.3213 + 13.17635815 * d - 1.4e-12 * d * d + 3.5610 * sin(e[1]) + 0.1208 * sin(e[2])
        - 0.0642 * sin(e[3]) + 0.0158 * sin(e[4]) + 0.0252 * sin(e[5]) - 0.0066 * sin(e[6])
        - 0.0047 * sin(e[7]) - 0.0046 * sin(e[8]) + 0.0028 * sin(e[9]) + 0.0052 * sin(e[10])
        + 0.0040 * sin(e[11]) + 0.0019 * sin(e[12]) - 0.0044 * sin(e[13]),
    )  # fmt: skip


@pytest.mark.parametrize("body", ["sun", "moon", "mars", "io", "uranus", "neptune"])
def test_angles_of_the_report(body: str) -> None:
    wanted = np.radians(by_the_report(body, T))
    found = sky.body_angles(body, T)
    turns = np.abs(wanted).max()
    assert np.abs(found - wanted).max() < 4e-16 * max(turns, 10)


@pytest.mark.parametrize("body", sky.BODY_NAMES)
def test_matrices_are_what_angles_say(body: str) -> None:
    ra, dec, w = sky.body_angles(body, T).T
    matrix = sky.body_rotation(body, T)
    assert np.abs(matrix @ np.swapaxes(matrix, 1, 2) - np.eye(3)).max() < 1e-15
    pole = np.stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)], axis=-1)
    assert np.abs(matrix[:, 2] - pole).max() < 1e-15
    # The prime meridian is W east of the node of the body's equator on that of the ICRF.
    node = np.stack([-np.sin(ra), np.cos(ra), 0 * ra], axis=-1)
    along = np.einsum("tij,tj->ti", matrix, node)
    assert along[:, 0] == pytest.approx(np.cos(w), abs=1e-14 + 4e-16 * np.abs(w).max())
    assert along[:, 1] == pytest.approx(-np.sin(w), abs=1e-14 + 4e-16 * np.abs(w).max())


def test_moon_faces_the_earth_and_planets_their_moons() -> None:
    """Synchronous moons turn with their mean motion: months of days that are known otherwise."""
    for body, days in (("moon", 27.321661), ("io", 1.769138), ("europa", 3.551181),
                       ("titan", 15.945421), ("triton", -5.876854), ("phobos", 0.318910),
                       ("charon", 6.387221)):  # fmt: skip
        t = np.array([-30.0, 30.0]) * 86400 * abs(days)
        (_, _, first), (_, _, last) = sky.body_angles(body, t)
        assert (last - first) / (2 * np.pi) == pytest.approx(60 * np.sign(days), abs=2e-2)


def test_earth_by_the_report_is_nearly_the_earth() -> None:
    """To what is left out there: nutation, bias, UT1; 1e-3 rad."""
    earth = sky.EarthOrientation(sky.EarthParameters.constant(), accuracy=1e-7)
    for t in (0.0, 8e8):
        off = sky.body_rotation("earth", t) - earth.rotation("gcrs", "itrf", t)
        assert np.abs(off).max() < 5e-3


def test_moon_against_an_ephemeris() -> None:
    """The mean Earth axes of DE421's librations, within the report's 150 m."""
    jplephem = pytest.importorskip("jplephem")
    de421 = pytest.importorskip("de421")
    ephemeris = jplephem.ephem.Ephemeris(de421)
    arcsecond = np.pi / 648000

    def about(axis: int, angle: float) -> np.ndarray:
        c, s = np.cos(angle), np.sin(angle)
        matrix = np.eye(3)
        i, j = (axis + 1) % 3, (axis + 2) % 3
        matrix[i, i] = matrix[j, j] = c
        matrix[i, j], matrix[j, i] = s, -s
        return matrix

    # J. G. Williams et al., JPL IOM 335-JW,DB,WF-20080314-001: from principal to mean Earth axes.
    to_mean = (
        about(0, -0.30 * arcsecond) @ about(1, -78.56 * arcsecond) @ about(2, -67.92 * arcsecond)
    )
    for days in (-3000.0, 0.0, 9000.0):
        phi, theta, psi = ephemeris.position("librations", 2451545.0 + days).ravel()[:3]
        principal = about(2, psi) @ about(0, theta) @ about(2, phi)
        off = to_mean @ principal - sky.body_rotation("moon", days * 86400)
        assert np.abs(off).max() < 155 / 1737400


@pytest.mark.parametrize("body", ["mars", "moon", "jupiter"])
def test_rates(body: str) -> None:
    f = ty.compile(sky.body_rotation(body, ty.time), [ty.time], precision="double-double")
    t, h = np.round(T), 4.0
    values = [f(np.stack([t + s, 0 * t], axis=-1)) for s in (h, -h, h / 2, -h / 2)]
    wide, near = (
        ((a[..., 0] - b[..., 0]) + (a[..., 1] - b[..., 1])) / (2 * step)
        for a, b, step in ((values[0], values[1], h), (values[2], values[3], h / 2))
    )
    rate = sky.body_rotation_rate(body, t)
    # Angles of many turns are rounded in floats.
    turns = np.abs(sky.body_angles(body, t)).max()
    assert np.abs((4 * near - wide) / 3 - rate).max() < 1e-16 + 4e-16 * turns * np.abs(rate).max()


def test_shapes_and_wrong_names() -> None:
    assert sky.body_ellipsoid("Saturn").polar_radius == pytest.approx(54364, abs=1e-9)
    assert sky.body_ellipsoid("moon").flattening == 0
    assert sky.body_rotation("MARS", sky.Epoch(0)).shape == (3, 3)
    for function in (sky.body_angles, sky.body_rotation):
        with pytest.raises(ty.ArgumentError, match="vulcan"):
            function("vulcan", 0.0)
    with pytest.raises(ty.ArgumentTypeError):
        sky.body_rotation(4, 0.0)
    with pytest.raises(ty.ArgumentError):
        sky.body_ellipsoid("phobos")
    with pytest.raises(ty.ArgumentTypeError):
        sky.body_ellipsoid(None)
