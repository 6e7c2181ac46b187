"""Ints as arguments: integers of the processor where these and doubles say the same."""

from __future__ import annotations

import numpy as np
import pytest

import taylor as ty

NUMBERS = [
    *(0, 1, -1, 2, -5, 7, 12, 1000, -1001, 2**31 - 1, 2**31, 2**31 + 1, -(2**31), -(2**31) - 1),
    *(2**40 + 3, -(2**40), 2**52 + 1),
]
DIVISORS = (1, 2, 3, 5, 7, 10, 12, 641, 1000, 65537, 1000003, 2**31 - 1, 2**31, 10**12 + 39)


def rests(n, turns):
    """Divisions by known numbers, in a loop."""
    total = 0
    for k in range(turns):
        a = n + k
        total += a // 3 + 2 * (a % 7) + a // 10 - a % 1000003 + a // 2147483647
        total -= (2 * a - 5) // 641 + (7 - a) % 12
    return total


def mixed(n, x):
    """What is whole and what is not, side by side."""
    y = x
    while n > 1:
        y = y * n / (n + 1) + n**2 * 1e-9
        n = n // 2 if n % 2 == 0 else n - 1
    return y + n / 4


@pytest.mark.parametrize("n", NUMBERS)
def test_values_are_python_s(n):
    program = ty.program(rests)
    for _ in range(4):
        assert program(n, 5) == rests(n, 5)


@pytest.mark.parametrize("divisor", DIVISORS)
def test_quotients_and_rests(divisor):
    @ty.program
    def both(first, turns):
        quotients = rest = 0
        for k in range(turns):
            a = first + k
            quotients += a // divisor
            rest += (k + 1) * (a % divisor)
        return quotients, rest

    random = np.random.default_rng(divisor % 1000)
    edges = [m * divisor + d for m in (-3, -1, 0, 1, 2) for d in (-1, 0, 1)]
    for n in [*edges, *random.integers(-(2**31), 2**31, 20).tolist()]:
        values = range(n, n + 4)
        wanted = sum(a // divisor for a in values)
        weighted = sum((k + 1) * (a % divisor) for k, a in enumerate(values))
        assert both(n, 4) == (wanted, weighted), n


def test_other_types_are_traced_for_themselves():
    program = ty.program(mixed)
    for _ in range(3):
        for n, x in [(27, 1.5), (27.0, 1.5), (2**31 + 4, 0.25), (5, 2), (np.int64(27), 1.5)]:
            found = program(n, x)
            assert type(found) is np.float64
            assert found == pytest.approx(mixed(n, x), rel=1e-15)


def test_beyond_64_bits():
    program = ty.program(lambda n, k: n + k if n > 3 else k)
    for _ in range(4):
        assert program(3, 4) == 4
        assert program(10**25, 1) == float(10**25)
        assert program(-(10**25), 1) == 1


def test_truth_values_are_no_ints():
    program = ty.program(lambda n: n + 1 if n else 0)
    for _ in range(4):
        assert program(2) == 3
        assert program(True) == 2
        assert program(0) == 0


def test_the_number_of_turns():
    """As an int, as a whole float between such calls, and below zero."""

    @ty.program
    def power(x, n):
        total = 1.0
        for _ in range(n):
            total *= x
        return total

    for _ in range(4):
        assert power(2.0, 10) == power(2.0, 10.0) == 1024.0
    assert power(2.0, -3) == 1.0


def test_gradients_take_ints_too():
    def f(x, n):
        total = x
        for k in range(1, n):
            total = total * x + k % 3
        return total

    for _ in range(3):
        assert ty.grad(ty.program(f))(0.5, 4) == pytest.approx(4 * 0.5**3 + 2 * 0.5 + 2)
        assert ty.jit(lambda x, n: x * n)(0.5, 4) == 2.0


def test_ints_beside_arrays():
    @ty.program
    def smoothed(values, turns, factor):
        for _ in range(turns):
            values = values + factor * (values.mean() - values)
        return values, turns // 2

    x = np.array([1.0, 2.0, 4.0])

    def wanted(turns, factor):
        y = x
        for _ in range(turns):
            y = y + factor * (y.mean() - y)
        return y

    for _ in range(4):
        for turns in (3, 0, 2**3, np.int64(2)):
            found, half = smoothed(x, turns, 0.25)
            np.testing.assert_allclose(found, wanted(turns, 0.25), rtol=1e-15)
            assert half == turns // 2
        found, _ = smoothed(values=x, turns=2, factor=1)
        np.testing.assert_allclose(found, wanted(2, 1), rtol=1e-15)
        found, _ = smoothed(x, factor=0.5, turns=1)
        np.testing.assert_allclose(found, wanted(1, 0.5), rtol=1e-15)


def test_truth_values_and_ints_take_turns():
    """A condition is no number, whichever of them came last."""
    program = ty.program(lambda n, x: x if n else n - x)
    vector = ty.program(lambda n, x: x if n else n - x)
    y = np.array([1.0, 2.0])
    for _ in range(4):
        assert program(np.True_, 3.0) == 3.0
        assert program(5, 3.0) == 3.0
        assert program(0, 3.0) == -3.0
        assert program(0.5, 3.0) == 3.0
        np.testing.assert_array_equal(vector(7, y), y)
        np.testing.assert_array_equal(vector(0, y), -y)
        np.testing.assert_array_equal(vector(0.0, y), -y)


def test_ints_of_any_size_beside_arrays():
    program = ty.program(lambda x, n: x * n)
    x = np.array([1.0, -2.0])
    for _ in range(4):
        for n in (3, -3, 2**53 + 1, 10**25, -(2**63), 2**64):
            np.testing.assert_array_equal(program(x, n), x * float(n))
