"""Functions of `math` of whole numbers, and generators that are written out."""

from __future__ import annotations

import math
import random

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
