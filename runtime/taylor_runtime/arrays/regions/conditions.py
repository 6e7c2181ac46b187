"""Conditions of loops, of which parts that are not wanted are not computed: as `and` does it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from taylor_runtime.arrays.plan import CONSTANT, Plan
from taylor_runtime.arrays.plans.works import Nest, Together, Work
from taylor_runtime.arrays.regions.inner import ALONE, Inner, Writer, begun
from taylor_runtime.ir.integers.whole import Whole
from taylor_runtime.ir.types import I1
from taylor_runtime.ir.values import Value
from taylor_runtime.passes.turns import WholeNumbers
from taylor_runtime.program.arrays import ArrayProgram, View, all_used
from taylor_runtime.program.program import Input, Kernel
from taylor_runtime.program.shapes.nodes import nodes_of


def holds(inner: Inner, given: Sequence[Value]) -> Value:
    """Whether a program, which is a condition, is true: an i1.

    given: its inputs, numbers or the addresses of arrays.
    """
    plan = inner.plan
    works = plan.loops[CONSTANT]
    parts = _parts(plan.program, plan.program.outputs[0][0])
    if any(isinstance(work, Together) for work in works) or len(parts) == 1:
        return inner.outer.b.ne(inner.write(given, {})[0], 0)
    emitter = begun(inner.outer, plan, inner.workspace, dict(enumerate(given)), {})
    return _Condition(emitter, plan, given).all_of(parts, ())


def _parts(program: ArrayProgram, row: int) -> list[int]:
    """The rows that are all to be true; those together that read nothing from memory."""
    start = program.row(row).start
    if not isinstance(start, Kernel) or start.function != "and":
        return [row]
    first, second = start.arguments
    parts = [*_parts(program, first), *_parts(program, second)]
    return parts if any(_moves(program, part) for part in parts[1:]) else [row]


def _moves(program: ArrayProgram, row: int) -> bool:
    """Whether something is read at places that are computed, or goes through a loop."""
    moved = program.row(row).moved
    if moved is not None and not isinstance(moved, View):
        return True
    return any(_moves(program, used) for used in all_used(program.row(row)))


class _Condition:
    """A condition that is being written."""

    def __init__(self, emitter: Writer, plan: Plan, given: Sequence[Value]) -> None:
        self.emitter, self.b, self.plan = emitter, emitter.b, plan
        self.program = plan.program
        self.works: list[Work] = []
        for work in plan.loops[CONSTANT]:
            assert not isinstance(work, Together)
            if isinstance(work, Nest) and not work.space and work.rows == work.computed:
                self.works += [replace(work, rows=[row]) for row in work.rows]
            else:
                self.works.append(work)
        self.makers = {row: k for k, work in enumerate(self.works) for row in work.computed}
        self.spans = [x.span if isinstance(x, Whole) else None for x in given]

    def all_of(self, parts: Sequence[int], made: Collection[int]) -> Value:
        """Whether all rows are true; made: works whose rows are known here."""
        first, *rest = parts
        works = self._works_for(first, made)
        self.emitter.compute([self.works[k] for k in works])
        found = self.b.ne(self.emitter.memory.coefficient(first, 0, ALONE), 0)
        if not rest:
            return found

        def others() -> list[Value]:
            self._narrow(first)
            return [self.all_of(rest, {*made, *works})]

        return self.b.if_(found, others, lambda: [self.b.constant(0, I1)])[0]

    def _works_for(self, row: int, made: Collection[int]) -> list[int]:
        """The works that a row needs, in order, but those that are made."""
        found: set[int] = set()
        pending = [row]
        while pending:
            for node in nodes_of(self.program, pending.pop()):
                work = self.makers.get(node.row)
                if work is not None and work not in found and work not in made:
                    found.add(work)
                    pending += self.plan.read_for(self.works[work])
        return sorted(found)

    def _narrow(self, condition: int) -> None:
        """Bounds of inputs that are whole numbers, where a condition holds."""
        known, numbers = self.b.known, self.emitter.memory.numbers
        if not isinstance(known, WholeNumbers) or numbers is None:
            return
        narrowed = known.rows(self.program, self.spans).where_true(condition)
        for row, start in enumerate(row.start for row in self.program.rows):
            value = numbers.get((row, 0))
            if (
                isinstance(start, Input)
                and start.source == "parameter"
                and isinstance(value, Whole)
            ):
                span = narrowed.get(start.index[0])
                numbers[row, 0] = value if span is None else value.narrowed(span)
