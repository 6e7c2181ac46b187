"""One cache directory, many processes: racing, reading while others write, and being killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from taylor_runtime.engine import cache, disk

KEY = cache.key_of("a program")


def clean_environment(**environment: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TAYLOR_")}
    return {**kept, "PYTHONPATH": os.pathsep.join(sys.path), **environment}


WRITER = """
import sys
from taylor_runtime.callables.process import cache
key = cache.key_of("a program")
data = bytes(range(256)) * 4096
print("ready", flush=True)
while True:
    cache.store(key, data)
    cache.clear(on_disk=False)
    found, where = cache.load(key)
    assert found in (None, data), len(found)
    assert cache.stats().discarded == 0
"""


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_writers_killed_at_any_moment_and_readers_beside_them(tmp_path: Path) -> None:
    place = tmp_path / "objects"
    environment = clean_environment(TAYLOR_CACHE_DIR=str(place))
    whole = bytes(range(256)) * 4096
    hits = 0
    for delay in (0.01, 0.03, 0.02):
        writers = [
            subprocess.Popen(
                [sys.executable, "-c", WRITER], env=environment, stdout=subprocess.PIPE, text=True
            )
            for _ in range(2)
        ]
        for writer in writers:
            assert writer.stdout is not None
            writer.stdout.readline()
        end = time.monotonic() + delay
        while time.monotonic() < end:
            data, bad = disk.read(place, KEY)
            assert not bad
            assert data in (None, whole)
            hits += data is not None
        for writer in writers:
            assert writer.poll() is None, "a writer found something wrong"
            writer.send_signal(signal.SIGKILL)
            writer.wait()
            assert writer.stdout is not None
            writer.stdout.close()
        data, bad = disk.read(place, KEY)
        assert not bad
        assert data in (None, whole)
    assert hits


COMPILER = """
import ctypes, sys
from taylor_runtime.engine.compiler import compile_ir
origins = set()
for value in range(30):
    text = f"define i64 @f() nounwind {{\\n  ret i64 {value}\\n}}\\n"
    module = compile_ir(text, ["f"])
    assert ctypes.CFUNCTYPE(ctypes.c_int64)(module.address("f"))() == value
    origins.add(module.origin)
print(*sorted(origins))
"""


def test_processes_share_machine_code(tmp_path: Path) -> None:
    place = tmp_path / "objects"
    environment = clean_environment(TAYLOR_CACHE_DIR=str(place))
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", COMPILER], env=environment, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    for racer in racers:
        racer.communicate(timeout=60)
        assert racer.returncode == 0
    command = [sys.executable, "-c", COMPILER]
    assert subprocess.check_output(command, env=environment, text=True) == "disk\n"
    assert len(list(place.iterdir())) == 30
