"""Operators on the bits of whole numbers: what Python gives, of both signs."""

from __future__ import annotations

import random

import numpy as np
import pytest

import taylor as ty


def of_two(a, b):
    return a & b, a | b, a ^ b, ~a, ~(a ^ b) & 15, (a & 1) ^ (b & 1), (a > b) | (b & 1)


def with_masks(a, b):
    return a & 6, a & 0, a & -4, a | 10, a | -8, a ^ 255, a ^ -1, 5 & b, 1 | b, 3 ^ b, -1 & a


@pytest.mark.parametrize("function", [of_two, with_masks])
def test_numbers_of_both_signs(function):
    chance, program = random.Random(1), ty.program(function)
    for _ in range(300):
        bits = chance.choice([1, 3, 8, 20, 31])
        a, b = (chance.randint(-(2**bits), 2**bits) for _ in "ab")
        assert tuple(map(int, program(a, b))) == tuple(map(int, function(a, b)))


def test_conditions_stay_conditions():
    program = ty.program(lambda x, y: ((x > 0) & (y > 0), (x > 0) | (y > 0), (x > 0) ^ (y > 0)))
    for x in (-1.0, 1.0):
        for y in (-1.0, 1.0):
            found = program(x, y)
            assert [type(value) for value in found] == [np.bool_] * 3
            assert found == ((x > 0) & (y > 0), (x > 0) | (y > 0), (x > 0) ^ (y > 0))


def counted(n):
    found = 0
    while n:
        n &= n - 1
        found += 1
    return found


def reversed_bits(n):
    found = 0
    for i in range(8):
        found = (found << 1) | ((n >> i) & 1)
        found ^= n & 3
    return found


def gray_sum(n):
    return sum(k ^ (k >> 1) for k in range(n))


def rule_of_neighbours(cells, turns):
    cells = [1 if x > 0 else 0 for x in cells]
    for _ in range(turns):
        cells = [cells[i - 1] ^ cells[(i + 1) % 9] for i in range(9)]
    return cells


def test_loops():
    for function in (counted, reversed_bits, gray_sum):
        program = ty.program(function)
        for n in (0, 1, 2, 37, 200, 255):
            assert program(n) == function(n)
    cells = np.random.default_rng(2).normal(size=9)
    program = ty.program(rule_of_neighbours)
    for turns in (0, 1, 4):
        assert program(cells, turns) == rule_of_neighbours(cells, turns)


def test_slopes_are_those_of_what_is_multiplied():
    program = ty.program(lambda x, n: x * (n ^ 5) + (n & (n - 1)))
    assert ty.grad(program)(2.0, 9) == 9 ^ 5


def test_what_is_no_whole_number_comes_to_an_end():
    program = ty.program(lambda a, b: a & b)
    for x in (float("inf"), float("nan")):
        assert np.isnan(program(x, 3.0))


def test_two_arrays_are_refused():
    program = ty.program(lambda a, b: a ^ b)
    with pytest.raises(ty.ProgramError, match="two arrays of whole numbers"):
        program(np.arange(3.0), np.arange(3.0))


def test_numbers_that_are_known_are_no_conditions():
    """What is zero or one however it is called is a whole number still."""
    program = ty.program(lambda c: (~(c - c), ~(c - c + 1), (c - c) | 4, (c - c) ^ 1, -(c * 0)))
    assert program(5) == (-1, -2, 4, 1, 0)
