"""Two tiers of code: the second takes the place of the first, and is what the cache keeps."""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from taylor_runtime.engine import beside, cache, compiler
from taylor_runtime.engine.compiler import Module, compile_ir
from taylor_runtime.ir.entries import make_replaceable
from taylor_runtime.ir.module import Module as Text

FUNCTION = "define i64 @{name}(i64 %x) nounwind {{\n  %y = add i64 %x, {number}\n  ret i64 %y\n}}"


@pytest.fixture(autouse=True)
def _tiers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setenv("TAYLOR_TIERS", "on")
    before = cache.directory()
    cache.enable(tmp_path / "cache")
    yield
    cache.enable(before) if before is not None else cache.disable()
    cache.enable()


def first_text(number: int) -> str:
    module = Text()
    module.define("f", FUNCTION.format(name="f", number=number).split("\n"))
    make_replaceable(module, "f", "i64", [("i64", "x")])
    return module.text()


def two_tiers(first: int, second: int) -> Module:
    """Code that adds one number, then another: in truth both do the same."""
    text = FUNCTION.format(name="f", number=second)
    return compile_ir(text, ["f"], source=f"of tests {second}", first=lambda: first_text(first))


def call(module: Module, x: int = 0) -> int:
    function = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(module.address("f"))
    return int(function(x))


def test_the_second_tier_replaces_the_first_at_its_address() -> None:
    module = two_tiers(1, 2)
    address = module.address("f")
    assert (call(module), module.is_first) == (1, True)
    beside.finish()
    assert call(module) == 1  # nobody has said that it is in use
    module.in_use()
    beside.finish()
    assert (call(module), module.is_first) == (2, False)
    assert module.address("f") == address
    assert module.functions == ("f",)


def test_the_second_tier_can_be_waited_for() -> None:
    module = two_tiers(17, 18)
    module.complete()
    assert (call(module), module.is_first) == (18, False)
    module.complete()


def test_what_is_cached_is_the_second_tier() -> None:
    module = two_tiers(3, 4)
    module.in_use()
    beside.finish()
    del module
    gc.collect()
    again = two_tiers(5, 4)
    assert (call(again), again.is_first, again.origin) == (4, False, "memory")
    del again
    gc.collect()
    cache.clear(on_disk=False)
    again = two_tiers(5, 4)
    assert (call(again), again.origin) == (4, "disk")


def test_the_first_tier_is_found_in_the_cache_until_there_is_a_second() -> None:
    module = two_tiers(6, 7)
    del module
    gc.collect()
    cache.clear(on_disk=False)
    module = two_tiers(6, 7)
    assert (call(module), module.is_first, module.origin) == (6, True, "disk")
    module.in_use()
    beside.finish()
    assert call(module) == 7


def test_equal_programs_share_both_tiers() -> None:
    module, other = two_tiers(8, 9), two_tiers(8, 9)
    assert other.origin == "live"
    other.in_use()
    beside.finish()
    assert call(module) == call(other) == 9
    third = two_tiers(8, 9)
    assert (call(third), third.origin, third.is_first) == (9, "live", False)


def test_code_that_nobody_has_any_more_is_not_made() -> None:
    module = two_tiers(10, 11)
    module.in_use()
    del module
    gc.collect()
    misses = cache.stats().misses
    beside.finish()
    assert cache.stats().misses == misses


def test_a_second_tier_that_cannot_be_made_leaves_the_first() -> None:
    module = compile_ir("no text", ["f"], source="of tests, bad", first=lambda: first_text(12))
    module.in_use()
    beside.finish()
    assert (call(module), module.is_first) == (12, False)
    assert module._code.better is not None
    assert isinstance(module._code.better.error, compiler.CompileError)


def test_tiers_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAYLOR_TIERS", "off")
    module = two_tiers(13, 14)
    assert (call(module), module.is_first) == (14, False)


def test_calls_from_many_threads_see_one_or_the_other() -> None:
    module = two_tiers(15, 16)
    address = module.address("f")
    seen: list[set[int]] = []

    def calls() -> None:
        function = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(address)
        found: set[int] = set()
        while 16 not in found:
            found.add(function(0))
        seen.append(found)

    threads = [threading.Thread(target=calls) for _ in range(4)]
    for thread in threads:
        thread.start()
    module.in_use()
    beside.finish()
    for thread in threads:
        thread.join()
    assert len(seen) == 4
    assert set().union(*seen) <= {15, 16}


def test_others_compile_while_a_second_tier_is_made() -> None:
    """Each in a context and with a target machine of its own."""
    count = 3000
    lines = [f"  %v{k + 1} = mul i64 %v{k}, %v{k // 2}" for k in range(count)]
    long = "\n".join(["define i64 @f(i64 %v0) nounwind {", *lines, f"  ret i64 %v{count}", "}"])
    module = compile_ir(long, ["f"], source="of tests, long", first=lambda: first_text(0))
    module.in_use()
    waiting = threading.Thread(target=beside.finish)
    waiting.start()
    made = []
    while waiting.is_alive() or not made:
        text = FUNCTION.format(name="f", number=len(made))
        made.append(call(compile_ir(text, ["f"])))
    waiting.join()
    assert made == list(range(len(made)))
    x, values = 3, [3]
    for k in range(count):
        x = values[k] * values[k // 2] % 2**64
        values.append(x)
    assert call(module, 3) % 2**64 == values[-1]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks here")
def test_a_forked_process_asks_for_itself() -> None:
    code = """
import ctypes, os
os.environ["TAYLOR_CACHE"] = "off"
from taylor_runtime.engine import beside, compiler
compiler.LEAST_SECONDS = 600.0
import taylor as ty
x, v = ty.variables("x v")
ta = ty.Integrator([(x, v), (v, -ty.sin(x))], [0.1, 0.2])
ta.propagate_until(1.0)
child = os.fork()
if not child:
    beside.finish()
    assert ta._machine.stepper.module.is_first
    ta.propagate_until(2.0)
    beside.finish()
    os._exit(ta._machine.stepper.module.is_first)
assert os.waitpid(child, 0)[1] == 0
assert ta._machine.stepper.module.is_first
beside.finish()
assert not ta._machine.stepper.module.is_first
"""
    command = [sys.executable, "-W", "error", "-c", code]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stderr) == (0, "")


ENDS = """
import os, sys, time
os.environ["TAYLOR_CACHE"] = "off"
from taylor_runtime.engine import beside, compiler
compiler.LEAST_SECONDS = compiler.PATIENCE = 0.0
import taylor as ty
x, v = ty.variables("x v")
ta = ty.Integrator([(x, v), (v, -ty.sin(x))], [0.1, 0.2])
ta.propagate_until(1.0)
deadline = time.monotonic() + 30.0
while not beside._queue.is_busy and ta._machine.stepper.module.is_first:
    assert time.monotonic() < deadline
{end}
"""


@pytest.mark.parametrize(
    ("end", "code"),
    [
        ("", 0),
        ("sys.exit(3)", 3),
        ("os._exit(4)", 4),
        ("raise KeyboardInterrupt", -signal.SIGINT),
        ("os.kill(os.getpid(), 15)", -signal.SIGTERM),
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="signals and forks")
def test_processes_end_cleanly_while_code_is_made(end: str, code: int) -> None:
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", ENDS.format(end=end)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == code, ended.stderr
    assert ended.stderr == "" or "KeyboardInterrupt" in ended.stderr
