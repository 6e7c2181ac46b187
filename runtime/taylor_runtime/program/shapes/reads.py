"""What a row reads of others, and when: order zero, the order being made, or all before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from taylor_runtime.program.arrays import (
    ArrayRow,
    Contract,
    Pick,
    Put,
    Solve,
    is_lagged,
    moved_rows,
)
from taylor_runtime.program.kernels import Region
from taylor_runtime.program.program import Coefficient, Convolution, Kernel, Select, Step
from taylor_runtime.program.signature import rows_used
from taylor_runtime.program.verify import rows_at_order

ZERO, NEWEST, OLD = "zero", "newest", "old"


class Read(NamedTuple):
    """A row that another one reads: its order zero, the order being made, or all before."""

    row: int
    when: str


def reads_at_zero(row: ArrayRow) -> Iterator[Read]:
    """What order zero of a row reads."""
    if isinstance(row.start, Kernel):
        yield from (Read(used, ZERO) for used in row.start.arguments)
    elif row.moved is not None:
        used_rows = () if is_lagged(row.moved) else moved_rows(row.moved)
        yield from (Read(used, ZERO) for used in used_rows)
    elif row.start is None and row.step is not None and row.step.times == "1":
        yield from (Read(used, ZERO) for used in rows_used(row))


def reads_beyond(varies: Sequence[bool], row: ArrayRow) -> Iterator[Read]:
    """What coefficients of a row beyond order zero read."""
    if isinstance(row.moved, Contract):
        yield from _factors(varies, row.moved)
    elif isinstance(row.moved, Pick):
        yield from (Read(row.moved.places, ZERO), Read(row.moved.source, NEWEST))
    elif isinstance(row.moved, Region):
        for when in (ZERO, NEWEST, OLD):
            yield from (Read(operand, when) for operand in row.moved.operands)
    elif isinstance(row.moved, Put):
        yield Read(row.moved.places, ZERO)
        yield from (Read(row.moved.source, NEWEST), Read(row.moved.values, NEWEST))
    elif isinstance(row.moved, Solve):
        yield from (Read(row.moved.factor, ZERO), Read(row.moved.side, NEWEST))
    elif row.moved is not None:
        yield from (Read(used, NEWEST) for used in moved_rows(row.moved))
    elif row.step is not None:
        yield from step_reads(row.step)


def _factors(varies: Sequence[bool], product: Contract) -> Iterator[Read]:
    factors = (product.a, product.b)
    both = all(varies[factor] for factor in factors)
    for factor, old in zip(factors, (product.last, product.first), strict=True):
        if not old:
            yield Read(factor, NEWEST if varies[factor] else ZERO)
        if both:
            yield Read(factor, OLD)


def step_reads(step: Step) -> Iterator[Read]:
    """What a step reads for coefficients beyond order zero."""
    if step.divisor is not None:
        yield Read(step.divisor, ZERO)
    for term in step.terms:
        operand = term.operand
        if term.head is not None:
            yield Read(term.head, ZERO)
        if isinstance(operand, Select):
            yield Read(operand.condition, ZERO)
        if isinstance(operand, Convolution) or (isinstance(operand, Coefficient) and operand.lag):
            used = (operand.a, operand.b) if isinstance(operand, Convolution) else (operand.row,)
            yield from (Read(row, OLD) for row in used)
        yield from (Read(row, NEWEST) for row in rows_at_order(operand))
