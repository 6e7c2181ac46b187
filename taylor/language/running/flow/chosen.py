"""A choice of several values as nodes: `where` of short formulas, else branches of a `switch`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from taylor.control.tracing import Traced, Value, closed, seen_as
from taylor.control.trees import CONDITION, LEAF, Tree
from taylor.language.running.flow.merging import common_kind
from taylor.language.running.journal import running
from taylor.language.running.values.kinds import same
from taylor.nodes.conversion import as_expression
from taylor.nodes.logic import both, condition, either, logical_not, where
from taylor.nodes.node import Node
from taylor.nodes.regions import REGIONS, Region, parts, region_node
from taylor.nodes.traverse import reachable

SMALL = 24  # nodes that both branches may have to be computed both


def chosen(test: Any, firsts: Sequence[Any], seconds: Sequence[Any]) -> list[Any]:
    """One leaf for each pair of leaves: a choice of small formulas, or a node with branches."""
    result: list[Any] = list(firsts)
    places = [k for k, (a, b) in enumerate(zip(firsts, seconds, strict=True)) if not same(a, b)]
    if not places:
        return result
    kinds = [common_kind(firsts[k], seconds[k]) for k in places]
    ones = [_node(firsts[k]) for k in places]
    others = [_node(seconds[k]) for k in places]
    found: Sequence[Any]
    if is_small(test, ones, others):
        found = [_small(test, *pair) for pair in zip(kinds, ones, others, strict=True)]
    else:
        tree = Tree(tuple, (), [LEAF] * len(places))
        branches = [Traced((), Value(list(leaves), tree)) for leaves in (ones, others)]
        graph = closed(branches, ahead=False, known=running().is_kept)
        region = Region(graph.graphs, len(graph.constants))
        found = parts(region_node("switch", [logical_not(test), *graph.constants], region))
        found = [seen_as(word, e) for word, e in zip(kinds, found, strict=True)]
    for k, e in zip(places, found, strict=True):
        result[k] = e
    return result


def _node(leaf: Any) -> Any:
    if isinstance(leaf, bool | np.bool_):
        return as_expression(int(leaf))
    return as_expression(leaf)


def _small(test: Any, word: str, one: Any, other: Any) -> Any:
    if word == CONDITION and not one.shape:
        return either(both(test, condition(one)), both(logical_not(test), condition(other)))
    return where(test, one, other)


def is_small(test: Node, ones: Sequence[Any], others: Sequence[Any]) -> bool:
    """Whether to compute both sides: what is new in them is cheap, and no loop."""
    limit = test.id
    count = 0
    for e in reachable([*ones, *others], stop=lambda e: e.id <= limit):
        if e.id <= limit or not e.args:
            continue
        if e.op in REGIONS and e.op != "custom":
            return False
        count += max(1, e.size)
        if count > SMALL:
            return False
    return True
