"""Handlers that XLA calls for solutions of differential equations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from taylor_runtime.callables.foreign.xla import Handler, Operand, entry_of
from taylor_runtime.callables.trajectories.solves import Targets, linked, solve_of
from taylor_runtime.drivers.solve import Moves
from taylor_runtime.drivers.xla_solve import solve_module
from taylor_runtime.engine.compiler import Options, compile_ir
from taylor_runtime.points.xla_handler import HANDLER, PYTHON


def solve_handler(
    targets: Targets,
    settings: dict[str, float],
    inputs: Sequence[Moves],
    outputs: Sequence[Moves],
    otherwise: tuple[Callable[..., Sequence[Any]], Sequence[Operand], Sequence[Operand]],
) -> Handler | None:
    """The handler of a solution that nothing happens to on its way; None for other kinds of numbers
    and equations that call Python.

    Arguments as of `solve_of`.
    otherwise: a Python function of all arguments that knows more, as for `python_handler`, for what
        does not come to its end.
    """
    solve = solve_of(targets, settings, inputs, outputs)
    if solve is None:
        return None
    element = "double" if otherwise[2][0][1] == "float64" else "float"
    entry = entry_of(*otherwise)
    module = compile_ir(
        lambda: solve_module(solve, element),
        [HANDLER],
        options=Options(codegen=0),
        externals={**linked(targets.machine), PYTHON: entry.address},
        label="XLA handler",
    )
    return Handler(module.address(HANDLER), "", (module, targets.machine, entry))
