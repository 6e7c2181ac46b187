"""The garbage collector stands still while a program is compiled, and is given back as it was."""

from __future__ import annotations

import gc
import weakref

import pytest

import taylor as ty
from taylor_runtime.engine.garbage import MANY, uncollected


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


class _Cycle:
    def __init__(self) -> None:
        self.own = self


def test_many_objects_are_old_afterwards_and_cycles_among_them_are_found() -> None:
    looked_at: list[int] = []

    def watch(phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            looked_at.append(info["generation"])

    gc.collect()
    with uncollected():
        gone = weakref.ref(_Cycle())
        kept = [[k] for k in range(2 * MANY)]
        gc.callbacks.append(watch)
    try:
        others = [[k] for k in range(100)]
        assert looked_at == [] and gc.get_freeze_count() == 0
        assert gone() is not None and gc.is_tracked(kept) and others
    finally:
        gc.callbacks.remove(watch)
    gc.collect()
    assert gone() is None


def test_what_users_have_frozen_stays_so() -> None:
    gc.freeze()
    try:
        frozen = gc.get_freeze_count()
        with uncollected():
            kept = [[k] for k in range(2 * MANY)]
        assert kept and frozen / 2 < gc.get_freeze_count() <= frozen
    finally:
        gc.unfreeze()
