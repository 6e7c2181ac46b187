"""Solutions of differential equations in JAX: closed forms, transforms, and what goes wrong."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

jax = pytest.importorskip("jax")

import jax.numpy as jnp  # noqa: E402
from jax.test_util import check_grads  # noqa: E402

import taylor as ty  # noqa: E402

X, V = ty.variables("x v")
K, T = ty.parameter("k"), ty.parameter("T")


@pytest.fixture(autouse=True)
def x64() -> Iterator[None]:
    with jax.enable_x64(True):
        yield


def pendulum() -> ty.Integrator:
    return ty.Integrator([(X, V), (V, -K * ty.sin(X))], [0.5, 0.25], parameters={K: 9.8})


def test_a_solution_has_the_bits_that_it_has_by_itself() -> None:
    solution = pendulum().as_function([K, X], [X, V], until=2.0)
    f = jax.jit(ty.jax.function(solution))
    for k, x in ((9.8, 0.5), (3.0, -1.0), (1.0, 2.5)):
        assert tuple(map(float, f(k, x))) == tuple(map(float, solution(k, x)))
    last = ty.jax.function(pendulum().as_function(["x", "v", ty.time], until=None))
    by_hand = pendulum()
    by_hand.state[:], by_hand.time = (0.3, -0.2), 1.0
    by_hand.propagate_until(-3.0)
    np.testing.assert_array_equal(jax.jit(last)(0.3, -0.2, 1.0, -3.0), by_hand.state)


def test_float32_arrays_are_solved_in_doubles() -> None:
    solution = pendulum().as_function([K, X], X, until=2.0)
    f = jax.jit(ty.jax.function(solution))
    found = f(jnp.float32(9.5), jnp.float32(0.25))
    assert found.dtype == jnp.float32
    assert float(found) == np.float32(solution(9.5, 0.25))
    with jax.enable_x64(False):
        slope = jax.grad(ty.jax.function(solution), argnums=1)(9.5, 0.25)
        assert slope.dtype == jnp.float32
        np.testing.assert_allclose(slope, ty.grad(solution, argnums=1)(9.5, 0.25), rtol=1e-5)


def test_arrays_of_states_and_parameters() -> None:
    q, w = ty.variable("q", shape=(3,)), ty.parameter("w", shape=(3,))
    ta = ty.Integrator([(q, -w * q)], np.ones(3), parameters={w: np.ones(3)})
    f = ty.jax.function(ta.as_function([w, q], q, until=1.0))
    rates, start = np.array([0.5, 1.0, 2.0]), np.array([1.0, -2.0, 3.0])
    np.testing.assert_allclose(jax.jit(f)(rates, start), start * np.exp(-rates), rtol=1e-15)
    by_rates = jax.jacrev(f)(rates, start)
    np.testing.assert_allclose(by_rates, np.diag(-start * np.exp(-rates)), rtol=1e-13, atol=1e-15)
    found = jax.vmap(f, (None, 0))(rates, np.outer([1.0, 2.0], start))
    np.testing.assert_allclose(found, np.outer([1.0, 2.0], start * np.exp(-rates)), rtol=1e-14)


def test_times_in_any_order() -> None:
    times = np.array([1.0, 0.5, 1.0, -0.5])
    ta = ty.Integrator([(X, K * X)], [1.0], parameters={K: 1.0})
    f = ty.jax.function(ta.as_function([K], X, times=times))
    np.testing.assert_allclose(jax.jit(f)(3.0), np.exp(3 * times), rtol=1e-14)
    slope = jax.grad(lambda k: jnp.sum(f(k)))(3.0)
    np.testing.assert_allclose(slope, np.sum(times * np.exp(3 * times)), rtol=1e-13)


def test_jax_finds_derivatives_consistent() -> None:
    f = ty.jax.function(pendulum().as_function([K, X], [X, V], until=1.0))
    check_grads(f, (2.0, 0.7), order=2, modes=("fwd", "rev"), rtol=1e-6, atol=1e-6)
    check_grads(jax.vmap(f, (0, None)), (np.array([1.0, 2.0]), 0.7), order=1, rtol=1e-6, atol=1e-6)


# --- cases with a known right answer: numbers in closed form -------------------------------------


def test_a_constant_solution_whose_derivatives_grow() -> None:
    ta = ty.Integrator([(X, X - V), (V, V - X)], [1.0, 1.0])
    f = ty.jax.function(ta.as_function([X, V], X, until=5.0))
    found = jax.jit(jax.grad(f, argnums=(0, 1)))(1.0, 1.0)
    wanted = (1 + np.exp(10.0)) / 2, (1 - np.exp(10.0)) / 2
    np.testing.assert_allclose(found, wanted, rtol=1e-12)


def test_decay_that_is_switched_off() -> None:
    rate = ty.where(ty.time < T, -K * X, 0.0)
    ta = ty.Integrator([(X, rate)], [1.0], parameters={K: 2.3, T: 0.7})
    f = ty.jax.function(ta.as_function([K, T, X], X, until=2.0))
    value, slopes = jax.value_and_grad(f, argnums=(0, 1, 2))(2.3, 0.7, 1.0)
    y = np.exp(-2.3 * 0.7)
    np.testing.assert_allclose(value, y, rtol=1e-14)
    np.testing.assert_allclose(slopes, (-0.7 * y, -2.3 * y, y), rtol=1e-12)


@pytest.mark.parametrize(
    ("height", "wanted"), [(1.0, 0.25), (3.0, 0.1443375673), (10.0, 0.0790569415)]
)
def test_the_time_of_an_impact_by_the_height(height: float, wanted: float) -> None:
    event = ty.Event(X, terminal=True, direction=-1)
    ta = ty.Integrator([(X, V), (V, ty.constant(-8))], [1.0, 0.0], events=[event])
    f = ty.jax.function(ta.as_function([X], ty.time, until=100.0))
    np.testing.assert_allclose(jax.jit(jax.grad(f))(height), wanted, rtol=1e-9)


def test_a_sum_over_times_in_forward_mode() -> None:
    times = np.linspace(0, 1, 50)
    ta = ty.Integrator([(X, K * X)], [1.0], parameters={K: 1.0})
    f = ty.jax.function(ta.as_function([K], X, times=times))
    _, along = jax.jvp(lambda k: jnp.sum(f(k)), (3.0,), (1.0,))
    np.testing.assert_allclose(along, np.sum(times * np.exp(3 * times)), rtol=1e-13)
    np.testing.assert_allclose(jax.grad(lambda k: jnp.sum(f(k)))(3.0), along, rtol=1e-13)


def test_the_initial_time_counts() -> None:
    ta = ty.Integrator([(X, ty.cos(K * ty.time))], [0.0], parameters={K: 1.5})
    f = ty.jax.function(ta.as_function([K, ty.time, X], X))
    np.testing.assert_allclose(f(1.5, 0.0, 0.0, 0.45), 0.4165982112, rtol=1e-9)
    slopes = jax.jit(jax.grad(f, argnums=(0, 1)))(1.5, 0.0, 0.0, 0.45)
    np.testing.assert_allclose(slopes, (-0.0435200554, -1.0), rtol=1e-8)
    assert jax.grad(f)(1.5, 0.0, 0.0, 1.1) == pytest.approx(-0.5010731088, rel=1e-9)
    end = jax.grad(f, argnums=3)(1.5, 0.0, 0.0, 0.45)
    np.testing.assert_allclose(end, np.cos(1.5 * 0.45), rtol=1e-14)


def test_three_directions_at_once() -> None:
    names = a, b, c = ty.parameters("a b c")
    rate = a * (1 - ty.time) + (b + c) * ty.time
    ta = ty.Integrator([(X, rate)], [0.0], parameters=dict.fromkeys(names, 1.0))
    f = ty.jax.function(ta.as_function([a, b, c], X, until=1.0))
    for jacobian in (jax.jacfwd, jax.jacrev):
        np.testing.assert_allclose(jacobian(f, argnums=(0, 1, 2))(1.0, 1.0, 1.0), 0.5, rtol=1e-14)


def test_a_ball_that_bounces() -> None:
    g = ty.parameter("g")
    event = ty.Event(X, direction=-1, reset={V: -0.8 * V})
    ta = ty.Integrator([(X, V), (V, -g)], [1.0, 0.0], parameters={g: 9.8}, events=[event])
    f = ty.jax.function(ta.as_function([g], [X, V], until=1.0))
    found, along = jax.jit(lambda g: jax.jvp(f, (g,), (1.0,)))(9.8)
    np.testing.assert_allclose(found, (0.4689397036243159, -1.831060296375684), rtol=1e-14)
    np.testing.assert_allclose(along, (-0.09342144369263687, -0.5934214436926368), rtol=1e-12)


def test_second_derivatives_of_a_driven_pendulum() -> None:
    rate = ty.cos(ty.time) - 0.4 * V - ty.sin(X)
    ta = ty.Integrator([(X, V), (V, rate)], [0.2, 0.3])
    f = ty.jax.function(ta.as_function([X, V], [X, V], until=3.0))
    (xx, xv), (vx, vv) = jax.jacfwd(f, argnums=(0, 1))(0.2, 0.3)
    np.testing.assert_allclose(
        [xx, xv, vx, vv], [-0.425478, 0.41983649, -0.19171818, -0.51871994], rtol=2e-6
    )
    second = jax.jit(jax.hessian(lambda x, v: f(x, v)[0], argnums=(0, 1)))(0.2, 0.3)
    wanted = [[0.27771856625922816, 0.2239243290399873], [0.2239243290399873, 0.6041486469599123]]
    np.testing.assert_allclose(second, wanted, rtol=1e-11)


# --- inside JAX's programs -----------------------------------------------------------------------


def test_a_batch_is_one_call() -> None:
    f = ty.jax.function(pendulum().as_function([K, X], X, until=1.0))
    ks = np.linspace(1.0, 9.0, 40)
    found = jax.jit(jax.vmap(f, (0, None)))(ks, 0.4)
    np.testing.assert_allclose(found, [f(k, 0.4) for k in ks], rtol=1e-13)
    slopes = jax.jit(jax.vmap(jax.grad(f), (0, None)))(ks, 0.4)
    np.testing.assert_allclose(slopes, [jax.grad(f)(k, 0.4) for k in ks], rtol=1e-11)


def test_solutions_inside_functions_and_loops() -> None:
    solution = pendulum().as_function([K, X, V], [X, V], until=0.5)
    inside = ty.jax.function(lambda k, x, v: solution(k, x * 2, v)[0] ** 2 + k)
    bare = ty.jax.function(solution)

    def by_hand(k: Any, x: Any, v: Any) -> Any:
        return bare(k, x * 2, v)[0] ** 2 + k

    point = 4.0, 0.3, -0.1
    for transform in (lambda f: f, jax.jit, jax.grad, jax.hessian):
        np.testing.assert_allclose(
            transform(inside)(*point), transform(by_hand)(*point), rtol=1e-12
        )

    def kicked(k: Any) -> Any:
        def turn(carry: Any, _: None) -> Any:
            x, v = bare(k, *carry)
            return (x, 0.9 * v), x

        return jax.lax.scan(turn, (0.5, 0.0), None, length=3)[1].sum()

    h = 1e-6
    difference = (kicked(4.0 + h) - kicked(4.0 - h)) / (2 * h)
    np.testing.assert_allclose(jax.jit(jax.grad(kicked))(4.0), difference, rtol=1e-8)


def test_threads_solve_at_once() -> None:
    solution = pendulum().as_function([K, X], [X, V], until=3.0)
    f = jax.jit(ty.jax.function(solution))
    ks = np.linspace(1.0, 9.0, 16)
    wanted = [tuple(map(float, solution(k, 0.4))) for k in ks.tolist()]
    wrong: list[Any] = []

    def work(first: int) -> None:
        with jax.enable_x64(True):  # of each thread
            for turn in range(200):
                place = (first + turn) % len(ks)
                if tuple(map(float, f(ks[place], 0.4))) != wanted[place]:
                    wrong.append(place)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_what_does_not_arrive_is_an_error_that_says_why() -> None:
    ta = ty.Integrator([(X, X**2)], [1.0])
    f = jax.jit(ty.jax.function(ta.as_function([X], X, until=2.0)))
    np.testing.assert_allclose(f(0.25), 0.5, rtol=1e-14)
    with pytest.raises(Exception, match=r"SolutionError: .*end was not reached"):
        f(1.0).block_until_ready()
    with pytest.raises(Exception, match=r"ArgumentError: .*not finite"):
        f(np.nan).block_until_ready()
    np.testing.assert_allclose(f(-1.0), -1 / 3, rtol=1e-14)
    inside = ty.jax.function(lambda x: np.sin(x) + ta.as_function([X], X, until=2.0)(x))
    np.testing.assert_allclose(jax.jit(inside)(-1.0), np.sin(-1.0) - 1 / 3, rtol=1e-14)
    for call, point in ((jax.jit(inside), 1.0), (jax.grad(inside), 1.0), (jax.vmap(inside), [1.0])):
        with pytest.raises(Exception, match=r"SolutionError: .*end was not reached"):
            jax.block_until_ready(call(jnp.array(point)))


def test_long_solutions_go_on_in_python() -> None:
    """More steps than machine code makes before Python looks."""
    ta = ty.Integrator([(X, V), (V, -X)], [1.0, 0.0])
    solution = ta.as_function([X], X, until=60000.0)
    found = jax.jit(ty.jax.function(solution))(1.0)
    assert float(found) == float(solution(1.0))
    np.testing.assert_allclose(found, np.cos(60000.0), atol=1e-10)
