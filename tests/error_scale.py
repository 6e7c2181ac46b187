"""What rounding errors of a coefficient are measured against: the sum of the sizes of its terms.

A coefficient that cancels cannot be right to an ulp of itself.  Its scale is the sum of the
absolute values of the terms it is summed from (and never less than the coefficient), taken from the
exact coefficients of the object interpreter.  Scales pass through linear terms, so that c * u is as
uncertain as u; within products the factors count at their own size.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from taylor.reference.interpreter import mpmath_algebra, row_coefficients
from taylor_runtime.program.program import Coefficient, Convolution, Program, Select, Step, Term

Sizes = Sequence[Sequence[Any]]  # [row][order]; constant rows have order zero only


def output_scales(
    program: Program, inputs: Mapping[str, Sequence[Any]], mp: Any, time_scale: Any = 1
) -> tuple[list[list[Any]], list[list[Any]]]:
    """Exact coefficients and scales [output][order] of an unpacked program, as numbers of `mp`."""
    algebra = mpmath_algebra(mp)
    rows = row_coefficients(program, inputs, algebra, time_scale)
    work = _Scales(rows, [[abs(lanes[0]) for lanes in row] for row in rows], mp, algebra.number)
    for n in range(program.order + 1):
        for index, row in enumerate(program.rows):
            own = work.size(index, n)
            if row.step is None or (
                n == 0 and (row.start is not None or row.step.times in ("n", "h"))
            ):
                work.scales[index].append(own)
            else:
                total = work.of_step(row.step, n)
                total += abs(algebra.number(row.offset)) if n == 0 else 0
                factor = abs(time_scale) if row.step.times in ("h/n", "h") else 1
                work.scales[index].append(max(own, total * factor))
    values = [
        [rows[r][n][0] if n < len(rows[r]) else mp.mpf(0) for n in range(program.order + 1)]
        for r, _ in program.outputs
    ]
    return values, [work.scales[r] for r, _ in program.outputs]


class _Scales:
    """The scales of all rows, order by order, from the exact coefficients and their sizes."""

    def __init__(self, rows: Any, sizes: Sizes, mp: Any, number: Callable[[Any], Any]) -> None:
        self.rows, self.sizes, self.mp, self.number = rows, sizes, mp, number
        self.scales: list[list[Any]] = [[] for _ in rows]

    def size(self, row: int, n: int) -> Any:
        return self.sizes[row][n] if n < len(self.sizes[row]) else 0

    def of_step(self, step: Step, n: int) -> Any:
        total = sum((self._of_term(term, n) for term in step.terms), self.mp.mpf(0))
        if step.times == "n":
            total *= n
        elif step.times not in ("1", "h"):
            total /= n
        if step.divisor is None:
            return total
        divisor = self.size(step.divisor, 0)
        return total / divisor if divisor else self.mp.inf

    def _of_term(self, term: Term, n: int) -> Any:
        operand = term.operand
        if isinstance(operand, Coefficient):
            size = self.scales[operand.row][n - operand.lag]
        elif isinstance(operand, Select):
            chosen = operand.a if self.rows[operand.condition][0][0] != 0 else operand.b
            size = self.scales[chosen][n]
        else:
            size = self._of_products(operand, n)
        size *= abs(self.number(term.constant))
        return size if term.head is None else size * self.size(term.head, 0)

    def _of_products(self, c: Convolution, n: int) -> Any:
        orders = range(c.first, n - c.last + 1)
        first = [self.size(c.a, j) for j in orders]
        if c.weight is not None:
            alpha, beta = c.weight
            weights = [abs(self.number(alpha * n + beta * j)) for j in orders]
            first = [w * size for w, size in zip(weights, first, strict=True)]
        return self.mp.fdot(first, [self.size(c.b, n - j) for j in orders])
