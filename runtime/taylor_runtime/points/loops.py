"""Kernels with loops and branches inside: a loop of machine code for all lanes at once.

A lane that is done keeps its values while others go on, so that its results depend on no other.
Which lanes count at all is the first argument of every such kernel: a loop inside another does not
wait for lanes that the outer one has left, nor one in a branch for those that have not taken it.
What goes from turn to turn stays in registers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from taylor_runtime.arithmetic.carried import Carried, spans_of, turns_of
from taylor_runtime.arithmetic.kernel_calls import systems, written_out
from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.values import Value
from taylor_runtime.mathlib.basics.kernel import KernelFunction
from taylor_runtime.passes.turns import zeros_wanted
from taylor_runtime.points.inside import formula, formula_after
from taylor_runtime.program.kernels import BranchSystem, LoopSystem
from taylor_runtime.program.program import Program


def loop_system(system: LoopSystem) -> KernelFunction:
    """All values that a loop leaves behind."""

    def emit(b: Builder, active: Value, *given: Value) -> Sequence[Value]:
        loop = _Loop(b, system, active, given)
        if system.condition is not None:
            return loop.while_(system.condition)
        return loop.counted() if system.bounds is not None else loop.between()

    return KernelFunction(
        system.name,
        system.arity,
        emit,
        results=system.carries,
        inline=True,
        generic=True,
        counts=True,
    )


class _Loop:
    """One loop.

    active: whether a lane counts.
    """

    def __init__(
        self, b: Builder, system: LoopSystem, active: Value, given: Sequence[Value]
    ) -> None:
        self.b, self.system, self.active = b, system, active
        self.carries = given[len(given) - system.carries :]
        self.rest = given[: len(given) - system.carries]
        turns = turns_of(b, lambda known: known.loop(system, spans_of(b, given)))
        self.carried = Carried(b, turns, system.carries)

    def while_(self, condition: Program) -> list[Value]:
        b, carried, active, count = self.b, self.carried, self.active, len(self.carries)
        going: list[Value] = []
        counts = b.ne(active, 0)
        alone = [] if b.decided(counts) else [counts]  # whoever is here alone goes on until the end

        def test(state: list[Value]) -> Value:
            alive = state[count] if alone else counts
            given = [b.truth(alive, active), *self.rest, *carried.before(state[:count])]
            (found,) = _turn(b, condition, given)
            going.append(alive & b.ne(found, 0))
            return b.any_lane(going[-1])

        def turn(state: list[Value]) -> list[Value]:
            values, alive = carried.inside(state[:count]), going.pop()
            after = _turn(b, self.system.body, [b.truth(alive, active), *self.rest, *values])
            return [*carried.after(_kept(b, alive, after, values)), *([alive] if alone else [])]

        def ending(number: int, state: list[Value]) -> tuple[Value, Callable[[], list[Value]]]:
            going.pop()
            given = [b.truth(counts, active), *self.rest, *carried.inside(state)]
            with written_out(b, self.system.body.rows, active.type.element):
                stop, rest = formula_after(b, self.system.body, given, number)
                stopped = b.ne(stop, 0)

            def after() -> list[Value]:
                with written_out(b, self.system.body.rows, active.type.element):
                    return carried.after(rest())

            return stopped, after

        first, flag = carried.after(self.carries), None if alone else self._flag(condition)
        if flag is not None:
            return carried.before(b.while_until(first, test, partial(ending, flag)))
        return carried.before(b.while_([*first, *alone], test, turn)[:count])

    def _flag(self, condition: Program) -> int | None:
        """The carry that ends the loop where it is not zero, as `break` does."""
        if not self.b.counts:
            return None
        first = 1 + len(self.rest)
        flags = [slot - first for slot in zeros_wanted(condition) if slot >= first]
        return flags[0] if flags else None

    def between(self) -> list[Value]:
        """Turns from a lower to an upper bound, which lanes need not share."""
        b, carried, active = self.b, self.carried, self.active
        (lower, upper), constants = self.rest[:2], self.rest[2:]
        counts = b.ne(active, 0)
        going: list[Value] = []

        def test(state: list[Value]) -> Value:
            going.append(counts & b.compare("lt", carried.index(state[0]), upper))
            return b.any_lane(going[-1])

        def turn(state: list[Value]) -> list[Value]:
            index, alive = carried.index(state[0]), going.pop()
            values = carried.inside(state[1:])
            given = [b.truth(alive, active), *constants, index, *values]
            after = _kept(b, alive, _turn(b, self.system.body, given), values)
            return [carried.next(index), *carried.after(after)]

        first = [carried.first(lower), *carried.after(self.carries)]
        return carried.before(b.while_(first, test, turn)[1:])

    def counted(self) -> list[Value]:
        """Turns between bounds that are known: no lane is ever done before the others."""
        b, carried, bounds = self.b, self.carried, self.system.bounds
        assert bounds is not None

        def turn(index: int | Value, state: list[Value]) -> Sequence[Value]:
            assert isinstance(index, Value)
            number = carried.count(index, self.active.type)
            given = [self.active, *self.rest, number, *carried.inside(state)]
            return carried.after(_turn(b, self.system.body, given))

        return carried.before(b.fold(*bounds, carried.after(self.carries), turn))


def branch_system(system: BranchSystem) -> KernelFunction:
    """All values of the branch that is taken; one that no lane takes is left out."""

    def emit(b: Builder, active: Value, index: Value, *constants: Value) -> Sequence[Value]:
        if not active.lanes:
            return _chosen(b, system.branches, index, [active, *constants])
        left = b.ne(active, 0)
        zeros = [b.constant(0, active.type)] * system.results
        results = zeros
        for number, program in enumerate(system.branches):
            taken = left
            if number < len(system.branches) - 1:
                taken = taken & b.compare("lt", index, number + 1)
                left = left & ~taken

            def values(program=program, taken=taken) -> Sequence[Value]:  # type: ignore[no-untyped-def]
                return _turn(b, program, [b.truth(taken, active), *constants])

            found = b.if_(b.any_lane(taken), values, lambda: zeros)
            results = _kept(b, taken, found, results)
        return results

    return KernelFunction(
        system.name,
        system.arity,
        emit,
        results=system.results,
        inline=True,
        generic=True,
        counts=True,
    )


def _chosen(
    b: Builder, branches: Sequence[Program], index: Value, given: Sequence[Value], first: int = 0
) -> list[Value]:
    """The values of one branch, for one point alone."""
    if len(branches) == 1:
        return _turn(b, branches[0], given)
    return b.if_(
        b.compare("lt", index, first + 1),
        lambda: _turn(b, branches[0], given),
        lambda: _chosen(b, branches[1:], index, given, first + 1),
    )


def _kept(b: Builder, alive: Value, after: Sequence[Value], before: Sequence[Value]) -> list[Value]:
    return [b.select(alive, new, old) for new, old in zip(after, before, strict=True)]


def _turn(b: Builder, program: Program, values: Sequence[Value]) -> list[Value]:
    """The outputs of a formula inside."""
    with written_out(b, program.rows, values[0].type.element):
        return formula(b, program, values)


systems[LoopSystem] = loop_system
systems[BranchSystem] = branch_system
