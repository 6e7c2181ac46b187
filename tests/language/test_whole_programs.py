"""Programs of whole numbers give exactly what Python gives, whatever machine code counts in."""

from __future__ import annotations

import linecache
import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import taylor as ty

MODULI = (7, 64, 1009, 2**20 + 7, -5, -64, -4099)


class Source:
    """Writes a function of a count n whose variables are whole numbers, none beyond 2**44."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.loops = 0
        start = [self.random.randint(-(10**6), 10**6) for _ in "abc"]
        self.lines = ["def f(n):", f"    a, b, c = {start[0]}, {start[1]}, {start[2]}"]
        self.lines.append("    v = np.zeros(4)")
        self.block(1, 3)
        self.lines.append("    return a, b, c, v[0], v[1], v[2], v[3]")

    def number(self):
        pick = self.random.choice
        if self.loops and self.random.random() < 0.3:
            return f"k{self.random.randrange(self.loops)}"
        return pick(("a", "b", "c", "2", "-3", "17", "100", "n"))

    def value(self):
        x, y = self.number(), self.number()
        m = self.random.choice(MODULI)
        return self.random.choice(
            (
                f"({x} + {y}) % {m}",
                f"({x} * {y} - 3) % {m}",
                f"{x} // {m} + {y} % {m}",
                f"({x} - 5 * {y}) // {m}",
                f"abs({x}) % {abs(m)} - {y} // 3",
                f"min({x}, {y}) % {m}",
                f"max({x}, -{y}) // 2",
                f"({x} % {m}) * ({y} % {m}) // 11",
                f"({x} < {y}) + 2 * ({x} % 2 == 1) - (not {y} > 0)",
                f"({x} if {self.test()} else {y}) % {m}",
                f"{x} % (abs({y}) % 9 + 1)",
                f"{x} // (-1 - abs({y}) % 9)",
            )
        )

    def test(self):
        x, y = self.number(), self.number()
        plain = f"{x} {self.random.choice(('<', '<=', '>', '>=', '==', '!='))} {y}"
        if self.random.random() < 0.4:
            other = f"{self.number()} % {self.random.choice(MODULI)} > 1"
            return f"{plain} {self.random.choice(('and', 'or'))} not ({other})"
        return plain

    def add(self, depth, text):
        self.lines.append("    " * depth + text)

    def block(self, depth, left):
        for _ in range(self.random.randint(2, 3)):
            self.statement(depth, left)

    def statement(self, depth, left):
        chance, name = self.random.random(), self.random.choice("abc")
        if left and chance < 0.35:
            self.loop(depth, left)
        elif left and chance < 0.5:
            self.add(depth, f"if {self.test()}:")
            self.block(depth + 1, 0)
        elif chance < 0.65:
            self.add(depth, f"v[{self.number()} % 4] = {self.value()}")
        elif chance < 0.75:
            self.add(depth, f"{name} = ({name} + int(v[-({self.number()} % 4)])) % 4099")
        else:
            self.add(depth, f"{name} = {self.value()}")

    def loop(self, depth, left):
        index, self.loops = f"k{self.loops}", self.loops + 1
        self.lines.insert(2, f"    {index} = 0")
        if self.random.random() < 0.5:
            last = self.random.choice(("n", "n + 2", "9"))
            start = self.random.choice(("0", "-3", "2"))
            self.add(depth, f"for {index} in range({start}, {last}):")
        else:
            self.add(depth, f"{index} = 0")
            self.add(depth, f"while {index} < n + 3 and ({self.test()}):")
            self.add(depth + 1, f"{index} += {self.random.choice((1, 2))}")
        self.block(depth + 1, left - 1)
        if self.random.random() < 0.3:
            self.add(depth + 1, f"if {self.test()}:")
            self.add(depth + 2, self.random.choice(("break", "continue")))


def made(seed):
    source = "\n".join(Source(seed).lines) + "\n"
    name = f"<whole program {seed}>"
    linecache.cache[name] = len(source), None, source.splitlines(True), name
    space = {"np": np, "math": math, "__name__": __name__}
    exec(compile(source, name, "exec"), space)
    return space["f"]


@pytest.mark.seeds(30)
def test_random_program(seed):
    function = made(seed)
    program = ty.program(function)
    for n in (0, 1, 5):
        np.testing.assert_array_equal(program(n), function(n))


def divided(n, start, step, divisor):
    value, total, rest, odd = start, 0, 0, 0
    for k in range(n):
        value += step
        total += value // divisor
        rest = value % divisor
        if rest == 0 or (value < 0 and k % 2 != 1):
            odd += 1
    return value, total, rest, odd


NUMBERS = st.one_of(st.integers(-20, 20), st.integers(-(2**51), 2**51), st.just(2**52 + 1))


@settings(max_examples=25, deadline=None)
@given(NUMBERS, st.integers(-(10**6), 10**6), st.one_of(st.integers(1, 50), NUMBERS))
def test_floor_division(start, step, divisor):
    divisor = divisor or 3
    program = ty.program(divided, static_argnums=(1, 2, 3))
    found = program(4, start, step, divisor)
    wanted = divided(4, start, step, divisor)
    if max(abs(x) for x in (*wanted, wanted[0] * 5)) < 2**53:
        assert tuple(map(int, found)) == wanted


@pytest.mark.parametrize("sign", [1, -1])
def test_numbers_that_outgrow_doubles_are_rounded_as_doubles_are(sign):
    def grow(n):
        x, odd = 1 * sign, 0
        for _ in range(n):
            x = 3 * x + 1
            odd += 1
        return x, odd

    def in_doubles(n):
        x = float(sign)
        for _ in range(n):
            x = 3.0 * x + 1.0
        return x, n

    program = ty.program(grow)
    for n in (3, 30, 33, 34, 35, 60, 700):
        assert program(n) == in_doubles(n)
    turns = max(n for n in range(60) if abs(grow(n)[0]) < 2**53)
    assert program(turns)[0] == grow(turns)[0]


def test_powers_of_two_and_their_neighbours():
    def doubled(n):
        x = 1
        for _ in range(n):
            x *= 2
        return x - 1, x // 3, x % 7

    program = ty.program(doubled)
    for n in range(53):
        assert tuple(map(int, program(n))) == doubled(n)
    assert program(1023)[0] == 2.0**1023


def test_division_by_zero_is_what_doubles_make_of_it():
    def ratio(n):
        total = 0.0
        for k in range(n):
            total += 1 / (k - 1) if k > 1 else 0.0
        return total

    assert ty.program(ratio)(5) == pytest.approx(ratio(5))


def euclid(n):
    common = 0
    for k in range(n):
        a, b = 7 * k + 6, 91 - k
        while b != 0:
            a, b = b, a % b
        common += a
    return common


def test_euclid():
    assert ty.program(euclid)(80) == euclid(80)


def weighted(x, n):
    total, sign = 0.0, 1
    for k in range(n):
        if k % 3 == 1:
            total += x**2 * k
        elif k // 2 > 2 or k == 0:
            total += sign * x / (k + 1)
        else:
            total -= k * math.sin(x)
        sign = -sign
    return total


def weighted_slope(x, n):
    total, sign = 0.0, 1
    for k in range(n):
        if k % 3 == 1:
            total += 2 * x * k
        elif k // 2 > 2 or k == 0:
            total += sign / (k + 1)
        else:
            total -= k * math.cos(x)
        sign = -sign
    return total


@pytest.mark.parametrize("n", [0, 1, 4, 11])
def test_derivatives_through_counts(n):
    program = ty.program(weighted)
    assert program(0.7, n) == pytest.approx(weighted(0.7, n), rel=1e-14)
    slope = weighted_slope(0.7, n)
    assert ty.grad(program)(0.7, n) == pytest.approx(slope, rel=1e-13)
    forward = ty.jacobian(program)(0.7, n)
    assert forward == pytest.approx(slope, rel=1e-13)


def test_jets_through_counts():
    program = ty.program(weighted)
    found = ty.jet(lambda x: program(x, 8), 0.7, 3)
    assert found[0] == pytest.approx(weighted(0.7, 8), rel=1e-14)
    assert found[1] == pytest.approx(weighted_slope(0.7, 8), rel=1e-13)


# -- arrays that inner loops change ---------------------------------------------------------------


def bubble(values):
    x = values.copy()
    for last in range(len(x) - 1, 0, -1):
        for i in range(last):
            if x[i] > x[i + 1]:
                x[i], x[i + 1] = x[i + 1], x[i]
    return x


def running_means(values):
    x, seen = values.copy(), 0.0
    for i in range(1, len(x)):
        before = x.copy()
        j = i
        while j > 0 and x[j - 1] > -1.0:
            x[j] = 0.5 * (x[j - 1] + x[j])
            j -= 1
        seen += before[i] * x[i]
        x[0] = before[1]
    return x, seen


def sieve(n):
    prime = np.ones(60)
    for i in range(2, n):
        j = i * i
        while j < n:
            prime[j] = 0
            j += i
    total = 0
    for i in range(2, n):
        total += i * prime[i]
    return total


def turned(n):
    x = np.arange(6.0)
    for k in range(n):
        x[-(k % 3) - 1] = x[k % 4] + k
        x[k - k // 5 * 5] -= x[-1]
    return x


@pytest.mark.parametrize("function", [bubble, running_means])
def test_arrays_changed_in_turns(function):
    values = np.random.default_rng(3).normal(size=17)
    given = values.copy()
    found, wanted = ty.program(function)(values), function(given)
    found, wanted = (x if isinstance(x, tuple) else (x,) for x in (found, wanted))
    for one, exact in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(one, exact)
    np.testing.assert_array_equal(values, given)


def test_places_that_are_counts():
    assert ty.program(sieve)(60) == sieve(60)
    for n in (0, 3, 14):
        np.testing.assert_array_equal(ty.program(turned)(n), turned(n))


def test_gradient_through_an_array_that_inner_loops_change():
    def smoothed(values):
        x = values.copy()
        for i in range(1, len(x)):
            for j in range(i, 0, -1):
                x[j - 1] = x[j - 1] + x[j] * x[j] / j
        return x[0]

    values = np.random.default_rng(5).uniform(0.1, 0.4, 6)
    found = ty.grad(ty.program(smoothed))(values)
    h = 1e-5
    for k in range(6):
        ends = [smoothed(values + s * h * np.eye(6)[k]) for s in (-1, 1)]
        assert found[k] == pytest.approx((ends[1] - ends[0]) / (2 * h), rel=1e-6)
