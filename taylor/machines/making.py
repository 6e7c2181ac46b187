"""The machine of an integrator: compiled for what it was asked for."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from taylor.expressions.types import Named
from taylor.machines.composed import ComposedMachine
from taylor.machines.flow import FlowMachine
from taylor.machines.machine import Machine
from taylor.numbers.precision import Precision
from taylor.numbers.types import Numbers
from taylor.systems import arguments
from taylor.systems.names import Names
from taylor.systems.parts import compile_flow, compile_stepper
from taylor.systems.system import Equations, System, make_system
from taylor.systems.tolerance import MOST_ORDER, Tolerance, candidates, log2_safety
from taylor.systems.variational import Variations
from taylor_runtime.callables.stepper import StepperOptions
from taylor_runtime.program.records import dataclass


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How accurate steps are to be.

    order: of the series; chosen by cost near the one that belongs to the tolerance if it is None.
    """

    tolerance: Tolerance
    order: int | None
    compensated: bool
    kind: Precision


def make_machine(system: System, accuracy: Accuracy, variations: Variations | None) -> Machine:
    """Compile the step loop of a system without conditions, perhaps with derivatives."""
    tolerance = accuracy.tolerance
    natural = min(tolerance.order(), MOST_ORDER)
    order = natural if accuracy.order is None else accuracy.order
    options = StepperOptions(
        log2_safety=log2_safety(order, natural),
        weighted=tolerance.floors is not None,
        compensated=accuracy.compensated,
        precision=accuracy.kind.name,
    )
    bound, floors = tolerance.defect_bound, tolerance.floors
    if variations is None:
        orders = candidates(natural) if accuracy.order is None else ()
        return Machine(compile_stepper(system, order, options, orders), bound, floors)
    inner = variations.without_time(len(system))
    compiled = inner or variations
    stepper = compile_flow(system, order, options, compiled)
    own = np.zeros(len(system)) if floors is None else floors
    degrees = compiled.space.monomials.degrees[1:]
    others = np.array(variations.weights)[degrees]
    weights = np.concatenate([own, np.tile(others, len(system))])
    machine = (FlowMachine if inner is None else ComposedMachine)(stepper, bound, weights)
    machine.space = variations.space
    if inner is not None and isinstance(machine, ComposedMachine):
        machine.displace(inner)
    return machine


def begun(
    equations: System | Equations,
    state: Numbers | Named[Numbers],
    parameters: Named[Numbers] | Numbers | None,
    kind: Precision,
) -> tuple[System, Names, np.ndarray]:
    """The system of some equations, the names of its states, and the initial state (n,) or (n, 2).

    A function's states are counted by the initial ones, its parameters by an array of them.

    Raises what is wrong with any of these.
    """
    plain = callable(equations)
    initial = arguments.initial_state(state, kind) if plain else np.empty(0)
    named = parameters is None or isinstance(parameters, Mapping)
    listed = 0 if named else len(np.atleast_1d(np.asarray(parameters, dtype=object)))
    made = make_system(equations, len(initial), listed)
    names = Names(made.states, "state")
    return made, names, initial if plain else arguments.initial_state(state, kind, names)
