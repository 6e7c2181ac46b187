"""Blocks of lanes are transposed."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest

from taylor_runtime.engine.compiler import compile_ir
from taylor_runtime.ir.builder import define_function
from taylor_runtime.ir.lanes import transposed
from taylor_runtime.ir.module import Module
from taylor_runtime.ir.types import make_type


@pytest.mark.parametrize("size", [2, 4, 8, 16])
def test_lanes_become_values(size: int) -> None:
    module, t = Module(), make_type("double", size)
    with define_function(module, "f", "void", [("ptr", "in"), ("ptr", "out")]) as (b, given):
        source, target = given
        rows = [b.load(t, b.at(source, size * k, "double"), 8) for k in range(size)]
        for k, value in enumerate(transposed(b, rows)):
            b.store(value, b.at(target, size * k, "double"), 8)
        b.ret()
    block = np.random.default_rng(size).normal(size=(size, size))
    found = np.zeros_like(block)
    call = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)
    compiled = compile_ir(module.text(), ["f"])
    call(compiled.address("f"))(block.ctypes.data, found.ctypes.data)
    np.testing.assert_array_equal(found, block.T)
