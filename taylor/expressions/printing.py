"""Readable text: `str(expr)` on one line, abbreviated where it is long, and `to_text` in full.

All is written by one walk over a stack of pieces, so depth costs nothing; the walk stops as soon as
the line is full.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from taylor.nodes.node import Node
from taylor.nodes.operation import ATOM, OR, Piece
from taylor.nodes.operations.scalars.sums_as_text import DEPTH_LIMIT
from taylor.nodes.operations.table import operation
from taylor.nodes.traverse import count_uses, reachable

LINE_LIMIT = 1000  # characters of str(expr) before it is abbreviated with "..."
SHORT = 80  # the same where a function is named
PART_LIMIT = 60  # nodes that a numbered line of `to_text` may spell out

Names = Mapping[Node, str]  # what numbered lines have named already


def to_string(expression: Node, limit: int = LINE_LIMIT) -> str:
    """Return the expression on one line, cut with "..." after about `limit` characters.

    >>> from taylor.expressions.leaves import variables
    >>> x, v, k = variables("x v k")
    >>> to_string(v - k * (x - v) ** 2)
    'v - k*(x - v)**2'
    """
    return _write([(expression, OR)], {}, limit)


def to_arrow(inputs: Sequence[Node], outputs: Sequence[Node], limit: int = LINE_LIMIT) -> str:
    """Return a function as "(inputs) -> outputs", each cut after about `limit` characters.

    >>> from taylor.expressions.leaves import variables
    >>> x, y = variables("x y")
    >>> to_arrow([x, y], [x * y + 1])
    '(x, y) -> x*y + 1'
    """
    sides = [", ".join(to_string(e, limit) for e in side) for side in (inputs, outputs)]
    return f"({sides[0]}) -> {sides[1]}"


def _write(pieces: list[Piece], names: Names, limit: int | None) -> str:
    pending: list[tuple[Piece, int]] = [(piece, 0) for piece in reversed(pieces)]
    written: list[str] = []
    length = 0
    while pending:
        piece, depth = pending.pop()
        if isinstance(piece, str):
            written.append(piece)
            length += len(piece)
            continue
        if limit is not None and length > limit:
            return "".join(written) + " ..."
        current, place = piece
        expanded: list[Piece]
        if current in names:
            expanded, strength = [names[current]], ATOM
        elif depth > DEPTH_LIMIT and current.args:
            expanded, strength = ["..."], ATOM
        else:
            expanded, strength = operation(current.op).text(current, names)
        if strength < place:
            expanded = ["(", *expanded, ")"]
        pending.extend((inner, depth + 1) for inner in reversed(expanded))
    return "".join(written)


def to_text(expression: Node) -> str:
    """Return the whole expression, shared parts as numbered lines and the result last.

    >>> from taylor.expressions.leaves import variables
    >>> x, y = variables("x y")
    >>> d = x - y
    >>> print(to_text(d**3 / (1 + d)))
    u1 = x - y
    u1**3/(u1 + 1)
    """
    order = reachable([expression])
    uses = count_uses(order)
    names: dict[Node, str] = {}
    weights: dict[Node, int] = {}
    lines: list[str] = []
    for e in order:
        if not e.args:
            weights[e] = 1
            continue
        weight = 1 + sum(1 if arg in names else weights[arg] for arg in e.args)
        is_cheap = len(e.args) == 1 and not e.args[0].args and e.op in ("index", "linear")
        if e is not expression and ((uses[e] > 1 and not is_cheap) or weight > PART_LIMIT):
            line = _write([(e, OR)], names, None)
            names[e] = f"u{len(names) + 1}"
            lines.append(f"{names[e]} = {line}")
        weights[e] = weight
    lines.append(_write([(expression, OR)], names, None))
    return "\n".join(lines)
