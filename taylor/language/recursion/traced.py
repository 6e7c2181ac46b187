"""The bodies of recursive functions, traced once each, with calls of themselves as nodes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any

from taylor.control.tracing import seen_as
from taylor.control.trees import CONDITION, NUMBER
from taylor.expressions.arguments import argument, captured, traced
from taylor.language.recursion.machine import Machine
from taylor.language.recursion.opened import opened
from taylor.language.running.cells import value_in
from taylor.language.running.faults import Raised, fault_where, first_of
from taylor.language.running.flow.attempts import Outcome, attempt, meets
from taylor.language.running.flow.merging import Joined, Unlike, common_kind
from taylor.language.running.journal import Running
from taylor.language.running.values.kinds import KNOWN, LEAF, Flat, Structure, kind, same
from taylor.language.source.refusals import Span, refusal
from taylor.nodes.conversion import as_expression
from taylor.nodes.node import constant_node
from taylor.nodes.operations.regions.calls import Callee, call_node
from taylor.nodes.regions import parts

TRIES = 40  # of finding out what the functions take and give


class Restart(BaseException):
    """More is known of what the functions of a recursion take: they are traced anew."""


class Alike:
    """A function of the recursion, for arguments of one structure.

    given:  arguments of its first call.
    varies: which of them are others in other calls; what is the same in all stays as it is.
    words:  what these are, numbers or truth values.
    result: what it returns, taken apart, once a way is known on which it does not call.
    faults: whether it may meet an error.
    callee: what calls of it have in the graph.
    """

    __slots__ = (
        *("action", "callee", "faults", "function", "given", "name", "params", "result", "span"),
        *("varies", "words"),
    )

    def __init__(
        self, function: Any, name: str, given: Flat, action: Callable[..., Any], span: Span
    ) -> None:
        self.function, self.name, self.given, self.action = function, name, given, action
        self.span = span
        self.varies = [_is_unknown(leaf) for leaf in given.leaves]
        self.words = [kind(leaf)[0] for leaf in given.leaves]
        self.result: Flat | None = None
        self.faults = False
        self.callee: Callee | None = None
        self.params: list[Any] = []

    def admits(self, given: Flat) -> bool:
        """Whether a call has nothing else where all calls have the same; else more varies now."""
        admitted = True
        for k, leaf in enumerate(given.leaves):
            if not self.varies[k] and not same(self.given.leaves[k], leaf):
                self.varies[k], admitted = True, False
            word = common_kind(self.given.leaves[k], leaf)
            if self.varies[k] and self.words[k] == CONDITION and word == NUMBER:
                self.words[k], admitted = NUMBER, False
        return admitted

    def operands(self, given: Flat) -> list[Any]:
        """What varies, as expressions."""
        pairs = zip(given.leaves, self.varies, strict=True)
        return [as_node(leaf) for leaf, varies in pairs if varies]

    def trace(self) -> Outcome:
        """The body with arguments of its own for what varies."""
        leaves, self.params = [], []
        for k, leaf in enumerate(self.given.leaves):
            if self.varies[k]:
                made = argument(f"{self.name}_{k}", kind(leaf)[1])
                self.params.append(made)
                leaf = seen_as(self.words[k], made)
            leaves.append(leaf)
        why = f"an argument of {self.name}, which is recursive"
        args, kwargs = self.given.structure.build(iter(leaves), why)
        with traced(self.params):
            return attempt(lambda: self.action(*args, **kwargs), [])


class Recursion:
    """Functions that call themselves and each other, from the first call of one of them.

    searching: whether it is not known yet what all of them return.
    """

    def __init__(self, now: Running, first: Alike) -> None:
        self._now, self._all = now, [first]
        self.searching = False

    def find(self, function: Any, given: Flat) -> Alike | None:
        """The function of the recursion that a call is of."""
        for one in self._all:
            if is_same(one.function, function) and fits(one.given, given):
                return one
        return None

    def add(self, one: Alike) -> None:
        """One more function."""
        self._all.append(one)

    def call(self, one: Alike, given: Flat) -> Any:
        """The value of a call inside: a node. Raises Raised where nothing is known of it yet."""
        if not one.admits(given):
            raise Restart
        if one.result is None or one.callee is None:
            raise Raised(first_of(self._now.fault, 1))
        found = list(parts(call_node(one.callee, one.operands(given))))
        if one.faults:
            meets(found.pop())
        return _built(one, found)

    # -- the whole --------------------------------------------------------------------------------

    def result(self, given: Flat) -> Any:
        """The value of the first call."""
        self._now.recursion = self
        calls, self._now.calls = self._now.calls, []
        try:
            machine = self._machine(given)
        finally:
            self._now.recursion, self._now.calls = None, calls
        first, depth = self._all[0], self._now.depth
        if machine.waits and depth is None:
            raise refusal(
                first.span,
                f"{first.name} calls itself as often as a traced value decides, and its calls wait "
                "for one another",
                "Instead: say how many calls at most are inside one another, as in "
                "ty.program(f, depth=100), or make the call the last thing that the function does.",
            )
        found, deep = machine.run(depth or 0)
        if machine.waits:
            fault_where(
                deep,
                RecursionError(
                    f"{first.name}: more than depth={depth} calls are inside one another; give "
                    "ty.program a larger depth="
                ),
            )
        if first.faults:
            meets(found.pop())
        return _built(first, found)

    def _machine(self, given: Flat) -> Machine:
        for _ in range(TRIES):
            try:
                self._find_results()
                members = {}
                for one in self._all:
                    assert one.callee is not None
                    outputs = self._outputs(one)
                    for member in opened(one.callee, one.params, outputs):
                        members[member.callee] = member
            except Restart:
                continue
            first = self._all[0]
            assert first.callee is not None
            return Machine(members, first.callee, first.operands(given))
        raise refusal(
            self._all[0].span,
            f"{self._all[0].name} takes or gives values of other types in other calls",
            "Instead: take and return values of the same types and shapes in all calls.",
        )

    def _find_results(self) -> None:
        """Find what the functions return, each from a way on which it needs none of the others."""
        for one in self._all:
            one.callee = None
        waiting, self.searching = list(self._all), True
        while waiting:
            found = []
            for one in waiting:
                outcome = one.trace()
                if not outcome.raised:
                    if one.result is None:
                        one.result = outcome.result
                    found.append(one)
            for one in found:
                one.callee = self._callee(one)
            if not found:
                one = waiting[0]
                raise refusal(
                    one.span,
                    f"{one.name} calls itself on every way through it, so that it never ends",
                    "Instead: return a value without a call in one branch.",
                )
            waiting = [one for one in waiting if one not in found]
        self.searching = False

    def _callee(self, one: Alike) -> Callee:
        assert one.result is not None
        kinds = [kind(leaf) for leaf in one.result.leaves]
        shapes = [shape for _, shape in kinds] + [()] * one.faults
        truths = [word == CONDITION for word, _ in kinds] + [False] * one.faults
        return Callee(one.name, shapes, truths)

    def _outputs(self, one: Alike) -> Sequence[Any]:
        """The body's results, with calls as nodes, alike what it was found to return."""
        outcome = one.trace()
        assert one.result is not None
        if outcome.raised:
            outcome.result = one.result
        if outcome.changes:
            raise refusal(
                one.span,
                f"{one.name}, which is recursive, changes an object or a variable that was there "
                "before the call",
                "Instead: return the new value, and let the caller put it in its place.",
            )
        try:
            joined = Joined(one.result, outcome.result)
        except Unlike as unlike:
            raise refusal(
                one.span,
                f"{one.name} returns {unlike.first} in one call and {unlike.second} in another",
                "Instead: return values of the same type and shape in all calls.",
            ) from None
        if not fits(one.result, outcome.result) or self._widens(one, joined, outcome):
            one.result = Flat(None)
            one.result.leaves, one.result.structure = joined.firsts, joined.structure
            for k, (a, b) in enumerate(zip(joined.firsts, joined.seconds, strict=True)):
                if common_kind(a, b) == NUMBER and kind(a)[0] == CONDITION:
                    one.result.leaves[k] = constant_node(2)
            one.faults = one.faults or not _is_zero(outcome.fault)
            raise Restart
        outputs = [as_node(leaf) for leaf in joined.seconds]
        if one.faults:
            outputs.append(as_node(outcome.fault))
        captured(outputs, one.params)
        return outputs

    @staticmethod
    def _widens(one: Alike, joined: Joined, outcome: Outcome) -> bool:
        """Whether a truth value becomes a number, or an error is met for the first time."""
        words = any(
            kind(a)[0] == CONDITION and common_kind(a, b) == NUMBER
            for a, b in zip(joined.firsts, joined.seconds, strict=True)
        )
        return words or (not one.faults and not _is_zero(outcome.fault))


def is_same(a: FunctionType, b: FunctionType) -> bool:
    """Whether two functions have the same code and the same surroundings."""
    if a is b:
        return True
    if a.__code__ is not b.__code__ or a.__defaults__ is not b.__defaults__:
        return False
    pairs = zip(a.__closure__ or (), b.__closure__ or (), strict=True)
    return all(x is y or value_in(x) is value_in(y) for x, y in pairs)


def fits(a: Flat, b: Flat) -> bool:
    """Whether two values are put together alike, of numbers and arrays of the same shapes."""
    shapes = [kind(leaf)[1] for leaf in a.leaves] == [kind(leaf)[1] for leaf in b.leaves]
    return shapes and _alike(a.structure, b.structure)


def _alike(a: Structure, b: Structure) -> bool:
    if a.kind is not b.kind or len(a.children) != len(b.children):
        return False
    if a.kind is KNOWN:
        return a == b
    if a.kind is not LEAF and a.names != b.names:
        return False
    return all(map(_alike, a.children, b.children))


def _built(one: Alike, found: Sequence[Any]) -> Any:
    """The value that leaves of a result make."""
    assert one.result is not None
    words = [kind(leaf)[0] for leaf in one.result.leaves]
    leaves = [seen_as(word, e) for word, e in zip(words, found, strict=True)]
    return one.result.structure.build(iter(leaves))


def as_node(leaf: Any) -> Any:
    """A leaf as an expression."""
    return as_expression(int(leaf) if isinstance(leaf, bool) else leaf)


def _is_unknown(leaf: Any) -> bool:
    return not isinstance(leaf, bool | int | float)


def _is_zero(fault: Any) -> bool:
    return isinstance(fault, int) and fault == 0
