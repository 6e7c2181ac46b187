"""Which monomials the rows of a graded program have, and which products make their convolutions.

What a subexpression does not depend on leaves no trace in it: of x**2 + y**2 + z**2 there are seven
monomials at any order, of exp(-z**2) the powers of z.  Nothing else is ever computed or stored.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from taylor_runtime.program.monomials import Monomials, Products
from taylor_runtime.program.program import (
    Coefficient,
    Convolution,
    Input,
    Program,
    Row,
    Select,
    Term,
)
from taylor_runtime.program.signature import is_square


class Supports:
    """The monomials of every row, found degree by degree as the coefficients themselves are.

    given: for each slot of source "jet", which monomials of the input are not zero (bool, one a
        monomial).

    >>> from taylor_runtime.program.monomials import monomials
    >>> from taylor_runtime.program.program import Step
    >>> x = Row(start=Input("jet"))
    >>> square = Row(step=Step((Term(1, Convolution(0, 0)),)))
    >>> program = Program((x, square), ((1, 0),), 4, (("jet", 1),))
    >>> supports = Supports(program, monomials(2, 4), [np.arange(15) < 2])
    >>> supports.positions(1)  # 1, x, x**2
    [0, 1, 3]
    """

    def __init__(self, program: Program, among: Monomials, given: Sequence[np.ndarray]) -> None:
        self.program = program
        self.among = among
        self.given = given
        self.masks = [np.zeros(among.size, bool) for _ in program.rows]
        self._products: dict[Convolution, Products] = {}
        for degree in range(among.order + 1):
            here = among.of_degree(degree)
            for row, mask in zip(program.rows, self.masks, strict=True):
                mask[here] = self._start(row) if degree == 0 else self._advance(row, degree)

    def positions(self, row: int, degree: int | None = None) -> list[int]:
        """Positions of a row's monomials, of one degree or of all."""
        if degree is None:
            return np.flatnonzero(self.masks[row]).tolist()
        here = self.among.of_degree(degree)
        return (np.flatnonzero(self.masks[row][here]) + here.start).tolist()

    def products(self, c: Convolution) -> Products:
        """The products that a convolution sums; of a square those with left <= right."""
        found = self._products.get(c)
        if found is None:
            degrees = self.among.degrees
            left, right = (np.flatnonzero(self.masks[row]) for row in (c.a, c.b))
            found = self.among.products(
                left[degrees[left] >= c.first], right[degrees[right] >= c.last], is_square(c)
            )
            self._products[c] = found
        return found

    def count(self, c: Convolution) -> int:
        """How many products a convolution sums, or a little more."""
        among = self.among
        sizes = [
            [int(self.masks[row][among.of_degree(k)].sum()) for k in range(among.order + 1)]
            for row in (c.a, c.b)
        ]
        total = 0
        for low in range(c.first, among.order + 1):
            total += sizes[0][low] * sum(sizes[1][c.last : among.order + 1 - low])
        return total // 2 if is_square(c) else total

    def _start(self, row: Row) -> bool:
        """Whether u_0 need not be zero."""
        return row.start is not None or row.step is None or row.step.times not in ("n", "h")

    def _advance(self, row: Row, degree: int) -> np.ndarray | bool:
        """The mask of one degree, all lower ones being known."""
        if isinstance(row.start, Input) and row.start.source == "jet":
            return np.asarray(self.given[row.start.index[0]][self.among.of_degree(degree)])
        if row.step is None or row.constant:
            return False
        mask: np.ndarray | bool = False
        for term in row.step.terms:
            mask = mask | self._operand(term, degree)
        return mask

    def _operand(self, term: Term, degree: int) -> np.ndarray:
        operand, here = term.operand, self.among.of_degree(degree)
        if isinstance(operand, Coefficient):
            return self.masks[operand.row][here]
        if isinstance(operand, Select):
            return self.masks[operand.a][here] | self.masks[operand.b][here]
        mask = np.zeros(here.stop - here.start, bool)
        for low in range(operand.first, degree - operand.last + 1):
            left, right = self.among.of_degree(low), self.among.of_degree(degree - low)
            a = np.flatnonzero(self.masks[operand.a][left])
            b = np.flatnonzero(self.masks[operand.b][right])
            if len(a) == left.stop - left.start and len(b) == right.stop - right.start:
                mask[:] = True
                break
            if len(a) and len(b):
                found = self.among.multiply(a + left.start, b + right.start)
                mask[found[found >= 0] - here.start] = True
        return mask
