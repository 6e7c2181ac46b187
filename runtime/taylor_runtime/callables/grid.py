"""The compiled function that evaluates records of steps at the times of a grid."""

from __future__ import annotations

from functools import lru_cache

from taylor_runtime.engine.compiler import STEP_PASSES, Options, compile_ir
from taylor_runtime.engine.compiler import Module as Code
from taylor_runtime.program.kinds import ELEMENTS, element_of
from taylor_runtime.steps.grid import FILL, grid_module


def grid_filler(precision: str) -> int:
    """Address of the function for a kind of number; its machine code stays as long as the process.

    Example:
        >>> grid_filler("float64") == grid_filler("float64") != 0
        True
    """
    return _filler(element_of(precision)).address(FILL)


@lru_cache(maxsize=len(ELEMENTS))
def _filler(element: str) -> Code:
    return compile_ir(
        grid_module(element), [FILL], options=Options(passes=STEP_PASSES), label="grid"
    )
