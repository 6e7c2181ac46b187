"""Members of a recursion cut at their calls: what is done before the first, and after each.

A *stage* begins where a member does, or where a call of it has come back.  It either makes one of
the calls that are left, or has the results.  What a stage needs of what was known before its call
is what has to be kept meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from taylor.expressions.arguments import argument
from taylor.expressions.substitute import substitute_all
from taylor.language.recursion.needs import certain, is_needed, needs
from taylor.language.recursion.opened import Member
from taylor.nodes.logic import condition
from taylor.nodes.node import ONE, ZERO, constant_node
from taylor.nodes.operations.regions.calls import Callee
from taylor.nodes.operations.scalars.varying import varying
from taylor.nodes.regions import part
from taylor.nodes.traverse import inputs, reachable
from taylor_runtime.program.records import dataclass

VARIES = object()  # an argument that is not the same for all calls


@dataclass(frozen=True, slots=True)
class Next:
    """A call that a stage may make.

    needed: under which condition, if none before it is made.
    number: of the call, and of the stage when it has come back.
    kept:   what that stage will need to know.
    """

    needed: Any
    callee: Callee
    args: list[Any]
    number: int
    kept: list[Any]


@dataclass(frozen=True, slots=True)
class Stage:
    """What is done from a place on to the next call, or to the end.

    kept:    what it needs to know: arguments of the member, results of calls before.
    results: of the call that has come back.
    truths:  which of them are truth values.
    calls:   that may be made, the first that is needed counts.
    outputs: the member's results, if none is needed.
    """

    kept: list[Any]
    results: list[Any]
    truths: Sequence[bool]
    calls: list[Next]
    outputs: list[Any]

    @property
    def is_nothing(self) -> bool:
        """Whether it gives what the call gave: then nobody has to come back."""
        if self.calls or len(self.outputs) != len(self.results):
            return False
        given = zip(self.results, self.truths, strict=True)
        return all(
            e is r or (truth and e is condition(r))
            for e, (r, truth) in zip(self.outputs, given, strict=True)
        )


def calls_in(outputs: Sequence[Any]) -> list[Any]:
    """The calls in a graph, those first whose results others need."""
    return [e for e in reachable(outputs) if e.op == "call"]


def without_fixed(
    members: Mapping[Callee, Member], entry: Callee, given: Sequence[Any]
) -> dict[Any, Any]:
    """Arguments that are the same in all calls, and what they are outside."""
    found: dict[Any, Any] = dict(zip(members[entry].params, given, strict=True))
    params = {p for member in members.values() for p in member.params}
    changed = True
    while changed:
        changed = False
        for member in members.values():
            if not all(p in found for p in member.params):
                continue  # never called, as far as is known
            for call in calls_in(member.outputs):
                for p, arg in zip(members[call.payload].params, call.args, strict=True):
                    value = _value(arg, found, params)
                    if p not in found:
                        found[p], changed = value, True
                    elif found[p] is not value and found[p] is not VARIES:
                        found[p], changed = VARIES, True
    return {p: value for p, value in found.items() if value is not VARIES}


def constant_in_pieces(
    members: Mapping[Callee, Member], entry: Callee, given: Sequence[Any], fixed: Mapping[Any, Any]
) -> tuple[set[Any], dict[Callee, list[bool]]]:
    """Arguments that depend on nothing but whole numbers and conditions, and of every member which
    results do.
    """
    params = {p for member in members.values() for p in member.params}
    real = {x for x in inputs([*given, *fixed.values()]) if not _is_whole(x)}
    outside = {x for m in members.values() for x in inputs(m.outputs)} - params
    smooth = {x for x in outside if not _is_whole(x)}
    smooth |= {p for p, value in fixed.items() if not real.isdisjoint(inputs([value]))}
    found = varying(given, real)
    smooth |= {p for p, x in zip(members[entry].params, given, strict=True) if x in found}
    results = {callee: [False] * len(callee.shapes) for callee in members}
    while True:
        before = len(smooth), sum(map(sum, results.values()))
        for callee, member in members.items():
            calls = calls_in(member.outputs)
            chosen = smooth | {
                part(c, k) for c in calls for k, does in enumerate(results[c.payload]) if does
            }
            found = varying([*member.outputs, *[x for c in calls for x in c.args]], chosen)
            for c in calls:
                pairs = zip(members[c.payload].params, c.args, strict=True)
                smooth |= {p for p, x in pairs if x in found}
            results[callee] = [e in found for e in member.outputs]
        if before == (len(smooth), sum(map(sum, results.values()))):
            break
    return params - smooth, {c: [not does for does in found] for c, found in results.items()}


def _is_whole(x: Any) -> bool:
    return bool(getattr(x.payload, "whole", False))


def _value(arg: Any, found: Mapping[Any, Any], params: set[Any]) -> Any:
    if arg in params:
        return found[arg]
    inside = any(e in params or e.op == "call" for e in reachable([arg]))
    return VARIES if inside else arg


class Stages:
    """The stages of one member, by the number of the call after which they begin; 0 at first."""

    def __init__(
        self, member: Member, fixed: Mapping[Any, Any], steady: tuple[set[Any], Any]
    ) -> None:
        self.steady = set(steady[0])  # constant in pieces, as far as it is kept
        self.params = [p for p in member.params if p not in fixed]
        self.varying = [p not in fixed for p in member.params]
        self._outputs = substitute_all(member.outputs, dict(fixed))
        self._calls = calls_in(self._outputs)
        self._needs = needs(self._outputs)
        self._results = [
            [argument(f"r{k}", shape) for shape in call.payload.shapes]
            for k, call in enumerate(self._calls)
        ]
        for call, results in zip(self._calls, self._results, strict=True):
            flags = zip(results, steady[1][call.payload], strict=True)
            self.steady |= {r for r, does in flags if does}
        self._made: dict[int, Stage] = {}

    def stage(self, number: int) -> Stage:
        """The stage after call `number`, counted from 1."""
        if number not in self._made:
            self._made[number] = self._cut(number)
        return self._made[number]

    def _cut(self, number: int) -> Stage:
        table: dict[Any, Any] = {}
        for call, results in zip(self._calls[:number], self._results, strict=False):
            table |= {part(call, k): r for k, r in enumerate(results)}
        if number:
            facts = certain(self._needs[self._calls[number - 1]])
            table |= {test: ONE if holds else ZERO for test, holds in facts}
        later = self._calls[number:]
        found = substitute_all([*self._outputs, *later], table)
        outputs, rest = found[: len(self._outputs)], found[len(self._outputs) :]
        asked = needs(outputs)
        nothing: dict[Any, Any] = {}  # results of calls that are not made
        calls: list[Next] = []
        for k, call in enumerate(rest, start=number + 1):
            if call in asked:
                calls.append(self._next(k, asked[call], call, nothing))
                if calls[-1].needed is ONE:
                    break
            shapes = call.payload.shapes
            nothing |= {part(call, i): constant_node(0, s) for i, s in enumerate(shapes)}
            nothing |= {r: constant_node(0, r.shape) for r in self._results[k - 1]}
        if calls and calls[-1].needed is ONE:
            outputs = []
        outputs = substitute_all(outputs, nothing)
        results = self._results[number - 1] if number else []
        read = [e for c in calls for e in (c.needed, *c.args, *c.kept)]
        used = set(inputs([*read, *outputs])) - set(results)
        known = [*self.params, *[r for one in self._results[:number] for r in one]]
        kept = self.params if number == 0 else [x for x in known if x in used]
        truths = self._calls[number - 1].payload.truths if number else ()
        return Stage(kept, results, truths, calls, outputs)

    def _next(self, number: int, ways: Any, call: Any, nothing: Any) -> Next:
        back = self.stage(number)
        kept = [] if back.is_nothing else back.kept
        given = [is_needed(ways), *call.args, *kept]
        needed, *found = substitute_all(given, nothing)
        args, kept = found[: len(call.args)], found[len(call.args) :]
        return Next(needed, call.payload, args, number, kept)
