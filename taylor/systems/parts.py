"""What integrators are made of: the compiled step loop, and what copies share or make anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from weakref import WeakValueDictionary

from taylor.errors import UnsupportedFunctionError
from taylor.expressions.expression import Expression
from taylor.numbers.precision import as_precision
from taylor.recurrences.arrays import lower_arrays
from taylor.recurrences.degree import polynomial_degree
from taylor.recurrences.externals import check_has_digits, externals
from taylor.recurrences.lowered import lowered
from taylor.systems.elements import Elements
from taylor.systems.system import System
from taylor.systems.variational import Variations
from taylor.transforms.differentiate import grad_expressions
from taylor.transforms.expansion import unified
from taylor_runtime.callables.process import Target, cache
from taylor_runtime.callables.stepper import (
    Entry,
    Jacobian,
    Stepper,
    StepperOptions,
    build_array_stepper,
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
        "_past",
        "_front",
        "_driver",
        "_names",
    }
)


MOST_FLOWS = 8  # that are kept
MOST_LINEAR = 64  # first derivatives, of which it is asked whether equations of their own pay


def compile_stepper(
    system: System, order: int, options: StepperOptions, orders: Sequence[tuple[int, float]]
) -> Stepper:
    """The machine code that steps a system with series of an order, or of the best of `orders`."""
    if system.blocks:
        return _of_arrays(system, order, options)
    asked = (system.states, tuple(system.derivatives), system.parameters)
    key = (*asked, order, options, tuple(orders), Target.host())
    known = _steppers.get(key)
    if known is not None:
        return known
    inputs = _inputs(system)
    program, called = lowered(system.states, inputs, order, system.derivatives, options.precision)
    degree = polynomial_degree(program)
    options = replace(options, polynomial=degree is not None and degree <= order)
    made = build_stepper(program, options, called, orders)
    if not called:  # what is called may be another function tomorrow
        _steppers[key] = made
    return made


# Steppers that somebody has, by what was asked for: copies come from pickles, too.
_steppers: WeakValueDictionary[tuple[Any, ...], Stepper] = WeakValueDictionary()


def _of_arrays(system: System, order: int, options: StepperOptions) -> Stepper:
    inputs: dict[Expression, Input] = {}
    first = 0
    for state, _ in system.blocks:
        inputs[state] = Input("state", (first,))
        first += state.size
    if isinstance(system.parameters, Elements):
        for leaf, place in system.parameters.first.items():
            inputs[leaf] = Input("parameter", (place,))
    else:
        for place, e in enumerate(system.parameters):
            inputs.setdefault(e.args[0] if e.op == "index" else e, Input("parameter", (place,)))
    found = lower_arrays([], inputs, order, system.blocks)
    kind = as_precision(options.precision)
    if kind.is_finer:
        check_has_digits(found.program)
    memory = found.planes(kind), found.table
    return build_array_stepper(found.program, memory, options, externals(found.program))


def compile_flow(
    system: System, order: int, options: StepperOptions, variations: Variations
) -> Stepper:
    """The machine code that steps a system together with the derivatives of its solution.

    Of what was asked for last some is kept: whoever makes one map after the other makes integrators
    of one system, and each is gone before the next.
    """
    among, count = variations.space.monomials, len(system.parameters)
    asked = (system.states, tuple(system.derivatives), system.parameters)
    displaced = (among.variables, among.order, among.limits, variations.parameters)
    key = (*asked, order, options, displaced, Target.host())
    known = _flows.get(key) if cache.is_enabled() else None
    if known is not None:
        return known
    made = _linear_flow(system, order, options, variations)
    if made is None:
        inputs = _inputs(system)
        for k, place in enumerate(variations.parameters):
            inputs[system.parameters[place]] = Input("jet", (k,))
        program, called = lowered(
            system.states, inputs, order, system.derivatives, options.precision
        )
        made = build_flow(program, count, among, options, called)
    if not made.options.calls_python and cache.is_enabled():
        _flows[key] = made
        if len(_flows) > MOST_FLOWS:
            _flows.pop(next(iter(_flows)), None)
    return made


_flows: dict[tuple[Any, ...], Stepper] = {}  # by what was asked for, the oldest first


def _linear_flow(
    system: System, order: int, options: StepperOptions, variations: Variations
) -> Stepper | None:
    """The same by equations for first derivatives alone; None where these are not known, or do not
    pay.
    """
    among, inputs = variations.space.monomials, _inputs(system)
    if among.order > 1 or len(system) * (among.size - 1) > MOST_LINEAR:
        return None
    try:
        entries = jacobian(system, variations)
        outputs = [*system.states, *(e for _, e in entries if e is not None)]
        program, called = lowered(outputs, inputs, order, system.derivatives, options.precision)
    except UnsupportedFunctionError:  # functions whose derivatives are none that we have
        return None
    known = Jacobian(tuple(entry for entry, _ in entries), len(variations.parameters))
    return build_linear(program, known, len(system.parameters), among, options, called)


def jacobian(system: System, variations: Variations) -> list[tuple[Entry, Expression | None]]:
    """The entries of a right-hand side's Jacobian that are not zero, those that are no numbers with
    their formulas.

    Raises UnsupportedFunctionError for functions without a derivative.
    """
    by = [*system.states, *(system.parameters[place] for place in variations.parameters)]
    found: list[tuple[Entry, Expression | None]] = []
    for i, right in enumerate(system.derivatives):
        for j, one in enumerate(grad_expressions(right, by)):
            if one.op != "constant" or isinstance(one.payload, float):  # infinite, or no number
                found.append((Entry(i, j), one))
            elif one.payload != 0:
                found.append((Entry(i, j, one.payload), None))
    shared = iter(unified([e for _, e in found if e is not None]))
    return [(entry, None if e is None else next(shared)) for entry, e in found]


def _inputs(system: System) -> dict[Expression, Input]:
    inputs = {e: Input("state", (i,)) for i, e in enumerate(system.states)}
    inputs |= {e: Input("parameter", (i,)) for i, e in enumerate(system.parameters)}
    return inputs
