"""What signs and powers of two allow: exact wherever they stand, they change no digit.

Sums that are others times a power of two, or their negatives: m (x/a + y/b) and -m (x/a + y/b) of a
force and its Jacobian are computed once.

Lanes of a packed sum that have the signs of the others turned round: on a ring the one difference
of the first and the last element is written the other way round.  Its sign may go to the sums and
products that use it, and the pack then has one number a term.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from taylor_runtime.program.program import (
    Coefficient,
    Constant,
    Convolution,
    Kernel,
    Number,
    Program,
    Row,
    Select,
    Step,
    Term,
)
from taylor_runtime.program.signature import is_plain_sum, rows_used
from taylor_runtime.program.verify import operand_rows

Multiples = dict[int, tuple[int, Number]]  # row -> the row that it is a multiple of, and how much
Users = dict[int, list[int]]  # of a row, those whose terms have its sign


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


# -- signs of lanes ------------------------------------------------------------------------------


def signs_aligned(program: Program) -> Program:
    """The program with fewer terms whose numbers differ from lane to lane."""
    rows = list(program.rows)
    candidates = [index for index, row in enumerate(rows) if _may_turn(row)]
    if not candidates:
        return program
    users = _users(program, candidates)
    for index in candidates:
        signs = _signs(_terms(rows[index])) if users.get(index) else None
        if signs is None:
            continue
        changed = {user: _with_turned(rows[user], index, signs) for user in users[index]}
        changed[index] = _turned(rows[index], signs)
        if _uneven(changed.values()) < _uneven(rows[user] for user in changed):
            for user, row in changed.items():
                rows[user] = row
    return replace(program, rows=tuple(rows))


def _may_turn(row: Row) -> bool:
    """Whether a row is a sum alone, with numbers that differ."""
    if row.start is not None or row.offset != 0 or row.step is None or not is_plain_sum(row):
        return False
    return any(isinstance(term.constant, tuple) for term in row.step.terms)


def _users(program: Program, candidates: Sequence[int]) -> Users:
    """The users of rows that nothing else reads than terms of the same lanes, linearly."""
    found: Users = {index: [] for index in candidates}
    others = {row for row, _ in program.outputs}
    for number, row in enumerate(program.rows):
        if row.gather is not None:
            others.update(source for source, _ in row.gather.sources)
            continue
        used = Counter(rows_used(row))
        used.subtract(index for term in _terms(row) for index in _read_linearly(term))
        others.update(index for index, count in used.items() if count)
        for index in used:
            if index in found:
                found[index].append(number)
                if program.rows[index].width != row.width:
                    others.add(index)
    return {index: numbers for index, numbers in found.items() if index not in others}


def _read_linearly(term: Term) -> tuple[int, ...]:
    """Rows whose sign is that of the term."""
    operand = term.operand
    if isinstance(operand, Select) or (isinstance(operand, Convolution) and operand.a == operand.b):
        return ()
    return operand_rows(operand)


def _terms(row: Row) -> tuple[Term, ...]:
    return row.step.terms if row.step is not None else ()


def _signs(terms: Sequence[Term]) -> list[int] | None:
    """For each lane 1, or -1 where all numbers are those of most lanes turned round; None where
    lanes differ by more.
    """
    width = max(len(term.constant) for term in terms if isinstance(term.constant, tuple))
    lanes = list(zip(*(_of_lanes(term.constant, width) for term in terms), strict=True))
    first = lanes[0]
    other = tuple(-number for number in first)
    alike = [lane == first for lane in lanes]
    if not all(same or lane == other for same, lane in zip(alike, lanes, strict=True)):
        return None
    most = 2 * sum(alike) >= width
    return [1 if same == most else -1 for same in alike]


def _of_lanes(constant: Constant, width: int) -> tuple[Number, ...]:
    return constant if isinstance(constant, tuple) else (constant,) * width


def _turned(row: Row, signs: Sequence[int]) -> Row:
    assert row.step is not None
    terms = tuple(_term(term, signs) for term in row.step.terms)
    return replace(row, step=replace(row.step, terms=terms))


def _with_turned(row: Row, used: int, signs: Sequence[int]) -> Row:
    """A user of a row whose lanes are turned."""
    assert row.step is not None
    terms = tuple(
        _term(term, signs) if used in _read_linearly(term) else term for term in row.step.terms
    )
    return replace(row, step=replace(row.step, terms=terms))


def _term(term: Term, signs: Sequence[int]) -> Term:
    numbers = _of_lanes(term.constant, len(signs))
    turned = tuple(-c if s < 0 else c for c, s in zip(numbers, signs, strict=True))
    return replace(term, constant=turned[0] if len(set(turned)) == 1 else turned)


def _uneven(rows: Iterable[Row]) -> int:
    """Terms whose numbers differ from lane to lane."""
    return sum(isinstance(term.constant, tuple) for row in rows for term in _terms(row))
