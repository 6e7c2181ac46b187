"""What integrators are made of: the compiled step loop, and what copies share or make anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from taylor.expressions.expression import Expression
from taylor.recurrences.lowered import lowered
from taylor.systems.system import System
from taylor.systems.variational import Variations
from taylor_runtime.callables.stepper import (
    Stepper,
    StepperOptions,
    build_flow,
    build_stepper,
)
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
        "_flow",
        "_variations",
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
    inputs = _inputs(system)
    program, externals = lowered(
        system.states, inputs, order, system.derivatives, options.precision
    )
    degree = polynomial_degree(program)
    options = replace(options, polynomial=degree is not None and degree <= order)
    return build_stepper(program, options, externals, orders)


def compile_flow(
    system: System, order: int, options: StepperOptions, variations: Variations
) -> Stepper:
    """The machine code that steps a system together with the derivatives of its solution."""
    inputs = _inputs(system)
    for k, place in enumerate(variations.parameters):
        inputs[system.parameters[place]] = Input("jet", (k,))
    program, externals = lowered(
        system.states, inputs, order, system.derivatives, options.precision
    )
    among, count = variations.space.monomials, len(system.parameters)
    return build_flow(program, count, among, options, externals)


def _inputs(system: System) -> dict[Expression, Input]:
    inputs = {e: Input("state", (i,)) for i, e in enumerate(system.states)}
    inputs |= {e: Input("parameter", (i,)) for i, e in enumerate(system.parameters)}
    return inputs
