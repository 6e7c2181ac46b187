"""The command line: its main job on the real Solar System, its help, and its errors."""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

import taylor as ty
from taylor import cli
from taylor.scenario import load, stops
from taylor.scenario.ready import read_ready

ROOT = Path(__file__).resolve().parent.parent
SOLAR_SYSTEM = ROOT / "examples" / "solar_system.toml"

# Heliocentric distance from DE421 after 3652 days, in km, that the model stays below.
BOUNDS = {
    "Mercury": 1,
    "Venus": 1,
    "Earth": 4,
    "Mars": 2,
    "Jupiter": 2,
    "Saturn": 5,
    "Uranus": 5,
    "Neptune": 5,
    "Pluto": 5,
    "Moon from Earth": 170,
}


def test_solar_system(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trajectory, picture = tmp_path / "run.npz", tmp_path / "run.png"
    arguments = [
        "propagate",
        str(SOLAR_SYSTEM),
        "--output",
        str(trajectory),
        "--plot",
        str(picture),
    ]
    assert cli.main(arguments) == 0
    printed = capsys.readouterr().out
    for name, bound in BOUNDS.items():
        row = re.search(rf"^  {name} +([\d.]+) +([\d.]+) +([\d.]+)$", printed, re.MULTILINE)
        assert row, name
        assert all(0 < float(distance) < bound for distance in row.groups())
    assert "30 days   365 days   3652 days" in printed
    steps = re.search(r"run: (\d+) steps of order (\d+)", printed)
    assert steps and int(steps[1]) > 100 and int(steps[2]) == 20
    # Rounding over some thousand steps; anything systematic is orders of magnitude above.
    drift = dict(
        re.findall(r"(energy|angular momentum) +relative change \S+ at the end, (\S+) at", printed)
    )
    assert float(drift["energy"]) < 1e-13 and float(drift["angular momentum"]) < 1e-13
    with np.load(trajectory) as stored:
        assert stored["states"].shape == (len(stored["times"]), 11, 6)
        assert {0.0, 10.0, 30.0, 365.0, 3652.0} <= set(stored["times"].tolist())
    assert picture.exists() == _has_matplotlib()


def _has_matplotlib() -> bool:
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        return False
    return True


def test_quiet_and_missing_matplotlib(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    scenario = ROOT / "examples" / "halley.toml"
    picture = tmp_path / "halley.png"
    assert cli.main(["propagate", str(scenario), "--plot", str(picture), "--quiet"]) == 0
    streams = capsys.readouterr()
    assert streams.out == ""
    assert 'pip install "taylor-jit[plot]"' in streams.err and not picture.exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["propagate", "absent.toml"], "cannot read absent.toml"),
        (["propagate", str(SOLAR_SYSTEM), "--output", "run.xls"], "must end in .csv or .npz"),
        (
            ["propagate", str(SOLAR_SYSTEM), "--plot", "no/such/folder/run.png"],
            "there is no folder",
        ),
    ],
)
def test_errors(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(arguments) == 2
    streams = capsys.readouterr()
    assert streams.out == "" and words in streams.err
    assert streams.err.startswith("taylor propagate: ") and "Traceback" not in streams.err


def test_interruption(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(options: argparse.Namespace) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "propagate", interrupted)
    assert cli.main(["propagate", "any.toml"]) == 1
    assert "interrupted" in capsys.readouterr().err


class Late:
    """What nobody has told before it is asked for the second time."""

    asked = 0

    def __bool__(self) -> bool:
        self.asked += 1
        return self.asked > 1


def test_interrupted_runs_keep_what_they_reached(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stops, "_told", lambda: contextlib.nullcontext(Late()))
    case = tmp_path / "case.toml"
    case.write_text(
        '[model]\nname = "pendulum"\nk = 9.8\nstate = [1.0, 0.0]\n[span]\nduration = 1e3\n'
        '[output]\nevery = 0.05\ntrajectory = "run.csv"\n'
    )
    assert cli.main(["propagate", str(case)]) == 1
    streams = capsys.readouterr()
    assert "was kept" in streams.err and "energy: relative change" in streams.out
    header, *rows = (tmp_path / "run.csv").read_text().splitlines()
    found = np.array([row.split(",") for row in rows], float)
    assert header == "t,x,v" and 1 < len(found) < 20_000
    model = ty.models.pendulum(9.8)
    ta = ty.Integrator(model.system, [1.0, 0.0], tol=1e-16)
    assert np.array_equal(found[:, 1:], ta.propagate_grid(found[:, 0]).states)


def test_help_shows_a_scenario_that_works(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        cli.main(["propagate", "--help"])
    assert stopped.value.code == 0
    printed = capsys.readouterr().out
    models, text = (f"  title = {part}" for part in printed.split("  title = ")[1:])
    ready = read_ready(tomllib.loads(models[: models.index("or of bodies")]), tmp_path, "case")
    assert len(ready.state) == len(ready.model.variables) == 4
    tables = tomllib.loads(text)
    assert {"units", "body", "forces", "span", "output", "comparison"} <= set(tables)
    # Complete it with the files it names.
    header = "day,body,gm,x,y,z,vx,vy,vz\n"
    bodies = ("earth,8e-10,1,0,0,0,.0172,0\n", "moon,0,1.0026,0,0,0,.0177,0\n")
    rows = [f"{day},{body}" for day in (0, 3652) for body in bodies]
    (tmp_path / "bodies.csv").write_text(header + "".join(rows), encoding="utf-8")
    rows += [f"{day},sun,3e-4,0,1,0,0,0,0\n" for day in (0, 3652)]
    (tmp_path / "ephemeris.csv").write_text(header + "".join(rows), encoding="utf-8")
    (tmp_path / "case.toml").write_text(text, encoding="utf-8")
    assert load(tmp_path / "case.toml").names == ("earth", "moon", "sun", "ceres")


def test_usage_errors(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["propagate"], ["prapagate"]):
        with pytest.raises(SystemExit) as stopped:
            cli.main(arguments)
        assert stopped.value.code == 2
        assert "usage: taylor" in capsys.readouterr().err


def test_info(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["info"]) == 0
    printed = capsys.readouterr().out
    for fact in ("Python", "NumPy", "LLVM", "CPU", "SIMD width", "Cache directory", "Cache size"):
        assert re.search(rf"^{fact} +\S", printed, re.MULTILINE), fact


def test_help_loads_nothing_that_only_some_commands_want() -> None:
    code = (
        "import sys; from taylor import cli\n"
        "try: cli.main(['propagate', '--help'])\n"
        "except SystemExit: pass\n"
        "sys.exit(any(name in sys.modules for name in ('sympy', 'mpmath', 'matplotlib')))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run([sys.executable, "-c", code], env=environment, check=False)
    assert done.returncode == 0


@pytest.mark.skipif(os.name != "posix", reason="pipes of POSIX")
def test_a_reader_that_stops_reading_sees_no_traceback() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    paths = os.pathsep.join(sys.path)
    result = subprocess.run(
        [sys.executable, "-m", "taylor.cli", "info"],
        stdout=writing,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": paths},
    )
    os.close(writing)
    assert result.returncode == 1
    assert result.stderr == b""
