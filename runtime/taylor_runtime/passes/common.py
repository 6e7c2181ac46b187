"""Fewer products of numbers in the program of a Jacobian: sums of products with a common factor.

As `factor` does it for polynomials: a row that is another one plus a number has the same
coefficients from order one on, and c_1 a b_1 + c_2 (a + k) b_2 then shares the products of these.
Order zero is computed as it was before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from taylor_runtime.passes.factor import copied
from taylor_runtime.passes.multiples import multiples, replaced_in
from taylor_runtime.program.program import (
    Coefficient,
    Convolution,
    Number,
    Program,
    Row,
    Step,
    Term,
)
from taylor_runtime.program.signature import renumbered, rows_used
from taylor_runtime.program.verify import step_rows


def with_common_factors(program: Program) -> tuple[Program, dict[int, Step]]:
    """The same program with fewer convolutions, and the steps that give order zero of rows where
    these are not the rows' own.
    """
    shared, begun = _Common(_inlined(program)).result()
    return _merged(*_squared(shared, begun))


def _reached(program: Program, waiting: list[int]) -> set[int]:
    """Rows that some need, and these."""
    found = set[int]()
    while waiting:
        index = waiting.pop()
        if index not in found:
            found.add(index)
            waiting += rows_used(program.rows[index])
    return found


def _uses(program: Program) -> tuple[Counter[int], set[int]]:
    """How often rows are used, and which of them states need."""
    outputs = [row for row, _ in program.outputs]
    uses = Counter(used for row in program.rows for used in rows_used(row))
    uses += Counter(outputs)
    return uses, _reached(program, outputs[: program.slots("state")])


def _inlined(program: Program) -> Program:
    """Sums that only one other sum reads, and no state needs, in its place."""
    uses, needed = _uses(program)
    rows = list(program.rows)
    for index, row in enumerate(rows):
        if row.step is None or not _is_sum(row):
            continue
        terms: list[Term] = []
        offset = row.offset
        for term in row.step.terms:
            operand, inner = term.operand, rows[index]
            if isinstance(operand, Coefficient):
                inner = rows[operand.row]
            if (
                isinstance(operand, Coefficient)
                and term.head is None
                and uses[operand.row] == 1
                and operand.row not in needed
                and _is_sum(inner)
                and not isinstance(term.constant, tuple)
            ):
                assert inner.step is not None
                terms += [_scaled(one, term.constant) for one in inner.step.terms]
                assert not isinstance(offset, tuple) and not isinstance(inner.offset, tuple)
                offset = offset + term.constant * inner.offset
            else:
                terms.append(term)
        rows[index] = replace(row, step=Step(tuple(terms)), offset=offset)
    return _without_unread(replace(program, rows=tuple(rows)), {})[0]


def _squared(program: Program, begun: dict[int, Step]) -> tuple[Program, dict[int, Step]]:
    """The program with a**2 b in the place of a (a b), where a**2 is there and nobody else reads
    a b.
    """
    rows = program.rows
    uses, needed = _uses(program)
    for step in begun.values():
        uses.update(step_rows(step))
    squares: dict[int, int] = {}
    for index, row in enumerate(rows):
        c = _only_product(row)
        if c is not None and c.a == c.b and _single(row).constant == 1:
            squares[c.a] = index
    found = list(rows)
    for index, row in enumerate(rows):
        if row.step is None or not _is_sum(row) or index in begun:
            continue
        terms = []
        for term in row.step.terms:
            c = _product(term)
            for own, other in ((c.a, c.b), (c.b, c.a)) if c is not None else ():
                inner = _only_product(rows[other])
                if (
                    inner is not None
                    and own in (inner.a, inner.b)
                    and inner.a != inner.b
                    and squares.get(own, index) < index
                    and uses[other] == 1
                    and other not in needed
                ):
                    rest = inner.b if own == inner.a else inner.a
                    scale = _single(rows[other]).constant
                    assert not isinstance(scale, tuple)
                    term = _scaled(Term(term.constant, Convolution(squares[own], rest)), scale)
                    break
            terms.append(term)
        found[index] = replace(row, step=Step(tuple(terms)))
    return _without_unread(replace(program, rows=tuple(found)), begun)


def _merged(program: Program, begun: dict[int, Step]) -> tuple[Program, dict[int, Step]]:
    """The program without rows that are multiples of others."""
    found = multiples(program, begun)
    rows = tuple(
        row if row.step is None else replace(row, step=replaced_in(row.step, found))
        for row in program.rows
    )
    starts = {index: replaced_in(step, found) for index, step in begun.items()}
    return _without_unread(replace(program, rows=rows), starts)


def _only_product(row: Row) -> Convolution | None:
    """The convolution that a row is, but for a number."""
    one = row.step is not None and len(row.step.terms) == 1
    return _product(_single(row)) if one and _is_sum(row) and row.offset == 0 else None


def _single(row: Row) -> Term:
    assert row.step is not None
    return row.step.terms[0]


def _scaled(term: Term, by: Number) -> Term:
    assert not isinstance(term.constant, tuple)
    return replace(term, constant=term.constant * by)


def _is_sum(row: Row) -> bool:
    """Whether a row is a sum, at order zero too."""
    step = row.step
    if step is None or row.start is not None or row.constant or row.gather is not None:
        return False
    floats = any(isinstance(term.constant, tuple | float) for term in step.terms)
    return (step.times, step.divisor) == ("1", None) and not floats and row.width == 1


def _without_unread(program: Program, begun: dict[int, Step]) -> tuple[Program, dict[int, Step]]:
    """Without rows that nobody reads."""
    waiting = [row for row, _ in program.outputs]
    read = _reached(program, waiting)
    while more := {used for index in read & set(begun) for used in step_rows(begun[index])} - read:
        read |= _reached(program, list(more))
    kept = [index for index in range(len(program.rows)) if index in read]
    place = {index: position for position, index in enumerate(kept)}
    smaller = replace(
        program,
        rows=tuple(renumbered(program.rows[index], place) for index in kept),
        outputs=tuple((place[row], lane) for row, lane in program.outputs),
    )
    return smaller, _moved({k: step for k, step in begun.items() if k in read}, place)


def _moved(begun: dict[int, Step], place: Mapping[int, int]) -> dict[int, Step]:
    """Steps of rows that are elsewhere now."""
    found: dict[int, Step] = {}
    for index, step in begun.items():
        moved = renumbered(Row(step=step), place).step
        assert moved is not None
        found[place[index]] = moved
    return found


class _Common:
    """Rows keep their numbers until all are made; those that are added get the next ones."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.made: list[tuple[int, Row]] = []
        self.begun: dict[int, Step] = {}
        self._added: dict[object, int] = {}
        self.root = list(range(len(program.rows)))
        for index, row in enumerate(program.rows):
            other = copied(row)
            if other is not None and not row.constant and row.start is None:
                self.root[index] = self.root[other]
        terms = [
            term for row in program.rows if _is_sum(row) and row.step for term in row.step.terms
        ]
        rows = {c.a for term in terms if (c := _product(term)) is not None and c.a == c.b}
        self.squares = Counter(self.root[row] for row in rows)

    def result(self) -> tuple[Program, dict[int, Step]]:
        """The new program."""
        program = self.program
        for index, row in enumerate(program.rows):
            if _is_sum(row) and row.step is not None:
                terms = self._terms(row.step.terms)
                if terms != row.step.terms:
                    self.begun[index] = row.step
                    row = replace(row, step=Step(terms))
            self.made.append((index, row))
        place = {number: position for position, (number, _) in enumerate(self.made)}
        changed = replace(
            program,
            rows=tuple(renumbered(row, place) for _, row in self.made),
            outputs=tuple((place[row], lane) for row, lane in program.outputs),
        )
        return changed, _moved(self.begun, place)

    def _terms(self, terms: Sequence[Term]) -> tuple[Term, ...]:
        """Terms in the place of those of a row."""
        found: list[Term] = []
        products: list[Term] = []
        for term in terms:
            c = _product(term)
            if c is None:
                found.append(term)
            elif c.a == c.b:
                found += self._square(term, c)
            else:
                products.append(term)
        while products:
            counts = Counter(root for term in products for root in set(self._roots(term)))
            root, count = counts.most_common(1)[0]
            if count < 2:
                break
            group = [term for term in products if root in self._roots(term)]
            products = [term for term in products if term not in group]
            found += self._together(root, group)
        return tuple(found + [one for term in products for one in self._of_root(term)])

    def _of_root(self, term: Term) -> list[Term]:
        """A product with a row that is another one plus a number, by that other one: it is at hand
        where others have it as a factor.
        """
        c = _product(term)
        assert c is not None and not isinstance(term.constant, tuple)
        for own, other in ((c.a, c.b), (c.b, c.a)):
            if self.root[own] != own and self.root[other] != self.root[own]:
                rest = Term(term.constant, Convolution(self.root[own], other, first=1))
                return [rest, Term(term.constant, Coefficient(other), head=own)]
        return [term]

    def _roots(self, term: Term) -> list[int]:
        c = _product(term)
        assert c is not None
        return [self.root[c.a], self.root[c.b]]

    def _square(self, term: Term, c: Convolution) -> list[Term]:
        root = self.root[c.a]
        if self.squares[root] < 2:
            return [term]
        shared = self._sum((Term(1, Convolution(root, root, 1, 1)),))
        assert not isinstance(term.constant, tuple)
        ends = Term(term.constant * 2, Coefficient(root), head=c.a)
        return [Term(term.constant, Coefficient(shared)), ends]

    def _together(self, root: int, group: Sequence[Term]) -> list[Term]:
        """Products with rows that have a root in common."""
        factors: list[tuple[int, Number, int]] = []  # row with the root, constant, other row
        for term in group:
            c, constant = _product(term), term.constant
            assert c is not None and not isinstance(constant, tuple)
            own, other = (c.a, c.b) if self.root[c.a] == root else (c.b, c.a)
            factors.append((own, constant, other))
        sums: dict[int, Number] = {}
        for _, constant, other in factors:
            sums[other] = sums.get(other, 0) + constant
        total = self._sum(tuple(Term(sums[other], Coefficient(other)) for other in sorted(sums)))
        rows = {own for own, _, _ in factors}
        if len(rows) == 1:
            return [Term(1, Convolution(rows.pop(), total))]
        ends = [Term(constant, Coefficient(other), head=own) for own, constant, other in factors]
        return [Term(1, Convolution(root, total, first=1)), *ends]

    def _sum(self, terms: tuple[Term, ...]) -> int:
        """A row that has a sum."""
        if terms not in self._added:
            self._added[terms] = len(self.program.rows) + len(self.made)
            self.made.append((self._added[terms], Row(step=Step(terms))))
        return self._added[terms]


def _product(term: Term) -> Convolution | None:
    """The convolution of a term that is a plain product."""
    c = term.operand
    if not isinstance(c, Convolution) or term.head is not None:
        return None
    return c if (c.first, c.last, c.weight) == (0, 0, None) else None
