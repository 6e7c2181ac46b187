"""Recursion as calls of machine code: values as Python's wherever it is part of a program."""

from __future__ import annotations

import math
import pickle
import sys

import mpmath
import numpy as np
import pytest

import taylor as ty
from taylor.expressions.arguments import argument, traced
from taylor.nodes.operations.regions.recursions import with_calls
from taylor.nodes.traverse import reachable
from taylor.recurrences.lowered import lowered
from taylor.reference.interpreter import coefficients, float_algebra
from taylor_runtime.program.program import Input
from taylor_runtime.program.text import from_text, to_text


def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


def hanoi(n, a, b, c):
    """Moves, and a number that depends on their order."""
    if n == 0:
        return 0, 1.0
    first, x = hanoi(n - 1, a, c, b)
    second, y = hanoi(n - 1, c, b, a)
    return first + 1 + second, 0.5 * x + 0.25 * y + 0.125 * a - b * c


def adaptive(a, b, tolerance):
    """sin(x^2) by Simpson's rule."""

    def simpson(a, b):
        middle = 0.5 * (a + b)
        return (b - a) / 6 * (math.sin(a * a) + 4 * math.sin(middle * middle) + math.sin(b * b))

    middle = 0.5 * (a + b)
    parts = simpson(a, middle) + simpson(middle, b)
    if abs(parts - simpson(a, b)) < 15 * tolerance:
        return parts
    return adaptive(a, middle, 0.5 * tolerance) + adaptive(middle, b, 0.5 * tolerance)


def skips(n, x):
    """Calls that are made or not, so that one place is come to on several ways."""
    total = x
    if n > 0:
        if x > 0.5:
            total += skips(n - 1, x - 0.25)
        if n % 2 == 0:
            total += 2 * skips(n - 1, 0.5 * x)
        if n % 3 == 1:
            total -= skips(n - 2, x * x)
    return total


def gcd_tree(n, m):
    """A loop in every call, and a short circuit that calls."""
    if n < 2 or m < 2:
        return n + m
    a, b = n, m
    while b:
        a, b = b, a % b
    if a > 1 and gcd_tree(n // 2, m - 1) > 3:
        return a + gcd_tree(n - 1, m // 2)
    return a


def hofstadter_f(n):
    return 1 if n == 0 else n - hofstadter_m(hofstadter_f(n - 1))


def hofstadter_m(n):
    return 0 if n == 0 else n - hofstadter_f(hofstadter_m(n - 1))


def mccarthy(n):
    """A call in a call, and one in the last place."""
    return n - 10 if n > 100 else mccarthy(mccarthy(n + 11))


def power(x, n):
    """Whole and real arguments."""
    if n == 0:
        return 1.0
    half = power(x, n // 2)
    return half * half * x if n % 2 else half * half


def many(n, a, b, c, d, e, f, g, h, i, j):
    """More arguments and results than there are registers for."""
    if n == 0:
        return a, b - c, d * e, f, g + h, i, j, 1
    one = many(n - 1, b, a, d, c, f, e, h, g, j, i)
    two = many(n - 1, j, i, h, g, f, e, d, c, b, 0.5 * a)
    return one[0] + two[7], two[1], one[2], two[6], one[4], two[5], one[3] - two[2], one[7] + two[7]


CALLS = [
    (many, [(0, *range(10)), (5, *[0.1 * k for k in range(10)])]),
    (fibonacci, [(0,), (1,), (19,), (7.0,)]),
    (hanoi, [(0, 1.0, 2.0, 3.0), (7, 0.3, -0.2, 0.7)]),
    (adaptive, [(0.0, 2.0, 1e-9), (-1.0, 3.0, 1e-6), (1.0, 1.0, 1e-3)]),
    (skips, [(0, 0.3), (9, 1.7), (10, 0.9), (7, -0.4)]),
    (gcd_tree, [(1, 5), (12, 18), (17, 9)]),
    (hofstadter_f, [(0,), (5,), (11,)]),
    (mccarthy, [(100,), (101,), (60,), (200,)]),
    (power, [(1.1, 0), (-0.7, 13), (1.0001, 1000)]),
]


@pytest.mark.parametrize(("function", "calls"), CALLS, ids=[f.__name__ for f, _ in CALLS])
def test_values(function, calls):
    """Twice: at the first calls, and then entered as a built-in function."""
    program = ty.program(function, depth=100)
    assert uses_calls(program, calls[0])
    for args in calls * 3:
        wanted, found = function(*args), program(*args)
        np.testing.assert_allclose(np.array(found), np.array(wanted, float), rtol=1e-15, atol=0)


def uses_calls(program, args):
    own = [argument(f"x{k}") for k in range(len(args))]
    with traced(own):
        found = program(*own)
    outputs = list(found) if isinstance(found, tuple) else [found]
    return any(e.op == "recursion" for e in reachable(with_calls(outputs)))


def sum_to(n):
    return 0 if n == 0 else n + sum_to(n - 1)


@pytest.mark.parametrize("depth", [1, 2, 7, 60, 200])
def test_depth_is_counted_as_in_python(depth):
    program = ty.program(sum_to, depth=depth)
    assert uses_calls(program, (1,))
    for _ in range(3):
        assert program(depth) == depth * (depth + 1) // 2
        with pytest.raises(RecursionError, match=f"depth={depth}"):
            program(depth + 1)
        with pytest.raises(RecursionError, match=f"depth={depth}"):
            program(10**6)


def test_what_would_need_more_stack_than_there_may_be_is_a_loop():
    program = ty.program(sum_to, depth=200_000)
    assert not uses_calls(program, (1,))
    n = 150_000
    assert program(n) == n * (n + 1) // 2


def test_too_deep_among_many_calls_ends_at_once():
    """2^1000 calls would follow."""

    def tree(n):
        return 1 if n == 0 else tree(n - 1) + tree(n - 1)

    with pytest.raises(RecursionError):
        ty.program(tree, depth=100)(1000)


def test_in_loops_branches_and_with_arrays():
    @ty.program(depth=40)
    def total(values, n):
        found = 0.0
        for k in range(n):
            if values[k] > 0:
                found += power(values[k], k) - fibonacci(k)
        return found, values * fibonacci(n)

    values = np.array([1.5, -2.0, 0.5, 3.0, 1.25])
    for n in (0, 3, 5):
        number, array = total(values, n)
        wanted = sum(power(values[k], k) - fibonacci(k) for k in range(n) if values[k] > 0)
        assert number == pytest.approx(wanted, rel=1e-14)
        np.testing.assert_array_equal(array, values * fibonacci(n))


@pytest.mark.parametrize("precision", ["float32", "float64", "double-double"])
def test_kinds_of_numbers(precision):
    program = ty.program(adaptive, depth=60, precision=precision)
    found = program(np.array(0.1), np.array(1.3), np.array(1e-4))
    with mpmath.workdps(40):
        exact = float(mpmath.quad(lambda t: mpmath.sin(t * t), [0.1, 1.3]))
    number = np.ravel(np.array(found, float))[0]
    assert number == pytest.approx(exact, abs=1e-4)
    if precision != "float32":
        assert number == pytest.approx(adaptive(0.1, 1.3, 1e-4), rel=1e-14)


def test_many_points():
    """Lanes that go other ways than their neighbours."""
    x = ty.variables("x")[0]
    with traced([x]):
        program = ty.program(adaptive, depth=50)
        f = ty.compile(program(0 * x, x, 1e-8), [x])
    points = np.linspace(0.1, 3.0, 21)
    wanted = [adaptive(0.0, t, 1e-8) for t in points]
    np.testing.assert_allclose(f(points), wanted, rtol=1e-14)
    many = ty.vmap(ty.program(power, depth=20), in_axes=(0, None))(points, 11)
    np.testing.assert_allclose(many, points**11, rtol=1e-13)


def series_of_adaptive(x, order):
    """Where the halving of [0, x] is the same for all x near by, the rule itself has a series."""
    with mpmath.workdps(60):

        def rule(a, b, tolerance):
            f = lambda t: mpmath.sin(t * t)  # noqa: E731
            simpson = lambda a, b: (b - a) / 6 * (f(a) + 4 * f((a + b) / 2) + f(b))  # noqa: E731
            middle = (a + b) / 2
            parts = simpson(a, middle) + simpson(middle, b)
            if abs(parts - simpson(a, b)) < 15 * tolerance:
                return parts
            return rule(a, middle, tolerance / 2) + rule(middle, b, tolerance / 2)

        return [float(c) for c in mpmath.taylor(lambda s: rule(mpmath.mpf(0), s, 1e-5), x, order)]


def test_derivatives_and_series():
    wanted = series_of_adaptive(1.1, 8)
    program = ty.program(adaptive, depth=40)
    f = lambda x: program(0.0, x, 1e-5)  # noqa: E731
    np.testing.assert_allclose(ty.jet(f, 1.1, 8), wanted, rtol=1e-9, atol=1e-10)
    value, slope = ty.value_and_grad(f)(1.1)
    assert value == pytest.approx(wanted[0], rel=1e-14)
    assert slope == pytest.approx(wanted[1], rel=1e-12)
    assert ty.jvp(f, (1.1,), (1.0,))[1] == pytest.approx(wanted[1], rel=1e-12)
    assert ty.grad(ty.grad(f))(1.1) == pytest.approx(2 * wanted[2], rel=1e-10)


def test_errors_inside_are_raised_every_time():
    def checked(n, x):
        assert x < 50, "too large"
        return x if n == 0 else checked(n - 1, 2 * x) + 1

    program = ty.program(checked, depth=30)
    for _ in range(4):
        assert program(5, 1.0) == 37.0
        with pytest.raises(AssertionError, match="too large"):
            program(8, 1.0)
        with pytest.raises(RecursionError):
            program(40, 1e-20)


def test_text_and_reference():
    """The program as text, and its rows in floats."""
    n, x = argument("n"), argument("x")
    with traced([n, x]):
        found = with_calls([ty.program(skips, depth=50)(n, x)])
    inputs = {n: Input("parameter", (0,)), x: Input("parameter", (1,))}
    program, _ = lowered(found, inputs, 0)
    assert "recursion" in to_text(program)
    assert to_text(from_text(to_text(program))) == to_text(program)
    for args in [(0.0, 0.3), (9.0, 1.7), (7.0, -0.4)]:
        (value,) = coefficients(program, {"parameter": list(args)}, float_algebra(mpmath.mp))
        assert value[0] == pytest.approx(skips(*args), rel=1e-15)


def test_pickles():
    n = argument("n")
    with traced([n]):
        found = ty.program(fibonacci, depth=30)(n)
    again = pickle.loads(pickle.dumps(found))
    assert [e.op for e in reachable(with_calls([again]))].count("recursion") == 1
    program = pickle.loads(pickle.dumps(ty.program(fibonacci, depth=30)))
    assert program(20) == 6765


def test_a_function_that_is_exchanged_is_traced_again():
    module = sys.modules[__name__]
    program = ty.program(fibonacci, depth=30)
    assert [program(10) for _ in range(4)] == [55] * 4
    own = module.fibonacci
    try:
        module.fibonacci = lambda n: 1
        assert program(10) == 2
    finally:
        module.fibonacci = own
    assert program(10) == 55


def test_batches():
    """One after the other in one loop: values, derivatives either way, batches of batches."""
    program = ty.program(power, depth=20)
    x = np.linspace(0.5, 1.5, 6)
    n = np.array([0, 1, 4, 5, 8, 11])
    np.testing.assert_allclose(ty.vmap(program)(x, n), x**n, rtol=1e-14)
    slopes = [k * t ** (k - 1) for t, k in zip(x, n, strict=True)]
    along = ty.vmap(lambda t, k: ty.grad(program)(t, k))(x, n)
    np.testing.assert_allclose(along, slopes, rtol=1e-13)
    total = ty.grad(lambda t: ty.vmap(lambda u: program(u, 7))(t).sum())(x)
    np.testing.assert_allclose(total, 7 * x**6, rtol=1e-13)
    table = ty.vmap(ty.vmap(program, in_axes=(0, None)), in_axes=(None, 0))(x, n)
    np.testing.assert_allclose(table, x[None, :] ** n[:, None], rtol=1e-14)


def test_batches_where_some_do_not_take_the_branch():
    """Their calls would never end."""

    def halved(x):
        return 0.0 if abs(x) < 1e-3 else 1 + halved(0.5 * x)

    @ty.program(depth=100)
    def guarded(x):
        return halved(x) if x < 1e6 else -1.0

    x = np.array([0.5, np.inf, 3.0, 1e7, -20.0])
    found = ty.vmap(guarded)(x)
    np.testing.assert_array_equal(found, [halved(t) if t < 1e6 else -1.0 for t in x])
    assert np.isnan(ty.vmap(ty.program(halved, depth=5))(np.array([0.01, 1e9]))[1])


def ping(n, x):
    return x if n == 0 else 0.5 * x * pong(n - 1, x + 0.25) + n


def pong(n, x):
    """The last thing it does is a call."""
    return 1 + x * x if n < 1 else ping(n - 1, x * x - 0.5)


def collected(n, x, total):
    """Tail calls with a sum in an argument."""
    return total if n == 0 else collected(n - 1, 0.5 * x, total + x * x)


# Of what is differentiated and of a whole number, which no way may know: it decides how many calls.
SMOOTH = {
    "power": (lambda power: lambda x, n: power(x, n), power, 0.9, 13),
    "skips": (lambda skips: lambda x, n: skips(n, x), skips, 1.71, 9),
    "hanoi": (lambda hanoi: lambda x, n: hanoi(n, x, 0.3 * x, 0.7)[1], hanoi, 0.4, 5),
    "ping": (lambda ping: lambda x, n: ping(n, x), ping, 0.8, 5),
    "collected": (lambda collected: lambda x, n: collected(n, x, 0.25), collected, 0.8, 6),
    "in_arguments": (lambda power: lambda x, n: power(1.5 + x * power(x, 3), n), power, 0.3, 5),
}


def hidden(n, x):
    """A number that depends on x as far as anybody can see."""
    return ty.where(x > -1e6, n, 0) if isinstance(x, ty.Expression) else n


@pytest.mark.parametrize("name", SMOOTH)
def test_series_and_derivatives_of_calls(name):
    """To order 10 and twice, by every way; what is differentiated forward is calls again."""
    make, function, point, n = SMOOTH[name]
    of_two = make(ty.program(function, depth=30))
    f = lambda x: of_two(x, hidden(n, x))  # noqa: E731
    with mpmath.workdps(60):
        series = mpmath.taylor(lambda x: make(function)(x, n), mpmath.mpf(point), 10)
        wanted = [float(c) for c in series]
    np.testing.assert_allclose(ty.jet(f, point, 10), wanted, rtol=1e-11, atol=1e-11)
    derivatives = ty.derivatives(lambda x, y: f(x + 2 * y), [point, 0.0], 2)
    assert derivatives[1, 1] == pytest.approx(4 * wanted[2], rel=1e-11)
    assert ty.grad(f)(point) == pytest.approx(wanted[1], rel=1e-12)
    assert ty.grad(of_two)(point, n) == pytest.approx(wanted[1], rel=1e-12)
    assert ty.jvp(f, (point,), (1.0,))[1] == pytest.approx(wanted[1], rel=1e-12)
    slope = lambda x: ty.jvp(f, (x,), (1.0,))[1]  # noqa: E731
    assert ty.jvp(slope, (point,), (1.0,))[1] == pytest.approx(2 * wanted[2], rel=1e-11)
    assert ty.grad(ty.grad(f))(point) == pytest.approx(2 * wanted[2], rel=1e-11)
    x = argument("x")
    with traced([x]):
        outputs = with_calls([f(x), slope(x)])
    kinds = {e.op for e in reachable(outputs)}
    assert "recursion" in kinds and "while_loop" not in kinds


@pytest.mark.parametrize("precision", ["float32", "double-double"])
def test_series_in_other_kinds(precision):
    program = ty.program(skips, depth=30)
    point = 1.6875  # a float32
    found = ty.jet(lambda x: program(hidden(9, x), x), np.float64(point), 4, precision=precision)
    with mpmath.workdps(60):
        wanted = mpmath.taylor(lambda x: skips(9, x), mpmath.mpf(point), 4)
        if precision == "float32":
            np.testing.assert_allclose(found, [float(c) for c in wanted], rtol=1e-4)
            return
        for (high, low), exact in zip(np.reshape(found, (-1, 2)), wanted, strict=True):
            assert abs((mpmath.mpf(high) + mpmath.mpf(low) - exact) / exact) < 1e-26


def folded(values, n):
    """Of arrays: a loop, also for values."""
    if n == 0:
        return values
    return folded(0.5 * values, n - 1) + 0.25 * folded(values[::-1], n - 1)


def test_gradients_of_recursions_of_arrays():
    program = ty.program(folded, depth=20)
    values = np.array([1.0, -2.0, 0.5])
    found = ty.grad(lambda v, n: program(v, n) @ np.array([1.0, 2.0, 4.0]))(values, 3)
    wanted = sum(
        math.comb(3, k)
        * 0.5 ** (3 - k)
        * 0.25**k
        * np.array([4.0, 2.0, 1.0][:: 1 if k % 2 else -1])
        for k in range(4)
    )
    np.testing.assert_allclose(found, wanted, rtol=1e-14)
