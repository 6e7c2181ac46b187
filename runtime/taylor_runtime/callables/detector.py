"""A compiled search for events."""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.callables.cost import choose
from taylor_runtime.callables.python_calls import Externals, calls_python
from taylor_runtime.engine.compiler import Module, compile_ir
from taylor_runtime.events.block import Areas, DetectorOptions, event_length
from taylor_runtime.events.detector import DETECT, detector_module
from taylor_runtime.events.roots import SCAN, scan_module
from taylor_runtime.passes.compensate import compensate
from taylor_runtime.program.kinds import ELEMENTS
from taylor_runtime.program.lines import body
from taylor_runtime.program.program import Program
from taylor_runtime.program.records import dataclass
from taylor_runtime.steps.states import StateRows


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
    program = compensate(program, ELEMENTS[element])
    program, unrolled = choose(program, element)
    parts = formulas.slots("sign") if formulas is not None else 0
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
    programs = [program, noise, enclosures, *([] if formulas is None else [formulas])]
    scan = compile_ir(scan_module, [SCAN], label="scan", source="scan")
    module = compile_ir(
        lambda: detector_module(program, noise, enclosures, formulas, options),
        [DETECT],
        externals={**(externals or {}), SCAN: scan.address(SCAN)},
        label="detector",
        source="\n".join([f"detector {options}", *map(body, programs)]),
    )
    areas = Areas.of(program, options)
    return Detector(module, scan, program, options, module.address(DETECT), areas)
