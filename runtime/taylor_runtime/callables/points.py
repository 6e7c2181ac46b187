"""Compiled functions of points: jets, formulas, and functions of arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field
from typing import Any

import numpy as np

from taylor_runtime.callables.cost import UNROLLED_WORK, register_room, work
from taylor_runtime.callables.memory import aligned_zeros
from taylor_runtime.callables.python_calls import Externals, watched
from taylor_runtime.engine.call import (
    MAX_OPERANDS,
    clear_flags_address,
    function_pointer,
    make_array_function,
    make_gufunc,
    make_ufunc,
)
from taylor_runtime.engine.compiler import STEP_PASSES, Module, Options, compile_ir
from taylor_runtime.points import scalar_call
from taylor_runtime.points.blocks import CLEAR_FLAGS
from taylor_runtime.points.formula import FORMULA, FORMULA_ROWS, formula_module
from taylor_runtime.points.jet import JET, jet_block, jet_module, jet_workspace
from taylor_runtime.program.arrays import ArrayProgram, Shape
from taylor_runtime.program.kinds import DOUBLE, KINDS
from taylor_runtime.program.lines import body
from taylor_runtime.program.program import Program
from taylor_runtime.program.records import dataclass

JET_TYPE = "void(*)(uintptr_t, uintptr_t, int64_t, int64_t, int64_t, uintptr_t)"


@dataclass(frozen=True, slots=True)
class Jet:
    """Compiled jets over points; see `points.jet_module`."""

    module: Module
    program: Program
    precision: str
    block: int
    workspace: int
    _call: Any = field(repr=False)

    def run(
        self, inputs: np.ndarray, outputs: np.ndarray, count: int, first: int, last: int
    ) -> None:
        """Compute blocks first .. last - 1 of `block` points (without the GIL) with a workspace of
        its own.
        """
        memory = aligned_zeros(KINDS[self.precision].parts * self.workspace)
        self._call(inputs.ctypes.data, outputs.ctypes.data, count, first, last, memory.ctypes.data)


def build_jet(
    program: Program,
    given: int,
    externals: Externals | None = None,
    precision: str = "float64",
) -> Jet:
    """Compile a program of "jet" inputs, of which the first `given` coefficients are passed."""
    kind = KINDS[precision]
    element = kind.element
    unrolled = work(program) <= UNROLLED_WORK / 2 / kind.operations
    module = compile_ir(
        lambda: jet_module(program, given, unrolled, element),
        [JET],
        options=Options(passes=STEP_PASSES),
        externals=externals,
        label="jet",
        source=f"jet {given} {unrolled} {element}\n{body(program)}",
    )
    call = watched(function_pointer(module.address(JET), JET_TYPE, owner=module), externals)
    workspace = jet_workspace(program, kind.element)
    return Jet(module, program, precision, jet_block(kind.element).lanes, workspace, call)


@dataclass(frozen=True, slots=True)
class Formula:
    """A compiled program of order 0.

    ufunc:  a NumPy ufunc, or None where it would have too many operands; something that acts as one
            where Python functions are called, whose exceptions it raises.
    rows:   then a generalised ufunc (n)->(m).
    scalar: a built-in function of floats that returns a float (or a tuple of them), or None for
            arguments that are anything else; None where it cannot be had.
    """

    module: Module
    ufunc: np.ufunc | None
    rows: np.ufunc | None
    scalar: Callable[..., Any] | None


def build_formula(
    program: Program,
    name: str,
    doc: str,
    externals: Externals | None = None,
    precision: str = "float64",
) -> Formula:
    """Compile a program of order 0; its arguments are the slots of source "parameter".

    A double-double is two operands, high and low part, of each input and output.
    """
    kind = KINDS[precision]
    inputs = kind.parts * program.slots("parameter")
    outputs = kind.parts * len(program.outputs)
    in_rows = inputs + outputs > MAX_OPERANDS
    with_scalar = not in_rows and kind is DOUBLE and scalar_call.supported()
    symbols = [FORMULA_ROWS if in_rows else FORMULA]
    linked = {**(externals or {}), CLEAR_FLAGS: clear_flags_address()}
    if with_scalar:
        symbols.append(scalar_call.SCALAR)
        linked |= scalar_call.externals()
    form = f"{in_rows} {with_scalar and scalar_call.TYPE_OFFSET} {kind.element}"
    module = compile_ir(
        lambda: formula_module(program, rows=in_rows, scalar=with_scalar, element=kind.element),
        symbols,
        externals=linked,
        label=name,
        source=f"formula {form}\n{body(program)}",
    )
    make = make_gufunc if in_rows else make_ufunc
    loops = {kind.dtype: module.address(symbols[0])}
    ufunc = watched(make(loops, inputs, outputs, name, doc, owner=module), externals)
    scalar = None
    if with_scalar:
        scalar = scalar_call.make_builtin(module.address(scalar_call.SCALAR), name, module)
        scalar = watched(scalar, externals)
    return Formula(module, None if in_rows else ufunc, ufunc if in_rows else None, scalar)


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
    # Loaded with the first program of arrays.
    from taylor_runtime.arrays.series import outside
    from taylor_runtime.passes.arrange import arranged
    from taylor_runtime.points.arrays import ARRAYS, array_module

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
