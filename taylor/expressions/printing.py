"""Readable text: `str(expr)` on one line, abbreviated where it is long, and `to_text` in full.

All is written by one walk over a stack of pieces, so depth costs nothing; the walk stops as soon as
the line is full.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from taylor.nodes.node import Node
from taylor.nodes.sums import split_factor
from taylor.nodes.traverse import count_uses, reachable
from taylor.numbers.exact import Exact, to_float

LINE_LIMIT = 1000  # characters of str(expr) before it is abbreviated with "..."
DEPTH_LIMIT = 100  # operations inside one another before the inner ones are abbreviated
PART_LIMIT = 60  # nodes that a numbered line of `to_text` may spell out

# Binding strength, weakest first, as in Python.
_OR, _AND, _COMPARE, _SUM, _PRODUCT, _UNARY, _POWER, _ATOM = range(8)

_SYMBOLS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!="}

# A piece waiting to be written: text, or a node with the binding strength its place asks for.
Piece = str | tuple[Node, int]
Names = Mapping[Node, str]  # what numbered lines have named already


def to_string(expression: Node, limit: int = LINE_LIMIT) -> str:
    """Return the expression on one line, cut with "..." after about `limit` characters.

    >>> from taylor.expressions.leaves import variables
    >>> x, v, k = variables("x v k")
    >>> to_string(v - k * (x - v) ** 2)
    'v - k*(x - v)**2'
    """
    return _write([(expression, _OR)], {}, limit)


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
            expanded, strength = [names[current]], _ATOM
        elif depth > DEPTH_LIMIT and current.args:
            expanded, strength = ["..."], _ATOM
        else:
            expanded, strength = _pieces(current, names)
        if strength < place:
            expanded = ["(", *expanded, ")"]
        pending.extend((inner, depth + 1) for inner in reversed(expanded))
    return "".join(written)


def _pieces(e: Node, names: Names) -> tuple[list[Piece], int]:
    """The pieces of one node and how strongly they bind."""
    op = e.op
    if op in ("variable", "parameter"):
        return [e.payload], _ATOM
    if op == "time":
        return ["t"], _ATOM
    if op == "constant":
        return _constant(e)
    if op == "linear":
        return _linear(e, names)
    if op in ("mul", "div"):
        # Division is not associative, so its right operand needs a stronger place.
        right = _PRODUCT if op == "mul" and e.args[1].op == "mul" else _UNARY
        return [(e.args[0], _PRODUCT), "*" if op == "mul" else "/", (e.args[1], right)], _PRODUCT
    if op == "pow":
        exponent = e.args[1]
        if exponent.op == "constant" and not exponent.shape:
            text = _exponent(exponent.payload)
            return [(e.args[0], _ATOM), "**", text], _POWER
        return [(e.args[0], _ATOM), "**", (exponent, _POWER)], _POWER
    if op in _SYMBOLS:
        return [(e.args[0], _SUM), f" {_SYMBOLS[op]} ", (e.args[1], _SUM)], _COMPARE
    if op in ("and", "or"):
        symbol = " & " if op == "and" else " | "
        # Comparisons bind more weakly than & and | in Python.
        return [(e.args[0], _SUM), symbol, (e.args[1], _SUM)], _AND if op == "and" else _OR
    if op == "not":
        return ["~", (e.args[0], _ATOM)], _UNARY
    if op == "index":
        return [(e.args[0], _ATOM), _index(e.payload)], _ATOM
    return _call(e)


def _call(e: Node) -> tuple[list[Piece], int]:
    listed: list[Piece] = []
    for arg in e.args:
        listed.extend([", ", (arg, _OR)])
    inner = listed[1:]
    if e.op == "matmul":
        return [(e.args[0], _PRODUCT), " @ ", (e.args[1], _UNARY)], _PRODUCT
    if e.op == "sum":
        axes = "" if len(e.payload) == e.args[0].ndim else f", axis={e.payload}"
        return ["sum(", *inner, f"{axes})"], _ATOM
    if e.op in ("reshape", "transpose", "broadcast"):
        return [f"{e.op}(", *inner, f", {e.payload})"], _ATOM
    if e.op == "take":
        return ["take(", *inner, f", {_shortened(str(list(e.payload[0])))})"], _ATOM
    if e.op == "stack":
        return ["[", *inner, "]"], _ATOM
    return [f"{getattr(e.op, 'label', e.op)}(", *inner, ")"], _ATOM


def _shortened(text: str) -> str:
    return text if len(text) <= 60 else text[:56] + " ..."


def _constant(e: Node) -> tuple[list[Piece], int]:
    payload = e.payload
    if type(payload) is tuple:
        listed = ", ".join(number_text(value) for value in payload[:8])
        dots = ", ..." if len(payload) > 8 else ""
        return [f"array([{listed}{dots}], shape={e.shape})"], _ATOM
    text = number_text(payload)
    if e.shape:
        return [f"full({e.shape}, {text})"], _ATOM
    return [text], _strength(text)


def _strength(text: str) -> int:
    return _SUM if text.startswith("-") else _PRODUCT if "/" in text else _ATOM


def number_text(value: Any) -> str:
    """A number as one would type it: an int, a float that has this value, or else a ratio."""
    if type(value) is Fraction:
        denominator = value.denominator
        as_float = to_float(value)
        if denominator & (denominator - 1) == 0 and as_float == value:
            return repr(as_float)
        return f"{value.numerator}/{denominator}" if denominator < 10**12 else repr(as_float)
    return repr(value) if type(value) is float or abs(value) < 10**22 else repr(to_float(value))


def _exponent(value: Exact) -> str:
    if type(value) is Fraction and value.denominator <= 64:
        return f"({value.numerator}/{value.denominator})"
    text = number_text(value)
    return text if text.replace(".", "").isalnum() else f"({text})"


def _scaled(coefficient: Exact, term: Node) -> list[Piece]:
    """coefficient * term for a positive coefficient."""
    if coefficient == 1:
        return [(term, _PRODUCT)]
    if term.op == "div" and term.args[0].op == "constant" and term.args[0].payload == 1:
        return [number_text(coefficient), "/", (term.args[1], _UNARY)]
    if type(coefficient) is Fraction:
        text = number_text(coefficient)
        if "/" in text:
            above = [] if coefficient.numerator == 1 else [f"{coefficient.numerator}*"]
            return [*above, (term, _PRODUCT), f"/{coefficient.denominator}"]
        return [f"{text}*", (term, _PRODUCT)]
    return [f"{number_text(coefficient)}*", (term, _PRODUCT)]


def _linear(e: Node, names: Names) -> tuple[list[Piece], int]:
    """The terms of a sum with their signs; nested sums need no parentheses of their own."""
    terms, is_cut = _terms(e, names)
    offset = e.payload[1]
    if offset != 0 and len(terms) == 1 and terms[0][0] < 0 < offset:
        first = [number_text(offset)]
        offset = 0
    else:
        first = []
    if len(terms) == 1 and offset == 0 and not first and not is_cut:
        coefficient, term = terms[0]
        if coefficient > 0:
            return _scaled(coefficient, term), _PRODUCT
        return ["-", *_scaled(-coefficient, term)], _SUM
    pieces: list[Piece] = ["..."] if is_cut else list(first)
    for coefficient, term in terms:
        sign = (
            ("-" if coefficient < 0 else "")
            if not pieces
            else (" - " if coefficient < 0 else " + ")
        )
        pieces.append(sign)
        pieces.extend(_scaled(-coefficient if coefficient < 0 else coefficient, term))
    if offset != 0:
        pieces.append(f" {'-' if offset < 0 else '+'} {number_text(abs(offset))}")
    return pieces, _SUM


def _terms(e: Node, names: Names) -> tuple[list[tuple[Exact, Node]], bool]:
    """Coefficients and terms of a sum, nested sums opened; whether some were too deep to open."""
    found: list[tuple[Exact, Node]] = []
    pending: list[tuple[Exact, Node]] = [(1, e)]
    opened = 0
    is_cut = False
    while pending:
        coefficient, current = pending.pop()
        is_sum = current.op == "linear" and (current is e or current.payload[1] == 0)
        if is_sum and coefficient in (1, -1) and current not in names:
            if opened == DEPTH_LIMIT:
                is_cut = True
                continue
            opened += 1
            inner = zip(current.payload[0], current.args, strict=True)
            pending.extend((coefficient * c, t) for c, t in reversed(list(inner)))
        else:
            factor, term = (1, current) if current in names else split_factor(current)
            found.append((coefficient * factor, term))
    if found and found[0][0] < 0 and not is_cut:
        # y - x is kept as -(x - y); write a positive term first where there is one.
        leading = next((i for i, (c, _) in enumerate(found) if c > 0), 0)
        found.insert(0, found.pop(leading))
    return found, is_cut


def _index(entries: tuple[Any, ...]) -> str:
    texts = []
    for entry in entries:
        if isinstance(entry, tuple):
            start, count, step = entry
            stop = start + count * step
            texts.append(f"{start}:{stop if stop >= 0 else ''}" + (f":{step}" if step != 1 else ""))
        else:
            texts.append(str(entry))
    return f"[{', '.join(texts)}]"


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
            line = _write([(e, _OR)], names, None)
            names[e] = f"u{len(names) + 1}"
            lines.append(f"{names[e]} = {line}")
        weights[e] = weight
    lines.append(_write([(expression, _OR)], names, None))
    return "\n".join(lines)
