"""Sums as one would write them: signs between the terms, nested sums without parentheses."""

from __future__ import annotations

from collections.abc import Container
from fractions import Fraction

from taylor.nodes.node import Node
from taylor.nodes.operation import PRODUCT, SUM, UNARY, Piece, Text
from taylor.nodes.operations.scalars.leaves import number_text
from taylor.nodes.sums import split_factor
from taylor.numbers.exact import Exact

DEPTH_LIMIT = 100  # operations inside one another before the inner ones are abbreviated


def sum_text(e: Node, names: Container[Node]) -> Text:
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
            return _scaled(coefficient, term), PRODUCT
        return ["-", *_scaled(-coefficient, term)], SUM
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
    return pieces, SUM


def _scaled(coefficient: Exact, term: Node) -> list[Piece]:
    """coefficient * term for a positive coefficient."""
    if coefficient == 1:
        return [(term, PRODUCT)]
    if term.op == "div" and term.args[0].op == "constant" and term.args[0].payload == 1:
        return [number_text(coefficient), "/", (term.args[1], UNARY)]
    if type(coefficient) is Fraction:
        text = number_text(coefficient)
        if "/" in text:
            above = [] if coefficient.numerator == 1 else [f"{coefficient.numerator}*"]
            return [*above, (term, PRODUCT), f"/{coefficient.denominator}"]
        return [f"{text}*", (term, PRODUCT)]
    return [f"{number_text(coefficient)}*", (term, PRODUCT)]


def _terms(e: Node, names: Container[Node]) -> tuple[list[tuple[Exact, Node]], bool]:
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
