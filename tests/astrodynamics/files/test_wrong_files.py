"""What writers of orbit files refuse, and trajectories as motion."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import taylor as ty

sky = ty.astrodynamics
GM = 398600.4418
START = sky.Epoch("2026-03-20T12:00:00")
TIMES = np.arange(0.0, 6001.0, 60.0)
R, V = [7000.0, 0, 0], [0, 7.5, 1.0]


def orbit() -> sky.Trajectory:
    return sky.Trajectory(START, TIMES, np.hstack(sky.kepler_propagate(R, V, TIMES, GM)))


@pytest.mark.parametrize("write", [sky.write_oem, sky.write_csv, sky.write_sp3])
def test_what_is_no_trajectory(write: object, tmp_path: Path) -> None:
    assert callable(write)
    path = tmp_path / "orbit"
    with pytest.raises(ty.ArgumentTypeError, match="is no Trajectory; the path comes first"):
        write(orbit(), str(path))
    with pytest.raises(ty.ArgumentTypeError, match="is no Trajectory"):
        write(path, np.zeros((3, 6)))
    assert not path.exists()


@pytest.mark.parametrize("write", [sky.write_oem, sky.write_csv])
def test_states_that_are_not_finite(write: object, tmp_path: Path) -> None:
    assert callable(write)
    path = tmp_path / "orbit"
    states = np.ones((2, 6))
    states[1, 2] = np.nan
    with pytest.raises(ty.ArgumentError, match=r"the state at .*10.0.* s is not finite"):
        write(path, sky.Trajectory(START, [0.0, 10.0], states))
    assert not path.exists()


def test_an_empty_text() -> None:
    for read in (sky.read_oem, sky.read_messages, sky.read_tle, sky.read_csv, sky.read_sp3):
        with pytest.raises(ty.FormatError, match="the text is empty"):
            read("")


def test_a_trajectory_is_motion() -> None:
    """Passes of what was read from a file are those of the orbit itself."""

    def exact(t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        r, v = sky.kepler_propagate(R, V, t, GM)
        return r[None], v[None]

    (read,) = sky.read_oem(sky.write_oem(None, orbit()))
    station = sky.Station.geodetic("here", 0.1, 0.2, rotation=sky.uniform_rotation(angle=0.0))
    times = np.arange(0.0, 6000.0, 30.0)
    wanted, found = (sky.access(station, m, times) for m in (exact, read.motion(START)))
    assert len(found) and np.allclose(found.begins, wanted.begins, atol=1e-3)
    later = read.motion()(START.seconds + times[:3])
    assert np.allclose(later[0], exact(times[:3])[0], atol=1e-3)
    with pytest.raises(ty.ArgumentError, match="has no velocities"):
        sky.Trajectory(START, [0.0], [[7000.0, 0, 0]]).motion()
