"""Sums that are others times a power of two, or their negatives: one row has the numbers of both.

m (x/a + y/b) and -m (x/a + y/b) of a force and its Jacobian are computed once.  No digit changes:
powers of two and signs are exact wherever they stand.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from fractions import Fraction

from taylor_runtime.program.program import (
    Coefficient,
    Convolution,
    Kernel,
    Number,
    Program,
    Select,
    Step,
    Term,
)
from taylor_runtime.program.signature import is_plain_sum
from taylor_runtime.program.verify import operand_rows

Multiples = dict[int, tuple[int, Number]]  # row -> the row that it is a multiple of, and how much


def multiples(program: Program, others: Collection[int] = ()) -> Multiples:
    """Rows that may be replaced by earlier ones.

    others: rows that are to stay as they are, neither replaced nor in the place of one.
    """
    kept = {*others, *_read_otherwise(program)}
    first: dict[object, tuple[int, Fraction]] = {}
    found: Multiples = {}
    for index, row in enumerate(program.rows):
        step = row.step
        if step is None or row.start is not None or row.constant or row.offset != 0:
            continue
        if not is_plain_sum(row) or not step.terms or not _is_exact(step.terms) or index in others:
            continue
        scale = _scale(step.terms[0].constant)
        terms = tuple((term.operand, Fraction(_number(term)) / scale) for term in step.terms)
        before = first.setdefault((row.width, terms), (index, scale))
        if before[0] != index and index not in kept:
            found[index] = before[0], scale / before[1]
    return found


def replaced_in(step: Step, found: Mapping[int, tuple[int, Number]]) -> Step:
    """A step that reads no row that another one replaces."""
    return replace(step, terms=tuple(_replaced(term, found) for term in step.terms))


def _replaced(term: Term, found: Mapping[int, tuple[int, Number]]) -> Term:
    operand, head, factor = term.operand, term.head, Fraction(1)

    def other(row: int) -> int:
        nonlocal factor
        one, scale = found.get(row, (row, 1))
        factor *= Fraction(scale)
        return one

    if head is not None:
        head = other(head)
    if isinstance(operand, Coefficient):
        operand = replace(operand, row=other(operand.row))
    elif isinstance(operand, Convolution):
        operand = replace(operand, a=other(operand.a), b=other(operand.b))
    if factor == 1:
        return Term(term.constant, operand, head)
    constant = Fraction(_number(term)) * factor
    whole = constant.numerator if constant.denominator == 1 else constant
    return Term(whole, operand, head)


def _read_otherwise(program: Program) -> set[int]:
    """Rows that somebody reads as they are."""
    found = {row for row, _ in program.outputs}
    for row in program.rows:
        if isinstance(row.start, Kernel):
            found.update(row.start.arguments)
        if row.gather is not None:
            found.update(source for source, _ in row.gather.sources)
        if row.step is None:
            continue
        if row.step.divisor is not None:
            found.add(row.step.divisor)
        for term in row.step.terms:
            if not _is_exact([term]) or isinstance(term.operand, Select):
                found.update(operand_rows(term.operand))
                found.update([] if term.head is None else [term.head])
    return found


def _is_exact(terms: Collection[Term]) -> bool:
    """Whether constants are rational numbers, and none is zero."""
    return all(
        not isinstance(term.constant, tuple | float) and term.constant != 0 for term in terms
    )


def _number(term: Term) -> Number:
    assert not isinstance(term.constant, tuple)
    return term.constant


def _scale(constant: object) -> Fraction:
    """The sign and the power of two of a number."""
    assert isinstance(constant, int | Fraction)
    size = abs(Fraction(constant))
    power = size.numerator.bit_length() - size.denominator.bit_length()
    return (1 if constant > 0 else -1) * Fraction(2) ** power
