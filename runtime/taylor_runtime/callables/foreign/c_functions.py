"""Compiled functions of one number as C functions of doubles."""

from __future__ import annotations

import math
from collections.abc import Sequence

from taylor_runtime.callables.points import ArrayFunction, Formula
from taylor_runtime.callables.python_calls import calls_python
from taylor_runtime.engine.compiler import Module, compile_ir
from taylor_runtime.points.arrays import ARRAYS
from taylor_runtime.points.c_function import (
    C_FUNCTION,
    LOOP,
    SIGNATURES,
    Operands,
    c_function_module,
)
from taylor_runtime.points.formula import FORMULA, FORMULA_ROWS
from taylor_runtime.program.arrays import Shape
from taylor_runtime.program.records import dataclass

C_SIGNATURES = tuple(SIGNATURES)


@dataclass(frozen=True, slots=True)
class CFunction:
    """Machine code with a C signature.

    address: valid as long as this lives.
    """

    address: int
    signature: str
    owner: tuple[object, ...]


def c_function(
    code: Formula | ArrayFunction, inputs: Sequence[Shape], signature: str, behind: int
) -> CFunction | None:
    """The C function of a function with one output, a number; None where it enters Python.

    inputs: shapes of its arguments, whose elements are the numbers that go in, one after the other.
    signature: one of `C_SIGNATURES`.
    behind: the last so many of the numbers are the user's data.
    """
    if calls_python(code.externals):
        return None
    sizes = [math.prod(shape) for shape in inputs]
    count, in_rows = sum(sizes), False
    if isinstance(code, Formula):
        in_rows = code.ufunc is None
        loop = FORMULA_ROWS if in_rows else FORMULA
        places = (0,) if in_rows else tuple(range(count))
    else:
        loop = ARRAYS
        places = tuple(sum(sizes[:k]) for k, size in enumerate(sizes) if size)
    operands = Operands(places, count, behind, in_rows)
    module: Module = compile_ir(
        lambda: c_function_module(operands, signature),
        [C_FUNCTION],
        externals={LOOP: code.module.address(loop)},
        label="c function",
        source=f"c function {operands} {signature}",
    )
    return CFunction(module.address(C_FUNCTION), signature, (module, code))
