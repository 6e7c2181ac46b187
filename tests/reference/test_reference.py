"""The interpreter of programs: semantics of every row kind, number kinds, errors."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from function_cases import context

from taylor.errors import ArgumentError, UnsupportedFunctionError
from taylor.reference.interpreter import (
    coefficients,
    float_algebra,
    fraction_algebra,
    mpmath_algebra,
    row_coefficients,
)
from taylor_runtime.program.program import (
    Coefficient,
    Convolution,
    Gather,
    Input,
    Kernel,
    Program,
    Row,
    Select,
    Step,
    Term,
)
from taylor_runtime.program.verify import verify

MP = context()
EXACT = fraction_algebra()


def program(rows: list[Row], order: int = 3, outputs: tuple = ()) -> Program:
    return verify(Program(tuple(rows), outputs or ((len(rows) - 1, 0),), order))


def jet(index: int = 0) -> Row:
    return Row(start=Input("jet", (index,)))


def last_row(rows: list[Row], **inputs: list) -> list:
    return coefficients(program(rows), inputs, EXACT)[0]


X = [Fraction(2), Fraction(3), Fraction(5), Fraction(7)]
Y = [Fraction(11), Fraction(13), Fraction(17), Fraction(19)]


def test_terms_have_constants_heads_and_divisors() -> None:
    step = Step((Term(Fraction(1, 2), Coefficient(1), head=0), Term(-3, Coefficient(0))), divisor=1)
    found = last_row([jet(0), jet(1), Row(step=step, offset=4)], jet=[X, Y])
    right = [(y * 2 / 2 - 3 * x) / 11 for x, y in zip(X, Y, strict=True)]
    assert found == [right[0] + 4, *right[1:]]


def test_times_factors() -> None:
    term = (Term(1, Coefficient(0)),)
    assert last_row([jet(), Row(step=Step(term, "n"))], jet=[X]) == [0, 3, 10, 21]
    start = Kernel("abs", (0,))
    found = last_row([jet(), Row(start=start, step=Step(term, "1/n"))], jet=[X])
    assert found == [2, 3, Fraction(5, 2), Fraction(7, 3)]


def test_convolution_bounds_and_weight() -> None:
    def convolve(first: int, last: int, weight: tuple | None) -> list:
        term = Term(1, Convolution(0, 1, first, last, weight))
        return last_row([jet(0), jet(1), Row(step=Step((term,)))], jet=[X, Y])

    def right(first: int, last: int, alpha: int, beta: int) -> list:
        return [
            sum((alpha * n + beta * j) * X[j] * Y[n - j] for j in range(first, n - last + 1))
            for n in range(4)
        ]

    for first in (0, 1):
        for last in (0, 1):
            plain = [sum(X[j] * Y[n - j] for j in range(first, n - last + 1)) for n in range(4)]
            assert convolve(first, last, None) == plain
            assert convolve(first, last, (2, -3)) == right(first, last, 2, -3)


def test_select_follows_order_zero_of_the_condition() -> None:
    for threshold, chosen in ((1, X), (5, Y)):
        rows = [jet(0), jet(1), Row(start=Kernel("gt", (0,), (threshold,)))]
        rows.append(Row(step=Step((Term(1, Select(2, 0, 1)),))))
        assert last_row(rows, jet=[X, Y]) == chosen


def test_states_use_the_time_scale() -> None:
    """x' = x with h = 1/2: coefficients (1/2)**n / n!."""
    rows = [Row(start=Input("state"), step=Step((Term(1, Coefficient(0, lag=1)),), "h/n"))]
    found = coefficients(program(rows), {"state": [Fraction(1)]}, EXACT, Fraction(1, 2))[0]
    assert found == [Fraction(1, 2**n * math.factorial(n)) for n in range(4)]


def test_time_and_constant_rows() -> None:
    rows = [Row(start=Input("time")), Row(start=Input("parameter"), constant=True)]
    rows.append(Row(step=Step((Term(1, Coefficient(0), head=1),))))
    inputs = {"time": [Fraction(5)], "parameter": [Fraction(2)]}
    values = row_coefficients(program(rows), inputs, EXACT, Fraction(1, 4))
    assert [lanes[0] for lanes in values[0]] == [5, Fraction(1, 4), 0, 0]
    assert len(values[1]) == 1
    assert [lanes[0] for lanes in values[2]] == [10, Fraction(1, 2), 0, 0]


def test_wide_rows_and_gathers() -> None:
    wide = Row(start=Input("jet", (0, 1)), width=2)
    swapped = Row(gather=Gather(((0, 1), (0, 0))), width=2)
    step = Step((Term((2, 3), Convolution(0, 1)),))
    made = program([wide, swapped, Row(step=step, width=2, offset=(1, -1))], 1, ((2, 0), (2, 1)))
    found = coefficients(made, {"jet": [X, Y]}, EXACT)
    cross = [X[0] * Y[0], X[0] * Y[1] + X[1] * Y[0]]
    assert found == [[2 * cross[0] + 1, 2 * cross[1]], [3 * cross[0] - 1, 3 * cross[1]]]


def test_number_kinds_agree() -> None:
    rows = [jet(), Row(start=Kernel("sqrt", (0,)))]
    rows[1] = Row(
        start=Kernel("sqrt", (0,)),
        step=Step(
            (Term(Fraction(1, 2), Coefficient(0)), Term(Fraction(-1, 2), Convolution(1, 1, 1, 1))),
            divisor=1,
        ),
    )
    exact, rounded = mpmath_algebra(MP), float_algebra(MP)
    found = coefficients(program(rows), {"jet": [[exact.number(c) for c in X]]}, exact)[0]
    floats = coefficients(program(rows), {"jet": [[float(c) for c in X]]}, rounded)[0]
    right = MP.taylor(lambda t: MP.sqrt(2 + 3 * t + 5 * t * t + 7 * t**3), 0, 3)
    assert all(MP.almosteq(a, b) for a, b in zip(found, right, strict=True))
    assert floats == pytest.approx([float(r) for r in right], rel=1e-14)
    assert all(type(c) is float for c in floats)


def test_what_is_not_rational_or_not_given_is_an_error() -> None:
    rows = [jet(), Row(start=Kernel("sin", (0,)))]
    with pytest.raises(UnsupportedFunctionError, match="sin"):
        last_row(rows, jet=[X])
    with pytest.raises(ArgumentError, match="slot 0"):
        last_row([jet()])


def test_division_by_zero_is_not_finite() -> None:
    for algebra, number in ((mpmath_algebra(MP), MP.mpf), (float_algebra(MP), float)):
        assert algebra.divide(number(1), number(0)) == math.inf
        assert algebra.divide(number(-1), number(0)) == -math.inf
        assert math.isnan(algebra.divide(number(0), number(0)))
        assert math.isnan(algebra.kernel("log", [number(-1)]))
