"""Functions that call themselves: functions of machine code, on the stack of the processor.

A function is written for every stage that a call begins with.  The stages that control comes to
without another call, as calls come back or as the last thing that a function does is a call, are
blocks of it.  A call that begins by finding that nothing is to be called any more is written out
where it is short: half of the calls of a tree are leaves.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from taylor_runtime.arithmetic.kernel_calls import systems
from taylor_runtime.ir.builder import Builder, define_function
from taylor_runtime.ir.instructions import Phi
from taylor_runtime.ir.kinds import flat_values, joined_values
from taylor_runtime.ir.types import I1, I64, Type
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.mathlib.basics.kernel import KernelFunction
from taylor_runtime.points.inside import Gradual
from taylor_runtime.program.kinds import ELEMENTS
from taylor_runtime.program.systems.recursion import DONE, TOO_DEEP, Following, RecursionSystem

SHORT = 12  # rows of a stage that is written out where it is entered

End = tuple[list[Value], str]  # numbers, and the block that control comes from with them


def recursion_system(system: RecursionSystem) -> KernelFunction:
    """What the first call returns, lane by lane, and how many calls wait in the end."""
    return KernelFunction(
        system.name,
        system.arity,
        partial(_emit, system),
        results=system.results,
        inline=True,
        generic=True,
    )


def _emit(system: RecursionSystem, b: Builder, active: Value, *given: Value) -> list[Value]:
    if not active.lanes:
        return _emit_one(system, b, active, given)

    def one(lane: Index, carried: list[Value]) -> list[Value]:
        counts, *values = (b.extract(x, lane) for x in (active, *given))
        found = _emit_one(system, b, counts, values)
        return [b.insert(c, value, lane) for c, value in zip(carried, found, strict=True)]

    return b.fold(0, active.lanes, [b.poison(active.type)] * system.results, one)


def _emit_one(
    system: RecursionSystem, b: Builder, active: Value, given: Sequence[Value]
) -> list[Value]:
    written = _Functions(system, active.type)
    none = b.constant(0, active.type)

    def call() -> list[Value]:
        *results, deep = written.call(b, 0, b.constant(0, I64), given)
        ends = b.constant(TOO_DEEP, active.type), b.constant(DONE, active.type)
        return [*results, b.select(deep, *ends)]

    return b.if_(b.ne(active, 0), call, lambda: [none] * system.results)


class _Functions:
    """The functions of a recursion, for numbers of one type.

    results: how many numbers each returns; one that says whether calls were too many comes last.
    """

    def __init__(self, system: RecursionSystem, kind: Type) -> None:
        self.system, self.kind = system, kind

    def results(self, stage: int) -> int:
        """How many numbers the function returns to which a stage belongs."""
        pending, seen = [stage], {stage}
        for number in pending:
            calls = self.system.stages[number].calls
            asked = sum(1 + call.given + call.kept for call in calls)
            left = len(self.system.formulas[number].outputs) - asked
            if left or not calls:
                return left
            after = [call.back if call.back >= 0 else call.entered for call in calls]
            pending += [k for k in after if k not in seen]
            seen.update(after)
        return 0  # it never ends

    def types(self, stage: int) -> list[Type]:
        """What the function returns that begins with a stage."""
        return [self.kind] * self.results(stage)

    def text(self, stage: int) -> str:
        """The same as a type of LLVM's."""
        flat = [str(part) for one in self.types(stage) for part in one.parts]
        return f"{{ {', '.join([*flat, 'i1'])} }}"

    def call(self, b: Builder, stage: int, waiting: Value, given: Sequence[Value]) -> list[Value]:
        """The results of the function that begins with a stage; the last one says whether calls
        were too many.
        """
        name = f"ty.{self.system.name}.{ELEMENTS[self.kind.element].short}.{stage}"
        if not b.module.has_function(name):
            _Function(self, b, name, stage)
        found = b.call(self.text(stage), name, waiting, *flat_values(given), convention="fastcc")
        types = self.types(stage)
        flat = [part for one in types for part in one.parts]
        parts = [b.extract_value(found, k, part) for k, part in enumerate(flat)]
        return [*joined_values(parts, types), b.extract_value(found, len(flat), I1)]


class _Function:
    """One function.

    uses:   from how many places control comes to a stage; where it is one the stage is written
            there, and what has been computed before is known in it.
    labels: of the other stages, which are blocks with what they begin with in `phis`; ends: from
            where control comes to those that are not written yet.
    """

    def __init__(self, among: _Functions, outer: Builder, name: str, first: int) -> None:
        self.among, self.system, self.kind = among, among.system, among.kind
        self.first, count = first, self.system.constants + self.system.stages[first].known
        types = [self.kind] * count
        flat = [part for one in types for part in one.parts]
        listed = [("i64", "waiting"), *[(str(t), f"x{k}") for k, t in enumerate(flat)]]
        text = among.text(first)
        with define_function(outer.module, name, text, listed, "nounwind", "internal fastcc") as (
            self.b,
            (self.waiting, *parts),
        ):
            given = joined_values(parts, types)
            self.constants = given[: self.system.constants]
            self._write(given[self.system.constants :])

    def _write(self, known: Sequence[Value]) -> None:
        b, uses = self.b, {self.first: 1}
        stages = [self.first]
        for stage in stages:
            for call in self.system.stages[stage].calls:
                after = call.entered if call.back < 0 else call.back
                uses[after] = uses.get(after, 0) + 1
                stages += [after] if uses[after] == 1 and after != self.first else []
        self.labels = {stage: b.meeting("stage") for stage in stages if uses[stage] > 1}
        self.deep = b.meeting("deep")
        self.ends: dict[int, list[End]] = {stage: [] for stage in self.labels}
        self.phis: dict[int, list[Phi]] = {}
        self._go_to(self.first, known)
        while waiting := [stage for stage, ends in self.ends.items() if ends]:
            self._shared(waiting[0])
        b.label(self.deep)
        self._return([b.constant(0, self.kind)] * self.among.results(self.first), True)

    def _return(self, values: Sequence[Value], deep: bool) -> None:
        b, text, aggregate = self.b, self.among.text(self.first), "poison"
        for k, value in enumerate([*flat_values(values), b.constant(deep, I1)]):
            item = f"{value.type} {value.text}, {k}"
            aggregate = b.emit(value.type, f"insertvalue {text} {aggregate}, {item}").text
        b.line(f"ret {text} {aggregate}")

    # -- stages -----------------------------------------------------------------------------------

    def _go_to(self, stage: int, known: Sequence[Value]) -> None:
        """Let control go to a stage."""
        if stage not in self.labels:
            self._stage(stage, known)
            return
        flat = flat_values(known)
        if stage in self.phis:
            for phi, value in zip(self.phis[stage], flat, strict=True):
                phi.add(value, self.b.block)
        else:
            self.ends[stage].append((flat, self.b.block))
        self.b.jump(self.labels[stage])

    def _shared(self, stage: int) -> None:
        """A stage that control comes to from several places."""
        b = self.b
        b.label(self.labels[stage])
        (first, block), *others = self.ends[stage]
        self.ends[stage] = []
        phis = self.phis[stage] = [b.phi(value, block) for value in first]
        for flat, block in others:
            for phi, value in zip(phis, flat, strict=True):
                phi.add(value, block)
        types = [self.kind] * (len(phis) // len(self.kind.parts))
        self._stage(stage, joined_values([phi.value for phi in phis], types))

    def _stage(self, number: int, known: Sequence[Value]) -> None:
        b, calls = self.b, self.system.stages[number].calls
        formula, place = self._begun(number, known), 0
        count = len(self.system.formulas[number].outputs)
        always = bool(calls) and self._asked(number) == count
        for call in calls:
            after = place + 1 + call.given + call.kept
            on = b.fresh_label("on")
            if not always or after < count:
                yes = b.fresh_label("call")
                b.branch(b.ne(formula.outputs([place])[0], 0), yes, on)
                b.label(yes)
            with formula.aside():
                found = formula.outputs(range(place + 1, after))
                self._call(call, found[: call.given], found[call.given :])
            if not always or after < count:
                b.label(on)
            place = after
        if not always:
            self._return(formula.outputs(range(place, count)), False)

    def _asked(self, number: int) -> int:
        """How many of a stage's outputs belong to calls."""
        return sum(1 + call.given + call.kept for call in self.system.stages[number].calls)

    def _begun(self, number: int, known: Sequence[Value]) -> Gradual:
        like = self.b.constant(0, self.kind)
        return Gradual(self.b, self.system.formulas[number], [*self.constants, *known], like)

    # -- calls ------------------------------------------------------------------------------------

    def _call(self, call: Following, args: Sequence[Value], kept: Sequence[Value]) -> None:
        if call.back < 0:
            self._go_to(call.entered, args)
            return
        b = self.b
        on = b.fresh_label("fits")
        full = b.compare("ge", self.waiting, self.system.depth)
        b.branch(full, self.deep, on, likely=False)
        b.label(on)
        back = b.meeting("back")
        leaf = self._leaf(call, args, back)
        given = [*self.constants, *args]
        *results, deep = self.among.call(b, call.entered, self.waiting + 1, given)
        block = b.block
        b.branch(deep, self.deep, back, likely=False)
        b.label(back)
        if leaf is not None:
            results = self._either(leaf, results, block)
        self._go_to(call.back, [*kept, *results])

    def _either(self, leaf: End, results: Sequence[Value], block: str) -> list[Value]:
        """What a call has returned, or was found without it."""
        phis = []
        for value, other in zip(leaf[0], flat_values(results), strict=True):
            phis.append(self.b.phi(value, leaf[1]))
            phis[-1].add(other, block)
        types = [value.type for value in results]
        return joined_values([phi.value for phi in phis], types)

    def _leaf(self, call: Following, args: Sequence[Value], back: str) -> End | None:
        """Go on at once where a call finds that nothing is to be called."""
        b, number = self.b, call.entered
        outputs = len(self.system.formulas[number].outputs)
        if len(self.system.formulas[number].rows) > SHORT or self._asked(number) == outputs:
            return None
        formula, place, calls = self._begun(number, args), 0, b.meeting("calls")
        for inner in self.system.stages[number].calls:
            on = b.fresh_label("leaf")
            b.branch(b.ne(formula.outputs([place])[0], 0), calls, on)
            b.label(on)
            place += 1 + inner.given + inner.kept
        found = flat_values(formula.outputs(range(place, outputs))), b.block
        b.jump(back)
        b.label(calls)
        return found


systems[RecursionSystem] = recursion_system
