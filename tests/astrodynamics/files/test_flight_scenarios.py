"""Scenarios of a spacecraft: a low orbit against its own equations, files, and what is refused."""

from __future__ import annotations

import copy
import tomllib
from pathlib import Path

import numpy as np
import pytest

import taylor as ty
from taylor import cli
from taylor.scenario import ScenarioError
from taylor.scenario.flight import read_flight
from taylor.scenario.flying import fly, heights, in_frame

ROOT = next(folder for folder in Path(__file__).parents if (folder / "pyproject.toml").exists())
sky = ty.astrodynamics
PLAIN = """
[spacecraft]
epoch = "2026-03-20T12:00:00"
position = [7000.0, 0.0, 0.0]
velocity = [0.0, 7.0, 3.0]

[forces]
rotation = "uniform"

[span]
duration = 6000.0

[output]
every = 100.0
"""


def test_the_flattened_earth_by_hand() -> None:
    """Degree 2 and a rotation about z: the zonal part is the closed form; EGM2008's J2."""
    text = PLAIN.replace("[forces]", "[forces]\ngravity = { degree = 2, order = 1 }")
    flown = fly(read_flight(tomllib.loads(text), ROOT, "plain")).trajectory
    field = sky.GravityField.shipped("EGM2008")
    q, v = ty.variable("q", shape=(3,)), ty.variable("v", shape=(3,))
    r = ty.sqrt(ty.sum(q * q))
    f, s = 1.5 * 1.0826261738522e-3 * (field.radius / r) ** 2, 5 * (q[2] / r) ** 2
    flat = ty.stack([1 - f * (s - 1), 1 - f * (s - 1), 1 - f * (s - 3)])
    ta = ty.Integrator([(q, v), (v, -field.gm * q / r**3 * flat)], [7000.0, 0, 0, 0, 7, 3])
    expected = ta.propagate_grid(flown.seconds).states
    # C21 and S21 of EGM2008 are 1e-9: metres in a revolution.
    np.testing.assert_allclose(flown.positions, expected[:, :3], atol=5e-3)
    assert len(flown) == 61
    assert flown.start == sky.Epoch("2026-03-20T12:00:00")


def test_a_low_orbit_with_all_forces(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for package in ("jplephem", "de421", "astropy_iers_data", "matplotlib"):
        pytest.importorskip(package)
    text = (ROOT / "examples" / "low_orbit.toml").read_text(encoding="utf-8")
    text = text.replace("degree = 20, order = 20", "degree = 4, order = 4")
    path = tmp_path / "low.toml"
    path.write_text(text.replace("86400.0", "6000.0"), encoding="utf-8")
    written, drawn = tmp_path / "low.oem", tmp_path / "low.png"
    code = cli.main(["propagate", str(path), "--output", str(written), "--plot", str(drawn)])
    said = capsys.readouterr().out
    assert code == 0
    assert "sun, moon, drag, radiation, relativity" in said
    assert "height between 50" in said
    assert drawn.stat().st_size > 10_000
    found = sky.read_oem(written)[0]
    assert found.name == "SURVEYOR"
    assert found.frame == "GCRF"
    assert len(found) == 101
    # It starts where its elements say, and its energy falls by drag alone, little.
    elements = sky.Elements(6878.0, 0.0012, *np.radians([97.4, 10.0, 90.0, 0.0]))
    np.testing.assert_allclose(
        found.states[0], np.concatenate(sky.to_cartesian(elements, 398600.4418))
    )


def test_other_axes_and_the_file_of_a_start(tmp_path: Path) -> None:
    pytest.importorskip("astropy_iers_data")
    state = [7000.0, 0.0, 0.0, 0.0, 7.0, 3.0]
    message = sky.OrbitMessage.of_state(
        sky.Epoch("2026-03-20T12:00:00"), state, frame="ITRF", name="THEIRS"
    )
    sky.write_messages(tmp_path / "start.opm", message)
    data = tomllib.loads(PLAIN)
    data["spacecraft"] = {"file": "start.opm"}
    flight = read_flight(data, tmp_path, "x")
    assert flight.name == "THEIRS"
    data["spacecraft"] = {"epoch": "2026-03-20T12:00:00", "frame": "itrf",
                          "position": state[:3], "velocity": state[3:]}  # fmt: skip
    same = read_flight(data, tmp_path, "x")
    np.testing.assert_array_equal(flight.state, same.state)
    assert np.linalg.norm(flight.state[3:] - [0, 7, 3]) > 0.1  # the Earth turns
    flown = fly(flight).trajectory
    there = in_frame(flown, "itrf")
    np.testing.assert_allclose(there.states[0], state, atol=1e-8)
    assert there.frame == "ITRF"
    height = heights(flight, flown)[2]
    # The even rotation is about another pole, a third of a degree off.
    assert height[0] == pytest.approx(7000.0 - 6378.137, abs=1e-3)


@pytest.mark.parametrize(
    ("table", "key", "value", "words"),
    [
        ("spacecraft", "epoch", "2026-02-30", "epoch"),
        ("spacecraft", "frame", "ecliptic", "frame"),
        ("spacecraft", "mass", -1.0, "positive"),
        ("spacecraft", "speed", 1.0, "unknown key"),
        ("spacecraft", "file", "a.opm", "one of the three"),
        ("spacecraft", "velocity", [1.0, 2.0], "must have 3"),
        ("span", "duration", 0.0, "zero"),
        ("span", "end", "2026-03-20T13:00:00", "one of the two"),
        ("output", "every", 1e-9, "outputs"),
        ("forces", "rotation", "none", "rotation"),
        ("forces", "drag", {"area": 1.0, "atmosphere": "thick"}, "atmosphere"),
        ("forces", "gravity", {"degree": 2, "order": 3}, "above the degree"),
        ("forces", "gravity", {"field": "NONE"}, "NONE"),
        ("forces", "bodies", "sun", "texts"),
        ("integration", "tolerance", 2.0, "below 1"),
    ],
)
def test_what_cannot_be_flown_is_refused(table: str, key: str, value: object, words: str) -> None:
    data = copy.deepcopy(tomllib.loads(PLAIN))
    data.setdefault(table, {})[key] = value
    with pytest.raises(ScenarioError, match=words):
        fly(read_flight(data, ROOT, "x"))


def test_a_flight_that_ends_early_says_so() -> None:
    data = tomllib.loads(PLAIN)
    data["integration"] = {"max_steps": 3}
    with pytest.raises(ScenarioError, match="ended"):
        fly(read_flight(data, ROOT, "x"))


def test_backwards_and_until_an_instant() -> None:
    data = tomllib.loads(PLAIN)
    data["span"] = {"end": "2026-03-20T11:00:00"}
    flown = fly(read_flight(data, ROOT, "x")).trajectory
    assert flown.seconds[0] == 0.0
    assert float(flown.start - sky.Epoch("2026-03-20T11:00:00")) == pytest.approx(0, abs=1e-6)
    np.testing.assert_allclose(flown.states[-1], [7000.0, 0, 0, 0, 7, 3], atol=1e-12)
