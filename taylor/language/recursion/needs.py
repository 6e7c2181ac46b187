"""When the calls in a graph are wanted: as conditions that have to hold or not to hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from taylor.nodes.logic import logical, logical_not
from taylor.nodes.node import ONE, ZERO
from taylor.nodes.traverse import reachable

Fact = tuple[Any, bool]  # a condition, and whether it holds
Way = frozenset[Fact]  # facts that all hold: one way to come to a node
MOST = 12  # ways that are told apart
SECOND = {"and": True, "or": False}  # what the first operand has to be for the second to count

ALWAYS: frozenset[Way] = frozenset((frozenset(),))


def needs(roots: Sequence[Any]) -> dict[Any, frozenset[Way]]:
    """For every node below roots the ways on which its value is asked for."""
    found: dict[Any, frozenset[Way]] = dict.fromkeys(roots, ALWAYS)
    order = list(reachable(roots))
    for e in reversed(order):
        ways = found[e]
        if e.op == "where" and not e.args[0].shape:
            test, a, b = e.args
            _ask(found, test, ways)
            _ask(found, a, _given(ways, *_as_fact(test, True)))
            _ask(found, b, _given(ways, *_as_fact(test, False)))
            continue
        if e.op in SECOND and not e.shape:
            first, second = e.args
            _ask(found, first, ways)
            _ask(found, second, _given(ways, *_as_fact(first, SECOND[e.op])))
            continue
        for arg in e.args:
            _ask(found, arg, ways)
    return found


def is_needed(ways: frozenset[Way]) -> Any:
    """The ways as a condition."""
    total = ZERO
    for way in sorted(ways, key=lambda way: sorted((e.id, holds) for e, holds in way)):
        every = ONE
        for test, holds in sorted(way, key=lambda fact: fact[0].id):
            every = logical("and", every, test if holds else logical_not(test))
        total = logical("or", total, every)
    return total


def certain(ways: frozenset[Way]) -> Way:
    """What holds on all ways."""
    first, *rest = ways
    return first.intersection(*rest)


def _as_fact(test: Any, holds: bool) -> Fact:
    return (test.args[0], not holds) if test.op == "not" else (test, holds)


def _ask(found: dict[Any, frozenset[Way]], e: Any, ways: frozenset[Way]) -> None:
    known = found.get(e)
    found[e] = ways if known is None else _simplified({*known, *ways})


def _given(ways: frozenset[Way], test: Any, holds: bool) -> frozenset[Way]:
    """The ways on which a condition holds as well (or does not)."""
    return _simplified({way | {(test, holds)} for way in ways if (test, not holds) not in way})


def _simplified(given: Iterable[Way]) -> frozenset[Way]:
    """The same with as few ways: what another one includes is left out, opposites are joined."""
    ways = set(given)
    changed = True
    while changed:
        changed = False
        for way in list(ways):
            if any(other < way for other in ways):
                ways.discard(way)
                continue
            for test, holds in way:
                opposite = (way - {(test, holds)}) | {(test, not holds)}
                if opposite in ways:
                    ways -= {way, opposite}
                    ways.add(way - {(test, holds)})
                    changed = True
                    break
            if changed:
                break
    if len(ways) > MOST:
        return frozenset((frozenset(((is_needed(frozenset(ways)), True),)),))
    return frozenset(ways)
