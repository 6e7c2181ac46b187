"""The compiled loop over trajectories that are run one by one."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from taylor_runtime.engine.call import function_pointer
from taylor_runtime.engine.compiler import STEP_PASSES, Options, compile_ir
from taylor_runtime.engine.compiler import Module as Code
from taylor_runtime.ensembles.serial import ROW_LOOP, RUN, row_loop_module


def run_rows(block: np.ndarray) -> None:
    """Run all rows (without the GIL) until they end, at a step limit, or `stop` says so.

    block: one item of dtype `ROW_LOOP`. The rows' control blocks are as before a first step, and
    their `codes` RUNNING.  Records of events are written one behind the other; where there is
    no more room, the loop comes back with `full` set and may be called again.
    """
    _function()(block.ctypes.data)


@lru_cache(maxsize=1)
def _function() -> Any:
    code: Code = compile_ir(row_loop_module(), [RUN], options=Options(passes=STEP_PASSES))
    return function_pointer(code.address(RUN), "void(*)(uintptr_t)", owner=code)


def row_loop(**values: int) -> np.ndarray:
    """A block with these fields.

    Example:
        >>> int(row_loop(count=3)["count"][0])
        3
    """
    block = np.zeros(1, ROW_LOOP)
    for name, value in values.items():
        block[name] = value
    return block
