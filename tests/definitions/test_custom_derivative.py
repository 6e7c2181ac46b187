"""Functions with derivatives of their own, in every transform: the rules are wrong on purpose, so
that nothing but a rule can give what is expected.
"""

from __future__ import annotations

import math
import pickle
from typing import Any

import numpy as np
import pytest

import taylor as ty


@ty.custom_derivative
def f(x: Any) -> Any:
    """exp, whose derivative is cos."""
    return ty.exp(x)


@f.defjvp
def _along_f(primals: Any, tangents: Any) -> Any:
    (x,), (dx,) = primals, tangents
    return f(x), ty.cos(x) * dx


@ty.custom_derivative
def g(x: Any) -> Any:
    """The sum of squares, whose derivative uses the function itself."""
    return (x * x).sum()


g.defvjp(lambda x: (g(x), x), lambda x, bar: (3 * bar * g(x) * x,))


@ty.custom_derivative
def pair(a: Any, s: Any, how: Any = None) -> Any:
    return {"m": a["x"] @ a["x"].T * s, "s": a["x"].sum()}


def _pair_back(kept: Any, bar: Any) -> Any:
    a, s = kept
    return {"x": 2 * bar["m"] @ a["x"] * s + 3 * bar["s"]}, None, None


pair.defvjp(lambda a, s, how: (pair(a, s, how), (a, s)), _pair_back)

A = np.arange(6.0).reshape(2, 3)


def close(a: Any, b: Any) -> None:
    np.testing.assert_allclose(a, b, rtol=2e-14, atol=1e-15)


def test_values_are_those_of_the_function() -> None:
    assert f(1.0) == math.e
    x = ty.variable("x")
    close(ty.compile(f(x) + 1, [x])(1.0), math.e + 1)
    close(ty.evaluate(f(x), {x: 1.0}), math.e)
    close(
        ty.jit(lambda q: f(q).sum())(np.linspace(0, 1, 1000)), np.exp(np.linspace(0, 1, 1000)).sum()
    )
    assert str(f(x)) == "f(x)[0]"


def test_derivatives_of_every_order() -> None:
    close(ty.grad(f)(1.0), math.cos(1))
    close(ty.jacfwd(f)(1.0), math.cos(1))
    close(ty.grad(ty.grad(f))(1.0), -math.sin(1))
    close(ty.jacfwd(ty.grad(ty.jacfwd(f)))(1.0), -math.cos(1))
    series = [math.e, math.cos(1), -math.sin(1) / 2, -math.cos(1) / 6, math.sin(1) / 24]
    close(ty.jet(f, 1.0, order=4), series)
    x = ty.variable("x")
    assert ty.diff(f(x), x) is ty.cos(x)
    point = np.array([0.5, 2.0])
    close(
        ty.derivatives(lambda x, y: f(x * y) * y, point, order=2).hessian,
        ty.hessian(lambda q: f(q[0] * q[1]) * q[1])(point),
    )


def test_series_of_compositions() -> None:
    """f(t**2) about 0.7, by hand: f' = cos."""
    t, s = 0.7, 0.49
    second = 2 * math.cos(s) - 4 * t * t * math.sin(s)
    close(ty.jet(lambda t: f(t * t), t, order=2), [math.exp(s), 2 * t * math.cos(s), second / 2])
    close(ty.hessian(lambda t: f(t * t))(t), second)


def test_rules_that_use_the_function_itself() -> None:
    x = np.array([1.0, 2.0])
    close(ty.grad(g)(x), 15 * x)
    # d(3 g x) = 3 g I + 3 x (3 g x)^T, by the rule again
    close(ty.hessian(g)(x), 15 * np.eye(2) + 9 * 5 * np.outer(x, x))
    close(ty.jvp(g, (x,), (x,))[1], 15 * 5)


def test_series_of_rules_that_use_the_function_itself() -> None:
    twice = ty.custom_derivative(lambda x: 2 * ty.exp(x))
    twice.defjvp(lambda p, t: (twice(p[0]), twice(p[0]) * t[0]))
    close(
        ty.jet(twice, 0.5, order=6) * [math.factorial(k) for k in range(7)], [2 * math.exp(0.5)] * 7
    )
    back = ty.custom_derivative(lambda x: 2 * ty.exp(x))
    back.defvjp(lambda x: (back(x), x), lambda x, bar: (bar * back(x),))
    close(
        ty.jet(lambda t: back(t * t), 0.5, order=4),
        ty.jet(lambda t: 2 * ty.exp(t * t), 0.5, order=4),
    )


def test_containers_and_several_results() -> None:
    def total(a: Any) -> Any:
        found = pair(a, 2.0, "name")
        return found["m"].sum() + found["s"]

    right = 2 * np.ones((2, 2)) @ A * 2 + 3
    close(ty.grad(total)({"x": A})["x"], right)
    along = ty.jvp(lambda a: pair(a, 2.0), ({"x": A},), ({"x": np.ones((2, 3))},))[1]
    close(along["s"], 18)
    close(along["m"].sum(), (2 * np.ones((2, 2)) @ A * 2).sum())
    close(ty.jacfwd(lambda a: pair(a, 2.0)["s"])({"x": A})["x"], np.full((2, 3), 3.0))


def test_of_many_at_once() -> None:
    points = np.arange(3.0)
    close(ty.vmap(f)(points), np.exp(points))
    close(ty.vmap(ty.grad(f))(points), np.cos(points))
    close(ty.grad(lambda q: ty.vmap(f)(q).sum())(points), np.cos(points))
    close(ty.vmap(ty.grad(ty.grad(f)))(points), -np.sin(points))
    rows = np.stack([points, points + 1])
    close(ty.vmap(ty.grad(g))(rows), 3 * (rows * rows).sum(axis=1, keepdims=True) * rows)


def test_inside_loops_and_branches() -> None:
    def loop(x: Any) -> Any:
        return ty.while_loop(lambda c: c < 3, lambda c: c + f(c), x)

    x, slope = 0.1, 1.0
    while x < 3:
        slope *= 1 + math.cos(x)
        x += math.exp(x)
    close(ty.jvp(loop, (0.1,), (1.0,)), (x, slope))

    def chosen(x: Any) -> Any:
        return ty.cond(x > 0, f, lambda x: -x, x)

    close(ty.vmap(ty.jacfwd(chosen))(np.array([1.0, -1.0])), [math.cos(1), -1])


def test_series_of_loops_of_arrays() -> None:
    """exp(c)/10 three times, with cos for its derivative, of 30 numbers at once."""
    q = np.linspace(0.1, 1, 30)
    value, slope = q, np.ones(30)
    for _ in range(3):
        value, slope = np.exp(value) / 10, np.cos(value) * slope / 10

    def loop(x: Any) -> Any:
        return ty.fori_loop(0, 3, lambda i, c: f(c) / 10, x).sum()

    close(ty.jet(loop, q, order=1, direction=np.ones(30)), [value.sum(), slope.sum()])
    close(ty.grad(loop)(q), slope)


def test_as_a_method() -> None:
    class Model:
        @ty.custom_derivative
        def value(self, x: Any) -> Any:
            return x * x

        value.defjvp(lambda p, t: (p[1] ** 2, 5 * t[1]))

    assert float(ty.grad(Model().value)(3.0)) == 5


def test_pickles() -> None:
    x = ty.variable("x")
    e = f(x * x)
    assert pickle.loads(pickle.dumps(e)) is e
    assert pickle.loads(pickle.dumps(f)) is f
    assert f(x) is f(x)


def test_differential_equations_take_the_value() -> None:
    x = ty.variable("x")
    integrator = ty.Integrator([(x, -f(x))], [1.0])
    integrator.propagate_until(1.0)
    close(integrator.state, [-math.log(1 + math.exp(-1))])


def test_what_rules_may_not_do() -> None:
    h = ty.custom_derivative(lambda x: x * x)
    with pytest.raises(ty.ArgumentError, match="<lambda> has no rule; give one with"):
        h(1.0)
    h.defjvp(lambda p, t: t[0])
    with pytest.raises(ty.ArgumentTypeError, match=r"must return a pair \(value, tangent\)"):
        ty.grad(h)(1.0)
    h.defjvp(lambda p, t: (p[0], np.ones(2)))
    with pytest.raises(ty.ShapeError, match="the tangent has other shapes than the value"):
        ty.grad(h)(1.0)
    h.defjvp(lambda p, t: (p[0], t[0] ** 2))
    with pytest.raises(ty.ArgumentError, match="the rule of <lambda> is not linear in tangents"):
        ty.grad(h)(1.0)
    h.defvjp(lambda x: x, lambda kept, bar: (bar,))
    with pytest.raises(ty.ArgumentTypeError, match="forward of <lambda> must return a pair"):
        ty.grad(h)(1.0)
    h.defvjp(lambda x: (x, x), lambda kept, bar: bar)
    with pytest.raises(ty.ArgumentTypeError, match=r"must return a tuple with 1 share\(s\)"):
        ty.grad(h)(1.0)
    h.defvjp(lambda x: (x, x), lambda kept, bar: (np.ones(3),))
    with pytest.raises(ty.ShapeError, match=r"returned shape \(3,\) for x, which has"):
        ty.grad(h)(1.0)
    h.defvjp(lambda x: (x, x), lambda kept, bar: ([bar],))
    with pytest.raises(ty.ArgumentTypeError, match="for argument 0, of another structure"):
        ty.grad(h)(1.0)
    with pytest.raises(ty.ArgumentTypeError, match="3 is not a function"):
        ty.custom_derivative(3)  # type: ignore[arg-type]

    def outer(x: Any) -> Any:
        inner = ty.custom_derivative(lambda y: x * y)
        inner.defjvp(lambda p, t: (p[0], t[0]))
        return inner(x)

    with pytest.raises(ty.ArgumentError, match=r"takes .* from outside, by which it "):
        ty.grad(outer)(1.0)


# --- stop_gradient -------------------------------------------------------------------------------


def test_stopped_in_every_direction() -> None:
    def stopped(x: Any) -> Any:
        return ty.stop_gradient(x * x) * x

    assert ty.jet(stopped, 3.0, order=3).tolist() == [27, 9, 0, 0]
    assert float(ty.grad(stopped)(3.0)) == 9 and float(ty.grad(ty.grad(stopped))(3.0)) == 0
    assert float(ty.jvp(stopped, (3.0,), (1.0,))[1]) == 9
    x = ty.variable("x")
    assert ty.diff(stopped(x), x) is ty.stop_gradient(x * x)
    assert float(ty.compile(stopped(x), [x])(3.0)) == 27
    many = np.arange(1.0, 4.0)
    assert ty.vmap(ty.grad(stopped))(many).tolist() == (many**2).tolist()
    partials = ty.derivatives(lambda x, y: ty.stop_gradient(x) * y * x, (2.0, 3.0), order=2)
    assert partials.gradient.tolist() == [6, 4]
    q = np.arange(1.0, 1001.0)
    assert ty.grad(lambda q: (ty.stop_gradient(q) * q).sum())(q).tolist() == q.tolist()
    pairs = ty.compile(stopped(x), [x], precision="double-double")("0.1")
    assert float(ty.to_mpmath(pairs)) == pytest.approx(1e-3, rel=1e-15)


def test_stopped_inside_loops() -> None:
    """c <- c * stop(c), twice: x**4 with the slope x * x**2."""

    def loop(x: Any) -> Any:
        return ty.while_loop(lambda c: c < 10, lambda c: c * ty.stop_gradient(c), x)

    assert ty.jet(loop, 2.0, order=2).tolist() == [16, 8, 0]


def test_stopped_containers_and_numbers() -> None:
    x = ty.variable("x")
    found = ty.stop_gradient({"a": x, "b": (1.0, x > 0)})
    assert found["a"] is ty.stop_gradient(found["a"]) and found["b"][0] == 1.0
    assert ty.stop_gradient(3.0) == 3.0
    with pytest.raises(ty.ArgumentTypeError):
        ty.stop_gradient("x")


def test_stopped_parameters_of_equations() -> None:
    x, p = ty.variable("x"), ty.parameter("p")
    integrator = ty.Integrator([(x, -ty.stop_gradient(p) * x)], [1.0], parameters=[2.0])
    integrator.propagate_until(1.0)
    close(integrator.state, [math.exp(-2)])
    with pytest.raises(ty.UnsupportedFunctionError, match="stop_gradient: in differential equati"):
        ty.Integrator([(x, -ty.stop_gradient(x))], [1.0])
    with pytest.raises(ty.UnsupportedFunctionError, match="no counterpart for stop_gradient"):
        ty.to_sympy(ty.stop_gradient(x))
