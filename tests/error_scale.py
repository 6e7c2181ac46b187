"""What rounding errors of a coefficient are measured against: the sum of the sizes of its terms.

A coefficient that cancels cannot be right to an ulp of itself.  Its scale is the sum of the
absolute values of the terms it is summed from (and never less than the coefficient), taken from the
exact coefficients of the object interpreter.  Scales pass through linear terms, so that c * u is as
uncertain as u; within products the factors count at their own size.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from taylor.reference.interpreter import mpmath_algebra, row_coefficients
from taylor_runtime.program.program import Coefficient, Convolution, Program, Select, Step, Term

Rows = Sequence[Sequence[Sequence[Any]]]  # [row][order][lane]; constant rows have order zero only


def output_scales(
    program: Program, inputs: Mapping[str, Sequence[Any]], mp: Any, time_scale: Any = 1
) -> tuple[list[list[Any]], list[list[Any]]]:
    """Exact coefficients and scales [output][order] of an unpacked program, as numbers of `mp`."""
    rows = row_coefficients(program, inputs, mpmath_algebra(mp), time_scale)
    scales: list[list[Any]] = [[] for _ in program.rows]
    for n in range(program.order + 1):
        for index, row in enumerate(program.rows):
            own = _size(rows, index, n)
            if row.step is None or (
                n == 0 and (row.start is not None or row.step.times in ("n", "h"))
            ):
                scales[index].append(own)
            else:
                total = _step_scale(row.step, n, rows, scales, mp)
                total += abs(_number(row.offset, mp)) if n == 0 else 0
                factor = abs(time_scale) if row.step.times in ("h/n", "h") else 1
                scales[index].append(max(own, total * factor))
    values = [
        [rows[r][n][0] if n < len(rows[r]) else mp.mpf(0) for n in range(program.order + 1)]
        for r, _ in program.outputs
    ]
    return values, [scales[r] for r, _ in program.outputs]


def _size(rows: Rows, row: int, n: int) -> Any:
    return abs(rows[row][n][0]) if n < len(rows[row]) else 0


def _step_scale(step: Step, n: int, rows: Rows, scales: list[list[Any]], mp: Any) -> Any:
    total = sum((_term_scale(term, n, rows, scales, mp) for term in step.terms), mp.mpf(0))
    if step.times == "n":
        total *= n
    elif step.times not in ("1", "h"):
        total /= n
    if step.divisor is None:
        return total
    divisor = _size(rows, step.divisor, 0)
    return total / divisor if divisor else mp.inf


def _term_scale(term: Term, n: int, rows: Rows, scales: list[list[Any]], mp: Any) -> Any:
    operand = term.operand
    if isinstance(operand, Coefficient):
        size = scales[operand.row][n - operand.lag]
    elif isinstance(operand, Select):
        chosen = operand.a if rows[operand.condition][0][0] != 0 else operand.b
        size = scales[chosen][n]
    else:
        size = _convolution_size(operand, n, rows, mp)
    size *= abs(_number(term.constant, mp))
    return size if term.head is None else size * _size(rows, term.head, 0)


def _convolution_size(c: Convolution, n: int, rows: Rows, mp: Any) -> Any:
    alpha, beta = c.weight or (1, 0)
    total = mp.mpf(0)
    for j in range(c.first, n - c.last + 1):
        weight = 1 if c.weight is None else abs(_number(alpha * n + beta * j, mp))
        total += weight * _size(rows, c.a, j) * _size(rows, c.b, n - j)
    return total


def _number(value: Any, mp: Any) -> Any:
    return mpmath_algebra(mp).number(value)
