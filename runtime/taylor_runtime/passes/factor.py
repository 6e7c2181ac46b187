"""Fewer products of polynomials in a flow's program: sums of products with a common factor.

A row that is another one plus a number has the same coefficients from order one on.  Of
c_1 a b_1 + c_2 (a + k) b_2 all products with orders from one on of the first factors are those of
a and c_1 b_1 + c_2 b_2; order zero, where the two factors differ, is multiplied apart, so that
nothing cancels that did not before.  Squares of a and a + k share theirs in the same way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from taylor_runtime.passes.inline import without_rows
from taylor_runtime.passes.multiples import multiples, replaced_in
from taylor_runtime.program.flow import NOTHING, FlowProgram, verify_flow
from taylor_runtime.program.program import Coefficient, Convolution, Number, Row, Step, Term
from taylor_runtime.program.signature import renumbered, rows_used


def factored(program: FlowProgram) -> FlowProgram:
    """The same program with fewer convolutions."""
    return _merged(_Factoring(program).result())


def _merged(program: FlowProgram) -> FlowProgram:
    """The program without rows that are multiples of others."""
    others = [k for k in range(len(program.rows)) if not _begins_by_its_step(program, k)]
    found = multiples(program, others)
    if not found:
        return program
    rows = [
        row if row.step is None else replace(row, step=replaced_in(row.step, found))
        for row in program.rows
    ]
    return verify_flow(without_rows(replace(program, rows=tuple(rows)), found))


def _begins_by_its_step(program: FlowProgram, index: int) -> bool:
    """Whether a sum is the same sum at order zero, which may have an offset, or more terms."""
    row, source = program.rows[index], program.sources[index]
    if source == NOTHING or row.step is None:
        return source == NOTHING
    start = program.zero.rows[source]
    if start.start is not None or start.step is None or start.offset != 0:
        return False
    terms = []
    for term in row.step.terms:
        if not isinstance(term.operand, Coefficient):
            return False
        terms.append(replace(term, operand=Coefficient(program.sources[term.operand.row])))
    return replace(start.step, terms=tuple(terms)) == start.step and row.step.times == "1"


class _Factoring:
    """Rows keep their numbers until all are made; those that are added get the next ones."""

    def __init__(self, program: FlowProgram) -> None:
        self.program = program
        self.made: list[tuple[int, Row, int, bool]] = []  # number, row, source, whether steady
        self._added: dict[object, int] = {}
        self.powers = self._powers()  # the row of a quotient's numerator: its convolution
        self.root = list(range(len(program.rows)))
        for index, row in enumerate(program.rows):
            other = copied(row)
            if other is not None and program.is_polynomial(other):
                self.root[index] = self.root[other]
        terms = [term for row in program.rows if row.step for term in row.step.terms]
        bases = {term.operand.a for term in terms if self._is_square(term)}  # type: ignore[union-attr]
        self.squares = Counter(self.root[row] for row in bases)

    def result(self) -> FlowProgram:
        program = self.program
        for index, row in enumerate(program.rows):
            if row.step is not None and program.is_polynomial(index):
                terms = self._early(index, self._terms(row.step.terms))
                row = replace(row, step=replace(row.step, terms=terms))
            self.made.append((index, row, program.sources[index], program.steady[index]))
        place = {number: position for position, (number, *_) in enumerate(self.made)}
        return verify_flow(
            replace(
                program,
                rows=tuple(renumbered(row, place) for _, row, _, _ in self.made),
                outputs=tuple((place[row], lane) for row, lane in program.outputs),
                sources=tuple(source for _, _, source, _ in self.made),
                steady=tuple(steady for *_, steady in self.made),
            )
        )

    # -- powers -----------------------------------------------------------------------------------

    def _powers(self) -> dict[int, Convolution]:
        """Numerators 1/n sum (alpha n + beta j) u_j v_(n-j), j < n, of rows u, which alone read
        them.
        """
        program = self.program
        found: dict[int, Convolution] = {}
        for index, row in enumerate(program.rows):
            if row.step is None or len(row.step.terms) != 1 or not program.is_polynomial(index):
                continue
            c = row.step.terms[0].operand
            if not isinstance(c, Convolution) or not program.steady[c.a]:
                continue
            above = program.rows[c.b].step
            if above is None or above.times != "1/n" or len(above.terms) != 1:
                continue
            term = above.terms[0]
            power = term.operand
            if (
                isinstance(power, Convolution)
                and (term.constant, term.head, above.divisor) == (1, None, None)
                and (power.a, power.first, power.last) == (index, 0, 1)
                and power.weight is not None
                and not program.steady[power.b]
                and program.is_polynomial(power.b)
                and sum(c.b in rows_used(other) for other in program.rows) == 1
            ):
                found[c.b] = power
        return found

    def _early(self, index: int, terms: tuple[Term, ...]) -> tuple[Term, ...]:
        """Terms in which the newest v of a power is multiplied once, by alpha u_0 / v_0, and not by
        u_0 and then, with all others, by 1 / v_0.
        """
        power = self.powers.get(index)
        if power is not None:
            return (replace(terms[0], operand=replace(power, first=1)),)
        c = terms[0].operand if len(terms) == 1 else None
        if not isinstance(c, Convolution) or c.b not in self.powers:
            return terms
        power = self.powers[c.b]
        assert power.weight is not None
        step = Step((Term(1, Convolution(c.a, index)),))
        width = self.program.among.size
        ratio = self._once(step, Row(step=step, width=width, constant=True), NOTHING, True)
        return (*terms, Term(power.weight[0], Convolution(ratio, power.b)))

    # -- which terms ------------------------------------------------------------------------------

    def _is_product(self, term: Term) -> bool:
        """Whether a term is a plain product of two polynomials that move."""
        c, program = term.operand, self.program
        return (
            isinstance(c, Convolution)
            and term.head is None
            and not isinstance(term.constant, tuple)
            and (c.first, c.last, c.weight) == (0, 0, None)
            and all(program.is_polynomial(r) and not program.steady[r] for r in (c.a, c.b))
        )

    def _is_square(self, term: Term) -> bool:
        c = term.operand
        return self._is_product(term) and isinstance(c, Convolution) and c.a == c.b

    def _has_start(self, row: int) -> bool:
        return self.program.sources[row] != NOTHING

    def _terms(self, terms: Sequence[Term]) -> tuple[Term, ...]:
        """Terms in the place of those of a row."""
        found: list[Term] = []
        products: list[Term] = []
        for term in terms:
            if self._is_square(term):
                found += self._square(term)
            else:
                (products if self._is_product(term) else found).append(term)
        while products:
            root, count = self._most_common(products)
            if count < 2:
                break
            group = [term for term in products if root in self._roots(term)]
            products = [term for term in products if term not in group]
            found += self._common(root, group)
        return tuple(found + products)

    def _roots(self, term: Term) -> list[int]:
        c = term.operand
        assert isinstance(c, Convolution)
        return [self.root[row] for row in (c.a, c.b) if self._has_start(row)]

    def _most_common(self, products: Sequence[Term]) -> tuple[int, int]:
        counts = Counter(root for term in products for root in set(self._roots(term)))
        return counts.most_common(1)[0] if counts else (NOTHING, 0)

    # -- their replacement ------------------------------------------------------------------------

    def _square(self, term: Term) -> list[Term]:
        c, constant = term.operand, term.constant
        assert isinstance(c, Convolution) and not isinstance(constant, tuple)
        root = self.root[c.a]
        if self.squares[root] < 2 or not self._has_start(c.a):
            return [term]
        shared = self._sum(((1, Convolution(root, root, 1, 1)),))
        ends = Convolution(self._start(c.a), root)
        return [Term(constant, Coefficient(shared)), Term(constant * 2, ends)]

    def _common(self, root: int, group: Sequence[Term]) -> list[Term]:
        """Products with rows that have a root in common."""
        factors: list[tuple[int, Number, int]] = []  # row with the root, constant, other row
        for term in group:
            c, constant = term.operand, term.constant
            assert isinstance(c, Convolution) and not isinstance(constant, tuple)
            own, other = (c.a, c.b) if self.root[c.a] == root else (c.b, c.a)
            factors.append((own, constant, other))
        others = tuple(sorted((other, constant) for _, constant, other in factors))
        total = self._sum(tuple((constant, Coefficient(other)) for other, constant in others))
        rows = {own for own, _, _ in factors}
        if len(rows) == 1:
            return [Term(1, Convolution(rows.pop(), total))]
        ends = [
            Term(constant, Convolution(self._start(own), other)) for own, constant, other in factors
        ]
        return [Term(1, Convolution(root, total, first=1)), *ends]

    def _sum(self, terms: tuple[tuple[Number, Coefficient | Convolution], ...]) -> int:
        """A row that has a sum."""
        step = Step(tuple(Term(constant, operand) for constant, operand in terms))
        return self._once(terms, Row(step=step, width=self.program.among.size), NOTHING, False)

    def _start(self, row: int) -> int:
        """A row that has order zero of another one, and no more."""
        start = Row(width=self.program.among.size, constant=True)
        return self._once(("start", row), start, self.program.sources[row], True)

    def _once(self, key: object, row: Row, source: int, steady: bool) -> int:
        if key not in self._added:
            self._added[key] = len(self.program.rows) + len(self.made)
            self.made.append((self._added[key], row, source, steady))
        return self._added[key]


def copied(row: Row) -> int | None:
    """The row that one has all coefficients but the first of."""
    step = row.step
    if step is None or step.times != "1" or step.divisor is not None or len(step.terms) != 1:
        return None
    term = step.terms[0]
    operand = term.operand
    plain = isinstance(operand, Coefficient) and not operand.lag
    return operand.row if plain and term.head is None and term.constant == 1 else None  # type: ignore[union-attr]
