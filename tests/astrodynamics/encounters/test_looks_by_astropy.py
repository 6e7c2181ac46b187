"""Azimuth, elevation and distance against astropy, with the Earth's measured orientation."""

from __future__ import annotations

import numpy as np
import pytest

import taylor as ty

sky = ty.astrodynamics
pytest.importorskip("astropy_iers_data")
astropy = pytest.importorskip("astropy")


def test_looks_by_astropy() -> None:
    from astropy import units
    from astropy.coordinates import GCRS, ITRS, CartesianRepresentation, EarthLocation
    from astropy.time import Time
    from astropy.utils import iers

    iers.conf.auto_download = False
    iers.conf.auto_max_age = None
    place = EarthLocation.from_geodetic(11.08 * units.deg, 47.88 * units.deg, 660 * units.m)
    latitude, longitude = np.radians(47.88), np.radians(11.08)
    station = sky.Station.geodetic("here", latitude, longitude, 0.66)
    east = np.array([-np.sin(longitude), np.cos(longitude), 0])
    up = np.array(
        [
            np.cos(latitude) * np.cos(longitude),
            np.cos(latitude) * np.sin(longitude),
            np.sin(latitude),
        ]
    )
    north = np.cross(up, east)
    base = np.array([c.to_value(units.km) for c in place.geocentric])
    rng = np.random.default_rng(1)
    for text in ("2020-03-01T12:00:00", "2023-11-05T03:30:00"):
        time = Time(text, scale="utc")
        t = float(sky.Epoch(text, "utc"))
        for _ in range(3):
            r = rng.normal(size=3) * 20000
            there = GCRS(CartesianRepresentation(*r, unit=units.km), obstime=time)
            fixed = there.transform_to(ITRS(obstime=time)).cartesian.xyz.to_value(units.km)
            line = fixed - base
            azimuth, elevation, distance = station.look(r, t)
            wanted = np.arctan2(line @ east, line @ north) % (2 * np.pi)
            # 3e-9 rad: tides in UT1 and polar motion within a day are treated differently
            assert azimuth == pytest.approx(wanted, abs=2e-8 / max(np.cos(elevation), 0.05))
            assert elevation == pytest.approx(np.arcsin(line @ up / np.linalg.norm(line)), abs=2e-8)
            assert distance == pytest.approx(np.linalg.norm(line), abs=1e-3)
