"""Functions that call themselves: values as Python's, the rows that calls wait in, derivatives."""

from __future__ import annotations

import math
import sys

import mpmath
import numpy as np
import pytest

import taylor as ty


def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


def countdown(n, x):
    """A call in the last place."""
    return x if n == 0 else countdown(n - 1, 0.5 * x + 1)


def sum_to(n):
    return 0 if n == 0 else n + sum_to(n - 1)


def is_even(n):
    return True if n == 0 else is_odd(n - 1)


def is_odd(n):
    return False if n == 0 else is_even(n - 1)


def ackermann(m, n):
    if m == 0:
        return n + 1
    if n == 0:
        return ackermann(m - 1, 1)
    return ackermann(m - 1, ackermann(m, n - 1))


def in_a_loop(x, n):
    """Calls in the turns of a loop whose number is not known."""
    total = x
    for k in range(n):
        total = total * 1.01 + 0.1 * in_a_loop(x, k)
    return total


def in_a_while(x, n):
    total = x
    while total < n:
        total = total + 0.5 + in_a_while(x, 0.5 * total)
    return total


def two_results(n, x):
    """A pair of a number and a count."""
    if n == 0:
        return x, 1
    value, calls = two_results(n - 1, x * x - 0.5)
    other, more = two_results(n - 2, x) if n > 1 else (0.0, 0)
    return value + 0.5 * other, calls + more + 1


def arrays(values, n):
    """Arrays as arguments and results."""
    if n == 0:
        return values
    half = arrays(0.5 * values, n - 1)
    return half + arrays(values[::-1] * 0.25, n - 1)


def asserted(n, x):
    assert x < 100, "too large"
    return x if n == 0 else asserted(n - 1, 2 * x) + 0.0 * x


CALLS = [
    (fibonacci, [(0,), (1,), (15,)]),
    (countdown, [(0, 1.0), (3, 1.0), (2000, 5.0)]),
    (sum_to, [(0,), (10,), (90,)]),
    (is_even, [(0,), (7,), (100,)]),
    (ackermann, [(0, 5), (1, 3), (2, 4), (3, 3)]),
    (in_a_loop, [(0.5, 0), (0.5, 1), (0.7, 7)]),
    (in_a_while, [(0.5, 0.1), (0.5, 3.0), (0.5, 14.0)]),
    (two_results, [(0, 0.3), (1, 0.3), (7, 0.9)]),
    (arrays, [(np.array([1.0, -2.0, 3.0]), 0), (np.array([1.0, -2.0, 3.0]), 5)]),
]


@pytest.mark.parametrize(("function", "calls"), CALLS, ids=[f.__name__ for f, _ in CALLS])
def test_values(function, calls):
    program = ty.program(function, depth=100)
    before = sys.getrecursionlimit()
    for args in calls:
        sys.setrecursionlimit(5000)
        try:
            wanted = function(*args)
        finally:
            sys.setrecursionlimit(before)
        found = program(*args)
        assert type(found) is tuple or not isinstance(wanted, tuple)
        np.testing.assert_allclose(
            np.array(found, float), np.array(wanted, float), rtol=1e-14, atol=0
        )


@pytest.mark.parametrize("depth", [1, 7, 40])
def test_calls_that_are_too_deep_are_errors(depth):
    """sum_to(n) has n calls that wait; one more than there are rows is no number but an error."""
    program = ty.program(sum_to, depth=depth)
    assert program(depth) == sum(range(depth + 1))
    for n in (depth + 1, depth + 2, 1000):
        with pytest.raises(RecursionError, match=rf"sum_to.*depth={depth}"):
            program(n)
    assert program(depth) == sum(range(depth + 1))


def test_too_deep_inside_transforms_is_not_a_number():
    def scaled(x, n):
        return x if n == 0 else x * scaled(x, n - 1) + 1

    program = ty.program(scaled, depth=5)
    assert np.isfinite(ty.grad(program)(0.5, 5))
    assert np.isnan(ty.value_and_grad(program)(0.5, 6)[0])
    many = ty.vmap(program, in_axes=(None, 0))(0.5, np.array([0, 3, 5, 6]))
    assert np.isfinite(many[:3]).all() and np.isnan(many[3])


def test_depth_is_asked_for_only_where_calls_wait():
    assert ty.program(countdown)(3000, 1.0) == pytest.approx(2.0)
    assert ty.program(is_even)(5001) == 0
    with pytest.raises(ty.ProgramError, match="depth="):
        ty.program(sum_to)(3)


def test_errors_inside():
    program = ty.program(asserted, depth=50)
    assert program(5, 1.0) == 32.0
    with pytest.raises(AssertionError, match="too large"):
        program(8, 1.0)


def test_never_ending():
    def endless(x):
        return endless(x + 1)

    with pytest.raises(ty.ProgramError, match="never ends"):
        ty.program(endless, depth=10)(1.0)


def test_results_of_two_kinds():
    def mixed(n):
        return (1.0, 2.0) if n == 0 else mixed(n - 1)[0]

    with pytest.raises(ty.ProgramError, match="returned is"):
        ty.program(mixed, depth=10)(3)


def test_the_recursion_inside_another_program():
    program = ty.program(lambda x, n: 2 * countdown(n, x) + fibonacci(n), depth=30)
    assert program(1.0, 8) == pytest.approx(2 * countdown(8, 1.0) + 21)


def test_code_does_not_depend_on_depth():
    from taylor.expressions.arguments import argument, traced
    from taylor.nodes.traverse import reachable

    def size(depth):
        n = argument("n")
        with traced([n]):
            found = ty.program(fibonacci, depth=depth)(n)
            return len(list(reachable([found])))

    assert size(10) == size(10_000)


@pytest.mark.parametrize(
    ("function", "args"),
    [
        (in_a_loop, (0.7, 6)),
        (in_a_while, (0.5, 7.0)),
        (lambda x, n: two_results(n, x)[0], (0.9, 6)),
        (lambda x, n: countdown(n, x), (0.9, 6)),
    ],
    ids=["in_a_loop", "in_a_while", "two_results", "countdown"],
)
def test_derivatives_and_series(function, args):
    x, n = args
    program = ty.program(function, depth=50)
    with mpmath.workdps(60):
        wanted = [float(c) for c in mpmath.taylor(lambda s: function(s, n), x, 6)]
    np.testing.assert_allclose(ty.jet(lambda s: program(s, n), x, 6), wanted, rtol=1e-11, atol=1e-9)
    assert ty.grad(program)(x, n) == pytest.approx(wanted[1], rel=1e-12)
    _, slope = ty.jvp(lambda s: program(s, n), (x,), (1.0,))
    assert slope == pytest.approx(wanted[1], rel=1e-12)
    second = ty.grad(ty.grad(lambda s: program(s, n)))(x)
    assert second == pytest.approx(2 * wanted[2], rel=1e-10, abs=1e-10)


def test_closures_and_constants():
    """What all calls have in common is not kept for each."""

    def outer(x, tolerance, scale):
        def refined(a, b, tolerance):
            middle = 0.5 * (a + b)
            if b - a < tolerance:
                return scale * math.sin(middle) * (b - a)
            return refined(a, middle, tolerance) + refined(middle, b, tolerance)

        return refined(0.0, x, tolerance)

    program = ty.program(outer, depth=20)
    for args in ((1.0, 0.3, 2.0), (2.0, 0.01, 1.0)):
        assert program(*args) == pytest.approx(outer(*args), rel=1e-13)
    assert ty.grad(program)(1.0, 0.3, 2.0) == pytest.approx(
        (outer(1 + 1e-6, 0.3, 2.0) - outer(1 - 1e-6, 0.3, 2.0)) / 2e-6, rel=1e-7
    )
