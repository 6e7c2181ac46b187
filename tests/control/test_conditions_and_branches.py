"""Branches: values are those of the branch that is taken, and others need not be computed."""

from __future__ import annotations

import math

import numpy as np
import pytest

import taylor as ty

RNG = np.random.default_rng(15)
X, Y = RNG.normal(size=29), 3 * RNG.normal(size=29)


def heavy(x):
    return ty.cond(
        x > 0,
        lambda v: (ty.sin(ty.exp(v)) * ty.tan(v) + ty.erf(v), v),
        lambda v: (ty.cos(ty.cos(ty.cosh(v))), 1.0),
        x,
    )


def heavy_in_python(x):
    if x > 0:
        return math.sin(math.exp(x)) * math.tan(x) + math.erf(x), x
    return math.cos(math.cos(math.cosh(x))), 1.0


@pytest.mark.parametrize("points", [X, np.abs(X), -np.abs(X)], ids=["both", "first", "second"])
def test_branches_of_functions(points) -> None:
    found = ty.compile(heavy)(points)
    x = ty.variable("x")
    formulas = heavy(x)
    for i, point in enumerate(points):
        wanted = heavy_in_python(point)
        for k in (0, 1):
            assert found[k][i] == pytest.approx(wanted[k], rel=1e-13)
            assert formulas[k].evaluate({x: point}) == pytest.approx(wanted[k], rel=1e-13)
    assert heavy(0.5)[0] == pytest.approx(heavy_in_python(0.5)[0], rel=1e-14)


def endless(x):
    """The loop of the first branch never ends where the second is taken."""
    return ty.cond(
        x > 0, lambda v: ty.while_loop(lambda t: t < 1, lambda t: t + v, 0.0), lambda v: -v, x
    )


def test_a_branch_that_is_not_taken_is_not_waited_for() -> None:
    def python(x):
        t = 0.0
        while t < 1:
            t += x
        return t

    code = ty.compile(endless)
    found = code(X)
    for x, value in zip(X, found, strict=True):
        assert value == pytest.approx(python(x) if x > 0 else -x, rel=1e-14)
        assert code(float(x)) == value
    np.testing.assert_array_equal(code(-np.abs(X)), np.abs(X))
    x = ty.variable("x")
    assert endless(x).evaluate({x: np.array([-1.0, 0.75])}).tolist() == [1.0, 1.5]


def test_switch_takes_the_nearest_branch_beyond_its_ends() -> None:
    branches = [ty.sin, ty.cos, ty.exp, lambda v: ty.tan(v) + ty.gamma(v * v + 1)]
    code = ty.compile(lambda n, v: ty.switch(n, branches, v))
    numbers = np.array([-3.0, 0.0, 1.0, 2.0, 3.0, 9.0, 1.5])
    taken = [0, 0, 1, 2, 3, 3, 1]
    direct = [branches[k](0.7) for k in taken]
    np.testing.assert_allclose(code(numbers, 0.7), direct, rtol=1e-14)
    np.testing.assert_allclose([ty.switch(n, branches, 0.7) for n in numbers], direct, rtol=1e-14)
    n = ty.variable("n")
    e = ty.switch(n, branches, 0.7)
    np.testing.assert_allclose([e.evaluate({n: m}) for m in numbers], direct, rtol=1e-14)


def test_a_condition_that_is_known_takes_its_branch_at_once() -> None:
    x = ty.variable("x")
    assert ty.cond(True, lambda v: v + 1, lambda v: 1 / 0, x) is x + 1
    assert ty.cond(np.float64(1) > 2, lambda v: 1 / 0, lambda v: v * 2, x) is 2 * x
    assert ty.cond(0, lambda: 1, lambda: 2) == 2
    assert ty.switch(1, [ty.sin, ty.cos], x) is ty.cos(x)


def test_structures_and_arrays_are_returned() -> None:
    q = ty.variable("q", shape=(2,))
    found = ty.cond(
        q[0] > 0,
        lambda v: {"a": v * 2, "b": (v[0], True)},
        lambda v: {"a": -v, "b": (3, v[1] > 1)},
        q,
    )
    code = ty.compile([found["a"], found["b"][0], found["b"][1]], [q])
    cases = [
        ([1.0, 2.0], ([2.0, 4.0], 1.0, 1.0)),
        ([-1.0, 2.0], ([1.0, -2.0], 3.0, 1.0)),
        ([-1.0, 0.5], ([1.0, -0.5], 3.0, 0.0)),
    ]
    for point, wanted in cases:
        a, b, c = code(point)
        assert (a.tolist(), b, c) == wanted


def test_branches_inside_loops_and_loops_inside_branches() -> None:
    def collatz(n):
        def turn(s):
            n, count = s
            half = n / 2
            return ty.cond(ty.floor(half) == half, lambda: half, lambda: 3 * n + 1), count + 1

        return ty.while_loop(lambda s: s[0] > 1, turn, (n, 0))[1]

    def python(n):
        count = 0
        while n > 1:
            n, count = n // 2 if n % 2 == 0 else 3 * n + 1, count + 1
        return count

    numbers = np.arange(1.0, 40.0)
    assert ty.compile(collatz)(numbers).tolist() == [python(int(n)) for n in numbers]


X_, Q = ty.variable("x"), ty.variable("q", shape=(3,))
MISTAKES = [
    (
        lambda: ty.cond(X_ > 0, lambda: X_, lambda: (X_,)),
        r"false_fun has another structure.*\n.*: number\n.*: \(number,\)",
    ),
    (
        lambda: ty.cond(X_ > 0, lambda: Q, lambda: X_),
        r"other shapes.*\n.*: number\[3\]\n.*: number",
    ),
    (
        lambda: ty.cond(X_ > 0, lambda: X_ > 1, lambda: X_),
        r"other kinds.*\n.*: condition\n.*: number",
    ),
    (lambda: ty.cond(Q > 0, lambda: X_, lambda: X_), r"pred has shape \(3,\)"),
    (lambda: ty.cond("a", lambda: X_, lambda: X_), r"pred='a' is not a single condition"),
    (lambda: ty.cond(X_ > 0, 1, lambda: X_), r"true_fun=1 is not a function"),
    (lambda: ty.switch(X_, []), r"branches is empty"),
    (lambda: ty.switch(X_, [ty.sin, lambda v: (v, v)], X_), r"branches\[1\] has another structure"),
]


@pytest.mark.parametrize(("mistake", "message"), MISTAKES)
def test_mistakes_are_named(mistake, message) -> None:
    with pytest.raises(ty.TaylorError, match=message):
        mistake()
