"""`taylor propagate` of ready models: numbers against closed forms, files, and errors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from taylor import cli
from taylor.scenario.ready import read_ready

ROOT = Path(__file__).resolve().parents[2]
KEPLER = """\
title = "A circle"
[model]
name = "two_body"
dimensions = 2
state = [1.0, 0.0, 0.0, 1.0]
[span]
start = 1.0
duration = -3.0
[output]
every = 0.7
"""


def run(tmp_path: Path, text: str, *options: str) -> int:
    path = tmp_path / "run.toml"
    path.write_text(text, encoding="utf-8")
    return cli.main(["propagate", str(path), *options])


def test_a_circle_backwards(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table, arrays = tmp_path / "run.csv", tmp_path / "run.npz"
    assert run(tmp_path, KEPLER, "--output", str(table)) == 0
    printed = capsys.readouterr().out
    assert "A circle" in printed and "energy: relative change" in printed
    t, x, y, vx, vy = np.loadtxt(table, delimiter=",", skiprows=1).T
    np.testing.assert_allclose(t, [1.0, 0.3, -0.4, -1.1, -1.8, -2.0], atol=1e-15)
    np.testing.assert_allclose(x, np.cos(t - 1), atol=1e-14)
    np.testing.assert_allclose(vy, np.cos(t - 1), atol=1e-14)
    assert run(tmp_path, KEPLER, "--quiet", "--output", str(arrays)) == 0
    assert capsys.readouterr().out == ""
    kept = np.load(arrays)
    assert np.array_equal(kept["states"], np.stack([x, y, vx, vy], axis=1))
    assert list(kept["names"]) == ["x", "y", "vx", "vy"]


def test_the_example_and_its_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib")
    picture = tmp_path / "run.png"
    example = ROOT / "examples" / "lagrange_point.toml"
    assert cli.main(["propagate", str(example), "--plot", str(picture)]) == 0
    printed = capsys.readouterr().out
    change = float(printed.split("jacobi: relative change ")[1].split()[0])
    assert picture.stat().st_size > 10_000 and change < 1e-13


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('name = "two_body"', 'name = "twobody"', "two_body"),
        ("dimensions = 2", "dimensions = 4", "dimensions"),
        ("dimensions = 2", "mu = 0.5", "unknown key 'mu'"),
        ("[1.0, 0.0, 0.0, 1.0]", "[1.0, 0.0]", "has 2 entries, but must have 4"),
        ("duration = -3.0", "duration = 0", "duration is 0"),
        ("every = 0.7", "every = 1e-9", "outputs"),
        ("every = 0.7", 'x = "z"', "'z'"),
        ("every = 0.7", 'trajectory = "run.txt"', "must end in .csv or .npz"),
        ("[1.0, 0.0, 0.0, 1.0]", "[0.0, 0.0, 0.0, 1.0]", "the run ended at t = 1.0"),
        ('name = "two_body"\ndimensions = 2', 'name = "cr3bp"', "mu is missing"),
    ],
)
def test_wrong_scenarios_say_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, said: str
) -> None:
    assert old in KEPLER
    assert run(tmp_path, KEPLER.replace(old, new)) == 2
    assert said in capsys.readouterr().err


def test_outputs_are_two_hundred_by_default() -> None:
    data = {
        "model": {"name": "pendulum", "state": [0.5, 0.0]},
        "span": {"duration": 10.0},
    }
    ready = read_ready(data, Path("."), "pendulum")
    assert len(ready.times) == 201 and ready.times[-1] == 10.0 and ready.title == "pendulum"
