"""Programs -> things that run: choose packing and rendering by cost, emit, compile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from taylor_runtime import scalar_call
from taylor_runtime.blocks import CLEAR_FLAGS
from taylor_runtime.call import (
    MAX_OPERANDS,
    clear_flags_address,
    function_pointer,
    make_gufunc,
    make_ufunc,
)
from taylor_runtime.compensate import compensate
from taylor_runtime.engine import STEP_PASSES, Module, Options, compile_ir
from taylor_runtime.events.block import Areas, DetectorOptions, event_length
from taylor_runtime.events.detector import DETECT, detector_module
from taylor_runtime.events.roots import SCAN, scan_module
from taylor_runtime.ir import ELEMENTS, PAIR, planes_of, size_of
from taylor_runtime.latency import shorten
from taylor_runtime.layout import REGISTER, Layout, windows
from taylor_runtime.pack import pack
from taylor_runtime.points import (
    FORMULA,
    FORMULA_ROWS,
    JET,
    formula_module,
    jet_block,
    jet_module,
    jet_workspace,
)
from taylor_runtime.program import Convolution, Kernel, Operand, Program
from taylor_runtime.python_calls import Externals, calls_python, run_watched, watched
from taylor_runtime.records import record_length
from taylor_runtime.states import StateRows, plane_length
from taylor_runtime.step_loop import StepperOptions
from taylor_runtime.stepper import PROPAGATE, stepper_module

UNROLLED_WORK = 1800  # operations of a program that is still written out
PACKED_WORK = 2600  # the same of a packed program, whose instructions do more each
SMALL_GAIN = 1.1  # by which packing must reduce the work
OPERATIONS = {PAIR: 12}  # of a multiply-add, where it is not one
LEAST_GAIN = 1.6  # by which loops over packs of everything must, to be better than written-out code
STEP_WORK = 400  # what a step takes, in the same unit, besides the orders: checks, size, evaluation
NEARLY = 1.01  # of the least cost is as good as the least
KERNEL_WORK = 20
GATHER_WORK = 3
ALIGNMENT = 64
PROPAGATE_TYPE = "int64_t(*)(" + ", ".join(["uintptr_t"] * 7) + ")"
JET_TYPE = "void(*)(uintptr_t, uintptr_t, int64_t, int64_t, int64_t, uintptr_t)"


def aligned_zeros(count: int) -> np.ndarray:
    """`count` doubles, zero, starting at a cache line."""
    raw = np.zeros(count + ALIGNMENT // 8)
    start = -raw.ctypes.data % ALIGNMENT // 8
    return raw[start : start + count]


def aligned_planes(count: int, precision: str) -> np.ndarray:
    """Room for `count` numbers of a kind, zero: shape (1 or 2 parts, at least `count`).

    Every part starts at a cache line.
    """
    element = ELEMENTS[precision]
    planes, length = planes_of(element), plane_length(count)
    doubles = aligned_zeros(-(-planes * length * size_of(element) // 8))
    dtype = np.float32 if element == "float" else np.float64
    return doubles.view(dtype)[: planes * length].reshape(planes, length)


def work(program: Program) -> int:
    """Estimated operations on registers that one step takes.

    Gathers and kernels are counted by experience.
    """
    p = program.order
    total = 0.0
    for row, window in zip(program.rows, windows(program), strict=True):
        registers = -(-row.width // REGISTER)
        if isinstance(row.start, Kernel):
            total += KERNEL_WORK * registers
        if row.gather is not None and not row.gather.head and window is None:
            total += GATHER_WORK * registers * p
        if row.step is None or row.constant:
            continue
        for term in row.step.terms:
            total += registers * (_pairs(term.operand) * p * (p + 1) / 2 + p)
    return int(total)


def _pairs(operand: Operand) -> float:
    """Multiply-adds for each pair of coefficients."""
    if not isinstance(operand, Convolution):
        return 0.0
    square = operand.a == operand.b and operand.weight is None and operand.first == operand.last
    return 0.5 if square else (1.5 if operand.weight else 1.0)


@dataclass(frozen=True, slots=True)
class Stepper:
    """A compiled step loop; see `stepper.stepper_module` for the arrays that `run` takes."""

    module: Module
    program: Program
    rows: Program  # before packing
    options: StepperOptions
    states: StateRows
    workspace: int
    record_length: int
    parameters: int
    _call: Any = field(repr=False)

    @property
    def slots(self) -> tuple[int, ...]:
        """Where each state is in the state vector."""
        return self.states.slots

    @property
    def size(self) -> int:
        """Places of the state vector."""
        return self.states.size

    @property
    def workspace_bytes(self) -> int:
        """Memory that the coefficients take."""
        element = self.options.element
        return planes_of(element) * size_of(element) * self.workspace

    def run(self, *arrays: np.ndarray) -> int:
        """Run the loop (without the GIL) on control, states, parameters, work, records, grid,
        tolerances.

        Raises what Python functions have raised in it; a step that is `pending` was not accepted.
        """
        addresses = [array.ctypes.data for array in arrays]
        return int(run_watched(self._call, arrays[0], *addresses))

    @property
    def address(self) -> int:
        """Of the loop's machine code, which lives as long as the stepper."""
        return self.module.address(PROPAGATE)


Orders = Sequence[tuple[int, float]]  # orders to choose from, each with its log2 of h / rho


def build_stepper(
    program: Program,
    options: StepperOptions,
    externals: Externals | None = None,
    orders: Orders = (),
) -> Stepper:
    """Compile the step loop of an ODE's program, whose outputs are its state rows.

    orders: where given, the cheapest of them replaces the order of the program, and its log2 of h /
    rho that of the options.
    """
    program = program if options.element == PAIR else compensate(program)
    rows = shorten(program)
    program, unrolled = choose(rows, options.element)
    options = replace(options, unrolled=unrolled, calls_python=calls_python(externals))
    if unrolled and orders:
        order, log2_safety = cheapest(program, orders)
        program = replace(program, order=order)
        options = replace(options, log2_safety=log2_safety)
    nameless = replace(program, rows=tuple(replace(row, name="") for row in program.rows))
    module = compile_ir(
        lambda: stepper_module(program, options),
        [PROPAGATE],
        options=Options(passes=STEP_PASSES),
        externals=externals,
        label="stepper",
        source=repr((nameless, options)),
    )
    states = StateRows.of(program, options.element)
    return Stepper(
        module=module,
        program=program,
        rows=replace(rows, order=program.order),
        options=options,
        states=states,
        workspace=Layout.of(program).size,
        record_length=record_length(program.order, states),
        parameters=dict(program.inputs).get("parameter", 0),
        _call=function_pointer(module.address(PROPAGATE), PROPAGATE_TYPE, owner=module),
    )


def cheapest(program: Program, orders: Orders) -> tuple[int, float]:
    """The order at which a written-out program has the least work per unit of time.

    A step takes longer with the order, between linearly (latency, and all that is done once) and
    quadratically (throughput), but is longer, too. Of orders that are nearly as good as the best,
    the lowest: it compiles sooner and rounds shorter steps.
    """
    costs: list[float] = []
    for order, log2_step in orders:
        operations = work(replace(program, order=order))
        if operations > UNROLLED_WORK and costs:
            break
        costs.append((STEP_WORK + operations) * 2.0**-log2_step)
    least = min(costs)
    return next(o for o, cost in zip(orders, costs, strict=False) if cost <= NEARLY * least)


def choose(program: Program, element: str = "double") -> tuple[Program, bool]:
    """The program, packed or not, and whether to write its loops out.

    Written-out code has no loops to wait for but must fit the instruction cache, so it is for small
    programs; there lanes pay for convolutions alone.
    """
    most = UNROLLED_WORK // OPERATIONS.get(element, 1)
    packed, small = pack(program), program
    scalar_work = small_work = work(program)
    packed_work = work(packed)
    if scalar_work <= REGISTER * most:
        paired = pack(program, small=True)
        paired_work = work(paired)
        if paired_work * SMALL_GAIN <= scalar_work:
            small, small_work = paired, paired_work
    if small_work <= min(most, packed_work * LEAST_GAIN):
        return small, True
    if packed_work * SMALL_GAIN <= scalar_work:
        return packed, packed_work <= PACKED_WORK // OPERATIONS.get(element, 1)
    return small, False


@dataclass(frozen=True, slots=True)
class Jet:
    """Compiled jets over points; see `points.jet_module`."""

    module: Module
    program: Program
    precision: str
    block: int
    _call: Any = field(repr=False)

    def run(
        self, inputs: np.ndarray, outputs: np.ndarray, count: int, first: int, last: int
    ) -> None:
        """Compute blocks first .. last - 1 of `block` points (without the GIL) with a workspace of
        its own.
        """
        element = ELEMENTS[self.precision]
        memory = aligned_zeros(planes_of(element) * jet_workspace(self.program, element))
        self._call(inputs.ctypes.data, outputs.ctypes.data, count, first, last, memory.ctypes.data)


def build_jet(
    program: Program,
    given: int,
    externals: Externals | None = None,
    precision: str = "float64",
) -> Jet:
    """Compile a program of "jet" inputs, of which the first `given` coefficients are passed."""
    element = ELEMENTS[precision]
    unrolled = work(program) <= UNROLLED_WORK / 2 / OPERATIONS.get(element, 1)
    text = jet_module(program, given, unrolled, element)
    options = Options(passes=STEP_PASSES)
    module = compile_ir(text, [JET], options=options, externals=externals, label="jet")
    call = watched(function_pointer(module.address(JET), JET_TYPE, owner=module), externals)
    return Jet(module, program, precision, jet_block(element).lanes, call)


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
    element = ELEMENTS[precision]
    inputs = planes_of(element) * dict(program.inputs).get("parameter", 0)
    outputs = planes_of(element) * len(program.outputs)
    in_rows = inputs + outputs > MAX_OPERANDS
    with_scalar = not in_rows and element == "double" and scalar_call.supported()
    symbols = [FORMULA_ROWS if in_rows else FORMULA]
    linked = {**(externals or {}), CLEAR_FLAGS: clear_flags_address()}
    if with_scalar:
        symbols.append(scalar_call.SCALAR)
        linked |= scalar_call.externals()
    text = formula_module(program, rows=in_rows, scalar=with_scalar, element=element)
    module = compile_ir(text, symbols, externals=linked, label=name)
    make = make_gufunc if in_rows else make_ufunc
    loops = {"float32" if element == "float" else "float64": module.address(symbols[0])}
    ufunc = watched(make(loops, inputs, outputs, name, doc, owner=module), externals)
    scalar = None
    if with_scalar:
        scalar = scalar_call.make_builtin(module.address(scalar_call.SCALAR), name, module)
        scalar = watched(scalar, externals)
    return Formula(module, None if in_rows else ufunc, ufunc if in_rows else None, scalar)


@dataclass(frozen=True, slots=True)
class Detector:
    """Compiled detection of events in steps; see `events.detector.detector_module`."""

    module: Module
    scan: Module
    program: Program
    options: DetectorOptions
    address: int
    areas: Areas

    @property
    def record_length(self) -> int:
        """Doubles of an event's record."""
        return event_length(self.options.states)


def build_detector(
    program: Program,
    noise: Program,
    enclosures: Program,
    states: StateRows,
    linear: Sequence[bool],
    externals: Externals | None = None,
    *,
    rough: Sequence[bool] = (),
    formulas: Program | None = None,
    combined: Sequence[int] = (),
    guards: int = 0,
) -> Detector:
    """Compile the detection of a program's outputs along steps of a stepper with such states.

    formulas, combined: the signs of functions that are put together from the last outputs, and how
    many each takes; guards: how many outputs behind these; see `DetectorOptions`.
    """
    element = states.element
    program = program if element == PAIR else compensate(program)
    program, unrolled = choose(program, element)
    parts = dict(formulas.inputs).get("sign", 0) if formulas is not None else 0
    options = DetectorOptions(
        states,
        tuple(linear),
        unrolled,
        calls_python(externals),
        tuple(rough) if any(rough) else (),
        len(program.outputs) - parts - guards,
        tuple(combined),
        guards,
    )
    nameless = [
        replace(p, rows=tuple(replace(row, name="") for row in p.rows))
        for p in (program, noise, enclosures, *([] if formulas is None else [formulas]))
    ]
    scan = compile_ir(scan_module, [SCAN], label="scan", source="scan")
    module = compile_ir(
        lambda: detector_module(program, noise, enclosures, formulas, options),
        [DETECT],
        externals={**(externals or {}), SCAN: scan.address(SCAN)},
        label="detector",
        source=repr((nameless, options)),
    )
    areas = Areas.of(program, options)
    return Detector(module, scan, program, options, module.address(DETECT), areas)
