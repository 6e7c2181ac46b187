"""Which rows are polynomials in time, and how fast those of degree one grow."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from taylor.numbers.exact import can_merge, normalised
from taylor_runtime.program.program import (
    Coefficient,
    Convolution,
    Input,
    Kernel,
    Number,
    Program,
    Row,
    Select,
    Step,
)
from taylor_runtime.program.records import dataclass
from taylor_runtime.program.signature import rows_used
from taylor_runtime.program.verify import operand_rows


@dataclass(frozen=True, slots=True)
class Slope:
    """How fast a row grows that is linear in time: constant * head_0 / divisor_0."""

    constant: Number
    head: int | None = None
    divisor: int | None = None


def slope_of(
    step: Step, slopes: Mapping[int, Slope], is_steady: Callable[[int], bool]
) -> Slope | None:
    """The slope of a row with this step, if one term tells it: of a row whose slope is known."""
    vary = [t for t in step.terms if not all(map(is_steady, operand_rows(t.operand)))]
    if len(vary) != 1 or step.times != "1" or not isinstance(vary[0].operand, Coefficient):
        return None
    term, known = vary[0], slopes.get(vary[0].operand.row)
    if known is None:
        return None
    a, b = term.constant, known.constant
    if isinstance(a, tuple | float) or isinstance(b, float):
        return None
    heads = [row for row in (term.head, known.head) if row is not None]
    divisors = [row for row in (step.divisor, known.divisor) if row is not None]
    if len(heads) > 1 or len(divisors) > 1 or not can_merge(a, b, a * b):
        return None
    return Slope(normalised(a * b), heads[0] if heads else None, divisors[0] if divisors else None)


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
    values += [t.operand.condition for t in row.step.terms if isinstance(t.operand, Select)]
    if any(degrees[value] > 0 for value in values):
        return _NO_POLYNOMIAL
    # A head of degree one is a factor, whose other coefficient is in a row beside it (`slope_of`).
    terms = (
        _operand_degree(term.operand, degrees) + (0 if term.head is None else degrees[term.head])
        for term in row.step.terms
    )
    return max(terms, default=0) + (row.step.times in ("h/n", "h"))  # what these read lags


def _operand_degree(operand: Coefficient | Convolution | Select, degrees: dict[int, int]) -> int:
    if isinstance(operand, Coefficient):
        return degrees[operand.row]
    if isinstance(operand, Convolution):
        return degrees[operand.a] + degrees[operand.b]
    return max(degrees[operand.a], degrees[operand.b])
