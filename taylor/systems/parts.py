"""What integrators are made of: the compiled step loop, and what copies share or make anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from taylor.errors import UnsupportedFunctionError
from taylor.expressions.expression import Expression
from taylor.recurrences.degree import polynomial_degree
from taylor.recurrences.lowered import lowered
from taylor.systems.system import System
from taylor.systems.variational import Variations
from taylor.transforms.differentiate import grad_expressions
from taylor.transforms.expansion import unified
from taylor_runtime.callables.stepper import (
    Entry,
    Jacobian,
    Stepper,
    StepperOptions,
    build_flow,
    build_linear,
    build_stepper,
)
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


MOST_LINEAR = 64  # first derivatives, of which it is asked whether equations of their own pay


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
    among, count = variations.space.monomials, len(system.parameters)
    inputs = _inputs(system)
    small = among.order == 1 and len(system) * (among.size - 1) <= MOST_LINEAR
    entries = jacobian(system, variations) if small else None
    if entries is not None:
        outputs = [*system.states, *(e for _, e in entries if e is not None)]
        program, externals = lowered(outputs, inputs, order, system.derivatives, options.precision)
        known = Jacobian(tuple(entry for entry, _ in entries), len(variations.parameters))
        made = build_linear(program, known, count, among, options, externals)
        if made is not None:
            return made
    for k, place in enumerate(variations.parameters):
        inputs[system.parameters[place]] = Input("jet", (k,))
    program, externals = lowered(
        system.states, inputs, order, system.derivatives, options.precision
    )
    return build_flow(program, count, among, options, externals)


def jacobian(
    system: System, variations: Variations
) -> list[tuple[Entry, Expression | None]] | None:
    """The entries of a right-hand side's Jacobian that are not zero; None if there is one that
    nothing is known of.
    """
    by = [*system.states, *(system.parameters[place] for place in variations.parameters)]
    found: list[tuple[Entry, Expression | None]] = []
    for i, right in enumerate(system.derivatives):
        try:
            partials = grad_expressions(right, by)
        except UnsupportedFunctionError:
            return None
        for j, one in enumerate(partials):
            if one.op != "constant":
                found.append((Entry(i, j), one))
            elif one.payload != 0:
                found.append((Entry(i, j, one.payload), None))
    shared = iter(unified([e for _, e in found if e is not None]))
    return [(entry, None if e is None else next(shared)) for entry, e in found]


def _inputs(system: System) -> dict[Expression, Input]:
    inputs = {e: Input("state", (i,)) for i, e in enumerate(system.states)}
    inputs |= {e: Input("parameter", (i,)) for i, e in enumerate(system.parameters)}
    return inputs
