"""Functions differentiated inside functions: nobody's argument is taken for another's."""

from __future__ import annotations

import copy
import math
import pickle
import random

import numpy as np
import pytest
import sympy

import taylor as ty
from taylor.expressions.arguments import argument

CASES = 6  # more, and deeper ones, are in test_nesting_random.py


class Mine:
    """The library's ways to differentiate, inside functions that are differentiated."""

    sin, exp = staticmethod(ty.sin), staticmethod(ty.exp)

    @staticmethod
    def derivative(f, at, n):
        return ty.derivative(f, n)(at)

    @staticmethod
    def coefficient(f, at, n):
        return ty.jet(f, at, n)[n]

    @staticmethod
    def along(f, at, n):
        return ty.jet(lambda a, b: f(a * b), (at, 1.0), n, direction=(1.0, 0.0))[n]

    @staticmethod
    def mixed(f, at):
        return ty.derivatives(lambda a, b: f(a) * b + f(a * b), (at, 2.0), 2)[1, 1]

    @staticmethod
    def gradient(f, at):
        return ty.derivatives(lambda z: f(z[0] + z[1]), (at, 0.5), 1).gradient[0]

    @staticmethod
    def root(f, at):
        """y with y + y**3/8 = f(at), for any f."""
        return ty.implicit(lambda x, y: y + y**3 / 8 - f(x))(at)

    @staticmethod
    def compiled(f, at):
        return ty.compile(lambda a, b: a * ty.sin(b))(f(at), at)


class Symbolic:
    """The same by SymPy."""

    sin, exp = staticmethod(sympy.sin), staticmethod(sympy.exp)
    roots: list

    @staticmethod
    def derivative(f, at, n):
        s = sympy.Dummy()
        return sympy.diff(f(s), s, n).subs(s, at)

    @classmethod
    def coefficient(cls, f, at, n):
        return cls.derivative(f, at, n) / sympy.factorial(n)

    along = coefficient

    @staticmethod
    def mixed(f, at):
        a, b = sympy.Dummy(), sympy.Dummy()
        return sympy.diff(f(a) * b + f(a * b), a, b).subs({a: at, b: 2})

    @classmethod
    def gradient(cls, f, at):
        return cls.derivative(f, at + sympy.Rational(1, 2), 1)

    @staticmethod
    def root(f, at):  # Cardano: the one real root of y**3 + 8 y - 8 f
        half = 4 * f(at)
        d = sympy.sqrt(half**2 + sympy.Rational(512, 27))
        u = sympy.cbrt(half + d)
        return u - sympy.Rational(8, 3) / u

    @staticmethod
    def compiled(f, at):
        return f(at) * sympy.sin(at)


def random_function(seed, depth=3):
    """A function of (library, argument) that nests differentiated functions, and captures."""
    choose = random.Random(seed)
    kinds = ["derivative", "coefficient", "along", "mixed", "gradient", "root", "compiled"]

    def build(depth):
        """lib, captured values -> value."""
        a, b = (sympy.Rational(choose.randint(1, 9), 10) for _ in range(2))
        i, j = choose.randrange(100), choose.randrange(100)
        shape = choose.randrange(4)
        inner = build(depth - 1) if depth else None
        kind = choose.choice(kinds)
        n = choose.randint(1, 2)

        def value(lib, known):
            u, v = known[i % len(known)], known[j % len(known)]
            newest = known[-1]
            number = a if lib is Symbolic else float(a)
            other = b if lib is Symbolic else float(b)
            own = [newest * u + number * v, lib.sin(newest * v + number), newest**2 * u * other,
                   lib.exp(number * newest * other) * v][shape]  # fmt: skip
            if inner is None:
                return own
            f = lambda s: inner(lib, [*known, s])  # noqa: E731
            at = number * newest + other
            options = (n,) if kind in ("derivative", "coefficient", "along") else ()
            return own + getattr(lib, kind)(f, at, *options)

        return value

    function = build(depth)
    return lambda lib, x: function(lib, [x])


@pytest.mark.parametrize("seed", range(CASES))
def test_nested_derivatives_are_those_of_sympy(seed, scale):
    for case in range(seed, CASES * scale, CASES):
        function = random_function(case, depth=2 if case < CASES else 3)
        point = 0.7
        found = ty.jet(lambda x: function(Mine, x), point, 2)  # noqa: B023
        x = sympy.Symbol("x")
        formula = function(Symbolic, x)
        right = [
            float((sympy.diff(formula, x, n) / math.factorial(n)).subs(x, point).evalf(30))
            for n in range(3)
        ]
        np.testing.assert_allclose(found, right, rtol=1e-11, atol=1e-11, err_msg=f"case {case}")


def test_captured_arguments_are_values():
    assert ty.derivative(lambda a: a * ty.derivative(lambda b: a * b, 1)(2.0), 1)(5.0) == 10
    jet = ty.jet(lambda a: ty.jet(lambda b: a * b, 1.0, order=1)[1], 3.0, order=1)
    assert jet.tolist() == [3, 1]
    hessian = ty.derivatives(
        lambda x, y: ty.derivatives(lambda a, b: a * b * x * y, (x, y), 1).gradient @ [x, y],
        (2.0, 3.0),
        2,
    ).hessian  # of 2 (x y)**2 in place of x y (x y + y x)
    np.testing.assert_allclose(hessian, [[36, 48], [48, 16]])


@pytest.mark.parametrize("name", ["x", "y", "p", "step", "s"])
def test_variables_of_users_are_not_arguments(name):
    mine = ty.variable(name)
    for wrong in (
        lambda: ty.jet(lambda x: x * mine, 2.0, 2),
        lambda: ty.jet(lambda y: y * mine, (2.0,), 2, direction=(1.0,)),
        lambda: ty.derivatives(lambda x: x * mine, 2.0, 2),
        lambda: ty.derivative(lambda s: s * mine)(1.0),
        lambda: ty.compile(lambda x: x * mine),
        lambda: ty.Integrator(lambda t, y: [y[0] * mine], [1.0]),
        lambda: ty.register_function(f"with_{name}", lambda x: x * mine),
    ):
        with pytest.raises(ty.TaylorError, match=name):
            wrong()


def test_right_hand_sides_know_their_arguments_from_users_of_equal_names():
    whole, element = ty.variable("y", shape=1), ty.variable("y", shape=1)[0]
    for mine in (whole, element):
        with pytest.raises(ty.TaylorError, match=r"no equation|shape"):
            ty.Integrator(lambda t, y: [y[0] + mine], [1.0])  # noqa: B023
    p = ty.parameter("p", shape=1)
    with pytest.raises(ty.TaylorError):
        ty.Integrator(lambda t, y, q: [y[0] * p[0] * q[0]], [1.0], parameters=[2.0])
    inner = ty.Integrator(lambda t, y, p: [p[0] * y[0]], [1.0], parameters=[1.0])
    inner.propagate_until(1.0)
    assert inner.state[0] == pytest.approx(math.e, rel=1e-15)


def test_right_hand_sides_with_derivatives_inside():
    def force(t, y):  # of the potential x**4/4 - cos(x), by differentiation
        return [y[1], -ty.derivative(lambda x: x**4 / 4 - np.cos(x))(y[0])]

    ta = ty.Integrator(force, [1.0, 0.0])
    x, v = ty.variables("x v")
    tb = ty.Integrator([(x, v), (v, -(x**3) - ty.sin(x))], [1.0, 0.0])
    ta.propagate_until(3.0)
    tb.propagate_until(3.0)
    np.testing.assert_allclose(ta.state, tb.state, rtol=1e-14)


def test_traced_systems_pickle_and_copy():
    ta = ty.Integrator(lambda t, y, p: [y[1], -p[0] * np.sin(y[0])], [1.0, 0.0], parameters=[2.0])
    for again in (pickle.loads(pickle.dumps(ta)), copy.copy(ta), copy.deepcopy(ta)):
        again.propagate_until(1.0)
        ta.time, ta.state[:] = 0.0, [1.0, 0.0]
        ta.propagate_until(1.0)
        assert np.array_equal(again.state, ta.state)


def test_arguments_that_get_out_are_refused():
    kept = []
    ty.jet(lambda x: kept.append(x) or x, 1.0, 1)
    for wrong in (
        lambda: ty.jet(lambda x: x + kept[0], 1.0, 1),
        lambda: ty.derivatives(lambda x: x + kept[0], 1.0, 1),
        lambda: ty.implicit(lambda x, y: x + kept[0] - y),
        lambda: ty.Integrator(lambda t, y: [kept[0]], [1.0]),
    ):
        with pytest.raises(ty.TaylorError, match="called before"):
            wrong()


def test_arguments_are_known_again_after_pickling():
    x, y = argument("x"), argument("x")
    again, other = pickle.loads(pickle.dumps((x + 1, y)))
    assert again is x + 1 and other is y and x is not y and str(x) == "x"


def test_derivatives_at_expressions_are_expressions():
    x, v = ty.variables("x v")
    assert ty.derivative(ty.sin)(x) is ty.cos(x)
    assert ty.derivative(ty.derivative(ty.sin))(0.3) == -math.sin(0.3)
    d = ty.derivatives(lambda a, b: a**2 * b, (x, v), 2)
    assert d[2, 0] is 2 * v and d.gradient.tolist() == [2 * x * v, x**2]
    assert d.value is x**2 * v and d.hessian.shape == (2, 2)
    with pytest.raises(ty.TaylorError, match="no other points"):
        d.at((1.0, 2.0))


def test_equal_functions_share_machine_code():
    from taylor.points import traced

    traced.compiled_jet.cache_clear()
    for _ in range(3):
        ty.jet(lambda q: np.sin(q) * q, 0.3, 5)
    assert traced.compiled_jet.cache_info().misses == 1


def test_compiled_functions_take_expressions_and_functions_compile():
    x, v = ty.variables("x v")
    f = ty.compile(ty.sin(x * v), [x, v])
    assert f(v, 2.0) is ty.sin(2 * v)
    np.testing.assert_allclose(
        ty.jet(lambda s: f(s, 2.0), 0.3, 1), [math.sin(0.6), 2 * math.cos(0.6)]
    )
    np.testing.assert_allclose(ty.jet(f, (0.3, 2.0), 1, direction=(1, 0)),
                               [math.sin(0.6), 2 * math.cos(0.6)])  # fmt: skip
    g = ty.compile(lambda a, q: (a * q[0], q.sum()), shapes=[(), 3])
    assert [float(u) for u in g(2.0, [1.0, 2.0, 3.0])] == [2.0, 6.0]
    assert ty.compile(f)(0.5, 1.0) == math.sin(0.5)
    for wrong in (
        lambda: ty.compile(lambda *a: a[0]),
        lambda: ty.compile(lambda a: a, shapes=[1, 2]),
        lambda: ty.compile(x),
        lambda: ty.compile(lambda a: None),
        lambda: f(1.0),
        lambda: f(1.0, None),
        lambda: f(1.0, 2.0, 3.0),
        lambda: f(1.0, 2.0, wrong=3),
        lambda: f(np.array([1 + 2j]), 1.0),
        lambda: f("a", 1.0),
        lambda: ty.jet(lambda x: [[x, 1], [2, x]], 1.0),
        lambda: ty.jet(ty.sin, np.array([1 + 2j]), 1),
        lambda: ty.derivatives(lambda x: None, 1.0),
        lambda: ty.derivative(3),
    ):
        with pytest.raises(ty.TaylorError):
            wrong()
