"""Whole numbers that are divided and multiplied, on both sides of where machine code changes its
way: 32 bits of a division, 2**50 of a product.
"""

from __future__ import annotations

import math
import random

import pytest

import taylor as ty


def smallest_factor(n):
    d = 2
    while d * d <= n:
        if n % d == 0:
            return d
        d += 1
    return n


@pytest.mark.parametrize("n", [2, 3, 4, 25, 91, 997, 46337**2, 46337 * 46349, 2**31, 2**31 - 1])
def test_trial_division(n):
    assert ty.program(smallest_factor)(n) == smallest_factor(n)


def euclid(a, b):
    turns = 0
    while b != 0:
        a, b = b, a % b
        turns += 1
    return a, turns


def scaled_euclid(a, b, scale):
    """The same of numbers beyond 32 bits and, at the end, below them."""
    a, b = a * scale, b * scale + 1
    turns = 0
    while b > 0:
        a, b = b, a % b
        turns += 1
    return a, turns


def test_remainders_of_short_and_long_numbers():
    chance = random.Random(4)
    plain, scaled = ty.program(euclid), ty.program(scaled_euclid)
    for _ in range(40):
        a, b = chance.randint(0, 2**31), chance.randint(1, 2 ** chance.randint(1, 31))
        assert plain(a, b) == euclid(a, b)
        scale = 2 ** chance.randint(0, 18)
        assert scaled(a, b, scale) == scaled_euclid(a, b, scale)


def signed_divisions(n, a, b):
    quotients = rests = 0
    for k in range(n):
        x, y = a + k * 7, b + k
        if y > 0:
            quotients += x // y
            rests += x % y
        x *= 2**14
        if y > 0:
            quotients -= x // y
            rests += 3 * (x % y)
        quotients += x // 8 - x // 1
        rests += x % 16 - (x // 4) % 2
    return quotients, rests


@pytest.mark.parametrize("a", [-(2**30), -1000, -1, 0, 1, 12345, 2**30])
@pytest.mark.parametrize("b", [-3, 1, 2, 64, 65537, 2**31 - 30])
def test_quotients_of_negative_numbers(a, b):
    assert ty.program(signed_divisions)(9, a, b) == signed_divisions(9, a, b)


def squares(n, x, y):
    """Products that outgrow 2**50, and at last 2**53, while the sum counts on."""
    total = 0
    for k in range(n):
        product = (x + k) * (y - k)
        total += 1 if product > 2**49 else -1 if product < -(2**49) else 0
        square = (x + k) * (x + k)
        total += 10 if square >= y * 2 else 0
    return total, (x + n) * (y + n)


@pytest.mark.parametrize("x", [0, 5, -5, 2**24, 2**25 - 4, 2**25 + 3, -(2**26), 2**31])
@pytest.mark.parametrize("y", [0, -7, 2**25, -(2**25) - 1, 2**31, -(2**31)])
def test_products_beyond_bounds(x, y):
    found, wanted = ty.program(squares)(8, x, y), squares(8, x, y)
    assert found == (wanted[0], float(wanted[1]))


def power(base, exponent, modulus):
    result = 1
    base %= modulus
    while exponent > 0:
        if exponent % 2 == 1:
            result = result * base % modulus
        base = base * base % modulus
        exponent //= 2
    return result


def test_powers_by_squaring():
    chance = random.Random(6)
    program = ty.program(power)
    for _ in range(40):
        modulus = chance.randint(2, 2**26)
        base, exponent = chance.randint(0, 2**31), chance.randint(0, 2**31)
        assert program(base, exponent, modulus) == pow(base, exponent, modulus)


def halves(n, x):
    """A quotient whose remainder alone is used in some turns, and it itself in others."""
    found = 0.0
    for k in range(n):
        half, odd = (x + k) // 2, (x + k) % 2
        found = found + half if odd == 0 else found - 0.5
        if k % 4 == 3:
            found += half
    return found


@pytest.mark.parametrize("x", [-9, -1, 0, 1, 6, 2**31])
def test_quotients_by_powers_of_two(x):
    assert ty.program(halves)(11, x) == halves(11, x)


def test_derivatives_beside_products():
    def damped(x, n):
        k = 1
        while k * k < n:
            x = x + math.sin(x) / (k * k + n % k)
            k += 1
        return x

    h, point, turns = 1e-6, 0.7, 60
    slope = ty.grad(ty.program(damped))(point, turns)
    wanted = (damped(point + h, turns) - damped(point - h, turns)) / (2 * h)
    assert abs(slope - wanted) < 1e-8 * abs(wanted)


def divisors_of_both_signs(n, a, d):
    """A divisor that counts down through zero."""
    total = quotients = 0
    for k in range(n):
        e = d - k
        if e != 0:
            total += (a + k) % e
            quotients += (a - k) // e
    return total, quotients


@pytest.mark.parametrize("a", [-(2**31), -7, 0, 6, 2**31])
@pytest.mark.parametrize("d", [0, 1, 5, -3, 2**31])
def test_divisors_of_both_signs(a, d):
    found = ty.program(divisors_of_both_signs)(12, a, d)
    assert found == divisors_of_both_signs(12, a, d)


@pytest.mark.parametrize("a", [2**52 + 1, 2**53 - 1, -(2**53) + 1, 3 * 2**51 - 1, 10**15 - 1])
@pytest.mark.parametrize("d", [3, 10, 7, -3, 2**31 - 1])
def test_quotients_of_all_digits(a, d):
    """A product with 1/d would be rounded to the next whole number."""
    known = ty.program(lambda n, d=d: (n // d, n % d, divmod(n, d)))
    assert known(a) == (a // d, a % d, divmod(a, d))
    assert ty.program(lambda n, m: (n // m, n % m))(a, d) == (a // d, a % d)
