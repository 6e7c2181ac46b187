"""Loops and branches backward: what operands have of adjoints of their results.

Every rule makes graphs of graphs, and is closed under further derivatives.  `walk` is that of
`transforms.reverse`: `pulled` gives adjoints of the outputs of a graph, `replaced` nodes with
others in the places of inputs, `inside` tangents as `Operation.widen` wants them.

    scan, fori_loop between known bounds   a scan that collects what its turns began with, and one
                                           the other way that consumes this: adjoints of constants
                                           are added up in its carries, those of arrays collected
    while_loop, other fori_loops           a node `reverse_loop`
    switch                                 a switch between the adjoints of the branches
    reverse_loop, recursions               tangents by each number that they take

What a turn or a branch computes on its way, the way back computes again, but for products of
matrices and what it returned after more than a few operations: these are collected as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from taylor.nodes import logic, sums
from taylor.nodes.arrays import reshape
from taylor.nodes.conversion import stack
from taylor.nodes.node import ONE, ZERO, constant_node
from taylor.nodes.operations.arrays.cotangents import summed, total
from taylor.nodes.operations.arrays.places import added as added_at
from taylor.nodes.operations.arrays.summed_products import operands, split_products, summed_product
from taylor.nodes.operations.regions.widened import widened_loop, widened_reverse
from taylor.nodes.operations.scalars.spelled import CALL, work
from taylor.nodes.operations.scalars.varying import varying
from taylor.nodes.products import multiply
from taylor.nodes.regions import (
    Graph,
    Region,
    array_count,
    inner_input,
    part,
    parts,
    region_node,
    turns,
)
from taylor.nodes.traverse import reachable

Shares = list[Any]  # of operands, None where there is none
_CONTRACTIONS = frozenset(("matmul", "einsum"))
FEW_NUMBERS = 16  # by which a recursion is differentiated forward, in calls, and not as a loop
MOST_NUMBERS = 4096  # by which a `reverse_loop` is differentiated once more


def zeros_like(e: Any) -> Any:
    """Zeros of the shape of a node."""
    return constant_node(0, e.shape)


def leaves_of(roots: Iterable[Any], among: Sequence[Any]) -> list[int]:
    """The numbers of the inputs that occur in roots."""
    present = set(reachable(roots, stop=set(among).__contains__))
    return [k for k, x in enumerate(among) if x in present]


class _Turn:
    """One turn of a loop backward.

    wanted: of the inputs of the body, which have adjoints that count.
    live:   the numbers of the results that have.
    bars:   inputs for their adjoints; shares: what the wanted inputs have of them.
    """

    def __init__(
        self, e: Any, cotangents: Sequence[Any], active: Sequence[bool], walk: Any
    ) -> None:
        region: Region = e.payload
        self.region, self.body = region, region.body
        first, carries = region.constants, region.carries
        self.wanted = list(active)
        while True:  # what varies after a turn varies before the next
            chosen = {x for x, does in zip(self.body.inputs, self.wanted, strict=True) if does}
            varies = dependent(self.body.outputs, chosen)
            new = [
                k for k in range(carries) if varies[k] and not self.wanted[first + k]
            ]  # a carry that varies
            if not new:
                break
            for k in new:
                self.wanted[first + k] = True
        live = [x is not None and does for x, does in zip(cotangents, varies, strict=True)]
        chosen_inputs = [x for x, does in zip(self.body.inputs, self.wanted, strict=True) if does]
        while True:  # what has an adjoint before a turn has one after the turn before
            self.live = [k for k, does in enumerate(live) if does]
            outputs = [self.body.outputs[k] for k in self.live]
            self.bars = [inner_input(f"bar {k}", self.body.outputs[k].shape) for k in self.live]
            found = iter(walk.pulled(outputs, self.bars, chosen_inputs))
            self.shares = [next(found) if does else None for does in self.wanted]
            new = [k for k in range(carries) if self.shares[first + k] is not None and not live[k]]
            if not new:
                return
            for k in new:
                live[k] = True

    def group(self, first: int, count: int) -> list[int]:
        """The numbers of inputs in a group that have shares."""
        return [k for k in range(first, first + count) if self.shares[k] is not None]


def dependent(roots: Sequence[Any], chosen: set[Any]) -> list[bool]:
    """Which roots depend on chosen inputs."""
    varies = varying(roots, chosen)
    return [root in varies for root in roots]


# --- scans ---------------------------------------------------------------------------------------


def pulled_scan(e: Any, cotangents: Sequence[Any], active: Sequence[bool], walk: Any) -> Shares:
    """A scan backward."""
    turn = _Turn(e, cotangents, active, walk)
    region, body = turn.region, turn.body
    first, last = region.constants, region.constants + region.carries
    carried = [k for k in turn.live if k < region.carries]
    sliced = turn.group(last, array_count(e))
    again = [_given(turn.shares[first + k], body.outputs[k]) for k in carried]
    parted = {k: split_products(turn.shares[k], body.inputs[:first]) for k in turn.group(0, first)}
    added = [k for k, (rest, _) in parted.items() if rest is not None]
    amounts = [inner_input(f"sum {k}", body.inputs[k].shape) for k in added]
    after = [_accumulated(x, parted[k][0]) for x, k in zip(amounts, added, strict=True)]
    products = [(k, c, term) for k, (_, found) in parted.items() for c, term in found]
    later = dict.fromkeys(x for _, _, term in products for x in operands(term))
    outputs = [*again, *after, *[turn.shares[k] for k in sliced], *later]
    kept, outputs = _worth_keeping(body, outputs, walk)
    slices = _slices(e, turn, outputs, kept, cotangents)
    outputs, ends = outputs[: len(outputs) - len(later)], outputs[len(outputs) - len(later) :]
    collected = [x for x in dict.fromkeys(ends) if x not in slices]
    outputs += collected
    bars = dict(zip(turn.live, turn.bars, strict=True))
    own = [bars[k] for k in carried] + amounts
    operands_of_own = [_given(cotangents[k], e.args[first + k]) for k in carried]
    operands_of_own += [zeros_like(e.args[k]) for k in added]
    constants = leaves_of(outputs, body.inputs[:first])
    inputs = list(slices)
    arrays = [inputs[k] for k in leaves_of(outputs, inputs)]
    graph = Graph([*[body.inputs[k] for k in constants], *own, *arrays], outputs)
    made = Region([graph], len(constants), len(own), region.length, not region.reverse)
    given = [*[e.args[k] for k in constants], *operands_of_own, *[slices[x] for x in arrays]]
    found = parts(region_node(e.op, given, made))
    places = [*[first + k for k in carried], *added, *sliced]
    known = dict(zip(places, found, strict=False))
    slices |= dict(zip(collected, found[len(places) :], strict=True))
    rows = dict(zip(later, [slices[x] for x in ends], strict=True))
    for k, (_, terms) in parted.items():
        if terms:
            whole = [(c, summed_product(t, *[rows[x] for x in operands(t)])) for c, t in terms]
            whole += [(1, known[k])] if k in known else []
            known[k] = total(whole, e.args[k].shape)
    return [known.get(k) if does else None for k, does in enumerate(active)]


def _slices(
    e: Any, turn: _Turn, outputs: Sequence[Any], kept: dict[Any, Any], cotangents: Sequence[Any]
) -> dict[Any, Any]:
    """What a turn backward may take a slice of: inputs of its graph, with the arrays."""
    region, body = turn.region, turn.body
    first, last = region.constants, region.constants + region.carries
    needed = leaves_of(outputs, body.inputs)
    saved = [body.inputs[k] for k in needed if first <= k < last]
    results = _collected(e, [*saved, *kept])
    found = dict(zip([*saved, *kept.values()], results, strict=True))
    found |= {body.inputs[k]: e.args[k] for k in needed if k >= last}
    bars = zip(turn.live, turn.bars, strict=True)
    return found | {bar: cotangents[k] for k, bar in bars if k >= region.carries}


def _accumulated(amount: Any, share: Any) -> Any:
    """A sum with one share more; elements put in zeros are added where they belong."""
    if share.op == "put" and sums.exact_value(share.args[0]) == 0:
        return added_at(amount, *share.args[1:])
    return sums.add(amount, share)


def _given(cotangent: Any, like: Any) -> Any:
    return zeros_like(like) if cotangent is None else cotangent


def _worth_keeping(
    body: Graph, outputs: Sequence[Any], walk: Any
) -> tuple[dict[Any, Any], list[Any]]:
    """What a turn returns that the way back needs as well and that took more than a few
    operations, and its products of matrices: nodes with inputs in their places; and the outputs
    with these.
    """
    stop = set(body.inputs).__contains__
    present = set(reachable(outputs, stop=stop))
    found = [e for e in body.outputs if e.args and work([e]) > CALL]
    found += [e for e in reachable(body.outputs, stop=stop) if e.op in _CONTRACTIONS]
    kept = {e: inner_input("kept", e.shape) for e in found if e in present}
    return kept, walk.replaced(outputs, kept) if kept else list(outputs)


def _collected(e: Any, wanted: Sequence[Any]) -> list[Any]:
    """Nodes of all turns of a scan: of the scan with further results where it has them not."""
    region = e.payload
    outputs = list(region.body.outputs)
    place = {x: k for k, x in enumerate(outputs) if k >= region.carries}
    for x in wanted:
        if x not in place:
            place[x] = len(outputs)
            outputs.append(x)
    if len(outputs) > len(region.body.outputs):
        graph = Graph(region.body.inputs, outputs)
        wider = Region([graph], region.constants, region.carries, region.length, region.reverse)
        e = region_node(e.op, e.args, wider)
    return [part(e, place[x]) for x in wanted]


def as_scan(e: Any) -> Any:
    """A `fori_loop` between known bounds as a scan, which carries the index first where a turn
    takes it.
    """
    region, body, count = e.payload, e.payload.body, e.payload.constants
    fixed, carries = e.args[2 : 2 + count], e.args[2 + count :]
    index = body.inputs[count]
    if not leaves_of(body.outputs, [index]):
        inputs = (*body.inputs[:count], *body.inputs[count + 1 :])
        made = Region([Graph(inputs, body.outputs)], count, region.carries, turns(e))
        return region_node("scan", [*fixed, *carries], made)
    graph = Graph(body.inputs, [sums.add(index, ONE), *body.outputs])
    made = Region([graph], count, 1 + region.carries, turns(e))
    return region_node("scan", [*fixed, e.args[0], *carries], made)


def pulled_fori(e: Any, cotangents: Sequence[Any], active: Sequence[bool], walk: Any) -> Shares:
    """A loop over a range backward; its bounds have no shares."""
    constants = e.payload.constants
    if turns(e) is not None:
        scan = as_scan(e)
        more = scan.payload.carries - e.payload.carries  # the index
        flags = [*active[2 : 2 + constants], *[False] * more, *active[2 + constants :]]
        shares = pulled_scan(scan, [*[None] * more, *cotangents], flags, walk)
        return [None, None, *shares[:constants], *shares[constants + more :]]
    flags = [*active[2 : 2 + constants], False, *active[2 + constants :]]
    shares = pulled_while(_as_while(e), [None, *cotangents], [False, *flags], walk)
    return [None, None, *shares[1 : 1 + constants], *shares[2 + constants :]]


def _as_while(e: Any) -> Any:
    """A `fori_loop` as a `while_loop` with the upper bound as its first constant and the index as
    its first carry.
    """
    region, body = e.payload, e.payload.body
    upper, index = inner_input("upper"), body.inputs[region.constants]
    inputs = (upper, *body.inputs)
    graphs = [
        Graph(inputs, [logic.less(index, upper)]),
        Graph(inputs, [sums.add(index, ONE), *body.outputs]),
    ]
    made = Region(graphs, 1 + region.constants, 1 + region.carries)
    fixed, carries = e.args[2 : 2 + region.constants], e.args[2 + region.constants :]
    return region_node("while_loop", [e.args[1], *fixed, e.args[0], *carries], made)


# --- loops whose turns nobody knows ---------------------------------------------------------------


def pulled_while(e: Any, cotangents: Sequence[Any], active: Sequence[bool], walk: Any) -> Shares:
    """A `while_loop` backward, as a node `reverse_loop`; a recursion of few numbers by calls."""
    if e.payload.calls is not None:
        numbers = [k for k, does in enumerate(active) if does]
        if sum(e.args[k].size for k in numbers) <= FEW_NUMBERS:
            return _weighted(e, cotangents, numbers, widened_loop, walk)
    turn = _Turn(e, cotangents, active, walk)
    region, body = turn.region, turn.body
    first = region.constants
    added = turn.group(0, first)
    outputs = []
    for k in turn.live:
        share = turn.shares[first + k]
        outputs.append(zeros_like(body.outputs[k]) if share is None else share)
    outputs += [turn.shares[k] for k in added]
    pull = Graph([*body.inputs, *turn.bars], outputs)
    made = Region([*region.graphs, pull], first, region.carries)
    given = [_given(cotangents[k], e.args[first + k]) for k in turn.live]
    found = parts(region_node("reverse_loop", [*e.args, *given], made))
    shares: Shares = [None] * len(e.args)
    places = [*[first + k for k in turn.live], *added]
    for place, result in zip(places, found, strict=True):
        if active[place]:
            shares[place] = result
    return shares


def pulled_reverse(e: Any, cotangents: Sequence[Any], active: Sequence[bool], walk: Any) -> Shares:
    """A loop gone back once more: tangents by every number that it takes, weighted."""
    numbers = [k for k, does in enumerate(active) if does]
    width = sum(e.args[k].size for k in numbers)
    if width > MOST_NUMBERS:
        walk.refuse(
            f"a second derivative backward through a loop whose number of turns is not known "
            f"takes one forward for each of the {width} numbers that it depends on "
            f"({MOST_NUMBERS} at most); differentiate forward, as in ty.jvp of ty.grad"
        )
    return _weighted(e, cotangents, numbers, widened_reverse, walk)


def _weighted(
    e: Any, cotangents: Sequence[Any], numbers: Sequence[int], widened: Any, walk: Any
) -> Shares:
    """Tangents by every number of some operands, weighted by the adjoints of results."""
    width = sum(e.args[k].size for k in numbers)
    extras: list[Any] = [None] * len(e.args)
    place = 0
    for k in numbers:
        extras[k] = _units(e.args[k], place, width)
        place += e.args[k].size
    results = widened(e, extras, walk.inside)
    totals: list[list[Any]] = [[] for _ in range(width)]
    for cotangent, (_, *components) in zip(cotangents, results, strict=True):
        if cotangent is not None:
            for terms, component in zip(totals, components, strict=False):
                product = multiply(cotangent, component)
                terms.append(summed(product, range(product.ndim)))
    weighted = [sums.add_many(terms) for terms in totals]
    shares: Shares = [None] * len(e.args)
    own = iter(weighted)
    for k in numbers:
        found = [next(own) for _ in range(e.args[k].size)]
        shares[k] = reshape(stack(found), e.args[k].shape) if e.args[k].shape else found[0]
    return shares


def _units(e: Any, place: int, width: int) -> list[Any]:
    """Components of an operand: its unit arrays, and zeros."""
    found = [zeros_like(e)] * width
    for k in range(e.size):
        row = [ONE if i == k else ZERO for i in range(e.size)]
        found[place + k] = reshape(stack(row), e.shape) if e.shape else ONE
    return found


# --- branches ------------------------------------------------------------------------------------


def pulled_switch(e: Any, cotangents: Sequence[Any], active: Sequence[bool], walk: Any) -> Shares:
    """A choice backward: between adjoints of the branches."""
    region: Region = e.payload
    live = [k for k, x in enumerate(cotangents) if x is not None]
    flags = active[1:]
    made: list[tuple[Any, list[Any]]] = []
    for graph in region.graphs:
        bars = [inner_input(f"bar {k}", graph.outputs[k].shape) for k in live]
        wanted = [x for x, does in zip(graph.inputs, flags, strict=True) if does]
        outputs = [graph.outputs[k] for k in live]
        made.append(((*graph.inputs, *bars), walk.pulled(outputs, bars, wanted)))
    numbers = [k for k, does in enumerate(flags) if does]
    columns = zip(*[found for _, found in made], strict=True)
    some = [any(x is not None for x in column) for column in columns]
    graphs = [Graph(inputs, _filled(inputs, numbers, found, some)) for inputs, found in made]
    operands = [*e.args, *[cotangents[k] for k in live]]
    wider = region_node(e.op, operands, Region(graphs, region.constants + len(live)))
    shares: Shares = [None] * len(e.args)
    places = [k for k, does in zip(numbers, some, strict=True) if does]
    for number, k in enumerate(places):
        shares[1 + k] = part(wider, number)
    return shares


def _filled(
    inputs: Sequence[Any], numbers: Sequence[int], found: Sequence[Any], some: Sequence[bool]
) -> list[Any]:
    """The shares of one branch, zeros where another has some."""
    return [
        zeros_like(inputs[k]) if share is None else share
        for k, share, does in zip(numbers, found, some, strict=True)
        if does
    ]


# --- values --------------------------------------------------------------------------------------


def run_reverse(make: Any, e: Any, values: Sequence[Any]) -> Sequence[Any]:
    """The value of a `reverse_loop`: forth with everything kept, then back."""
    region: Region = e.payload
    condition, body, pull = (make(g.inputs, g.outputs) for g in region.graphs)
    last = region.constants + region.carries
    constants, carries = list(values[: region.constants]), list(values[region.constants : last])
    kept = []
    while condition([*constants, *carries])[0] != 0:
        kept.append(carries)
        carries = body([*constants, *carries])
    bars = list(values[last:])
    added: list[Any] = [np.zeros(shape) if shape else 0 for shape in region.shapes[len(bars) :]]
    for before in reversed(kept):
        found = pull([*constants, *before, *bars])
        bars = found[: len(bars)]
        added = [a + b for a, b in zip(added, found[len(bars) :], strict=True)]
    return [*bars, *added]
