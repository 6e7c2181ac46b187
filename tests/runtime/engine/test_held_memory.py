"""Code that reads memory of others keeps it for as long as it lives."""

from __future__ import annotations

import ctypes
import gc
import weakref

import numpy as np

from taylor_runtime.engine.compiler import compile_ir
from taylor_runtime.engine.held import address_of

TEXT = """
@held.numbers = external constant [100 x double]

define double @entry(i64 %i) nounwind {
  %place = getelementptr double, ptr @held.numbers, i64 %i
  %x = load double, ptr %place
  ret double %x
}"""


def test_memory_lives_as_long_as_the_code() -> None:
    numbers = np.arange(100.0)
    memory = weakref.ref(numbers)
    module = compile_ir(TEXT, ["entry"], externals={"held.numbers": address_of(numbers)})
    entry = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_int64)(module.address("entry"))
    del numbers
    gc.collect()
    assert memory() is not None
    others = [np.full(100, np.nan) for _ in range(50)]
    assert entry(42) == 42.0
    del module, others
    gc.collect()
    assert memory() is None


def test_other_memory_is_other_code() -> None:
    found = []
    for value in (1.0, 2.0):
        numbers = np.full(100, value)
        module = compile_ir(TEXT, ["entry"], externals={"held.numbers": address_of(numbers)})
        entry = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_int64)(module.address("entry"))
        found.append(entry(7))
    assert found == [1.0, 2.0]
