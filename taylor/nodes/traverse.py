"""Walking DAGs without recursion: orders, leaves, and the flat form that pickles.

Operands are older than their results, so sorting by `id` is a topological order, the same in every
process that builds the same expressions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any

from taylor.nodes.node import N, Node, node

Record = tuple[
    str, tuple[int, ...], Any, tuple[int, ...]
]  # op, positions of operands, payload, shape
Records = tuple[tuple[Record, ...], tuple[int, ...]]  # records in order, positions of the roots


def reachable(roots: Iterable[N], stop: Callable[[N], bool] | None = None) -> list[N]:
    """Return every node of the DAG under `roots`, operands before results.

    stop: nodes for which it is true are listed, but not what lies under them.

    >>> from taylor.expressions.leaves import variables
    >>> x, y = variables("x y")
    >>> reachable([x * y])
    [x, y, x*y]
    """
    return sorted(below(roots, stop), key=attrgetter("id"))


def below(roots: Iterable[N], stop: Callable[[N], bool] | None = None) -> set[N]:
    """Return the nodes of `reachable` where no order is wanted; that of a set is none."""
    seen = set(roots)
    pending = list(seen)
    while pending:
        current = pending.pop()
        if stop is not None and stop(current):
            continue
        for arg in current.args:
            if arg not in seen:
                seen.add(arg)
                pending.append(arg)
    return seen


def inputs(roots: Iterable[N]) -> list[N]:
    """Return variables, parameters and time that `roots` depend on, in order of creation."""
    return [e for e in reachable(roots) if e.op in ("variable", "parameter", "time")]


def count_uses(nodes: Iterable[N]) -> dict[N, int]:
    """Return how often each node is an operand of the given nodes."""
    uses: dict[N, int] = {}
    for current in nodes:
        for arg in current.args:
            uses[arg] = uses.get(arg, 0) + 1
    return uses


def to_records(roots: Sequence[Node]) -> Records:
    """Flatten the DAG under `roots` into plain tuples, sharing kept; the inverse of `from_records`.

    Objects that hold several expressions pickle best as the records of all of them together.
    """
    order = reachable(roots)
    position = {e.id: i for i, e in enumerate(order)}
    records = tuple(
        (e.op, tuple(position[a.id] for a in e.args), e.payload, e.shape) for e in order
    )
    return records, tuple(position[e.id] for e in roots)


def from_records(records: Records) -> tuple[Any, ...]:
    """Rebuild the roots of `to_records`; nodes that exist already are found, nothing is simplified.

    >>> from taylor.expressions.leaves import variables
    >>> x, y = variables("x y")
    >>> from_records(to_records([x * y]))[0] is x * y
    True
    """
    built: list[Any] = []
    for op, positions, payload, shape in records[0]:
        built.append(node(op, tuple(built[i] for i in positions), payload, shape))
    return tuple(built[i] for i in records[1])


def load_one(records: Records) -> Any:
    """Rebuild a single pickled expression."""
    return from_records(records)[0]
