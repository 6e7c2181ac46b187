"""Solutions of differential equations called from XLA, see `drivers.solve`."""

from __future__ import annotations

from taylor_runtime.drivers.solve import Solve, SolveCall, declared
from taylor_runtime.ir.values import Value
from taylor_runtime.points.blocks import memory
from taylor_runtime.points.xla_handler import Handling, handler_text


def solve_module(solve: Solve, element: str) -> str:
    """IR text of the handler; arrays of XLA's are of doubles or floats."""

    def run(handling: Handling, arrays: Value) -> Value:
        call = SolveCall(handling.b, solve, element, arrays)
        with memory(handling.b, solve.size, "double") as block:
            done = call.run(block)
        return handling.b.if_(
            done, lambda: [handling.nothing()], lambda: [handling.entered(arrays)]
        )[0]

    counts = [1] * len(solve.inputs), [1] * len(solve.outputs)
    return handler_text(*counts, 8, run, declared(), python=True)
