"""What integrators are made of: the compiled step loop, and what copies share or make anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from taylor.recurrences.lowered import lowered
from taylor.systems.system import System
from taylor_runtime.callables.stepper import Stepper, StepperOptions, build_stepper
from taylor_runtime.program.degree import polynomial_degree
from taylor_runtime.program.program import Input

# What `__copy__` makes anew, or what never changes and may be shared.
COPIED = frozenset(
    {
        "system",
        "_kind",
        "_tolerance",
        "_schedule",
        "_model",
        "_modelled",
        "_machine",
        "_detection",
        "_steering",
        "_watch",
        "_state",
        "_parameters",
        "_running",
        "_past",
        "_known",
        "_names",
    }
)


def compile_stepper(
    system: System, order: int, options: StepperOptions, orders: Sequence[tuple[int, float]]
) -> Stepper:
    """The machine code that steps a system with series of an order, or of the best of `orders`."""
    inputs = {e: Input("state", (i,)) for i, e in enumerate(system.states)}
    inputs |= {e: Input("parameter", (i,)) for i, e in enumerate(system.parameters)}
    program, externals = lowered(
        system.states, inputs, order, system.derivatives, options.precision
    )
    degree = polynomial_degree(program)
    options = replace(options, polynomial=degree is not None and degree <= order)
    return build_stepper(program, options, externals, orders)
