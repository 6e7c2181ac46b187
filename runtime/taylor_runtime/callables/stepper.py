"""Programs -> things that run: choose packing and rendering by cost, emit, compile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from functools import partial
from typing import Any

import numpy as np

from taylor_runtime.arithmetic.chunk import chunks
from taylor_runtime.callables.cost import (
    Orders,
    cheapest,
    choose,
    linear_pays,
    register_room,
)
from taylor_runtime.callables.memory import ControlBlock
from taylor_runtime.callables.python_calls import Externals, calls_python, run_watched
from taylor_runtime.engine.call import (
    function_pointer,
)
from taylor_runtime.engine.compiler import STEP_PASSES, Module, Options, compile_ir
from taylor_runtime.ir.module import Module as Text
from taylor_runtime.passes.compensate import compensate
from taylor_runtime.passes.factor import factored
from taylor_runtime.passes.inline import inlined
from taylor_runtime.passes.latency import shorten
from taylor_runtime.passes.linear import Entry as Entry
from taylor_runtime.passes.linear import Jacobian as Jacobian
from taylor_runtime.passes.linear import linearized
from taylor_runtime.passes.widen import widened
from taylor_runtime.program.arrays import ArrayProgram, Join, Total, View
from taylor_runtime.program.flow import FlowProgram
from taylor_runtime.program.kinds import ELEMENTS
from taylor_runtime.program.lines import body
from taylor_runtime.program.monomials import Monomials
from taylor_runtime.program.program import Program
from taylor_runtime.program.records import dataclass
from taylor_runtime.series.emitter import series_of_numbers
from taylor_runtime.series.ends import define_sums, sums_name
from taylor_runtime.series.layout import Layout
from taylor_runtime.series.protocol import SeriesMaker
from taylor_runtime.steps.common import kept
from taylor_runtime.steps.common.calling import Room
from taylor_runtime.steps.common.functions import FUNCTIONS, common_options
from taylor_runtime.steps.common.rules import StepperOptions as StepperOptions
from taylor_runtime.steps.records import record_length
from taylor_runtime.steps.single import PROPAGATE, has_common_functions, stepper_module
from taylor_runtime.steps.states import StateRows

SHORT_BYTES = 1 << 16  # of coefficients
SHORT_PRODUCTS = 1 << 20  # of coefficients of arrays: elements of all rows times the order's square
PROPAGATE_TYPE = "int64_t(*)(" + ", ".join(["uintptr_t"] * 7) + ")"


class _Shared:
    """What others may know without keeping it."""

    __slots__ = ("__weakref__",)


@dataclass(frozen=True, slots=True)
class Stepper(_Shared):
    """A compiled step loop; see `steps.single.stepper_module` for the memory that `run` takes."""

    module: Module
    program: Program
    rows: Program  # before packing
    options: StepperOptions
    states: StateRows
    workspace: int
    record_length: int
    parameters: int
    _call: Any = field(repr=False)
    kept: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)  # made of it once
    _remake: Any = field(default=None, repr=False, compare=False)  # the same with other options

    @property
    def shown(self) -> StateRows:
        """The states without their derivatives."""
        count = len(self.states.slots)
        if isinstance(self.program, FlowProgram):
            count //= self.program.among.size
        return replace(self.states, slots=self.states.slots[:count])

    @property
    def size(self) -> int:
        """Places of the state vector."""
        return self.states.size

    @property
    def workspace_bytes(self) -> int:
        """Memory that the coefficients take."""
        return ELEMENTS[self.options.element].bytes * self.workspace

    @property
    def is_short(self) -> bool:
        """Whether steps take less than 0.1 ms, or so: few coefficients, of arrays few products of
        them, and nothing that takes longer than its size says.
        """
        if not isinstance(self.program, ArrayProgram):
            return self.workspace_bytes <= SHORT_BYTES
        order = self.program.order
        rows = [self.program.row(index) for index in range(len(self.program.rows))]
        plain = all(isinstance(row.moved, View | Join | Total | None) for row in rows)
        return plain and sum(row.size for row in rows) * order**2 <= SHORT_PRODUCTS

    def run(self, control: ControlBlock, addresses: Sequence[int]) -> int:
        """Run the loop (without the GIL) on a control block and, by their addresses, on this block,
        states, parameters, work, records, grid, tolerances; returns why it came back.

        Raises what Python functions have raised in it; a step that is `pending` was not accepted.
        """
        self.module.in_use()
        return int(run_watched(self._call, control, *addresses))

    def complete(self) -> None:
        """Come back when its code is the best there is, and in the cache: for what takes long, and
        where other processes are to use it.
        """
        self.module.complete()

    @property
    def address(self) -> int:
        """Of the loop's machine code, which lives as long as the stepper."""
        self.module.in_use()
        return self.module.address(PROPAGATE)


def build_stepper(
    program: Program,
    options: StepperOptions,
    externals: Externals | None = None,
    orders: Orders = (),
) -> Stepper:
    """Compile the step loop of an ODE's program, whose outputs are its state rows.

    orders: where given, the cheapest of them replaces the order of the program, and its log2 of h /
    rho that of the options; a program of one order keeps it.
    """
    orders = () if program.of_one_order else orders
    program = compensate(program, ELEMENTS[options.element])
    rows = shorten(program)
    program, unrolled = choose(rows, options.element)
    options = replace(options, unrolled=unrolled, calls_python=calls_python(externals))
    if unrolled and orders:
        order, log2_safety = cheapest(program, orders)
        program = replace(program, order=order)
        options = replace(options, log2_safety=log2_safety)
    source = f"stepper {options}\n{body(program)}"
    return _compiled(program, replace(rows, order=program.order), options, externals, source)


def build_array_stepper(
    program: ArrayProgram,
    memory: tuple[np.ndarray, np.ndarray],
    options: StepperOptions,
    externals: Externals | None = None,
) -> Stepper:
    """Compile the step loop of an ODE's program of arrays, whose outputs are its states.

    memory: the slots of source "data", by part, and those of "table".
    """
    from taylor_runtime.arrays.series import outside, series_of_arrays
    from taylor_runtime.passes.pairs.fold import folded
    from taylor_runtime.passes.shapes.arrange import arranged

    program = folded(arranged(program), memory[0])
    options = replace(options, unrolled=False, calls_python=calls_python(externals))
    source = f"arrays {options}\n{program.text()}"
    linked = {**(externals or {}), **outside(*memory)}
    series = partial(series_of_arrays, room=register_room())
    made = _compiled(program, program, options, linked, source, series)
    made.kept["memory"] = memory
    return made


def build_flow(
    program: Program,
    parameters: int,
    among: Monomials,
    options: StepperOptions,
    externals: Externals | None = None,
) -> Stepper:
    """Compile the step loop of an ODE's program for states that are truncated polynomials.

    program: as for `build_stepper`; inputs of source "jet" are parameters that vary with the
        displacements.
    parameters: how many there are, of which some may vary.

    States and parameters are in the order of `widened`.
    """
    from taylor_runtime.flows.emitter import is_written, series_of_flow

    program = compensate(program, ELEMENTS[options.element])
    flow = factored(widened(program, shorten(program), parameters, among))
    flow = shared if is_written(shared := inlined(flow)) else flow
    options = replace(options, unrolled=False, calls_python=calls_python(externals))
    source = f"flow {options}\n{flow.text()}"
    calls = not is_written(flow)
    return _compiled(flow, flow, options, externals, source, series_of_flow, calls)


def build_linear(
    program: Program,
    jacobian: Jacobian,
    parameters: int,
    among: Monomials,
    options: StepperOptions,
    externals: Externals | None = None,
) -> Stepper | None:
    """Compile the step loop of an ODE's program for states with their first derivatives; None if
    polynomials (`build_flow`) are faster.

    program: its outputs are the states, then the entries of the Jacobian.
    parameters: how many there are, of which some may vary.
    """
    from taylor_runtime.linear.beside import side_by_side
    from taylor_runtime.linear.emitter import series_of_linear

    program = compensate(program, ELEMENTS[options.element])
    linear = linearized(shorten(program), jacobian, parameters, among)
    if not linear_pays(linear):
        return None
    options = replace(options, unrolled=False, calls_python=calls_python(externals))
    packed = side_by_side(linear)
    source = f"flow {options}\n{packed.text()}"
    return _compiled(packed, linear, options, externals, source, series_of_linear)


def _compiled(
    program: Program,
    rows: Program,
    options: StepperOptions,
    externals: Externals | None,
    source: str,
    series: SeriesMaker = series_of_numbers,
    calls: bool = False,
) -> Stepper:
    """The stepper of a program that is to be written out as it is.

    calls: whether products are called.

    Arrays have no quick code to begin with: theirs is short, and one step of them may be long.
    """

    def quick() -> str:
        return stepper_module(program, replace(options, unrolled=False), series, replaceable=True)

    # Loops of flows are as fast as they are written, and LLVM's search for better ones takes long.
    hasty = isinstance(program, FlowProgram)
    module = compile_ir(
        lambda: stepper_module(program, options, series),
        [PROPAGATE],
        options=Options(passes=STEP_PASSES, hasty=hasty, reloads=calls),
        externals=externals,
        label="stepper",
        source=source,
        first=None if isinstance(program, ArrayProgram) else quick,
        first_externals=partial(_called_functions, program, options),
    )
    states = StateRows.of(program, options.element)
    return Stepper(
        module=module,
        program=program,
        rows=rows,
        options=options,
        states=states,
        workspace=_workspace(program, states),
        record_length=record_length(program.order, states, options.taped),
        parameters=program.slots("parameter"),
        _call=function_pointer(module.address(PROPAGATE), PROPAGATE_TYPE, owner=module),
        _remake=partial(_compiled, program, rows, externals=externals, series=series, calls=calls),
    )


# What the quick code of all systems calls, made once: rules of steps by their options, and sums at
# the ends of steps by element, lanes, and order.
_Wanted = StepperOptions | tuple[str, int, int]
_called: dict[_Wanted, Module] = {}


def _called_functions(program: Program, options: StepperOptions) -> Mapping[str, int]:
    """The addresses of the functions that a program's quick code calls."""
    if not has_common_functions(program):
        return {}
    rules = common_options(options)
    ends = ((found[0], found[-1]) for found in (chunks(row.width) for row in program.rows))
    widths = sorted({chunk.lanes for pair in ends for chunk in pair})
    sums = [(options.element, lanes, program.order) for lanes in widths]
    wanted: list[_Wanted] = [rules, *sums]
    missing = [one for one in wanted if one not in _called]
    if missing:
        made = _code(missing)
        for one in missing:  # another thread may have been sooner: what is there is in use
            _called.setdefault(one, made)
    found = {name: _called[rules].address(name) for name in FUNCTIONS}
    return found | {sums_name(one[1]): _called[one].address(sums_name(one[1])) for one in sums}


def _code(wanted: Sequence[_Wanted]) -> Module:
    """Functions, as one text."""
    rules = [one for one in wanted if isinstance(one, StepperOptions)]
    sums = [one for one in wanted if not isinstance(one, StepperOptions)]

    def text() -> str:
        module = kept.functions(*rules) if rules else Text(quick=True)
        for one in sums:
            define_sums(module, *one, linkage="")
        return module.text()

    names = [*(FUNCTIONS if rules else ()), *(sums_name(lanes) for _, lanes, _ in sums)]
    quick = Options(passes=(), codegen=0)  # nothing is gained by any pass
    made = compile_ir(text, names, options=quick, label="steps", source=f"called {wanted}")
    made.exported()
    return made


def taped(stepper: Stepper) -> Stepper:
    """A stepper that goes on to the same bits and records where steps begin, made once."""
    if "taped" not in stepper.kept:
        options = replace(stepper.options, taped=True)
        source = f"taped {options}\n{_text(stepper.program)}"
        stepper.kept["taped"] = stepper._remake(options=options, source=source)
    made: Stepper = stepper.kept["taped"]
    return made


def _text(program: Program) -> str:
    if isinstance(program, ArrayProgram | FlowProgram):
        return program.text()
    return body(program)


def _workspace(program: Program, states: StateRows) -> int:
    """Numbers that the coefficients of a program take, and what works with them."""
    if isinstance(program, ArrayProgram):
        from taylor_runtime.arrays.series import workspace_size

        return workspace_size(program, states.element)
    if has_common_functions(program):
        return Room.of(program, states).size
    return Layout.of(program).size
