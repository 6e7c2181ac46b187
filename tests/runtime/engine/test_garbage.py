"""The garbage collector stands still while a program is compiled, and is given back as it was."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest

import taylor as ty
from taylor_runtime.engine.garbage import uncollected


def test_it_is_off_within_the_outermost_block_alone() -> None:
    assert gc.isenabled()
    with uncollected():
        with uncollected():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_who_had_switched_it_off_finds_it_off() -> None:
    gc.disable()
    try:
        with uncollected():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_it_is_back_after_an_error() -> None:
    with pytest.raises(ValueError, match="components"):
        ty.Integrator([(ty.variable("x"), ty.variable("x"))], [1.0, 2.0])
    assert gc.isenabled()


MANY_OBJECTS = """
import gc, weakref
from taylor_runtime.engine.garbage import MANY, uncollected

class Cycle:
    def __init__(self):
        self.own = self

looked_at = []
gc.collect()
with uncollected():
    gone = weakref.ref(Cycle())
    kept = [[k] for k in range(2 * MANY)]
    gc.callbacks.append(lambda phase, info: looked_at.append(info["generation"]))
others = [[k] for k in range(100)]
print(looked_at, gc.get_freeze_count(), gone() is None)
gc.collect()
print(gone() is None)
gc.freeze()
frozen = gc.get_freeze_count()
with uncollected():
    more = [[k] for k in range(2 * MANY)]
print(frozen / 2 < gc.get_freeze_count() <= frozen)
"""


def test_many_objects_are_old_afterwards() -> None:
    """Nobody looks at them then; cycles among them are found; what users have frozen stays so."""
    code = f"import sys; sys.path[:0] = {sys.path!r}{MANY_OBJECTS}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout == "[] 0 False\nTrue\nTrue\n", done.stderr
