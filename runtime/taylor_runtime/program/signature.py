"""Which rows a row uses, and what it is without them: what makes two the same arithmetic."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from taylor_runtime.program.program import (
    Coefficient,
    Constant,
    Convolution,
    Input,
    Kernel,
    Operand,
    Program,
    Row,
    Select,
    Step,
    Term,
)
from taylor_runtime.program.records import replace
from taylor_runtime.program.verify import operand_rows, rows_at_order, rows_of_every_order


class Slot(NamedTuple):
    """A place in a row where another row is used.

    head:      only its order-zero value is.
    convolved: it is an operand of a convolution.
    """

    row: int
    head: bool = False
    convolved: bool = False


def slots(row: Row) -> tuple[Slot, ...]:
    """All places of a row, in a fixed order: kernel arguments, then terms, then the divisor."""
    found = []
    if isinstance(row.start, Kernel):
        found += [Slot(argument, True) for argument in row.start.arguments]
    if row.step is not None:
        for term in row.step.terms:
            operand = term.operand
            if isinstance(operand, Coefficient):
                found.append(Slot(operand.row))
            elif isinstance(operand, Convolution):
                found += [Slot(operand.a, False, True), Slot(operand.b, False, True)]
            else:
                found += [Slot(operand.condition, True), Slot(operand.a), Slot(operand.b)]
            if term.head is not None:
                found.append(Slot(term.head, True))
        if row.step.divisor is not None:
            found.append(Slot(row.step.divisor, True))
    return tuple(found)


def rows_used(row: Row) -> list[int]:
    """The rows in the places of a row, in the order of `slots`."""
    used, step = list(row.start.arguments) if row.start.__class__ is Kernel else [], row.step
    if step is not None:
        for term in step.terms:
            operand = term.operand
            if operand.__class__ is Coefficient:
                used.append(operand.row)
            elif operand.__class__ is Convolution:
                used += (operand.a, operand.b)
            else:
                used += operand_rows(operand)
            if term.head is not None:
                used.append(term.head)
        if step.divisor is not None:
            used.append(step.divisor)
    return used


def renumbered(row: Row, place: Mapping[int, int] | Sequence[int]) -> Row:
    """The row where row r of those it uses is now at place[r]."""
    return with_slots(row, [place[used] for used in rows_used(row)])


def with_slots(row: Row, rows: Sequence[int]) -> Row:
    """The row with other rows in its places, in the order of `slots`."""
    given = iter(rows)
    start = row.start
    if isinstance(start, Kernel):
        arguments = tuple(next(given) for _ in start.arguments)
        start = Kernel(start.function, arguments, start.constants)
    step = row.step
    if step is not None:
        terms = tuple(_term_with(term, given) for term in step.terms)
        divisor = None if step.divisor is None else next(given)
        step = Step(terms, step.times, divisor)
    return Row(start, step, row.offset, row.gather, row.width, row.constant, row.name)


def _term_with(term: Term, given: Iterator[int]) -> Term:
    operand: Operand = term.operand
    if isinstance(operand, Coefficient):
        operand = Coefficient(next(given), operand.lag)
    elif isinstance(operand, Convolution):
        first, second = next(given), next(given)
        operand = replace(operand, a=first, b=second)
    else:
        operand = Select(next(given), next(given), next(given))
    head = None if term.head is None else next(given)
    return Term(term.constant, operand, head)


def signature(row: Row) -> tuple[object, ...]:
    """Equal for rows whose scalar arithmetic differs in operands and constants alone."""
    start: object = row.start
    if isinstance(start, Input):
        start = start.source
    elif isinstance(start, Kernel):
        start = (start.function, len(start.arguments), tuple(map(plain, start.constants)))
    step = row.step
    if step is None:
        return (row.constant, start, row.offset != 0)
    terms: list[object] = [row.constant, start, row.offset != 0, step.times, step.divisor is None]
    for term in step.terms:
        operand = term.operand
        terms.append(operand.lag if operand.__class__ is Coefficient else _shape(operand))
        terms.append(term.head is None)
    return tuple(terms)


def _shape(operand: Operand) -> object:
    if isinstance(operand, Convolution):
        same = operand.a == operand.b
        weight = operand.weight and plain(operand.weight)
        return ("convolution", operand.first, operand.last, weight, operand.early, same)
    return ("select",)


def plain(c: Constant) -> object:
    """What equal constants have in common, a fraction's two numbers: its hash takes a power."""
    if c.__class__ is tuple:
        return tuple([(x.numerator, x.denominator) if x.__class__ is Fraction else x for x in c])
    return (c.numerator, c.denominator) if c.__class__ is Fraction else c


def depths(program: Program) -> list[int]:
    """Length of the longest chain of rows that must be known first, at order zero or at order n."""
    found: list[int] = []
    for index, row in enumerate(program.rows):
        needed: list[int] = []
        if row.start.__class__ is Kernel:
            needed += row.start.arguments
        if row.gather is not None:
            needed += [source for source, _ in row.gather.sources]
        if row.step is not None:
            for term in row.step.terms:
                operand = term.operand
                if operand.__class__ is Coefficient:
                    if not operand.lag:
                        needed.append(operand.row)
                elif operand.__class__ is Convolution:
                    if operand.last == 0:
                        needed.append(operand.a)
                    if operand.first == 0:
                        needed.append(operand.b)
                else:
                    needed += operand_rows(operand)
                if term.head is not None:
                    needed.append(term.head)
            if row.step.divisor is not None:
                needed.append(row.step.divisor)
        found.append(1 + max([found[i] for i in needed if i < index], default=-1))
    return found


def wanted_last(program: Program) -> set[int]:
    """The rows of which outputs want the last order."""
    found: set[int] = set()
    waiting = [row for row, _ in program.outputs]
    while waiting:
        index = waiting.pop()
        if index in found:
            continue
        found.add(index)
        step = program.rows[index].step
        for term in step.terms if step else ():
            waiting += rows_at_order(term.operand)
    return found


def rows_read_beyond_zero(program: Program) -> set[int]:
    """The rows of which somebody reads more than order zero."""
    found = {row for row, _ in program.outputs}
    for row in program.rows:
        for term in row.step.terms if row.step else ():
            found.update(rows_of_every_order(term.operand))
        if row.gather is not None and not row.gather.head:
            found.update(source for source, _ in row.gather.sources)
    return found


def is_plain_sum(row: Row) -> bool:
    """Whether a row is a sum of numbers times other rows, which memory alone can tell."""
    step = row.step
    return (
        step is not None
        and (step.times, step.divisor) == ("1", None)
        and all(
            isinstance(term.operand, Coefficient) and not term.operand.lag and term.head is None
            for term in step.terms
        )
    )


def convolution_chains(row: Row) -> int:
    """Chains in which the convolutions of a row are summed: one for a square, two for a product."""
    operands = [term.operand for term in row.step.terms] if row.step else []
    return sum(1 if is_square(c) else 2 for c in operands if isinstance(c, Convolution))


def is_square(c: Convolution) -> bool:
    return c.a == c.b and c.weight is None and c.first == c.last


def convolutions_of(terms: Sequence[Term]) -> list[Convolution]:
    """The convolutions in some terms, each once."""
    return list(dict.fromkeys(t.operand for t in terms if isinstance(t.operand, Convolution)))
