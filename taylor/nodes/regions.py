"""Regions: graphs inside nodes, as the body of a loop or the branches of a choice.

A region is data.  Its graphs are closed: they depend on inputs of their own alone, and whatever
they take from outside is an operand of the node, so that substitution, pickling and all other walks
see operands and nothing else.

A node has one value; one with a region has several results, and only `part` nodes, which have
a number as payload, take them out.  Operations and their operands:

    while_loop  constants, carries                     graphs: condition, body
    fori_loop   lower, upper, constants, carries       graphs: body, of the index as well
    scan        constants, carries, arrays             graphs: body, of slices of the arrays
    switch      index, constants                       graphs: the branches
    reverse_loop  constants, carries, adjoints         graphs: condition, body, pullback
    series      arrays                                 graphs: what the coefficients are of
    custom      constants                              graphs: rules of derivatives, the value
    solution    constants                              no graphs: results are computed elsewhere
    recursion   constants, arguments                   graphs: what is done from call to call

Graphs take the constants first, then the index, then the carries, then the slices.

A `reverse_loop` is a `while_loop` gone back, for derivatives.  Its first operands are that loop's,
and condition and body its graphs.  It goes forth: for as long as the condition holds, a turn takes
the carries to the next ones.  Then it goes back through the same turns, the last one first.  The
pullback of a turn takes the constants, the carries that the turn began with, and adjoints of what
it ended with: for the last turn these are the last operands.  Its first outputs, as many, are
adjoints of what the turn began with, and go on to the turn before; its others are amounts that are
added up over all turns, from zero.  Results are the adjoints after the first turn (the operands
themselves where there was none), then the sums.  Adjoints may be those of some carries alone.
Which carries are kept on the way forth, and which computed again, is left to what runs it.

A `series` has the Taylor coefficients of the outputs of its graph, as many as its length; of inputs
it takes the coefficients, too, each an array with one axis more, or a value that does not vary.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Sequence
from fractions import Fraction
from operator import is_
from typing import Any, NamedTuple, Self

from taylor.nodes.node import Node, Shape, node
from taylor.nodes.sums import exact_value
from taylor.nodes.traverse import from_records, reachable, to_records
from taylor.numbers import exact as numbers
from taylor_runtime.program.records import blake2b
from taylor_runtime.program.systems.recursion import Stage

LOOPS = frozenset(("while_loop", "fori_loop", "scan"))
REGIONS = LOOPS | {"switch", "reverse_loop", "custom", "series", "solution", "recursion"}


class InnerName(str):
    """The name of an input of a graph inside a node; two are equal only where they are one."""

    __slots__ = ()
    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other

    def __ne__(self, other: object) -> bool:
        return self is not other

    def __copy__(self) -> InnerName:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> InnerName:
        return self

    def __reduce__(self) -> tuple[type[InnerName], tuple[str]]:
        return InnerName, (str(self),)


def inner_input(name: str, shape: Shape = ()) -> Any:
    """A new input of a graph inside a node."""
    made: Any = node("variable", (), InnerName(name), shape)
    return made


class Graph:
    """Outputs as a function of inputs, on which alone they depend.

    key: what is computed, whichever nodes the inputs are.
    """

    __slots__ = ("inputs", "key", "outputs")

    inputs: tuple[Any, ...]
    outputs: tuple[Any, ...]
    key: Hashable

    def __init__(self, inputs: Sequence[Any], outputs: Sequence[Any]) -> None:
        self.inputs, self.outputs = tuple(inputs), tuple(outputs)
        self.key = _key(self.outputs, self.inputs)


class Region:
    """Graphs with what else a node's payload says; equal where they compute the same.

    constants: how many operands do not change from turn to turn.
    carries:   how many values go from turn to turn; none in a choice.
    length:    turns of a scan.
    reverse:   whether these go from the last slice to the first.
    shapes:    of the results: the carries, then what a scan collects, or what branches return.
    calls:     of a loop that a recursion has become: the same with calls, for machine code.
    """

    __slots__ = (
        *("_hash", "calls", "carries", "constants", "graphs", "key", "length", "reverse"),
        "shapes",
    )

    def __new__(cls, *_: object, **__: object) -> Self:
        """A region is made, or comes out of a pickle: from now on there are some."""
        if not _made:
            _made.append(True)
        return super().__new__(cls)

    def __init__(
        self,
        graphs: Sequence[Graph],
        constants: int,
        carries: int = 0,
        length: int | None = None,
        reverse: bool = False,
        calls: Called | None = None,
    ) -> None:
        self.graphs = tuple(graphs)
        self.constants, self.carries = constants, carries
        self.length, self.reverse, self.calls = length, reverse, calls
        shapes = [e.shape for e in self.graphs[-1].outputs]
        lead = () if length is None else (length,)
        self.shapes = (*shapes[:carries], *[(*lead, *shape) for shape in shapes[carries:]])
        self.key = (constants, carries, length, reverse, calls, *[g.key for g in self.graphs])
        self._hash = hash(self.key)

    def of(self, graphs: Sequence[Graph]) -> Region:
        """The same of graphs that have the same values."""
        return Region(graphs, self.constants, self.carries, self.length, self.reverse)

    @property
    def body(self) -> Graph:
        """The last graph: of a loop, what a turn does."""
        return self.graphs[-1]

    @property
    def is_scalar(self) -> bool:
        """Whether nothing in it is an array."""
        return not any(e.shape for g in self.graphs for e in (*g.inputs, *g.outputs))

    def place(self, number: int) -> int:
        """Where the elements of a result begin among those of all."""
        return sum(map(math.prod, self.shapes[:number]))

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, Region) and self._hash == other._hash and self.key == other.key

    def __hash__(self) -> int:
        return self._hash

    def __repr__(self) -> str:
        """Which region it is, the same in all processes."""
        return f"<region {blake2b(repr(self.key).encode(), digest_size=12).hexdigest()}>"

    def __reduce__(self) -> tuple[Callable[..., Region], tuple[Any, ...]]:
        """All graphs together, so that what they share is written once."""
        roots = [e for g in self.graphs for e in (*g.inputs, *g.outputs)]
        sizes = [(len(g.inputs), len(g.outputs)) for g in self.graphs]
        rest = (self.constants, self.carries, self.length, self.reverse, self.calls)
        return _load, (to_records(roots), sizes, rest)


def _load(records: Any, sizes: Sequence[tuple[int, int]], rest: Sequence[Any]) -> Region:
    """Rebuild a pickled region."""
    roots = list(from_records(records))
    graphs = []
    for inputs, outputs in sizes:
        graphs.append(Graph(roots[:inputs], roots[inputs : inputs + outputs]))
        del roots[: inputs + outputs]
    return Region(graphs, *rest)


class Recursion(Region):
    """What functions that call themselves do from one call to the next, a graph a stage.

    A stage begins where a function does, or where a call has come back.  Its graph takes constants,
    what the function has kept, and what the call has returned.  It gives for each call that may
    follow whether it does (the first one counts), its arguments, and what is kept meanwhile; and
    then, unless one follows in any case, what the function returns.

    stages:  of each what it begins with, and the calls that may follow.
    depth:   how many calls may wait for others.
    results: how many numbers the first stage's function returns.  One more comes after them: how
             many calls wait in the end, -1, or -2 where more would have had to than may.
    """

    __slots__ = ("depth", "results", "stages")

    def __init__(
        self,
        graphs: Sequence[Graph],
        constants: int,
        stages: Sequence[Stage],
        depth: int,
        results: int,
    ) -> None:
        super().__init__(graphs, constants)
        self.stages, self.depth, self.results = tuple(stages), depth, results
        self.shapes = ((),) * (results + 1)
        self.key = (*self.key, self.stages, depth, results)
        self._hash = hash(self.key)

    def of(self, graphs: Sequence[Graph]) -> Region:
        """The same of graphs that have the same values."""
        return Recursion(graphs, self.constants, self.stages, self.depth, self.results)

    def __reduce__(self) -> tuple[Callable[..., Region], tuple[Any, ...]]:
        _, (records, sizes, _) = super().__reduce__()
        rest = (self.constants, self.stages, self.depth, self.results)
        return _load_recursion, (records, sizes, rest)


def _load_recursion(records: Any, sizes: Any, rest: Sequence[Any]) -> Recursion:
    """Rebuild a pickled recursion."""
    return Recursion(_load(records, sizes, (0,)).graphs, *rest)


class Called(NamedTuple):
    """How a loop's results are those of a recursion.

    operands: which of the loop's the recursion takes.
    results:  of the loop, and the recursion's that they are.
    """

    recursion: Recursion
    operands: tuple[int, ...]
    results: tuple[tuple[int, int], ...]


def _key(roots: Sequence[Node], arguments: Sequence[Node]) -> Hashable:
    """What roots compute of arguments: equal for equal formulas, in all processes."""
    places = {x: -1 - i for i, x in enumerate(arguments)}
    records: list[tuple[Hashable, ...]] = []
    for e in reachable(roots, stop=places.__contains__):
        if e in places:
            continue
        payload: Hashable = e.payload
        if e.op == "linear":
            payload = (numbers.key(payload[1]), *map(numbers.key, payload[0]))  # type: ignore[index]
        elif e.op == "constant":
            listed = payload if type(payload) is tuple else (payload,)
            payload = (e.shape, *[_constant_key(value) for value in listed])
        places[e] = len(records)
        records.append((e.op, payload, *[places[arg] for arg in e.args]))
    shapes = tuple(x.shape for x in arguments)
    return shapes, tuple(records), tuple(places[root] for root in roots)


def _constant_key(value: Any) -> Hashable:
    """A number, told from those that compare equal; other payloads are hashable themselves."""
    return numbers.key(value) if type(value) in (int, float, Fraction) else value


# --- nodes with regions --------------------------------------------------------------------------


def has_regions(roots: Iterable[Node]) -> bool:
    """Whether there are loops or branches in nodes; without a walk while there are none at all."""
    return bool(_made) and any(e.op in REGIONS for e in reachable(roots))


_made: list[bool] = []  # whether there has been a region in this process


def region_node(op: str, operands: Sequence[Any], region: Region) -> Any:
    """The node of a loop or a choice, of which only parts are ever used."""
    made: Any = node(op, tuple(operands), region, ())
    return made


def rewritten(region: Region, rewrite: Callable[[Sequence[Any]], Sequence[Any]]) -> Region:
    """The same of the graphs of a loop or a choice: roots become others of the same values."""
    graphs = []
    for graph in region.graphs:
        outputs = rewrite(graph.outputs)
        same = all(map(is_, outputs, graph.outputs))
        graphs.append(graph if same else Graph(graph.inputs, outputs))
    if all(map(is_, graphs, region.graphs)):
        return region
    return region.of(graphs)


def parts(e: Any) -> tuple[Any, ...]:
    """All results of a node with a region."""
    return tuple(part(e, number) for number in range(len(e.payload.shapes)))


def part(e: Any, number: int) -> Any:
    """One result of a node with a region; a carry that no turn changes is what it was before."""
    region: Region = e.payload
    if e.op in LOOPS and number < region.carries:
        first = len(e.args) - region.carries - array_count(e)
        body, place = region.body, len(region.body.inputs) - region.carries - array_count(e)
        still = body.outputs[number] is body.inputs[place + number]
        if still or turns(e) == 0:
            return e.args[first + number]
    made: Any = node("part", (e,), number, region.shapes[number])
    return made


def turns(e: Any) -> int | None:
    """How often a loop is gone through, where that is known."""
    if e.op == "scan":
        length: int | None = e.payload.length
        return length
    if e.op == "fori_loop":
        lower, upper = exact_value(e.args[0]), exact_value(e.args[1])
        if lower is not None and upper is not None:
            return max(0, math.ceil(upper - lower)) if math.isfinite(upper - lower) else None
    return None


def leading(e: Any) -> int:
    """How many operands come before the constants: bounds, or an index."""
    return {"fori_loop": 2, "switch": 1}.get(e.op, 0)


def array_count(e: Any) -> int:
    """Over how many arrays a scan goes."""
    return len(e.args) - e.payload.constants - e.payload.carries if e.op == "scan" else 0
