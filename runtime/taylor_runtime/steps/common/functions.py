"""The rules of steps as functions, which the quick code of all systems calls.

What a system has of its own are its series.  All else depends on how a trajectory is asked for
alone, on the order of the series, and on the number of places of its state vector. The last two
these functions are told: they are compiled once for all systems.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import cast

import numpy as np

from taylor_runtime.ir.builder import Builder, define_function
from taylor_runtime.ir.fields import Fields
from taylor_runtime.ir.module import Module
from taylor_runtime.ir.types import I64
from taylor_runtime.ir.values import Value
from taylor_runtime.steps.common.alone import AloneRules
from taylor_runtime.steps.common.norms import PlaceNorms
from taylor_runtime.steps.common.rules import StepperOptions, StepVectors
from taylor_runtime.steps.control import Control
from taylor_runtime.steps.records import Recorder
from taylor_runtime.steps.states import StateRows, plane_length
from taylor_runtime.steps.stepsize import Truncation

RESUME, CHECK, MEASURE, CHOOSE = FUNCTIONS = tuple(
    f"taylor.steps.{name}" for name in ("resume", "check", "measure", "choose")
)
# What a function says is next, where it is not why to return to Python: go on; go on, but write the
# step's record first; start the turn anew; begin anew.
RECORD, GO_ON, AGAIN, BEGIN = range(-12, -8)

ADDRESSES = (
    "states",
    "parameters",
    "records",
    "grid",
    "tolerances",
    "scratch",  # vectors like the state's: slopes, the last two coefficients; and one number, tau
    "weights",
)
COUNTS = (
    "size",  # of the state vector
    "plane",  # its parts
    "scratch_plane",
    "length",  # of a record
    "order",
    "window",  # see `stepsize.Truncation`
)
NUMBERS = ("log2_safety", "defect")
FRAME = np.dtype(
    [(name, np.int64) for name in (*ADDRESSES, *COUNTS)] + [(name, np.float64) for name in NUMBERS]
)
VECTORS_OF_SCRATCH = 3


def scratch_plane(size: int) -> int:
    """Numbers in each part of the scratch memory for a state vector."""
    return plane_length(VECTORS_OF_SCRATCH * size + 1)


def common_options(options: StepperOptions) -> StepperOptions:
    """What the functions depend on."""
    return replace(options, log2_safety=0.0, unrolled=False, compensated=False, calls_python=False)


def common_functions(options: StepperOptions) -> Module:
    """`i64 <name>(control, frame)` for each of `FUNCTIONS`, in a text of its own."""
    module = Module(quick=True)
    parameters = [("ptr noalias", "control"), ("ptr noalias", "frame")]
    parts: dict[str, Callable[[_Functions], Value]] = {
        RESUME: _Functions.resumed,
        CHECK: _Functions.checked,
        MEASURE: _Functions.measured,
        CHOOSE: _Functions.chosen,
    }
    for name, part in parts.items():
        with define_function(module, name, "i64", parameters, "nounwind") as (b, arguments):
            control, frame = arguments
            rules = _Functions(b, options, Control(b, control), Fields(b, frame, FRAME))
            b.ret(part(rules))
            for label, code in ((rules.top, AGAIN), (rules.begin, BEGIN)):
                b.label(label)
                b.ret(b.constant(code, I64))
    return module


class _Functions(AloneRules):
    """Each in a function of its own, to which the frame tells what there is."""

    def __init__(
        self, b: Builder, options: StepperOptions, control: Control, frame: Fields
    ) -> None:
        element, size = options.element, frame.get("size")
        states = b.planes(frame.address("states"), frame.get("plane"), element)
        scratch = b.planes(frame.address("scratch"), frame.get("scratch_plane"), element)
        self.slopes, self.last, self.last_but_one, self.tau = (
            [b.at(scratch, size * k, element)] for k in range(VECTORS_OF_SCRATCH + 1)
        )
        rows = StateRows((), (), (), (), cast(int, size), element)  # known at run time alone
        tolerances, weights = frame.address("tolerances"), frame.address("weights")
        found = partial(frame.get, "defect")
        norms = PlaceNorms(b, rows, options.weighted, tolerances, weights, found)
        places = frame.address("records"), frame.address("grid")
        ends = Truncation(*map(frame.get, ("order", "log2_safety", "window")))
        recorder = Recorder(b, control, *places, rows, ends.order, frame.get("length"))
        self.parameters = frame.address("parameters")
        vectors = StepVectors.at(b, states, size, element)
        super().__init__(b, options, ends, control, rows, vectors, norms, recorder)

    @property
    def leaves_at_switches(self) -> bool:  # type: ignore[override]
        return self.options.taped

    def resumed(self) -> Value:
        self.resume()
        return self.b.constant(GO_ON, I64)

    def checked(self) -> Value:
        self.check()
        return self.b.constant(GO_ON, I64)

    def measured(self) -> Value:
        _, found = self.measure(self.last, self.last_but_one)
        wanted = self.recorder.wanted(self.step_size.needs_record(found))
        return self.b.select(wanted, self.b.constant(RECORD, I64), GO_ON)

    def chosen(self) -> Value:
        h, last, size = self.choose(self.point(), self.step_size.kept())
        (tau,) = self.tau
        self.b.store(self.time.scaled(h, last, self.scale), tau)
        self.advance(h, last, size)
        return self.b.constant(GO_ON, I64)
