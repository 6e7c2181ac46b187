"""Compiled functions of points: jets, formulas, and functions of arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field
from typing import Any

import numpy as np

from taylor_runtime.callables.builtin.entries import Shapes, array_entry, facts_of
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
from taylor_runtime.points.formula import FORMULA, FORMULA_ROWS, UNCUT, formula_module, point_module
from taylor_runtime.points.jet import JET, jet_block, jet_module, jet_workspace
from taylor_runtime.points.python_objects import TYPE_OFFSET, make_builtin
from taylor_runtime.program.arrays import ArrayProgram, Shape
from taylor_runtime.program.kernels import has_loops
from taylor_runtime.program.kinds import DOUBLE, KINDS
from taylor_runtime.program.lines import body
from taylor_runtime.program.program import Program
from taylor_runtime.program.records import dataclass

SHORT = 100  # rows of functions of one point that are as fast from half the effort of compiling
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

    def room(self, order: int) -> JetRoom:
        """Memory for one point of a function of one variable with one output, in float64."""
        return JetRoom(self, order)


class JetRoom:
    """Memory of one point after the other, for one thread at a time."""

    def __init__(self, code: Jet, order: int) -> None:
        self._inputs = np.ones((2, code.block))  # the point, and its derivative
        self._outputs = np.empty((order + 1, code.block))
        memory = aligned_zeros(KINDS[code.precision].parts * code.workspace)
        self._kept = memory, code
        places = self._inputs.ctypes.data, self._outputs.ctypes.data
        self._arguments = *places, code.block, 0, 1, memory.ctypes.data
        self._call = code._call

    def run(self, x: float) -> np.ndarray:
        """The coefficients there, shape (order + 1,)."""
        self._inputs[0] = x
        self._call(*self._arguments)
        return self._outputs[:, 0].copy()


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
        options=Options(passes=STEP_PASSES, hasty=True),
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
    scalar: a built-in function of floats that returns a numpy.float64 (or a tuple of them), or None
            for arguments that are anything else; None where it cannot be had.
    """

    module: Module
    ufunc: np.ufunc | None
    rows: np.ufunc | None
    scalar: Callable[..., Any] | None
    precision: str
    externals: Externals | None = field(repr=False)
    program: Program = field(repr=False)

    def text(self) -> str:
        """All that decides what it computes."""
        return body(self.program)

    def entry(
        self,
        inputs: Shapes,
        outputs: Shapes,
        packed: bool,
        otherwise: Callable[..., Any] | None,
        wholes: Sequence[bool] = (),
    ) -> Callable[..., Any] | None:
        """A built-in function of arrays of these shapes, whose elements are the formula's; see
        `array_entry`.

        wholes: which arguments have to be ints; None where there is no such function.
        """
        if KINDS[self.precision] is not DOUBLE:
            return None
        loop = self.module.address(FORMULA if self.ufunc is not None else FORMULA_ROWS)
        in_rows = self.ufunc is None
        if in_rows and (len(inputs) != 1 or len(outputs) != 1):
            return None  # they would have to be put side by side
        plain = all(shape == () for shape in (*inputs, *outputs))
        if self.scalar is not None and plain and (not packed or len(outputs) > 1):
            if any(wholes):
                return None
            made = scalar_call.SCALAR, self.module.address(scalar_call.SCALAR)
            return watched(
                make_builtin(made[1], made[0], None, otherwise, self.module, keywords=True),
                self.externals,
            )
        facts = facts_of(loop, inputs, outputs, packed, not in_rows, wholes=wholes)
        return array_entry(facts, otherwise, (), self.module, self.externals)


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
    with_scalar = not in_rows and kind is DOUBLE and bool(scalar_call.externals())
    symbols = [FORMULA_ROWS if in_rows else FORMULA]
    linked = {**(externals or {}), CLEAR_FLAGS: clear_flags_address()}
    if with_scalar:
        symbols.append(scalar_call.SCALAR)
        linked |= scalar_call.externals()
    form = f"{in_rows} {with_scalar and TYPE_OFFSET} {kind.element}"
    module = compile_ir(
        lambda: formula_module(program, rows=in_rows, scalar=with_scalar, element=kind.element),
        symbols,
        options=Options(hasty=True, short=True),
        externals=linked,
        label=name,
        source=f"formula {form}\n{body(program)}",
    )
    make = make_gufunc if in_rows else make_ufunc
    loops = {kind.dtype: module.address(symbols[0])}
    ufunc = watched(make(loops, inputs, outputs, name, doc, owner=module), externals)
    scalar = None
    if with_scalar:
        address = module.address(scalar_call.SCALAR)
        scalar = make_builtin(address, name, None, None, module, keywords=True)
        scalar = watched(scalar, externals)
    one, rows = (None, ufunc) if in_rows else (ufunc, None)
    return Formula(module, one, rows, scalar, kind.name, externals, program)


@dataclass(frozen=True, slots=True)
class Point:
    """A compiled program of order 0 for one point."""

    module: Module
    name: str
    externals: Externals | None = field(repr=False)

    def entry(self, otherwise: Callable[..., Any] | None) -> Callable[..., Any]:
        """A built-in function of so many floats, which returns a numpy.float64 or a tuple of them,
        and what `otherwise` makes of arguments that are anything else; None where that is None.

        Where errors may be met the last number is theirs, and is not returned: if there is one,
        what `otherwise` makes of the arguments, or a tuple of this number alone, is.
        """
        address = self.module.address(scalar_call.SCALAR)
        made = make_builtin(address, self.name, None, otherwise, self.module, keywords=True)
        return watched(made, self.externals)


def build_point(
    program: Program,
    name: str,
    externals: Externals | None = None,
    checked: bool = False,
    wholes: Sequence[bool] = (),
) -> Point | None:
    """A program of order 0 for one point, made in less time than a ufunc.  None where there cannot
    be one, or where it would be large.

    checked: whether the last output is the number of an error.
    wholes:  which inputs are ints.
    """
    linked = scalar_call.externals()
    if not linked or len(program.rows) > UNCUT:
        return None
    quick = len(program.rows) <= SHORT and not has_loops(program)
    module = compile_ir(
        lambda: point_module(program, checked, wholes),
        [scalar_call.SCALAR],
        options=Options(STEP_PASSES, codegen=0) if quick else Options(counters=True),
        externals={**(externals or {}), **linked},
        label=name,
        source=f"point {TYPE_OFFSET} {checked} {[*map(int, wholes)]}\n{body(program)}",
    )
    return Point(module, name, externals)


@dataclass(frozen=True, slots=True)
class ArrayFunction:
    """A compiled function of arrays.

    ufunc: a generalised ufunc of contiguous arrays, two operands (high and low parts) for a
        double-double.
    program: what was compiled.
    """

    module: Module
    ufunc: np.ufunc
    program: ArrayProgram
    precision: str
    belongings: tuple[object, ...] = field(repr=False)  # live as long as the machine code
    externals: Externals | None = field(repr=False)

    def text(self) -> str:
        """All that decides what it computes, but for the numbers and tables that belong to it."""
        return self.program.text()

    def entry(
        self,
        inputs: Shapes,
        outputs: Shapes,
        packed: bool,
        otherwise: Callable[..., Any] | None,
        makers: Sequence[Callable[..., Any] | None],
        wholes: Sequence[bool] = (),
    ) -> Callable[..., Any] | None:
        """A built-in function of the same arrays, see `array_entry`.

        makers: of the memory for each result, from the arguments; None for NumPy.
        wholes: which arguments have to be ints.
        """
        if KINDS[self.precision] is not DOUBLE or not outputs:
            return None
        from taylor_runtime.points.arrays import ARRAYS

        loop = self.module.address(ARRAYS)
        facts = facts_of(loop, inputs, outputs, packed, makers=makers, wholes=wholes)
        owner = (self.module, *self.belongings)
        return array_entry(facts, otherwise, tuple(makers), owner, self.externals)


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
    from taylor_runtime.passes.regions.puts import with_puts
    from taylor_runtime.passes.regions.unread import without_unread
    from taylor_runtime.passes.shapes.arrange import arranged
    from taylor_runtime.points.arrays import ARRAYS, array_module, pipeline

    program, kind = arranged(with_puts(without_unread(program))), KINDS[precision]
    inputs, outputs = shapes
    ahead, behind = ((given,), (program.order + 1,)) if program.order else ((), ())
    sizes, passes = [int(np.prod(shape, dtype=int)) for shape in inputs], pipeline(program)
    module = compile_ir(
        lambda: array_module(program, sizes, kind.element, given, register_room()),
        [ARRAYS],
        options=Options(passes, counters=True) if passes else Options(hasty=True, short=True),
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
    ufunc = watched(ufunc, externals)
    owned = numbers, table
    return ArrayFunction(module, ufunc, program, kind.name, owned, externals)
