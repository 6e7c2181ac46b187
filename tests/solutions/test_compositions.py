"""Solutions within other functions: loops, roots, batches, other solutions, transforms of each."""

from __future__ import annotations

import math
from typing import Any

import mpmath
import numpy as np
import pytest
from numpy.testing import assert_allclose

import taylor as ty

x, v = ty.variables("x v")
k = ty.parameter("k")
spring = ty.Integrator([(x, v), (v, -k * x)], [1.0, 0.0], parameters={k: 2.0})
turn = spring.as_function([k, x, v], [x, v])  # the time is the last argument
place = spring.as_function([k, x], x, until=3.0)


def exact(rate: Any, start: Any = 1, end: Any = 3) -> Any:
    """The place of the spring's end."""
    return start * mpmath.cos(end * mpmath.sqrt(rate))


def derivative(*orders: int, at: tuple[float, ...] = (2.0, 1.0, 3.0)) -> float:
    """Of `exact` by rate, start and end."""
    with mpmath.workdps(40):
        return float(mpmath.diff(exact, at, orders))


def test_values_are_those_of_the_integrator() -> None:
    ta = ty.Integrator(spring.system, [0.7, 0.0], parameters={k: 1.5})
    ta.propagate_until(3.0)
    assert place(1.5, 0.7) == ty.jit(place)(1.5, 0.7) == ta[x]
    assert ty.vmap(place)(np.full(9, 1.5), np.full(9, 0.7)).tolist() == [ta[x]] * 9
    assert place.map(np.full(9, 1.5), 0.7).tolist() == [ta[x]] * 9


def test_every_transform_alone() -> None:
    gradient = derivative(1, 0, 0), derivative(0, 1, 0)
    second = [[derivative(2, 0, 0), derivative(1, 1, 0)], [derivative(1, 1, 0), 0.0]]
    both = lambda p: place(p[0], p[1])  # noqa: E731
    point = np.array([2.0, 1.0])
    assert_allclose(ty.grad(both)(point), gradient, rtol=1e-13)
    assert_allclose(ty.jacfwd(both)(point), gradient, rtol=1e-13)
    assert_allclose(ty.hessian(both)(point), second, rtol=1e-13, atol=1e-15)
    assert_allclose(ty.jacobian(ty.grad(both))(point), second, rtol=1e-13, atol=1e-15)
    assert_allclose(ty.jacrev(ty.jacfwd(both))(point), second, rtol=1e-13, atol=1e-15)
    direction = np.array([0.3, -1.0])
    assert_allclose(ty.hvp(both)(point, direction), np.array(second) @ direction, rtol=1e-13)
    assert_allclose(ty.jvp(both, (point,), (direction,))[1], gradient @ direction, rtol=1e-13)
    assert_allclose(ty.vjp(both, point)[1](2.0)[0], 2 * np.array(gradient), rtol=1e-13)
    assert_allclose(ty.derivatives(place, (2.0, 1.0), order=2).hessian, second, atol=1e-14)
    assert_allclose(ty.derivative(lambda r: place(r, 1.0), 3)(2.0), derivative(3, 0, 0), rtol=1e-12)


def test_jets_along_a_curve() -> None:
    with mpmath.workdps(40):
        curve = lambda s: exact(2 + s, 1 + s**2 / 2) * (2 + s)  # noqa: E731
        wanted = [float(c) for c in mpmath.taylor(curve, 0, 8)]
    found = ty.jet(lambda s: place(2 + s, 1 + s**2 / 2) * (2 + s), 0.0, order=8)
    assert_allclose(found, wanted, rtol=1e-11)


def test_jets_in_which_the_time_varies() -> None:
    with mpmath.workdps(40):
        wanted = [float(c) for c in mpmath.taylor(lambda s: exact(2 + s, 1, 3 + s), 0, 5)]
    found = ty.jet(lambda s: turn(2.0 + s, 1.0, 0.0, 3.0 + s)[0], 0.0, order=5)
    assert_allclose(found, wanted, rtol=1e-11)


def test_derivatives_of_jets() -> None:
    """The third coefficient in the rate, differentiated by the start."""
    third = lambda start: ty.jet(lambda r: place(r, start), 2.0, order=3)[3]  # noqa: E731
    assert_allclose(ty.grad(third)(1.0), derivative(3, 1, 0) / 6, rtol=1e-12)
    fourth = lambda r: ty.jet(lambda s: place(r + s, 1.0), 0.0, order=2)[2]  # noqa: E731
    assert_allclose(ty.grad(fourth)(2.0), derivative(3, 0, 0) / 2, rtol=1e-12)


@pytest.mark.parametrize(
    "orders", [(0, 0, 1), (1, 0, 1), (0, 1, 1), (0, 0, 2), (2, 0, 1), (1, 0, 2)]
)
def test_derivatives_by_the_time(orders: tuple[int, ...]) -> None:
    fun = lambda r, s, t: turn(r, s, 0.0, t)[0]  # noqa: E731
    for argument, times in enumerate(orders):
        for _ in range(times):
            fun = ty.grad(fun, argnums=argument)
    assert_allclose(fun(2.0, 1.0, 3.0), derivative(*orders), rtol=1e-12)


def test_times_that_are_an_array() -> None:
    times = np.array([0.5, 3.0, -1.0, 0.5])
    root = math.sqrt(2.0)
    assert_allclose(turn(2.0, 1.0, 0.0, times)[0], np.cos(root * times), rtol=1e-14)
    slopes = ty.grad(lambda t: np.sum(turn(2.0, 1.0, 0.0, t)[0]))(times)
    assert_allclose(slopes, -root * np.sin(root * times), rtol=1e-13)
    mixed = ty.jacobian(ty.grad(lambda r, t: np.sum(turn(r, 1.0, 0.0, t)[0])), argnums=1)(
        2.0, times
    )
    wanted = [derivative(1, 0, 1, at=(2.0, 1.0, float(t))) for t in times]
    assert_allclose(mixed, wanted, rtol=1e-12)


def test_two_solutions_one_after_the_other() -> None:
    def twice(rate: Any) -> Any:
        return turn(rate, *turn(rate, 1.0, 0.0, 1.0), 2.0)[0]

    assert_allclose(ty.grad(twice)(2.0), derivative(1, 0, 0), rtol=1e-13)
    assert_allclose(ty.grad(ty.grad(twice))(2.0), derivative(2, 0, 0), rtol=1e-12)


def test_a_solution_in_loops() -> None:
    def counted(rate: Any) -> Any:
        body = lambda _, c: turn(rate, c[0], c[1], 0.75)  # noqa: E731
        return ty.fori_loop(0, 4, body, (1.0, 0.0))[0]

    def collected(rate: Any, spans: Any) -> Any:
        step = lambda c, span: (turn(rate, c[0], c[1], span), c[0])  # noqa: E731
        return ty.scan(step, (1.0, 0.0), spans)[0][0]

    def repeated(rate: Any) -> Any:
        body = lambda c: (*turn(rate, c[0], c[1], 1.0), c[2] + 1.0)  # noqa: E731
        return ty.while_loop(lambda c: c[2] < 2.5, body, (1.0, 0.0, 0.0))[0]

    spans = np.array([0.5, 1.0, 1.5])
    for slope in (
        ty.grad(counted)(2.0),
        ty.jacfwd(counted)(2.0),
        ty.grad(repeated)(2.0),
        ty.grad(collected)(2.0, spans),
    ):
        assert_allclose(slope, derivative(1, 0, 0), rtol=1e-13)
    assert_allclose(ty.grad(ty.grad(counted))(2.0), derivative(2, 0, 0), rtol=1e-12)
    by_spans = ty.grad(collected, argnums=1)(2.0, spans)
    assert_allclose(by_spans, [derivative(0, 0, 1)] * 3, rtol=1e-12)
    assert_allclose(ty.jet(counted, 2.0, order=2)[2], derivative(2, 0, 0) / 2, rtol=1e-12)


def test_a_root_of_a_solution() -> None:
    """The spring's end is at rest first after half a period."""
    quarter = lambda r: ty.root(lambda t: turn(r, 1.0, 0.0, t)[0], 1.0)  # noqa: E731
    assert_allclose(quarter(2.0), math.pi / 2 / math.sqrt(2.0), rtol=1e-14)
    assert_allclose(ty.grad(quarter)(2.0), -math.pi / 4 * 2.0**-1.5, rtol=1e-12)
    assert_allclose(ty.grad(ty.grad(quarter))(2.0), 3 * math.pi / 8 * 2.0**-2.5, rtol=1e-11)


def test_a_root_of_several_numbers() -> None:
    """Which start leads to (0.3, -0.2) at t = 1: the flow goes back by itself."""
    aim = np.array([0.3, -0.2])
    start = lambda r: ty.root(lambda s: np.stack(turn(r, s[0], s[1], 1.0)) - aim, aim)  # noqa: E731
    w = math.sqrt(2.0)
    back = [
        0.3 * math.cos(w) + 0.2 * math.sin(w) / w,
        -0.2 * math.cos(w) + 0.3 * w * math.sin(w),
    ]
    assert_allclose(start(2.0), back, rtol=1e-13)
    assert_allclose(ty.jit(start)(2.0), back, rtol=1e-13)


def test_a_choice_with_a_solution() -> None:
    fun = lambda r: ty.cond(r > 1, lambda: place(r, 1.0), lambda: r)  # noqa: E731
    assert_allclose(ty.grad(fun)(2.0), derivative(1, 0, 0), rtol=1e-13)
    assert ty.grad(fun)(0.5) == 1.0


def test_batches() -> None:
    rates, starts = np.linspace(1.0, 3.0, 12), np.linspace(0.5, 2.0, 12)
    wanted = [derivative(1, 0, 0, at=(r, s, 3.0)) for r, s in zip(rates, starts, strict=True)]
    assert_allclose(ty.vmap(ty.grad(place))(rates, starts), wanted, rtol=1e-12)
    summed = lambda r: np.sum(ty.vmap(place)(r, starts))  # noqa: E731
    assert_allclose(ty.grad(summed)(rates), wanted, rtol=1e-12)
    grid = ty.vmap(ty.vmap(place, in_axes=(None, 0)), in_axes=(0, None))(rates, starts)
    assert_allclose(grid, np.outer(np.cos(3 * np.sqrt(rates)), starts), rtol=1e-12)
    ends = ty.vmap(lambda t: turn(2.0, 1.0, 0.0, t)[1])(np.linspace(-1.0, 2.0, 10))
    root = math.sqrt(2.0)
    assert_allclose(ends, -root * np.sin(root * np.linspace(-1.0, 2.0, 10)), atol=1e-14)
    second = ty.vmap(ty.hessian(lambda p: place(p[0], p[1])))(np.stack([rates, starts], axis=1))
    assert_allclose(second[3, 0, 0], derivative(2, 0, 0, at=(rates[3], starts[3], 3.0)), rtol=1e-11)


def test_batches_with_times() -> None:
    times = np.array([1.0, -0.5, 1.0, 2.0])
    many = ty.vmap(lambda r: turn(r, 1.0, 0.0, times)[0])
    rates = np.linspace(1.0, 3.0, 9)
    assert_allclose(many(rates), np.cos(np.sqrt(rates)[:, None] * times), atol=1e-14)
    jacobian = ty.vmap(ty.jacobian(lambda r: turn(r, 1.0, 0.0, times)[0]))(rates)
    root = np.sqrt(rates)[:, None]
    assert_allclose(jacobian, -times * np.sin(root * times) / (2 * root), atol=1e-13)


def test_lanes_that_do_not_matter_may_not_be_solvable() -> None:
    """Where others take a branch, what this one would do there is not asked for."""
    blow = ty.Integrator([(x, x**2)], [1.0]).as_function([x], x, until=1.0)
    fun = lambda s: ty.cond(s < 0.5, lambda: blow(s), lambda: s)  # noqa: E731
    found = ty.vmap(fun)(np.array([0.25, 2.0]))
    assert_allclose(found, [0.25 / 0.75, 2.0], rtol=1e-13)


def test_compiled_functions_broadcast() -> None:
    rate = ty.variable("rate")
    function = ty.compile(place(rate, 2.0) + rate, [rate])
    rates = np.array([[1.0], [2.0]])
    assert_allclose(function(rates), 2 * np.cos(3 * np.sqrt(rates)) + rates, rtol=1e-13)


def test_functions_that_capture_values_of_traces() -> None:
    """Ends and times that are traced, too."""

    def last(rate: Any, end: Any) -> Any:
        return spring.as_function([k], x, until=end)(rate)

    assert_allclose(ty.grad(last, argnums=1)(2.0, 3.0), derivative(0, 0, 1), rtol=1e-13)
    several = lambda ends: np.sum(spring.as_function([k], x, times=ends)(2.0))  # noqa: E731
    assert_allclose(ty.grad(several)(np.array([3.0, 3.0])), [derivative(0, 0, 1)] * 2, rtol=1e-13)


def test_value_and_gradient_are_one_propagation() -> None:
    calls: list[float] = []
    counted = ty.register_function(
        "counted_for_solutions", lambda z: calls.append(z) or z, lambda z: 1, arity=1
    )
    ta = ty.Integrator([(x, -counted(k) * x)], [1.0], parameters={k: 1.0})
    last = ta.as_function([k], x, until=0.1)
    ty.grad(last)(1.0)
    ty.grad(last)(1.5)
    alone = len(calls)
    ty.grad(last)(1.25)
    alone = len(calls) - alone
    ty.value_and_grad(last)(1.0)
    calls.clear()
    value, slope = ty.value_and_grad(last)(1.25)
    assert_allclose((value, slope), np.exp(-0.125) * np.array([1, -0.1]), rtol=1e-14)
    assert len(calls) == alone
