"""Work beside: order, the end of processes, forks, what goes wrong."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import threading
import time

import pytest

from taylor_runtime.engine import beside


def test_work_is_done_in_the_order_of_its_times() -> None:
    done: list[str] = []
    beside.later(lambda: done.append("late"), 60.0)
    beside.later(lambda: done.append("soon"), 0.01)
    beside.later(lambda: done.append("now"), 0.0)
    beside.finish()
    assert done == ["now", "soon", "late"]


def test_work_that_fails_does_not_stop_the_next() -> None:
    done: list[int] = []

    def fails() -> None:
        raise ValueError("of this work alone")

    beside.later(fails, 0.0)
    beside.later(lambda: done.append(1), 0.0)
    beside.finish()
    assert done == [1]


def test_no_thread_is_left_when_there_is_no_work() -> None:
    beside.later(lambda: None, 0.0)
    beside.finish()
    deadline = time.monotonic() + 20.0
    while any(t.name == "taylor compiles" for t in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_work_may_give_more_work() -> None:
    done: list[int] = []
    beside.later(lambda: beside.later(lambda: done.append(1), 60.0), 0.0)
    beside.finish()
    beside.finish()
    assert done == [1]


def run(code: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-W", "error", "-c", code]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_a_process_ends_without_what_has_not_begun() -> None:
    code = """
from taylor_runtime.engine import beside
beside.later(lambda: print("too late"), 600.0)
print("end")
"""
    ended = run(code)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "end\n", "")


def test_a_process_ends_when_what_goes_on_is_done() -> None:
    code = """
import threading, time
from taylor_runtime.engine import beside
begun = threading.Event()
def work():
    begun.set()
    time.sleep(0.2)
    print("done", flush=True)
beside.later(work, 0.0)
begun.wait()
print("end", flush=True)
"""
    ended = run(code)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "end\ndone\n", "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks here")
def test_forks_meet_no_work_which_goes_on_in_the_parent() -> None:
    code = """
import os, sys, threading, time
from taylor_runtime.engine import beside
begun, done = threading.Event(), []
def work():
    begun.set()
    time.sleep(0.2)
    done.append("work")
beside.later(work, 0.0)
beside.later(lambda: done.append("more"), 600.0)
begun.wait()
child = os.fork()
assert done == ["work"], done
assert child or threading.active_count() == 1
beside.finish()
assert done == (["work", "more"] if child else ["work"]), done
if not child:
    beside.later(lambda: done.append("own"), 0.0)
    beside.finish()
    assert done == ["work", "own"], done
if child:
    assert os.waitpid(child, 0)[1] == 0
    print("both")
else:
    os._exit(0)
"""
    ended = run(code)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "both\n", "")


def squared(x: int) -> int:
    done: list[int] = []
    beside.later(lambda: done.append(x * x), 0.0)
    beside.finish()
    return done[0]


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_pools_of_processes_work_beside(method: str) -> None:
    with multiprocessing.get_context(method).Pool(2) as pool:
        assert pool.map(squared, range(5)) == [0, 1, 4, 9, 16]
