"""Arrays that are changed where they are, in loops and choices: nobody reads what was there."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import taylor as ty
from taylor_runtime.arrays.regions.inplace import Schedule
from taylor_runtime.program.arrays import ArrayProgram, ArrayRow, Put
from taylor_runtime.program.program import Coefficient, Input, Step, Term
from taylor_runtime.program.shapes.nodes import Node
from taylor_runtime.program.verify import ProgramError

SIZE = 40
X = np.random.default_rng(3).normal(size=6)


def after_a_choice(x: Any, n: int) -> Any:
    """Arrays that a choice has changed are changed further."""
    u, v = np.zeros(SIZE), np.zeros(SIZE)
    for i in range(6):
        u[i], u[i + 6] = x[i], x[i] * x[2]
        v[i], v[i + 6] = x[i] + x[1], x[i] - x[3]
    for k in range(n):
        if u[k] > 0.1:
            u[k + 3] = u[k] + 1.0
            v[k + 1] = v[k] * 0.3
        u[k + 1] = 0.5 * u[k + 3]
        v[k + 2] = 0.5 * v[k + 3]
    return np.sum(u * v)


def chosen_beside_the_old(x: Any, n: int) -> Any:
    """What one branch changes, the other one and later statements read as it was."""
    u, old = np.zeros(SIZE), np.zeros(SIZE)
    for i in range(6):
        u[i], u[i + 6] = x[i], x[i] * x[2]
    for k in range(n):
        old[:] = u
        if u[k] > u[k + 1]:
            u[k], u[k + 1] = u[k + 1], u[k]
            for j in range(k):
                u[j] = u[j] * u[j + 1] + old[k]
        u[k + 2] += 0.3 * old[k] - 0.1 * old[k + 1]
    return np.sum(u) + np.sum(old * u)


def in_a_loop_of_a_loop(x: Any, n: int) -> Any:
    """An array and its copy go through inner loops, and a number of the old one is read."""
    u = np.zeros(SIZE)
    for i in range(6):
        u[i] = x[i]
    s = 0.0
    for k in range(n):
        before = u.copy()
        j = k
        while j >= 0 and u[j] > 0.5 * before[j + 1]:
            u[j + 1] = u[j] - 0.1 * s
            j -= 1
        s += before[k] * u[k + 1]
    return s + np.sum(u * u)


def emptied(x: Any, n: int) -> Any:
    """Arrays without elements go along."""
    u, nothing, s = np.zeros(SIZE), np.zeros(0), 0.0
    for k in range(n):
        nothing = nothing * x[0]
        if x[1] > k - 2:
            u[k] = u[k + 1] + x[2]
            nothing = nothing + 1
        s += u[k] * x[3]
        u[k + 2] = s + x[4]
    return s + np.sum(u)


EVERY = [after_a_choice, chosen_beside_the_old, in_a_loop_of_a_loop, emptied]


@pytest.mark.parametrize("function", EVERY)
@pytest.mark.parametrize("precision", ["float64", "double-double", "float32"])
def test_values_are_those_of_python(function: Any, precision: str) -> None:
    program = ty.program(function, precision=precision)
    pairs = np.stack([X, np.zeros(6)], axis=-1)
    for n in (0, 1, 9):
        if precision == "double-double":
            found = np.sum(program(pairs, np.array([float(n), 0.0])))  # both parts
        else:
            found = program(X.astype(precision), n)
        rtol = 1e-5 if precision == "float32" else 1e-12
        np.testing.assert_allclose(found, function(X, n), rtol=rtol, atol=rtol)


@pytest.mark.parametrize("function", EVERY)
def test_derivatives_are_those_of_differences(function: Any) -> None:
    program, n = ty.program(function), 9
    way = np.linspace(-1.0, 1.0, 6)
    h = 1e-3
    ends = [function(X + k * h * way, n) for k in (-2, -1, 1, 2)]
    first = (8 * (ends[2] - ends[1]) - (ends[3] - ends[0])) / (12 * h)
    second = (16 * (ends[2] + ends[1]) - (ends[3] + ends[0]) - 30 * function(X, n)) / (12 * h * h)
    of = lambda x: program(x, n)  # noqa: E731
    assert ty.jvp(of, (X,), (way,))[1] == pytest.approx(first, rel=1e-7, abs=1e-7)
    assert ty.grad(of)(X) @ way == pytest.approx(first, rel=1e-7, abs=1e-7)
    _, turned = ty.jvp(ty.grad(of), (X,), (way,))
    assert turned @ way == pytest.approx(second, rel=1e-5, abs=1e-5)
    jet = ty.jet(lambda s: of(X + s * way), 0.0, 2)
    np.testing.assert_allclose(jet, [function(X, n), first, second / 2], rtol=1e-5, atol=1e-5)


def test_arguments_stay_as_they_are() -> None:
    @ty.program
    def turned_round(x: Any, n: int) -> Any:
        y = x.copy()
        for k in range(n):
            y[k], y[7 - k] = y[7 - k], y[k]
        return y

    given = np.arange(8.0)
    found = turned_round(given, 4)
    np.testing.assert_array_equal(found, np.arange(8.0)[::-1])
    np.testing.assert_array_equal(given, np.arange(8.0))


def test_a_plan_that_reads_what_was_changed_is_refused() -> None:
    given = ArrayRow(start=Input("parameter", (0,)), width=3, constant=True, shape=(3,))
    place = ArrayRow(start=Input("parameter", (3,)), constant=True)
    double = Step((Term(2, Coefficient(0)),))
    made = ArrayRow(step=double, width=3, constant=True, shape=(3,))
    put = ArrayRow(width=3, constant=True, shape=(3,), moved=Put(2, 1, 1))
    both = Step((Term(1, Coefficient(2)), Term(1, Coefficient(3))))
    late = ArrayRow(step=both, width=3, constant=True, shape=(3,))
    rows = (given, place, made, put, late)
    program = ArrayProgram(rows, ((4, 0),), 0, (("parameter", 4),))
    works = [([2], [0]), ([3], [2, 1, 1]), ([4], [2, 3])]
    schedule = Schedule(program, works, {}, lambda _: [], ())
    assert Node(2) not in schedule.homes()  # which is read once more
    with pytest.raises(ProgramError, match="row 2 is read"):
        schedule.checked({Node(2): Node(3), Node(3): Node(3)})


# -- conditions, and places -----------------------------------------------------------------------


def test_conditions_stop_where_python_stops() -> None:
    @ty.program
    def first_beyond(x: Any, limit: float, most: int) -> Any:
        k = 0
        while k < 8 and k < most and x[k] < limit and x[k] * x[k] < 9:
            k += 1
        return k

    x = np.array([0.1, 0.2, -4.0, 1.0, np.nan, 0.0, 7.0, 0.5])
    for limit in (0.15, 0.25, 5.0):
        for most in (0, 1, 9):
            k = 0
            while k < 8 and k < most and x[k] < limit and x[k] * x[k] < 9:
                k += 1
            assert first_beyond(x, limit, most) == k


@pytest.mark.parametrize("end", [-3, 0, 1, 5, 6, 7, 8, 11])
def test_places_beyond_an_end_are_the_last(end: int) -> None:
    @ty.program
    def total(x: Any, n: float) -> Any:
        u, s = np.zeros(8), 0.0
        for k in range(n):
            s += x[k + 1] - 0.5 * x[k]
            u[k] = s
        return s, u

    x = np.arange(8.0) ** 2
    s, u = 0.0, np.zeros(8)
    for k in range(end):
        s += x[min(k + 1, 7)] - 0.5 * x[min(k, 7)]
        u[min(k, 7)] = s
    found = total(x, end)
    assert found[0] == s
    np.testing.assert_array_equal(found[1], u)


def test_sums_of_halves_are_those_of_python() -> None:
    small = np.float64(2.0) ** -1074
    x = np.array([3 * small, 5 * small, 1e308, 0.3, -0.7, np.inf, np.nan, 1.0])
    y = np.array([-2 * small, -small, -0.5e308, 0.1, 0.35, 1.0, 1.0, -0.25])
    for k in (-2, -1, 1):
        factor = 2.0**k
        compiled = ty.compile(lambda x, y, factor=factor: factor * x + y)
        with np.errstate(over="ignore"):
            wanted = factor * x + y
        np.testing.assert_array_equal(compiled(x, y), wanted)


# -- turns at once --------------------------------------------------------------------------------


def filled(x: Any, s: float, n: int) -> Any:
    """Turns that wait for nothing, with what is before and behind the ends."""
    u, v = np.ones(21), np.zeros(23)
    for k in range(2, n):
        u[k - 1] = x[k] * s - x[k - 2]
        v[k + 2] = max(s * k, x[k + 1]) / (k + 1)
    return u, v


def filled_again(x: Any, s: float, n: int) -> Any:
    """The same within a loop that reads what was filled."""
    u, total = np.ones(25), 0.0
    for turn in range(3):
        for k in range(n):
            u[k] = math.exp(-x[k] * s) + turn * k
        total += u[n // 2] * u[n] + s
    return u, total


@pytest.mark.parametrize("function", [filled, filled_again])
def test_turns_at_once_are_those_one_by_one(function: Any) -> None:
    x = np.random.default_rng(2).normal(size=26)
    program = ty.program(function)
    for n in (0, 1, 2, 3, 9, 10, 11, 17, 18, 19, 20):
        for found, wanted in zip(program(x, 0.7, n), function(x, 0.7, n), strict=True):
            np.testing.assert_allclose(found, wanted, rtol=1e-15, atol=0)


@pytest.mark.parametrize("function", [filled, filled_again])
def test_derivatives_of_turns_at_once(function: Any) -> None:
    x = np.random.default_rng(2).normal(size=26)
    program, h = ty.program(function), 1e-5
    for n in (3, 19):
        of = lambda s, n=n: np.sum(program(x, s, n)[0] ** 2)  # noqa: E731
        ends = [np.sum(function(x, s, n)[0] ** 2) for s in (0.7 - h, 0.7 + h)]
        slope = (ends[1] - ends[0]) / (2 * h)
        assert ty.grad(of)(0.7) == pytest.approx(slope, rel=1e-7, abs=1e-7)
        assert ty.jvp(of, (0.7,), (1.0,))[1] == pytest.approx(slope, rel=1e-7, abs=1e-7)
        assert ty.jet(of, 0.7, 3)[1] == pytest.approx(slope, rel=1e-7, abs=1e-7)


def test_turns_beyond_the_ends_are_made_one_by_one() -> None:
    @ty.program
    def run(x: Any, first: int, n: int) -> Any:
        u = np.zeros(12)
        for k in range(first, n):
            u[k] = x[k + 1] + k
        return u

    x = np.arange(12.0) ** 2
    for first in (-3, 0, 4):
        for n in (-5, 0, 8, 11, 12, 30):
            u = np.zeros(12)
            for k in range(first, n):
                u[min(k, 11)] = x[min(k + 1, 11)] + k
            np.testing.assert_array_equal(run(x, first, n), u)
