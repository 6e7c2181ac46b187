"""Rows that are multiples of others: which are found, and that solutions with derivatives are right
where rows differ at order zero alone.
"""

from __future__ import annotations

from fractions import Fraction

import mpmath
import numpy as np
import pytest

import taylor as ty
from taylor_runtime.passes.multiples import multiples, replaced_in
from taylor_runtime.program.program import (
    Coefficient,
    Convolution,
    Input,
    Kernel,
    Number,
    Program,
    Row,
    Step,
    Term,
)

THIRD = Fraction(1, 3)


def sum_of(*terms: tuple[Number, int], offset: Number = 0) -> Row:
    return Row(step=Step(tuple(Term(c, Coefficient(row)) for c, row in terms)), offset=offset)


def program(*sums: Row) -> Program:
    """Two states, sums of them from row 2 on, and a product of row 2 with the last one."""
    states = tuple(Row(Input("state", (k,)), Step((), "h/n")) for k in range(2))
    product = Row(step=Step((Term(3, Convolution(2, len(sums) + 1)),)))
    return Program((*states, *sums, product), ((0, 0), (1, 0)), 4, (("state", 2),))


@pytest.mark.parametrize(
    ("other", "factor"),
    [
        (sum_of((THIRD, 0), (2, 1)), 1),
        (sum_of((-THIRD, 0), (-2, 1)), -1),
        (sum_of((-THIRD / 8, 0), (Fraction(-1, 4), 1)), Fraction(-1, 8)),
        (sum_of((THIRD, 0), (-2, 1)), None),
        (sum_of((1, 0), (6, 1)), None),  # three times: another rounding
        (sum_of((2, 1), (THIRD, 0)), None),  # another order of summation
        (sum_of((THIRD, 0), (2, 1), offset=1), None),
        (sum_of((THIRD, 0)), None),
    ],
)
def test_what_is_a_multiple(other: Row, factor: Number | None) -> None:
    found = multiples(program(sum_of((THIRD, 0), (2, 1)), other))
    assert found == ({} if factor is None else {3: (2, factor)})


def test_rows_that_are_read_otherwise_stay() -> None:
    """By kernels and as divisors; and those that are to stay."""
    sums = sum_of((THIRD, 0), (2, 1)), sum_of((-THIRD, 0), (-2, 1))
    whole = program(*sums)
    assert multiples(whole, [2]) == multiples(whole, [3]) == {}
    kernel = Row(Kernel("exp", (3,)), Step((Term(1, Convolution(5, 3)),), "1/n"))
    for reader in (kernel, Row(step=Step((Term(1, Coefficient(0)),), divisor=3))):
        more = Program((*whole.rows, reader), whole.outputs, 4, whole.inputs)
        assert multiples(more) == {}


def test_readers_take_the_factor() -> None:
    step = Step(
        (Term(3, Convolution(3, 3)), Term(1, Coefficient(0), head=3), Term(5, Coefficient(1)))
    )
    assert replaced_in(step, {3: (2, Fraction(-1, 2))}) == Step(
        (
            Term(Fraction(3, 4), Convolution(2, 2)),
            Term(Fraction(-1, 2), Coefficient(0), head=2),
            Term(5, Coefficient(1)),
        )
    )


@pytest.mark.parametrize("order", [1, 2, 4])
def test_sums_that_differ_by_numbers(order: int) -> None:
    """x' = (x + 2) (1 - x) - (x + 2) (x - 1) / 2 = -3/2 (x + 2) (x - 1): a closed form."""
    x = ty.variable("x")
    right = (x + 2) * (1 - x) - (x + 2) * (x - 1) * 0.5
    ta = ty.Integrator(ty.variational([(x, right)], order), [0.25])
    ta.propagate_until(0.5)

    def solution(start: mpmath.mpf) -> mpmath.mpf:
        ratio = (start - 1) / (start + 2) * mpmath.exp(-4.5 * mpmath.mpf(0.5))
        return (1 + 2 * ratio) / (1 - ratio)

    with mpmath.workdps(50):
        wanted = [float(c) for c in mpmath.taylor(solution, 0.25, order)]
    found = ta.flow_map.coefficients[0]
    assert np.abs(found - wanted).max() < 1e-14
