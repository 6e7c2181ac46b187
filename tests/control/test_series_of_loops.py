"""Derivatives through loops and branches, against mpmath's of the same loops at 50 digits."""

from __future__ import annotations

from types import SimpleNamespace

import mpmath
import numpy as np
import pytest
from mpmath import mp

import taylor as ty
from taylor.control.expansion import Degrees, Orders, expanded
from taylor.nodes.regions import REGIONS
from taylor.nodes.traverse import reachable
from taylor.transforms.differentiate import directional_derivatives
from taylor_runtime.program.monomials import monomials

ORDER = 8
NAMES = ["sin", "cos", "tan", "exp", "log", "sqrt", "atan", "erf", "gamma", "asin", "tanh"]
M = SimpleNamespace(
    **{n: getattr(ty, n) for n in NAMES},
    where=ty.where,
    hypot=ty.hypot,
    besselj=ty.besselj,
)
P = SimpleNamespace(
    **{n: getattr(mp, n) for n in NAMES},
    where=lambda c, a, b: a if c else b,
    hypot=mp.hypot,
    besselj=mp.besselj,
)


def counted(m, x):
    return ty.fori_loop(0, 6, lambda i, y: y * 0.5 + m.sin(y * x + i), x)


def until(m, x):
    """The arithmetic-geometric mean of 1 and x."""
    return ty.while_loop(
        lambda s: abs(s[0] - s[1]) > 1e-3,
        lambda s: ((s[0] + s[1]) / 2, m.sqrt(s[0] * s[1])),
        (1.0 + 0 * x, x),
    )[0]


def nested(m, x):
    def turn(i, y):
        z = ty.while_loop(lambda z: z > 0.5, lambda z: z * m.cos(x * 0.3) / 2, y + x)
        return y * x + m.exp(z) + m.log(1 + z * z)

    return ty.fori_loop(0, 3, turn, x * x)


def branching(m, x):
    def turn(i, y):
        return ty.cond(
            y > 1,
            lambda v: (m.exp(-v) * x + m.atan(v)) / (1 + v * v),
            lambda v: v * v + x + m.cos(m.sin(v)),
            y,
        )

    return ty.fori_loop(0, 4, turn, x)


def looping_branch(m, x):
    return ty.cond(
        x > 2, lambda: m.exp(x), lambda: ty.fori_loop(0, 4, lambda i, y: m.tanh(y * x) + i, 0.1)
    )


def switching(m, x):
    def turn(i, y):
        return ty.switch(i, [lambda v: m.sin(v) * m.exp(v), lambda v: m.erf(v) / x, m.tan], y)

    return ty.fori_loop(0, 4, turn, x) + 0 * x


def choosing(m, x):
    return ty.fori_loop(0, 5, lambda i, y: m.where(y > 0.7, y * y * x, m.exp(y) / 2), x)


def powers(m, x):
    def turn(i, y):
        root = y ** mp.mpf("1.5") if isinstance(y, mp.mpf) else y**1.5
        return (1 + y * y) ** 3 / (2 + y**3) + root + m.sqrt(1 + y)

    return ty.fori_loop(0, 3, turn, 1 + x)


def special(m, x):
    def turn(i, y):
        return m.erf(y) + m.gamma(1 + y * y) + m.besselj(1, y) + m.hypot(y, x) + m.asin(x / 3)

    return ty.fori_loop(0, 2, turn, x)


def steady_inside(m, x):
    """A loop that does not vary inside one that does, and turns that only count."""

    def turn(i, s):
        n, y = s
        inner = ty.fori_loop(0, i, lambda k, z: z + m.exp(z / 9), 1.0)
        return n + 1, y * m.sin(x) + inner + n

    return ty.fori_loop(0, 4, turn, (0.0, x))[1]


CASES = [
    (counted, 0.4),
    (until, 0.3),
    (nested, 0.8),
    (branching, 0.3),
    (looping_branch, 0.4),
    (switching, 0.35),
    (choosing, 0.6),
    (powers, 0.1),
    (special, 0.2),
    (steady_inside, 0.5),
]


@pytest.mark.parametrize(("function", "point"), CASES, ids=lambda v: getattr(v, "__name__", ""))
def test_jets_are_those_of_the_turns_taken(function, point) -> None:
    found, errors = ty.jet(lambda x: function(M, x), point, ORDER, error=True)
    with mp.workdps(50):
        right = mpmath.taylor(lambda x: function(P, x), mp.mpf(point), ORDER)
        for n, (value, exact) in enumerate(zip(found, right, strict=True)):
            assert abs(value - exact) < 1e-11 * max(1, abs(exact)), n
            assert abs(value - exact) <= 4 * errors[n] + 1e-14 * abs(exact), n


def test_jets_at_many_points_take_their_own_turns() -> None:
    points = np.linspace(0.05, 0.95, 21)
    found = ty.jet(lambda x: until(M, x), points, 4)
    for k, point in enumerate(points):
        assert ty.jet(lambda x: until(M, x), point, 4).tolist() == found[:, k].tolist()


def test_no_turn_leaves_the_series_of_what_was_before() -> None:
    found = ty.jet(lambda x: ty.while_loop(lambda y: y > 9, lambda y: y * y, ty.exp(x)), 0.0, 4)
    np.testing.assert_allclose(found, [1, 1, 1 / 2, 1 / 6, 1 / 24], rtol=1e-15)


def test_jets_in_double_double() -> None:
    found = ty.to_mpmath(ty.jet(lambda x: counted(M, x), "0.4", 6, precision="double-double"))
    with mp.workdps(50):
        half = mp.mpf("0.5")
        right = mpmath.taylor(
            lambda x: ty.fori_loop(0, 6, lambda i, y: y * half + mp.sin(y * x + i), x),
            mp.mpf("0.4"),
            6,
        )
        assert max(abs(a - b) for a, b in zip(found, right, strict=True)) < 1e-28


def test_derivatives_along_directions_and_curves() -> None:
    def function(x, y):
        return ty.fori_loop(0, 3, lambda i, z: ty.sin(z * x) + y, x * y)

    found = ty.jet(function, (0.3, 0.6), 4, direction=(1.0, -2.0))
    along = ty.jet(lambda s: function(0.3 + s, 0.6 - 2 * s), 0.0, 4)
    np.testing.assert_allclose(found, along, rtol=1e-13, atol=1e-15)
    assert ty.derivative(lambda x: counted(M, x), 3)(0.4) == pytest.approx(
        6 * ty.jet(lambda x: counted(M, x), 0.4, 3)[3], rel=1e-14
    )


def coupled(m, x, y):
    def turn(i, s):
        a, b = s
        return a * b + m.exp(b * x), b / 2 + m.atan(a) * y

    return ty.fori_loop(0, 3, turn, (x, y))[0]


@pytest.mark.parametrize("limits", [None, (1, 2)])
def test_all_partial_derivatives(limits) -> None:
    d = ty.derivatives(lambda x, y: coupled(M, x, y), (0.3, -0.2), order=3, limits=limits)
    with mp.workdps(50):
        point = mp.mpf(0.3), mp.mpf(-0.2)
        for powers in d:
            right = mpmath.diff(lambda x, y: coupled(P, x, y), point, powers)
            assert abs(d[powers] - right) < 1e-12 * max(1, abs(right)), powers
    again = d.at((np.array([0.3, 0.5]), -0.2))
    assert again[1, 1][0] == d[1, 1]
    by_one = ty.derivatives(lambda x, y: coupled(M, x, y), (0.3, -0.2), order=2, wrt=["y"])
    assert by_one[2] == pytest.approx(d[0, 2], rel=1e-13)


def test_formulas_of_derivatives() -> None:
    x, y = ty.variables("x y")
    e = coupled(M, x, y)
    d = ty.derivatives(lambda x, y: coupled(M, x, y), (0.3, -0.2), order=2)
    known = {x: 0.3, y: -0.2}
    assert ty.diff(e, x).evaluate(known) == pytest.approx(d[1, 0], rel=1e-13)
    assert ty.diff(ty.diff(e, x), y).evaluate(known) == pytest.approx(d[1, 1], rel=1e-13)
    assert ty.diff(e, y, 2).evaluate(known) == pytest.approx(d[0, 2], rel=1e-13)
    gradient = ty.grad_expressions(e, [x, y])
    np.testing.assert_allclose([g.evaluate(known) for g in gradient], d.gradient, rtol=1e-13)
    assert ty.diff(e, ty.variable("z")) is ty.constant(0)
    along = directional_derivatives([e], {x: ty.constant(2), y: x})
    assert along[0].evaluate(known) == pytest.approx(2 * d[1, 0] + 0.3 * d[0, 1], rel=1e-13)
    code = ty.compile([e, *gradient], [x, y])
    np.testing.assert_allclose(code(0.3, -0.2)[1:], d.gradient, rtol=1e-13)


@pytest.mark.parametrize("function", [until, branching, looping_branch], ids=lambda f: f.__name__)
def test_formulas_of_derivatives_of_branches_and_conditions(function) -> None:
    x = ty.variable("x")
    jet = ty.jet(lambda s: function(M, s), 0.3, 2)
    found = [ty.diff(function(M, x), x, n).evaluate({x: 0.3}) for n in range(3)]
    np.testing.assert_allclose(found, jet * [1, 1, 2], rtol=1e-12)


def test_derivatives_inside_functions() -> None:
    """Of a loop in a loop's turn: Newton's method with the derivative of what it solves."""

    def solve(c):
        def turn(y):
            value, slope = ty.jet(lambda z: ty.fori_loop(0, 3, lambda i, w: w * z, z) - c, y, 1)
            return y - value / slope

        return ty.fori_loop(0, 10, lambda i, y: turn(y), 1.0 + 0 * c)

    code = ty.compile(solve)
    np.testing.assert_allclose(code(np.array([1.0, 2.0, 16.0])), [1, 2**0.25, 2], rtol=1e-14)
    x = ty.variable("x")
    formulas = ty.jet(lambda s: counted(M, s), x, 3)
    values = [e.evaluate({x: 0.4}) for e in formulas]
    np.testing.assert_allclose(values, ty.jet(lambda s: counted(M, s), 0.4, 3), rtol=1e-13)


def test_coefficients_are_carried_by_one_loop() -> None:
    """As many turns' bodies as there are loops, whatever the order."""
    x = ty.variable("x")
    e = ty.fori_loop(0, 5, lambda i, y: y * ty.sin(x) + y**2, x)
    known = {x: [x, ty.constant(1), *[ty.constant(0)] * 5]}
    (found,) = expanded([e], known, Orders(6))
    loops = {c.args[0] for c in found[1:]}
    assert len(loops) == 1 and next(iter(loops)).payload.carries == 7
    space = Degrees(monomials(2, 2, ()))
    y = ty.variable("y")
    seeds = {x: space.variable(x, 0), y: space.variable(y, 1)}
    (square,) = expanded([x * x * y], seeds, space)
    assert [c.evaluate({x: 2.0, y: 3.0}) for c in square] == [12, 12, 4, 3, 4, 0]


def test_loops_one_after_the_other_run_once_each() -> None:
    """Also for results that do not vary, as a count of turns."""
    x = ty.variable("x")

    def function(m, x):
        count, y = ty.fori_loop(0, 4, lambda i, s: (s[0] + 1, m.sin(s[1] * x)), (0, x))
        return ty.fori_loop(0, count, lambda i, z: z * y + count, 1.0) * y

    known = {x: [x, ty.constant(1), *[ty.constant(0)] * 3]}
    (found,) = expanded([function(M, x)], known, Orders(4))
    loops = {e for e in reachable(found) if e.op in REGIONS}
    assert len(loops) == 2
    with mp.workdps(50):
        right = mpmath.taylor(lambda x: function(P, x), mp.mpf("0.7"), 4)
    np.testing.assert_allclose(
        ty.jet(lambda x: function(M, x), 0.7, 4), list(map(float, right)), rtol=1e-13
    )
