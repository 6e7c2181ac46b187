"""Back end of taylor: programs of Taylor coefficients -> machine code.

Public names are imported when first asked for, LLVM and cffi when first needed, unless `prepare`
does it all at once.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from taylor_runtime.atomic import TEMPORARY as TEMPORARY
    from taylor_runtime.atomic import write_file as write_file
    from taylor_runtime.batch_build import BatchStepper as BatchStepper
    from taylor_runtime.batch_build import batch_pays as batch_pays
    from taylor_runtime.batch_build import build_batch as build_batch
    from taylor_runtime.build import Detector as Detector
    from taylor_runtime.build import Formula as Formula
    from taylor_runtime.build import Jet as Jet
    from taylor_runtime.build import Stepper as Stepper
    from taylor_runtime.build import aligned_planes as aligned_planes
    from taylor_runtime.build import aligned_zeros as aligned_zeros
    from taylor_runtime.build import build_detector as build_detector
    from taylor_runtime.build import build_formula as build_formula
    from taylor_runtime.build import build_jet as build_jet
    from taylor_runtime.build import build_stepper as build_stepper
    from taylor_runtime.build import work as work
    from taylor_runtime.cache import CacheWarning as CacheWarning
    from taylor_runtime.control import CONTROL as CONTROL
    from taylor_runtime.control import EVENT_ASKED as EVENT_ASKED
    from taylor_runtime.control import EVENT_CUT as EVENT_CUT
    from taylor_runtime.control import EVENT_STOP as EVENT_STOP
    from taylor_runtime.control import EVENTS_FULL as EVENTS_FULL
    from taylor_runtime.control import NON_FINITE as NON_FINITE
    from taylor_runtime.control import REACHED as REACHED
    from taylor_runtime.control import RECORD_HEADER as RECORD_HEADER
    from taylor_runtime.control import RECORDS_FULL as RECORDS_FULL
    from taylor_runtime.control import ROW as ROW
    from taylor_runtime.control import RUNNING as RUNNING
    from taylor_runtime.control import SLIDING as SLIDING
    from taylor_runtime.control import STEP_UNDERFLOW as STEP_UNDERFLOW
    from taylor_runtime.engine import CompileError as CompileError
    from taylor_runtime.engine import prepare as prepare
    from taylor_runtime.events.block import ASK as ASK
    from taylor_runtime.events.block import CUT as CUT
    from taylor_runtime.events.block import EVENT_BLOCK as EVENT_BLOCK
    from taylor_runtime.events.block import EVENT_HEADER as EVENT_HEADER
    from taylor_runtime.events.block import EVENT_TABLE as EVENT_TABLE
    from taylor_runtime.events.block import GO as GO
    from taylor_runtime.events.block import PART as PART
    from taylor_runtime.events.block import RECORD as RECORD
    from taylor_runtime.events.block import STOP as STOP
    from taylor_runtime.events.block import SWITCH as SWITCH
    from taylor_runtime.events.roots import EVENT_MEMORY as EVENT_MEMORY
    from taylor_runtime.events.roots import binomials as binomials
    from taylor_runtime.expansion_build import Expansion as Expansion
    from taylor_runtime.expansion_build import build_expansion as build_expansion
    from taylor_runtime.expansions import ExpansionOptions as ExpansionOptions
    from taylor_runtime.explain import Instructions as Instructions
    from taylor_runtime.explain import Pack as Pack
    from taylor_runtime.explain import count_instructions as count_instructions
    from taylor_runtime.explain import explain_program as explain_program
    from taylor_runtime.facts import info as info
    from taylor_runtime.garbage import uncollected as uncollected
    from taylor_runtime.grid import grid_filler as grid_filler
    from taylor_runtime.layout import CHUNK as CHUNK
    from taylor_runtime.mathlib.arrays import kernel_values as kernel_values
    from taylor_runtime.mathlib.kernel import KernelFunction as KernelFunction
    from taylor_runtime.mathlib.tables import entry_kernel as entry_kernel
    from taylor_runtime.mathlib.tables import place_kernel as place_kernel
    from taylor_runtime.newton import inner_kernels as inner_kernels
    from taylor_runtime.newton import inverse_kernel as inverse_kernel
    from taylor_runtime.newton import kernel_result as kernel_result
    from taylor_runtime.newton import newton_kernel as newton_kernel
    from taylor_runtime.polynomials.kernels import is_small as is_small
    from taylor_runtime.polynomials.kernels import polynomial_compose as polynomial_compose
    from taylor_runtime.polynomials.kernels import polynomial_product as polynomial_product
    from taylor_runtime.polynomials.kernels import polynomial_values as polynomial_values
    from taylor_runtime.python_calls import calls_python as calls_python
    from taylor_runtime.python_calls import python_function as python_function
    from taylor_runtime.serial import row_loop as row_loop
    from taylor_runtime.serial import run_rows as run_rows
    from taylor_runtime.states import VECTORS as VECTORS
    from taylor_runtime.step_loop import StepperOptions as StepperOptions
    from taylor_runtime.target import Target as Target
    from taylor_runtime.threads import in_shares as in_shares
    from taylor_runtime.threads import shares as shares

# The same names by module; a test compares the two lists.
_NAMES = {
    "atomic": "TEMPORARY write_file",
    "batch_build": "BatchStepper batch_pays build_batch",
    "build": (
        "Detector Formula Jet Stepper aligned_planes aligned_zeros build_detector build_formula "
        "build_jet build_stepper work"
    ),
    "cache": "CacheWarning",
    "control": (
        "CONTROL EVENT_ASKED EVENT_CUT EVENT_STOP EVENTS_FULL NON_FINITE REACHED RECORD_HEADER "
        "RECORDS_FULL ROW RUNNING SLIDING STEP_UNDERFLOW"
    ),
    "engine": "CompileError prepare",
    "events.block": "ASK EVENT_BLOCK CUT EVENT_HEADER GO PART RECORD STOP SWITCH EVENT_TABLE",
    "events.roots": "EVENT_MEMORY binomials",
    "explain": "Instructions Pack count_instructions explain_program",
    "expansion_build": "Expansion build_expansion",
    "expansions": "ExpansionOptions",
    "facts": "info",
    "garbage": "uncollected",
    "grid": "grid_filler",
    "layout": "CHUNK",
    "mathlib.kernel": "KernelFunction",
    "mathlib.tables": "entry_kernel place_kernel",
    "newton": "inner_kernels inverse_kernel kernel_result newton_kernel",
    "mathlib.arrays": "kernel_values",
    "polynomials.kernels": "is_small polynomial_compose polynomial_product polynomial_values",
    "python_calls": "calls_python python_function",
    "serial": "row_loop run_rows",
    "states": "VECTORS",
    "step_loop": "StepperOptions",
    "target": "Target",
    "threads": "in_shares shares",
}
_HOME = {name: module for module, names in _NAMES.items() for name in names.split()}
_MODULES = ("cache", "monomials", "program")  # public as a whole


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    if name not in _HOME:
        raise AttributeError(f"module 'taylor_runtime' has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME, *_MODULES])
