"""Memory that Python and machine code share is where both look for it."""

from __future__ import annotations

import copy
import math
from typing import get_type_hints

import numpy as np
import pytest

import taylor as ty
from taylor_runtime.callables.memory import ControlBlock, grid_parts
from taylor_runtime.steps.control import CONTROL

X, V = ty.variables("x v")


def test_a_control_block_is_what_machine_code_has() -> None:
    assert CONTROL.fields is not None
    for name, (dtype, offset, *_) in CONTROL.fields.items():
        field = getattr(ControlBlock, name)
        assert (field.offset, field.size) == (offset, dtype.itemsize)
    hints = get_type_hints(ControlBlock)
    assert set(hints) <= set(CONTROL.names or ())
    assert all(hints[name] is (float if CONTROL[name].kind == "f" else int) for name in hints)


def test_fields_keep_their_numbers() -> None:
    block = ControlBlock()
    block.steps, block.time, block.limit = 1 << 40, 0.1, math.inf
    kept = block.to_array()
    assert kept.dtype == CONTROL and kept["steps"] == 1 << 40 and kept["time"] == 0.1
    other, same = ControlBlock(), block.copy()
    other.take(kept)
    block.steps = 3
    for one in (other, same):
        assert (one.steps, one.time, one.limit) == (1 << 40, 0.1, math.inf)
    with pytest.raises(TypeError):
        block.steps = 1.5  # type: ignore[assignment]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_parts_of_grids(dtype: type) -> None:
    memory = np.arange(14.0).reshape(2, 7)
    times, lows, room = grid_parts(memory, 2, dtype)
    assert times.tolist() == [[0, 1], [7, 8]] and lows.tolist() == [[2, 3], [9, 10]]
    room[:] = 5
    assert room.shape == (2, 24 // np.dtype(dtype).itemsize) and memory[0, :4].tolist() == [
        0,
        1,
        2,
        3,
    ]


@pytest.mark.parametrize("precision", ["float64", "float32", "double-double"])
def test_copies_have_memory_of_their_own(precision: str) -> None:
    system = [(X, V), (V, -ty.sin(X))]
    ta = ty.Integrator(system, [1.0, 0.0], events=[ty.Event(V)], precision=precision)
    ta.propagate_until(4.0)
    other = copy.copy(ta)
    first = ta.propagate_until(20.0)
    second = other.propagate_until(20.0)
    assert np.array_equal(ta.state, other.state)
    assert np.array_equal(first.events[0].states, second.events[0].states)
    assert np.array_equal(first.events[0].times, second.events[0].times)
