"""Two values as one: what the branches of a choice, or two turns of a loop, have in common."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from taylor.control.tracing import is_known_truth
from taylor.control.trees import CONDITION, NUMBER
from taylor.language.running.values.kinds import KNOWN, LEAF, Flat, Structure, describe, kind
from taylor.language.running.values.objects import List
from taylor.language.running.values.stacks import Fixed, fixed_of
from taylor.nodes.conversion import as_expression
from taylor.nodes.node import constant_node


class Unlike(Exception):
    """Two values that cannot be one; says what they are."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(f"{first} and {second}")
        self.first, self.second = first, second


class Joined:
    """Two values taken apart alike.

    firsts, seconds: their leaves, one beside the other.
    """

    __slots__ = ("firsts", "seconds", "structure")

    def __init__(self, first: Flat, second: Flat) -> None:
        self.firsts: list[Any] = []
        self.seconds: list[Any] = []
        try:
            self.structure = self._both(
                first.structure, iter(first.leaves), second.structure, iter(second.leaves)
            )
        except Unlike:
            raise Unlike(
                describe(first.leaves, first.structure), describe(second.leaves, second.structure)
            ) from None

    def _both(
        self, a: Structure, ones: Iterator[Any], b: Structure, others: Iterator[Any]
    ) -> Structure:
        if a.is_unset or b.is_unset:
            return self._one_side(a, ones, b, others)
        if a.kind is LEAF and b.kind is LEAF:
            return self._leaf(a, next(ones), b, next(others))
        lists = (list, List, Fixed)
        if a.kind in lists and b.kind in lists:
            if a.kind is b.kind is not Fixed and len(a.children) == len(b.children):
                return self._children(a, ones, b, others)
            return self._fixed(a, ones, b, others)
        if a.kind is KNOWN and a == b:
            return a
        if a.kind is not b.kind or len(a.children) != len(b.children) or a.kind in (LEAF, KNOWN):
            raise Unlike("", "")
        if a.names != b.names:
            raise Unlike("", "")
        return self._children(a, ones, b, others)

    def _children(
        self, a: Structure, ones: Iterator[Any], b: Structure, others: Iterator[Any]
    ) -> Structure:
        pairs = zip(a.children, b.children, strict=True)
        return Structure(a.kind, a.names, [self._both(x, ones, y, others) for x, y in pairs])

    def _leaf(self, a: Structure, one: Any, b: Structure, other: Any) -> Structure:
        if kind(one)[1] != kind(other)[1]:
            raise Unlike("", "")
        self.firsts.append(one)
        self.seconds.append(other)
        return a if a.names == b.names else Structure(LEAF)

    def _one_side(
        self, a: Structure, ones: Iterator[Any], b: Structure, others: Iterator[Any]
    ) -> Structure:
        """A variable that one side has not set: nobody reads what it is there."""
        there, leaves = (b, others) if a.is_unset else (a, ones)
        for _ in range(there.count()):
            leaf = next(leaves)
            filler = filler_of(leaf)
            self.firsts.append(filler if a.is_unset else leaf)
            self.seconds.append(leaf if a.is_unset else filler)
        return there

    def _fixed(
        self, a: Structure, ones: Iterator[Any], b: Structure, others: Iterator[Any]
    ) -> Structure:
        one, other = _fixed(a, ones, b), _fixed(b, others, a)
        capacity = max(one.capacity, other.capacity)
        one, other = one.with_capacity(capacity), other.with_capacity(capacity)
        if one.buffers and other.buffers and one.element != other.element:
            raise Unlike("", "")
        element = other.element if one.element is None else one.element
        self.firsts.append(one.length)
        self.seconds.append(other.length)
        mine, theirs = list(one.buffers), list(other.buffers)
        self.firsts += mine or [filler_of(leaf) for leaf in theirs]
        self.seconds += theirs or [filler_of(leaf) for leaf in mine]
        leaves = [Structure(LEAF) for _ in range(1 + max(len(mine), len(theirs)))]
        return Structure(Fixed, (element, capacity), leaves)


def filler_of(leaf: Any) -> Any:
    """What stands where nobody reads it."""
    word, shape = kind(leaf)
    if word == CONDITION and not shape:
        return False
    return constant_node(0, shape)


def _fixed(a: Structure, leaves: Iterator[Any], beside: Structure) -> Fixed:
    """A list as one whose length or places in it a traced value decides, as the one beside it."""
    taken = [next(leaves) for _ in range(a.count())]
    if a.kind is Fixed:
        return Fixed(a.names[0], tuple(taken[1:]), taken[0], a.names[1])
    rest = iter(taken)
    items = [child.build(rest) for child in a.children]
    grows = beside.kind is not Fixed or beside.names[1] != len(a.children)
    return fixed_of(items, a.names[0] if a.names else None, grows)


def common_kind(one: Any, other: Any) -> str:
    """What a leaf is that is one or the other: a truth value if both are."""
    first, second = kind(one)[0], kind(other)[0]
    if first == second:
        return first
    number = other if first == CONDITION else one
    return CONDITION if _is_truth(number) else NUMBER


def _is_truth(leaf: Any) -> bool:
    return is_known_truth(as_expression(leaf)) if not kind(leaf)[1] else False
