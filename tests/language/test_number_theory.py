"""Functions of `math` of whole numbers, and generators that are written out."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

import taylor as ty


def test_roots_multiples_and_binomials():
    def several(n, k, a, b):
        return math.isqrt(n), math.lcm(a, b), math.comb(n % 40, k), math.gcd(a, b)

    chance, program = random.Random(3), ty.program(several)
    for _ in range(300):
        a, b = (chance.randint(-(10**5), 10**5) * chance.randint(0, 1) for _ in "ab")
        given = chance.randint(0, 2 ** chance.randint(1, 31)), chance.randint(0, 45), a, b
        assert program(*given) == several(*given)


def divisors(a, b, n):
    return math.gcd(a * a, b), math.gcd(a, b, n, a * b), math.gcd(a), math.lcm(a, n) % 1000


def multiples(a, b, n):
    return math.lcm(a, b, 3), math.lcm(a + 1, n) // 7


def roots(a, b, n):
    return math.isqrt(a * a + b), math.isqrt(a * b) % 10, math.isqrt(n * n)


def ways(a, b, n):
    return math.comb(n, 20), math.comb(n, 3) % 1000, math.comb(n, n // 2) % 10


def products(a, b, n):
    return math.factorial(n % 30), math.factorial(n % 25) % 97


def chosen_numbers(a, b, n):
    kind = (a * b if a > b else b - a) % 1000
    other = a * b if n > 30 else math.gcd(a, b)
    return kind, other % 7, (a if b % 2 else a * a * b) % 10


def chosen_in_turns(a, b, n):
    for k in range(n % 5):
        a = ((b | a) if a % 3 == k else b - 5) * (a + k)
        b = a % 1000003
    return a, b


def comparisons(a, b, n):
    return (a * b) % 7 < 3, (a * a + b) % 5 == 2, a < b


def cut(a, b, n):
    return int(a / (b + 1)) % 10, int(a * b / 3) % 10


RELATED = [divisors, multiples, roots, ways, products]
RELATED += [chosen_numbers, chosen_in_turns, comparisons, cut]


@pytest.mark.parametrize("function", RELATED, ids=lambda f: f.__name__)
def test_all_digits_or_none_are_said(function):
    """Numbers beyond 2**53, and what is made of these: an error or NaN, or what Python says."""
    draw = random.Random(function.__name__)
    said = 0
    for _ in range(60):
        a, b = (draw.randrange(2 ** draw.randrange(1, 40)) for _ in range(2))
        n = draw.randrange(70)
        try:
            found = ty.program(function)(a, b, n)
        except ty.ProgramError as error:
            assert "digits" in str(error)
            continue
        right = function(a, b, n)
        for own, exact in zip(found, right, strict=True):
            large = abs(exact) >= 2**53 and float(own) == pytest.approx(float(exact), rel=1e-13)
            lacks = np.isnan(float(own)) or large
            assert lacks or own == exact, (a, b, n, found, right)
            said += not np.isnan(float(own))
    assert said > 30


@pytest.mark.parametrize("k", [1, 2, 3, 2**13, 2**20 + 7, 2**25, 2**26 - 1])
def test_roots_beside_squares(k):
    program = ty.program(lambda m, d: math.isqrt(m * m + d))
    for d in (-1, 0, 1, 2 * k - 1, 2 * k):
        assert program(k, d) == math.isqrt(k * k + d)


def test_errors_are_python_s():
    with pytest.raises(ValueError, match="isqrt"):
        ty.program(lambda n: math.isqrt(-n))(3)
    with pytest.raises(ValueError, match="non-negative"):
        ty.program(lambda n: math.comb(n, -2))(3)


def test_generators_in_displays():
    def terms(x, n):
        return (x**k / math.factorial(k) for k in range(n))

    def shown(x):
        first, *rest = terms(x, 4)
        return [*terms(x, 3), first], (*rest, 1.0)

    found, wanted = ty.program(shown)(0.5), shown(0.5)
    assert found[0] == pytest.approx(wanted[0], rel=1e-15)
    assert found[1] == pytest.approx(wanted[1], rel=1e-15)
