"""Compiled functions of arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from taylor_runtime.arrays.series import outside
from taylor_runtime.callables.python_calls import Externals, watched
from taylor_runtime.callables.registers import register_room
from taylor_runtime.engine.call import clear_flags_address, make_array_function
from taylor_runtime.engine.compiler import Module, Options, compile_ir
from taylor_runtime.passes.arrange import arranged
from taylor_runtime.points.arrays import ARRAYS, array_module
from taylor_runtime.points.blocks import CLEAR_FLAGS
from taylor_runtime.program.arrays import ArrayProgram, Shape
from taylor_runtime.program.kinds import KINDS
from taylor_runtime.program.records import dataclass


@dataclass(frozen=True, slots=True)
class ArrayFunction:
    """A compiled function of arrays.

    ufunc: a generalised ufunc of contiguous arrays, two operands (high and low parts) for a
        double-double.
    """

    module: Module
    ufunc: np.ufunc


def build_array_function(
    program: ArrayProgram,
    shapes: tuple[Sequence[Shape], Sequence[Shape]],
    numbers: np.ndarray,
    table: np.ndarray,
    name: str,
    doc: str,
    externals: Externals | None = None,
    precision: str = "float64",
    given: int = 0,
) -> ArrayFunction:
    """Compile a program at points: of order 0, or with coefficients of all orders.

    shapes:  of inputs, which are its slots of source "parameter" (or "jet"), and of outputs.
    given:   coefficients of inputs of a program of an order: operands have a first axis of so many,
             results one of all orders.
    numbers: the slots of source "data", by part: shape (parts, slots) or more, of the kind's dtype.
    table:   the slots of source "table", int64.
    """
    program, kind = arranged(program), KINDS[precision]
    inputs, outputs = shapes
    ahead, behind = ((given,), (program.order + 1,)) if program.order else ((), ())
    sizes = [int(np.prod(shape, dtype=int)) for shape in inputs]
    module = compile_ir(
        lambda: array_module(program, sizes, kind.element, given, register_room()),
        [ARRAYS],
        options=Options(),
        externals={
            **(externals or {}),
            **outside(numbers, table),
            CLEAR_FLAGS: clear_flags_address(),
        },
        label=name,
        source=f"arrays {sizes} {kind.element} {given}\n{program.text()}",
    )
    ufunc = make_array_function(
        {kind.dtype: module.address(ARRAYS)},
        [(*ahead, *shape) for shape in inputs for _ in range(kind.parts)],
        [(*behind, *shape) for shape in outputs for _ in range(kind.parts)],
        name,
        doc,
        owner=(module, numbers, table),
    )
    return ArrayFunction(module, watched(ufunc, externals))
