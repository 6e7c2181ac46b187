"""Scenario files: what they mean, what they refuse and with which words, and what a run yields."""

from __future__ import annotations

import copy
import math
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from taylor.scenario import ScenarioError, execute, load
from taylor.scenario.bodies import read_table, rotate_about_x
from taylor.scenario.flight import read_flight
from taylor.scenario.output import check_target, write_trajectory
from taylor.scenario.plot import write_plot
from taylor.scenario.ready import read_ready
from taylor.scenario.report import report
from taylor.scenario.run import Run, compare, drifts, model
from taylor.scenario.scenario import parsed, read
from taylor.scenario.units import OBLIQUITY, read_units

ROOT = Path(__file__).resolve().parents[2]
HEADER = "day,body,gm,x,y,z,vx,vy,vz\n"
TWO = """
[units]
length = "au"
time = "day"

[[body]]
name = "sun"
gm = 1.0
position = [0.0, 0.0, 0.0]
velocity = [0.0, 0.0, 0.0]

[[body]]
name = "rock"
position = [1.0, 0.0, 0.0]
velocity = [0.0, 1.0, 0.0]

[span]
duration = 6.0
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "case.toml"
    path.write_text(text, encoding="utf-8")
    return path


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(ScenarioError) as caught:
        load(write(folder, text))
    return str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("duration", "duratoin", ["[span]", "duratoin", "'duration'"]),
        ("[span]", "[spam]", ["'spam'", "'span'"]),
        ('length = "au"\n', "", ["[units]", "length is missing", '"au"']),
        ('"au"', '"aU"', ["length is 'aU'", "'au'"]),
        ('"au"', '"parsec"', ["parsec", "au, km, m"]),
        ('"day"', "1", ["time is 1", "text in quotes"]),
        ("6.0", "nan", ["duration is nan", "finite"]),
        ("6.0", "0.0", ["duration is zero"]),
        ("6.0", '"long"', ["'long'", "number"]),
        ("6.0", "6.0\nend = 6.0", ["end is given beside duration"]),
        ("[1.0, 0.0, 0.0]", "[1.0, nan, 0.0]", ["position[1] is nan", "finite"]),
        ("[1.0, 0.0, 0.0]", "[1.0, 0.0]", ["position has 2 entries", "3"]),
        ("[1.0, 0.0, 0.0]", "[0.0, -0.0, 0.0]", ["'sun'", "'rock'", "at one place"]),
        ("[1.0, 0.0, 0.0]", "1.0", ["list of numbers"]),
        ('"rock"', '"sun"', ["another body 'sun'"]),
        ('name = "rock"', 'name = "rock"\nmass = 1.0', ["mass needs a unit", '"kg"']),
        ('name = "rock"', 'name = "rock"\nmass = 1.0\ngm = 1.0', ["beside gm"]),
        ('name = "rock"', 'name = "rock"\ngm = -1.0', ["not negative"]),
        ('name = "rock"', 'name = "rock"\ncentral = "sum"', ["'sum'", "'sun'"]),
        ('name = "rock"', 'name = "rock"\nelements = {a = 1.0}', ["beside position"]),
        ('name = "rock"\n', "", ["number 2", "name is missing"]),
        ("[[body]]", "[body]", []),
        ("[span]", '[bodies]\nfile = "none.csv"\n[span]', ["cannot read", "none.csv"]),
        ("[span]", "[forces]\nnewtonian = false\n[span]", ["bodies always attract"]),
        ("[span]", '[forces]\nrelativity = "moon"\n[span]', ["no body 'moon'", "sun"]),
        ("[span]", '[forces]\nrelativity = "rock"\n[span]', ["has no mass"]),
        ("[span]", "[integration]\ntolerance = 0.0\n[span]", ["tolerance is 0.0", "positive"]),
        ("[span]", "[integration]\ntolerance = 1.0\n[span]", ["below 1"]),
        ("[span]", "[integration]\norder = 2.5\n[span]", ["order is 2.5", "integer"]),
        ("[span]", "[integration]\nmax_steps = 0\n[span]", ["max_steps is 0"]),
        ("[span]", '[integration]\nconservation = "yes"\n[span]', ["true or false"]),
        ("[span]", "[output]\nevery = -1.0\n[span]", ["every is -1.0", "positive"]),
        ("[span]", "[output]\nevery = 1e-12\n[span]", ["asks for"]),
        ("[span]", "[output]\ntimes = [7.0]\n[span]", ["7", "not between 0 and 6"]),
        ("[span]", "[output]\nevery = 1.0\ntimes = [1.0]\n[span]", ["every is given beside times"]),
        ("[span]", '[output]\ncenter = "son"\n[span]', ["'son'", "'sun'"]),
        ("[span]", '[comparison]\nfile = "no.csv"\n[span]', ["cannot read", "no.csv"]),
        ("[units]", "[units", ["not valid TOML"]),
        ("[units]", "[units]\nau_km = 1.0", ["149597870.7"]),
    ],
)
def test_refusals_teach(tmp_path: Path, old: str, new: str, words: list[str]) -> None:
    message = refusal(
        tmp_path, TWO.replace(old, new) if old != "[[body]]" else TWO.replace(old, new, 1)
    )
    assert "case.toml" in message
    for word in words:
        assert word in message


JUNK = (
    True,
    0,
    -1,
    10**400,
    1e308,
    1e-320,
    math.nan,
    "",
    "x\0",
    [],
    [1],
    ["a"],
    [[1]],
    {},
    {"a": 1},
)


def places(data: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The keys that lead to every value of nested tables and lists."""
    items = data.items() if isinstance(data, dict) else enumerate(data)
    found: list[tuple[Any, ...]] = []
    for key, value in items:
        found.append((*place, key))
        if isinstance(value, dict | list):
            found += places(value, (*place, key))
    return found


@pytest.mark.parametrize("name", ["solar_system", "halley"])
def test_junk_in_any_place_is_refused_in_words(name: str) -> None:
    """Whatever one value is replaced with, there is a scenario or a ScenarioError, nothing else."""
    examples = ROOT / "examples"
    original = tomllib.loads((examples / f"{name}.toml").read_text(encoding="utf-8"))
    refused = 0
    for place in places(original):
        for junk in JUNK:
            data = copy.deepcopy(original)
            table = data
            for key in place[:-1]:
                table = table[key]
            table[place[-1]] = junk
            try:
                read(data, examples, name)
            except ScenarioError as error:
                assert len(str(error)) < 1000
                refused += 1
    assert refused > 5 * len(places(original))


def test_missing_and_binary_files(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="cannot read"):
        load(tmp_path / "absent.toml")
    (tmp_path / "case.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ScenarioError, match="not a text file"):
        load(tmp_path / "case.toml")
    with pytest.raises(ScenarioError, match="no bodies"):
        load(write(tmp_path, TWO.split("[[body]]")[0] + "[span]\nduration = 1.0\n"))


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("", "must name the columns"),
        ("name,x\n", "must name the columns"),
        (HEADER, "no bodies below"),
        (HEADER + "0,sun,1,0,0,0,0,0\n", "line 2: 8 values"),
        (HEADER + "# note\n\n0,sun,1,0,0,nan,0,0,0\n", "line 4: z is 'nan'"),
        (HEADER + "0,sun,1,0,0,0,0,0,0,0\n", "line 2: 10 values"),
        (HEADER + '0,"sun\n",1,0,0,0,0,0,0\n', "line 2: 2 values"),
        (HEADER + "0,sun,one,0,0,0,0,0,0\n", "gm is 'one'"),
        (HEADER + "0,sun,1,0,0,0,0,0,0\n0,sun,1,1,0,0,0,0,0\n", "line 3: 'sun' is there twice"),
        (HEADER + "0,sun,-1,0,0,0,0,0,0\n", "not negative"),
        (HEADER + "0,,1,0,0,0,0,0,0\n", "name of the body is empty"),
    ],
)
def test_tables_name_the_line(tmp_path: Path, table: str, words: str) -> None:
    path = tmp_path / "bodies.csv"
    path.write_text(table, encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        read_table(path)
    assert words in str(caught.value) and "bodies.csv" in str(caught.value)


def test_bodies_of_a_file(tmp_path: Path) -> None:
    rows = "0,sun,1,0,0,0,0,0,0\n0,rock,0,1,0,0,0,1,0\n5,sun,1,9,0,0,0,0,0\n"
    (tmp_path / "bodies.csv").write_text(HEADER + rows, encoding="utf-8")
    text = '[units]\nlength="km"\ntime="s"\n[bodies]\nfile="bodies.csv"\n[span]\nduration=1.0\n'
    scenario = load(write(tmp_path, text))
    assert scenario.names == ("sun", "rock")
    assert scenario.state.tolist() == [0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0]
    later = load(write(tmp_path, text.replace("duration", "start=5.0\nduration")))
    assert later.names == ("sun",) and later.state[0] == 9
    assert "it has times 0, 5" in refusal(tmp_path, text.replace("duration", "start=1.0\nduration"))
    chosen = load(write(tmp_path, text.replace('.csv"', '.csv"\nonly=["rock"]')))
    assert chosen.names == ("rock",)
    assert "'rock'" in refusal(tmp_path, text.replace('.csv"', '.csv"\nonly=["rok"]'))


def test_units() -> None:
    units = read_units({"length": "au", "time": "day", "mass": "solar"})
    assert units.speed_of_light == pytest.approx(299792458.0 * 86400 / 149597870700.0, rel=1e-15)
    # Gauss's constant squared, to the accuracy of the nominal solar mass parameter.
    assert units.gm_of_mass(1.0) == pytest.approx(0.01720209895**2, rel=1e-7)
    earth = read_units({"length": "km", "time": "s", "mass": "earth"})
    assert earth.gm_of_mass(1.0) == pytest.approx(398600.4, rel=1e-12)
    kilograms = read_units({"length": "m", "time": "s", "mass": "kg"})
    assert kilograms.gm_of_mass(5.9722e24) == pytest.approx(3.986e14, rel=1e-4)


ORBIT = """
[units]
length = "au"
time = "year"
axes = "equatorial"

[[body]]
name = "sun"
gm = 39.5
position = [1.0, 2.0, 3.0]
velocity = [0.5, 0.0, 0.0]

[[body]]
name = "rock"
central = "sun"
axes = "ecliptic"
elements = { a = 2.0, e = 0.5, i = 90.0, node = 90.0, peri = 0.0, M = 0.0 }

[span]
duration = 1.0
"""


def test_elements_and_axes(tmp_path: Path) -> None:
    """Pericentre on the ecliptic y axis, moving to the ecliptic pole."""
    rock = load(write(tmp_path, ORBIT)).bodies[1].state - [1, 2, 3, 0.5, 0, 0]
    cosine, sine = math.cos(OBLIQUITY), math.sin(OBLIQUITY)
    speed = math.sqrt(39.5 / 2.0 * 1.5 / 0.5)
    np.testing.assert_allclose(rock[:3], [0, cosine, sine], atol=1e-15)
    np.testing.assert_allclose(rock[3:], [0, -speed * sine, speed * cosine], atol=1e-14)
    assert "no orbit" in refusal(tmp_path, ORBIT.replace("e = 0.5", "e = 1.5"))
    assert "unknown key 'omega'" in refusal(tmp_path, ORBIT.replace("i = 90", "omega = 90"))
    unset = ORBIT.replace('axes = "equatorial"\n', "")
    assert "in [units]" in refusal(tmp_path, unset)
    np.testing.assert_allclose(
        rotate_about_x(rotate_about_x(np.array([1.0, 2.0, 3.0]), OBLIQUITY), -OBLIQUITY), [1, 2, 3]
    )


def test_output_times(tmp_path: Path) -> None:
    def times(extra: str, span: str = "duration = 6.0") -> list[float]:
        text = TWO.replace("duration = 6.0", span) + extra
        return load(write(tmp_path, text)).times.tolist()

    assert times("") == [0, 6]
    assert times("[output]\nevery = 2.5") == [0, 2.5, 5, 6]
    assert times("[output]\nevery = 2") == [0, 2, 4, 6]
    assert times("[output]\ntimes = [4.0, 1.0]") == [0, 1, 4, 6]
    assert times("[output]\nevery = 2.5", "start = 1.0\nend = -3.0") == [1, -1.5, -3]


@pytest.fixture
def circle(tmp_path: Path) -> Any:
    """A massless body on the unit circle, at gm = 1: exactly known at all times."""
    return load(write(tmp_path, TWO + "[output]\nevery = 0.5\n[integration]\ntolerance = 1e-16\n"))


def circular_states(times: np.ndarray) -> np.ndarray:
    x, y, zero = np.cos(times), np.sin(times), np.zeros_like(times)
    rock = np.stack([x, y, zero, -y, x, zero], axis=-1)
    return np.stack([np.zeros_like(rock), rock], axis=1)


def exact_run(scenario: Any) -> Run:
    return Run(scenario.times, circular_states(scenario.times), 1, 20, 0.5, 0.5, 0.1, 0.1)


def test_execute_follows_the_circle(circle: Any) -> None:
    result = execute(circle)
    np.testing.assert_allclose(result.run.states, circular_states(circle.times), atol=2e-15)
    assert result.control is result.run
    assert 20 <= result.run.order <= 26 and result.run.steps > 0  # 20 is the tolerance's own


@pytest.mark.parametrize("duration", ["3.0", "-3.0"])
def test_relativistic_run_has_a_newtonian_control(tmp_path: Path, duration: str) -> None:
    text = (
        TWO.replace("6.0", duration)
        .replace("gm = 1.0", "gm = 3e-4")
        .replace("1.0, 0.0]", "0.017, 0.0]")
    )
    text = text.replace('name = "rock"', 'name = "rock"\ngm = 1e-6')
    scenario = load(write(tmp_path, text + '[forces]\nrelativity = "sun"\n'))
    result = execute(scenario)
    assert result.control is not None and result.control is not result.run
    assert not np.array_equal(result.control.states, result.run.states)
    assert result.energy is not None and result.energy.relative and result.energy.largest < 1e-14
    assert result.angular_momentum is not None and result.angular_momentum.largest < 1e-14
    assert "control run without relativity" in report(scenario, result)


def test_step_limit_is_not_success(tmp_path: Path) -> None:
    scenario = load(write(tmp_path, TWO + "[integration]\nmax_steps = 1\n"))
    with pytest.raises(ScenarioError, match="max_steps"):
        execute(scenario)


def test_collision_is_not_success(tmp_path: Path) -> None:
    """A fall from rest ends at t = pi / (2 sqrt 2), where the attraction is infinite."""
    text = TWO.replace("[0.0, 1.0, 0.0]", "[0.0, 0.0, 0.0]")
    with pytest.raises(ScenarioError, match="collided") as caught:
        execute(load(write(tmp_path, text)))
    reached = float(str(caught.value).split("ended at ")[1].split()[0])
    assert reached == pytest.approx(math.pi / math.sqrt(8), abs=1e-3)


@pytest.mark.parametrize("masses", [(1.0, 1.0), (1.0, 1e-3)])
def test_a_collision_of_massive_bodies_is_found_at_once(
    tmp_path: Path, masses: tuple[float, float]
) -> None:
    """Both move: their distance is a difference of states, and all but a rounding error at last."""
    text = TWO.replace("[0.0, 1.0, 0.0]", "[0.0, 0.0, 0.0]").replace(
        "gm = 1.0", f"gm = {masses[0]}"
    )
    text = text.replace('name = "rock"', f'name = "rock"\ngm = {masses[1]}')
    with pytest.raises(ScenarioError, match="collided") as caught:
        execute(load(write(tmp_path, text)))
    named = float(str(caught.value).split("with a singularity at t = ")[1].split(";")[0])
    assert named == pytest.approx(math.pi / math.sqrt(8 * sum(masses)), rel=1e-9)


def test_settings_reach_the_integrator(tmp_path: Path) -> None:
    settings = (
        "[integration]\norder = 12\nmax_step = 0.125\nhigh_accuracy = true\nconservation = false"
    )
    result = execute(load(write(tmp_path, TWO + settings)))
    assert result.run.order == 12 and result.run.largest_step <= 0.125
    assert result.control is None and result.energy is None
    with pytest.raises(ScenarioError, match=r"\[integration\]: order"):
        execute(load(write(tmp_path, TWO + "[integration]\norder = 100000\n")))


def test_drift_is_that_of_the_states(tmp_path: Path) -> None:
    """Two unit masses at rest, then moved by hand: energy -1/2 to -1/8, momentum 0 to 2."""
    text = TWO.replace('name = "rock"', 'name = "rock"\ngm = 1.0').replace(
        "[1.0, 0.0, 0.0]", "[2.0, 0.0, 0.0]"
    )
    scenario = load(write(tmp_path, text.replace("velocity = [0.0, 1.0", "velocity = [0.0, 0.0")))
    states = np.zeros((2, 2, 6))
    states[:, 1, 0] = 2, 4
    states[1, 1, 4] = 0.5
    run = Run(scenario.times, states, 1, 20, 1.0, 1.0, 0.0, 0.0)
    energy, momentum = drifts(model(scenario, False), run)
    assert (energy.end, energy.relative) == (0.75, True)  # 1/8 - 1/4 = -1/8
    assert (momentum.end, momentum.relative) == (2.0, False)


def test_comparison_distances(tmp_path: Path) -> None:
    """Ephemeris and run differ by 3-4-5 triangles; a shift of everything does not count."""
    rows = (
        "2,sun,1,1,0,0,0,0,0\n2,rock,0,{},{},0,0,0,0\n2,other,0,0,0,0,0,0,0\n9,sun,1,0,0,0,0,0,0\n"
    )
    x, y = math.cos(2.0) + 1 + 3e-9, math.sin(2.0) + 4e-9
    (tmp_path / "e.csv").write_text(HEADER + rows.format(x, y), encoding="utf-8")
    table = '[comparison]\nfile = "e.csv"\nname = "E1"\npairs = [["sun", "rock"]]\n'
    scenario = load(write(tmp_path, TWO + table))
    assert scenario.times.tolist() == [0, 2, 6]
    assert scenario.comparison is not None and scenario.comparison.center == "sun"
    rows_found = compare(scenario, scenario.comparison, exact_run(scenario))
    assert [label for label, _ in rows_found] == ["rock", "sun from rock"]
    for _, distances in rows_found:
        assert distances == pytest.approx((5e-9 * 149597870.7,), rel=1e-6)
    message = refusal(tmp_path, TWO.replace("6.0", "1.0") + table)
    assert "none of them inside the span" in message
    assert "must name two bodies" in refusal(tmp_path, TWO + table.replace(', "rock"', ""))


def test_trajectory_files(tmp_path: Path, circle: Any) -> None:
    run = exact_run(circle)
    write_trajectory(tmp_path / "run.npz", circle, run)
    with np.load(tmp_path / "run.npz") as stored:
        assert np.array_equal(stored["states"], run.states)
        assert np.array_equal(stored["times"], run.times)
        assert stored["bodies"].tolist() == ["sun", "rock"]
        assert stored["gm"].tolist() == [1.0, 0.0] and stored["units"].tolist() == ["au", "day"]
    write_trajectory(tmp_path / "run.csv", circle, run)
    table = read_table(tmp_path / "run.csv")
    assert list(table) == run.times.tolist()
    for states, bodies in zip(run.states, table.values(), strict=True):
        assert [body.name for body in bodies] == ["sun", "rock"]
        assert np.array_equal(np.stack([body.state for body in bodies]), states)
    # A trajectory can start another run.
    text = TWO.split("[[body]]")[0] + '[bodies]\nfile="run.csv"\n[span]\nstart=1.5\nduration=1.0\n'
    assert np.array_equal(load(write(tmp_path, text)).state, run.states[3].ravel())


def test_targets_are_checked_before_the_run(tmp_path: Path) -> None:
    for name, words in (
        ("run.txt", "must end in"),
        ("no/run.csv", "no folder"),
        ("", "must end in"),
    ):
        with pytest.raises(ScenarioError, match=words):
            check_target(tmp_path / name, (".csv", ".npz"))


@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_picture(tmp_path: Path, circle: Any, suffix: str) -> None:
    pytest.importorskip("matplotlib")
    path = tmp_path / f"run.{suffix}"
    write_plot(path, circle, exact_run(circle))
    assert path.stat().st_size > 10_000
    if suffix == "svg":
        assert "Rock" not in path.read_text(encoding="utf-8")[:100]


def test_examples_can_be_read() -> None:
    for path in sorted((ROOT / "examples").glob("*.toml")):
        data = parsed(path)
        if "spacecraft" in data:
            assert len(read_flight(data, path.parent, path.stem).state) == 6
        elif "model" in data:
            ready = read_ready(data, path.parent, path.stem)
            assert len(ready.state) == len(ready.model.variables)
        else:
            assert load(path).bodies
