"""Which programs have polynomial solutions, seen from their rows."""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.program.program import (
    Coefficient,
    Convolution,
    Input,
    Kernel,
    Program,
    Row,
    Select,
)
from taylor_runtime.program.signature import rows_used

_NO_POLYNOMIAL = -1  # the degree of a row that is not known to be a polynomial in time


def polynomial_degree(program: Program) -> int | None:
    """Return d if every state is proven to be a polynomial of degree d or less in time, else None.

    Then the series ends by itself and bounds no step: vanishing coefficients alone prove nothing,
    since x' = t**40 starts with many.  Rows that need themselves (every true recurrence) are not
    polynomials; sums, products, natural powers and integrals of polynomials are.

    >>> from taylor.recurrences.decompose import decompose
    >>> from taylor.expressions.leaves import time, variables
    >>> x, v = variables("x v")
    >>> states = {x: Input("state", (0,)), v: Input("state", (1,))}
    >>> polynomial_degree(decompose([x], states, 20, [v, 2 * time]))
    3
    >>> polynomial_degree(decompose([x], states, 20, [v, -x])) is None
    True
    """
    states = [i for i, row in enumerate(program.rows) if _source(row) == "state"]
    degrees: dict[int, int] = {}
    if not all(_found_degrees(program.rows, state, degrees) for state in states):
        return None
    return max((degrees[state] for state in states), default=0)


def _source(row: Row) -> str:
    return row.start.source if isinstance(row.start, Input) else ""


def _found_degrees(rows: Sequence[Row], root: int, degrees: dict[int, int]) -> bool:
    """Add the degrees of a root and of what it needs; False where one of them has none.

    Then the root has none either.  A row that is met inside itself has none.
    """
    unfinished: set[int] = set()
    pending = [(root, False)]
    while pending:
        index, finished = pending.pop()
        if finished:
            unfinished.discard(index)
            degrees[index] = _degree(rows, index, degrees)
            if degrees[index] == _NO_POLYNOMIAL:
                return False
        elif index in unfinished:
            return False
        elif index not in degrees:
            unfinished.add(index)
            pending.append((index, True))
            pending.extend((needed, False) for needed in rows_used(rows[index]))
    return True


def _degree(rows: Sequence[Row], index: int, degrees: dict[int, int]) -> int:
    """The degree of a row from those of the rows it reads."""
    row = rows[index]
    if row.constant:
        return 0
    if row.step is None:
        if isinstance(row.start, Kernel):  # of the state or time: constant within a step only
            return _NO_POLYNOMIAL
        return {"time": 1, "state": 0, "parameter": 0}.get(_source(row), _NO_POLYNOMIAL)
    values = [row.step.divisor] if row.step.divisor is not None else []
    values += [term.head for term in row.step.terms if term.head is not None]
    values += [t.operand.condition for t in row.step.terms if isinstance(t.operand, Select)]
    if any(degrees[value] > 0 for value in values):
        return _NO_POLYNOMIAL
    terms = (_operand_degree(term.operand, degrees) for term in row.step.terms)
    return max(terms, default=0) + (row.step.times == "h/n")


def _operand_degree(operand: Coefficient | Convolution | Select, degrees: dict[int, int]) -> int:
    if isinstance(operand, Coefficient):
        return degrees[operand.row]
    if isinstance(operand, Convolution):
        return degrees[operand.a] + degrees[operand.b]
    return max(degrees[operand.a], degrees[operand.b])
