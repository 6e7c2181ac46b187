"""Programs of whole numbers say what Python says, or that digits are missing; never another number.

So do places and counts that are no whole numbers.
"""

from __future__ import annotations

import linecache
import math
import random

import numpy as np
import pytest

import taylor as ty


def program_of(name, text):
    """A Python function of its text, and the program of it."""
    linecache.cache[name] = (len(text), None, text.splitlines(True), name)
    names = {"np": np}
    exec(compile(text, name, "exec"), names)
    return names["f"], ty.program(names["f"])


def source(draw):
    """A loop of products and remainders whose numbers may become too large, and what is left."""
    size = lambda bits: draw.randrange(1, 2 ** draw.randrange(2, bits))  # noqa: E731
    sign = draw.choice(("", "-"))
    turn = draw.choice(
        (
            f"a, b = ({size(50)} * a + {size(40)}) % {size(45)}, b + a",
            f"a, b = b, a + {size(30)} * b",
            f"a, b = a * {size(20)} % {size(40)} - b, a // {size(8)}",
            f"a = a * a % {size(40)} + {sign}k; b = b + a // {size(9)}",
            f"b = b * (k + 1); a = (a ^ 0) + b % {size(12)} if False else a + b % {size(12)}",
            f"a = (a << {draw.randrange(1, 5)}) + (b & 63); b += k",
            f"a = a * a + {size(5)}; b = a % 10",
        )
    )
    end = draw.choice(
        (
            f"return a % {size(30)}, b % {size(8)}",
            f"return a // {size(20)} % {size(10)}, b % 3",
            f"return (1 if a % {size(4)} == 0 else 2), b % 7 + a % 5",
            "return np.arange(7)[a % 7], b % 2",
            f"m = a\n    while m > {size(5)} and m % 2 == 0:\n        m = m // 2\n"
            "    return m % 1000, b % 1000",
        )
    )
    start = f"a, b = {size(30)}, {size(30)}"
    return f"def f(n):\n    {start}\n    for k in range(n):\n        {turn}\n    {end}\n"


def test_random_remainders(scale):
    """What Python gives, an error, or NaN where the number alone is wanted."""
    given = missing = wrong = 0
    for seed in range(60 * scale):
        plain, program = program_of(f"<digits {seed}>", source(random.Random(seed)))
        for n in (1, 3, 12, 70):
            try:
                found = program(n)
            except ty.ProgramError as error:
                assert "digits" in str(error), error
                missing += 1
                continue
            for own, right in zip(found, plain(n), strict=True):
                wrong += not (math.isnan(own) or own == right)
                given += not math.isnan(own)
    print(f"random run: {given} remainders, {wrong} wrong")
    assert not wrong
    assert given > 100 * scale
    assert missing > 20 * scale


def congruential(n):
    """A generator of random numbers that needs 62 bits."""
    state = 12345
    for _ in range(n):
        state = (1103515245 * state + 12345) % 2**31
    return state


def fibonacci(n):
    """As Python counts, of any size."""
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a


def test_generators_of_random_numbers():
    with pytest.raises(ty.ProgramError, match="% of a whole number beyond") as caught:
        ty.program(congruential)(10)
    assert "state = (1103515245 * state + 12345) % 2**31" in str(caught.value)
    exact = ty.program(congruential, precision="double-double")
    assert tuple(exact(10)) == (congruential(10), 0.0)


def test_rounding_does_no_harm_to_sizes():
    """Large whole numbers are rounded as others are, until somebody asks for the last digits."""

    def last(n):
        return fibonacci(n) % 10

    def even(n):
        return 1 if fibonacci(n) % 2 == 0 else 2

    def factor(n):
        product = 1
        for k in range(1, n + 1):
            product *= k
        return 1 / product

    assert ty.program(fibonacci)(90) == pytest.approx(fibonacci(90), rel=1e-15)
    assert ty.program(factor)(40) == pytest.approx(1 / math.factorial(40), rel=1e-14)
    assert ty.program(last)(70) == last(70)
    assert math.isnan(ty.program(last)(90))
    assert ty.program(even)(60) == even(60)
    with pytest.raises(ty.ProgramError, match="beyond 2\\*\\*53"):
        ty.program(even)(90)


@pytest.mark.parametrize("turns", [1, 4])
def test_large_arguments(turns):
    """Also of calls that go to machine code at once."""
    program = ty.program(lambda n: n % 7)
    for _ in range(turns):
        assert program(2**53 - 1) == (2**53 - 1) % 7
        assert math.isnan(program(2**60))
        assert math.isnan(program(-(2**53) - 1))
        assert math.isnan(program(np.int64(2**60 + 1)))
        assert program(-5) == 2


def counted(x):
    total = 0.0
    for k in range(x):
        total += k
    return total


def half(n):
    return counted(n / 2)


def halves(n):
    """Whole, and known to be."""
    return counted(n // 2) + counted(int(n / 2)) + counted(len([n, n]))


def element(x, values):
    return values[x]


def stored(x, y):
    values = [y, 2 * y, 3 * y]
    values[x] = y
    return values[0] + values[1]


def window(x, values):
    total = 0.0
    for v in values[x:]:
        total += v
    return total


def test_counts_and_places_are_whole():
    numbers = np.arange(5.0)
    for _ in range(3):
        assert ty.program(counted)(4.0) == ty.program(counted)(4) == 6.0
        assert ty.program(half)(8) == counted(4)
        assert ty.program(halves)(9) == 6.0 + 6.0 + 1.0
        assert ty.program(element)(2.0, numbers) == 2.0
        assert ty.program(stored)(1.0, 1.0) == 2.0
        for function, args in [
            (counted, (2.5,)),
            (counted, (math.nan,)),
            (half, (5,)),
            (element, (1.5, numbers)),
            (stored, (0.5, 1.0)),
            (window, (0.5, numbers)),
        ]:
            with pytest.raises(ty.ProgramError, match="is not a whole number"):
                ty.program(function)(*args)


def test_programs_that_count_have_no_checks():
    """What is known to be whole and small is not looked at: derivatives see nothing of it."""

    def ring(x, n):
        values = np.zeros(8)
        for i in range(n):
            values[i % 8] = values[(i + 3) % 8] + x
        return values.sum()

    assert ty.grad(ty.program(ring))(0.5, 20) == pytest.approx(ring(1.0, 20))
    assert ty.jit(ty.program(ring))(0.5, 20) == pytest.approx(ring(0.5, 20))
