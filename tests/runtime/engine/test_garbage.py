"""The garbage collector stands still while a program is compiled, and is given back as it was."""

from __future__ import annotations

import gc

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
