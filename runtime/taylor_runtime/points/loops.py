"""Kernels with loops and branches inside: a loop of machine code for all lanes at once.

A lane that is done keeps its values while others go on, so that its results depend on no other.
Which lanes count at all is the first argument of every such kernel: a loop inside another does not
wait for lanes that the outer one has left, nor one in a branch for those that have not taken it.
What goes from turn to turn stays in registers.
"""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.arithmetic.kernel_calls import systems
from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.types import Type
from taylor_runtime.ir.values import Value
from taylor_runtime.mathlib.basics.kernel import KernelFunction
from taylor_runtime.points.inside import formula
from taylor_runtime.program.kernels import BranchSystem, LoopSystem
from taylor_runtime.program.kinds import ELEMENTS
from taylor_runtime.program.program import Kernel, Program

WRITTEN_OUT = 4  # kernels of a turn that are no function of their own
SHORT = frozenset(("lt", "le", "gt", "ge", "eq", "ne", "and", "or", "not", "where", "div"))


def loop_system(system: LoopSystem) -> KernelFunction:
    """All values that a loop leaves behind."""

    def emit(b: Builder, active: Value, *given: Value) -> Sequence[Value]:
        carries = given[len(given) - system.carries :]
        rest = given[: len(given) - system.carries]
        if system.condition is not None:
            return _while(b, system, active, rest, carries)
        if system.bounds is not None:
            return _counted(b, system, active, rest, carries)
        return _between(b, system, active, rest, carries)

    return KernelFunction(
        system.name, system.arity, emit, results=system.carries, inline=True, generic=True
    )


def _while(
    b: Builder,
    system: LoopSystem,
    active: Value,
    constants: Sequence[Value],
    carries: Sequence[Value],
) -> list[Value]:
    condition = system.condition
    assert condition is not None
    going: list[Value] = []

    def test(carried: list[Value]) -> Value:
        *values, alive = carried
        (found,) = _turn(b, condition, [_number(b, alive, active), *constants, *values])
        going.append(alive & b.ne(found, 0))
        return b.any_lane(going[-1])

    def turn(carried: list[Value]) -> list[Value]:
        values, alive = carried[:-1], going.pop()
        after = _turn(b, system.body, [_number(b, alive, active), *constants, *values])
        return [*_kept(b, alive, after, values), alive]

    return b.while_([*carries, b.ne(active, 0)], test, turn)[:-1]


def _between(
    b: Builder, system: LoopSystem, active: Value, rest: Sequence[Value], carries: Sequence[Value]
) -> list[Value]:
    """Turns from a lower to an upper bound, which lanes need not share."""
    (lower, upper), constants = rest[:2], rest[2:]
    counts = b.ne(active, 0)
    going: list[Value] = []

    def test(carried: list[Value]) -> Value:
        going.append(counts & b.compare("lt", carried[0], upper))
        return b.any_lane(going[-1])

    def turn(carried: list[Value]) -> list[Value]:
        (index, *values), alive = carried, going.pop()
        given = [_number(b, alive, active), *constants, index, *values]
        return [index + 1, *_kept(b, alive, _turn(b, system.body, given), values)]

    return b.while_([lower, *carries], test, turn)[1:]


def _counted(
    b: Builder,
    system: LoopSystem,
    active: Value,
    constants: Sequence[Value],
    carries: Sequence[Value],
) -> list[Value]:
    """Turns between bounds that are known: no lane is ever done before the others."""
    assert system.bounds is not None

    def turn(index: int | Value, values: list[Value]) -> Sequence[Value]:
        assert isinstance(index, Value)
        given = [active, *constants, _as_number(b, index, active.type), *values]
        return _turn(b, system.body, given)

    return b.fold(*system.bounds, carries, turn)


def branch_system(system: BranchSystem) -> KernelFunction:
    """All values of the branch that is taken; one that no lane takes is left out."""

    def emit(b: Builder, active: Value, index: Value, *constants: Value) -> Sequence[Value]:
        left = b.ne(active, 0)
        zeros = [b.constant(0, active.type)] * system.results
        results = zeros
        for number, program in enumerate(system.branches):
            taken = left
            if number < len(system.branches) - 1:
                taken = taken & b.compare("lt", index, number + 1)
                left = left & ~taken

            def values(program=program, taken=taken) -> Sequence[Value]:  # type: ignore[no-untyped-def]
                return _turn(b, program, [_number(b, taken, active), *constants])

            found = b.if_(b.any_lane(taken), values, lambda: zeros)
            results = _kept(b, taken, found, results)
        return results

    return KernelFunction(
        system.name, system.arity, emit, results=system.results, inline=True, generic=True
    )


def _kept(b: Builder, alive: Value, after: Sequence[Value], before: Sequence[Value]) -> list[Value]:
    return [b.select(alive, new, old) for new, old in zip(after, before, strict=True)]


def _number(b: Builder, condition: Value, like: Value) -> Value:
    """A truth value as a number."""
    return b.select(condition, b.constant(1, like.type), 0)


def _as_number(b: Builder, index: Value, type_: Type) -> Value:
    """A count of turns in all lanes."""
    value = b.from_double(b.cast("sitofp", index, "double"), type_.element)
    return b.splat(value, type_.lanes) if type_.lanes else value


def _turn(b: Builder, program: Program, values: Sequence[Value]) -> list[Value]:
    """The outputs of a formula inside, its kernels written out where they are few: turns are a
    chain, in which a call costs a tenth of a sine.
    """
    kernels = [row.start.function for row in program.rows if isinstance(row.start, Kernel)]
    called = [name for name in kernels if isinstance(name, str) and name not in SHORT]
    before = b.writes_out
    b.writes_out = len(called) <= WRITTEN_OUT and not ELEMENTS[values[0].type.element].is_finer
    try:
        return formula(b, program, values)
    finally:
        b.writes_out = before


systems[LoopSystem] = loop_system
systems[BranchSystem] = branch_system
