"""Rows that are multiples of others: which are found, and that solutions with derivatives are right
where rows differ at order zero alone.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest

import taylor as ty
from taylor_runtime.passes.multiples import multiples, replaced_in, signs_aligned
from taylor_runtime.program.program import (
    Coefficient,
    Constant,
    Convolution,
    Gather,
    Input,
    Kernel,
    Number,
    Operand,
    Program,
    Row,
    Select,
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


def lanes_of(*terms: tuple[Constant, Operand], width: int = 3, **others: Any) -> Row:
    return Row(step=Step(tuple(Term(c, one) for c, one in terms)), width=width, **others)


def ring(*used: Row, first: Constant = (-1, 1, 1), second: Constant = (2, -2, -2)) -> Program:
    """Two packs of states, and their difference, whose first lane is turned round, as row 2."""
    states = tuple(
        Row(Input("state", (3 * k, 3 * k + 1, 3 * k + 2)), Step((), "h/n"), width=3)
        for k in range(2)
    )
    difference = lanes_of((first, Coefficient(0)), (second, Coefficient(1)))
    outputs = tuple((row, lane) for row in (0, 1) for lane in range(3))
    return Program((*states, difference, *used), outputs, 4, (("state", 6),))


def constants(row: Row) -> list[Constant]:
    assert row.step is not None
    return [term.constant for term in row.step.terms]


USED = ((-THIRD, THIRD, THIRD), Coefficient(2))


@pytest.mark.parametrize("operand", [Coefficient(2), Coefficient(2, 1), Convolution(2, 0)])
def test_lanes_are_turned_like_most(operand: Operand) -> None:
    numbers = (-THIRD, THIRD, THIRD)
    found = signs_aligned(ring(lanes_of((numbers, operand), ((1, 2, 3), Coefficient(0)))))
    assert constants(found.rows[2]) == [1, -2]
    assert constants(found.rows[3]) == [THIRD, (1, 2, 3)]


@pytest.mark.parametrize(
    "used",
    [
        [lanes_of(USED), lanes_of((1, Convolution(2, 2)))],  # a square has no sign
        [lanes_of(USED), lanes_of((1, Select(0, 2, 1)))],
        [lanes_of(USED), Row(Kernel("sin", (2,)), width=3)],
        [lanes_of(USED), Row(gather=Gather(((2, 1), (2, 0), (2, 2))), width=3)],
        [lanes_of(USED), Row(step=Step((Term(1, Coefficient(0), head=2),)), width=3)],
        [lanes_of(USED), Row(step=Step((Term(1, Coefficient(0)),), divisor=2), width=3)],
        [lanes_of((1, Coefficient(2)), (2, Coefficient(2, 1)))],  # as many numbers as before
        [],
    ],
)
def test_lanes_stay_where_their_sign_is_read(used: list[Row]) -> None:
    given = ring(*used)
    assert signs_aligned(given).rows == given.rows


def test_lanes_that_differ_by_more_stay() -> None:
    for first, second in (((-1, 1, 2), (2, -2, -4)), ((-1, 1, 1), (2, -2, 2)), ((-1, 1, 1), 2)):
        given = ring(lanes_of(USED), first=first, second=second)
        assert signs_aligned(given).rows == given.rows
    given = ring(lanes_of(USED))
    shown = replace(given, outputs=(*given.outputs, (2, 0)))
    moved = replace(given, rows=(*given.rows[:2], replace(given.rows[2], offset=1), given.rows[3]))
    for one in (shown, moved):
        assert signs_aligned(one).rows == one.rows


def test_rings_have_one_number_a_term_and_bits_of_lanes_alone() -> None:
    """Lorenz 96, Toda and Burgers: packed, and as trajectories in lanes, which are not packed."""
    x = [ty.variable(f"turned{i}") for i in range(36)]
    k = range(36)
    spring = [ty.exp(x[i] - x[(i + 1) % 18]) for i in range(18)]
    systems = (
        [(x[(i + 1) % 36] - x[i - 2]) * x[i - 1] - x[i] + 8 for i in k],
        [*x[18:], *(spring[i - 1] - spring[i] for i in range(18))],
        [-x[i] * (x[(i + 1) % 36] - x[i - 1]) + x[i - 1] - 2 * x[i] + x[(i + 1) % 36] for i in k],
    )
    start = np.sin(3.0 * np.arange(36)) / 4
    for sides in systems:
        ta = ty.Integrator(list(zip(x, sides, strict=True)), start)
        rows = [row for row in ta._machine.stepper.program.rows if row.step and row.width > 1]
        assert len(rows) > 1 and not any(isinstance(c, tuple) for r in rows for c in constants(r))
        starts = np.array([start, 1.5 * start, -start, start[::-1]])
        many = ty.ensemble(ta, starts, until=1.0)
        for one, end in zip(starts, many.states, strict=True):
            ta.state[:], ta.time = one, 0.0
            ta.propagate_until(1.0)
            assert ta.state.tobytes() == end.tobytes()
