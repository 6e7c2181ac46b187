"""Integrators in files, pickles and threads: nothing is lost, nothing is wrong."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import taylor as ty
from taylor.integrator import checkpoint
from taylor.systems import versions

X, Y, VX, VY = ty.variables("x y vx vy")
GM = ty.parameter("gm")


def kepler(**options: Any) -> ty.Integrator:
    cube = (X * X + Y * Y) ** -1.5
    equations = [(X, VX), (Y, VY), (VX, -GM * X * cube), (VY, -GM * Y * cube)]
    return ty.Integrator(equations, [0.5, 0.0, 0.0, 1.7], parameters={GM: 1.0}, **options)


def assert_same(a: ty.Integrator, b: ty.Integrator) -> None:
    assert np.array_equal(a.state, b.state)
    assert a.time_pair == b.time_pair


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"high_accuracy": True},
        {"precision": "float32"},
        {"precision": "double-double"},
        {"events": [ty.Event(Y), ty.Event(X - 0.2, cooldown=0.1)]},
        {"impulses": [ty.Impulse([1.0, 20.0], add={VX: 0.01})]},
    ],
    ids=str,
)
def test_a_checkpoint_resumes_to_the_same_bits(options: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "run.checkpoint"
    ta = kepler(**options)
    ta.propagate_until(40.0, max_steps=60)
    ta.save(path)
    again = ty.Integrator.load(str(path))
    assert_same(again, ta)
    ends = [one.propagate_until(30.0) for one in (ta, again)]
    assert_same(again, ta)
    assert ends[0].steps == ends[1].steps
    for a, b in zip(ends[0].events, ends[1].events, strict=True):
        assert np.array_equal(a.times, b.times) and np.array_equal(a.states, b.states)


def test_saving_in_a_callback(tmp_path: Path) -> None:
    path = tmp_path / "run.checkpoint"
    ta, undisturbed = kepler(), kepler()

    def save(now: ty.Integrator) -> None:
        if 10 < now.time < 20:
            now.save(path)

    ta.propagate_until(50.0, callback=save)
    undisturbed.propagate_until(50.0)
    resumed = ty.Integrator.load(path)
    assert 10 < resumed.time < 20
    resumed.propagate_until(50.0)
    assert_same(ta, undisturbed)
    assert_same(resumed, undisturbed)


def test_in_another_process(tmp_path: Path) -> None:
    path = tmp_path / "run.checkpoint"
    ta = kepler()
    ta.propagate_until(3.0)
    ta.save(path)
    code = (
        "import sys, taylor as ty; ta = ty.Integrator.load(sys.argv[1]); ta.propagate_until(9.0); "
        "print([float(v).hex() for v in ta.state])"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    shown = subprocess.check_output([sys.executable, "-c", code, str(path)], env=environment)
    ta.propagate_until(9.0)
    assert shown.decode().strip() == str([float(v).hex() for v in ta.state])


# -- files that are not whole, not ours, not of this version -------------------------------------


def saved(path: Path) -> bytes:
    kepler().save(path)
    return path.read_bytes()


def test_truncated_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.checkpoint"
    whole = saved(path)
    for length in (0, 1, 7, 8, 20, checkpoint.HEADER.size, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(ty.FormatError, match=r"truncated|no checkpoint"):
            ty.Integrator.load(path)


def test_damaged_and_foreign_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.checkpoint"
    whole = saved(path)
    for place in (13, 25, checkpoint.HEADER.size, len(whole) - 1):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 16]) + whole[place + 1 :])
        with pytest.raises(ty.FormatError, match=r"damaged|truncated"):
            ty.Integrator.load(path)
    path.write_bytes(whole + b"more")
    with pytest.raises(ty.FormatError, match="damaged"):
        ty.Integrator.load(path)
    path.write_bytes(pickle.dumps(kepler()))
    with pytest.raises(ty.FormatError, match="no checkpoint"):
        ty.Integrator.load(path)
    checkpoint.write(path, {"a": 1})
    with pytest.raises(ty.FormatError, match="holds no Integrator but a dict"):
        ty.Integrator.load(path)
    with pytest.raises(FileNotFoundError):
        ty.Integrator.load(tmp_path / "nothing")
    with pytest.raises(TypeError, match="path"):
        ty.Integrator.load(3)  # type: ignore[arg-type]


def test_other_versions_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "run.checkpoint"
    ta = kepler()
    outcome = ta.propagate_until(1.0, dense=True)
    ensemble = ty.ensemble(ta, [[1.0, 0.0, 0.0, 1.0]], until=1.0)
    with monkeypatch.context() as future:
        future.setattr(versions, "FORMAT", 99)
        future.setattr(checkpoint, "FORMAT", 99)
        pickles = [pickle.dumps(x) for x in (ta, outcome, outcome.dense, ensemble)]
        ta.save(path)
    for data in pickles:
        with pytest.raises(ty.FormatError, match=rf"has format 99.*reads format {versions.FORMAT}"):
            pickle.loads(data)
    with pytest.raises(ty.FormatError, match="format 99"):
        ty.Integrator.load(path)


def test_outcomes_pickle_and_copy() -> None:
    outcome = kepler(events=ty.Event(Y)).propagate_until(9.0, dense=True)
    for again in (pickle.loads(pickle.dumps(outcome)), copy.copy(outcome), copy.deepcopy(outcome)):
        assert again.status is outcome.status and again.steps == outcome.steps
        assert np.array_equal(again.events[0].times, outcome.events[0].times)
        assert again.dense is not None and outcome.dense is not None
        assert np.array_equal(again.dense(4.2), outcome.dense(4.2))


def test_a_file_that_cannot_be_written_keeps_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "run.checkpoint"
    whole = saved(path)
    unpicklable = kepler(events=ty.Event(Y, callback=lambda ta: None))
    with pytest.raises((pickle.PicklingError, AttributeError)):
        unpicklable.save(path)
    assert path.read_bytes() == whole
    assert [p.name for p in tmp_path.iterdir()] == ["run.checkpoint"]
    with pytest.raises(OSError):
        kepler().save(tmp_path / "no folder" / "run.checkpoint")


def test_what_killed_writers_left_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "run[1].checkpoint"
    old, young = (tmp_path / f"{path.name}.{n}.partial" for n in (1, 2))
    foreign = tmp_path / "run1.checkpoint.3.partial"
    for left in (old, young, foreign):
        left.write_bytes(b"half")
    for left in (old, foreign):
        os.utime(left, (1e9, 1e9))
    kepler().save(path)
    assert {p.name for p in tmp_path.iterdir()} == {path.name, young.name, foreign.name}


# -- killed at any moment -----------------------------------------------------------------------

# A parent forks writers and kills them; all of what it then finds on disk must be whole.
KILLS = 60
HEAD = """
import os, random, signal, sys, time
from pathlib import Path
folder, random = Path(sys.argv[1]), random.Random(1)

def kill_one(work, least, most):
    child = os.fork()
    if not child:
        try:
            work()
        finally:
            os._exit(1)
    time.sleep(random.uniform(least, most))
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "a writer ended by itself"
"""
CHECKPOINTS = """
import numpy as np
import taylor as ty
x, v = ty.variables("x v")
ta = ty.Integrator([(x, v), (v, -ty.sin(x))], [1.0, 0.0])
path = folder / "run.checkpoint"
ta.save(path)

def work():
    one = ty.Integrator.load(path)
    while True:
        one.step()
        one.save(path)

latest, advanced, most = 0.0, 0, 0.03
for _ in range(KILLS):
    kill_one(work, 0.001, most)
    now = ty.Integrator.load(path).time
    assert now >= latest, "something was lost"
    advanced += now > latest
    most = most if now > latest else min(1.2 * most, 0.5)  # a busy machine takes longer to load
    latest = now
assert advanced > KILLS // 10, advanced
last = ty.Integrator.load(path)
last.propagate_until(latest + 10)
print(latest, [float(u).hex() for u in last.state])
"""
CACHE = """
from taylor_runtime.engine import cache, disk
keys = [cache.key_of(str(n)) for n in range(20)]
contents = [bytes(range(256)) * (100 * n + 1) for n in range(20)]

def work():
    while True:
        n = random.randrange(20)
        disk.write(folder, keys[n], contents[n])

found = 0
for _ in range(KILLS):
    kill_one(work, 0.0005, 0.01)
    for key, data in zip(keys, contents):
        read, bad = disk.read(folder, key)
        assert not bad and read in (None, data)
        found += read is not None
assert found > 10 * KILLS
"""


def run_script(text: str, folder: Path) -> str:
    code = HEAD + text.replace("KILLS", str(KILLS))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", code, str(folder)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_killed_during_a_checkpoint(tmp_path: Path) -> None:
    """Whatever the moment, the file is whole, and what it had is never lost."""
    latest, state = run_script(CHECKPOINTS, tmp_path).split(" ", 1)
    x, v = ty.variables("x v")
    ta = ty.Integrator([(x, v), (v, -ty.sin(x))], [1.0, 0.0])
    while ta.time < float(latest):
        ta.step()
    assert ta.time == float(latest)
    ta.propagate_until(float(latest) + 10)
    assert state.strip() == str([float(u).hex() for u in ta.state])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_killed_while_writing_the_cache(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    run_script(CACHE, tmp_path)


# -- threads ------------------------------------------------------------------------------------


def test_copies_in_several_threads_at_once() -> None:
    ta = kepler(events=[ty.Event(Y)])
    ta.propagate_until(2.0)
    expected = copy.copy(ta).propagate_until(300.0)
    results: list[Any] = []

    def work(one: ty.Integrator) -> None:
        results.append((one.propagate_until(300.0), one.state.copy()))

    copies = [copy.copy(ta) for _ in range(6)]
    threads = [threading.Thread(target=work, args=(one,)) for one in copies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 6
    for outcome, state in results:
        assert np.array_equal(state, results[0][1])
        assert outcome.steps == expected.steps
        assert np.array_equal(outcome.events[0].times, expected.events[0].times)
    assert ta.time == 2.0


def test_one_integrator_refuses_two_threads() -> None:
    ta = kepler()
    errors: list[Exception] = []

    def other(_: ty.Integrator) -> bool:
        def work() -> None:
            try:
                ta.propagate_until(9.0)
            except ty.TaylorError as error:
                errors.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        return True

    ta.propagate_until(5.0, callback=other)
    assert len(errors) == 1 and "copy.copy" in str(errors[0])
